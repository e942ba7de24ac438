//! The workloads of upstream's scheduler_perf (`test/integration/scheduler_perf`, v1.34), in its shapes and counts, without
//! an API server: nodes of 4 CPU, 32Gi and 110 pods, pods of 100m and 500Mi.

use std::sync::Arc;

use sim_core::model::{
    Container, LabelSelector, Labels, Node, NodeSelector, NodeSelectorOperator, NodeSelectorRequirement,
    NodeSelectorTerm, Pod, PodAffinityTerm, PodSpec, ResourceList, TopologySpreadConstraint, WeightedPodAffinityTerm,
    WhenUnsatisfiable,
};
use sim_core::scheduler::{Decision, NodeSlot, PodClasses, Scheduler, Snapshot, Verdict};
use sim_core::version::Version;

/// A workload: a cluster with pods in it, and the pods to schedule.
#[derive(Debug, Clone, Copy)]
pub struct Workload {
    /// The name upstream gives it.
    pub name: &'static str,
    /// How many nodes.
    pub nodes: usize,
    /// How many pods are there before.
    pub init_pods: usize,
    /// How many pods are measured.
    pub measured_pods: usize,
    /// The published throughput of the real scheduler with its API server, in pods per second.
    pub published: f64,
    init: Template,
    measured: Template,
}

/// What a pod asks for beside its 100m and 500Mi.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Template {
    Basic,
    NodeAffinity,
    PodAffinity,
    PodAntiAffinity,
    PreferredPodAffinity,
    PreferredPodAntiAffinity,
    AntiAffinityWithNamespaceSelector,
    TopologySpreading,
    PreferredTopologySpreading,
    Mixed,
    Unschedulable,
    LowPriority,
    HighPriority,
    DaemonSet,
    HopelessPriority,
    HopelessSpreading,
}

/// Every workload at upstream's counts.
pub const WORKLOADS: [Workload; 13] = [
    workload("SchedulingBasic", 5000, (1000, Template::Basic), (10_000, Template::Basic), 810.0),
    workload("SchedulingNodeAffinity", 5000, (5000, Template::NodeAffinity), (10_000, Template::NodeAffinity), 220.0),
    workload("SchedulingPodAffinity", 5000, (5000, Template::PodAffinity), (5000, Template::PodAffinity), 35.0),
    workload(
        "SchedulingPodAntiAffinity",
        5000,
        (1000, Template::PodAntiAffinity),
        (2000, Template::PodAntiAffinity),
        60.0,
    ),
    workload(
        "SchedulingPreferredPodAffinity",
        5000,
        (5000, Template::PreferredPodAffinity),
        (5000, Template::PreferredPodAffinity),
        90.0,
    ),
    workload(
        "SchedulingPreferredPodAntiAffinity",
        5000,
        (5000, Template::PreferredPodAntiAffinity),
        (5000, Template::PreferredPodAntiAffinity),
        90.0,
    ),
    workload(
        "SchedulingRequiredPodAntiAffinityWithNSSelector",
        5000,
        (1000, Template::AntiAffinityWithNamespaceSelector),
        (2000, Template::AntiAffinityWithNamespaceSelector),
        24.0,
    ),
    workload("TopologySpreading", 5000, (5000, Template::Basic), (5000, Template::TopologySpreading), 85.0),
    workload(
        "PreferredTopologySpreading",
        5000,
        (5000, Template::Basic),
        (5000, Template::PreferredTopologySpreading),
        125.0,
    ),
    workload("MixedSchedulingBasePod", 5000, (10_000, Template::Mixed), (5000, Template::Basic), 140.0),
    workload("Unschedulable", 5000, (200, Template::Unschedulable), (10_000, Template::Basic), 590.0),
    workload("PreemptionBasic", 5000, (20_000, Template::LowPriority), (5000, Template::HighPriority), 570.0),
    workload("SchedulingDaemonset", 15_000, (0, Template::Basic), (30_000, Template::DaemonSet), 1100.0),
];

/// Clusters in which the measured pods fit nowhere: upstream has no such workloads, so nothing is published of them.
pub const OVERLOADED: [Workload; 3] = [
    workload("nobody to evict", 5000, (5000, Template::Basic), (5000, Template::Unschedulable), 0.0),
    workload("evicting does not help", 5000, (5000, Template::LowPriority), (5000, Template::HopelessPriority), 0.0),
    workload("spread over zones", 5000, (5000, Template::Basic), (5000, Template::HopelessSpreading), 0.0),
];

