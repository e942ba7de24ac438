//! What holds in every cluster, whatever happens to it: random clusters go through random timelines.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its own fixture has failed")]

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::Node;
use proptest::prelude::*;
use serde_json::{Value, json};
use sim_cluster::pod::{self, Pod};
use sim_cluster::{
    Change, Cluster, DeleteOptions, Kind, Object, ObjectKey, ObjectRef, Propagation, Setup, Stop, TaintPattern,
    TimedChange, parse_taint,
};

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
/// Far longer than any wait of any controller.
const LONG: u64 = 24 * 60 * MINUTE;

/// One cluster and what happens to it.
#[derive(Debug, Clone)]
struct Story {
    version: &'static str,
    seed: u64,
    nodes: Vec<NodeShape>,
    deployments: Vec<Shape>,
    daemon_sets: Vec<Shape>,
    steps: Vec<(u64, Step)>,
}

#[derive(Debug, Clone)]
struct NodeShape {
    milli_cpu: i64,
    pods: i64,
    zone: u8,
}

#[derive(Debug, Clone)]
struct Shape {
    replicas: i32,
    milli_cpu: i64,
    priority: i32,
    tolerates: bool,
}

/// Steps name things by number, so that they mostly exist.
#[derive(Debug, Clone)]
enum Step {
    Scale(usize, i32),
    DeleteDeployment(usize),
    CreateDeployment(usize, Shape),
    NewImage(usize, u8),
    DeleteSomePod(usize),
    Cordon(usize),
    Uncordon(usize),
    Taint(usize, &'static str),
    Untaint(usize, &'static str),
    NodeDown(usize),
    NodeUp(usize),
    AddNode(usize),
    RemoveNode(usize),
}

const TAINTS: [&str; 3] = ["k=v:NoSchedule", "k=v:NoExecute", "k=v:PreferNoSchedule"];
const TAKEN_OFF: [&str; 4] =
    ["k", "node.kubernetes.io/unschedulable", "node.kubernetes.io/unreachable", "node.kubernetes.io/not-ready"];

fn stories() -> impl Strategy<Value = Story> {
    let version = prop::sample::select(vec!["v1.16.0", "v1.19.0", "v1.22.0", "v1.26.0", "v1.30.0", "v1.34.0"]);
    let node =
        (500_i64..4_000, 3_i64..20, 0_u8..3).prop_map(|(milli_cpu, pods, zone)| NodeShape { milli_cpu, pods, zone });
    let steps = prop::collection::vec((0_u64..20 * MINUTE, step()), 0..12);
    (
        version,
        0_u64..4,
        prop::collection::vec(node, 1..6),
        prop::collection::vec(shape(), 1..4),
        prop::collection::vec(shape(), 0..2),
        steps,
    )
        .prop_map(|(version, seed, nodes, deployments, daemon_sets, steps)| Story {
            version,
            seed,
            nodes,
            deployments,
            daemon_sets,
            steps,
        })
}

fn shape() -> impl Strategy<Value = Shape> {
    let priority = prop::sample::select(vec![0, 0, 0, 1000]);
    (0_i32..8, 50_i64..900, priority, any::<bool>()).prop_map(|(replicas, milli_cpu, priority, tolerates)| Shape {
        replicas,
        milli_cpu,
        priority,
        tolerates,
    })
}

fn step() -> impl Strategy<Value = Step> {
    let which = 0_usize..6;
    prop_oneof![
        (which.clone(), 0_i32..12).prop_map(|(which, replicas)| Step::Scale(which, replicas)),
        which.clone().prop_map(Step::DeleteDeployment),
        (which.clone(), shape()).prop_map(|(which, shape)| Step::CreateDeployment(which, shape)),
        (which.clone(), 0_u8..3).prop_map(|(which, image)| Step::NewImage(which, image)),
        (0_usize..40).prop_map(Step::DeleteSomePod),
        which.clone().prop_map(Step::Cordon),
        which.clone().prop_map(Step::Uncordon),
        (which.clone(), prop::sample::select(TAINTS.to_vec())).prop_map(|(which, taint)| Step::Taint(which, taint)),
        (which.clone(), prop::sample::select(TAKEN_OFF.to_vec()))
            .prop_map(|(which, taint)| Step::Untaint(which, taint)),
        which.clone().prop_map(Step::NodeDown),
        which.clone().prop_map(Step::NodeUp),
        which.clone().prop_map(Step::AddNode),
        which.prop_map(Step::RemoveNode),
    ]
}

impl Story {
    fn begin(&self) -> Cluster {
        let setup = Setup { seed: self.seed, ..Setup::of(self.version.parse().unwrap()) };
        let class = json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "p1000"},
            "value": 1000});
        let nodes = self.nodes.iter().enumerate().map(|(number, shape)| node(number, shape)).chain([class]);
        let deployments = self.deployments.iter().enumerate().map(|(number, shape)| deployment(number, shape, 0));
        let daemon_sets = self.daemon_sets.iter().enumerate().map(|(number, shape)| daemon_set(number, shape));
        Cluster::new(setup, nodes.chain(deployments).chain(daemon_sets).map(read))
    }

    /// The steps in the order of their times.
    fn steps(&self) -> Vec<(u64, Step)> {
        let mut steps = self.steps.clone();
        steps.sort_by_key(|(at, _)| *at);
        steps
    }

    /// Runs to its end, looking at the cluster after each step; returns why it stopped.
    fn play(&self, mut look: impl FnMut(&Cluster)) -> (Cluster, Stop) {
        let mut cluster = self.begin();
        for (at, step) in self.steps() {
            cluster.run_until(at);
            take(&mut cluster, &step);
            cluster.run_until(at);
            look(&cluster);
        }
        let stop = cluster.settle(cluster.now_ms() + LONG);
        look(&cluster);
        (cluster, stop)
    }
}

