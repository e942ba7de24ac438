//! ServiceAccount (plugin/pkg/admission/serviceaccount): a pod's account must be there, and lends it a token and the
//! secrets to pull its images.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{
    ConfigMapProjection, DownwardAPIProjection, DownwardAPIVolumeFile, KeyToPath, ObjectFieldSelector,
    ProjectedVolumeSource, SecretVolumeSource, ServiceAccount, ServiceAccountTokenProjection, Volume, VolumeMount,
    VolumeProjection,
};

use super::{Context, name_of, namespace_of};
use crate::api_error::ApiError;
use crate::names::stable_suffix;
use crate::object::Kind;
use crate::pod::{self, Pod, TOKEN_VOLUME};

/// Where the token is mounted.
const TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Gives a new pod its account, and the account's token unless it or the account wants none.
pub(super) fn admit(pod: &mut Pod, context: &Context<'_>) -> Result<(), ApiError> {
    if pod::is_static(pod) {
        return Ok(());
    }
    let namespace = namespace_of(pod).to_owned();
    let spec = Arc::make_mut(&mut pod.spec);
    let account = spec.service_account_name.get_or_insert_with(|| "default".to_owned()).clone();
    let found = context.store.find::<ServiceAccount>(&namespace, &account);
    if found.is_none() && context.knowledge.covers(Kind::ServiceAccount, &namespace) {
        let why =
            format!("error looking up service account {namespace}/{account}: serviceaccount \"{account}\" not found");
        return Err(ApiError::forbidden(Kind::Pod, name_of(pod), why));
    }
    if spec.image_pull_secrets.as_ref().is_none_or(Vec::is_empty)
        && let Some(secrets) = found.and_then(|found| found.image_pull_secrets.clone())
    {
        spec.image_pull_secrets = Some(secrets);
    }
    let of_account = found.and_then(|found| found.automount_service_account_token);
    if spec.automount_service_account_token.or(of_account) != Some(false) {
        mount_token(pod, &namespace, &account, context);
    }
    Ok(())
}

/// The letters in the name of the token's volume: no two pods have the same.
pub(crate) fn token_letters(pod: &Pod) -> String {
    stable_suffix(&format!("{}/{}", namespace_of(pod), pod.metadata.name.as_deref().unwrap_or_default()))
}

fn mount_token(pod: &mut Pod, namespace: &str, account: &str, context: &Context<'_>) {
    let volume = if context.behaviour.projected_tokens {
        projected(TOKEN_VOLUME.to_owned())
    } else {
        secret(format!("{account}-token-{}", stable_suffix(&format!("{namespace}/{account}"))))
    };
    let mut mounted = false;
    let spec = Arc::make_mut(&mut pod.spec);
    for container in spec.containers.iter_mut().chain(spec.init_containers.iter_mut().flatten()) {
        let mounts = container.volume_mounts.get_or_insert_default();
        if mounts.iter().any(|mount| mount.mount_path == TOKEN_PATH) {
            continue;
        }
        mounted = true;
        mounts.push(VolumeMount {
            name: volume.name.clone(),
            mount_path: TOKEN_PATH.to_owned(),
            read_only: Some(true),
            ..VolumeMount::default()
        });
    }
    if mounted {
        let projected = volume.projected.is_some();
        spec.volumes.get_or_insert_default().push(volume);
        pod.token_volume = projected.then(|| token_letters(pod));
    }
}

/// The Secret that a controller made for each account until 1.20.
fn secret(name: String) -> Volume {
    let source = SecretVolumeSource {
        secret_name: Some(name.clone()),
        default_mode: Some(0o644),
        ..SecretVolumeSource::default()
    };
    Volume { name, secret: Some(source), ..Volume::default() }
}

/// Token, certificate and namespace, as 1.21 and later project them.
fn projected(name: String) -> Volume {
    let token = ServiceAccountTokenProjection {
        expiration_seconds: Some(3607),
        path: "token".to_owned(),
        ..ServiceAccountTokenProjection::default()
    };
    let item = |key: &str, path: &str| KeyToPath { key: key.to_owned(), path: path.to_owned(), ..KeyToPath::default() };
    let certificate = ConfigMapProjection {
        name: "kube-root-ca.crt".to_owned(),
        items: Some(vec![item("ca.crt", "ca.crt")]),
        ..ConfigMapProjection::default()
    };
    let namespace = DownwardAPIVolumeFile {
        path: "namespace".to_owned(),
        field_ref: Some(ObjectFieldSelector {
            api_version: Some("v1".to_owned()),
            field_path: "metadata.namespace".to_owned(),
        }),
        ..DownwardAPIVolumeFile::default()
    };
    let sources = vec![
        VolumeProjection { service_account_token: Some(token), ..VolumeProjection::default() },
        VolumeProjection { config_map: Some(certificate), ..VolumeProjection::default() },
        VolumeProjection {
            downward_api: Some(DownwardAPIProjection { items: Some(vec![namespace]) }),
            ..VolumeProjection::default()
        },
    ];
    let source =
        ProjectedVolumeSource { default_mode: Some(0o644), sources: Some(sources), ..ProjectedVolumeSource::default() };
    Volume { name, projected: Some(source), ..Volume::default() }
}
