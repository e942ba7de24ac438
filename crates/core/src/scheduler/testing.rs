//! The fixture language of the unit tests: one object a line, words that say what it is like.
//!
//! ```text
//! node n1 cpu=4 memory=8Gi pods=10 zone=a label=disk=ssd taint=k=v:NoSchedule image=app:1=300Mi cordoned
//! pod p on=n1 cpu=500m priority=5 label=app=web tolerate=k=v:NoSchedule port=80 spread=1:zone:app=web
//! service s label=app=web
//! class fast provisioner=disk.example.com waits allows=zone=a,b
//! pv disk class=fast size=10Gi mode=ReadWriteOnce reach=zone:In:a zone=a csi=DRIVER/HANDLE
//! pvc c class=fast size=5Gi pv=disk
//! csinode n1 limit=DRIVER=1 migrated=kubernetes.io/aws-ebs
//! pod q claim=c ebs=vol-1 gce=disk:ro ephemeral=data
//! ```

pub(crate) mod random;
pub(crate) mod storage;

use std::sync::Arc;

use super::schedule::{Decision, Scheduler};
use super::snapshot::{SelectorOwner, Snapshot};
use crate::model::*;
use crate::quantity::Quantity;
use crate::version::Version;

/// Checks what becomes of a pod: the feasible nodes in order (`n1 n2`), or the refusals, one node a line
/// (`n1: reason, reason`), or what failed (`error: text`). Where some nodes refuse and the expectation has a colon, the refusals are compared.
#[track_caller]
pub(crate) fn check(version: &str, cluster: &str, pod: &str, expected: &str) {
    let decision = decide(version, cluster, pod);
    let lines = |statuses: &std::collections::BTreeMap<String, super::framework::Status>| {
        let lines: Vec<String> =
            statuses.iter().map(|(node, status)| format!("{node}: {}", status.reasons.join(", "))).collect();
        lines.join("\n")
    };
    let actual = match &decision {
        Decision::Placed(placement) if expected.contains(": ") => lines(&placement.refused),
        Decision::Placed(placement) => placement.feasible_nodes().collect::<Vec<_>>().join(" "),
        Decision::Unschedulable(error) => lines(&error.statuses),
        Decision::Error(text) => format!("error: {text}"),
        other => format!("{other:?}"),
    };
    assert_eq!(actual, expected);
}

/// Checks one plugin's weighted scores.
#[track_caller]
pub(crate) fn check_scores(version: &str, cluster: &str, pod: &str, plugin: &str, expected: &[(&str, i64)]) {
    let Decision::Placed(placement) = decide(version, cluster, pod) else { panic!("the pod fits nowhere") };
    let actual: Vec<(&str, i64)> = placement
        .scores
        .iter()
        .map(|score| {
            let of_plugin = score.by_plugin.iter().find(|score| score.plugin.as_str() == plugin);
            (score.node.as_str(), of_plugin.map_or(0, |score| score.weighted))
        })
        .collect();
    assert_eq!(actual, expected);
}

/// Checks the FailedScheduling sentence.
#[track_caller]
pub(crate) fn check_message(version: &str, cluster: &str, pod: &str, expected: &str) {
    let Decision::Unschedulable(error) = decide(version, cluster, pod) else { panic!("the pod fits") };
    assert_eq!(error.to_string(), expected);
}

/// Checks what preemption chooses: `node: victim victim`.
#[track_caller]
pub(crate) fn check_preemption(version: &str, cluster: &str, pod: &str, expected: &str) {
    let Decision::Unschedulable(error) = decide(version, cluster, pod) else { panic!("the pod fits") };
    let outcome = error.preemption.as_ref().expect("preemption finds a way");
    let victims: Vec<String> = outcome.victims.iter().map(ToString::to_string).collect();
    assert_eq!(format!("{}: {}", outcome.nominated_node, victims.join(" ")), expected);
}

/// Checks what is to be done for the claims of a pod that goes to a node: `CLAIM>VOLUME` is bound, `+CLAIM` provisioned.
#[track_caller]
pub(crate) fn check_plan(version: &str, cluster: &str, pod: &str, node: &str, expected: &str) {
    let version: Version = version.parse().expect("a version");
    let plan = Scheduler::new(version).volume_plan(&snapshot(version, cluster), &read_pod(pod), node);
    let bindings = plan.bindings.iter().map(|(_, claim, volume)| format!("{claim}>{volume}"));
    let provisions = plan.provisions.iter().map(|(_, claim)| format!("+{claim}"));
    assert_eq!(bindings.chain(provisions).collect::<Vec<_>>().join(" "), expected);
}