const fn workload(
    name: &'static str,
    nodes: usize,
    (init_pods, init): (usize, Template),
    (measured_pods, measured): (usize, Template),
    published: f64,
) -> Workload {
    Workload { name, nodes, init_pods, measured_pods, published, init, measured }
}

/// One of the pods that fit nowhere is tried again after so many others. Upstream makes one every 200 ms, which at its
/// speed is one in a hundred.
const CHURN_INTERVAL: usize = 10;

/// How large a node is: CPU and memory.
#[derive(Debug, Clone, Copy)]
pub struct NodeSize(pub &'static str, pub &'static str);

/// Upstream's node: 4 CPU, 32Gi.
pub const SMALL: NodeSize = NodeSize("4", "32Gi");
/// The node of the in-process figures: 32 CPU, 256Gi.
pub const LARGE: NodeSize = NodeSize("32", "256Gi");

/// A workload that is set up.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The scheduler.
    pub scheduler: Scheduler,
    /// The cluster with the pods that are there before.
    pub snapshot: Snapshot,
    /// Pods that wait and are tried again and again while the others are scheduled.
    pub churn: Vec<Arc<Pod>>,
    /// The pods to schedule.
    pub pods: Vec<Arc<Pod>>,
}

impl Workload {
    /// The same workload with a share of the nodes and pods.
    #[must_use]
    pub fn scaled(self, divisor: usize) -> Self {
        self.of_size(self.nodes / divisor, self.init_pods / divisor, self.measured_pods / divisor)
    }

    /// The same workload with these counts.
    #[must_use]
    pub fn of_size(self, nodes: usize, init_pods: usize, measured_pods: usize) -> Self {
        Workload { nodes, init_pods, measured_pods, ..self }
    }

    /// Sets it up.
    pub fn prepare(self, size: NodeSize) -> Prepared {
        let version = Version::NEWEST_MEASURED;
        let mut snapshot = Snapshot::new(version);
        for number in 0..self.nodes {
            snapshot.upsert_node(Arc::new(node(number, self.zones(), size)));
        }
        for (name, team) in [("sched-0", "devops"), ("sched-1", "devops")] {
            snapshot.set_namespace(name, Labels::from([("team".to_owned(), team.to_owned())]));
        }
        let mut prepared =
            Prepared { scheduler: Scheduler::new(version), snapshot, churn: Vec::new(), pods: Vec::new() };
        let init = templates(self.init, "sched-0");
        let init_pods = (0..self.init_pods).map(|number| pod("init", number, &init[number % init.len()]));
        let init_pods: Vec<Arc<Pod>> = init_pods.map(Arc::new).collect();
        if self.init == Template::Unschedulable {
            prepared.churn = init_pods;
        } else {
            let mut classes = PodClasses::default();
            for pod in init_pods {
                prepared.place(&mut classes, &pod);
            }
        }
        let measured = templates(self.measured, "sched-1");
        let pods = (0..self.measured_pods).map(|number| {
            let pod = pod("measured", number, &measured[number % measured.len()]);
            Arc::new(if self.measured == Template::DaemonSet { pinned(pod, number % self.nodes) } else { pod })
        });
        prepared.pods = pods.collect();
        prepared
    }

    fn zones(self) -> usize {
        match self.measured {
            Template::TopologySpreading | Template::PreferredTopologySpreading | Template::HopelessSpreading => 3,
            _ => 1,
        }
    }
}

impl Prepared {
    /// Schedules every pod by the fast path; returns their nodes.
    pub fn run(&mut self) -> Vec<Option<NodeSlot>> {
        let mut classes = PodClasses::default();
        let churn = self.churn.clone();
        let mut nodes = Vec::with_capacity(self.pods.len());
        for number in 0..self.pods.len() {
            let pod = Arc::clone(&self.pods[number]);
            if !churn.is_empty() && number % CHURN_INTERVAL == 0 {
                self.place(&mut classes, &churn[number / CHURN_INTERVAL % churn.len()]);
            }
            nodes.push(self.place(&mut classes, &pod));
        }
        nodes
    }

