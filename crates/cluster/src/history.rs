//! What happened when: every visible change of pods and nodes, events and steps, kept only when it was asked for.

use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::core::v1::Event;

use crate::change::Change;
use crate::cluster::Cluster;
use crate::make::Refused;
use crate::object::Object;
use crate::pod::{self, Pod};
use crate::print;
use crate::result::NodeResult;
use crate::store::{Changed, ObjectKey};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// Virtual time in milliseconds since the start.
    pub at_ms: u64,
    /// What.
    pub what: Happened,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// A step of the timeline was carried out, or refused.
    Step {
        /// The step as a person would type it.
        step: String,
        /// What kubectl said.
        said: Vec<String>,
        /// Whether it was refused.
        refused: bool,
        /// Where it is written.
        source: String,
    },
    /// A drain asked a pod to go, and that was granted or refused. What is asked again every five seconds is told when its
    /// answer changes.
    Eviction {
        /// The node that is drained.
        node: String,
        /// The pod.
        key: ObjectKey,
        /// The workload it belongs to, e.g. `deployment/web`.
        owner: Option<String>,
        /// Why it was refused, in the server's words.
        refused: Option<String>,
    },
    /// A drain came to its end.
    DrainEnded {
        /// The node.
        node: String,
        /// What kubectl said.
        said: Vec<String>,
        /// Whether it got rid of every pod.
        succeeded: bool,
    },
    /// A pod came, changed or went.
    Pod {
        /// Which one.
        key: ObjectKey,
        /// The workload it belongs to, e.g. `deployment/web`.
        owner: Option<String>,
        /// How it was before; absent when it came.
        before: Option<PodState>,
        /// How it is now; absent when it went.
        after: Option<PodState>,
    },
    /// A node came, changed or went.
    Node {
        /// Which one.
        name: String,
        /// How it was before; absent when it came.
        before: Option<NodeState>,
        /// How it is now; absent when it went.
        after: Option<NodeState>,
    },
    /// An event was recorded for the first time.
    Event {
        /// `kind/name` of the object it is about.
        object: String,
        /// The workload that object belongs to, when it is a pod.
        owner: Option<String>,
        /// Normal or Warning.
        type_: String,
        /// The reason.
        reason: String,
        /// The message.
        message: String,
    },
}

/// What is seen of a pod.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PodState {
    /// What `kubectl get` shows as STATUS.
    pub status: String,
    /// The phase.
    pub phase: String,
    /// The Ready condition.
    pub ready: bool,
    /// The node it is bound to.
    pub node: Option<String>,
}

/// What is seen of a node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeState {
    /// What `kubectl get` shows as STATUS.
    pub status: String,
    /// Its taints as kubectl prints them.
    pub taints: Vec<String>,
}

impl Cluster {
    /// From now on, keeps what happens.
    pub fn record_history(&mut self) {
        self.history.get_or_insert_default();
    }

    /// What happened since it was asked to be kept, in order.
    pub fn history(&self) -> &[Happening] {
        self.history.as_deref().unwrap_or_default()
    }

    /// Keeps a change, when somebody could see it.
    pub(crate) fn note_change(&mut self, changed: &Changed) {
        if self.history.is_none() {
            return;
        }
        let what = match changed.after.as_ref().or(changed.before.as_ref()) {
            Some(Object::Pod(found)) => {
                let state = |object: &Option<Object>| match object {
                    Some(Object::Pod(pod)) => Some(self.pod_state(pod)),
                    _ => None,
                };
                let (before, after) = (state(&changed.before), state(&changed.after));
                (before != after).then(|| Happened::Pod {
                    key: changed.key.clone(),
                    owner: self.workload_of(found),
                    before,
                    after,
                })
            }
            Some(Object::Node(_)) => {
                let (before, after) = (node_state(&changed.before), node_state(&changed.after));
                let name = changed.key.name.to_string();
                (before != after).then_some(Happened::Node { name, before, after })
            }
            // The events of a dump happened before.
            Some(Object::Event(event)) if changed.before.is_none() => {
                let seen = event.first_timestamp.as_ref().map(|time| time.0);
                let seen = seen.or(event.event_time.as_ref().map(|time| time.0));
                seen.is_none_or(|seen| seen >= self.clock.time().0).then(|| self.event(event))
            }
            _ => None,
        };
        if let Some(what) = what {
            self.keep(what);
        }
    }

    /// Keeps what came of a step.
    pub(crate) fn note_step(&mut self, change: &Change, source: &str, made: &Result<Vec<String>, Refused>) {
        if self.history.is_none() {
            return;
        }
        let (said, refused) = match made {
            Ok(lines) => (lines.clone(), false),
            Err(refused) => (vec![refused.to_string()], true),
        };
        self.keep(Happened::Step { step: change.to_string(), said, refused, source: source.to_owned() });
    }

    /// Keeps what came of the eviction of a pod.
    pub(crate) fn keep_eviction(&mut self, node: &str, key: &ObjectKey, refused: Option<String>) {
        if self.history.is_some() {
            let owner = self.store.get::<Pod>(key).and_then(|pod| self.workload_of(pod));
            self.keep(Happened::Eviction { node: node.to_owned(), key: key.clone(), owner, refused });
        }
    }

    /// Keeps what came of a drain.
    pub(crate) fn keep_drain(&mut self, node: &str, said: &[String], succeeded: bool) {
        if self.history.is_some() {
            self.keep(Happened::DrainEnded { node: node.to_owned(), said: said.to_vec(), succeeded });
        }
    }

    fn keep(&mut self, what: Happened) {
        let at_ms = self.now_ms();
        if let Some(history) = &mut self.history {
            history.push(Happening { at_ms, what });
        }
    }

    fn pod_state(&self, pod: &Pod) -> PodState {
        PodState {
            status: print::pod_status(pod, &self.print_context()),
            phase: pod::phase(pod).to_owned(),
            ready: pod::is_ready(pod),
            node: pod::node_name(pod).map(str::to_owned),
        }
    }

    /// The pod's owner, or that of the ReplicaSet that owns it.
    fn workload_of(&self, pod: &Pod) -> Option<String> {
        let owner = pod::controller_of(&pod.metadata)?;
        let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
        let set = self.store.find::<ReplicaSet>(namespace, &owner.name).filter(|_| owner.kind == "ReplicaSet");
        let top = set.and_then(|set| pod::controller_of(&set.metadata)).unwrap_or(owner);
        Some(format!("{}/{}", top.kind.to_ascii_lowercase(), top.name))
    }

    fn event(&self, event: &Event) -> Happened {
        let about = &event.involved_object;
        let kind = about.kind.as_deref().unwrap_or_default();
        let name = about.name.as_deref().unwrap_or_default();
        let pod = self.store.find::<Pod>(about.namespace.as_deref().unwrap_or_default(), name);
        Happened::Event {
            object: format!("{}/{name}", kind.to_ascii_lowercase()),
            owner: pod.filter(|_| kind == "Pod").and_then(|pod| self.workload_of(pod)),
            type_: event.type_.clone().unwrap_or_default(),
            reason: event.reason.clone().unwrap_or_default(),
            message: event.message.clone().unwrap_or_default(),
        }
    }
}

fn node_state(object: &Option<Object>) -> Option<NodeState> {
    let Some(Object::Node(node)) = object else { return None };
    Some(NodeState { status: print::node_status(node), taints: NodeResult::of(node).taints })
}
