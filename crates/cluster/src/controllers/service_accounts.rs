//! The ServiceAccounts controller (pkg/controller/serviceaccount/serviceaccounts_controller.go): every namespace that is
//! not on its way out has an account `default`.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{Namespace, ObjectReference, ServiceAccount};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::admission;
use crate::clock::Controller;
use crate::cluster::Cluster;
use crate::names::stable_suffix;
use crate::object::{Kind, KnownKind};
use crate::store::{Changed, ObjectKey};

const DEFAULT: &str = "default";

/// A namespace changed, or an account is gone.
pub(crate) fn watch(cluster: &mut Cluster, changed: &Changed) {
    let namespace = match changed.kind {
        Kind::Namespace if changed.after.is_some() => &changed.key.name,
        Kind::ServiceAccount if changed.after.is_none() && &*changed.key.name == DEFAULT => &changed.key.namespace,
        _ => return,
    };
    if cluster.store.find::<ServiceAccount>(namespace, DEFAULT).is_none() {
        cluster.sync(Controller::ServiceAccounts, ObjectKey::new("", namespace));
    }
}

/// Makes the account, if the namespace lacks it.
pub(crate) fn sync(cluster: &mut Cluster, key: &ObjectKey) {
    if !lacks_account(cluster, &key.name) {
        return;
    }
    let account = default_account(cluster, &key.name);
    match cluster.post(ServiceAccount::wrap(Arc::new(account))) {
        Ok(_) => cluster.forget(Controller::ServiceAccounts, key),
        Err(_) => cluster.requeue_rate_limited(Controller::ServiceAccounts, key),
    }
}

/// The accounts that are there when a run begins, made without drawing a name or a uid.
pub(crate) fn found_at_start(cluster: &mut Cluster) {
    let namespaces: Vec<String> =
        cluster.store.list::<Namespace>().filter_map(|namespace| namespace.metadata.name.clone()).collect();
    for namespace in namespaces.iter().filter(|namespace| lacks_account(cluster, namespace)).collect::<Vec<_>>() {
        let mut account = default_account(cluster, namespace);
        account.metadata.uid = Some(cluster.names.stable_uid(&format!("ServiceAccount/{namespace}/{DEFAULT}")));
        account.metadata.creation_timestamp = Some(cluster.clock.time());
        cluster.store.put(Arc::new(account));
    }
}

fn lacks_account(cluster: &Cluster, namespace: &str) -> bool {
    let found = cluster.store.find::<Namespace>("", namespace);
    found.is_some_and(|found| !admission::is_terminating(found))
        && cluster.store.find::<ServiceAccount>(namespace, DEFAULT).is_none()
}

fn default_account(cluster: &Cluster, namespace: &str) -> ServiceAccount {
    // Until 1.23 the token controller made a Secret for each account.
    let token = || ObjectReference {
        name: Some(format!("{DEFAULT}-token-{}", stable_suffix(&format!("{namespace}/{DEFAULT}")))),
        ..ObjectReference::default()
    };
    ServiceAccount {
        metadata: ObjectMeta {
            name: Some(DEFAULT.to_owned()),
            namespace: Some(namespace.to_owned()),
            ..ObjectMeta::default()
        },
        secrets: cluster.behaviour.token_secrets.then(|| vec![token()]),
        ..ServiceAccount::default()
    }
}