fn decide(version: &str, cluster: &str, pod: &str) -> Decision {
    let version: Version = version.parse().expect("a version");
    Scheduler::new(version).schedule(&snapshot(version, cluster), &read_pod(pod))
}

/// Reads a cluster.
pub(crate) fn snapshot(version: Version, text: &str) -> Snapshot {
    let mut snapshot = Snapshot::new(version);
    for line in text.lines() {
        let mut words = line.split_whitespace();
        match words.next() {
            Some("node") => snapshot.upsert_node(Arc::new(read_node(line))),
            Some("pod") => snapshot.add_pod(Arc::new(read_pod(line))),
            Some("service") => {
                let name = words.next().expect("a name");
                let labels = words.filter_map(|word| word.strip_prefix("label=")).map(label).collect();
                let selector = LabelSelector::from_labels(labels);
                snapshot.set_selector(SelectorOwner::Service, "default", name, selector);
            }
            _ => snapshot.change_storage(|storage| storage::read(storage, line)),
        }
    }
    snapshot
}

pub(crate) fn read_node(line: &str) -> Node {
    let mut words = line.split_whitespace().skip(1);
    let name = words.next().expect("a name").to_owned();
    let mut node = Node { name: name.clone(), ..Node::default() };
    node.labels.insert("kubernetes.io/hostname".to_owned(), name);
    let mut allocatable = ResourceList::new();
    for (resource, amount) in [("cpu", "64"), ("memory", "256Gi"), ("pods", "110")] {
        allocatable.insert(resource.to_owned(), quantity(amount));
    }
    for word in words {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        match key {
            "cordoned" => node.unschedulable = true,
            "label" => node.labels.extend([label(value)]),
            "zone" => {
                node.labels.insert("zone".to_owned(), value.to_owned());
                node.labels.insert("topology.kubernetes.io/zone".to_owned(), value.to_owned());
            }
            "taint" => node.taints.push(taint(value)),
            "image" => {
                let (image, size) = value.rsplit_once('=').expect("image=NAME=SIZE");
                node.images.push(Image { names: vec![image.to_owned()], size_bytes: quantity(size).value() });
            }
            resource => {
                allocatable.insert(resource.to_owned(), quantity(value));
            }
        }
    }
    node.allocatable = Resources::from_list(&allocatable);
    node
}

/// Reads a pod.
pub(crate) fn read_pod(line: &str) -> Pod {
    let mut words = line.split_whitespace().skip(1);
    let name = words.next().expect("a name").to_owned();
    let mut pod = Pod { namespace: "default".to_owned(), uid: name.clone(), name, ..Pod::default() };
    let mut container = Container { name: "main".to_owned(), ..Container::default() };
    let mut spec = PodSpec::default();
    for word in words {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        if let Some(volume) = storage::pod_volume(spec.volumes.len(), key, value) {
            spec.volumes.push(volume);
            continue;
        }
        match key {
            "on" => pod.node_name = Some(value.to_owned()),
            "node" => spec.node_name = Some(value.to_owned()),
            "label" => pod.labels.extend([label(value)]),
            "priority" => spec.priority = value.parse().expect("a priority"),
            "tolerate" => spec.tolerations.push(toleration(value)),
            "select" => spec.node_selector.extend([label(value)]),
            "affinity" => {
                let term = NodeSelectorTerm { match_expressions: vec![requirement(value)], ..Default::default() };
                spec.required_node_affinity.get_or_insert_default().node_selector_terms.push(term);
            }
            "affinity-node" => {
                let field = requirement(&format!("metadata.name:In:{value}"));
                let term = NodeSelectorTerm { match_fields: vec![field], ..Default::default() };
                spec.required_node_affinity.get_or_insert_default().node_selector_terms.push(term);
            }
            "prefer" => {
                let (weight, value) = weighted(value);
                let preference = NodeSelectorTerm { match_expressions: vec![requirement(value)], ..Default::default() };
                spec.preferred_node_affinity.push(PreferredSchedulingTerm { weight, preference });
            }
            "near" => spec.required_pod_affinity.push(pod_term(value)),
            "apart" => spec.required_pod_anti_affinity.push(pod_term(value)),
            "prefer-near" => {
                let (weight, value) = weighted(value);
                spec.preferred_pod_affinity
                    .push(WeightedPodAffinityTerm { weight, pod_affinity_term: pod_term(value) });
            }
            "spread" => spec.topology_spread_constraints.push(spread(value, WhenUnsatisfiable::DoNotSchedule)),
            "prefer-spread" => {
                spec.topology_spread_constraints.push(spread(value, WhenUnsatisfiable::ScheduleAnyway));
            }
            "port" => container.ports.push(port(value)),
            "image" => container.image = value.to_owned(),
            "gate" => spec.scheduling_gates.push(value.to_owned()),
            "more-cpu" => {
                let requests = ResourceList::from([("cpu".to_owned(), quantity(value))]);
                spec.containers.push(Container { requests, ..Container::default() });
            }
            "init-cpu" | "sidecar-cpu" => {
                let requests = ResourceList::from([("cpu".to_owned(), quantity(value))]);
                let restartable = key == "sidecar-cpu";
                spec.init_containers.push(Container { requests, restartable, ..Container::default() });
            }
            resource => {
                container.requests.insert(resource.to_owned(), quantity(value));
            }
        }
    }
    spec.containers.insert(0, container);
    pod.spec = Arc::new(spec);
    pod
}

