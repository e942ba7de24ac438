//! PodSecurity (pod-security-admission, v1.23 to v1.37): the labels of a namespace say how much its pods may do. What they
//! enforce refuses pods; what they warn of is told to whoever creates pods or workloads.

mod baseline;
mod restricted;

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Container, Namespace, PodSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{Context, name_of, namespace_of};
use crate::api_error::ApiError;
use crate::object::{Kind, Object};
use crate::pod::{self, Pod};

const LABELS: &str = "pod-security.kubernetes.io/";

/// How much is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Privileged,
    Baseline,
    Restricted,
}

/// A level as of a version: `None` is the cluster's own, `latest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Policy {
    level: Level,
    minor: Option<u32>,
}

/// What a pod does that its namespace does not allow.
pub(super) struct Violation {
    pub reason: String,
    pub detail: String,
}

/// What is looked at, and by the rules of which minor.
pub(super) struct Subject<'a> {
    pub metadata: &'a ObjectMeta,
    pub spec: &'a PodSpec,
    pub minor: u32,
    /// The API server's own minor: some rules do not follow the policy's version.
    pub server_minor: u32,
}

/// Refuses a pod that does what its namespace's enforced policy forbids.
pub(super) fn validate(pod: &Pod, context: &Context<'_>) -> Result<(), ApiError> {
    let Some(namespace) = context.store.find::<Namespace>("", namespace_of(pod)) else { return Ok(()) };
    let policy = Policy::of(namespace.metadata.labels.as_ref(), "enforce");
    let violations = policy.violations(&pod.metadata, &pod.spec, context);
    if violations.is_empty() || pod::is_static(pod) {
        return Ok(());
    }
    let why = format!("violates PodSecurity \"{policy}\": {}", details(&violations));
    Err(ApiError::forbidden(Kind::Pod, name_of(pod), why))
}

/// What the API server warns of when a pod or a workload is created or its template changed.
pub(crate) fn warnings(object: &Object, context: &Context<'_>) -> Vec<String> {
    let namespace = object.namespace().unwrap_or_default();
    let Some(namespace) = context.store.find::<Namespace>("", namespace).filter(|_| runs(context)) else {
        return Vec::new();
    };
    let policy = Policy::of(namespace.metadata.labels.as_ref(), "warn");
    if policy.level == Level::Privileged {
        return Vec::new();
    }
    let nothing = ObjectMeta::default();
    let template = match object {
        Object::Pod(pod) => Some((&pod.metadata, pod.spec.as_ref())),
        Object::Deployment(object) => parts(&object.spec.template, &nothing),
        Object::DaemonSet(object) => parts(&object.spec.template, &nothing),
        Object::StatefulSet(object) => parts(&object.spec.template, &nothing),
        Object::ReplicaSet(object) => object.spec.template.as_ref().and_then(|template| parts(template, &nothing)),
        Object::Job(object) => object.spec.as_ref().and_then(|spec| parts(&spec.template, &nothing)),
        Object::CronJob(object) => {
            let job = object.spec.job_template.spec.as_ref();
            job.and_then(|spec| parts(&spec.template, &nothing))
        }
        _ => None,
    };
    let Some((metadata, spec)) = template else { return Vec::new() };
    let violations = policy.violations(metadata, spec, context);
    if violations.is_empty() {
        return Vec::new();
    }
    vec![format!("would violate PodSecurity \"{policy}\": {}", details(&violations))]
}

fn parts<'a>(
    template: &'a k8s_openapi::api::core::v1::PodTemplateSpec,
    nothing: &'a ObjectMeta,
) -> Option<(&'a ObjectMeta, &'a PodSpec)> {
    Some((template.metadata.as_ref().unwrap_or(nothing), template.spec.as_ref()?))
}

/// What the API server warns of when a namespace's labels get stricter: the pods that are there stay, but would not be
/// let in again.
pub(crate) fn namespace_warnings(before: &Namespace, after: &Namespace, context: &Context<'_>) -> Vec<String> {
    let old = Policy::of(before.metadata.labels.as_ref(), "enforce");
    let new = Policy::of(after.metadata.labels.as_ref(), "enforce");
    let relaxed = new.minor == old.minor && new.level <= old.level;
    if new == old || new.level == Level::Privileged || relaxed || !runs(context) {
        return Vec::new();
    }
    let name = after.metadata.name.as_deref().unwrap_or_default();
    // By what they violate: the first pod and how many there are.
    let mut found: BTreeMap<String, (String, usize)> = BTreeMap::new();
    for pod in context.store.list_in::<Pod>(name) {
        let violations = new.violations(&pod.metadata, &pod.spec, context);
        if !violations.is_empty() {
            let reasons: Vec<&str> = violations.iter().map(|violation| violation.reason.as_str()).collect();
            let first = pod.metadata.name.clone().unwrap_or_default();
            found.entry(reasons.join(", ")).or_insert((first, 0)).1 += 1;
        }
    }
    let mut pods: Vec<String> = found
        .into_iter()
        .map(|(reasons, (first, count))| match count {
            1 => format!("{first}: {reasons}"),
            2 => format!("{first} (and 1 other pod): {reasons}"),
            _ => format!("{first} (and {} other pods): {reasons}", count - 1),
        })
        .collect();
    if pods.is_empty() {
        return Vec::new();
    }
    pods.sort();
    pods.insert(
        0,
        format!("existing pods in namespace \"{name}\" violate the new PodSecurity enforce level \"{new}\""),
    );
    pods
}

