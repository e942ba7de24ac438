use proptest::prelude::*;
use sim_core::scheduler::Decision;

use super::impossible;
use crate::ask::{emptied, waiting};
use crate::testing::Fixture;

#[track_caller]
fn check(nodes: &str, pod: &str, expected: &[&str]) {
    check_with(nodes, "", "", pod, expected);
}

#[track_caller]
fn check_with(nodes: &str, pods: &str, yaml: &str, pod: &str, expected: &[&str]) {
    let cluster = Fixture::of("1.34").nodes(nodes).pods(pods).yaml(yaml).cluster();
    let found: Vec<String> = impossible(&cluster, &Fixture::pod(pod)).into_iter().map(|found| found.sentence).collect();
    assert_eq!(found, expected);
}

fn affinity(expressions: &str) -> String {
    format!(
        "{{affinity: {{nodeAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: {{nodeSelectorTerms: [{{matchExpressions: [{expressions}]}}]}}}}}}}}"
    )
}

#[test]
fn what_waits_is_not_impossible() {
    check_with("n1", "a n1 {requests: {cpu: 4}}", "", "{requests: {cpu: 4}}", &[]);
    check("n1 taint=a:NoSchedule\nn2 cordoned", "{}", &[]);
    check("n1 disk=ssd", "{nodeSelector: {disk: ssd}}", &[]);
}

#[test]
fn no_node_is_large_enough() {
    check(
        "n1 cpu=4\nn2 cpu=8",
        "{requests: {cpu: 9}}",
        &["no node is large enough even if empty: the largest, n2, has 8 CPU, the pod asks 9"],
    );
    check("n1", "{requests: {nvidia.com/gpu: 1}}", &["no node has any nvidia.com/gpu, the pod asks 1"]);
    check(
        "n1 cpu=8 memory=1Gi\nn2 cpu=1 memory=8Gi",
        "{requests: {cpu: 4, memory: 4Gi}}",
        &["each resource is there, but no node has enough of all of them, even if empty"],
    );
}

#[test]
fn no_node_has_the_labels() {
    check("n1 disk=ssd", "{nodeSelector: {disk: hdd}}", &["no node has disk=hdd"]);
    check(
        "n1 disk=ssd\nn2 zone=a",
        "{nodeSelector: {disk: ssd, zone: a}}",
        &["no node has all the labels that the pod asks for, though each is there"],
    );
    check(
        "n1 disk=ssd cpu=1\nn2 cpu=8",
        "{nodeSelector: {disk: ssd}, requests: {cpu: 4}}",
        &[
            "each can be met, but on no node at once, even without other pods: NodeAffinity leaves 1 node, NodeResourcesFit leaves 1 node",
        ],
    );
}

#[test]
fn contradictions() {
    let contradiction =
        |key: &str| vec![format!("what the pod asks of the label {key} contradicts itself: no node anywhere could do")];
    let check = |pod: &str, key: &str| {
        let expected = contradiction(key);
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        check("n1 disk=ssd cores=4", pod, &expected);
    };
    check(&affinity("{key: disk, operator: In, values: [ssd]}, {key: disk, operator: NotIn, values: [ssd]}"), "disk");
    check(&affinity("{key: cores, operator: Gt, values: ['5']}, {key: cores, operator: Lt, values: ['3']}"), "cores");
    check(&affinity("{key: cores, operator: Gt, values: ['3']}, {key: cores, operator: Lt, values: ['4']}"), "cores");
    check(&affinity("{key: disk, operator: Exists}, {key: disk, operator: DoesNotExist}"), "disk");
    let with_selector =
        affinity("{key: disk, operator: In, values: [hdd]}").replacen('{', "{nodeSelector: {disk: ssd}, ", 1);
    check(&with_selector, "disk");
}

#[test]
fn what_only_no_node_of_this_cluster_meets_is_no_contradiction() {
    let pod = affinity("{key: cores, operator: Gt, values: ['3']}, {key: cores, operator: Lt, values: ['5']}");
    check("n1 cores=8", &pod, &["no node meets the pod's required node affinity"]);
}

#[test]
fn named_nodes() {
    check(
        "n1",
        "{nodeName: n2}",
        &["the pod names the node n2, which is not there, and no scheduler looks for another"],
    );
    check(
        "n1",
        "{nodeName: n1, nodeSelector: {disk: ssd}}",
        &[
            "the pod names the node n1, whose kubelet refuses it even without other pods: node(s) didn't match Pod's node affinity/selector",
        ],
    );
    check("n1", "{nodeName: n1}", &[]);
}

#[test]
fn pods_to_be_beside() {
    let beside = "{affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: zone, labelSelector: {matchLabels: {app: db}}}]}}}";
    let none = "the pod is to be beside pods of which there is none, or in a topology that no node is part of";
    check("n1 zone=a", beside, &[none]);
    check_with("n1\nn2 zone=a", "db n1 {labels: {app: db}}", "", beside, &[]);
    check_with("n1", "db n1 {labels: {app: db}}", "", beside, &[none]);
    // The first of a group needs nobody.
    check("n1 zone=a", &beside.replacen('{', "{labels: {app: db}, ", 1), &[]);
}