/// Takes one step; what names something that is not there is refused, and changes nothing.
fn take(cluster: &mut Cluster, step: &Step) {
    let workload = |number: &usize| ObjectRef {
        namespace: Some("default".to_owned()),
        kind: "deployment".to_owned(),
        name: format!("web-{number}"),
    };
    let node = |number: &usize| format!("n{number}");
    let change = match step {
        Step::Scale(which, replicas) => Change::Scale { workload: workload(which), replicas: *replicas },
        Step::DeleteDeployment(which) => {
            let propagation =
                [None, Some(Propagation::Background), Some(Propagation::Foreground), Some(Propagation::Orphan)]
                    [which % 4];
            let key = ObjectKey::new("default", &format!("web-{which}"));
            cluster.delete_object(Kind::Deployment, &key, DeleteOptions { grace_period_seconds: None, propagation });
            return;
        }
        Step::CreateDeployment(which, shape) => Change::Apply(vec![read(deployment(*which, shape, 0))]),
        Step::NewImage(which, image) => {
            let key = ObjectKey::new("default", &format!("web-{which}"));
            let Some(found) = cluster.store().get::<Deployment>(&key) else { return };
            let mut value = serde_json::to_value(found.as_ref()).unwrap();
            value["spec"]["template"]["spec"]["containers"][0]["image"] = json!(format!("nginx:{image}"));
            Change::Apply(vec![read(value)])
        }
        Step::DeleteSomePod(which) => {
            let count = cluster.store().list::<Pod>().count();
            if count == 0 {
                return;
            }
            let key = ObjectKey::of(cluster.store().list::<Pod>().nth(which % count).unwrap().as_ref());
            cluster.delete_object(Kind::Pod, &key, DeleteOptions::default());
            return;
        }
        Step::Cordon(which) => Change::Cordon(node(which)),
        Step::Uncordon(which) => Change::Uncordon(node(which)),
        Step::Taint(which, taint) => Change::Taint { node: Some(node(which)), taint: parse_taint(taint).unwrap() },
        Step::Untaint(which, key) => {
            Change::Untaint { node: Some(node(which)), taint: TaintPattern::parse(key).unwrap() }
        }
        Step::NodeDown(which) => Change::NodeDown(node(which)),
        Step::NodeUp(which) => Change::NodeUp(node(which)),
        Step::AddNode(which) => Change::AddNode { from: node(which), count: 1 },
        Step::RemoveNode(which) => Change::RemoveNode(node(which)),
    };
    let before = everything(cluster);
    if cluster.make(&change).is_err() {
        assert_eq!(everything(cluster), before, "a refused step changes nothing: {change:?}");
    }
}

fn read(value: Value) -> Object {
    let kind =
        Kind::of(value["apiVersion"].as_str().unwrap_or("apps/v1"), value["kind"].as_str().unwrap_or("Deployment"));
    Object::read(kind.unwrap(), value).unwrap()
}