/// The plugin is there since 1.23.
pub(crate) fn runs(context: &Context<'_>) -> bool {
    context.behaviour.pod_security && context.runs("PodSecurity")
}

impl Policy {
    /// What the labels say for a mode: `enforce` or `warn`. A level that is none is the strictest, but for warnings.
    fn of(labels: Option<&BTreeMap<String, String>>, mode: &str) -> Self {
        let label = |name: &str| labels.and_then(|labels| labels.get(&format!("{LABELS}{name}")));
        let level = match label(mode).map(String::as_str) {
            None | Some("privileged") => Level::Privileged,
            Some("baseline") => Level::Baseline,
            Some("restricted") => Level::Restricted,
            Some(_) if mode == "warn" => Level::Privileged,
            Some(_) => Level::Restricted,
        };
        let version = label(&format!("{mode}-version"));
        Self { level, minor: version.and_then(|version| version.strip_prefix("v1.")?.parse().ok()) }
    }

    /// The checks in upstream's order: those of the baseline first, each by its name.
    fn violations(self, metadata: &ObjectMeta, spec: &PodSpec, context: &Context<'_>) -> Vec<Violation> {
        let server_minor = context.behaviour.pod_security_latest;
        let minor = self.minor.map_or(server_minor, |minor| minor.min(server_minor));
        let subject = Subject { metadata, spec, minor, server_minor };
        let mut found = match self.level {
            Level::Privileged => return Vec::new(),
            Level::Baseline => baseline::violations(&subject, false),
            Level::Restricted => baseline::violations(&subject, true),
        };
        if self.level == Level::Restricted {
            found.extend(restricted::violations(&subject));
        }
        found
    }
}

impl std::fmt::Display for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let level = match self.level {
            Level::Privileged => "privileged",
            Level::Baseline => "baseline",
            Level::Restricted => "restricted",
        };
        match self.minor {
            Some(minor) => write!(f, "{level}:v1.{minor}"),
            None => write!(f, "{level}:latest"),
        }
    }
}

impl Subject<'_> {
    /// Init containers come first.
    pub(super) fn containers(&self) -> impl Iterator<Item = &Container> {
        self.spec.init_containers.iter().flatten().chain(&self.spec.containers)
    }

    /// The names of the containers of which something holds.
    pub(super) fn named(&self, holds: impl Fn(&Container) -> bool) -> Vec<&str> {
        self.containers().filter(|container| holds(container)).map(|container| container.name.as_str()).collect()
    }

    pub(super) fn is_windows(&self) -> bool {
        self.spec.os.as_ref().is_some_and(|os| os.name == "windows")
    }

    /// Whether root in the pod is nobody on the node.
    pub(super) fn has_own_users(&self) -> bool {
        self.spec.host_users == Some(false)
    }
}

fn details(violations: &[Violation]) -> String {
    let parts: Vec<String> = violations
        .iter()
        .map(|violation| match violation.detail.as_str() {
            "" => violation.reason.clone(),
            detail => format!("{} ({detail})", violation.reason),
        })
        .collect();
    parts.join(", ")
}

pub(super) fn violation(reason: &str, detail: String) -> Option<Violation> {
    Some(Violation { reason: reason.to_owned(), detail })
}

/// `container "a"` or `containers "a", "b"`.
pub(super) fn these(containers: &[&str]) -> String {
    format!("{} {}", plural(containers.len(), "container", "containers"), quoted(containers))
}

/// The pod, some containers, or both, as whoever set something.
pub(super) fn setters(pod: bool, containers: &[&str]) -> Option<String> {
    let pod = pod.then(|| "pod".to_owned());
    let containers = (!containers.is_empty()).then(|| these(containers));
    let both: Vec<String> = pod.into_iter().chain(containers).collect();
    (!both.is_empty()).then(|| both.join(" and "))
}

pub(super) fn plural<'a>(count: usize, one: &'a str, many: &'a str) -> &'a str {
    if count == 1 { one } else { many }
}

/// `"a", "b"`.
pub(super) fn quoted<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| format!("\"{}\"", item.as_ref())).collect::<Vec<_>>().join(", ")
}
