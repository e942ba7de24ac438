//! Which active pod is next (`plugins/queuesort/priority_sort.go`, v1.34).

use std::cmp::Reverse;

use super::PluginName;
use crate::model::Pod;
use crate::scheduler::framework::Plugin;

/// The plugin.
#[derive(Debug)]
pub struct PrioritySort;

impl Plugin for PrioritySort {
    fn name(&self) -> PluginName {
        PluginName::PrioritySort
    }
}

/// The least comes first: greater priority, then the earlier entry into the queue (`Less`).
pub(crate) type Order = (Reverse<i32>, u64);

/// The place of a pod among the active ones. `since` says when it last entered the queue or failed, as a number that
/// tells moments of the same time apart.
pub(crate) fn order(pod: &Pod, since: u64) -> Order {
    (Reverse(pod.spec.priority), since)
}

#[cfg(test)]
mod tests {
    use crate::scheduler::plugins::priority_sort::order;
    use crate::scheduler::testing::read_pod;

    #[test]
    fn priority_goes_before_age() {
        let (important, plain) = (read_pod("pod a priority=5"), read_pod("pod b"));
        assert!(order(&important, 9) < order(&plain, 1));
        assert!(order(&plain, 1) < order(&plain, 2));
    }
}
