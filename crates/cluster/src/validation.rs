//! What the API server asks of objects beside admission (`pkg/apis/*/validation`): the rules for the fields that decide
//! something here, in its words. A value is printed as Go prints it.

mod container;
mod definition;
pub(crate) mod field;
mod job;
mod metadata;
mod names;
mod pod;
mod policy;
mod service;
mod storage;
mod values;
mod workload;

use std::collections::BTreeSet;
use std::sync::Arc;

use k8s_openapi::api::core::v1::Node;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use self::field::{Faults, Path};
use self::pod::Volumes;
use crate::api_error::{ApiError, GroupName, Reason};
use crate::behaviour::Behaviour;
use crate::cluster::Cluster;
use crate::custom_resource::{self, Definition};
use crate::object::{Kind, Object};

pub use self::field::FieldFault;
pub(crate) use self::service::addresses as service_addresses;
use self::values::selector_text;
pub(crate) use self::values::{list_text, value_text};

/// Judges an object that is created.
///
/// # Errors
/// When it breaks a rule: all that is wrong.
pub(crate) fn validate(object: &Object, definition: Option<&Definition>, rules: &Behaviour) -> Result<(), ApiError> {
    let mut faults = faults(object, rules);
    if let Some(definition) = definition {
        definition.faults(&mut faults, &object.to_value(), None, false, rules);
    }
    refuse(object, faults)
}

/// Judges a change of an object.
///
/// # Errors
/// When it breaks a rule, or changes what is fixed.
pub(crate) fn validate_update(
    before: &Object,
    after: &Object,
    definition: Option<&Definition>,
    rules: &Behaviour,
) -> Result<(), ApiError> {
    let mut faults = Faults::default();
    metadata_update(&mut faults, before, after, rules);
    if let Some(definition) = definition {
        definition.faults(&mut faults, &after.to_value(), Some(&before.to_value()), false, rules);
    }
    spec(&mut faults, after, false, rules);
    let path = Path::new("spec");
    match (before, after) {
        (Object::StatefulSet(before), Object::StatefulSet(after)) => {
            workload::stateful_set_update(&mut faults, &path, (&before.spec, &after.spec), rules);
        }
        (Object::Job(before), Object::Job(after)) => {
            if let (Some(before_spec), Some(after)) = (&before.spec, &after.spec) {
                let started = before.status.as_ref().is_some_and(|status| status.start_time.is_some());
                job::job_update(&mut faults, &path, (before_spec, started), after, rules);
            }
        }
        (Object::Service(before), Object::Service(after)) => {
            if let (Some(before), Some(after)) = (&before.spec, &after.spec) {
                service::service_update(&mut faults, &path, before, after, rules);
            }
        }
        (Object::ConfigMap(before), Object::ConfigMap(after)) if before.immutable == Some(true) => {
            let was_changed = [
                ("immutable", after.immutable != Some(true)),
                ("data", before.data != after.data),
                ("binaryData", before.binary_data != after.binary_data),
            ];
            for (field, _) in was_changed.iter().filter(|(_, was_changed)| *was_changed) {
                faults.forbidden(&Path::new(field), "field is immutable when `immutable` is set");
            }
        }
        (Object::Other(before), Object::Other(after)) if after.kind == custom_resource::DEFINITION => {
            definition::definition_update(&mut faults, before, after, rules);
        }
        (Object::CSINode(before), Object::CSINode(after)) => {
            storage::csi_node_update(&mut faults, &before.spec, &after.spec, rules);
        }
        (Object::PriorityClass(before), Object::PriorityClass(after)) => {
            policy::priority_class_update(&mut faults, before, after);
        }
        _ => {
            if let (Some(before), Some(new)) = (fixed_selector(before), fixed_selector(after))
                && before != new
            {
                faults.invalid(&path.child("selector"), selector_text(new, rules), "field is immutable");
            }
        }
    }
    refuse(after, faults)
}

/// Judges a change that is of the status or of metadata only.
///
/// # Errors
/// When it changes what is fixed, or a status is none.
pub(crate) fn validate_status_update(
    before: &Object,
    after: &Object,
    definition: Option<&Definition>,
    rules: &Behaviour,
) -> Result<(), ApiError> {
    let mut faults = Faults::default();
    metadata_update(&mut faults, before, after, rules);
    if let Some(definition) = definition {
        definition.faults(&mut faults, &after.to_value(), Some(&before.to_value()), true, rules);
    }
    refuse(after, faults)
}

