//! The taints Kubernetes and its installers set by themselves: who sets each, and who is supposed to remove it.

/// Where a taint comes from and how it is meant to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KnownTaint {
    /// Who sets it and when, a clause that follows "set by".
    pub set_by: &'static str,
    /// Who removes it and when, a clause that follows "removed by".
    pub removed_by: &'static str,
}

impl KnownTaint {
    /// Whether nobody is supposed to remove it: it guards nodes for as long as they are there.
    pub fn is_meant_to_stay(&self) -> bool {
        self.removed_by.starts_with("nobody")
    }
}

/// What is known of a taint with this key; nothing for a key that people choose themselves.
pub fn known_taint(key: &str) -> Option<KnownTaint> {
    let (set_by, removed_by) = match key {
        "node.cloudprovider.kubernetes.io/uninitialized" => (
            "the kubelet when it registers its node, because it runs with --cloud-provider=external",
            "the cloud-controller-manager, once it has initialised the node (provider ID, addresses, zone labels)",
        ),
        "node.cloudprovider.kubernetes.io/shutdown" => (
            "the cloud-controller-manager, because the cloud says that the machine is shut down",
            "the cloud-controller-manager, when the machine runs again",
        ),
        "node-role.kubernetes.io/master" => (
            "the installer (kubeadm, kubespray), to keep ordinary pods off the control plane; since v1.25 the key is node-role.kubernetes.io/control-plane",
            "nobody: it is meant to stay, and pods that belong on the control plane tolerate it",
        ),
        "node-role.kubernetes.io/control-plane" => (
            "the installer (kubeadm since v1.24), to keep ordinary pods off the control plane",
            "nobody: it is meant to stay, and pods that belong on the control plane tolerate it",
        ),
        "node.kubernetes.io/not-ready" => (
            "the node lifecycle controller, because the node's Ready condition is False (and by the API server when a node is created)",
            "the node lifecycle controller, when the kubelet posts Ready=True; often it waits for the network plugin",
        ),
        "node.kubernetes.io/unreachable" => (
            "the node lifecycle controller, because the kubelet has stopped posting its status",
            "the node lifecycle controller, when the kubelet reports again",
        ),
        "node.kubernetes.io/unschedulable" => (
            "the node lifecycle controller, because the node is cordoned (spec.unschedulable)",
            "the node lifecycle controller, when the node is uncordoned",
        ),
        "node.kubernetes.io/memory-pressure" => (
            "the node lifecycle controller, because the kubelet reports MemoryPressure",
            "the node lifecycle controller, when the pressure is over",
        ),
        "node.kubernetes.io/disk-pressure" => (
            "the node lifecycle controller, because the kubelet reports DiskPressure",
            "the node lifecycle controller, when the pressure is over",
        ),
        "node.kubernetes.io/pid-pressure" => (
            "the node lifecycle controller, because the kubelet reports PIDPressure",
            "the node lifecycle controller, when the pressure is over",
        ),
        "node.kubernetes.io/network-unavailable" => (
            "the node lifecycle controller, because the node's NetworkUnavailable condition is True",
            "the node lifecycle controller, when the network plugin or the cloud's route controller clears the condition",
        ),
        "node.kubernetes.io/out-of-service" => {
            ("a person, to say that a shut-down node will not come back by itself", "a person, when the node is back")
        }
        "node.cilium.io/agent-not-ready" => (
            "the installer, so that no pod starts before Cilium's agent",
            "the Cilium operator, when the agent on the node is ready",
        ),
        "ToBeDeletedByClusterAutoscaler" => (
            "the cluster autoscaler, because it is about to remove the node",
            "the cluster autoscaler, if it changes its mind",
        ),
        "DeletionCandidateOfClusterAutoscaler" => (
            "the cluster autoscaler, because the node is hardly used",
            "the cluster autoscaler, when the node is used again",
        ),
        _ => return None,
    };
    Some(KnownTaint { set_by, removed_by })
}
