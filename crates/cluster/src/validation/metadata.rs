//! The rules for metadata that hold for every kind (apimachinery `pkg/api/validation/objectmeta.go`).

use std::collections::BTreeSet;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use serde::Serialize;

use super::field::{Faults, Path};
use super::names;
use crate::behaviour::Behaviour;
use crate::deletion::{FOREGROUND, ORPHAN};

/// All annotations together may be of so many bytes (`TotalAnnotationSizeLimitB`).
const ANNOTATIONS_MAX: usize = 256 * 1024;

/// Labels, annotations, owners and finalizers of an object.
pub(super) fn metadata(faults: &mut Faults, metadata: &ObjectMeta, rules: &Behaviour) {
    let root = Path::new("metadata");
    names::labels(faults, &root.child("labels"), metadata.labels.as_ref(), rules.rfc_1123);
    let path = root.child("annotations");
    let mut bytes = 0;
    for (key, text) in metadata.annotations.iter().flatten() {
        names::annotation_key(faults, &path, key, rules.rfc_1123);
        bytes += key.len() + text.len();
    }
    if bytes > ANNOTATIONS_MAX {
        faults.too_long(&path, ANNOTATIONS_MAX);
    }
    owners(faults, &root.child("ownerReferences"), metadata.owner_references.as_deref().unwrap_or_default());
    let path = root.child("finalizers");
    let finalizers = metadata.finalizers.as_deref().unwrap_or_default();
    for finalizer in finalizers {
        names::label_key(faults, &path, finalizer, rules.rfc_1123);
    }
    if [ORPHAN, FOREGROUND].iter().all(|both| finalizers.iter().any(|finalizer| finalizer == both)) {
        let why = format!("finalizer {ORPHAN} and {FOREGROUND} cannot be both set");
        faults.invalid(&path, json(&finalizers), &why);
    }
}

fn owners(faults: &mut Faults, path: &Path<'_>, owners: &[OwnerReference]) {
    let mut controller: Option<String> = None;
    for (index, owner) in owners.iter().enumerate() {
        let item = path.index(index);
        let fields =
            [("apiVersion", &owner.api_version), ("kind", &owner.kind), ("name", &owner.name), ("uid", &owner.uid)];
        for (field, _) in fields.iter().filter(|(_, text)| text.is_empty()) {
            faults.required(&item.child(field), "must not be empty");
        }
        if owner.controller == Some(true) {
            let name = format!("{}/{}", owner.kind, owner.name);
            match &controller {
                Some(first) => {
                    let why = format!(
                        "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {name}"
                    );
                    faults.invalid(path, json(&owners), &why);
                }
                None => controller = Some(name),
            }
        }
    }
}

/// What no update may change (`ValidateObjectMetaAccessorUpdate`).
pub(super) fn update(faults: &mut Faults, before: &ObjectMeta, after: &ObjectMeta) {
    let root = Path::new("metadata");
    if before.deletion_timestamp.is_some() {
        let old: BTreeSet<&String> = before.finalizers.iter().flatten().collect();
        let new: BTreeSet<&String> = after.finalizers.iter().flatten().filter(|name| !old.contains(name)).collect();
        if !new.is_empty() {
            let new: Vec<String> = new.into_iter().map(|name| format!("{name:?}")).collect();
            let why = format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                new.join(", ")
            );
            faults.forbidden(&root.child("finalizers"), &why);
        }
    }
    let mut fixed = |field, before: String, after: String| {
        if before != after {
            faults.invalid(&root.child(field), after, "field is immutable");
        }
    };
    fixed("name", json(&before.name), json(&after.name));
    fixed("namespace", json(&before.namespace), json(&after.namespace));
    fixed("uid", json(&before.uid), json(&after.uid));
    fixed("creationTimestamp", json(&before.creation_timestamp), json(&after.creation_timestamp));
    fixed("deletionTimestamp", json(&before.deletion_timestamp), json(&after.deletion_timestamp));
    fixed(
        "deletionGracePeriodSeconds",
        json(&before.deletion_grace_period_seconds),
        json(&after.deletion_grace_period_seconds),
    );
}

/// A value as Go's `field.Error` shows what is no simple type.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
