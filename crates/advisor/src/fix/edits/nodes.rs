//! Nodes that are not ready, and components that should do something about it.

use k8s_openapi::api::core::v1::{Node, Taint};
use serde_json::json;
use sim_cluster::{Change, Kind, KubeletRestart, Object, TaintPattern, UNINITIALIZED_TAINT, is_uninitialized};

use super::super::edit::Edit;
use super::Site;
use super::workload::{owner_of, patch_pods};
use crate::diagnosis::{CLOUD_CONTROLLER_MANAGER, NETWORK_PLUGIN, State, Symptom};
use crate::words;

/// Bring nodes back that nobody hears of, or take them out of the cluster.
pub(super) fn of_condition(site: &Site<'_>) -> Vec<Edit> {
    if site.knot.thing.name.ends_with("Pressure") {
        return site.waiting.iter().filter_map(|symptom| stated_use(symptom)).collect();
    }
    if !site.knot.thing.name.starts_with("Ready=Unknown") && site.knot.thing.name != "Ready=False" {
        return Vec::new();
    }
    let nodes = &site.knot.nodes;
    let back = nodes.iter().map(|node| Change::NodeUp(node.clone())).collect();
    let remove = nodes.iter().map(|node| Change::RemoveNode(node.clone())).collect();
    let hangs = site.waiting.iter().any(|symptom| symptom.state == State::Terminating);
    let declare =
        nodes.iter().map(|node| Change::Taint { node: Some(node.clone()), taint: out_of_service() }).collect();
    let declare = Edit::new(format!("declare {} out of service", words::nodes(nodes)), declare)
        .weakens("what still runs on the machine would write to disks that others have: be sure that it is off");
    let mut edits = if hangs { vec![declare] } else { Vec::new() };
    edits.extend([
        Edit::new(format!("bring the kubelet of {} back", words::nodes(nodes)), back)
            .limit("the input does not say why the kubelet is silent: the machine, its network or the kubelet itself"),
        Edit::new(format!("delete {} from the cluster", words::nodes(nodes)), remove)
            .gives_up("what still runs on the machine goes on beside its replacement until the machine is off"),
    ]);
    edits
}

/// The pods' owner asks for what the kubelet saw them use: `Container c was using 3Gi, which exceeds its request of 0`.
fn stated_use(symptom: &Symptom) -> Option<Edit> {
    let owner = owner_of(symptom)?;
    let (_, rest) = symptom.sentence.split_once("Container ")?;
    let (container, rest) = rest.split_once(" was using ")?;
    let amount: String = rest.chars().take_while(|character| character.is_ascii_alphanumeric()).collect();
    let resource = symptom.sentence.split_once("low on resource: ")?.1.split(['.', ',']).next()?;
    if amount.is_empty() || !matches!(resource, "memory" | "ephemeral-storage") {
        return None;
    }
    let patch = json!({"containers": [{"name": container, "resources": {"requests": {resource: amount}}}]});
    let title = format!("have {owner} ask for the {amount} of {resource} that it uses");
    Some(
        Edit::new(title, vec![patch_pods(&owner, patch)])
            .limit("what the containers will use is not known: this is what was seen"),
    )
}

/// What a person sets to say that a machine is off for good (1.24+).
fn out_of_service() -> Taint {
    Taint {
        key: "node.kubernetes.io/out-of-service".to_owned(),
        value: Some("nodeshutdown".to_owned()),
        effect: "NoExecute".to_owned(),
        time_added: None,
    }
}

/// Have a component do its work.
pub(super) fn of_component(site: &Site<'_>) -> Vec<Edit> {
    match site.knot.thing.name.as_str() {
        CLOUD_CONTROLLER_MANAGER => cloud_controller_manager(site),
        NETWORK_PLUGIN => network_plugin(),
        name if site.cluster.stopped_components().any(|stopped| stopped == name) => {
            vec![Edit::new(format!("start {name} again"), vec![Change::StartController(name.to_owned())])]
        }
        name => default_scheduler(site, name),
    }
}

