//! Keys that Kubernetes and its installers renamed: the old name and the new one of the same thing.

/// Old and new, from kubeadm's and the well-known labels' deprecations
/// (<https://kubernetes.io/docs/reference/labels-annotations-taints/>).
const RENAMED: &[(&str, &str)] = &[
    ("node-role.kubernetes.io/master", "node-role.kubernetes.io/control-plane"),
    ("beta.kubernetes.io/os", "kubernetes.io/os"),
    ("beta.kubernetes.io/arch", "kubernetes.io/arch"),
    ("beta.kubernetes.io/instance-type", "node.kubernetes.io/instance-type"),
    ("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"),
    ("failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"),
];

/// What a key is called since it was renamed.
pub(super) fn new_name(key: &str) -> Option<(&'static str, &'static str)> {
    RENAMED.iter().find(|(old, _)| key == *old).map(|(_, new)| (*new, "its new name"))
}

/// What a key is called besides, and how that name stands to it.
pub(super) fn other_name(key: &str) -> Option<(&'static str, &'static str)> {
    new_name(key).or_else(|| RENAMED.iter().find(|(_, new)| key == *new).map(|(old, _)| (*old, "its old name")))
}
