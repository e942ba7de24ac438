//! Which pods each PodDisruptionBudget speaks of: looked up for every pod that changes, so kept up instead of searched.

use imbl::{OrdMap, OrdSet};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use sim_core::model::LabelSelector;

use crate::convert;
use crate::object::Object;
use crate::pod::Pod;
use crate::store::{Changed, ObjectKey, Store};

/// The budgets with their selectors and their pods.
#[derive(Debug, Clone, Default)]
pub(crate) struct Budgets {
    selectors: OrdMap<ObjectKey, LabelSelector>,
    pods: OrdMap<ObjectKey, OrdSet<ObjectKey>>,
    of_pod: OrdMap<ObjectKey, OrdSet<ObjectKey>>,
    /// The budgets of the pod that was noted last, before and after: who watches hears of what was left, too.
    last: (Option<ObjectKey>, Vec<ObjectKey>),
}

impl Budgets {
    /// Notes a pod or a budget that changed; `empty_matches` says whether an empty selector means every pod.
    pub(crate) fn note(&mut self, changed: &Changed, store: &Store, empty_matches: bool) {
        let kind = changed.before.as_ref().or(changed.after.as_ref());
        match kind {
            Some(Object::PodDisruptionBudget(_)) => self.note_budget(changed, store, empty_matches),
            Some(Object::Pod(_)) => self.note_pod(changed),
            _ => {}
        }
    }

    /// The budgets of a pod that has just been noted, those it has left included, by name.
    pub(crate) fn noted_with(&self, pod: &ObjectKey) -> Vec<ObjectKey> {
        match &self.last {
            (Some(last), budgets) if last == pod => budgets.clone(),
            _ => Vec::new(),
        }
    }

    /// The budgets that speak of a pod, by name.
    pub(crate) fn of(&self, pod: &ObjectKey) -> impl Iterator<Item = &ObjectKey> {
        self.of_pod.get(pod).into_iter().flatten()
    }

    /// The pods of a budget, by name.
    pub(crate) fn pods(&self, budget: &ObjectKey) -> impl Iterator<Item = &ObjectKey> {
        self.pods.get(budget).into_iter().flatten()
    }

    /// The budgets of a namespace, by name.
    pub(crate) fn in_namespace(&self, namespace: &str) -> Vec<ObjectKey> {
        let first = ObjectKey::new(namespace, "");
        let from = self.selectors.range(first..).map(|(key, _)| key);
        from.take_while(|key| &*key.namespace == namespace).cloned().collect()
    }

    fn note_pod(&mut self, changed: &Changed) {
        if self.selectors.is_empty() {
            return;
        }
        let before: Vec<ObjectKey> = self.of(&changed.key).cloned().collect();
        let labels = |object: &Option<Object>| match object {
            Some(Object::Pod(pod)) => Some(pod.metadata.labels.clone().unwrap_or_default()),
            _ => None,
        };
        let (old, new) = (labels(&changed.before), labels(&changed.after));
        if old != new {
            for budget in &before {
                self.unlink(budget, &changed.key);
            }
            for budget in self.in_namespace(&changed.key.namespace) {
                let matches = self.selectors.get(&budget).zip(new.as_ref()).is_some_and(|(all, own)| all.matches(own));
                if matches {
                    self.link(&budget, &changed.key);
                }
            }
        }
        let mut budgets: Vec<ObjectKey> = before.into_iter().chain(self.of(&changed.key).cloned()).collect();
        budgets.sort();
        budgets.dedup();
        self.last = (Some(changed.key.clone()), budgets);
    }

    fn note_budget(&mut self, changed: &Changed, store: &Store, empty_matches: bool) {
        let selector = |object: &Option<Object>| match object {
            Some(Object::PodDisruptionBudget(budget)) => selector_of(budget, empty_matches),
            _ => None,
        };
        let new = selector(&changed.after);
        if changed.before.is_some() && selector(&changed.before) == new {
            return;
        }
        let known: Vec<ObjectKey> = self.pods(&changed.key).cloned().collect();
        for pod in &known {
            self.unlink(&changed.key, pod);
        }
        self.selectors.remove(&changed.key);
        let Some(new) = new else { return };
        let nothing = Default::default();
        let pods = store.list_in::<Pod>(&changed.key.namespace);
        for pod in pods.filter(|pod| new.matches(pod.metadata.labels.as_ref().unwrap_or(&nothing))) {
            self.link(&changed.key, &ObjectKey::of(pod.as_ref()));
        }
        self.selectors.insert(changed.key.clone(), new);
    }

    fn link(&mut self, budget: &ObjectKey, pod: &ObjectKey) {
        self.pods.entry(budget.clone()).or_default().insert(pod.clone());
        self.of_pod.entry(pod.clone()).or_default().insert(budget.clone());
    }

    fn unlink(&mut self, budget: &ObjectKey, pod: &ObjectKey) {
        remove(&mut self.pods, budget, pod);
        remove(&mut self.of_pod, pod, budget);
    }
}

fn remove(index: &mut OrdMap<ObjectKey, OrdSet<ObjectKey>>, of: &ObjectKey, what: &ObjectKey) {
    if let Some(keys) = index.get_mut(of) {
        keys.remove(what);
        if keys.is_empty() {
            index.remove(of);
        }
    }
}

/// What a budget selects; without a selector it selects nothing.
fn selector_of(budget: &PodDisruptionBudget, empty_matches: bool) -> Option<LabelSelector> {
    let selector = convert::label_selector(budget.spec.as_ref()?.selector.as_ref()?);
    (empty_matches || !selector.is_empty()).then_some(selector)
}
