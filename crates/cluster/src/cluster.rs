//! The cluster itself: what is in it, and the loop in which everything reacts to what changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use imbl::OrdMap;
use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::core::v1::{Namespace, Node, PodSpec, ReplicationController};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::jiff::{Timestamp, tz::Offset};
use sim_core::scheduler::SchedulerConfig;
use sim_core::version::Version;

use crate::admission::{AdmissionConfig, Webhooks};
use crate::api_client::ApiClient;
use crate::behaviour::Behaviour;
use crate::change::Change;
use crate::clock::{Agenda, Clock, Controller, Event};
use crate::controllers::{
    attach_detach, cloud_node,
    cluster_autoscaler::{self, ClusterAutoscaler},
    cluster_proportional_autoscaler, cron_job, daemon_set, deployment, disruption, ephemeral_volume, garbage_collector,
    job, namespace,
    node_lifecycle::{self, NodeLifecycle},
    persistent_volume,
    pod_gc::{self, PodGc},
    replica_set, resource_quota, service_accounts, stateful_set, taint_eviction, ttl_after_finished, volume_protection,
};
use crate::custom_resource;
use crate::drain::{self, Drain, DrainRecord};
use crate::history::Happening;
use crate::index::{Indices, PodsByNode};
use crate::knowledge::Knowledge;
use crate::kubelet::{self, Flags, Kubelets, Silence};
use crate::leases::Leases;
use crate::names::NameGenerator;
use crate::object::{Kind, Object};
use crate::pod::{self, Pod};
use crate::printed::Output;
use crate::recorder::Recorder;
use crate::result::format_millis;
use crate::scheduling::Scheduling;
use crate::service;
use crate::snapshot;
use crate::store::{Changed, ObjectKey, Store};
use crate::trial::RefusedStep;
use crate::upgrade::{self, Upgrade};
use crate::work_queue::RateLimiter;

/// The most events one run may take: a run that needs more is caught in a loop.
const MAX_EVENTS: u64 = 200_000_000;
/// When only routine is left and nothing has changed for so long, nothing will: longer than any retry interval.
const QUIET_MS: u64 = 6 * 60 * 1000;

/// What a cluster is made with.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The version whose rules and texts hold.
    pub version: Version,
    /// Virtual time zero.
    pub start: Timestamp,
    /// The offset in which times are printed.
    pub offset: Offset,
    /// Whether kubelets run with `--cloud-provider=external`, so that nodes register uninitialized.
    pub kubelet_cloud_provider_external: bool,
    /// Whether a cloud-controller-manager initialises nodes.
    pub cloud_controller_manager: bool,
    /// The address a kubelet gives its pods as host IP, by node, where it is not the Node's InternalIP.
    pub node_ips: BTreeMap<String, String>,
    /// The seed of every name that is drawn, and, if it is not 0, of the scheduler's choice among equal nodes.
    pub seed: u64,
    /// How the scheduler is set up; `None` is every default. It has been resolved against the version.
    pub scheduler_config: Option<SchedulerConfig>,
    /// Whether the scheduler stops at a sample of the nodes, as the real one does, instead of looking at all.
    pub emulate_sampling: bool,
    /// How admission is set up.
    pub admission: AdmissionConfig,
    /// Whether the objects given are all there are: what they name and do not show does not exist then. Otherwise a
    /// kind (or a kind in one namespace) of which nothing is shown may have any object.
    pub input_is_complete: bool,
}

impl Setup {
    /// A cluster of this version with nothing special about it, that starts at the Unix epoch.
    pub fn of(version: Version) -> Self {
        Self {
            version,
            start: Timestamp::UNIX_EPOCH,
            offset: Offset::UTC,
            kubelet_cloud_provider_external: false,
            cloud_controller_manager: false,
            node_ips: BTreeMap::new(),
            seed: 0,
            scheduler_config: None,
            emulate_sampling: false,
            admission: AdmissionConfig::default(),
            input_is_complete: false,
        }
    }
}

/// A change to come at a moment of virtual time.
#[derive(Debug, Clone)]
pub struct TimedChange {
    /// Milliseconds of virtual time.
    pub at_ms: u64,
    /// The change.
    pub change: Change,
    /// Where it was written, e.g. `file.yaml:12`.
    pub source: String,
}

