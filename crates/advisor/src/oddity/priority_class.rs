//! PriorityClasses that the API server would not take, or of which two are the default.

use k8s_openapi::api::scheduling::v1::PriorityClass;
use sim_cluster::Cluster;

use super::{Oddity, OddityKind, Rule, object_ref};
use crate::words;

/// `HighestUserDefinablePriority`.
const HIGHEST: i32 = 1_000_000_000;
/// The two classes that the API server makes itself.
const OF_THE_SYSTEM: [&str; 2] = ["system-cluster-critical", "system-node-critical"];
const SOURCE: &str = "https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/#priorityclass";

const ABOVE: Rule = Rule {
    kind: OddityKind::PriorityAboveSystem,
    matters: "values above 1000000000 are the system's: pods of the class evict anybody up to system pods, and the API server refuses to make the class again",
    source: SOURCE,
};

const RESERVED: Rule = Rule {
    kind: OddityKind::PriorityNameReserved,
    matters: "names that begin with system- are reserved: the API server refuses to make the class again, so a restored cluster lacks it and refuses its pods",
    source: SOURCE,
};

const DEFAULTS: Rule = Rule {
    kind: OddityKind::PriorityDefaults,
    matters: "only one class can be the default: pods without a class are given the one with the smallest value, whichever was meant",
    source: SOURCE,
};

pub(super) fn find(cluster: &Cluster) -> Vec<Oddity> {
    let mut found = Vec::new();
    let mut defaults = Vec::new();
    for class in cluster.store().list::<PriorityClass>() {
        let name = class.metadata.name.as_deref().unwrap_or_default();
        if class.global_default == Some(true) {
            defaults.push(class);
        }
        if OF_THE_SYSTEM.contains(&name) {
            continue;
        }
        if name.starts_with("system-") {
            let sentence = format!("the PriorityClass {name} has a name that is reserved for the system");
            found.push(RESERVED.found(sentence, vec![object_ref(class.as_ref())]));
        }
        if let Some(value) = class.value.filter(|value| *value > HIGHEST) {
            let sentence =
                format!("the PriorityClass {name} has the value {value}, above what users may define ({HIGHEST})");
            found.push(ABOVE.found(sentence, vec![object_ref(class.as_ref())]));
        }
    }
    if defaults.len() > 1 {
        let names: Vec<&str> = defaults.iter().filter_map(|class| class.metadata.name.as_deref()).collect();
        let sentence = format!("{} PriorityClasses are each the default: {}", names.len(), words::list(&names));
        found.push(DEFAULTS.found(sentence, defaults.iter().map(|class| object_ref(class.as_ref())).collect()));
    }
    found
}
