//! Expectations: what must hold of selected pods or nodes at a moment of the run.

use crate::pod::Pod;
use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::Node;
use serde::{Deserialize, Serialize};

use crate::cluster::Cluster;
use crate::ownership::Ownership;
use crate::result::{NodeResult, PodResult, format_millis};

/// One expectation of a Scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// What a report calls it.
    pub name: String,
    /// When it is checked, in milliseconds of virtual time; at the end of the run when absent.
    pub at_ms: Option<u64>,
    /// Which objects.
    pub selector: Selector,
    /// What must hold of them.
    pub expect: Expect,
    /// Where it was written, e.g. `file.yaml:12`.
    pub source: String,
}

/// Which pods or nodes an expectation speaks of. Absent parts select everything.
#[derive(Debug, Clone, PartialEq)]
pub enum Selector {
    /// Pods.
    Pods {
        /// Namespace of the pods.
        namespace: Option<String>,
        /// Name, with `*` for any run of characters.
        name: Option<String>,
        /// `kind/name` of the workload they belong to, e.g. `deployment/coredns`.
        owner: Option<String>,
        /// Labels they carry.
        labels: BTreeMap<String, String>,
    },
    /// Nodes.
    Nodes {
        /// Name, with `*` for any run of characters.
        name: Option<String>,
        /// Labels they carry.
        labels: BTreeMap<String, String>,
    },
}

/// What must hold of every selected object, and how many there must be. Absent parts are not checked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Expect {
    /// Exactly this many objects are selected; without it at least one must be.
    pub count: Option<usize>,
    /// Pods: the phase.
    pub phase: Option<String>,
    /// Pods and nodes: the Ready condition.
    pub ready: Option<bool>,
    /// Pods: the node they are on, with `*`; empty for none.
    pub node: Option<String>,
    /// Pods: a part of the PodScheduled condition's reason or the status reason.
    pub reason: Option<String>,
    /// Pods: a part of the message that says why the pod waits.
    pub message: Option<String>,
    /// Nodes: may pods be scheduled (`spec.unschedulable` is not set)?
    pub schedulable: Option<bool>,
    /// Nodes: exactly these taints, as kubectl prints them, in any order.
    pub taints: Option<Vec<String>>,
}

/// How an expectation came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExpectationOutcome {
    /// What a report calls it.
    pub name: String,
    /// When it was checked, e.g. `25m`.
    pub at: String,
    /// Whether it held.
    pub holds: bool,
    /// What was found instead, when it did not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
}

impl Expectation {
    /// Checks the expectation against the cluster as it is now.
    pub fn check(&self, cluster: &Cluster) -> ExpectationOutcome {
        let faults = match &self.selector {
            Selector::Pods { .. } => self.check_pods(cluster),
            Selector::Nodes { .. } => self.check_nodes(cluster),
        };
        ExpectationOutcome {
            name: self.name.clone(),
            at: format_millis(cluster.now_ms()),
            holds: faults.is_empty(),
            found: (!faults.is_empty()).then(|| faults.join("; ")),
        }
    }

