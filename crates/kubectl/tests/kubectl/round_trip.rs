//! What is printed is what is done: a change and its printed commands, read back, make the same cluster, and the undo
//! brings back what a person writes in manifests. Whatever the cluster, whatever the change.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};
use sim_cluster::{
    Change, Cluster, DeleteOptions, DrainOptions, Kind, Object, ObjectRef, PatchType, Propagation, RunResult, Setup,
    TaintPattern, WorkloadRef, parse_taint, parse_toleration,
};
use sim_core::model::LabelSelector;
use sim_kubectl::{commands, manifests, read};

use crate::fixture::{named, object};

const HOUR_MS: u64 = 60 * 60 * 1000;
const TAINTS: [&str; 4] = ["k=v:NoSchedule", "k=v:NoExecute", "k:PreferNoSchedule", "example.com/k=w:NoSchedule"];
const PATTERNS: [&str; 5] = ["k", "k=v", "k:NoSchedule", "k=v:NoExecute", "example.com/k"];
const TOLERATIONS: [&str; 3] = ["k=v:NoSchedule", "k", "example.com/k:NoSchedule"];
const TEXTS: [&str; 8] =
    ["", "1", "it's", "a = \"b\" $c `d` \\ !e #f", "two\nlines\n\ttab", "~", "ends\n\n\n", "EOF\nEOF"];
/// Names of objects, some of which are not there.
const TARGETS: [&str; 9] = [
    "node/n0",
    "node/n1",
    "deployment/d0",
    "deployment/d1",
    "daemonset/s0",
    "statefulset/t0",
    "pod/p0",
    "configmap/c0",
    "a/configmap/c0",
];

#[derive(Debug, Clone)]
struct Shape {
    nodes: Vec<(Vec<usize>, bool, bool)>,
    deployments: Vec<(u8, Vec<usize>)>,
    sets: bool,
    version: &'static str,
}

fn shapes() -> impl Strategy<Value = Shape> {
    let which = |of: usize| prop::sample::subsequence((0..of).collect::<Vec<_>>(), 0..=of);
    let node = (which(TAINTS.len()), any::<bool>(), any::<bool>());
    let version = prop::sample::select(vec!["v1.16.0", "v1.20.0", "v1.26.0", "v1.34.0"]);
    (
        prop::collection::vec(node, 1..4),
        prop::collection::vec((0_u8..4, which(TOLERATIONS.len())), 0..3),
        any::<bool>(),
        version,
    )
        .prop_map(|(nodes, deployments, sets, version)| Shape { nodes, deployments, sets, version })
}

impl Shape {
    fn cluster(&self) -> Cluster {
        let mut objects = Vec::new();
        for (number, (taints, cordoned, labelled)) in self.nodes.iter().enumerate() {
            let taints: Vec<_> = taints.iter().map(|taint| parse_taint(TAINTS[*taint]).unwrap()).collect();
            let labels = if *labelled { json!({"disk": "ssd"}) } else { json!({}) };
            objects.push(
                json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": format!("n{number}"), "labels": labels},
                "spec": {"taints": taints, "unschedulable": cordoned.then_some(true)},
                "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "20"},
                    "conditions": [{"type": "Ready", "status": "True"}]}}),
            );
        }
        for name in ["default", "a"] {
            objects.push(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}));
            objects
                .push(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c0", "namespace": name},
                "data": {"text": TEXTS[3]}}));
        }
        for (number, (replicas, tolerations)) in self.deployments.iter().enumerate() {
            let mut deployment = workload("Deployment", &format!("d{number}"), tolerations);
            deployment["spec"]["replicas"] = json!(replicas);
            objects.push(deployment);
        }
        if self.sets {
            objects.push(workload("DaemonSet", "s0", &[0]));
            objects.push(workload("StatefulSet", "t0", &[]));
            objects.push(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p0", "namespace": "default"},
                "spec": {"containers": [{"name": "c", "image": "nginx:1"}]}}));
        }
        let mut cluster = Cluster::new(Setup::of(self.version.parse().unwrap()), objects.iter().map(object));
        cluster.settle(HOUR_MS);
        if self.sets {
            // Something to roll back to.
            let images = vec![("c".to_owned(), "nginx:0".to_owned())];
            for workload in ["deployment/d0", "daemonset/s0"].map(named) {
                let _ = cluster.make(&Change::SetImage { workload, images: images.clone() });
            }
            cluster.settle(cluster.now_ms() + HOUR_MS);
        }
        cluster
    }
}

