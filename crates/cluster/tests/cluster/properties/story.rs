//! Random clusters and what happens to them.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value;
use sim_cluster::pod::Pod;
use sim_cluster::{
    Change, Cluster, Conduct, Declaration, DeleteOptions, DrainOptions, Goal, Kind, KubeletRestart, ObjectKey,
    ObjectRef, PodPattern, Propagation, Setup, Stop, TaintPattern, UpgradeOptions, parse_taint,
};

use super::manifests::{self, read};

const SECOND: u64 = 1_000;
pub(crate) const MINUTE: u64 = 60 * SECOND;
/// Far longer than any wait of any controller.
const LONG: u64 = 6 * 60 * MINUTE;

/// One cluster and what happens to it.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub(crate) version: &'static str,
    pub(crate) seed: u64,
    pub(crate) cloud: Cloud,
    pub(crate) nodes: Vec<NodeShape>,
    pub(crate) workloads: Vec<(Workload, Shape)>,
    pub(crate) budgets: Vec<Budget>,
    pub(crate) quota: Option<Quota>,
    pub(crate) steps: Vec<(u64, Step)>,
}

/// Who initialises nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cloud {
    /// Nodes need nobody.
    None,
    /// Nodes register uninitialized, and a cloud-controller-manager initialises them.
    Managed,
    /// Nodes register uninitialized, and nobody initialises them.
    Unmanaged,
}

#[derive(Debug, Clone)]
pub(crate) struct NodeShape {
    pub(crate) milli_cpu: i64,
    pub(crate) pods: i64,
    pub(crate) zone: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Deployment,
    DaemonSet,
    StatefulSet,
    Job,
    CronJob,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Workload {
    pub(crate) family: Family,
    pub(crate) number: usize,
}

#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) replicas: i32,
    pub(crate) milli_cpu: i64,
    pub(crate) priority: i32,
    pub(crate) tolerates: bool,
    /// The other way to go about it: Recreate, Parallel, Indexed, Forbid.
    pub(crate) other: bool,
    /// Whether a StatefulSet's pods have claims.
    pub(crate) keeps_data: bool,
    /// How long the pods of a Job run.
    pub(crate) seconds: u16,
    /// Whether they fail then.
    pub(crate) fails: bool,
    pub(crate) image: u8,
}