    /// The names of nodes; empty for a pod that was not placed.
    pub fn names(&self, nodes: &[Option<NodeSlot>]) -> Vec<String> {
        nodes.iter().map(|node| node.map(|node| self.snapshot.node_name(node).to_owned()).unwrap_or_default()).collect()
    }

    /// Schedules the first pods by the straightforward path; returns the names of their nodes.
    pub fn run_straightforward(&mut self, count: usize) -> Vec<String> {
        let pods = std::mem::take(&mut self.pods);
        let place = |pod: &Arc<Pod>| {
            let node = match self.scheduler.schedule(&self.snapshot, pod) {
                Decision::Placed(placement) => placement.node,
                Decision::Unschedulable(error) => match &error.preemption {
                    Some(outcome) => {
                        for victim in &outcome.victims {
                            self.snapshot.remove_pod(&victim.namespace, &victim.name);
                        }
                        outcome.nominated_node.clone()
                    }
                    None => String::new(),
                },
                _ => String::new(),
            };
            if !node.is_empty() {
                self.snapshot.add_pod(Arc::new(Pod { node_name: Some(node.clone()), ..Pod::clone(pod) }));
            }
            node
        };
        pods.iter().take(count).map(place).collect()
    }

    fn place(&mut self, classes: &mut PodClasses, pod: &Arc<Pod>) -> Option<NodeSlot> {
        match classes.schedule(&self.scheduler, &self.snapshot, pod) {
            Verdict::Placed { node, requests } => {
                self.snapshot.assume(Arc::clone(pod), requests, node);
                Some(node)
            }
            // The victims go at once and the preemptor takes their place.
            Verdict::Other(Decision::Unschedulable(error)) => {
                let outcome = error.preemption.as_ref()?;
                for victim in &outcome.victims {
                    self.snapshot.remove_pod(&victim.namespace, &victim.name);
                }
                let node = self.snapshot.slot_of(&outcome.nominated_node)?;
                let requests = classes.requests_of(&self.scheduler, pod);
                self.snapshot.assume(Arc::clone(pod), requests, node);
                Some(node)
            }
            Verdict::Other(Decision::Placed(placement)) => {
                let node = self.snapshot.slot_of(&placement.node)?;
                let requests = classes.requests_of(&self.scheduler, pod);
                self.snapshot.assume(Arc::clone(pod), requests, node);
                Some(node)
            }
            Verdict::Other(_) => None,
        }
    }
}

fn node(number: usize, zones: usize, NodeSize(cpu, memory): NodeSize) -> Node {
    let name = format!("scheduler-perf-{number}");
    let zone = if zones == 1 { "zone1".to_owned() } else { format!("moon-{}", number % zones) };
    let labels = [("kubernetes.io/hostname", name.clone()), ("topology.kubernetes.io/zone", zone)];
    let allocatable = [("cpu", cpu), ("memory", memory), ("pods", "110")];
    Node {
        labels: labels.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
        allocatable: sim_core::model::Resources::from_list(&amounts(&allocatable)),
        name,
        ..Node::default()
    }
}

fn amounts(list: &[(&str, &str)]) -> ResourceList {
    list.iter().map(|(name, amount)| ((*name).to_owned(), amount.parse().unwrap_or_default())).collect()
}

fn pod(prefix: &str, number: usize, template: &Pod) -> Pod {
    let name = format!("{prefix}-{number}");
    Pod { uid: name.clone(), name, ..template.clone() }
}

/// A pod of a DaemonSet, for the node of this number.
fn pinned(pod: Pod, number: usize) -> Pod {
    let field = NodeSelectorRequirement {
        key: "metadata.name".to_owned(),
        operator: NodeSelectorOperator::In,
        values: vec![format!("scheduler-perf-{number}")],
    };
    let term = NodeSelectorTerm { match_fields: vec![field], ..NodeSelectorTerm::default() };
    let spec = PodSpec {
        required_node_affinity: Some(NodeSelector { node_selector_terms: vec![term] }),
        ..PodSpec::clone(&pod.spec)
    };
    Pod { spec: Arc::new(spec), ..pod }
}

/// The pods of a kind of workload, one of each template.
fn templates(template: Template, namespace: &str) -> Vec<Pod> {
    let kinds = match template {
        Template::Mixed => vec![
            Template::Basic,
            Template::PodAffinity,
            Template::PodAntiAffinity,
            Template::PreferredPodAffinity,
            Template::PreferredPodAntiAffinity,
        ],
        one => vec![one],
    };
    kinds.into_iter().map(|kind| one_template(kind, namespace)).collect()
}

