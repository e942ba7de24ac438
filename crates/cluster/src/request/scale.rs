//! The Scale subresource of workloads, as autoscaling/v1 knows it (pkg/registry/apps/deployment/storage/storage.go).

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};
use serde_json::{Value, json};

use super::{Outcome, Part, Patch, Subresource, Target, WriteOptions, Written, decode, update};
use crate::api_error::{ApiError, Reason};
use crate::cluster::Cluster;
use crate::controllers::deployment::MAX_REPLICAS;
use crate::object::Object;
use crate::validation;

impl Cluster {
    /// GET of a workload's Scale.
    ///
    /// # Errors
    /// When the object is not there, or its kind has no replicas.
    pub fn scale_of(&self, target: &Target) -> Result<Value, ApiError> {
        let live = self.workload(target)?;
        self.scale_value(&live)?.ok_or_else(no_scale)
    }

    pub(super) fn replace_scale(
        &mut self,
        target: &Target,
        body: Value,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        let live = self.workload(target)?;
        self.write_scale(target, &live, &body, options)
    }

    pub(super) fn patch_scale(
        &mut self,
        target: &Target,
        patch: &Patch,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        let live = self.workload(target)?;
        let mut scale = self.scale_value(&live)?.ok_or_else(no_scale)?;
        patch.apply(&mut scale)?;
        self.write_scale(target, &live, &scale, options)
    }

    fn workload(&self, target: &Target) -> Result<Object, ApiError> {
        self.object_at(target).ok_or_else(|| target.not_found())
    }

    fn write_scale(
        &mut self,
        target: &Target,
        live: &Object,
        wanted: &Value,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        let mut new = live.clone();
        let metadata = &wanted["metadata"];
        let text = |field: &str| metadata[field].as_str().map(str::to_owned);
        new.metadata_mut().name = text("name");
        decode::match_name(target, new.metadata())?;
        new.metadata_mut().uid = text("uid");
        update::match_uid(target, live, &new)?;
        new.metadata_mut().uid.clone_from(&live.metadata().uid);
        new.metadata_mut().resource_version = text("resourceVersion");
        update::match_version(target, live, &new)?;
        let replicas = match &wanted["spec"]["replicas"] {
            Value::Null => 0,
            number => number.as_i64().and_then(|number| i32::try_from(number).ok()).ok_or_else(|| {
                let why = format!("spec.replicas: {number} is no number of replicas");
                ApiError::bad_request(format!("Scale in version \"v1\" cannot be handled as a Scale: {why}"))
            })?,
        };
        validation::validate_scale(&target.name, replicas)?;
        if replicas > MAX_REPLICAS && live.kind().is_some() {
            let why = format!("{replicas} replicas are more than the {MAX_REPLICAS} that sim runs of one workload");
            return Err(ApiError::forbidden(&target.resource, &target.name, why));
        }
        self.set_replicas(&mut new, replicas);
        self.note_manager(target, Some(Subresource::Scale), Some(live), &mut new, options);
        let after = self.rehearse(options.dry_run, |cluster| cluster.update_object(live, new, Part::Scale))?;
        let after = match &after {
            Outcome::Changed(after) | Outcome::Gone(after) => after,
            Outcome::Unchanged => live,
        };
        let object = self.scale_value(after)?.ok_or_else(no_scale)?;
        Ok(Written { object, created: false, warnings: Vec::new() })
    }

    /// The Scale of an object; nothing of a kind that has none.
    fn scale_value(&self, object: &Object) -> Result<Option<Value>, ApiError> {
        let Some(paths) = self.definition_of(object).and_then(|definition| definition.scale()) else {
            return Ok(scale(object));
        };
        let replicas = paths.replicas(&object.to_value());
        let Some(wanted) = replicas.wanted else {
            let path = paths.wanted();
            return Err(ApiError::internal(&format!("the spec replicas field {path:?} does not exist")));
        };
        let number = |number: i64| i32::try_from(number).unwrap_or(i32::MAX);
        Ok(Some(scale_of(object, Some(number(wanted)), number(replicas.present), replicas.selector)))
    }