#[derive(Debug, Clone)]
pub(crate) struct Budget {
    pub(crate) workload: Workload,
    pub(crate) amount: i32,
    /// Whether the amount is in tens of a hundred.
    pub(crate) percent: bool,
    /// Whether the amount may be missing, instead of having to be there.
    pub(crate) of_those_missing: bool,
    pub(crate) lets_unhealthy_go: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Quota {
    pub(crate) pods: i64,
    pub(crate) milli_cpu: i64,
}

/// Steps name things by number, so that they mostly exist.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Create(Workload, Shape),
    Scale(Workload, i32),
    Delete(Workload, Option<Propagation>),
    NewImage(Workload, u8),
    RolloutRestart(Workload),
    RolloutUndo(Workload),
    Behave(Workload, &'static str),
    DeleteSomePod(usize, Option<i64>),
    Cordon(usize),
    Uncordon(usize),
    Drain(usize, Option<u64>),
    Taint(usize, &'static str),
    Untaint(usize, &'static str),
    NodeDown(usize),
    NodePartitioned(usize),
    NodeUp(usize),
    ZoneDown(u8),
    ZoneUp(u8),
    AddNode(usize),
    RemoveNode(usize),
    KubeletRestart(usize, Option<i64>),
    Upgrade(Option<u64>),
    ImageBroken(u8),
    ImageFixed(u8),
    Stop(&'static str),
    Start(&'static str),
}

const TAINTS: [&str; 3] = ["k=v:NoSchedule", "k=v:NoExecute", "k=v:PreferNoSchedule"];
const TAKEN_OFF: [&str; 5] = [
    "k",
    "node.kubernetes.io/unschedulable",
    "node.kubernetes.io/unreachable",
    "node.kubernetes.io/not-ready",
    "node.cloudprovider.kubernetes.io/uninitialized",
];
const BEHAVIOURS: [&str; 7] = [
    "exits 1 after 20s",
    "exits 0 after 3m",
    "never ready",
    "ready after 40s",
    "liveness fails after 30s",
    "stops after 2m",
    "pulls 90s",
];
pub(crate) const MANAGER: &str = "kube-controller-manager";
pub(crate) const SCHEDULER: &str = "kube-scheduler";
const COMPONENTS: [&str; 16] = [
    MANAGER,
    SCHEDULER,
    "cronjob-controller",
    "daemonset-controller",
    "deployment-controller",
    "garbage-collector-controller",
    "job-controller",
    "node-lifecycle-controller",
    "persistentvolume-binder-controller",
    "persistentvolume-attach-detach-controller",
    "pod-garbage-collector-controller",
    "replicaset-controller",
    "resourcequota-controller",
    "statefulset-controller",
    "taint-eviction-controller",
    "cloud-node-controller",
];

pub(crate) fn stories() -> impl Strategy<Value = Story> {
    let version = prop::sample::select(vec!["v1.16.0", "v1.19.0", "v1.22.0", "v1.26.0", "v1.30.0", "v1.34.0"]);
    let cloud = prop::sample::select(vec![Cloud::None, Cloud::None, Cloud::None, Cloud::Managed, Cloud::Unmanaged]);
    let node =
        (500_i64..4_000, 3_i64..20, 0_u8..3).prop_map(|(milli_cpu, pods, zone)| NodeShape { milli_cpu, pods, zone });
    let quota = (2_i64..30, 500_i64..9_000).prop_map(|(pods, milli_cpu)| Quota { pods, milli_cpu });
    (
        (version, 0_u64..4, cloud),
        prop::collection::vec(node, 1..6),
        prop::collection::vec((workload(), shape()), 1..5),
        prop::collection::vec(budget(), 0..3),
        prop::option::weighted(0.2, quota),
        prop::collection::vec((0_u64..20 * MINUTE, step()), 0..14),
    )
        .prop_map(|((version, seed, cloud), nodes, workloads, budgets, quota, mut steps)| {
            steps.sort_by_key(|(at, _)| *at);
            Story { version, seed, cloud, nodes, workloads, budgets, quota, steps }
        })
}

fn workload() -> impl Strategy<Value = Workload> {
    let family = prop_oneof![
        4 => Just(Family::Deployment),
        1 => Just(Family::DaemonSet),
        3 => Just(Family::StatefulSet),
        2 => Just(Family::Job),
        1 => Just(Family::CronJob),
    ];
    (family, 0_usize..2).prop_map(|(family, number)| Workload { family, number })
}

fn shape() -> impl Strategy<Value = Shape> {
    let priority = prop::sample::select(vec![0, 0, 0, 1000]);
    let numbers = (0_i32..8, 50_i64..900, priority, 1_u16..400, 0_u8..3);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), prop::bool::weighted(0.2));
    (numbers, flags).prop_map(
        |((replicas, milli_cpu, priority, seconds, image), (tolerates, other, keeps_data, fails))| Shape {
            replicas,
            milli_cpu,
            priority,
            tolerates,
            other,
            keeps_data,
            seconds,
            fails,
            image,
        },
    )
}

fn budget() -> impl Strategy<Value = Budget> {
    (workload(), 0_i32..6, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(workload, amount, percent, of_those_missing, lets_unhealthy_go)| Budget {
            workload,
            amount,
            percent,
            of_those_missing,
            lets_unhealthy_go,
        },
    )
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let which = 0_usize..6;
    let propagation = prop::sample::select(vec![
        None,
        Some(Propagation::Background),
        Some(Propagation::Foreground),
        Some(Propagation::Orphan),
    ]);
    let component = prop::sample::select(COMPONENTS.to_vec());
    let patience = || prop::option::of(1_u64..10 * MINUTE);
    let workloads = prop_oneof![
        (workload(), shape()).prop_map(|(workload, shape)| Step::Create(workload, shape)),
        (workload(), 0_i32..12).prop_map(|(workload, replicas)| Step::Scale(workload, replicas)),
        (workload(), propagation).prop_map(|(workload, propagation)| Step::Delete(workload, propagation)),
        (workload(), 0_u8..3).prop_map(|(workload, image)| Step::NewImage(workload, image)),
        workload().prop_map(Step::RolloutRestart),
        workload().prop_map(Step::RolloutUndo),
        (workload(), prop::sample::select(BEHAVIOURS.to_vec()))
            .prop_map(|(workload, behaviour)| Step::Behave(workload, behaviour)),
        (0_usize..40, prop::sample::select(vec![None, Some(0), Some(300)]))
            .prop_map(|(which, grace)| Step::DeleteSomePod(which, grace)),
    ];
    let nodes = prop_oneof![
        which.clone().prop_map(Step::Cordon),
        which.clone().prop_map(Step::Uncordon),
        (which.clone(), patience()).prop_map(|(which, timeout)| Step::Drain(which, timeout)),
        (which.clone(), patience()).prop_map(|(which, timeout)| Step::Drain(which, timeout)),
        (which.clone(), prop::sample::select(TAINTS.to_vec())).prop_map(|(which, taint)| Step::Taint(which, taint)),
        (which.clone(), prop::sample::select(TAKEN_OFF.to_vec()))
            .prop_map(|(which, taint)| Step::Untaint(which, taint)),
        which.clone().prop_map(Step::NodeDown),
        which.clone().prop_map(Step::NodePartitioned),
        which.clone().prop_map(Step::NodeUp),
        (0_u8..3).prop_map(Step::ZoneDown),
        (0_u8..3).prop_map(Step::ZoneUp),
        which.clone().prop_map(Step::AddNode),
        which.clone().prop_map(Step::RemoveNode),
        (which, prop::option::of(500_i64..4_000)).prop_map(|(which, milli_cpu)| Step::KubeletRestart(which, milli_cpu)),
    ];
    let others = prop_oneof![
        patience().prop_map(Step::Upgrade),
        (0_u8..3).prop_map(Step::ImageBroken),
        (0_u8..3).prop_map(Step::ImageFixed),
        component.clone().prop_map(Step::Stop),
        component.prop_map(Step::Start),
    ];
    prop_oneof![4 => workloads, 5 => nodes, 2 => others]
}

impl Family {
    pub(crate) fn kind(self) -> Kind {
        match self {
            Family::Deployment => Kind::Deployment,
            Family::DaemonSet => Kind::DaemonSet,
            Family::StatefulSet => Kind::StatefulSet,
            Family::Job => Kind::Job,
            Family::CronJob => Kind::CronJob,
        }
    }
}

impl Workload {
    /// Its name, which is also the label `app` of its pods.
    pub(crate) fn name(self) -> String {
        let Self { family, number } = self;
        let word = match family {
            Family::Deployment => "web",
            Family::DaemonSet => "agent",
            Family::StatefulSet => "db",
            Family::Job => "task",
            Family::CronJob => "tick",
        };
        format!("{word}-{number}")
    }

    fn reference(self) -> ObjectRef {
        ObjectRef {
            namespace: Some("default".to_owned()),
            kind: self.family.kind().name().to_ascii_lowercase(),
            name: self.name(),
        }
    }
}

impl Story {
    pub(crate) fn begin(&self) -> Cluster {
        let external = self.cloud != Cloud::None;
        let setup = Setup {
            seed: self.seed,
            kubelet_cloud_provider_external: external,
            cloud_controller_manager: self.cloud == Cloud::Managed,
            ..Setup::of(self.version.parse().unwrap())
        };
        let nodes = self.nodes.iter().enumerate().map(|(number, shape)| manifests::node(number, shape, external));
        // Of two with one name the last is meant.
        let mut objects: BTreeMap<String, Value> = BTreeMap::new();
        for (workload, shape) in &self.workloads {
            objects.insert(workload.name(), manifests::workload(*workload, shape));
        }
        for budget in &self.budgets {
            objects.insert(format!("budget {}", budget.workload.name()), manifests::budget(budget));
        }
        let objects = nodes.chain(manifests::foundations()).chain(objects.into_values());
        Cluster::new(setup, objects.chain(self.quota.iter().map(manifests::quota)).map(read))
    }

    /// Runs to its end, looking at the cluster after each step; returns why it stopped.
    pub(crate) fn play(&self, mut look: impl FnMut(&Cluster)) -> (Cluster, Stop) {
        let mut cluster = self.begin();
        for (at, step) in &self.steps {
            cluster.run_until(*at);
            self.take(&mut cluster, step);
            cluster.run_until(*at);
            look(&cluster);
        }
        let stop = cluster.settle(cluster.now_ms() + LONG);
        look(&cluster);
        (cluster, stop)
    }

    /// Runs to its end with everything that was stopped started again, looking at what each moment changed.
    pub(crate) fn watch(&self, mut look: impl FnMut(&Cluster, &Cluster)) -> (Cluster, Stop) {
        let mut cluster = self.begin();
        for (at, step) in &self.steps {
            moment_by_moment(&mut cluster, Goal { until_ms: *at, or_quiet: false, ..MOMENT }, &mut look);
            self.take(&mut cluster, step);
        }
        for program in [MANAGER, "cloud-controller-manager", SCHEDULER] {
            cluster.make(&Change::StartController(program.to_owned())).unwrap();
        }
        let goal = Goal { until_ms: cluster.now_ms() + LONG, or_quiet: true, ..MOMENT };
        let stop = moment_by_moment(&mut cluster, goal, &mut look);
        (cluster, stop)
    }

    /// Takes one step; what names something that is not there is refused, and changes nothing.
    pub(crate) fn take(&self, cluster: &mut Cluster, step: &Step) {
        let Some(change) = self.change(cluster, step) else { return };
        let before = everything(cluster);
        let made = cluster.make(&change);
        // A drain that is refused has cordoned the node.
        if made.is_err() && !matches!(change, Change::Drain(_)) {
            assert_eq!(everything(cluster), before, "a refused step changes nothing: {change:?}");
        }
    }

    /// What a step means in a cluster, if there is anything for it.
    pub(crate) fn change(&self, cluster: &Cluster, step: &Step) -> Option<Change> {
        let node = |number: &usize| format!("n{}", number % self.nodes.len());
        let image = |number: &u8| format!("nginx:{number}");
        Some(match step {
            // What a Job is made of cannot be changed.
            Step::Create(workload, _)
                if cluster.resolve(&workload.reference()).is_ok_and(|(kind, _)| kind == Kind::Job) =>
            {
                return None;
            }
            Step::Create(workload, shape) => Change::Apply(vec![read(manifests::workload(*workload, shape))]),
            Step::Scale(workload, replicas) => Change::Scale { workload: workload.reference(), replicas: *replicas },
            Step::Delete(workload, propagation) => Change::DeleteWith {
                target: workload.reference(),
                options: DeleteOptions { grace_period_seconds: None, propagation: *propagation },
                force: false,
            },
            Step::NewImage(workload, number) => {
                Change::SetImage { workload: workload.reference(), images: vec![("*".to_owned(), image(number))] }
            }
            Step::RolloutRestart(workload) => Change::RolloutRestart(workload.reference()),
            Step::RolloutUndo(workload) => Change::RolloutUndo { workload: workload.reference(), to_revision: 0 },
            Step::Behave(workload, behaviour) => Change::Behaviour(Declaration {
                pods: PodPattern {
                    labels: BTreeMap::from([("app".to_owned(), workload.name())]),
                    ..PodPattern::default()
                },
                container: None,
                conduct: Conduct::parse(behaviour).unwrap(),
            }),
            Step::DeleteSomePod(which, grace_period_seconds) => {
                let pods: Vec<ObjectKey> =
                    cluster.store().list::<Pod>().map(|pod| ObjectKey::of(pod.as_ref())).collect();
                let name = pods.get(which.checked_rem(pods.len())?)?.name.to_string();
                Change::DeleteWith {
                    target: ObjectRef { namespace: Some("default".to_owned()), kind: "pod".to_owned(), name },
                    options: DeleteOptions { grace_period_seconds: *grace_period_seconds, propagation: None },
                    force: *grace_period_seconds == Some(0),
                }
            }
            Step::Cordon(which) => Change::Cordon(node(which)),
            Step::Uncordon(which) => Change::Uncordon(node(which)),
            Step::Drain(which, timeout_ms) => Change::Drain(DrainOptions {
                node: node(which),
                force: true,
                ignore_daemonsets: true,
                delete_emptydir_data: true,
                timeout_ms: *timeout_ms,
                ..DrainOptions::default()
            }),
            Step::Taint(which, taint) => Change::Taint { node: Some(node(which)), taint: parse_taint(taint).unwrap() },
            Step::Untaint(which, key) => {
                Change::Untaint { node: Some(node(which)), taint: TaintPattern::parse(key).unwrap() }
            }
            Step::NodeDown(which) => Change::NodeDown(node(which)),
            Step::NodePartitioned(which) => Change::NodePartitioned(node(which)),
            Step::NodeUp(which) => Change::NodeUp(node(which)),
            Step::ZoneDown(zone) => Change::ZoneDown(format!("z{zone}")),
            Step::ZoneUp(zone) => Change::ZoneUp(format!("z{zone}")),
            Step::AddNode(which) => Change::AddNode { from: node(which), count: 1 },
            Step::RemoveNode(which) => Change::RemoveNode(node(which)),
            Step::KubeletRestart(which, milli_cpu) => Change::KubeletRestart(KubeletRestart {
                node: node(which),
                register_with_taints: None,
                cloud_provider_external: None,
                node_labels: None,
                allocatable: milli_cpu.map(|cpu| BTreeMap::from([("cpu".to_owned(), format!("{cpu}m"))])),
                version: None,
            }),
            Step::Upgrade(drain_timeout_ms) => {
                let minor = cluster.setup().version.minor() + 1;
                let to = format!("v1.{minor}.0").parse().ok()?;
                Change::Upgrade(UpgradeOptions { to, nodes: None, drain_timeout_ms: *drain_timeout_ms })
            }
            Step::ImageBroken(number) => Change::ImageBroken(image(number)),
            Step::ImageFixed(number) => Change::ImageFixed(image(number)),
            Step::Stop(component) => Change::StopController((*component).to_owned()),
            Step::Start(component) => Change::StartController((*component).to_owned()),
        })
    }
}

const MOMENT: Goal = Goal { until_ms: 0, or_quiet: false, events: u64::MAX, one_moment: true };

/// Runs to the goal, and looks at the cluster before and after each moment at which something happened.
fn moment_by_moment(cluster: &mut Cluster, goal: Goal, look: &mut impl FnMut(&Cluster, &Cluster)) -> Stop {
    loop {
        let before = cluster.clone();
        let stop = cluster.advance(goal);
        look(&before, cluster);
        if stop != Stop::Paused {
            return stop;
        }
    }
}

/// Every object of the cluster, to the byte.
pub(crate) fn objects(cluster: &Cluster) -> Vec<String> {
    let objects = Kind::ALL.iter().flat_map(|kind| cluster.store().objects(*kind));
    objects.map(|object| object.to_value().to_string()).collect()
}

/// The objects, and all that was printed.
pub(crate) fn everything(cluster: &Cluster) -> Vec<String> {
    let mut lines = objects(cluster);
    lines.extend(cluster.printed().iter().map(|printed| format!("{printed:?}")));
    lines
}
