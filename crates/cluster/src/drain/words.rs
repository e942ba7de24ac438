//! The sentences of `kubectl drain`, each as its version prints it.

use crate::behaviour::drain::{DrainRules, GivingUp, Timeout};
use crate::cluster::Cluster;
use crate::store::ObjectKey;

/// What kubectl of one version says.
#[derive(Clone, Copy)]
pub(super) struct Words(DrainRules);

impl Words {
    pub(super) fn of(cluster: &Cluster) -> Self {
        Self(cluster.behaviour.drain)
    }

    pub(super) fn local_storage_fatal(self) -> String {
        format!("Pods with local storage (use {} to override)", self.0.local_storage_flag)
    }

    pub(super) fn unmanaged_fatal(self) -> &'static str {
        self.0.unmanaged_fatal
    }

    pub(super) fn unmanaged_warning(self) -> &'static str {
        self.0.unmanaged_warning
    }

    /// One line for all warnings, none for none.
    pub(super) fn warnings(self, warnings: &[(String, Vec<String>)]) -> Option<String> {
        let parts: Vec<String> =
            warnings.iter().map(|(message, pods)| format!("{message}: {}", pods.join(", "))).collect();
        (!parts.is_empty()).then(|| format!("{}{}", self.0.warning_prefix, parts.join("; ")))
    }

    /// Why nothing was deleted.
    pub(super) fn refusal(self, node: &str, errors: &[(String, Vec<String>)]) -> Vec<String> {
        let errors = errors.iter().map(|(message, pods)| format!("cannot delete {message}: {}", pods.join(", ")));
        self.end(node, &errors.collect::<Vec<_>>())
    }

    pub(super) fn evicting(self, pod: &ObjectKey) -> String {
        if self.0.evicting_names_namespace {
            format!("evicting pod {pod}")
        } else {
            format!("evicting pod \"{}\"", pod.name)
        }
    }

    /// The pod as a failure names it.
    fn failing(self, pod: &ObjectKey) -> String {
        if self.0.failures_name_namespace {
            format!("pods/\"{}\" -n \"{}\"", pod.name, pod.namespace)
        } else {
            format!("pod \"{}\"", pod.name)
        }
    }

    pub(super) fn refused(self, pod: &ObjectKey, why: &str) -> String {
        format!("error when evicting {} (will retry after 5s): {why}", self.failing(pod))
    }

    pub(super) fn failed(self, pod: &ObjectKey, why: &str) -> String {
        format!("error when evicting {}: {why}", self.failing(pod))
    }

    pub(super) fn gone(self, pod: &ObjectKey, deleted: bool) -> String {
        format!("pod/{} {}", pod.name, if deleted { "deleted" } else { "evicted" })
    }

    /// What is said of a pod that was waited for in vain, where anything is (1.32).
    pub(super) fn eviction_failed(self, pod: &ObjectKey, deleted: bool) -> Option<String> {
        let what = if deleted { "deletion" } else { "eviction" };
        (self.0.timeout == Timeout::AsGoSaysIt).then(|| format!("pod/{} {what} failed", pod.name))
    }

    /// The time was over before the pod could be evicted.
    pub(super) fn not_evicted_in_time(self, pod: &ObjectKey, timeout_ms: Option<u64>) -> String {
        let timeout = go_duration(timeout_ms.unwrap_or(0));
        match self.0.timeout {
            Timeout::OfTheDrain => format!("drain did not complete within {timeout}"),
            _ => self.failed(pod, &format!("global timeout reached: {timeout}")),
        }
    }

    /// The time was over before the pod was gone.
    pub(super) fn still_there(self, pod: &ObjectKey, timeout_ms: Option<u64>) -> String {
        let timeout = go_duration(timeout_ms.unwrap_or(0));
        let in_its_namespace =
            format!("error when waiting for pod \"{}\" in namespace \"{}\" to terminate:", pod.name, pod.namespace);
        match self.0.timeout {
            Timeout::OfTheDrain => format!("drain did not complete within {timeout}"),
            Timeout::OfEachPod => {
                format!("error when waiting for pod \"{}\" terminating: global timeout reached: {timeout}", pod.name)
            }
            Timeout::OfEachPodInItsNamespace => format!("{in_its_namespace} global timeout reached: {timeout}"),
            Timeout::AsGoSaysIt => format!("{in_its_namespace} context deadline exceeded"),
        }
    }

    pub(super) fn drained(self, node: &str, any_gone: bool, deleted: bool) -> String {
        let done = match (self.0.node_is_evicted && any_gone, deleted) {
            (false, _) => "drained",
            (true, false) => "evicted",
            (true, true) => "deleted",
        };
        format!("node/{node} {done}")
    }

    /// The end of a drain that began to delete: what went wrong, and the pods that are left.
    pub(super) fn gave_up(self, node: &str, errors: &[String], left: &[&str]) -> Vec<String> {
        let mut errors = errors.to_vec();
        errors.dedup();
        let mut lines = Vec::new();
        if !left.is_empty() {
            let error = aggregate(&errors);
            lines.push(format!("There are pending pods in node \"{node}\" when an error occurred: {error}"));
            lines.extend(left.iter().map(|name| format!("pod/{name}")));
        }
        lines.extend(self.end(node, &errors));
        lines
    }

    fn end(self, node: &str, errors: &[String]) -> Vec<String> {
        let error = aggregate(errors);
        let mut lines = Vec::new();
        match self.0.giving_up {
            GivingUp::AbortsForTheLastTime => lines.extend([
                "DEPRECATED WARNING: Aborting the drain command in a list of nodes will be deprecated in v1.23.".to_owned(),
                "The new behavior will make the drain command go through all nodes even if one or more nodes failed during the drain.".to_owned(),
                "For now, users can try such experience via: --ignore-errors".to_owned(),
            ]),
            GivingUp::Aborts | GivingUp::Continues | GivingUp::ContinuesWithSpace => {}
        }
        let colon = if self.0.giving_up == GivingUp::ContinuesWithSpace { ": " } else { ":" };
        match self.0.giving_up {
            GivingUp::Aborts | GivingUp::AbortsForTheLastTime => {
                lines.extend([format!("error: unable to drain node \"{node}\", aborting command..."), String::new()]);
            }
            GivingUp::Continues | GivingUp::ContinuesWithSpace => {
                lines.push(format!(
                    "error: unable to drain node \"{node}\" due to error{colon}{error}, continuing command..."
                ));
            }
        }
        lines.extend(["There are pending nodes to be drained:".to_owned(), format!(" {node}")]);
        match self.0.giving_up {
            GivingUp::Aborts
                if self.0.timeout == Timeout::OfTheDrain
                    && errors.iter().any(|error| error.starts_with("drain did not")) =>
            {
                lines.push(format!("error: {error}"));
            }
            // Each of an aggregate's errors is a line; from 1.23 on the aggregate is the one error of another.
            GivingUp::Aborts | GivingUp::AbortsForTheLastTime => lines.extend(errors.iter().cloned()),
            GivingUp::Continues | GivingUp::ContinuesWithSpace => lines.push(error),
        }
        lines
    }
}

/// Several errors as one (apimachinery `util/errors.aggregate`).
fn aggregate(errors: &[String]) -> String {
    match errors {
        [one] => one.clone(),
        many => format!("[{}]", many.join(", ")),
    }
}

/// A duration as Go prints it: `30s`, `1m0s`, `1h0m0s`.
fn go_duration(ms: u64) -> String {
    let (hours, minutes, seconds, rest) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000);
    let fraction = if rest == 0 { String::new() } else { format!(".{rest:03}").trim_end_matches('0').to_owned() };
    match (hours, minutes) {
        (0, 0) if seconds == 0 && rest > 0 => format!("{rest}ms"),
        (0, 0) => format!("{seconds}{fraction}s"),
        (0, minutes) => format!("{minutes}m{seconds}{fraction}s"),
        (hours, minutes) => format!("{hours}h{minutes}m{seconds}{fraction}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::go_duration;

    #[test]
    fn durations_as_go_prints_them() {
        for (ms, printed) in [(30_000, "30s"), (60_000, "1m0s"), (5_400_000, "1h30m0s"), (1_500, "1.5s"), (20, "20ms")]
        {
            assert_eq!(go_duration(ms), printed);
        }
    }
}
