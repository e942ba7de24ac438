//! The cloud-node controller of a cloud-controller-manager: initialises nodes whose kubelet waits for it.

use k8s_openapi::api::core::v1::{Node, Taint};

use crate::clock::Event;
use crate::cluster::Cluster;
use crate::object::Object;
use crate::store::{Changed, ObjectKey};

/// Set by kubelets with `--cloud-provider=external` at registration, removed by the cloud-node controller.
pub(crate) const UNINITIALIZED: &str = "node.cloudprovider.kubernetes.io/uninitialized";

/// A node that waits is initialised a second later, when there is somebody to do it.
pub(crate) fn watch(cluster: &mut Cluster, changed: &Changed) {
    if cluster.setup.cloud_controller_manager
        && let Some(Object::Node(node)) = &changed.after
        && is_uninitialized(node)
    {
        cluster.agenda.add(cluster.clock.now_ms() + 1000, Event::InitialiseCloudNode(changed.key.clone()));
    }
}

/// The taint as the kubelet registers it.
pub(crate) fn uninitialized_taint() -> Taint {
    Taint {
        key: UNINITIALIZED.to_owned(),
        value: Some("true".to_owned()),
        effect: "NoSchedule".to_owned(),
        time_added: None,
    }
}

/// Whether the node waits for a cloud-controller-manager.
pub(crate) fn is_uninitialized(node: &Node) -> bool {
    node.spec.iter().flat_map(|spec| spec.taints.iter().flatten()).any(|taint| taint.key == UNINITIALIZED)
}

/// Initialises a node: the taint goes.
pub(crate) fn initialise(cluster: &mut Cluster, key: &ObjectKey) {
    cluster.store.update::<Node>(key, |node| {
        if let Some(taints) = node.spec.as_mut().and_then(|spec| spec.taints.as_mut()) {
            taints.retain(|taint| taint.key != UNINITIALIZED);
        }
    });
}
