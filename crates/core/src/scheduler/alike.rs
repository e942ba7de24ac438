//! Numbers for pods that no selector and no affinity term can tell apart, so that a thousand replicas are matched once.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::node_info::has_affinity;
use crate::model::Pod;

/// The number of a pod's like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Alike(u32);

impl Alike {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// The numbers given so far. Looked up only, never gone through: its order is nobody's.
#[derive(Debug, Clone, Default)]
pub(crate) struct AlikePods {
    numbers: Arc<FxHashMap<Looks, Alike>>,
    /// The pod last asked about: replicas come in a row.
    last: Option<(Looks, Alike)>,
}

impl AlikePods {
    /// The number of the pod's like.
    pub(crate) fn number_of(&mut self, pod: &Arc<Pod>) -> Alike {
        if let Some((last, number)) = &self.last
            && look_alike(&last.0, pod)
        {
            return *number;
        }
        let looks = Looks(Arc::clone(pod));
        let number = match self.numbers.get(&looks) {
            Some(number) => *number,
            None => {
                let number = Alike(u32::try_from(self.numbers.len()).unwrap_or(u32::MAX));
                Arc::make_mut(&mut self.numbers).insert(looks.clone(), number);
                number
            }
        };
        self.last = Some((looks, number));
        number
    }

    /// How many numbers there are.
    pub(crate) fn len(&self) -> usize {
        self.numbers.len()
    }
}

/// A pod as selectors and affinity terms see it.
#[derive(Debug, Clone)]
struct Looks(Arc<Pod>);

impl PartialEq for Looks {
    fn eq(&self, other: &Self) -> bool {
        look_alike(&self.0, &other.0)
    }
}

impl Eq for Looks {}

fn look_alike(a: &Pod, b: &Pod) -> bool {
    let same_terms = || {
        a.spec.required_pod_affinity == b.spec.required_pod_affinity
            && a.spec.preferred_pod_affinity == b.spec.preferred_pod_affinity
            && a.spec.required_pod_anti_affinity == b.spec.required_pod_anti_affinity
            && a.spec.preferred_pod_anti_affinity == b.spec.preferred_pod_anti_affinity
    };
    a.terminating == b.terminating
        && a.namespace == b.namespace
        && a.labels == b.labels
        && (Arc::ptr_eq(&a.spec, &b.spec) || same_terms())
}

impl Hash for Looks {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let pod = &*self.0;
        (pod.terminating, &pod.namespace, &pod.labels, has_affinity(pod)).hash(state);
    }
}
