//! Which failures of pods count, and which end the job at once (pkg/controller/job/pod_failure_policy.go, 1.26).

use k8s_openapi::api::batch::v1::{PodFailurePolicy, PodFailurePolicyRule};

use super::Turn;
use crate::pod::Pod;

/// The message of the first rule that ends the job because of this pod.
pub(super) fn fails_job(policy: &PodFailurePolicy, pod: &Pod) -> Option<String> {
    let (index, rule, what) = first_match(policy, pod)?;
    (rule.action == "FailJob").then(|| {
        let key = crate::store::ObjectKey::of(pod);
        match what {
            Match::Exit { container, code } => format!(
                "Container {container} for pod {key} failed with exit code {code} matching FailJob rule at index {index}"
            ),
            Match::Condition(condition) => {
                format!("Pod {key} has condition {condition} matching FailJob rule at index {index}")
            }
        }
    })
}

/// Whether a rule ends the pod's index (`FailIndex`).
pub(super) fn fails_index(policy: &PodFailurePolicy, pod: &Pod) -> bool {
    first_match(policy, pod).is_some_and(|(_, rule, _)| rule.action == "FailIndex")
}

impl Turn<'_> {
    /// Whether a rule says that this failure does not count.
    pub(super) fn is_ignored(&self, pod: &Pod) -> bool {
        let policy = self.spec.pod_failure_policy.as_ref().filter(|_| self.cluster.behaviour.pod_failure_policy);
        policy.and_then(|policy| first_match(policy, pod)).is_some_and(|(_, rule, _)| rule.action == "Ignore")
    }
}

/// By what a rule matches a pod.
enum Match<'a> {
    Exit { container: &'a str, code: i32 },
    Condition(&'a str),
}

fn first_match<'a>(policy: &'a PodFailurePolicy, pod: &'a Pod) -> Option<(usize, &'a PodFailurePolicyRule, Match<'a>)> {
    let mut rules = policy.rules.iter().enumerate();
    rules.find_map(|(index, rule)| Some((index, rule, exit_match(rule, pod).or_else(|| condition_match(rule, pod))?)))
}

fn exit_match<'a>(rule: &'a PodFailurePolicyRule, pod: &'a Pod) -> Option<Match<'a>> {
    let wanted = rule.on_exit_codes.as_ref()?;
    let statuses = pod.status.iter().flat_map(|status| {
        status.container_statuses.iter().flatten().chain(status.init_container_statuses.iter().flatten())
    });
    let mut statuses = statuses.filter(|status| wanted.container_name.as_ref().is_none_or(|name| *name == status.name));
    statuses.find_map(|status| {
        let code = status.state.as_ref()?.terminated.as_ref()?.exit_code;
        let is_listed = wanted.values.contains(&code);
        let matches = code != 0 && if wanted.operator == "NotIn" { !is_listed } else { is_listed };
        matches.then_some(Match::Exit { container: &status.name, code })
    })
}

fn condition_match<'a>(rule: &'a PodFailurePolicyRule, pod: &'a Pod) -> Option<Match<'a>> {
    let conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
    let mut types = conditions.filter(|condition| {
        rule.on_pod_conditions.iter().flatten().any(|wanted| {
            wanted.type_ == condition.type_ && wanted.status.as_deref().unwrap_or("True") == condition.status
        })
    });
    types.next().map(|condition| Match::Condition(&condition.type_))
}
