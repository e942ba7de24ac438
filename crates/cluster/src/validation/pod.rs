//! Pods and their templates (`ValidatePodSpec` of pkg/apis/core/validation).

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{
    Affinity, NodeSelectorTerm, PodAffinityTerm, PodSpec, PodTemplateSpec, Toleration, TopologySpreadConstraint,
};

use super::container;
use super::field::{Faults, Path};
use super::names;
use crate::behaviour::Behaviour;
use crate::pod::TOKEN_VOLUME;

/// The names of a pod's volumes.
pub(super) type Volumes<'a> = BTreeSet<&'a str>;

/// A template of pods (`ValidatePodTemplateSpec`); `more` are volumes that its pods get beside their own.
pub(super) fn template(
    faults: &mut Faults,
    path: &Path<'_>,
    template: &PodTemplateSpec,
    more: &Volumes<'_>,
    rules: &Behaviour,
) {
    let labels = template.metadata.as_ref().and_then(|metadata| metadata.labels.as_ref());
    names::labels(faults, &path.child("labels"), labels, rules.rfc_1123);
    match &template.spec {
        Some(spec) => self::spec(faults, &path.child("spec"), spec, more, rules),
        None => faults.required(&path.child("spec").child("containers"), ""),
    }
}

/// What a pod is to be.
pub(super) fn spec(faults: &mut Faults, path: &Path<'_>, spec: &PodSpec, more: &Volumes<'_>, rules: &Behaviour) {
    let mut volumes = more.clone();
    for (index, volume) in spec.volumes.iter().flatten().enumerate() {
        let list = path.child("volumes");
        let path = list.index(index);
        if volume.name.is_empty() {
            faults.required(&path.child("name"), "");
        } else if volume.name != TOKEN_VOLUME {
            // What all pods of a template share has no letters of its own yet.
            names::dns_label(faults, &path.child("name"), &volume.name, rules.rfc_1123);
        }
        if !volumes.insert(&volume.name) && !more.contains(volume.name.as_str()) {
            faults.duplicate(&path.child("name"), &volume.name);
        }
    }
    let init = spec.init_containers.as_deref().unwrap_or_default();
    container::containers(faults, &path.child("containers"), &spec.containers, &volumes, rules);
    container::init_containers(faults, &path.child("initContainers"), (init, &spec.containers), &volumes, rules);
    let policies = ["Always", "OnFailure", "Never"];
    faults.one_of(&path.child("restartPolicy"), spec.restart_policy.as_deref(), &policies);
    let policies = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
    faults.one_of(&path.child("dnsPolicy"), spec.dns_policy.as_deref(), &policies);
    names::labels(faults, &path.child("nodeSelector"), spec.node_selector.as_ref(), rules.rfc_1123);
    if let Some(affinity) = &spec.affinity {
        self::affinity(faults, &path.child("affinity"), affinity, rules);
    }
    let spread = path.child("topologySpreadConstraints");
    topology_spread(faults, &spread, spec.topology_spread_constraints.as_deref().unwrap_or_default());
    if let Some(seconds) = spec.active_deadline_seconds.filter(|seconds| !(1..=i64::from(i32::MAX)).contains(seconds)) {
        faults.invalid(
            &path.child("activeDeadlineSeconds"),
            seconds,
            &format!("must be between 1 and {}, inclusive", i32::MAX),
        );
    }
    for (index, toleration) in spec.tolerations.iter().flatten().enumerate() {
        self::toleration(faults, &path.child("tolerations").index(index), toleration, rules);
    }
    if let Some(resources) = &spec.resources {
        container::resources(faults, &path.child("resources"), resources, rules);
    }
}

/// `validateTopologySpreadConstraints`.
fn topology_spread(faults: &mut Faults, path: &Path<'_>, constraints: &[TopologySpreadConstraint]) {
    for (index, constraint) in constraints.iter().enumerate() {
        let item = path.index(index);
        if constraint.max_skew <= 0 {
            faults.invalid(&item.child("maxSkew"), constraint.max_skew, "must be greater than zero");
        }
        if constraint.topology_key.is_empty() {
            faults.required(&item.child("topologyKey"), "can not be empty");
        }
        let actions = ["DoNotSchedule", "ScheduleAnyway"];
        faults.one_of(&item.child("whenUnsatisfiable"), Some(&constraint.when_unsatisfiable), &actions);
        let same = |other: &&TopologySpreadConstraint| {
            other.topology_key == constraint.topology_key && other.when_unsatisfiable == constraint.when_unsatisfiable
        };
        if constraints.iter().take(index).any(|other| same(&other)) {
            let pair = format!("{{{}, {}}}", constraint.topology_key, constraint.when_unsatisfiable);
            faults.duplicate(&item.child("{topologyKey, whenUnsatisfiable}"), &pair);
        }
    }
}

