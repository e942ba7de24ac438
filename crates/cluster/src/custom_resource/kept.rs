//! What the API server itself puts into a definition (apiextensions-apiserver `pkg/apis/apiextensions/v1/defaults.go`,
//! `pkg/registry/customresourcedefinition/strategy.go`).

use serde_json::{Value, json};

use crate::object::Unstructured;

/// The names and the conversion that a definition does not say (`SetDefaults_CustomResourceDefinitionSpec`).
pub(crate) fn default_definition(definition: &mut Unstructured) {
    let Some(spec) = definition.rest.get_mut("spec").and_then(Value::as_object_mut) else { return };
    if let Some(names) = spec.get_mut("names").and_then(Value::as_object_mut) {
        let kind = names.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
        for (name, default) in [("singular", kind.to_lowercase()), ("listKind", format!("{kind}List"))] {
            let is_said = names.get(name).and_then(Value::as_str).is_some_and(|said| !said.is_empty());
            if !is_said && !kind.is_empty() {
                names.insert(name.to_owned(), default.into());
            }
        }
    }
    if spec.get("conversion").is_none_or(Value::is_null) {
        spec.insert("conversion".to_owned(), json!({"strategy": "None"}));
    }
}

/// Notes the version in which objects are stored from now on beside those in which some may be (`PrepareForCreate`,
/// `PrepareForUpdate`).
pub(crate) fn note_stored_version(definition: &mut Unstructured) {
    let versions = definition.rest.get("spec").and_then(|spec| spec["versions"].as_array()).into_iter().flatten();
    let Some(stored) = versions.clone().find(|version| version["storage"] == true) else { return };
    let stored = stored["name"].clone();
    let status = definition.rest.entry("status").or_insert_with(|| json!({}));
    if !status.is_object() {
        *status = json!({});
    }
    match status["storedVersions"].as_array_mut() {
        Some(all) if all.contains(&stored) => {}
        Some(all) => all.push(stored),
        None => status["storedVersions"] = json!([stored]),
    }
}