fn one_template(template: Template, namespace: &str) -> Pod {
    let (cpu, memory) = match template {
        Template::LowPriority => ("900m", "500Mi"),
        Template::HighPriority => ("3000m", "500Mi"),
        Template::Unschedulable | Template::HopelessPriority | Template::HopelessSpreading => ("40", "500Mi"),
        _ => ("100m", "500Mi"),
    };
    let container = Container {
        name: "pause".to_owned(),
        image: "registry.k8s.io/pause:3.10".to_owned(),
        requests: amounts(&[("cpu", cpu), ("memory", memory)]),
        ..Container::default()
    };
    let mut spec =
        PodSpec { scheduler_name: "default-scheduler".to_owned(), containers: vec![container], ..PodSpec::default() };
    let color = match template {
        Template::PodAffinity => "blue",
        Template::PodAntiAffinity | Template::AntiAffinityWithNamespaceSelector => "green",
        Template::PreferredPodAffinity => "red",
        Template::PreferredPodAntiAffinity => "yellow",
        Template::TopologySpreading | Template::PreferredTopologySpreading | Template::HopelessSpreading => "purple",
        _ => "",
    };
    let labels: Labels =
        if color.is_empty() { Labels::new() } else { Labels::from([("color".to_owned(), color.to_owned())]) };
    let zone = "topology.kubernetes.io/zone";
    let hostname = "kubernetes.io/hostname";
    let term = |key: &str| PodAffinityTerm {
        label_selector: Some(LabelSelector::from_labels(labels.clone())),
        namespaces: vec!["sched-1".to_owned(), "sched-0".to_owned()],
        topology_key: key.to_owned(),
        ..PodAffinityTerm::default()
    };
    let preferred = |key: &str| WeightedPodAffinityTerm { weight: 1, pod_affinity_term: term(key) };
    let spread = |when_unsatisfiable| TopologySpreadConstraint {
        max_skew: 5,
        topology_key: zone.to_owned(),
        when_unsatisfiable,
        label_selector: Some(LabelSelector::from_labels(labels.clone())),
        min_domains: None,
        node_affinity_policy: None,
        node_taints_policy: None,
        match_label_keys: Vec::new(),
    };
    match template {
        Template::NodeAffinity => {
            let requirement = NodeSelectorRequirement {
                key: zone.to_owned(),
                operator: NodeSelectorOperator::In,
                values: vec!["zone1".to_owned(), "zone2".to_owned()],
            };
            let term = NodeSelectorTerm { match_expressions: vec![requirement], ..NodeSelectorTerm::default() };
            spec.required_node_affinity = Some(NodeSelector { node_selector_terms: vec![term] });
        }
        Template::PodAffinity => spec.required_pod_affinity.push(term(zone)),
        Template::PodAntiAffinity => spec.required_pod_anti_affinity.push(term(hostname)),
        Template::AntiAffinityWithNamespaceSelector => {
            let team = LabelSelector::from_labels(Labels::from([("team".to_owned(), "devops".to_owned())]));
            let by_namespace =
                PodAffinityTerm { namespaces: Vec::new(), namespace_selector: Some(team), ..term(hostname) };
            spec.required_pod_anti_affinity.push(by_namespace);
        }
        Template::PreferredPodAffinity => spec.preferred_pod_affinity.push(preferred(hostname)),
        Template::PreferredPodAntiAffinity => spec.preferred_pod_anti_affinity.push(preferred(hostname)),
        Template::TopologySpreading | Template::HopelessSpreading => {
            spec.topology_spread_constraints.push(spread(WhenUnsatisfiable::DoNotSchedule));
        }
        Template::PreferredTopologySpreading => {
            spec.topology_spread_constraints.push(spread(WhenUnsatisfiable::ScheduleAnyway));
        }
        Template::HighPriority | Template::HopelessPriority => spec.priority = 10,
        Template::Basic | Template::Mixed | Template::Unschedulable | Template::LowPriority | Template::DaemonSet => {}
    }
    Pod { namespace: namespace.to_owned(), labels, spec: Arc::new(spec), ..Pod::default() }
}