/// Why a run stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The time asked for is reached.
    Until,
    /// Nothing moves any more.
    Quiet,
    /// A step of the timeline could not be carried out.
    Refused(Box<RefusedStep>),
    /// The run took more events than any sane one (`MAX_EVENTS`).
    TooManyEvents,
    /// The run comes up for air; it goes on with the same goal.
    Paused,
}

/// How far to run, and when to come up for air on the way.
#[derive(Debug, Clone, Copy)]
pub struct Goal {
    /// Not beyond this moment of virtual time, in milliseconds.
    pub until_ms: u64,
    /// Whether to stop as soon as nothing moves any more; otherwise time goes on to `until_ms`.
    pub or_quiet: bool,
    /// Pause after so many events …
    pub events: u64,
    /// … or, with this set, after all that happens at one moment.
    pub one_moment: bool,
}

/// A fake cluster. Cloning it forks it: the two share what they have in common.
#[derive(Debug, Clone)]
pub struct Cluster {
    pub(crate) setup: Arc<Setup>,
    pub(crate) behaviour: Behaviour,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) agenda: Agenda,
    pub(crate) recorder: Recorder,
    pub(crate) names: NameGenerator,
    pub(crate) scheduling: Scheduling,
    timeline: Arc<Vec<TimedChange>>,
    /// The components that are stopped, and what waits for them.
    pub(crate) stopped: BTreeSet<&'static str>,
    pub(crate) held: Agenda,
    pub(crate) node_lifecycle: NodeLifecycle,
    pub(crate) pod_gc: PodGc,
    pub(crate) cluster_autoscaler: ClusterAutoscaler,
    /// The upgrade that goes on.
    pub(crate) upgrade: Option<Upgrade>,
    /// Pods that are a cloud-controller-manager.
    pub(crate) cloud_managers: BTreeSet<ObjectKey>,
    /// Nodes whose kubelet does not report, and why.
    pub(crate) silent_nodes: BTreeMap<ObjectKey, Silence>,
    pub(crate) leases: Leases,
    pub(crate) webhooks: Webhooks,
    /// What kubelets were started with, where a step said so.
    pub(crate) kubelet_flags: BTreeMap<ObjectKey, Flags>,
    /// The last Node of machines whose Node was deleted.
    pub(crate) machines: BTreeMap<ObjectKey, Arc<Node>>,
    /// Pods that wait for their tolerationSeconds to run out, and until when.
    pub(crate) evictions: OrdMap<ObjectKey, u64>,
    pub(crate) kubelets: Kubelets,
    /// When a failed pod of a DaemonSet was last replaced on a node, and for how long the next one is left alone.
    pub(crate) failed_daemons: BTreeMap<(ObjectKey, String), (u64, u64)>,
    /// Pods that are marked for deletion, and when it is their turn.
    pub(crate) doomed: OrdMap<ObjectKey, u64>,
    pub(crate) taint_eviction_client: ApiClient,
    /// What the Job controller remembers.
    pub(crate) jobs: job::Memory,
    /// What the PersistentVolume controller knows.
    pub(crate) volumes: persistent_volume::Memory,
    /// Which volume is attached where.
    pub(crate) attachments: attach_detach::Memory,
    /// When CronJobs are looked at next.
    pub(crate) cron_jobs_due: cron_job::Due,
    /// Who depends on whom.
    pub(crate) garbage: garbage_collector::Graph,
    pub(crate) indices: Indices,
    /// The drains that go on, by node.
    pub(crate) drains: OrdMap<String, Drain>,
    /// What became of the last drain of each node.
    pub(crate) drain_records: OrdMap<String, DrainRecord>,
    /// What the timeline's commands printed.
    pub(crate) printed: Output,
    /// The spec of the pod admitted last, by its look.
    pub(crate) pod_specs: OrdMap<u64, Arc<PodSpec>>,
    /// The last address drawn, by node range.
    pub(crate) pod_ips: BTreeMap<String, u32>,
    /// What the input lets us know of what there is not.
    pub(crate) knowledge: Knowledge,
    /// The objects whose last sync failed.
    pub(crate) rate_limiter: RateLimiter,
    /// How many changes have been told of, events left out.
    pub(crate) changes: u64,
    /// What happened, when it was asked to be kept.
    pub(crate) history: Option<Vec<Happening>>,
    last_change_ms: u64,
    events_taken: u64,
}

