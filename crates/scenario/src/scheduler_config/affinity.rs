//! NodeAffinityArgs' `addedAffinity`, checked as `ValidateNodeAffinityArgs` does
//! (`component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go` and apimachinery `labels.NewRequirement`).

use k8s_openapi::api::core::v1 as api;

use super::names::{label_value_fault, qualified_name_fault};
use super::reader::Reader;

impl Reader {
    /// Checks an affinity that is put upon every pod.
    pub(super) fn added_affinity(&mut self, affinity: &api::NodeAffinity, at: &str) {
        let required = affinity.required_during_scheduling_ignored_during_execution.iter();
        for (index, term) in required.flat_map(|selector| &selector.node_selector_terms).enumerate() {
            let at = format!("{at}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[{index}]");
            self.selector_term(term, &at);
        }
        let preferred = affinity.preferred_during_scheduling_ignored_during_execution.iter().flatten();
        for (index, term) in preferred.enumerate().filter(|(_, term)| term.weight != 0) {
            let at = format!("{at}.preferredDuringSchedulingIgnoredDuringExecution[{index}].preference");
            self.selector_term(&term.preference, &at);
        }
    }

    fn selector_term(&mut self, term: &api::NodeSelectorTerm, at: &str) {
        for (index, requirement) in term.match_expressions.iter().flatten().enumerate() {
            self.label_requirement(requirement, &format!("{at}.matchExpressions[{index}]"));
        }
        for (index, requirement) in term.match_fields.iter().flatten().enumerate() {
            self.field_requirement(requirement, &format!("{at}.matchFields[{index}]"));
        }
    }

    fn label_requirement(&mut self, requirement: &api::NodeSelectorRequirement, at: &str) {
        let values = requirement.values.as_deref().unwrap_or_default();
        let fault = match requirement.operator.as_str() {
            "In" | "NotIn" if values.is_empty() => Some("for In and NotIn there must be values"),
            "Exists" | "DoesNotExist" if !values.is_empty() => Some("for Exists and DoesNotExist there must be none"),
            "Gt" | "Lt" if values.len() != 1 => Some("for Gt and Lt there must be exactly one"),
            "Gt" | "Lt" if values.iter().any(|value| value.parse::<i64>().is_err()) => {
                Some("for Gt and Lt it must be an integer")
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => None,
            other => {
                let message =
                    format!("{other:?} is not known: expected one of In, NotIn, Exists, DoesNotExist, Gt, Lt");
                return self.fault(format!("{at}.operator"), message);
            }
        };
        if let Some(fault) = fault {
            self.fault(format!("{at}.values"), fault);
        }
        if let Some(fault) = qualified_name_fault(&requirement.key) {
            self.fault(format!("{at}.key"), format!("{:?}: {fault}", requirement.key));
        }
        for (index, value) in values.iter().enumerate() {
            if let Some(fault) = label_value_fault(value) {
                self.fault(format!("{at}.values[{index}]"), format!("{value:?}: {fault}"));
            }
        }
    }

    fn field_requirement(&mut self, requirement: &api::NodeSelectorRequirement, at: &str) {
        match requirement.operator.as_str() {
            "In" | "NotIn" if requirement.values.as_ref().is_none_or(|values| values.len() != 1) => {
                self.fault(format!("{at}.values"), "must have one element");
            }
            "In" | "NotIn" => {}
            other => {
                let message = format!("{other:?} is not known: expected one of In, NotIn");
                self.fault(format!("{at}.operator"), message);
            }
        }
        // kube-scheduler takes any field here, and then finds it on no node.
        if requirement.key != "metadata.name" {
            let message = format!("no node has the field {:?}: expected metadata.name", requirement.key);
            self.warn(format!("{at}.key"), message);
        }
    }
}
