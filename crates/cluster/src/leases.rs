//! Leases: how kubelets and the leaders of the control plane say that they are there (component-helpers/apimachinery/lease,
//! client-go/tools/leaderelection, v1.34).
//!
//! Nobody in here waits for a Lease: silence is known when it begins. So that a node does not cost a write every ten
//! seconds, the Leases are written for who looks at the cluster, as they stand at that moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::api::core::v1::{Namespace, Node};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta, OwnerReference, Time};
use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::cluster::Cluster;
use crate::component;
use crate::names::stable_number;
use crate::object::KnownKind;
use crate::pod::Pod;
use crate::store::ObjectKey;

/// Where the Leases of kubelets are.
const NODE_LEASES: &str = "kube-node-lease";
const SYSTEM: &str = "kube-system";
/// `nodeLeaseDurationSeconds`, of which a quarter goes by between two renewals.
const NODE_LEASE_SECONDS: i32 = 40;
const NODE_RENEWAL_MS: i64 = 10_000;
/// `--leader-elect-lease-duration` and `--leader-elect-retry-period`.
const LEADER_LEASE_SECONDS: i32 = 15;
const LEADER_RENEWAL_MS: i64 = 2_000;
/// A kubelet whose Lease is so much older than the newest of them has missed two renewals.
const MISSED_SECONDS: i64 = 21;
const CONTROL_PLANE: [&str; 2] = ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"];

/// What the cluster remembers of those who renew Leases.
#[derive(Debug, Clone, Default)]
pub(crate) struct Leases {
    /// When the kubelets that are silent were heard last.
    last_words: BTreeMap<ObjectKey, Timestamp>,
    /// The programs that were stopped.
    leaders: BTreeMap<&'static str, Leader>,
    /// The second of virtual time up to which all is written.
    written: Option<u64>,
}

/// A program of the control plane that was stopped at least once.
#[derive(Debug, Clone, Copy, Default)]
struct Leader {
    /// When it was stopped, unless it runs again.
    left: Option<Timestamp>,
    /// When it was started again, and how often.
    returned: Option<(Timestamp, i32)>,
    /// How many returns its Lease shows.
    shown: i32,
}

/// Nothing was heard of a kubelet after a moment.
pub(crate) fn fell_silent(cluster: &mut Cluster, node: &ObjectKey, at: Timestamp) {
    cluster.leases.last_words.insert(node.clone(), at);
}

/// A kubelet is heard again.
pub(crate) fn is_heard(cluster: &mut Cluster, node: &ObjectKey) {
    cluster.leases.last_words.remove(node);
}

/// Components were stopped or started: programs of the control plane may have left, or come back.
pub(crate) fn components_changed(cluster: &mut Cluster) {
    let now = cluster.clock.now();
    for program in component::PROGRAMS {
        let is_stopped = cluster.is_stopped(program);
        let was_stopped = cluster.leases.leaders.get(program).is_some_and(|leader| leader.left.is_some());
        if is_stopped != was_stopped {
            let leader = cluster.leases.leaders.entry(program).or_default();
            leader.left = is_stopped.then_some(now);
            if !is_stopped {
                leader.returned = Some((now, leader.returned.map_or(1, |(_, times)| times + 1)));
            }
        }
    }
}

/// The kubelets of a dump that had fallen silent shortly before it, each with the moment of its last word and by how many
/// seconds the newest Lease is newer: who lists Leases sees them all at one moment.
pub(crate) fn just_silent(cluster: &Cluster) -> Vec<(ObjectKey, Timestamp, i64)> {
    let leases = || {
        cluster.store.list_in::<Lease>(NODE_LEASES).filter_map(|lease| {
            let key = ObjectKey::new("", lease.metadata.name.as_deref()?);
            cluster.store.get::<Node>(&key)?;
            Some((key, renewed(lease)?))
        })
    };
    let Some(newest) = leases().map(|(_, renewed)| renewed).max() else { return Vec::new() };
    let missed = |renewed: Timestamp| newest.duration_since(renewed).as_secs();
    let silent = leases().filter(|(_, renewed)| missed(*renewed) > MISSED_SECONDS);
    silent.map(|(key, renewed)| (key, renewed, missed(renewed))).collect()
}

impl Cluster {
    /// Writes the Leases as kubelets and leaders have renewed them up to now. It changes nothing of what is to come.
    pub fn renew_leases(&mut self) {
        let second = self.clock.now_ms() / 1_000;
        if self.leases.written.replace(second) == Some(second) {
            return;
        }
        let nodes: Vec<Arc<Node>> = self.store.list::<Node>().cloned().collect();
        for node in nodes {
            self.renew_of_kubelet(&node);
        }
        if self.behaviour.leaders_hold_leases {
            for program in component::PROGRAMS {
                self.renew_of_leader(program);
            }
        }
    }

