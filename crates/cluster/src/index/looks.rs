//! The pods of each owner by all that the owner counts them by: a ReplicaSet counts a thousand pods at a glance.

use std::collections::BTreeMap;

use imbl::OrdMap;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::object::Object;
use crate::pod::{self, Pod};
use crate::store::Changed;

/// What an owner sees of a pod when it counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Look {
    /// `controller.IsPodActive`.
    pub(crate) is_active: bool,
    /// To be deleted, and not ended yet.
    pub(crate) is_terminating: bool,
    /// The Ready condition.
    pub(crate) is_ready: bool,
    /// The labels.
    pub(crate) labels: BTreeMap<String, String>,
}

/// How many pods of each look an owner has.
#[derive(Debug, Clone, Default)]
pub(crate) struct Looks {
    by_owner: OrdMap<String, OrdMap<Look, usize>>,
}

impl Looks {
    /// The looks of what an owner manages, and how many pods have each.
    pub(crate) fn of(&self, owner: &ObjectMeta) -> impl Iterator<Item = (&Look, usize)> {
        let looks = owner.uid.as_ref().and_then(|uid| self.by_owner.get(uid));
        looks.into_iter().flat_map(|looks| looks.iter().map(|(look, count)| (look, *count)))
    }

    /// Notes how a pod looks now.
    pub(super) fn note(&mut self, changed: &Changed) {
        let (before, after) = (Glance::at(changed.before.as_ref()), Glance::at(changed.after.as_ref()));
        if before == after {
            return;
        }
        if let Some(before) = before {
            self.count(&before, |count| count.saturating_sub(1));
        }
        if let Some(after) = after {
            self.count(&after, |count| count + 1);
        }
    }

    fn count(&mut self, glance: &Glance<'_>, change: impl FnOnce(usize) -> usize) {
        let looks = self.by_owner.entry(glance.owner.to_owned()).or_default();
        let look = glance.look();
        let count = change(looks.get(&look).copied().unwrap_or(0));
        if count > 0 {
            looks.insert(look, count);
        } else {
            looks.remove(&look);
        }
        if looks.is_empty() {
            self.by_owner.remove(glance.owner);
        }
    }
}

/// A pod's owner and look, not yet copied.
#[derive(PartialEq)]
struct Glance<'a> {
    owner: &'a str,
    is_active: bool,
    is_terminating: bool,
    is_ready: bool,
    labels: Option<&'a BTreeMap<String, String>>,
}

impl<'a> Glance<'a> {
    fn at(object: Option<&'a Object>) -> Option<Self> {
        let Some(Object::Pod(pod)) = object else { return None };
        let pod: &Pod = pod;
        Some(Self {
            owner: &pod::controller_of(&pod.metadata)?.uid,
            is_active: pod::is_active(pod),
            is_terminating: pod::is_terminating(pod) && !pod::is_terminal(pod),
            is_ready: pod::is_ready(pod),
            labels: pod.metadata.labels.as_ref(),
        })
    }

    fn look(&self) -> Look {
        Look {
            is_active: self.is_active,
            is_terminating: self.is_terminating,
            is_ready: self.is_ready,
            labels: self.labels.cloned().unwrap_or_default(),
        }
    }
}
