//! What kubectl cannot do, in plain words for a person: comment lines that name where it is done and with which setting.

use sim_cluster::{Cluster, Declaration, KubeletRestart, NodeGroupChange, UpgradeOptions, taint_text};

use crate::shell::comment;

/// Something done on a node.
pub(crate) fn on_node(node: &str, what: &str) -> String {
    comment(&format!("on node {node}: {what}"))
}

/// Something done to a machine in its cloud.
pub(crate) fn in_the_cloud(node: &str, what: &str) -> String {
    comment(&format!("in the cloud: {what} the machine of node {node}"))
}

/// Something done to every machine of a zone.
pub(crate) fn in_zone(zone: &str, what: &str) -> String {
    comment(&format!("in zone {zone}: {what}"))
}

pub(crate) fn add_nodes(from: &str, count: usize) -> String {
    let machines = if count == 1 { "a machine".to_owned() } else { format!("{count} machines") };
    comment(&format!("add {machines} like {from}, and join to the cluster (kubeadm join; kubespray: scale.yml)"))
}

/// What of a node group is to be another.
pub(crate) fn node_group(change: &NodeGroupChange) -> String {
    let mut steps = Vec::new();
    if let Some(max) = change.max {
        steps.push(format!(
            "let it have up to {max} nodes (the group's maximum in the cloud; --nodes of cluster-autoscaler)"
        ));
    }
    let labels = change.labels.iter().map(|(key, value)| match value {
        Some(value) => format!("the label {key}={value}"),
        None => format!("no label {key}"),
    });
    let added = change.add_taints.iter().map(|taint| format!("the taint {}", taint_text(taint)));
    let removed = change.remove_taints.iter().map(|taint| format!("no taint {}", taint_text(taint)));
    let comes_with: Vec<String> = labels.chain(added).chain(removed).collect();
    if !comes_with.is_empty() {
        steps.push(format!("its new nodes come with {}", comes_with.join(", ")));
    }
    comment(&format!("node group {}: {}", change.group, steps.join("; ")))
}

/// A kubelet's new flags: the flag, where kubeadm and kubespray keep it, and that some count only for a new Node.
pub(crate) fn restart_kubelet(restart: &KubeletRestart) -> String {
    let mut steps = Vec::new();
    match restart.cloud_provider_external {
        Some(true) => steps.push(
            "give it --cloud-provider=external (kubeadm: nodeRegistration.kubeletExtraArgs, cloud-provider; kubespray: \
             cloud_provider: external in group_vars/all/all.yml)"
                .to_owned(),
        ),
        Some(false) => steps.push(
            "take --cloud-provider=external away (kubeadm: nodeRegistration.kubeletExtraArgs, on a node that is there \
             KUBELET_KUBEADM_ARGS in /var/lib/kubelet/kubeadm-flags.env; kubespray: cloud_provider: \"\" in \
             group_vars/all/all.yml)"
                .to_owned(),
        ),
        None => {}
    }
    if let Some(taints) = &restart.register_with_taints {
        let taints: Vec<String> = taints.iter().map(taint_text).collect();
        steps.push(format!(
            "--register-with-taints={} (KubeletConfiguration: registerWithTaints; kubeadm: nodeRegistration.taints)",
            taints.join(",")
        ));
    }
    if let Some(labels) = &restart.node_labels {
        let labels: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        steps.push(format!("--node-labels={}", labels.join(",")));
    }
    if let Some(allocatable) = &restart.allocatable {
        // Devices are what a plugin tells the kubelet of, pods are a number of their own; the rest is what reservations leave.
        let (devices, own): (Vec<_>, Vec<_>) = allocatable.iter().partition(|(resource, _)| resource.contains('/'));
        let (pods, left): (Vec<_>, Vec<_>) = own.into_iter().partition(|(resource, _)| *resource == "pods");
        let devices = devices
            .into_iter()
            .map(|(resource, amount)| format!("have the device plugin of {resource} tell the kubelet of {amount}"));
        let pods = pods.into_iter().map(|(_, most)| format!("--max-pods={most} (KubeletConfiguration: maxPods)"));
        steps.extend(devices.chain(pods));
        let left: Vec<String> = left.into_iter().map(|(resource, amount)| format!("{resource}={amount}")).collect();
        if !left.is_empty() {
            steps.push(format!(
                "set --kube-reserved and --system-reserved (KubeletConfiguration: kubeReserved, systemReserved) so that {} is \
                 left for pods",
                left.join(",")
            ));
        }
    }
    if let Some(version) = restart.version {
        steps.push(format!("install the kubelet of {version}"));
    }
    let counts_once = restart.register_with_taints.is_some()
        || restart.node_labels.is_some()
        || restart.cloud_provider_external.is_some();
    let mut lines: Vec<String> = steps.into_iter().map(|step| format!("on node {}: {step}", restart.node)).collect();
    lines.push(format!("on node {}: systemctl restart kubelet", restart.node));
    if counts_once {
        lines
            .push("taints and labels of these flags count when a Node registers, not for one that is there".to_owned());
    }
    comment(&lines.join("\n"))
}

pub(crate) fn upgrade(cluster: &Cluster, options: &UpgradeOptions) -> String {
    let nodes = match &options.nodes {
        Some(nodes) => nodes.join(", "),
        None => "every node, the control plane's first".to_owned(),
    };
    comment(&format!(
        "on the control plane: kubeadm upgrade apply {} (from {})\non {nodes}: drain, kubeadm upgrade node, install the new \
         kubelet, systemctl restart kubelet, uncordon",
        options.to,
        cluster.setup().version
    ))
}

pub(crate) fn behave(declaration: &Declaration) -> String {
    let container = declaration.container.as_ref().map_or(String::new(), |name| format!("container {name} of "));
    comment(&format!("in {container}{}: the programs behave differently from now on", declaration.pods))
}

/// A component's start or stop, where it is kept. `manifests` is where kubeadm's static pods are.
pub(crate) fn component(name: &str, starts: bool) -> String {
    let words = match (name, starts) {
        ("cloud-controller-manager", true) => "deploy the cloud-controller-manager of your cloud".to_owned(),
        ("cloud-controller-manager", false) => "scale down or delete what runs the cloud-controller-manager".to_owned(),
        ("kube-scheduler" | "kube-controller-manager", true) => {
            format!("on the control plane: put {name}.yaml back into /etc/kubernetes/manifests")
        }
        ("kube-scheduler" | "kube-controller-manager", false) => {
            format!("on the control plane: move {name}.yaml out of /etc/kubernetes/manifests")
        }
        (controller, true) => {
            format!("on the control plane: take -{controller} out of --controllers of its controller manager")
        }
        (controller, false) => {
            format!("on the control plane: add -{controller} to --controllers of its controller manager")
        }
    };
    comment(&words)
}
