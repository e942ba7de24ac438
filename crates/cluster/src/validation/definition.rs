//! CustomResourceDefinitions (apiextensions-apiserver `pkg/apis/apiextensions/validation`): what must be said for anything
//! to be served. Schemas are taken as they are.

use serde_json::Value;

use super::field::{Faults, Path};
use super::names;
use crate::behaviour::Behaviour;
use crate::object::Unstructured;

/// `validateCustomResourceDefinitionSpec`, and the name that follows from it.
pub(super) fn definition(faults: &mut Faults, object: &Unstructured, rules: &Behaviour) {
    let nothing = Value::Null;
    let spec = object.rest.get("spec").unwrap_or(&nothing);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (group, plural, kind) = (text(&spec["group"]), text(&spec["names"]["plural"]), text(&spec["names"]["kind"]));
    let name = object.metadata.name.clone().unwrap_or_default();
    if name != format!("{plural}.{group}") {
        let why = "must be spec.names.plural+\".\"+spec.group";
        faults.invalid(&Path::new("metadata").child("name"), format!("{name:?}"), why);
    }
    let path = Path::new("spec");
    if group.is_empty() {
        faults.required(&path.child("group"), "");
    } else {
        names::subdomain(faults, &path.child("group"), &group, rules.rfc_1123);
        if !group.contains('.') {
            let why = "should be a domain with at least one dot";
            faults.invalid(&path.child("group"), format!("{group:?}"), why);
        }
    }
    match text(&spec["scope"]).as_str() {
        "" => faults.required(&path.child("scope"), ""),
        scope => faults.one_of(&path.child("scope"), Some(scope), &["Cluster", "Namespaced"]),
    }
    let versions = spec["versions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let field = path.child("versions");
    if spec["preserveUnknownFields"] != true {
        for (index, _) in
            versions.iter().enumerate().filter(|(_, version)| !version["schema"]["openAPIV3Schema"].is_object())
        {
            faults.required(&field.index(index).child("schema").child("openAPIV3Schema"), "");
        }
    }
    for (index, version) in versions.iter().enumerate() {
        names::dns_1035_label(faults, &field.index(index).child("name"), &text(&version["name"]));
    }
    if versions.iter().filter(|version| version["storage"] == true).count() != 1 {
        // Go prints all of them.
        let value = "[]apiextensions.CustomResourceDefinitionVersion{…}";
        faults.invalid(&field, value, "must have exactly one version marked as storage version");
    }
    let field = path.child("names");
    if plural.is_empty() {
        faults.required(&field.child("plural"), "");
    } else {
        names::dns_1035_label(faults, &field.child("plural"), &plural);
    }
    if kind.is_empty() {
        faults.required(&field.child("kind"), "");
    }
}
