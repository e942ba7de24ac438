//! The ServiceAccount admission plugin (plugin/pkg/admission/serviceaccount): the token every container finds at one path.
//!
//! Whether the account exists is not checked yet.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{
    ConfigMapProjection, DownwardAPIProjection, DownwardAPIVolumeFile, KeyToPath, ObjectFieldSelector,
    ProjectedVolumeSource, SecretVolumeSource, ServiceAccount, ServiceAccountTokenProjection, Volume, VolumeMount,
    VolumeProjection,
};

use crate::behaviour::Behaviour;
use crate::names::stable_suffix;
use crate::pod::{self, Pod, TOKEN_VOLUME};
use crate::store::Store;

/// Where the token is mounted.
const TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Gives a new pod its service account's token, unless it or the account wants none.
pub(crate) fn admit(pod: &mut Pod, store: &Store, behaviour: &Behaviour) {
    if pod::is_static(pod) {
        return;
    }
    let namespace = pod.metadata.namespace.clone().unwrap_or_default();
    let identity = format!("{namespace}/{}", pod.metadata.name.as_deref().unwrap_or_default());
    let spec = Arc::make_mut(&mut pod.spec);
    let account = spec.service_account_name.get_or_insert_with(|| "default".to_owned()).clone();
    let of_account =
        store.find::<ServiceAccount>(&namespace, &account).and_then(|account| account.automount_service_account_token);
    if spec.automount_service_account_token.or(of_account) == Some(false) {
        return;
    }
    let volume = if behaviour.projected_tokens {
        projected(TOKEN_VOLUME.to_owned())
    } else {
        secret(format!("{account}-token-{}", stable_suffix(&format!("{namespace}/{account}"))))
    };
    let mut mounted = false;
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
        pod.token_volume = volume.projected.is_some().then(|| stable_suffix(&identity));
        spec.volumes.get_or_insert_default().push(volume);
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