/// Run without one, or deploy one.
fn cloud_controller_manager(site: &Site<'_>) -> Vec<Edit> {
    let waiting: Vec<String> = site
        .cluster
        .store()
        .list::<Node>()
        .filter(|node| is_uninitialized(node))
        .filter_map(|node| node.metadata.name.clone())
        .collect();
    if waiting.is_empty() {
        return Vec::new();
    }
    let restart = |node: &String| {
        Change::KubeletRestart(KubeletRestart {
            node: node.clone(),
            register_with_taints: None,
            cloud_provider_external: Some(false),
            node_labels: None,
            allocatable: None,
            version: None,
        })
    };
    let untaint = Change::Untaint {
        node: None,
        taint: TaintPattern { key: UNINITIALIZED_TAINT.to_owned(), value: None, effect: None },
    };
    let changes = waiting.iter().map(restart).chain([untaint]).collect();
    let without = Edit::new("run the kubelets without --cloud-provider=external", changes)
        .setting("kubespray: `cloud_provider: \"\"` (group_vars/all/all.yml); kubeadm: no `cloud-provider` in nodeRegistration.kubeletExtraArgs")
        .limit("right where no cloud has these machines; the kubelet does not take back the taint of a node that is registered, so it is removed once");
    let with = Edit::new(
        "deploy the cloud-controller-manager of the cloud that has these machines",
        vec![Change::Apply(manager())],
    )
    .setting("kubespray: `cloud_provider: external` with `external_cloud_provider: NAME` (group_vars/all/all.yml)")
    .limit(
        "the manifest stands for your cloud's own: right only where there is a cloud; it needs the cloud's credentials",
    );
    vec![without, with]
}

/// A stand-in for any cloud's manager, as the providers ship theirs: host network, and tolerations for what it clears.
fn manager() -> Vec<Object> {
    let manifest = json!({
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "cloud-controller-manager", "namespace": "kube-system"},
        "spec": {
            "selector": {"matchLabels": {"k8s-app": "cloud-controller-manager"}},
            "template": {
                "metadata": {"labels": {"k8s-app": "cloud-controller-manager"}},
                "spec": {
                    "hostNetwork": true,
                    "dnsPolicy": "Default",
                    "priorityClassName": "system-cluster-critical",
                    "tolerations": [
                        {"key": UNINITIALIZED_TAINT, "value": "true", "effect": "NoSchedule"},
                        {"key": "node-role.kubernetes.io/master", "effect": "NoSchedule"},
                        {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"},
                        {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"},
                    ],
                    "containers": [{
                        "name": "cloud-controller-manager",
                        "image": "registry.example.com/cloud-controller-manager:latest",
                        "resources": {"requests": {"cpu": "100m"}},
                    }],
                },
            },
        },
    });
    Object::read(Kind::DaemonSet, manifest).into_iter().collect()
}

fn network_plugin() -> Vec<Edit> {
    let manifest = json!({
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "network-plugin", "namespace": "kube-system"},
        "spec": {
            "selector": {"matchLabels": {"k8s-app": "network-plugin"}},
            "template": {
                "metadata": {"labels": {"k8s-app": "network-plugin"}},
                "spec": {
                    "hostNetwork": true,
                    "priorityClassName": "system-node-critical",
                    "tolerations": [{"operator": "Exists"}],
                    "containers": [{
                        "name": "install-cni",
                        "image": "registry.example.com/network-plugin:latest",
                        "volumeMounts": [{"name": "cni-net-dir", "mountPath": "/etc/cni/net.d"}],
                    }],
                    "volumes": [{"name": "cni-net-dir", "hostPath": {"path": "/etc/cni/net.d"}}],
                },
            },
        },
    });
    let objects: Vec<Object> = Object::read(Kind::DaemonSet, manifest).into_iter().collect();
    vec![
        Edit::new("install the network plugin, or repair the one that is installed", vec![Change::Apply(objects)])
            .limit("the manifest stands for the plugin of your choice (Calico, Cilium, Flannel …)"),
    ]
}

/// Pods that ask for a scheduler that nobody is are given to the default one.
fn default_scheduler(site: &Site<'_>, name: &str) -> Vec<Edit> {
    let scheduler = site.cluster.scheduling().scheduler();
    let Some(profile) = scheduler.profiles().first() else { return Vec::new() };
    let served = profile.scheduler_name.to_string();
    let owners = site.directly.iter().filter_map(|symptom| owner_of(symptom));
    owners
        .map(|owner| {
            let patch = patch_pods(&owner, json!({"schedulerName": served}));
            Edit::new(format!("have {owner} scheduled by {served}"), vec![patch])
                .weakens(format!("what {name} does that {served} does not"))
                .limit(format!("or run the scheduler {name}: sim cannot run it"))
        })
        .collect()
}