/// `ValidateTolerations`.
fn toleration(faults: &mut Faults, path: &Path<'_>, toleration: &Toleration, rules: &Behaviour) {
    let key = toleration.key.as_deref().unwrap_or_default();
    let operator = toleration.operator.as_deref().unwrap_or_default();
    let effect = toleration.effect.as_deref().unwrap_or_default();
    if key.is_empty() && operator != "Exists" {
        let why = "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
        faults.invalid(&path.child("operator"), format!("{operator:?}"), why);
    } else if !key.is_empty() {
        names::label_key(faults, &path.child("key"), key, rules.rfc_1123);
    }
    if toleration.toleration_seconds.is_some() && effect != "NoExecute" {
        let why = "effect must be 'NoExecute' when `tolerationSeconds` is set";
        faults.invalid(&path.child("effect"), format!("{effect:?}"), why);
    }
    match operator {
        "Equal" | "" => {
            names::label_value(faults, &path.child("operator"), toleration.value.as_deref().unwrap_or_default());
        }
        "Exists" => {}
        operator => faults.unsupported(&path.child("operator"), operator, &["Equal", "Exists"]),
    }
    if !effect.is_empty() {
        faults.one_of(&path.child("effect"), Some(effect), &["NoSchedule", "PreferNoSchedule", "NoExecute"]);
    }
}

/// `validateAffinity`.
fn affinity(faults: &mut Faults, path: &Path<'_>, affinity: &Affinity, rules: &Behaviour) {
    const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
    const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
    if let Some(nodes) = &affinity.node_affinity {
        let path = path.child("nodeAffinity");
        if let Some(required) = &nodes.required_during_scheduling_ignored_during_execution {
            let required_path = path.child(REQUIRED);
            let terms = required_path.child("nodeSelectorTerms");
            if required.node_selector_terms.is_empty() {
                faults.required(&terms, "must have at least one node selector term");
            }
            for (index, term) in required.node_selector_terms.iter().enumerate() {
                node_term(faults, &terms.index(index), term, rules);
            }
        }
        let preferred = path.child(PREFERRED);
        let terms = nodes.preferred_during_scheduling_ignored_during_execution.iter().flatten();
        for (index, term) in terms.enumerate() {
            let path = preferred.index(index);
            weight(faults, &path.child("weight"), term.weight);
            node_term(faults, &path.child("preference"), &term.preference, rules);
        }
    }
    let pods = affinity.pod_affinity.as_ref().map(|pods| {
        (
            "podAffinity",
            &pods.required_during_scheduling_ignored_during_execution,
            &pods.preferred_during_scheduling_ignored_during_execution,
        )
    });
    let anti = affinity.pod_anti_affinity.as_ref().map(|pods| {
        (
            "podAntiAffinity",
            &pods.required_during_scheduling_ignored_during_execution,
            &pods.preferred_during_scheduling_ignored_during_execution,
        )
    });
    for (field, required, preferred) in pods.into_iter().chain(anti) {
        let path = path.child(field);
        for (index, term) in required.iter().flatten().enumerate() {
            pod_term(faults, &path.child(REQUIRED).index(index), term, rules);
        }
        for (index, term) in preferred.iter().flatten().enumerate() {
            let list = path.child(PREFERRED);
            let path = list.index(index);
            weight(faults, &path.child("weight"), term.weight);
            pod_term(faults, &path.child("podAffinityTerm"), &term.pod_affinity_term, rules);
        }
    }
}

fn weight(faults: &mut Faults, path: &Path<'_>, weight: i32) {
    if !(1..=100).contains(&weight) {
        faults.invalid(path, weight, "must be in the range 1-100");
    }
}

/// `ValidateNodeSelectorTerm`.
fn node_term(faults: &mut Faults, path: &Path<'_>, term: &NodeSelectorTerm, rules: &Behaviour) {
    for (index, requirement) in term.match_expressions.iter().flatten().enumerate() {
        let list = path.child("matchExpressions");
        let path = list.index(index);
        let values = requirement.values.as_deref().unwrap_or_default();
        match requirement.operator.as_str() {
            "Gt" | "Lt" if values.len() != 1 => {
                let why = "must be specified single value when `operator` is 'Lt' or 'Gt'";
                faults.required(&path.child("values"), why);
            }
            "Gt" | "Lt" => {}
            operator => names::operator_and_values(faults, &path, operator, values),
        }
        names::label_key(faults, &path.child("key"), &requirement.key, rules.rfc_1123);
    }
}

/// `validatePodAffinityTerm`.
fn pod_term(faults: &mut Faults, path: &Path<'_>, term: &PodAffinityTerm, rules: &Behaviour) {
    for (field, selector) in [("labelSelector", &term.label_selector), ("namespaceSelector", &term.namespace_selector)]
    {
        if let Some(selector) = selector {
            names::label_selector(faults, &path.child(field), selector, rules.rfc_1123);
        }
    }
    if term.topology_key.is_empty() {
        faults.required(&path.child("topologyKey"), "can not be empty");
    }
    names::label_key(faults, &path.child("topologyKey"), &term.topology_key, rules.rfc_1123);
}
