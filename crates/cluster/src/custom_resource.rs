//! Custom resources as their definition wants them: pruned, with defaults, and checked by its schema
//! (apiextensions-apiserver `pkg/apiserver/schema`, `pkg/apiserver/validation`, `pkg/registry/customresource`). Rules in CEL
//! are not looked at.

mod embedded;
mod format;
mod kept;
mod lists;
mod scale;
mod schema;
mod shape;
mod v1beta1;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::behaviour::Behaviour;
use crate::object::{Object, Unstructured};
use crate::store::Store;
use crate::validation::field::Faults;

pub(crate) use self::kept::{default_definition, note_stored_version};
pub(crate) use self::scale::ScalePaths;
pub use self::v1beta1::definition_from_v1;
pub(crate) use self::v1beta1::into_v1;

/// The kind of definitions.
pub(crate) const DEFINITION: &str = "CustomResourceDefinition";

/// What a definition says of one version of its kind.
#[derive(Debug, Clone)]
pub(crate) struct Definition {
    object: Arc<Unstructured>,
    version: String,
}

impl Definition {
    /// What is said of a kind; nothing of one that nobody defines.
    pub(crate) fn of(store: &Store, api_version: &str, kind: &str) -> Option<Self> {
        let (group, version) = api_version.split_once('/')?;
        let object = all(store).find(|object| defines(object, group, kind) && is_established(object))?;
        Some(Self { object: Arc::clone(object), version: version.to_owned() })
    }

    /// The schema; there are versions that have none.
    pub(crate) fn schema(&self) -> Option<&Value> {
        self.of_version()?.get("schema")?.get("openAPIV3Schema").filter(|schema| schema.is_object())
    }

    /// Whether the status is a part of its own.
    pub(crate) fn has_status(&self) -> bool {
        self.subresource("status").is_some()
    }

    /// Where its replicas are, when it can be scaled.
    pub(crate) fn scale(&self) -> Option<ScalePaths> {
        self.subresource("scale").map(ScalePaths::read)
    }

    /// Takes out what the schema does not know and puts in the defaults. Returns the paths of what was taken out.
    pub(crate) fn shape(&self, object: &mut Value) -> Vec<String> {
        let Some(schema) = self.schema() else { return Vec::new() };
        if self.spec().get("preserveUnknownFields") == Some(&Value::Bool(true)) {
            return Vec::new();
        }
        let unknown = shape::prune(object, schema);
        shape::drop_nulls(object, Some(schema));
        shape::default(object, Some(schema));
        unknown
    }

    /// What is wrong with an object, or with its status alone; `before` is what it is to replace.
    pub(crate) fn faults(
        &self,
        faults: &mut Faults,
        object: &Value,
        before: Option<&Value>,
        status_only: bool,
        rules: &Behaviour,
    ) {
        let Some(schema) = self.schema() else { return };
        let before = before.filter(|_| rules.custom_resources.ratchets);
        let first = faults.0.len();
        if status_only {
            let status = |object: &'_ Value| object.get("status").cloned();
            if let (Some(value), Some(schema)) = (status(object), schema["properties"].get("status")) {
                let mut check = schema::Check::new(rules, "status");
                check.value("", &value, schema, before.and_then(status).as_ref());
                faults.0.append(&mut check.faults);
            }
        } else {
            let mut check = schema::Check::new(rules, "");
            check.value("", object, schema, before);
            faults.0.append(&mut check.faults);
        }
        if let Some(scale) = self.scale() {
            scale.faults(faults, object, status_only);
        }
        if !status_only {
            embedded::faults(faults, object, schema, rules);
            let kept = before.is_some_and(|before| !lists::faults(before, schema, rules).is_empty());
            faults.0.extend(lists::faults(object, schema, rules).into_iter().filter(|_| !kept));
        }
        let blocks = |type_: &str| !matches!(type_, "FieldValueInvalid" | "FieldValueDuplicate");
        let has_blocking = faults.0.iter().skip(first).any(|fault| blocks(fault.type_));
        if has_blocking && rules.custom_resources.has_rules && has_rules(schema) {
            let nothing = if rules.values_as_json { "null" } else { "\"null\"" };
            let why = "some validation rules were not checked because the object was invalid; correct the existing errors \
                       to complete validation";
            faults.invalid_whole(nothing, why);
        }
    }