    fn set_replicas(&self, object: &mut Object, replicas: i32) {
        let paths = self.definition_of(object).and_then(|definition| definition.scale());
        if let (Some(paths), Object::Other(_)) = (paths, &object) {
            let mut value = object.to_value();
            paths.set(&mut value, replicas);
            if let Ok(other) = serde_json::from_value(value) {
                *object = Object::Other(Arc::new(other));
            }
            return;
        }
        set_replicas(object, replicas);
    }
}

fn no_scale() -> ApiError {
    ApiError::new(Reason::NotFound, "the server could not find the requested resource".to_owned())
}

fn set_replicas(object: &mut Object, replicas: i32) {
    match object {
        Object::Deployment(object) => Arc::make_mut(object).spec.replicas = Some(replicas),
        Object::ReplicaSet(object) => Arc::make_mut(object).spec.replicas = Some(replicas),
        Object::StatefulSet(object) => Arc::make_mut(object).spec.replicas = Some(replicas),
        Object::ReplicationController(object) => {
            Arc::make_mut(object).spec.get_or_insert_default().replicas = Some(replicas);
        }
        _ => {}
    }
}

/// The Scale of a workload; nothing of another kind.
fn scale(object: &Object) -> Option<Value> {
    let (wanted, present, selector) = match object {
        Object::Deployment(object) => {
            let present = object.status.as_ref().and_then(|status| status.replicas);
            (object.spec.replicas, present, selector_text(&object.spec.selector))
        }
        Object::ReplicaSet(object) => {
            let present = object.status.as_ref().map(|status| status.replicas);
            (object.spec.replicas, present, selector_text(&object.spec.selector))
        }
        Object::StatefulSet(object) => {
            let present = object.status.as_ref().map(|status| status.replicas);
            (object.spec.replicas, present, selector_text(&object.spec.selector))
        }
        Object::ReplicationController(object) => {
            let spec = object.spec.clone().unwrap_or_default();
            let selector = LabelSelector { match_labels: spec.selector, match_expressions: None };
            (spec.replicas, object.status.as_ref().map(|status| status.replicas), selector_text(&selector))
        }
        _ => return None,
    };
    Some(scale_of(object, wanted, present.unwrap_or(0), selector))
}

fn scale_of(object: &Object, wanted: Option<i32>, present: i32, selector: String) -> Value {
    let metadata = object.metadata();
    let mut scale = json!({"kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": {"name": metadata.name, "namespace": metadata.namespace, "uid": metadata.uid,
            "resourceVersion": metadata.resource_version, "creationTimestamp": metadata.creation_timestamp},
        "spec": {}, "status": {"replicas": present}});
    if let Some(wanted) = wanted.filter(|wanted| *wanted != 0) {
        scale["spec"]["replicas"] = wanted.into();
    }
    if !selector.is_empty() {
        scale["status"]["selector"] = selector.into();
    }
    scale
}

/// A selector as `-l` takes it (`labels.Selector.String`): by key.
fn selector_text(selector: &LabelSelector) -> String {
    let equal = selector.match_labels.iter().flatten().map(|(key, value)| (key.clone(), format!("{key}={value}")));
    let of_set = |requirement: &LabelSelectorRequirement| {
        let LabelSelectorRequirement { key, operator, values } = requirement;
        let mut values = values.clone().unwrap_or_default();
        values.sort();
        let text = match operator.as_str() {
            "In" => format!("{key} in ({})", values.join(",")),
            "NotIn" => format!("{key} notin ({})", values.join(",")),
            "DoesNotExist" => format!("!{key}"),
            _ => key.clone(),
        };
        (key.clone(), text)
    };
    let mut all: Vec<(String, String)> = equal.chain(selector.match_expressions.iter().flatten().map(of_set)).collect();
    all.sort_by(|one, other| one.0.cmp(&other.0));
    all.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(",")
}