fn node(number: usize, shape: &NodeShape) -> Value {
    let name = format!("n{number}");
    let resources = json!({"cpu": format!("{}m", shape.milli_cpu), "memory": "8Gi", "pods": shape.pods.to_string()});
    json!({"apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name,
            "topology.kubernetes.io/zone": format!("z{}", shape.zone),
            "failure-domain.beta.kubernetes.io/zone": format!("z{}", shape.zone)}},
        "status": {"capacity": resources, "allocatable": resources}})
}

fn template(app: &str, shape: &Shape, image: u8) -> Value {
    // API servers refuse pods that bring the number themselves.
    let class = if shape.priority > 0 { json!(format!("p{}", shape.priority)) } else { json!(null) };
    let tolerations = if shape.tolerates { json!([{"key": "k", "operator": "Exists"}]) } else { json!([]) };
    json!({"metadata": {"labels": {"app": app}}, "spec": {
        "priorityClassName": class, "tolerations": tolerations,
        "containers": [{"name": "c", "image": format!("nginx:{image}"),
            "resources": {"requests": {"cpu": format!("{}m", shape.milli_cpu)}}}]}})
}

fn deployment(number: usize, shape: &Shape, image: u8) -> Value {
    let name = format!("web-{number}");
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "default"},
        "spec": {"replicas": shape.replicas, "selector": {"matchLabels": {"app": name}},
            "template": template(&name, shape, image)}})
}