    fn renew_of_kubelet(&mut self, node: &Node) {
        let node_key = ObjectKey::of(node);
        let name = &node_key.name;
        let key = ObjectKey::new(NODE_LEASES, name);
        let until = self.leases.last_words.get(&node_key).copied();
        let first = node.metadata.creation_timestamp.as_ref().map(|created| created.0);
        let at = self.last_tick(until, NODE_RENEWAL_MS, name).max(first.unwrap_or(Timestamp::MIN));
        let present = self.store.get::<Lease>(&key);
        if present.is_some() {
            if present.and_then(|lease| renewed(lease)).is_none_or(|before| before < at) {
                self.store.update::<Lease>(&key, |lease| {
                    lease.spec.get_or_insert_default().renew_time = Some(MicroTime(at));
                });
            }
            return;
        }
        let owner = OwnerReference {
            api_version: Node::KIND_OF.api_version().to_owned(),
            kind: Node::KIND_OF.name().to_owned(),
            name: name.to_string(),
            uid: node.metadata.uid.clone().unwrap_or_default(),
            ..OwnerReference::default()
        };
        let spec = LeaseSpec {
            holder_identity: Some(name.to_string()),
            lease_duration_seconds: Some(NODE_LEASE_SECONDS),
            renew_time: Some(MicroTime(at)),
            ..LeaseSpec::default()
        };
        self.write_lease(&key, first.unwrap_or(at), Some(vec![owner]), spec);
    }

    fn renew_of_leader(&mut self, program: &'static str) {
        let key = ObjectKey::new(SYSTEM, program);
        let leader = self.leases.leaders.get(program).copied().unwrap_or_default();
        let is_there = self.store.get::<Lease>(&key).is_some();
        // One that has been stopped from the start on is not there: somebody else may lead.
        let was_never_there = !is_there && leader.left.is_some_and(|left| left <= self.clock.at(0));
        if was_never_there || !self.has_program(program) {
            return;
        }
        let founded = self.store.find::<Namespace>("", SYSTEM);
        let founded = founded.and_then(|namespace| namespace.metadata.creation_timestamp.as_ref()).map(|time| time.0);
        let (elected, times) = leader.returned.unwrap_or((founded.unwrap_or(self.clock.at(0)), 0));
        let at = self.last_tick(leader.left, LEADER_RENEWAL_MS, program).max(elected);
        let holder = format!("{}_{}", self.host_of(program), self.names.stable_uid(&format!("{program} {times}")));
        if !is_there {
            let spec = LeaseSpec {
                acquire_time: Some(MicroTime(elected)),
                holder_identity: Some(holder),
                lease_duration_seconds: Some(LEADER_LEASE_SECONDS),
                lease_transitions: Some(times),
                renew_time: Some(MicroTime(at)),
                ..LeaseSpec::default()
            };
            self.write_lease(&key, founded.unwrap_or(elected), None, spec);
        } else {
            self.store.update::<Lease>(&key, |lease| {
                let spec = lease.spec.get_or_insert_default();
                if times > leader.shown {
                    spec.acquire_time = Some(MicroTime(elected));
                    spec.holder_identity = Some(holder);
                    spec.lease_transitions =
                        Some(spec.lease_transitions.unwrap_or(0).saturating_add(times - leader.shown));
                }
                let before = spec.renew_time.as_ref().map(|time| time.0);
                spec.renew_time = Some(MicroTime(before.map_or(at, |before| before.max(at))));
            });
        }
        if let Some(leader) = self.leases.leaders.get_mut(program) {
            leader.shown = times;
        }
    }

    /// The uid depends on the name alone: who looks draws nothing.
    fn write_lease(
        &mut self,
        key: &ObjectKey,
        created: Timestamp,
        owners: Option<Vec<OwnerReference>>,
        spec: LeaseSpec,
    ) {
        let created = Timestamp::from_second(created.as_second()).unwrap_or(created);
        let metadata = ObjectMeta {
            namespace: Some(key.namespace.to_string()),
            name: Some(key.name.to_string()),
            uid: Some(self.names.stable_uid(&format!("Lease/{key}"))),
            creation_timestamp: Some(Time(created)),
            owner_references: owners,
            ..ObjectMeta::default()
        };
        self.store.put(Arc::new(Lease { metadata, spec: Some(spec) }));
    }

    /// The last time that something was done which is done at this interval, up to a moment or to now: each at a phase of
    /// its own.
    fn last_tick(&self, until: Option<Timestamp>, period_ms: i64, of: &str) -> Timestamp {
        let until_ms = self.clock.signed_ms_of(until.unwrap_or(self.clock.now()));
        let phase_us = i64::try_from(stable_number(of) % (period_ms.unsigned_abs() * 1_000)).unwrap_or(0);
        let past_us = (until_ms * 1_000 - phase_us).rem_euclid(period_ms * 1_000);
        let moment = self.clock.at(0).checked_add(SignedDuration::from_micros(until_ms * 1_000 - past_us));
        moment.unwrap_or(Timestamp::MIN)
    }

    /// The host of a program of the control plane: the node of its pod, else the first node of the control plane.
    fn host_of(&self, program: &str) -> String {
        let is_its = |pod: &&Arc<Pod>| {
            let labels = pod.metadata.labels.as_ref();
            labels.is_some_and(|labels| {
                ["component", "k8s-app"].iter().any(|key| labels.get(*key).is_some_and(|value| value == program))
            })
        };
        let pods = self.store.list_in::<Pod>(SYSTEM).filter(is_its);
        let of_pod = pods.filter_map(|pod| pod.node_name.clone()).next();
        let is_control_plane = |node: &&Arc<Node>| {
            let labels = node.metadata.labels.as_ref();
            labels.is_some_and(|labels| CONTROL_PLANE.iter().any(|role| labels.contains_key(*role)))
        };
        let node = || self.store.list::<Node>().find(is_control_plane).and_then(|node| node.metadata.name.clone());
        of_pod.or_else(node).unwrap_or_else(|| "control-plane".to_owned())
    }
}

fn renewed(lease: &Lease) -> Option<Timestamp> {
    lease.spec.as_ref()?.renew_time.as_ref().map(|time| time.0)
}