/// Judges the number of replicas that a Scale asks for (`ValidateScale`).
///
/// # Errors
/// When there are none such.
pub(crate) fn validate_scale(name: &str, replicas: i32) -> Result<(), ApiError> {
    let mut faults = Faults::default();
    faults.non_negative(&Path::new("spec").child("replicas"), Some(replicas));
    if faults.0.is_empty() {
        return Ok(());
    }
    Err(ApiError::invalid(GroupName::new("autoscaling/v1", "Scale"), name, &faults.0))
}

/// Judges the one field of a binding that counts (`ValidatePodBinding`).
///
/// # Errors
/// When no node is named.
pub(crate) fn validate_binding(node: &str) -> Result<(), ApiError> {
    match node {
        "" => Err(ApiError::new(Reason::Unknown, "target.name: Required value".to_owned())),
        _ => Ok(()),
    }
}

/// A scheduling gate that an update would add to a pod.
pub(crate) fn added_gate(pod: &str, index: usize, gate: &str) -> ApiError {
    let mut faults = Faults::default();
    let (spec, why) = (Path::new("spec"), format!("only deletion is allowed, but found new scheduling gate '{gate}'"));
    faults.forbidden(&spec.child("schedulingGates").index(index).child("name"), &why);
    ApiError::invalid(GroupName::kind(Kind::Pod), pod, &faults.0)
}

/// A change of a pod's spec beyond what the rule allows.
pub(crate) fn fixed_pod_spec(pod: &str, rule: &str) -> ApiError {
    let mut faults = Faults::default();
    faults.forbidden(&Path::new("spec"), rule);
    ApiError::invalid(GroupName::kind(Kind::Pod), pod, &faults.0)
}

/// A patched object that cannot be read.
pub(crate) fn bad_patch(value: &str, why: &str) -> ApiError {
    let mut faults = Faults::default();
    faults.invalid(&Path::new("patch"), format!("{value:?}"), why);
    ApiError::invalid(GroupName::new("", ""), "", &faults.0)
}

/// An apply that does not say who applies (`ValidatePatchOptions`).
pub(crate) fn applier_is_missing() -> ApiError {
    let mut faults = Faults::default();
    faults.required(&Path::new("fieldManager"), "is required for apply patch");
    ApiError::invalid(GroupName::new("meta.k8s.io/v1", "PatchOptions"), "", &faults.0)
}

/// Another patch that would force (`ValidatePatchOptions`).
pub(crate) fn only_appliers_force() -> ApiError {
    let mut faults = Faults::default();
    faults.forbidden(&Path::new("force"), "may not be specified for non-apply patch");
    ApiError::invalid(GroupName::new("meta.k8s.io/v1", "PatchOptions"), "", &faults.0)
}

/// An update that must say which version it is of, and does not. Upstream names the resource where it names kinds
/// elsewhere.
pub(crate) fn version_is_missing(resource: GroupName, name: &str) -> ApiError {
    let mut faults = Faults::default();
    faults.invalid(&Path::new("metadata").child("resourceVersion"), 0, "must be specified for an update");
    ApiError::invalid(resource, name, &faults.0)
}

impl Cluster {
    /// What a server would say of an object that a person wrote, all of it. What a server has taken once is right, but
    /// that no server of any version takes a workload that does not select its own pods: its controller would make new
    /// ones for ever.
    pub fn faults_of(&self, object: &Object) -> Vec<FieldFault> {
        let is_taken = object.metadata().uid.is_some() || object.metadata().creation_timestamp.is_some();
        if is_taken && !selects_own_template(object) {
            return Vec::new();
        }
        let mut object = object.clone();
        // The rules for pods do without defaults, and there may be many pods.
        if object.kind() != Some(Kind::Pod) {
            self.set_defaults(&mut object);
        }
        if let Object::Service(service) = &mut object {
            // What an address says of the fields beside it comes first; whether it is free is another question.
            let _ = self.allocate_service(Arc::make_mut(service));
        }
        let mut faults = faults(&object, &self.behaviour).0;
        // The reader of files tells of taints, with their place.
        faults.retain(|fault| !fault.path.starts_with("metadata.taints"));
        if is_taken {
            faults.retain(|fault| fault.path == "spec.template.metadata.labels");
        }
        faults
    }
}

/// Whether the kind has a selector that its template must match.
fn selects_own_template(object: &Object) -> bool {
    matches!(
        object,
        Object::Deployment(_)
            | Object::ReplicaSet(_)
            | Object::DaemonSet(_)
            | Object::StatefulSet(_)
            | Object::ReplicationController(_)
    )
}