impl Cluster {
    /// A cluster that holds these objects at virtual time zero, as they are, with API defaults filled in.
    pub fn new(setup: Setup, objects: impl IntoIterator<Item = Object>) -> Self {
        let mut cluster = Self {
            behaviour: Behaviour::of(setup.version),
            store: Store::default(),
            clock: Clock::new(setup.start),
            agenda: Agenda::default(),
            recorder: Recorder::default(),
            names: NameGenerator::new(setup.seed),
            scheduling: Scheduling::new(&setup),
            timeline: Arc::default(),
            stopped: BTreeSet::new(),
            held: Agenda::default(),
            node_lifecycle: NodeLifecycle::default(),
            pod_gc: PodGc::default(),
            cluster_autoscaler: ClusterAutoscaler::default(),
            upgrade: None,
            cloud_managers: BTreeSet::new(),
            silent_nodes: BTreeMap::new(),
            leases: Leases::default(),
            webhooks: Webhooks::default(),
            kubelet_flags: BTreeMap::new(),
            machines: BTreeMap::new(),
            evictions: OrdMap::new(),
            kubelets: Kubelets::default(),
            failed_daemons: BTreeMap::new(),
            doomed: OrdMap::new(),
            taint_eviction_client: ApiClient::default(),
            jobs: job::Memory::default(),
            volumes: persistent_volume::Memory::default(),
            attachments: attach_detach::Memory::default(),
            cron_jobs_due: cron_job::Due::new(),
            garbage: garbage_collector::Graph::default(),
            indices: Indices::default(),
            drains: OrdMap::new(),
            drain_records: OrdMap::new(),
            printed: Output::default(),
            pod_specs: OrdMap::new(),
            pod_ips: BTreeMap::new(),
            knowledge: Knowledge::new(setup.input_is_complete),
            rate_limiter: RateLimiter::default(),
            changes: 0,
            history: None,
            last_change_ms: 0,
            events_taken: 0,
            setup: Arc::new(setup),
        };
        for name in ["default", "kube-node-lease", "kube-public", "kube-system"] {
            let metadata = ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() };
            cluster.admit(Object::Namespace(Arc::new(Namespace { metadata, ..Namespace::default() })));
        }
        let mut objects: Vec<Object> = objects.into_iter().collect();
        let lacking = snapshot::mend(&mut objects, &cluster.names, cluster.setup.input_is_complete);
        cluster.knowledge.lacking = lacking;
        let definitions = custom_resource::definitions_as_stored(&mut objects);
        custom_resource::as_stored(objects.iter_mut(), &definitions);
        let oldest = objects.iter().filter_map(|object| object.metadata().creation_timestamp.clone()).min();
        let since = oldest.unwrap_or_else(|| cluster.clock.time());
        let kubernetes = service::complete(&mut objects, &cluster.behaviour, &cluster.names, since);
        objects.sort_by_key(rank_of_admission);
        for object in objects {
            cluster.knowledge.note(&object);
            cluster.admit(object);
        }
        cluster.take_storage_for_granted();
        if let Some(service) = kubernetes {
            cluster.store.put(Arc::new(service));
        }
        cluster.adopt_silence();
        kubelet::adopt_flags(&mut cluster);
        node_lifecycle::adopt(&mut cluster);
        pod_gc::adopt(&mut cluster);
        service_accounts::found_at_start(&mut cluster);
        resource_quota::count_at_start(&mut cluster);
        cluster
    }

    /// Puts changes on the timeline.
    pub fn set_timeline(&mut self, timeline: Vec<TimedChange>) {
        for (index, step) in timeline.iter().enumerate() {
            self.knowledge.note_change(&step.change);
            self.agenda.add(step.at_ms, Event::TimelineStep(index));
        }
        self.timeline = Arc::new(timeline);
    }

    /// Takes what is still to come off the timeline.
    pub fn forget_timeline(&mut self) {
        if self.timeline.is_empty() {
            return;
        }
        let mut agenda = Agenda::default();
        while let Some((at_ms, event)) = self.agenda.pop() {
            if !matches!(event, Event::TimelineStep(_)) {
                agenda.add(at_ms, event);
            }
        }
        self.agenda = agenda;
        self.timeline = Arc::default();
    }

    /// Runs to a moment of virtual time, whatever happens until then.
    pub fn run_until(&mut self, until_ms: u64) -> Stop {
        self.advance(Goal { until_ms, or_quiet: false, events: u64::MAX, one_moment: false })
    }

    /// Runs until nothing moves any more, at most to a moment of virtual time.
    pub fn settle(&mut self, until_ms: u64) -> Stop {
        self.advance(Goal { until_ms, or_quiet: true, events: u64::MAX, one_moment: false })
    }

    /// Virtual time in milliseconds since the start.
    pub fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    /// Virtual time as a point in time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// What the cluster was made with.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// The objects.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The scheduler's view: why a pod waits.
    pub fn scheduling(&self) -> &Scheduling {
        &self.scheduling
    }

    /// The number of events taken so far.
    pub fn events_taken(&self) -> u64 {
        self.events_taken
    }

    /// The pods managed by the object with this metadata, by name.
    pub fn pods_of(&self, owner: &ObjectMeta) -> Vec<Arc<Pod>> {
        self.indices.pods.of(owner).filter_map(|key| self.store.get::<Pod>(key)).cloned().collect()
    }

    /// Which pods are bound to which node, as of the last change that everybody has heard of.
    pub fn pods_by_node(&self) -> PodsByNode {
        self.indices.pods_by_node.clone()
    }

    /// The pods bound to a node, by namespace and name.
    pub fn pods_on(&self, node: &str) -> Vec<Arc<Pod>> {
        self.indices.pods_on(node).filter_map(|key| self.store.get::<Pod>(key)).cloned().collect()
    }

    /// Runs until the goal is reached, or something keeps it from it.
    pub fn advance(&mut self, goal: Goal) -> Stop {
        let mut taken = 0;
        loop {
            self.deliver_changes();
            let Some(at) = self.agenda.next_at() else {
                if !goal.or_quiet {
                    self.clock.advance_to(goal.until_ms);
                }
                return Stop::Quiet;
            };
            let moment_is_over = at > self.clock.now_ms();
            if taken >= goal.events || (goal.one_moment && moment_is_over && taken > 0) {
                return Stop::Paused;
            }
            if goal.or_quiet && moment_is_over && self.is_quiet_before(at) {
                return Stop::Quiet;
            }
            if at > goal.until_ms {
                self.clock.advance_to(goal.until_ms);
                return Stop::Until;
            }
            taken += 1;
            self.events_taken += 1;
            if self.events_taken > MAX_EVENTS {
                return Stop::TooManyEvents;
            }
            let Some((at, event)) = self.agenda.pop() else { continue };
            self.clock.advance_to(at);
            if let Err(stop) = self.take(event) {
                return stop;
            }
        }
    }

    /// Whether all that happens at this moment of virtual time has happened.
    pub fn is_moment_over(&self) -> bool {
        self.agenda.next_at().is_none_or(|next| next > self.clock.now_ms())
    }

    /// Since when nothing has moved, in milliseconds of virtual time; nothing when something is still to come.
    pub fn quiet_since_ms(&self) -> Option<u64> {
        let next = self.agenda.next_at();
        next.is_none_or(|next| self.is_quiet_before(next)).then_some(self.last_change_ms)
    }

    /// Whether nothing but routine is left, the next of it at this moment, and none of it can change anything.
    fn is_quiet_before(&self, next_ms: u64) -> bool {
        let quiet_since = self.last_change_ms.saturating_add(QUIET_MS);
        self.only_routine_is_left() && (next_ms > quiet_since || !self.scheduling.has_waiting_pods())
    }

    fn take(&mut self, event: Event) -> Result<(), Stop> {
        if self.holds(&event) {
            return Ok(());
        }
        match event {
            Event::TimelineStep(index) => self.take_step(index)?,
            Event::Sync(controller, key) => self.sync_now(controller, &key),
            Event::Retry(controller, key) if self.takes_retry(controller, &key) => self.sync_now(controller, &key),
            Event::Retry(..) => {}
            Event::ProgressDeadline(key) => deployment::sync(self, &key),
            Event::CollectGarbage(kind, key) => garbage_collector::collect(self, kind, &key),
            Event::MonitorNodes => node_lifecycle::monitor(self),
            Event::TaintLostNodes => node_lifecycle::taint_lost_nodes(self),
            Event::InitialiseCloudNode(key) => cloud_node::initialise(self, &key),
            Event::MonitorCloudNodes => cloud_node::monitor(self),
            Event::CollectPods => pod_gc::collect(self),
            Event::UpgradeKubelet => upgrade::upgrade_kubelet(self),
            Event::ScaleUp => cluster_autoscaler::scale_up(self),
            Event::MachineArrives(name) => cluster_autoscaler::machine_arrives(self, &name),
            Event::NodeStatus(key) => kubelet::post(self, &key),
            Event::Evict(key) => taint_eviction::due(self, &key),
            Event::Provision(key) => persistent_volume::provision(self, &key),
            Event::DeleteVolume(key) => persistent_volume::delete_volume(self, &key),
            Event::ResyncVolumes => persistent_volume::resync(self),
            Event::VolumesTimeOut(key) => self.volumes_time_out(&key),
            Event::CronJobDue(key) => cron_job::due(self, &key),
            Event::JobExpires(key) => ttl_after_finished::expires(self, &key),
            Event::Kubelet(key) | Event::KubeletAgain(key) => kubelet::work(self, &key),
            Event::Housekeeping(key) => kubelet::housekeeping(self, &key),
            Event::DropOldEvents => self.drop_old_events(),
            Event::Drain(node) => drain::work(self, &node),
            Event::Schedule => self.schedule(),
            Event::Autoscale(key) => cluster_proportional_autoscaler::poll(self, &key),
        }
        Ok(())
    }

    fn sync_now(&mut self, controller: Controller, key: &ObjectKey) {
        match controller {
            Controller::NodeLifecycle => node_lifecycle::sync_no_schedule(self, key),
            Controller::TaintEviction => taint_eviction::sync(self, key),
            Controller::Deployment => deployment::sync(self, key),
            Controller::ReplicaSet => replica_set::sync::<ReplicaSet>(self, key),
            Controller::ReplicationController => replica_set::sync::<ReplicationController>(self, key),
            Controller::DaemonSet => daemon_set::sync(self, key),
            Controller::Disruption => disruption::sync(self, key),
            Controller::StatefulSet => stateful_set::sync(self, key),
            Controller::Job => job::sync(self, key),
            Controller::CronJob => cron_job::sync(self, key),
            Controller::PersistentVolume => persistent_volume::sync(self, key),
            Controller::AttachDetach => attach_detach::sync(self, key),
            Controller::EphemeralVolume => ephemeral_volume::sync(self, key),
            Controller::Namespace => namespace::sync(self, key),
            Controller::ServiceAccounts => service_accounts::sync(self, key),
            Controller::ResourceQuota => resource_quota::sync(self, key),
        }
    }

    /// Whether nothing that is to come can change anything: routine, and retries that nothing has happened for.
    fn only_routine_is_left(&self) -> bool {
        let all_are_vain = self.rate_limiter.all_are_vain(self.changes);
        self.agenda.is_idle()
            && self.agenda.doubtful().all(|event| match event {
                Event::Retry(controller, key) => {
                    all_are_vain || self.rate_limiter.is_vain(*controller, key, self.changes)
                }
                Event::ProgressDeadline(key) => {
                    let unchanged_ms = self.clock.now_ms().saturating_sub(self.last_change_ms);
                    deployment::is_put_off_for_ever(self, key, unchanged_ms)
                }
                _ => false,
            })
    }

    fn take_step(&mut self, index: usize) -> Result<(), Stop> {
        let timeline = self.timeline.clone();
        let Some(step) = timeline.get(index) else { return Ok(()) };
        let made = self.make(&step.change);
        self.note_step(&step.change, &step.source, &made);
        match made {
            Ok(lines) => {
                // What goes on after its step prints more, beside what follows.
                let goes_on = matches!(step.change, Change::Drain(_));
                for line in lines.into_iter().filter(|_| goes_on) {
                    self.print(line);
                }
                Ok(())
            }
            Err(refused) => Err(Stop::Refused(Box::new(RefusedStep {
                at: format_millis(self.clock.now_ms()),
                step: step.change.to_string(),
                message: refused.to_string(),
                hint: self.what_existed(&step.change),
                source: step.source.clone(),
                is_verdict: self.is_verdict(&step.change),
            }))),
        }
    }

    /// Tells everybody who watches of what changed, until nobody has anything new to say.
    pub(crate) fn deliver_changes(&mut self) {
        while let Some(changed) = self.store.next_change() {
            if moves_others(&changed) && !cron_job::is_routine(self, &changed) {
                self.last_change_ms = self.clock.now_ms();
                self.changes += 1;
            }
            self.indices.note(&changed, &self.store, &self.behaviour);
            self.webhooks.note(&changed);
            self.note_change(&changed);
            self.tell_watchers(&changed);
        }
        if let Some(at) = self.scheduling.next_wakeup().filter(|_| self.schedules()) {
            self.agenda.add(at.max(self.clock.now_ms()), Event::Schedule);
        }
    }

    /// In this order each component looks at a change and puts what follows on the agenda.
    fn tell_watchers(&mut self, changed: &Changed) {
        if changed.kind == Kind::Event {
            // Most of what changes are events, and nobody else looks at them.
            kubelet::watch(self, changed);
            namespace::watch(self, changed);
            return;
        }
        self.watch_for_scheduler(changed);
        kubelet::watch(self, changed);
        node_lifecycle::watch(self, changed);
        cloud_node::watch(self, changed);
        taint_eviction::watch(self, changed);
        pod_gc::watch(self, changed);
        garbage_collector::watch(self, changed);
        deployment::watch(self, changed);
        replica_set::watch(self, changed);
        daemon_set::watch(self, changed);
        stateful_set::watch(self, changed);
        job::watch(self, changed);
        cron_job::watch(self, changed);
        ttl_after_finished::watch(self, changed);
        ephemeral_volume::watch(self, changed);
        persistent_volume::watch(self, changed);
        volume_protection::watch(self, changed);
        attach_detach::watch(self, changed);
        disruption::watch(self, changed);
        cluster_proportional_autoscaler::watch(self, changed);
        namespace::watch(self, changed);
        service_accounts::watch(self, changed);
        resource_quota::watch(self, changed);
        drain::watch(self, changed);
        cluster_autoscaler::watch(self, changed);
    }

    /// Has a controller look at an object soon.
    pub(crate) fn sync(&mut self, controller: Controller, key: ObjectKey) {
        self.agenda.add(self.clock.now_ms(), Event::Sync(controller, key));
    }

    /// Has the controller of `kind` look at the objects of that kind that manage the changed object, or did before.
    pub(crate) fn sync_owners(&mut self, controller: Controller, kind: Kind, changed: &Changed) {
        let owner = |object: &Option<Object>| {
            let owner = pod::controller_of(object.as_ref()?.metadata()).filter(|owner| owner.kind == kind.name())?;
            Some(ObjectKey::new(&changed.key.namespace, &owner.name))
        };
        let (before, after) = (owner(&changed.before), owner(&changed.after));
        if let Some(before) = before.filter(|before| after.as_ref() != Some(before)) {
            self.sync(controller, before);
        }
        if let Some(after) = after {
            self.sync(controller, after);
        }
    }
}