    fn check_pods(&self, cluster: &Cluster) -> Vec<String> {
        let Selector::Pods { namespace, name, owner, labels } = &self.selector else { return Vec::new() };
        let ownership = Ownership::of(cluster.store());
        let selected = cluster.store().list::<Pod>().filter(|pod| {
            let metadata = &pod.metadata;
            namespace.as_ref().is_none_or(|wanted| metadata.namespace.as_ref() == Some(wanted))
                && name.as_ref().is_none_or(|pattern| glob(pattern, metadata.name.as_deref().unwrap_or_default()))
                && owner.as_ref().is_none_or(|wanted| {
                    ownership.top(&pod.metadata).is_some_and(|owner| owner.to_string().eq_ignore_ascii_case(wanted))
                })
                && carries(metadata.labels.as_ref(), labels)
        });
        let selected: Vec<_> = selected.collect();
        let mut faults = self.check_count(selected.len(), "pods");
        for pod in selected {
            let view = PodResult::of(&ownership, pod);
            let mut wrong = Vec::new();
            let expect = &self.expect;
            differs(&mut wrong, "phase", expect.phase.as_deref(), &view.phase, |wanted, found| wanted == found);
            differs(&mut wrong, "node", expect.node.as_deref(), view.node.as_deref().unwrap_or_default(), glob);
            differs(
                &mut wrong,
                "reason",
                expect.reason.as_deref(),
                view.reason.as_deref().unwrap_or_default(),
                contained,
            );
            differs(
                &mut wrong,
                "message",
                expect.message.as_deref(),
                view.message.as_deref().unwrap_or_default(),
                contained,
            );
            if expect.ready.is_some_and(|wanted| wanted != view.ready) {
                wrong.push(format!("ready is {}", view.ready));
            }
            if !wrong.is_empty() {
                faults.push(format!("pod {}/{}: {}", view.namespace, view.name, wrong.join(", ")));
            }
        }
        faults
    }

    fn check_nodes(&self, cluster: &Cluster) -> Vec<String> {
        let Selector::Nodes { name, labels } = &self.selector else { return Vec::new() };
        let selected: Vec<_> = cluster
            .store()
            .list::<Node>()
            .filter(|node| {
                name.as_ref().is_none_or(|pattern| glob(pattern, node.metadata.name.as_deref().unwrap_or_default()))
                    && carries(node.metadata.labels.as_ref(), labels)
            })
            .collect();
        let mut faults = self.check_count(selected.len(), "nodes");
        for node in selected {
            let view = NodeResult::of(node);
            let mut wrong = Vec::new();
            if self.expect.ready.is_some_and(|wanted| wanted != view.ready) {
                wrong.push(format!("ready is {}", view.ready));
            }
            if self.expect.schedulable.is_some_and(|wanted| wanted != view.schedulable) {
                wrong.push(format!("schedulable is {}", view.schedulable));
            }
            if let Some(wanted) = &self.expect.taints {
                let sorted = |taints: &[String]| taints.iter().cloned().collect::<BTreeSet<_>>();
                if sorted(wanted) != sorted(&view.taints) {
                    wrong.push(format!("taints are [{}]", view.taints.join(", ")));
                }
            }
            if !wrong.is_empty() {
                faults.push(format!("node {}: {}", view.name, wrong.join(", ")));
            }
        }
        faults
    }

    fn check_count(&self, found: usize, what: &str) -> Vec<String> {
        match self.expect.count {
            Some(wanted) if wanted != found => vec![format!("{found} {what} are selected, expected {wanted}")],
            None if found == 0 => vec![format!("no {what} are selected")],
            _ => Vec::new(),
        }
    }
}

fn differs(
    wrong: &mut Vec<String>,
    field: &str,
    wanted: Option<&str>,
    found: &str,
    holds: impl Fn(&str, &str) -> bool,
) {
    if wanted.is_some_and(|wanted| !holds(wanted, found)) {
        wrong.push(format!("{field} is {found:?}"));
    }
}

fn contained(part: &str, whole: &str) -> bool {
    whole.contains(part)
}

pub(crate) fn carries(labels: Option<&BTreeMap<String, String>>, wanted: &BTreeMap<String, String>) -> bool {
    wanted.iter().all(|(key, value)| labels.is_some_and(|labels| labels.get(key) == Some(value)))
}

/// Whether `*` in the pattern can stand for what is left of the text.
pub(crate) fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn a_star_stands_for_any_run_of_characters() {
        for (pattern, text, matches) in [
            ("coredns-*", "coredns-7ff7988d-rd2l5", true),
            ("coredns-*", "dns", false),
            ("*", "", true),
            ("", "", true),
            ("", "n1", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b", "ab", true),
            ("ab*b", "ab", false),
        ] {
            assert_eq!(glob(pattern, text), matches, "{pattern} {text}");
        }
    }
}