#[test]
fn topologies_that_are_not_there() {
    let spread = "{labels: {app: web}, topologySpreadConstraints: [{maxSkew: 1, topologyKey: rack, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: web}}}]}";
    check("n1", spread, &["the pods are to be spread over rack, which no node has"]);
    check("n1 rack=1", spread, &[]);
}

const OWNED: &str =
    "labels: {app: web}, owners: [{apiVersion: apps/v1, kind: ReplicaSet, name: web, uid: u, controller: true}]";

fn replica_set(replicas: usize) -> String {
    format!(
        "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {{name: web, namespace: default, uid: u}}\nspec: {{replicas: {replicas}, selector: {{matchLabels: {{app: web}}}}, template: {{metadata: {{labels: {{app: web}}}}, spec: {{containers: []}}}}}}"
    )
}

#[track_caller]
fn check_replicas(replicas: usize, nodes: &str, spec: &str, expected: &[&str]) {
    check_with(nodes, "", &replica_set(replicas), &format!("{{{OWNED}, {spec}}}"), expected);
}

#[test]
fn more_replicas_than_places() {
    let nodes = "n1 zone=a\nn2 zone=a\nn3 zone=b";
    let apart = |key: &str| {
        format!(
            "affinity: {{podAntiAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: [{{topologyKey: {key}, labelSelector: {{matchLabels: {{app: web}}}}}}]}}}}"
        )
    };
    check_replicas(3, nodes, &apart("kubernetes.io/hostname"), &[]);
    check_replicas(
        3,
        nodes,
        &apart("zone"),
        &["3 replicas are wanted and no two may share a zone: the nodes that the pod can use are 2 values of zone"],
    );
    // A node without the label is no place that could be taken.
    check_replicas(9, "n1 zone=a\nn2", &apart("zone"), &[]);
    let port = "containers: [{name: c, image: i, ports: [{containerPort: 80, hostPort: 80}]}]";
    check_replicas(
        4,
        nodes,
        port,
        &[
            "4 replicas are wanted and each wants its host port, which a node has once: the nodes that the pod can use are 3 nodes",
        ],
    );
    let spread = "topologySpreadConstraints: [{maxSkew: 1, minDomains: 3, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: web}}}]";
    check_replicas(
        3,
        nodes,
        spread,
        &["3 replicas are wanted and no two may share a zone: the nodes that the pod can use are 2 values of zone"],
    );
    check_replicas(3, nodes, &spread.replace("minDomains: 3", "minDomains: 2"), &[]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// What is called impossible is refused by the emptied cluster, and what the emptied cluster takes is not.
    #[test]
    fn an_emptied_cluster_places_nothing_impossible(
        nodes in prop::collection::vec((1..5_u32, "[ab]", "[xy]", any::<bool>()), 1..5),
        (cpu, disk, zone, operator) in (0..6_u32, "[abc]", "[xyz]", prop_oneof![Just("In"), Just("NotIn"), Just("Exists")]),
        beside in any::<bool>(),
    ) {
        let lines: Vec<String> = nodes.iter().enumerate().map(|(index, (cpu, disk, zone, tainted))| {
            let taint = if *tainted { " taint=t:NoSchedule" } else { "" };
            format!("n{index} cpu={cpu} disk={disk} zone={zone}{taint}")
        }).collect();
        let values = if operator == "Exists" { String::new() } else { format!(", values: [{zone}]") };
        let mut spec = affinity(&format!("{{key: zone, operator: {operator}{values}}}"));
        if beside {
            spec = spec.replacen("affinity: {", "affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: zone, labelSelector: {matchLabels: {app: db}}}]}, ", 1);
        }
        let spec = spec.replacen('{', &format!("{{requests: {{cpu: {cpu}}}, nodeSelector: {{disk: {disk}}}, "), 1);
        let cluster = Fixture::of("1.34").nodes(&lines.join("\n")).pods("db n0 {labels: {app: db}}\nweb n0").cluster();
        let pod = Fixture::pod(&spec);
        let model = waiting(&pod);
        let found = impossible(&cluster, &pod);
        // Wherever the other pods are: on each node once.
        let places = (0..nodes.len()).any(|index| {
            let mut state = emptied(&cluster, |_| true);
            let mut db = sim_core::model::Pod { namespace: "default".into(), name: "db".into(), ..Default::default() };
            db.labels.insert("app".into(), "db".into());
            db.node_name = Some(format!("n{index}"));
            state.add_pod(db.into());
            matches!(cluster.scheduling().scheduler().schedule(&state, &model), Decision::Placed(_))
        });
        prop_assert_eq!(places, found.is_empty(), "{:?}", found);
    }
}