fn faults(object: &Object, rules: &Behaviour) -> Faults {
    let mut faults = Faults::default();
    name(&mut faults, object, rules);
    metadata::metadata(&mut faults, object.metadata(), rules);
    spec(&mut faults, object, true, rules);
    faults
}

/// `validateNodeTaints`; upstream has them under `metadata`.
fn taints(faults: &mut Faults, node: &Node, rules: &Behaviour) {
    let root = Path::new("metadata");
    let path = root.child("taints");
    let mut seen = BTreeSet::new();
    for (index, taint) in node.spec.iter().flat_map(|spec| spec.taints.iter().flatten()).enumerate() {
        let path = path.index(index);
        let value = taint.value.as_deref().unwrap_or_default();
        names::label_key(faults, &path.child("key"), &taint.key, rules.rfc_1123);
        names::label_value(faults, &path.child("value"), value);
        if taint.effect.is_empty() {
            faults.required(&path.child("effect"), "");
        } else {
            faults.one_of(&path.child("effect"), Some(&taint.effect), &["NoSchedule", "PreferNoSchedule", "NoExecute"]);
        }
        if !seen.insert((&taint.key, &taint.effect)) {
            let shown = format!(
                "core.Taint{{Key:{:?}, Value:{value:?}, Effect:{:?}, TimeAdded:<nil>}}: taints must be unique by key and effect pair",
                taint.key, taint.effect
            );
            faults.duplicate_value(&path, shown);
        }
    }
}

fn name(faults: &mut Faults, object: &Object, rules: &Behaviour) {
    let root = Path::new("metadata");
    let path = root.child("name");
    match object {
        _ if object.name().is_empty() => faults.required(&path, "name or generateName is required"),
        Object::Other(other) if other.api_version.starts_with("rbac.") => {
            names::path_segment(faults, &path, object.name());
        }
        Object::Service(_) => names::dns_1035_label(faults, &path, object.name()),
        _ => names::subdomain(faults, &path, object.name(), rules.rfc_1123),
    }
}

fn metadata_update(faults: &mut Faults, before: &Object, after: &Object, rules: &Behaviour) {
    metadata::metadata(faults, after.metadata(), rules);
    metadata::update(faults, before.metadata(), after.metadata());
}

fn spec(faults: &mut Faults, object: &Object, is_new: bool, rules: &Behaviour) {
    let path = Path::new("spec");
    match object {
        Object::Pod(pod) => self::pod::spec(faults, &path, &pod.spec, &Volumes::new(), rules),
        Object::Deployment(object) => workload::deployment(faults, &path, &object.spec, rules),
        Object::ReplicaSet(object) => workload::replica_set(faults, &path, &object.spec, rules),
        Object::ReplicationController(object) => {
            if let Some(spec) = &object.spec {
                workload::replication_controller(faults, &path, spec, rules);
            }
        }
        Object::DaemonSet(object) => workload::daemon_set(faults, &path, &object.spec, rules),
        Object::StatefulSet(object) => workload::stateful_set(faults, &path, &object.spec, rules),
        Object::Job(object) => {
            if let Some(spec) = &object.spec {
                job::job(faults, &path, spec, rules);
            }
        }
        Object::CronJob(object) => job::cron_job(faults, &path, object, is_new, rules),
        Object::PodDisruptionBudget(object) => {
            if let Some(spec) = &object.spec {
                policy::budget(faults, &path, spec, rules);
            }
        }
        Object::Node(node) => taints(faults, node, rules),
        Object::Service(object) => {
            if let Some(spec) = &object.spec {
                service::service(faults, &path, spec, rules);
            }
        }
        Object::PriorityClass(class) => policy::priority_class(faults, class),
        Object::Other(object) if object.kind == custom_resource::DEFINITION => {
            definition::definition(faults, object, is_new, rules);
        }
        _ => {}
    }
}

fn refuse(object: &Object, faults: Faults) -> Result<(), ApiError> {
    if faults.0.is_empty() {
        return Ok(());
    }
    let kind = match object {
        Object::Other(object) => GroupName::new(&object.api_version, &object.kind),
        known => known.kind().map_or_else(|| GroupName::new("", known.kind_name()), GroupName::kind),
    };
    Err(ApiError::invalid(kind, object.name(), &faults.0))
}

/// The selector of a workload that may not get another.
fn fixed_selector(object: &Object) -> Option<&LabelSelector> {
    match object {
        Object::Deployment(object) => Some(&object.spec.selector),
        Object::ReplicaSet(object) => Some(&object.spec.selector),
        Object::DaemonSet(object) => Some(&object.spec.selector),
        _ => None,
    }
}
