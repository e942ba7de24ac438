//! What a run does not model, said once: an answer is worth as much as the reader knows of its limits.

use std::collections::BTreeSet;

use k8s_openapi::api::batch::v1::{CronJob, CronJobStatus, Job};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Event, Node};
use k8s_openapi::api::node::v1::RuntimeClass;
use k8s_openapi::api::scheduling::v1::PriorityClass;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::jiff::Timestamp;

use crate::cluster::Cluster;
use crate::object::Object;
use crate::ownership::Ownership;
use crate::pod::{self, Pod};
use crate::store::ObjectKey;

/// The containers of the control plane's static pods.
const MEMBERS: [&str; 1] = ["etcd"];
const SERVERS: [&str; 3] = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"];

impl Cluster {
    /// What this run did not model although the objects ask for it, one sentence each.
    pub fn gaps(&self) -> Vec<String> {
        let mut gaps = self.lacks();
        let waiting = || self.store.list::<Pod>().filter(|pod| pod::node_name(pod).is_none() && pod::is_active(pod));
        for (provisioner, claims) in &self.volumes.provisioned {
            let claims: Vec<String> = claims.iter().map(ToString::to_string).collect();
            gaps.push(format!(
                "the provisioner {provisioner} is taken to run: it made the volumes of {} in a few seconds",
                list(&claims)
            ));
        }
        let with_devices: Vec<String> = self
            .store
            .list::<Pod>()
            .filter(|pod| self.placed_here(pod) && claims_devices(pod))
            .map(|pod| name(&pod.metadata))
            .collect();
        if !with_devices.is_empty() {
            gaps.push(format!(
                "DynamicResources is not modelled: the ResourceClaims of {} are not looked at",
                list(&with_devices)
            ));
        }
        let profiles = self.scheduling.scheduler().profiles();
        let served: Vec<&str> = profiles.iter().map(|profile| profile.scheduler_name.as_str()).collect();
        let schedulers: BTreeSet<String> = waiting()
            .filter_map(|pod| pod.spec.scheduler_name.clone())
            .filter(|name| !served.contains(&name.as_str()))
            .collect();
        if !schedulers.is_empty() {
            let names: Vec<String> = schedulers.into_iter().collect();
            gaps.push(format!(
                "nobody serves the scheduler name {} (only {}): its pods stay Pending without events",
                list(&names),
                served.join(", ")
            ));
        }
        let gated: Vec<String> = waiting()
            .filter(|pod| pod.spec.scheduling_gates.as_ref().is_some_and(|gates| !gates.is_empty()))
            .map(|pod| name(&pod.metadata))
            .collect();
        if !gated.is_empty() {
            gaps.push(format!("nobody here removes the scheduling gates of {}", list(&gated)));
        }
        for (kind, names) in self.unknown_classes() {
            gaps.push(format!("no {kind} is in the input: pods are made as if {} did not matter", list(&names)));
        }
        gaps.extend(self.webhooks_taken_for_granted());
        let placed_here = self.store.list::<Pod>().filter(|pod| self.placed_here(pod)).map(AsRef::as_ref);
        gaps.extend(self.references_taken_for_granted(placed_here));
        if let Some((silent, nodes)) = &self.knowledge.headless {
            let (of, down) = if *nodes == 1 {
                ("its only node".to_owned(), "is")
            } else {
                (format!("{} of its {nodes} nodes", silent.len()), "are")
            };
            gaps.push(format!(
                "the control plane is taken to run on although {of} ({}) {down} down for a time: in truth nothing would be scheduled, evicted or replaced meanwhile",
                list(silent)
            ));
        }
        for circle in Ownership::of(&self.store).circles() {
            let owners: Vec<String> = circle.iter().map(ToString::to_string).collect();
            gaps.push(format!("{} own each other in a circle: the garbage collector never frees them", list(&owners)));
        }
        gaps
    }

    /// Takes note when so many of the control plane's own nodes are silent that it could not run: all of them, or as many
    /// as etcd cannot lose. `node` is the one that has just fallen silent.
    pub(crate) fn note_headless(&mut self, node: &str) {
        let runs = |pod: &Pod, names: &[&str]| {
            let mut containers = pod.spec.containers.iter();
            pod::is_static(pod) && containers.any(|container| names.contains(&container.name.as_str()))
        };
        let nodes_of = |names: &[&str]| -> BTreeSet<String> {
            let pods = self.store.list::<Pod>().filter(|pod| runs(pod, names));
            pods.filter_map(|pod| pod::node_name(pod).map(str::to_owned)).collect()
        };
        // A zone that goes has thousands of nodes, and the control plane a few.
        if !self.pods_on(node).iter().any(|pod| runs(pod, &MEMBERS) || runs(pod, &SERVERS)) {
            return;
        }
        let is_silent = |node: &String| self.silent_nodes.contains_key(&ObjectKey::new("", node));
        let members = nodes_of(&MEMBERS);
        let servers = nodes_of(&SERVERS);
        let silent =
            |nodes: &BTreeSet<String>| nodes.iter().filter(|node| is_silent(node)).cloned().collect::<Vec<_>>();
        let (silent_members, silent_servers) = (silent(&members), silent(&servers));
        if !members.is_empty() && 2 * silent_members.len() >= members.len() {
            self.knowledge.headless = Some((silent_members, members.len()));
        } else if !servers.is_empty() && silent_servers.len() == servers.len() {
            self.knowledge.headless = Some((silent_servers, servers.len()));
        }
    }