fn workload(kind: &str, name: &str, tolerations: &[usize]) -> Value {
    let tolerations: Vec<_> = tolerations.iter().map(|one| parse_toleration(TOLERATIONS[*one]).unwrap()).collect();
    let mut spec = json!({"containers": [{"name": "c", "image": "nginx:1", "resources": {"requests": {"cpu": "1"}}},
        {"name": "log", "image": "fluentd:1"}]});
    if !tolerations.is_empty() {
        spec["tolerations"] = json!(tolerations);
    }
    json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "namespace": "default"},
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": {"metadata": {"labels": {"app": name}}, "spec": spec}}})
}

fn targets() -> impl Strategy<Value = ObjectRef> {
    prop::sample::select(TARGETS.to_vec()).prop_map(named)
}

fn node() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["n0", "n1", "n2"]).prop_map(str::to_owned)
}

fn pairs(keys: [&'static str; 3]) -> impl Strategy<Value = (Vec<(String, String)>, Vec<String>)> {
    let text = prop::sample::select(TEXTS.to_vec());
    let set = prop::collection::vec((prop::sample::select(keys.to_vec()), text), 0..3);
    let remove = prop::sample::subsequence(keys.to_vec(), 0..2);
    (set, remove).prop_map(|(set, remove)| {
        let set = set.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        (set, remove.into_iter().map(str::to_owned).collect())
    })
}

/// Changes that kubectl can make.
fn changes() -> impl Strategy<Value = Change> {
    let workload = || {
        let names = vec!["deployment/d0", "deployment/d1", "daemonset/s0", "statefulset/t0", "pod/p0"];
        prop::sample::select(names).prop_map(named)
    };
    let taint = prop::sample::select(TAINTS.to_vec()).prop_map(|text| parse_taint(text).unwrap());
    let pattern = prop::sample::select(PATTERNS.to_vec()).prop_map(|text| TaintPattern::parse(text).unwrap());
    let toleration = prop::sample::select(TOLERATIONS.to_vec()).prop_map(|text| parse_toleration(text).unwrap());
    let propagation = prop::option::of(prop::sample::select(vec![
        Propagation::Background,
        Propagation::Foreground,
        Propagation::Orphan,
    ]));
    let image = prop::sample::select(vec![("c", "nginx:2"), ("*", "x"), ("log", "fluentd:1"), ("none", "x")]);
    let whose = prop_oneof![1 => Just(WorkloadRef::Pending), 4 => workload().prop_map(WorkloadRef::Object)];
    prop_oneof![
        (prop::option::of(node()), taint).prop_map(|(node, taint)| Change::Taint { node, taint }),
        (prop::option::of(node()), pattern).prop_map(|(node, taint)| Change::Untaint { node, taint }),
        (whose, toleration).prop_map(|(workload, toleration)| Change::AddToleration { workload, toleration }),
        node().prop_map(Change::Cordon),
        node().prop_map(Change::Uncordon),
        node().prop_map(Change::RemoveNode),
        (node(), any::<[bool; 4]>(), prop::option::of(0_i64..60), any::<bool>()).prop_map(
            |(node, flags, grace_period_seconds, selects)| Change::Drain(DrainOptions {
                node,
                force: flags[0],
                ignore_daemonsets: flags[1],
                delete_emptydir_data: flags[2],
                disable_eviction: flags[3],
                grace_period_seconds,
                timeout_ms: Some(90_000),
                pod_selector: selects.then(|| LabelSelector::parse("app in (d0,s0),app!=d1").unwrap()),
            })
        ),
        (targets(), pairs(["disk", "app", "example.com/x"]))
            .prop_map(|(target, (set, remove))| Change::Label { target, set, remove })
            .prop_filter("labels are words", |change| match change {
                Change::Label { set, .. } => set.iter().all(|(_, value)| value.chars().all(|letter| letter.is_ascii_digit())),
                _ => true,
            }),
        (targets(), pairs(["note", "example.com/a", "x"]))
            .prop_map(|(target, (set, remove))| Change::Annotate { target, set, remove }),
        (workload(), 0_i32..6).prop_map(|(workload, replicas)| Change::Scale { workload, replicas }),
        (workload(), image).prop_map(|(workload, (container, image))| Change::SetImage {
            workload,
            images: vec![(container.to_owned(), image.to_owned())]
        }),
        workload().prop_map(Change::RolloutRestart),
        (workload(), 0_i64..3).prop_map(|(workload, to_revision)| Change::RolloutUndo { workload, to_revision }),
        targets().prop_map(Change::Delete),
        (targets(), propagation, prop::option::of(0_i64..40)).prop_map(|(target, propagation, grace_period_seconds)| {
            Change::DeleteWith { target, options: DeleteOptions { propagation, grace_period_seconds }, force: false }
        }),
        (targets(), prop::sample::select(TEXTS.to_vec())).prop_map(|(target, text)| Change::Patch {
            target,
            type_: PatchType::Merge,
            patch: json!({"metadata": {"annotations": {"note": text}}, "spec": {"minReadySeconds": 1}}),
        }),
        workload().prop_map(|target| Change::Patch {
            target,
            type_: PatchType::Strategic,
            patch: json!({"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "it's"}]}}}}),
        }),
        targets().prop_map(|target| Change::Patch {
            target,
            type_: PatchType::Json,
            patch: json!([{"op": "add", "path": "/metadata/annotations", "value": {"a": "b"}}]),
        }),
        (prop::sample::select(vec!["c0", "c1"]), prop::sample::subsequence(TEXTS.to_vec(), 0..4)).prop_map(|(name, texts)| {
            let data: BTreeMap<String, &str> =
                texts.iter().enumerate().map(|(number, text)| (format!("k{number}"), *text)).collect();
            Change::Apply(vec![object(&json!({"apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": name, "namespace": "default", "labels": {"yes": "on", "n": "0644"}}, "data": data}))])
        }),
        (0_u8..4, prop::sample::select(vec!["d0", "d9"])).prop_map(|(replicas, name)| {
            let mut deployment = workload_of(name);
            deployment["spec"]["replicas"] = json!(replicas);
            Change::Apply(vec![object(&deployment)])
        }),
    ]
}

fn workload_of(name: &str) -> Value {
    workload("Deployment", name, &[1])
}

/// The run's document, which shows everything that the cluster came to.
fn result(cluster: &mut Cluster) -> Value {
    cluster.settle(cluster.now_ms() + HOUR_MS);
    serde_json::to_value(RunResult::of(cluster, Vec::new())).unwrap()
}

/// The parts of two documents that are not the same.
fn difference(one: &Value, other: &Value) -> String {
    let missing = other.as_object().unwrap().iter().filter(|(part, _)| one.get(part.as_str()).is_none());
    let parts = one.as_object().unwrap().iter().chain(missing);
    let parts = parts.filter(|(part, _)| other.get(part.as_str()) != one.get(part.as_str()));
    let parts = parts.map(|(part, value)| match (value.as_array(), other[part.as_str()].as_array()) {
        (Some(one), Some(other)) => {
            let only = |these: &[Value], those: &[Value]| -> Vec<String> {
                these.iter().filter(|item| !those.contains(item)).map(Value::to_string).collect()
            };
            format!("{part}: {:#?} and {:#?}", only(one, other), only(other, one))
        }
        _ => format!("{part}: {:?} and {:?}", one.get(part.as_str()), other.get(part.as_str())),
    });
    parts.collect::<Vec<_>>().join("\n")
}

/// What a person writes of the objects that are not made by controllers.
fn written(cluster: &Cluster) -> BTreeMap<String, Value> {
    let kinds = [Kind::Node, Kind::Deployment, Kind::DaemonSet, Kind::StatefulSet, Kind::ConfigMap, Kind::Pod];
    let objects = kinds.into_iter().flat_map(|kind| cluster.store().objects(kind));
    // Pods that were orphaned are a controller's still, and StatefulSets here do not take them back.
    let is_own = |object: &Object| match object.kind() {
        Some(Kind::Pod) => object.name() == "p0",
        _ => object.metadata().owner_references.as_ref().is_none_or(Vec::is_empty),
    };
    let own = objects.filter(is_own);
    own.map(|object| {
        let mut value = object.to_value();
        let name = format!("{}/{}/{}", object.kind_name(), object.namespace().unwrap_or_default(), object.name());
        let mut kept = json!({"spec": value["spec"].take(), "data": value["data"].take(), "labels": value["metadata"]["labels"].take()});
        // Which of them is first is of no meaning, and an empty list is none.
        if let Some(taints) = kept["spec"]["taints"].as_array_mut() {
            taints.iter_mut().for_each(|taint| drop(taint.as_object_mut().unwrap().remove("timeAdded")));
            taints.sort_by_key(Value::to_string);
        }
        // Where a pod is, is the scheduler's to say.
        if let (Kind::Pod, Some(spec)) = (object.kind().unwrap(), kept["spec"].as_object_mut()) {
            spec.remove("nodeName");
        }
        let mut annotations = value["metadata"]["annotations"].as_object().cloned().unwrap_or_default();
        annotations.retain(|key, _| !key.contains("kubernetes.io/") && !key.starts_with("deprecated."));
        kept["annotations"] = json!(annotations);
        prune(&mut kept);
        (name, kept)
    })
    .collect()
}

/// Leaves out what is empty.
fn prune(value: &mut Value) {
    if let Value::Object(fields) = value {
        fields.values_mut().for_each(prune);
        fields.retain(|_, value| !value.is_null() && value != &json!({}) && value != &json!([]));
    }
}

/// What deleting leaves to others to make anew: pods, and Nodes with what others gave them.
fn is_gone_for_good(change: &Change) -> bool {
    match change {
        Change::RemoveNode(_) => true,
        Change::Delete(target) | Change::DeleteWith { target, .. } => ["node", "pod"].contains(&target.kind.as_str()),
        Change::AddToleration { workload: WorkloadRef::Object(target), .. } => target.kind == "pod",
        _ => false,
    }
}

/// Changes that take nothing away, which applying a manifest does not do.
fn only_sets(change: &Change) -> bool {
    matches!(
        change,
        Change::AddToleration { .. }
            | Change::SetImage { .. }
            | Change::Scale { .. }
            | Change::Taint { .. }
            | Change::Cordon(_)
            | Change::RolloutRestart(_)
            | Change::Apply(_)
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn what_is_printed_is_what_is_done(shape in shapes(), change in changes()) {
        let before = shape.cluster();
        let mut by_change = before.clone();
        let made = by_change.make(&change);
        let commands = commands(&before, &change);
        let text: Vec<&str> = commands.iter().map(|command| command.line.as_str()).collect();
        let text = text.join("\n");
        if made.is_err() {
            prop_assert!(commands.iter().all(|command| command.undo.is_none()), "{commands:?}");
            let back = read(&before, &text);
            prop_assert!(back.is_err() || back.as_ref().is_ok_and(Vec::is_empty), "{text}: {back:?}");
            prop_assert!(manifests(&before, std::slice::from_ref(&change)).is_err());
            return Ok(());
        }
        let read_back = read(&before, &text);
        prop_assert!(read_back.is_ok(), "{text}: {read_back:?}");
        let mut by_typing = before.clone();
        for change in read_back.unwrap() {
            by_typing.make(&change).unwrap();
        }
        let files = manifests(&before, std::slice::from_ref(&change)).unwrap();
        if only_sets(&change) {
            let mut by_files = before.clone();
            by_files.make(&Change::Apply(files)).unwrap();
            let (files, changed) = (json!(written(&by_files)), json!(written(&by_change)));
            prop_assert!(files == changed, "{text}\n{}", difference(&files, &changed));
        }
        let (typed, changed) = (result(&mut by_typing), result(&mut by_change));
        prop_assert!(typed == changed, "{text}\n{}", difference(&typed, &changed));

        // The way back, once everything has moved.
        let mut back = by_change;
        for undo in commands.iter().rev().filter_map(|command| command.undo.as_deref()) {
            let changes = read(&back, undo);
            prop_assert!(changes.is_ok(), "{undo}: {changes:?}");
            for change in changes.unwrap() {
                back.make(&change).unwrap();
            }
        }
        back.settle(back.now_ms() + HOUR_MS);
        if commands.iter().all(|command| command.undo.is_some()) && !is_gone_for_good(&change) {
            let (mut expected, found) = (written(&before), written(&back));
            // A NoExecute taint may have taken the pod that nobody makes anew, and a drain.
            if !found.contains_key("Pod/default/p0") {
                expected.remove("Pod/default/p0");
            }
            prop_assert!(found == expected, "{text}\n{}", difference(&json!(found), &json!(expected)));
        }
    }
}