/// Whether something may follow from the change. A status that only counts, as a crash loop changes it for ever, moves
/// nobody.
fn moves_others(changed: &Changed) -> bool {
    match (&changed.before, &changed.after) {
        (_, Some(Object::Event(_) | Object::Lease(_))) | (Some(Object::Event(_) | Object::Lease(_)), None) => false,
        (Some(Object::Pod(before)), Some(Object::Pod(after))) => {
            !before.has_spec_of(after)
                || before.metadata.deletion_timestamp != after.metadata.deletion_timestamp
                || pod::phase(before) != pod::phase(after)
        }
        (
            Some(
                before @ (Object::Deployment(_)
                | Object::ReplicaSet(_)
                | Object::ReplicationController(_)
                | Object::DaemonSet(_)
                | Object::StatefulSet(_)
                | Object::PodDisruptionBudget(_)),
            ),
            Some(after),
        ) => before.metadata().generation != after.metadata().generation,
        _ => true,
    }
}

/// In which order the objects given are taken in: a pod's kubelet must be there when the pod is, and so must be what
/// admission looks up.
fn rank_of_admission(object: &Object) -> u8 {
    match object {
        Object::Node(_) => 0,
        Object::Namespace(_)
        | Object::LimitRange(_)
        | Object::PriorityClass(_)
        | Object::RuntimeClass(_)
        | Object::ServiceAccount(_)
        | Object::StorageClass(_) => 1,
        _ => 2,
    }
}
