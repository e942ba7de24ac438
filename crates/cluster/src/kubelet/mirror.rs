//! Static pods: the API server has only their mirror. Whatever becomes of that, the pod runs on, and its kubelet makes the
//! mirror anew (`SyncPod` in `pkg/kubelet/kubelet.go`, `pkg/kubelet/pod/mirror_client.go`).

use std::sync::Arc;

use k8s_openapi::api::core::v1::{Namespace, Node};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::needs;
use crate::cluster::Cluster;
use crate::pod::{self, Pod};
use crate::store::ObjectKey;

/// A mirror that is marked for deletion: the kubelet takes it away, and what follows is that it is gone.
pub(super) fn take_away(cluster: &mut Cluster, key: &ObjectKey) {
    cluster.end_pod(key);
}

/// A mirror is gone: the kubelet makes another one, and writes into it what it knows of the pod.
pub(super) fn restore(cluster: &mut Cluster, key: &ObjectKey, gone: &Arc<Pod>) {
    let work = cluster.kubelets.pods.remove(key);
    if let Some(work) = &work {
        needs::forget(cluster, key, work);
    }
    let mut owners = gone.metadata.owner_references.clone();
    for owner in owners.iter_mut().flatten().filter(|owner| owner.kind == "Node") {
        // The node as it is now: it may have been registered anew.
        if let Some(node) = cluster.store.find::<Node>("", &owner.name) {
            owner.uid = node.metadata.uid.clone().unwrap_or_default();
        }
    }
    let mut mirror = Pod::clone(gone);
    mirror.metadata = ObjectMeta {
        name: gone.metadata.name.clone(),
        namespace: gone.metadata.namespace.clone(),
        labels: gone.metadata.labels.clone(),
        annotations: gone.metadata.annotations.clone(),
        owner_references: owners,
        ..ObjectMeta::default()
    };
    cluster.admit_typed(mirror);
    if let (Some(mut work), Some(mirror)) = (work, cluster.store.get::<Pod>(key).cloned()) {
        Arc::make_mut(&mut work).becomes(&mirror);
        cluster.kubelets.pods.insert(key.clone(), work);
    }
}

/// Whether a pod that is gone was the mirror of one that its kubelet still has.
pub(super) fn is_missed(cluster: &Cluster, key: &ObjectKey, gone: &Pod) -> bool {
    let takes_pods = |namespace: &Arc<Namespace>| namespace.metadata.deletion_timestamp.is_none();
    pod::is_static(gone)
        && cluster.store.find::<Namespace>("", &key.namespace).is_some_and(takes_pods)
        && pod::node_name(gone).is_some_and(|node| super::is_alive(cluster, node))
        && cluster.store.get::<Pod>(key).is_none()
}