fn quantity(text: &str) -> Quantity {
    text.parse().expect("a quantity")
}

fn label(text: &str) -> (String, String) {
    let (key, value) = text.split_once('=').unwrap_or((text, ""));
    (key.to_owned(), value.to_owned())
}

fn effect(text: &str) -> Effect {
    match text {
        "NoSchedule" => Effect::NoSchedule,
        "PreferNoSchedule" => Effect::PreferNoSchedule,
        "NoExecute" => Effect::NoExecute,
        other => panic!("unknown effect {other}"),
    }
}

fn taint(text: &str) -> Taint {
    let (pair, of) = text.rsplit_once(':').expect("taint=KEY[=VALUE]:EFFECT");
    let (key, value) = label(pair);
    Taint { key, value, effect: effect(of) }
}

/// `KEY` is Exists, `KEY=VALUE` is Equal, `:EFFECT` may follow.
fn toleration(text: &str) -> Toleration {
    let (pair, of) = match text.rsplit_once(':') {
        Some((pair, of)) => (pair, Some(effect(of))),
        None => (text, None),
    };
    let operator = if pair.contains('=') { TolerationOperator::Equal } else { TolerationOperator::Exists };
    let (key, value) = label(pair);
    Toleration { key, operator, value, effect: of, toleration_seconds: None }
}

fn requirement(text: &str) -> NodeSelectorRequirement {
    let mut parts = text.split(':');
    let key = parts.next().expect("a key").to_owned();
    let operator = match parts.next().expect("an operator") {
        "In" => NodeSelectorOperator::In,
        "NotIn" => NodeSelectorOperator::NotIn,
        "Exists" => NodeSelectorOperator::Exists,
        "DoesNotExist" => NodeSelectorOperator::DoesNotExist,
        "Gt" => NodeSelectorOperator::Gt,
        "Lt" => NodeSelectorOperator::Lt,
        other => NodeSelectorOperator::Unknown(other.to_owned()),
    };
    let values = parts.next().map(|values| values.split(',').map(str::to_owned).collect()).unwrap_or_default();
    NodeSelectorRequirement { key, operator, values }
}

fn weighted(text: &str) -> (i32, &str) {
    let (weight, rest) = text.split_once(':').expect("WEIGHT:TERM");
    (weight.parse().expect("a weight"), rest)
}

/// `KEY=VALUE@TOPOLOGY`.
fn pod_term(text: &str) -> PodAffinityTerm {
    let (pair, topology_key) = text.split_once('@').expect("LABEL@TOPOLOGY");
    PodAffinityTerm {
        label_selector: Some(LabelSelector::from_labels(Labels::from([label(pair)]))),
        topology_key: topology_key.to_owned(),
        ..PodAffinityTerm::default()
    }
}

/// `MAXSKEW:TOPOLOGY:LABEL`.
fn spread(text: &str, when_unsatisfiable: WhenUnsatisfiable) -> TopologySpreadConstraint {
    let mut parts = text.splitn(3, ':');
    let mut next = || parts.next().expect("MAXSKEW:TOPOLOGY:LABEL");
    TopologySpreadConstraint {
        max_skew: next().parse().expect("a skew"),
        topology_key: next().to_owned(),
        when_unsatisfiable,
        label_selector: Some(LabelSelector::from_labels(Labels::from([label(next())]))),
        min_domains: None,
        node_affinity_policy: None,
        node_taints_policy: None,
        match_label_keys: Vec::new(),
    }
}

/// `[IP:]PORT[/PROTOCOL]`.
fn port(text: &str) -> ContainerPort {
    let (address, protocol) = text.split_once('/').unwrap_or((text, ""));
    let (ip, number) = address.rsplit_once(':').unwrap_or(("", address));
    ContainerPort { host_ip: ip.to_owned(), host_port: number.parse().expect("a port"), protocol: protocol.to_owned() }
}
