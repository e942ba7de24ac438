//! Workloads that keep pods running (pkg/apis/apps/validation; of ReplicationControllers pkg/apis/core/validation).

use k8s_openapi::api::apps::v1::{
    DaemonSetSpec, DaemonSetUpdateStrategy, DeploymentSpec, DeploymentStrategy, ReplicaSetSpec, StatefulSetSpec,
};
use k8s_openapi::api::core::v1::{PodTemplateSpec, ReplicationControllerSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::field::{Faults, Path};
use super::names;
use super::pod::{self, Volumes};
use super::values::{map_text, selector_text};
use crate::behaviour::Behaviour;
use crate::convert;

/// `ValidateDeploymentSpec`.
pub(super) fn deployment(faults: &mut Faults, path: &Path<'_>, spec: &DeploymentSpec, rules: &Behaviour) {
    faults.non_negative(&path.child("replicas"), spec.replicas);
    selector(faults, path, &spec.selector, "deployment", rules);
    kept_template(faults, path, &spec.selector, Some(&spec.template), rules);
    if let Some(strategy) = &spec.strategy {
        deployment_strategy(faults, &path.child("strategy"), strategy);
    }
    faults.non_negative(&path.child("minReadySeconds"), spec.min_ready_seconds);
    faults.non_negative(&path.child("revisionHistoryLimit"), spec.revision_history_limit);
    if let Some(deadline) = spec.progress_deadline_seconds {
        let path = path.child("progressDeadlineSeconds");
        faults.non_negative(&path, Some(deadline));
        if deadline <= spec.min_ready_seconds.unwrap_or(0) {
            faults.invalid(&path, deadline, "must be greater than minReadySeconds");
        }
    }
}

/// `ValidateReplicaSetSpec`.
pub(super) fn replica_set(faults: &mut Faults, path: &Path<'_>, spec: &ReplicaSetSpec, rules: &Behaviour) {
    faults.non_negative(&path.child("replicas"), spec.replicas);
    faults.non_negative(&path.child("minReadySeconds"), spec.min_ready_seconds);
    selector(faults, path, &spec.selector, "deployment", rules);
    kept_template(faults, path, &spec.selector, spec.template.as_ref(), rules);
}

/// `ValidateReplicationControllerSpec`.
pub(super) fn replication_controller(
    faults: &mut Faults,
    path: &Path<'_>,
    spec: &ReplicationControllerSpec,
    rules: &Behaviour,
) {
    faults.non_negative(&path.child("minReadySeconds"), spec.min_ready_seconds);
    let selector = LabelSelector { match_labels: spec.selector.clone(), match_expressions: None };
    if selector.match_labels.as_ref().is_none_or(|labels| labels.is_empty()) {
        faults.required(&path.child("selector"), "");
    }
    faults.non_negative(&path.child("replicas"), spec.replicas);
    match &spec.template {
        Some(template) => kept_template(faults, path, &selector, Some(template), rules),
        None => faults.required(&path.child("template"), ""),
    }
}

/// `ValidateDaemonSetSpec`.
pub(super) fn daemon_set(faults: &mut Faults, path: &Path<'_>, spec: &DaemonSetSpec, rules: &Behaviour) {
    names::label_selector(faults, &path.child("selector"), &spec.selector, rules.rfc_1123);
    matches_template(faults, path, &spec.selector, &spec.template, rules);
    if is_empty(&spec.selector) {
        let why = "empty selector is invalid for daemonset";
        faults.invalid(&path.child("selector"), selector_text(&spec.selector, rules), why);
    }
    pod::template(faults, &path.child("template"), &spec.template, &Volumes::new(), rules);
    always_restarts(faults, &path.child("template"), &spec.template);
    faults.non_negative(&path.child("minReadySeconds"), spec.min_ready_seconds);
    if let Some(strategy) = &spec.update_strategy {
        daemon_set_strategy(faults, &path.child("updateStrategy"), strategy, rules);
    }
    faults.non_negative(&path.child("revisionHistoryLimit"), spec.revision_history_limit);
}

/// `ValidateStatefulSetSpec`.
pub(super) fn stateful_set(faults: &mut Faults, path: &Path<'_>, spec: &StatefulSetSpec, rules: &Behaviour) {
    match spec.pod_management_policy.as_deref() {
        None | Some("OrderedReady" | "Parallel") => {}
        Some(policy) => {
            let why = "must be 'OrderedReady' or 'Parallel'";
            faults.invalid(&path.child("podManagementPolicy"), format!("{policy:?}"), why);
        }
    }
    let strategy = spec.update_strategy.as_ref();
    let rolling = strategy.and_then(|strategy| strategy.rolling_update.as_ref());
    if let Some(rolling) = rolling {
        let strategy = path.child("updateStrategy");
        let path = strategy.child("rollingUpdate");
        faults.non_negative(&path.child("partition"), rolling.partition);
        if let Some(most) = &rolling.max_unavailable {
            let path = path.child("maxUnavailable");
            int_or_percent(faults, &path, most);
            if number(most) == 0 {
                faults.invalid(&path, text(most), "cannot be 0");
            }
            at_most_100_percent(faults, &path, most);
        }
    }
    faults.non_negative(&path.child("replicas"), spec.replicas);
    faults.non_negative(&path.child("minReadySeconds"), spec.min_ready_seconds);
    faults.non_negative(&path.child("ordinals.start"), spec.ordinals.as_ref().and_then(|ordinals| ordinals.start));
    selector(faults, path, &spec.selector, "statefulset", rules);
    matches_template(faults, path, &spec.selector, &spec.template, rules);
    if rules.stateful_set_validates_template {
        let claims = spec.volume_claim_templates.iter().flatten();
        let claims: Volumes<'_> = claims.filter_map(|claim| claim.metadata.name.as_deref()).collect();
        pod::template(faults, &path.child("template"), &spec.template, &claims, rules);
    }
    let labels = spec.template.metadata.as_ref().and_then(|metadata| metadata.labels.as_ref());
    names::labels(faults, &path.child("template").child("labels"), labels, rules.rfc_1123);
    always_restarts(faults, &path.child("template"), &spec.template);
}

/// `ValidateStatefulSetUpdate`: what is left when all that may change is made equal must be equal.
pub(super) fn stateful_set_update(
    faults: &mut Faults,
    path: &Path<'_>,
    (before, after): (&StatefulSetSpec, &StatefulSetSpec),
    rules: &Behaviour,
) {
    let mut rest = StatefulSetSpec {
        replicas: before.replicas,
        template: before.template.clone(),
        update_strategy: before.update_strategy.clone(),
        ..after.clone()
    };
    let rule = rules.stateful_set_update_rule;
    if rule.contains("minReadySeconds") {
        rest.min_ready_seconds = before.min_ready_seconds;
    }
    if rule.contains("persistentVolumeClaimRetentionPolicy") {
        rest.persistent_volume_claim_retention_policy.clone_from(&before.persistent_volume_claim_retention_policy);
    }
    if rule.contains("ordinals") {
        rest.ordinals.clone_from(&before.ordinals);
    }
    if rule.contains("revisionHistoryLimit") {
        rest.revision_history_limit = before.revision_history_limit;
    }
    let mut fixed = before.clone();
    for spec in [&mut rest, &mut fixed] {
        // What a server adds to the templates of claims is not told apart from what a person leaves out.
        spec.volume_claim_templates.iter_mut().flatten().for_each(|claim| claim.status = None);
        spec.service_name.get_or_insert_default();
    }
    if rest != fixed {
        faults.forbidden(path, rule);
    }
}

/// `ValidateDeploymentStrategy`.
fn deployment_strategy(faults: &mut Faults, path: &Path<'_>, strategy: &DeploymentStrategy) {
    match (strategy.type_.as_deref(), &strategy.rolling_update) {
        (Some("Recreate"), Some(_)) => {
            let why = "may not be specified when strategy `type` is 'Recreate'";
            faults.forbidden(&path.child("rollingUpdate"), why);
        }
        (None | Some("RollingUpdate"), Some(rolling)) => {
            let path = path.child("rollingUpdate");
            let zero = IntOrString::Int(0);
            let unavailable = rolling.max_unavailable.as_ref().unwrap_or(&zero);
            let surge = rolling.max_surge.as_ref().unwrap_or(&zero);
            int_or_percent(faults, &path.child("maxUnavailable"), unavailable);
            int_or_percent(faults, &path.child("maxSurge"), surge);
            if number(unavailable) == 0 && number(surge) == 0 {
                let why = "may not be 0 when `maxSurge` is 0";
                faults.invalid(&path.child("maxUnavailable"), text(unavailable), why);
            }
            at_most_100_percent(faults, &path.child("maxUnavailable"), unavailable);
        }
        _ => {}
    }
}

/// `ValidateDaemonSetUpdateStrategy`.
fn daemon_set_strategy(faults: &mut Faults, path: &Path<'_>, strategy: &DaemonSetUpdateStrategy, rules: &Behaviour) {
    if strategy.type_.as_deref() == Some("OnDelete") {
        return;
    }
    let Some(rolling) = &strategy.rolling_update else { return };
    let path = path.child("rollingUpdate");
    let zero = IntOrString::Int(0);
    let unavailable = rolling.max_unavailable.as_ref().unwrap_or(&zero);
    let unavailable_path = path.child("maxUnavailable");
    int_or_percent(faults, &unavailable_path, unavailable);
    if !rules.daemon_sets_surge {
        if number(unavailable) == 0 {
            faults.invalid(&unavailable_path, text(unavailable), "cannot be 0");
        }
        at_most_100_percent(faults, &unavailable_path, unavailable);
        return;
    }
    let surge = rolling.max_surge.as_ref().unwrap_or(&zero);
    let surge_path = path.child("maxSurge");
    int_or_percent(faults, &surge_path, surge);
    at_most_100_percent(faults, &unavailable_path, unavailable);
    at_most_100_percent(faults, &surge_path, surge);
    match (number(unavailable) != 0, number(surge) != 0) {
        (true, true) => faults.invalid(&surge_path, text(surge), "may not be set when maxUnavailable is non-zero"),
        (false, false) => faults.required(&unavailable_path, "cannot be 0 when maxSurge is 0"),
        _ => {}
    }
}

fn selector(faults: &mut Faults, path: &Path<'_>, selector: &LabelSelector, kind: &str, rules: &Behaviour) {
    names::label_selector(faults, &path.child("selector"), selector, rules.rfc_1123);
    if is_empty(selector) {
        let why = format!("empty selector is invalid for {kind}");
        faults.invalid(&path.child("selector"), selector_text(selector, rules), &why);
    }
}

fn is_empty(selector: &LabelSelector) -> bool {
    selector.match_labels.as_ref().is_none_or(|labels| labels.is_empty())
        && selector.match_expressions.as_ref().is_none_or(Vec::is_empty)
}

/// `ValidatePodTemplateSpecForReplicaSet`.
fn kept_template(
    faults: &mut Faults,
    path: &Path<'_>,
    selector: &LabelSelector,
    template: Option<&PodTemplateSpec>,
    rules: &Behaviour,
) {
    let nothing = PodTemplateSpec::default();
    let template = template.unwrap_or(&nothing);
    matches_template(faults, path, selector, template, rules);
    pod::template(faults, &path.child("template"), template, &Volumes::new(), rules);
    always_restarts(faults, &path.child("template"), template);
}

/// The selector chooses the template's pods; an empty one has a fault of its own.
pub(super) fn matches_template(
    faults: &mut Faults,
    path: &Path<'_>,
    selector: &LabelSelector,
    template: &PodTemplateSpec,
    rules: &Behaviour,
) {
    let labels = template.metadata.as_ref().and_then(|metadata| metadata.labels.clone()).unwrap_or_default();
    if !is_empty(selector) && !convert::label_selector(selector).matches(&labels) {
        let why = "`selector` does not match template `labels`";
        let template = path.child("template");
        faults.invalid(&template.child("metadata").child("labels"), map_text(&labels, rules), why);
    }
}

fn always_restarts(faults: &mut Faults, path: &Path<'_>, template: &PodTemplateSpec) {
    let policy = template.spec.as_ref().and_then(|spec| spec.restart_policy.as_deref());
    let spec = path.child("spec");
    faults.one_of(&spec.child("restartPolicy"), policy, &["Always"]);
}

/// `ValidatePositiveIntOrPercent`.
pub(super) fn int_or_percent(faults: &mut Faults, path: &Path<'_>, value: &IntOrString) {
    const PERCENT: &str = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";
    match value {
        IntOrString::Int(number) => faults.non_negative(path, Some(*number)),
        IntOrString::String(_) if percent(value).is_none() => faults.invalid(path, text(value), PERCENT),
        IntOrString::String(_) => {}
    }
}

/// `IsNotMoreThan100Percent`.
pub(super) fn at_most_100_percent(faults: &mut Faults, path: &Path<'_>, value: &IntOrString) {
    if percent(value).is_some_and(|percent| percent > 100) {
        faults.invalid(path, text(value), "must not be greater than 100%");
    }
}

fn percent(value: &IntOrString) -> Option<u64> {
    let IntOrString::String(text) = value else { return None };
    let digits = text.strip_suffix('%').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    (!digits.is_empty()).then(|| digits.parse().unwrap_or(u64::MAX))
}

/// `getIntOrPercentValue`.
fn number(value: &IntOrString) -> i64 {
    match value {
        IntOrString::Int(number) => i64::from(*number),
        IntOrString::String(text) => match percent(value) {
            Some(percent) => i64::try_from(percent).unwrap_or(i64::MAX),
            None => text.parse().unwrap_or(0),
        },
    }
}

/// A number or percentage as it prints itself.
fn text(value: &IntOrString) -> String {
    match value {
        IntOrString::Int(number) => number.to_string(),
        IntOrString::String(text) => text.clone(),
    }
}
