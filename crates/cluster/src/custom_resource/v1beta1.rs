//! Definitions as apiextensions.k8s.io/v1beta1 writes them (until v1.21), and as v1 does, which is how they are kept
//! (apiextensions-apiserver `pkg/apis/apiextensions/v1/conversion.go` and `v1beta1/defaults.go`).

use serde_json::{Map, Value, json};

const API_VERSION: &str = "apiextensions.k8s.io/v1beta1";
/// What v1beta1 may say once for all versions, and how v1 says it of each.
const SHARED: [(&str, &str); 3] =
    [("validation", "schema"), ("subresources", "subresources"), (COLUMNS, "additionalPrinterColumns")];
const COLUMNS: &str = "additionalPrinterColumns";

/// Makes a definition of v1beta1 one of v1.
pub(crate) fn into_v1(object: &mut Value) {
    if object["apiVersion"] != API_VERSION {
        return;
    }
    object["apiVersion"] = "apiextensions.k8s.io/v1".into();
    let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) else { return };
    spec.entry("preserveUnknownFields").or_insert(Value::Bool(true));
    let name = spec.shift_remove("version");
    let versions = spec.entry("versions").or_insert_with(|| json!([]));
    if versions.as_array().is_none_or(Vec::is_empty) {
        *versions = json!([{"name": name, "served": true, "storage": true}]);
    }
    for (field, of_version) in SHARED {
        let Some(shared) = spec.shift_remove(field) else { continue };
        for version in spec["versions"].as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
            version.entry(of_version).or_insert_with(|| shared.clone());
        }
    }
    for version in spec["versions"].as_array_mut().into_iter().flatten() {
        rename_paths(version, "JSONPath", "jsonPath");
    }
    if let Some(conversion) = spec.get_mut("conversion").and_then(Value::as_object_mut) {
        let backend = conversion.shift_remove("webhookClientConfig");
        let reviews = conversion.shift_remove("conversionReviewVersions");
        if let Some(backend) = backend {
            conversion
                .insert("webhook".to_owned(), json!({"clientConfig": backend, "conversionReviewVersions": reviews}));
        }
    }
}

/// Makes a definition of v1 one of v1beta1: what all versions have in common is said once.
pub fn definition_from_v1(object: &mut Value) {
    let Some(fields) = object.as_object_mut() else { return };
    fields.insert("apiVersion".to_owned(), API_VERSION.into());
    let Some(spec) = fields.get_mut("spec").and_then(Value::as_object_mut) else { return };
    let Some(versions) = spec.get("versions").and_then(Value::as_array).filter(|all| !all.is_empty()) else { return };
    let mut versions = versions.clone();
    versions.iter_mut().for_each(|version| rename_paths(version, "jsonPath", "JSONPath"));
    if let Some(name) = versions.first().and_then(|version| version.get("name")) {
        spec.insert("version".to_owned(), name.clone());
    }
    for (field, of_version) in SHARED {
        let first = versions.first().and_then(|version| version.get(of_version)).cloned();
        if first.is_some() && versions.iter().all(|version| version.get(of_version) == first.as_ref()) {
            versions
                .iter_mut()
                .filter_map(Value::as_object_mut)
                .for_each(|version| drop(version.shift_remove(of_version)));
            spec.extend(first.map(|shared| (field.to_owned(), shared)));
        }
    }
    spec.insert("versions".to_owned(), versions.into());
    if let Some(conversion) = spec.get_mut("conversion").and_then(Value::as_object_mut)
        && let Some(Value::Object(mut webhook)) = conversion.shift_remove("webhook")
    {
        let mut take = |from: &str| webhook.shift_remove(from);
        let moved = [
            ("webhookClientConfig", take("clientConfig")),
            ("conversionReviewVersions", take("conversionReviewVersions")),
        ];
        conversion.extend(moved.into_iter().filter_map(|(field, value)| Some((field.to_owned(), value?))));
    }
}

fn rename_paths(version: &mut Value, from: &str, to: &str) {
    let columns = version.get_mut(COLUMNS).and_then(Value::as_array_mut).into_iter().flatten();
    for column in columns.filter_map(Value::as_object_mut) {
        rename(column, from, to);
    }
}

fn rename(fields: &mut Map<String, Value>, from: &str, to: &str) {
    if let Some(value) = fields.shift_remove(from) {
        fields.insert(to.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{definition_from_v1, into_v1};

    #[test]
    fn a_definition_says_the_same_in_both_versions() {
        let old = json!({"apiVersion": "apiextensions.k8s.io/v1beta1", "kind": "CustomResourceDefinition",
            "spec": {"group": "example.com", "version": "v1", "names": {"kind": "Widget"},
                "validation": {"openAPIV3Schema": {"type": "object"}}, "subresources": {"status": {}},
                "additionalPrinterColumns": [{"name": "Size", "type": "integer", "JSONPath": ".spec.size"}],
                "conversion": {"strategy": "Webhook", "webhookClientConfig": {"url": "https://x"},
                    "conversionReviewVersions": ["v1"]}}});
        let mut object = old.clone();
        into_v1(&mut object);
        let new = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "spec": {"group": "example.com", "names": {"kind": "Widget"}, "preserveUnknownFields": true,
                "versions": [{"name": "v1", "served": true, "storage": true,
                    "schema": {"openAPIV3Schema": {"type": "object"}}, "subresources": {"status": {}},
                    "additionalPrinterColumns": [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}]}],
                "conversion": {"strategy": "Webhook",
                    "webhook": {"clientConfig": {"url": "https://x"}, "conversionReviewVersions": ["v1"]}}}});
        assert_eq!(object, new);
        definition_from_v1(&mut object);
        let mut expected = old;
        expected["spec"]["preserveUnknownFields"] = json!(true);
        expected["spec"]["versions"] = json!([{"name": "v1", "served": true, "storage": true}]);
        assert_eq!(object, expected);
    }
}
