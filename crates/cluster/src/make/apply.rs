//! `kubectl apply`: three-way merge of the manifest, what was applied last, and the live object.

use serde_json::Value;

use super::{Refused, conflicted};
use crate::cluster::Cluster;
use crate::controllers::deployment::bump_generation;
use crate::object::Object;
use crate::pod::Pod;
use crate::store::ObjectKey;

/// The annotation in which kubectl keeps what was applied last.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

impl Cluster {
    /// `kubectl apply`: fields that the manifest names are set, fields it named last time and no longer names are
    /// removed, fields it never named stay.
    pub(super) fn apply(&mut self, manifest: &Object) -> Result<String, Refused> {
        let Some(kind) = manifest.kind() else {
            self.admit(manifest.clone());
            return Ok(format!("{}/{} configured", manifest.kind_name().to_ascii_lowercase(), manifest.name()));
        };
        let key = ObjectKey::new(manifest.namespace().unwrap_or_default(), manifest.name());
        let name = format!("{}/{}", kind.qualified(), key.name);
        let Some(live) = self.store.object(kind, &key) else {
            self.post(manifest.clone())?;
            return Ok(format!("{name} created"));
        };
        let annotations = live.metadata().annotations.as_ref();
        let last: Option<Value> =
            annotations.and_then(|all| all.get(LAST_APPLIED)).and_then(|text| serde_json::from_str(text).ok());
        let mut new = manifest.to_value();
        drop_what_servers_write(&mut new);
        let before = live.to_value();
        let mut merged = before.clone();
        merge(&mut merged, &new, last.as_ref());
        let mut merged = Object::read(kind, merged).map_err(|error| Refused(format!("error: {name}: {error}")))?;
        self.set_defaults(&mut merged);
        self.complete_update(&mut merged);
        let after = merged.to_value();
        if after == before {
            return Ok(format!("{name} unchanged"));
        }
        if let (Object::Pod(live), Object::Pod(new)) = (&live, &merged)
            && !only_tolerations_added(live, new)
        {
            let message = format!(
                "The Pod \"{}\" is invalid: spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`, `spec.initContainers[*].image`, `spec.activeDeadlineSeconds` or `spec.tolerations` (only additions to existing tolerations)",
                key.name
            );
            return Err(Refused(message));
        }
        if after.get("spec") != before.get("spec") && merged.metadata().generation.is_some() {
            bump_generation(merged.metadata_mut());
        }
        self.store.replace_object(merged).map_err(|conflict| conflicted(&conflict))?;
        Ok(format!("{name} configured"))
    }
}

/// A manifest cut from a dump says things that only the API server decides.
fn drop_what_servers_write(manifest: &mut Value) {
    let Some(object) = manifest.as_object_mut() else { return };
    object.remove("status");
    if let Some(Value::Object(metadata)) = object.get_mut("metadata") {
        // A resourceVersion stays: it says which state of the object the person has seen.
        for key in ["uid", "generation", "creationTimestamp", "managedFields", "ownerReferences"] {
            metadata.remove(key);
        }
    }
}

/// Sets what `new` says in `live`; what `last` said and `new` does not is removed. Lists are replaced whole.
fn merge(live: &mut Value, new: &Value, last: Option<&Value>) {
    let (Value::Object(live), Value::Object(new)) = (&mut *live, new) else {
        *live = new.clone();
        return;
    };
    for key in last.and_then(Value::as_object).into_iter().flat_map(|last| last.keys()) {
        if !new.contains_key(key) && key != "status" {
            live.remove(key);
        }
    }
    for (key, value) in new {
        let last = last.and_then(|last| last.get(key));
        match live.get_mut(key) {
            Some(place) if value.is_object() => merge(place, value, last),
            _ => {
                live.insert(key.clone(), value.clone());
            }
        }
    }
}

/// A pod's spec is fixed but for its images and for tolerations, which may be added.
fn only_tolerations_added(live: &Pod, new: &Pod) -> bool {
    let (mut live, mut new) = (live.api_spec(), new.api_spec());
    let before = live.tolerations.take().unwrap_or_default();
    let after = new.tolerations.take().unwrap_or_default();
    for containers in [&mut live.containers, &mut new.containers] {
        containers.iter_mut().for_each(|container| container.image = None);
    }
    live == new && before.iter().all(|toleration| after.contains(toleration))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::merge;

    #[test]
    fn apply_removes_only_what_was_applied_before() {
        let mut live = json!({"spec": {"a": 1, "b": 2, "set-by-others": 3}});
        merge(&mut live, &json!({"spec": {"a": 5}}), Some(&json!({"spec": {"a": 1, "b": 2}})));
        assert_eq!(live, json!({"spec": {"a": 5, "set-by-others": 3}}));
    }
}
