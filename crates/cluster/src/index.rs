//! What is looked up by more than its name: who belongs to whom, who is where, and who belongs to nobody.

mod looks;

use imbl::{OrdMap, OrdSet};
use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use self::looks::Looks;
use crate::behaviour::Behaviour;
use crate::controllers::disruption::budgets::Budgets;
use crate::object::{KnownKind, Object};
use crate::pod::{self, Pod};
use crate::store::{Changed, ObjectKey, Store};

/// The indices of a cluster, kept up with every change of its store.
#[derive(Debug, Clone, Default)]
pub(crate) struct Indices {
    pub(crate) pods: Owned,
    pub(crate) looks: Looks,
    pub(crate) replica_sets: Owned,
    pub(crate) jobs: Owned,
    pub(crate) budgets: Budgets,
    pub(crate) pods_by_node: PodsByNode,
}

/// Pods by the node they are bound to. Clones share what they have in common.
#[derive(Debug, Clone, Default)]
pub struct PodsByNode(OrdMap<String, OrdSet<ObjectKey>>);

impl PodsByNode {
    /// The keys of the pods bound to a node, by namespace and name.
    pub fn on(&self, node: &str) -> impl Iterator<Item = &ObjectKey> {
        self.0.get(node).into_iter().flatten()
    }
}

/// Objects of one kind by the owner that manages them; those that nobody manages, by namespace.
#[derive(Debug, Clone, Default)]
pub(crate) struct Owned {
    by_owner: OrdMap<String, OrdSet<ObjectKey>>,
    orphans: OrdMap<String, OrdSet<ObjectKey>>,
}

impl Indices {
    /// Notes where an object is now.
    pub(crate) fn note(&mut self, changed: &Changed, store: &Store, behaviour: &Behaviour) {
        self.budgets.note(changed, store, behaviour.empty_budget_selector_matches_all);
        let node = |object: &Option<Object>| match object {
            Some(Object::Pod(pod)) => pod::node_name(pod).map(str::to_owned),
            _ => None,
        };
        if changed.kind == Pod::KIND_OF {
            self.pods.note(changed);
            self.looks.note(changed);
            move_key(&mut self.pods_by_node.0, node(&changed.before), node(&changed.after), &changed.key);
        } else if changed.kind == ReplicaSet::KIND_OF {
            self.replica_sets.note(changed);
        } else if changed.kind == Job::KIND_OF {
            self.jobs.note(changed);
        }
    }

    /// The keys of the pods bound to a node.
    pub(crate) fn pods_on(&self, node: &str) -> impl Iterator<Item = &ObjectKey> {
        self.pods_by_node.on(node)
    }
}

impl Owned {
    /// The keys of what an owner manages.
    pub(crate) fn of(&self, owner: &ObjectMeta) -> impl Iterator<Item = &ObjectKey> {
        owner.uid.as_ref().and_then(|uid| self.by_owner.get(uid)).into_iter().flatten()
    }

    /// The same, of the owner with this uid.
    pub(crate) fn of_uid(&self, uid: &str) -> impl Iterator<Item = &ObjectKey> {
        self.by_owner.get(uid).into_iter().flatten()
    }

    /// The keys of what nobody manages in a namespace.
    pub(crate) fn orphans(&self, namespace: &str) -> impl Iterator<Item = &ObjectKey> {
        self.orphans.get(namespace).into_iter().flatten()
    }

    fn note(&mut self, changed: &Changed) {
        let owner = |object: &Option<Object>| {
            Some(pod::controller_of(object.as_ref()?.metadata()).map(|owner| owner.uid.clone()))
        };
        let (before, after) = (owner(&changed.before), owner(&changed.after));
        let orphaned = |owner: &Option<Option<String>>| {
            owner.as_ref().is_some_and(Option::is_none).then(|| changed.key.namespace.to_string())
        };
        move_key(&mut self.orphans, orphaned(&before), orphaned(&after), &changed.key);
        move_key(&mut self.by_owner, before.flatten(), after.flatten(), &changed.key);
    }
}

fn move_key(index: &mut OrdMap<String, OrdSet<ObjectKey>>, from: Option<String>, to: Option<String>, key: &ObjectKey) {
    if from == to {
        return;
    }
    if let Some(from) = from
        && let Some(keys) = index.get_mut(&from)
    {
        keys.remove(key);
        if keys.is_empty() {
            index.remove(&from);
        }
    }
    if let Some(to) = to {
        index.entry(to).or_default().insert(key.clone());
    }
}
