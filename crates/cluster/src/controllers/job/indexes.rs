//! The indexes of an Indexed job: which have succeeded, which have failed, which come next
//! (pkg/controller/job/indexed_job_utils.go).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k8s_openapi::api::batch::v1::{JobSpec, JobStatus};

use super::failure_policy;
use crate::controllers::deployment::MAX_REPLICAS;
use crate::pod::{self, Pod};

/// The annotation, and from 1.28 the label, with a pod's index.
pub(super) const INDEX: &str = "batch.kubernetes.io/job-completion-index";
/// The annotation with the failures of a pod's index before it (1.29).
pub(super) const FAILURES: &str = "batch.kubernetes.io/job-index-failure-count";

/// The state of a job's indexes.
#[derive(Debug, Clone)]
pub(super) struct Indexes {
    /// How many there are.
    completions: i32,
    pub(super) succeeded: BTreeSet<i32>,
    pub(super) failed: BTreeSet<i32>,
    /// How often each may fail (`backoffLimitPerIndex`).
    pub(super) limit: Option<i32>,
    /// The failures of each so far, and the pod that failed last.
    failures: BTreeMap<i32, (u32, Arc<Pod>)>,
}

impl Indexes {
    pub(super) fn of(spec: &JobSpec, status: &JobStatus, pods: &[Arc<Pod>]) -> Self {
        let completions = spec.completions.unwrap_or(0).clamp(0, MAX_REPLICAS);
        let known = |text: &Option<String>| {
            let all = text.as_deref().map(parse).unwrap_or_default();
            all.into_iter().filter(|index| *index < completions).collect::<BTreeSet<i32>>()
        };
        let mut indexes = Self {
            completions,
            succeeded: known(&status.completed_indexes),
            failed: known(&status.failed_indexes),
            limit: spec.backoff_limit_per_index,
            failures: BTreeMap::new(),
        };
        for pod in pods {
            let Some(index) = indexes.index_of(pod) else { continue };
            match pod::phase(pod) {
                "Succeeded" => {
                    indexes.succeeded.insert(index);
                }
                "Failed" => indexes.count_failure(spec, index, pod),
                _ => {}
            }
        }
        indexes
    }

    fn count_failure(&mut self, spec: &JobSpec, index: i32, pod: &Arc<Pod>) {
        let Some(limit) = self.limit else { return };
        let before = annotation(pod, FAILURES).and_then(|count| count.parse::<u32>().ok()).unwrap_or(0);
        let failures = before.saturating_add(1);
        let known = self.failures.entry(index).or_insert_with(|| (failures, Arc::clone(pod)));
        if failures > known.0 {
            *known = (failures, Arc::clone(pod));
        }
        let by_policy = spec.pod_failure_policy.as_ref().is_some_and(|policy| failure_policy::fails_index(policy, pod));
        if by_policy || i64::from(failures) > i64::from(limit) {
            self.failed.insert(index);
        }
    }

    /// The pod's index, when the job has it.
    pub(super) fn index_of(&self, pod: &Pod) -> Option<i32> {
        let index: i32 = annotation(pod, INDEX)?.parse().ok()?;
        (0..self.completions).contains(&index).then_some(index)
    }

    /// The lowest indexes that have neither ended nor a pod.
    pub(super) fn pending(&self, active: &[Arc<Pod>]) -> impl Iterator<Item = i32> {
        let taken: BTreeSet<i32> = active.iter().filter_map(|pod| self.index_of(pod)).collect();
        (0..self.completions).filter(move |index| {
            !self.succeeded.contains(index) && !self.failed.contains(index) && !taken.contains(index)
        })
    }

    /// How often the index has failed, and the pod that failed last.
    pub(super) fn failures_of(&self, index: i32) -> Option<&(u32, Arc<Pod>)> {
        self.failures.get(&index)
    }
}

fn annotation<'a>(pod: &'a Pod, key: &str) -> Option<&'a str> {
    pod.metadata.annotations.as_ref()?.get(key).map(String::as_str)
}

/// `0,2-4`: runs of two or more in short.
pub(super) fn text(indexes: &BTreeSet<i32>) -> String {
    let mut runs: Vec<(i32, i32)> = Vec::new();
    for index in indexes {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *index => *last = *index,
            _ => runs.push((*index, *index)),
        }
    }
    let texts = runs.into_iter().map(|(first, last)| match last - first {
        0 => first.to_string(),
        1 => format!("{first},{last}"),
        _ => format!("{first}-{last}"),
    });
    texts.collect::<Vec<_>>().join(",")
}

/// Reads what [`text`] writes; what is no number is left out.
pub(super) fn parse(text: &str) -> BTreeSet<i32> {
    let runs = text.split(',').filter_map(|run| {
        let (first, last) = run.split_once('-').unwrap_or((run, run));
        Some(first.trim().parse::<i32>().ok()?..=last.trim().parse::<i32>().ok()?.min(MAX_REPLICAS))
    });
    runs.flatten().filter(|index| *index >= 0).collect()
}

#[cfg(test)]
mod tests {
    use super::{parse, text};

    #[test]
    fn runs_are_written_short() {
        for written in ["", "0", "0,1", "0-2", "1,3-5,7,8", "2,4,6"] {
            assert_eq!(text(&parse(written)), written);
        }
        assert_eq!(text(&parse("0-1,x,2")), "0-2");
    }
}