    /// The classes that pods of this run name and that nothing is known of: their priority and overhead count for nothing.
    fn unknown_classes(&self) -> Vec<(&'static str, Vec<String>)> {
        let (mut priorities, mut runtimes) = (BTreeSet::new(), BTreeSet::new());
        for pod in self.store.list::<Pod>().filter(|pod| self.placed_here(pod)) {
            let class = pod.spec.priority_class_name.as_deref().filter(|class| !class.is_empty());
            let class = class.filter(|class| !class.starts_with("system-") && pod.spec.priority == Some(0));
            let class = class.filter(|class| self.store.find::<PriorityClass>("", class).is_none());
            priorities.extend(class.map(str::to_owned));
            let runtime = pod.spec.runtime_class_name.as_deref();
            let runtime = runtime.filter(|class| self.store.find::<RuntimeClass>("", class).is_none());
            runtimes.extend(runtime.map(str::to_owned));
        }
        let found = [("PriorityClass", priorities), ("RuntimeClass", runtimes)];
        let found = found.into_iter().filter(|(_, names)| !names.is_empty());
        found.map(|(kind, names)| (kind, names.into_iter().collect())).collect()
    }

    /// Whether the pod waits or was placed by this run, not found on its node.
    fn placed_here(&self, pod: &Pod) -> bool {
        pod::node_name(pod).is_none() || self.has_taken_in(&ObjectKey::of(pod))
    }
}

/// The moment a dump was taken, as far as its objects tell: the newest time any of them carries.
/// Objects without any time are of 2000-01-01, so that the same files give the same run for ever.
pub fn newest_moment<'a>(objects: impl Iterator<Item = &'a Object>) -> Timestamp {
    let newest = objects.flat_map(|object| {
        let created = object.metadata().creation_timestamp.as_ref().map(|time| time.0);
        let mut moments: Vec<Timestamp> = created.into_iter().chain(managed(object.metadata())).collect();
        match object {
            Object::Node(node) => moments.extend(heartbeats(node)),
            Object::Pod(pod) => moments.extend(transitions(pod)),
            Object::Event(event) => moments.extend(seen(event)),
            Object::Lease(lease) => moments.extend(renewed(lease)),
            Object::Job(job) => moments.extend(worked(job)),
            Object::CronJob(cron_job) => moments.extend(fired(cron_job)),
            _ => {}
        }
        moments
    });
    newest.max().unwrap_or_else(|| Timestamp::from_second(946_684_800).unwrap_or(Timestamp::UNIX_EPOCH))
}

fn managed(metadata: &ObjectMeta) -> impl Iterator<Item = Timestamp> + '_ {
    metadata.managed_fields.iter().flatten().filter_map(|entry| entry.time.as_ref().map(|time| time.0))
}

fn heartbeats(node: &Node) -> impl Iterator<Item = Timestamp> + '_ {
    let conditions = node.status.iter().flat_map(|status| status.conditions.iter().flatten());
    conditions.filter_map(|condition| condition.last_heartbeat_time.as_ref().map(|time| time.0))
}

fn transitions(pod: &Pod) -> impl Iterator<Item = Timestamp> + '_ {
    let conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
    conditions.filter_map(|condition| condition.last_transition_time.as_ref().map(|time| time.0))
}

fn renewed(lease: &Lease) -> impl Iterator<Item = Timestamp> + '_ {
    let times = lease.spec.iter().flat_map(|spec| [spec.acquire_time.as_ref(), spec.renew_time.as_ref()]);
    times.flatten().map(|time| time.0)
}

fn worked(job: &Job) -> impl Iterator<Item = Timestamp> + '_ {
    job.status.iter().flat_map(|status| {
        let conditions = status.conditions.iter().flatten();
        let changed = conditions.filter_map(|condition| condition.last_transition_time.as_ref());
        status.start_time.iter().chain(&status.completion_time).chain(changed).map(|time| time.0)
    })
}

fn fired(cron_job: &CronJob) -> impl Iterator<Item = Timestamp> + '_ {
    let times = cron_job
        .status
        .iter()
        .flat_map(|status: &CronJobStatus| [status.last_schedule_time.as_ref(), status.last_successful_time.as_ref()]);
    times.flatten().map(|time| time.0)
}

fn seen(event: &Event) -> impl Iterator<Item = Timestamp> + '_ {
    let series = event.series.as_ref().and_then(|series| series.last_observed_time.as_ref()).map(|time| time.0);
    let last = event.last_timestamp.as_ref().map(|time| time.0);
    series.into_iter().chain(last).chain(event.event_time.as_ref().map(|time| time.0))
}

/// The kubelet version a node reports.
pub fn kubelet_version(object: &Object) -> Option<String> {
    match object {
        Object::Node(node) => {
            let version = node.status.as_ref()?.node_info.as_ref()?.kubelet_version.clone();
            Some(version).filter(|version| !version.is_empty())
        }
        _ => None,
    }
}

fn claims_devices(pod: &Pod) -> bool {
    pod.spec.resource_claims.as_ref().is_some_and(|claims| !claims.is_empty())
}

fn name(metadata: &ObjectMeta) -> String {
    let namespace = metadata.namespace.as_deref().unwrap_or_default();
    format!("{namespace}/{}", metadata.name.as_deref().unwrap_or_default())
}

/// The first three, and how many more.
pub(crate) fn list(names: &[String]) -> String {
    match names {
        [first, second, third, rest @ ..] if !rest.is_empty() => {
            format!("{first}, {second}, {third} and {} more", rest.len())
        }
        names => names.join(", "),
    }
}
