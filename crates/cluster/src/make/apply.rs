//! `kubectl apply`: three-way merge of the manifest, what was applied last, and the live object.

use serde_json::Value;

use super::Refused;
use crate::cluster::Cluster;
use crate::object::Object;
use crate::store::ObjectKey;

/// The annotation in which kubectl keeps what was applied last.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

impl Cluster {
    /// `kubectl apply`: fields that the manifest names are set, fields it named last time and no longer names are
    /// removed, fields it never named stay.
    pub(super) fn apply(&mut self, manifest: &Object) -> Result<Vec<String>, Refused> {
        let Some(kind) = manifest.kind() else {
            self.admit(manifest.clone());
            return Ok(vec![format!("{}/{} configured", manifest.kind_name().to_ascii_lowercase(), manifest.name())]);
        };
        let key = ObjectKey::new(manifest.namespace().unwrap_or_default(), manifest.name());
        let name = format!("{}/{}", kind.qualified(), key.name);
        let Some(live) = self.store.object(kind, &key) else {
            self.post(manifest.clone())?;
            return Ok(told(self.warnings(None, manifest), format!("{name} created")));
        };
        let annotations = live.metadata().annotations.as_ref();
        let last: Option<Value> =
            annotations.and_then(|all| all.get(LAST_APPLIED)).and_then(|text| serde_json::from_str(text).ok());
        let mut new = manifest.to_value();
        drop_what_servers_write(&mut new);
        let mut merged = live.to_value();
        merge(&mut merged, &new, last.as_ref());
        let changed = self.write_back(&live, merged)?;
        let now = self.store.object(kind, &key).filter(|_| changed);
        let warnings = now.map(|now| self.warnings(Some(&live), &now)).unwrap_or_default();
        Ok(told(warnings, format!("{name} {}", if changed { "configured" } else { "unchanged" })))
    }
}

/// Warnings come before what was done, as kubectl prints them.
pub(super) fn told(warnings: Vec<String>, done: String) -> Vec<String> {
    warnings.into_iter().map(|warning| format!("Warning: {warning}")).chain([done]).collect()
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