fn daemon_set(number: usize, shape: &Shape) -> Value {
    let name = format!("agent-{number}");
    json!({"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": name, "namespace": "default"},
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": template(&name, shape, 0)}})
}

/// Every object of the cluster, to the byte.
fn everything(cluster: &Cluster) -> String {
    let objects = Kind::ALL.iter().flat_map(|kind| cluster.store().objects(*kind));
    objects.map(|object| object.to_value().to_string()).collect::<Vec<_>>().join("\n")
}

/// What the scheduler put on a node fits on it.
fn no_node_is_overcommitted(cluster: &Cluster) {
    for node in cluster.store().list::<Node>() {
        let name = node.metadata.name.as_deref().unwrap();
        let allocatable = node.status.as_ref().and_then(|status| status.allocatable.as_ref()).unwrap();
        let room = |resource: &str| allocatable[resource].0.trim_end_matches('m').parse::<i64>().unwrap();
        let on_it: Vec<_> = cluster.pods_on(name).into_iter().filter(|pod| !pod::is_terminal(pod)).collect();
        let taken: i64 = on_it
            .iter()
            .flat_map(|pod| &pod.spec.containers)
            .filter_map(|container| container.resources.as_ref()?.requests.as_ref()?.get("cpu").cloned())
            .map(|cpu| cpu.0.trim_end_matches('m').parse::<i64>().unwrap())
            .sum();
        assert!(taken <= room("cpu"), "{name}: {taken}m of {}m", room("cpu"));
        assert!(on_it.len() as i64 <= room("pods"), "{name}: {} of {} pods", on_it.len(), room("pods"));
    }
}

/// Who is managed has a manager, and every manager as many as it asks for.
fn no_pod_is_lost_or_doubled(cluster: &Cluster) {
    let store = cluster.store();
    for pod in store.list::<Pod>() {
        let Some(owner) = pod::controller_of(&pod.metadata) else { continue };
        if pod::is_terminating(pod) {
            // It ends when its kubelet says so, and that may be down for good.
            continue;
        }
        let key = ObjectKey::new("default", &owner.name);
        let uid = match owner.kind.as_str() {
            "ReplicaSet" => store.get::<ReplicaSet>(&key).and_then(|set| set.metadata.uid.clone()),
            "DaemonSet" => store.get::<DaemonSet>(&key).and_then(|set| set.metadata.uid.clone()),
            kind => panic!("a pod of a {kind}"),
        };
        assert_eq!(uid.as_ref(), Some(&owner.uid), "{} has outlived its {}", ObjectKey::of(pod.as_ref()), owner.kind);
    }
    // One that waits for its pods to go makes no new ones.
    for set in store.list::<ReplicaSet>().filter(|set| set.metadata.deletion_timestamp.is_none()) {
        let active = cluster.pods_of(&set.metadata).iter().filter(|pod| pod::is_active(pod)).count();
        assert_eq!(active as i32, set.spec.replicas.unwrap(), "pods of {}", set.metadata.name.as_deref().unwrap());
    }
    for deployment in store.list::<Deployment>().filter(|found| found.metadata.deletion_timestamp.is_none()) {
        let name = deployment.metadata.name.as_deref().unwrap();
        let sets = store.list::<ReplicaSet>().filter(|set| {
            pod::controller_of(&set.metadata).is_some_and(|owner| Some(&owner.uid) == deployment.metadata.uid.as_ref())
        });
        let replicas: i32 = sets.map(|set| set.spec.replicas.unwrap()).sum();
        let wanted = deployment.spec.replicas.unwrap();
        // While a rollout is stuck there may be a surge of a quarter.
        assert!(
            replicas >= wanted - wanted / 4 && replicas <= wanted + (wanted + 3) / 4,
            "{name}: {replicas} of {wanted}"
        );
    }
}

/// The taint that stands for a state of the node is there as long as the state.
fn taints_with_a_cause_are_there(cluster: &Cluster) {
    for node in cluster.store().list::<Node>() {
        let spec = node.spec.clone().unwrap_or_default();
        let has = |key: &str| spec.taints.iter().flatten().any(|taint| taint.key == key);
        assert_eq!(has("node.kubernetes.io/unschedulable"), spec.unschedulable == Some(true));
        let ready = node.status.as_ref().and_then(|status| status.conditions.as_ref()).into_iter().flatten();
        let ready =
            ready.clone().find(|condition| condition.type_ == "Ready").map(|condition| condition.status.clone());
        assert_eq!(has("node.kubernetes.io/unreachable"), ready.as_deref() == Some("Unknown"));
        assert_eq!(has("node.kubernetes.io/not-ready"), ready.as_deref() == Some("False"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn invariants_hold_through_every_story(story in stories()) {
        let (cluster, stop) = story.play(no_node_is_overcommitted);
        prop_assert_eq!(stop, Stop::Quiet);
        no_pod_is_lost_or_doubled(&cluster);
        taints_with_a_cause_are_there(&cluster);
    }

    #[test]
    fn the_same_story_gives_the_same_bytes(story in stories()) {
        let (first, second) = (story.play(|_| {}).0, story.play(|_| {}).0);
        prop_assert_eq!(everything(&first), everything(&second));
        prop_assert_eq!(first.events_taken(), second.events_taken());
    }

    /// The parent of forks ends like one that was never forked, and each fork like the parent would have.
    #[test]
    fn a_fork_never_affects_its_parent(story in stories(), other in step()) {
        let undisturbed = story.play(|_| {}).0;
        let mut forks = Vec::new();
        let (parent, _) = story.play(|cluster| {
            let mut fork = cluster.clone();
            let before = everything(cluster);
            take(&mut fork, &other);
            fork.settle(fork.now_ms() + LONG);
            assert_eq!(everything(cluster), before);
            forks.push((cluster.clone(), fork));
        });
        prop_assert_eq!(everything(&parent), everything(&undisturbed));
        for (kept, fork) in forks {
            let mut late = kept;
            take(&mut late, &other);
            late.settle(late.now_ms() + LONG);
            prop_assert_eq!(everything(&late), everything(&fork));
        }
    }

    /// A timeline put down beforehand gives what the same steps give one by one.
    #[test]
    fn a_timeline_is_its_steps(story in stories()) {
        let steps = story.steps().into_iter().filter_map(|(at_ms, step)| {
            let change = match step {
                Step::Cordon(which) => Change::Cordon(format!("n{which}")),
                Step::NodeDown(which) => Change::NodeDown(format!("n{which}")),
                Step::NodeUp(which) => Change::NodeUp(format!("n{which}")),
                _ => return None,
            };
            Some(TimedChange { at_ms, change, source: String::new() })
        });
        let steps: Vec<TimedChange> = steps.filter(|step| match &step.change {
            Change::Cordon(node) | Change::NodeDown(node) | Change::NodeUp(node) => {
                node[1..].parse::<usize>().unwrap() < story.nodes.len()
            }
            _ => false,
        }).collect();
        let mut one_by_one = story.begin();
        for step in &steps {
            one_by_one.run_until(step.at_ms);
            prop_assert!(one_by_one.make(&step.change).is_ok());
        }
        one_by_one.run_until(25 * MINUTE);
        let mut at_once = story.begin();
        at_once.set_timeline(steps);
        let stop = at_once.run_until(25 * MINUTE);
        prop_assert!(stop == Stop::Until || stop == Stop::Quiet);
        prop_assert_eq!(everything(&at_once), everything(&one_by_one));
    }
}
