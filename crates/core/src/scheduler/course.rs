//! How a scheduler goes on from pod to pod: where it starts among the nodes, how many of them are enough, and which of
//! equals it takes (`findNodesThatPassFilters`, `numFeasibleNodesToFind` and `selectHost` in `schedule_one.go`, v1.34).

use super::framework::Cycle;
use super::profile::Profile;
use crate::behaviour::SamplingRules;

/// What one scheduler remembers between pods. The default looks at every node and takes the first of equals.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Course {
    samples: bool,
    next_start: usize,
    draws: Option<Draws>,
}

/// With fewer nodes than this all of them are looked at; with more, at least so many feasible ones are found.
const MIN_FEASIBLE_NODES_TO_FIND: usize = 100;
/// The least percentage that adapting comes down to.
const MIN_FEASIBLE_NODES_PERCENTAGE: usize = 5;

impl Course {
    /// `samples`: stop at a sample of feasible nodes, from a start that moves on with every pod, as kube-scheduler does in
    /// a cluster of a hundred nodes and more; here one node after the other, not sixteen at a time. `seed`: draw among
    /// the nodes with the greatest total instead of taking the first.
    pub fn new(samples: bool, seed: Option<u64>) -> Self {
        Course { samples, next_start: 0, draws: seed.map(Draws) }
    }

    /// Whether each pod is decided without regard to those before.
    pub(crate) fn is_plain(&self) -> bool {
        !self.samples && self.draws.is_none()
    }

    /// Where to start among so many nodes that PreFilter left, and how many feasible ones are enough.
    pub(crate) fn sample(&self, cycle: &Cycle<'_>, left: usize) -> (usize, usize) {
        if !self.samples || left == 0 {
            return (0, usize::MAX);
        }
        (self.next_start % left, enough(cycle.behaviour.sampling, cycle.profile, left))
    }

    /// Goes on by so many nodes that were looked at, of so many that PreFilter left.
    pub(crate) fn advance(&mut self, cycle: &Cycle<'_>, looked_at: usize, left: usize) {
        let rules = cycle.behaviour.sampling;
        let nodes = cycle.snapshot.node_count();
        let modulus = if rules.start_among_left { left } else { nodes };
        if !self.samples || modulus == 0 {
            return;
        }
        let left_out = if rules.counts_left_out { nodes.saturating_sub(left) } else { 0 };
        self.next_start = (self.next_start + looked_at + left_out) % modulus;
    }

    /// Which of so many equals to take.
    pub(crate) fn pick(&mut self, equals: usize) -> usize {
        match &mut self.draws {
            Some(draws) if equals > 1 => draws.below(equals),
            _ => 0,
        }
    }
}

fn enough(rules: SamplingRules, profile: &Profile, nodes: usize) -> usize {
    if rules.one_is_enough_without_scores && profile.scores.is_empty() {
        return 1;
    }
    if nodes < MIN_FEASIBLE_NODES_TO_FIND {
        return nodes;
    }
    let percentage = match usize::try_from(profile.percentage_of_nodes_to_score) {
        Ok(0) | Err(_) => 50_usize.saturating_sub(nodes / 125).max(MIN_FEASIBLE_NODES_PERCENTAGE),
        Ok(percentage) => percentage,
    };
    (nodes.saturating_mul(percentage) / 100).max(MIN_FEASIBLE_NODES_TO_FIND)
}

/// Numbers drawn from a seed (SplitMix64): the same seed draws the same numbers for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Draws(u64);

impl Draws {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        // The high half of the product is as even as the bits are.
        ((u128::from(bits) * limit as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::{Course, enough};
    use crate::behaviour::Behaviour;
    use crate::scheduler::profile::Profile;
    use crate::scheduler::schedule::{Decision, Scheduler};
    use crate::scheduler::testing::{read_pod, snapshot};
    use crate::version::Version;

    #[track_caller]
    fn check_enough(percentage: i64, nodes: usize, expected: usize) {
        let behaviour = Behaviour::of(Version::NEWEST);
        let standard = Profile::standard(&behaviour);
        let profile = Profile { percentage_of_nodes_to_score: percentage, ..standard };
        assert_eq!(enough(behaviour.sampling, &profile, nodes), expected);
    }

    #[test]
    fn without_scores_one_is_enough_from_1_30_on() {
        for (version, expected) in [("1.29", 420), ("1.30", 1)] {
            let behaviour = Behaviour::of(version.parse().expect("a version"));
            let profile = Profile { scores: Vec::new(), ..Profile::standard(&behaviour) };
            assert_eq!(enough(behaviour.sampling, &profile, 1000), expected);
        }
    }

    #[test]
    fn how_many_are_enough() {
        check_enough(0, 99, 99);
        check_enough(0, 150, 100);
        check_enough(0, 1000, 420);
        check_enough(0, 5000, 500);
        check_enough(0, 6000, 300);
        check_enough(40, 5000, 2000);
        check_enough(100, 5000, 5000);
    }

    #[track_caller]
    fn check_places(version: &str, mut course: Course, nodes: usize, expected: &str) {
        let cluster: Vec<String> = (0..nodes).map(|number| format!("node n{number}")).collect();
        let version: Version = version.parse().expect("a version");
        let snapshot = snapshot(version, &cluster.join("\n"));
        let scheduler = Scheduler::new(version);
        let places = (0..4).map(|_| match scheduler.schedule_along(&snapshot, &read_pod("pod p"), &mut course) {
            Decision::Placed(placement) => placement.node,
            other => panic!("{other:?}"),
        });
        assert_eq!(places.collect::<Vec<_>>().join(" "), expected);
    }

    #[test]
    fn the_start_moves_on_and_wraps() {
        check_places("1.34", Course::new(true, None), 250, "n0 n120 n240 n110");
        check_places("1.34", Course::new(false, None), 250, "n0 n0 n0 n0");
        // The node too many is not looked at again.
        check_places("1.16", Course::new(true, None), 250, "n0 n121 n242 n113");
    }

    #[test]
    fn a_seed_draws_among_equals() {
        check_places("1.34", Course::new(false, Some(1)), 10, "n5 n7 n9 n4");
        check_places("1.34", Course::new(false, Some(1)), 10, "n5 n7 n9 n4");
    }
}