    fn spec(&self) -> &Value {
        self.object.rest.get("spec").unwrap_or(&Value::Null)
    }

    fn of_version(&self) -> Option<&Value> {
        self.spec()["versions"].as_array()?.iter().find(|version| version["name"] == *self.version)
    }

    fn subresource(&self, name: &str) -> Option<&Value> {
        self.of_version()?.get("subresources")?.get(name).filter(|one| !one.is_null())
    }
}

/// The definitions of a cluster.
pub(crate) fn all(store: &Store) -> impl Iterator<Item = &Arc<Unstructured>> {
    store.others_of("apiextensions.k8s.io/v1", DEFINITION)
}

/// Whether a definition's kind is served. Of one that says nothing of it, as in a manifest, it is.
pub(crate) fn is_established(definition: &Unstructured) -> bool {
    let conditions = definition.rest.get("status").and_then(|status| status["conditions"].as_array());
    let mut established = conditions.into_iter().flatten().filter(|condition| condition["type"] == "Established");
    established.all(|condition| condition["status"] == "True")
}

/// The version in which the objects of a defined kind are kept.
pub(crate) fn stored_version(definition: &Unstructured) -> Option<&str> {
    let versions = || definition.rest.get("spec").and_then(|spec| spec["versions"].as_array()).into_iter().flatten();
    let stored = versions().find(|version| version["storage"] == true).or_else(|| versions().next());
    stored?["name"].as_str()
}

/// Gives the definitions of a cluster's start the version in which they are kept, and returns them.
pub(crate) fn definitions_as_stored(objects: &mut [Object]) -> Vec<Arc<Unstructured>> {
    let others = objects.iter_mut().filter_map(|object| match object {
        Object::Other(other) if other.kind == DEFINITION => Some(other),
        _ => None,
    });
    let definitions = others.map(|other| {
        if let Ok(mut value) = serde_json::to_value(other.as_ref()) {
            into_v1(&mut value);
            if let Ok(new) = serde_json::from_value(value) {
                *other = Arc::new(new);
            }
        }
        Arc::clone(other)
    });
    definitions.collect()
}

/// Gives custom resources the version in which they are kept; versions differ in nothing else, as without a webhook that
/// converts them.
pub(crate) fn as_stored<'a>(objects: impl Iterator<Item = &'a mut Object>, definitions: &[Arc<Unstructured>]) {
    let kept = definitions.iter().filter_map(|definition| {
        let spec = definition.rest.get("spec")?;
        Some(((spec["group"].as_str()?, spec["names"]["kind"].as_str()?), stored_version(definition)?))
    });
    let kept: BTreeMap<(&str, &str), &str> = kept.collect();
    for object in objects {
        let Object::Other(other) = object else { continue };
        let Some((group, version)) = other.api_version.split_once('/') else { continue };
        let stored = kept.get(&(group, other.kind.as_str())).filter(|stored| **stored != version);
        if let Some(api_version) = stored.map(|stored| format!("{group}/{stored}")) {
            Arc::make_mut(other).api_version = api_version;
        }
    }
}

fn defines(definition: &Unstructured, group: &str, kind: &str) -> bool {
    let spec = definition.rest.get("spec");
    spec.is_some_and(|spec| spec["group"] == *group && spec["names"]["kind"] == *kind)
}

fn has_rules(schema: &Value) -> bool {
    match schema {
        Value::Object(fields) => fields.contains_key("x-kubernetes-validations") || fields.values().any(has_rules),
        Value::Array(all) => all.iter().any(has_rules),
        _ => false,
    }
}
