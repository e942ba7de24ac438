//! CustomResourceDefinitions as apiextensions-apiserver keeps them (`pkg/controller/status/naming_controller.go`,
//! `pkg/controller/finalizer/crd_finalizer.go`): names are accepted at once, and what a definition defines goes with it.

use serde_json::{Value, json};
use sim_cluster::{
    ApiError, Cluster, DeleteOptions, Object, Preconditions, Resource, Subresource, Target, WriteOptions,
};

use crate::served::Served;

/// Whether a resource is that of the definitions.
pub(crate) fn defines(resource: &Resource) -> bool {
    resource.group == "apiextensions.k8s.io" && resource.kind == "CustomResourceDefinition"
}

/// Says of a definition that was written that its names are accepted and its kind is served.
pub(crate) fn establish(cluster: &mut Cluster, target: &Target, options: &WriteOptions) -> Result<(), ApiError> {
    let Some(definition) = cluster.object_at(target) else { return Ok(()) };
    let mut definition = definition.to_value();
    if definition["status"]["conditions"].as_array().is_some_and(|conditions| !conditions.is_empty()) {
        return Ok(());
    }
    let spec = &definition["spec"];
    let mut names = spec["names"].clone();
    if !names.is_object() {
        return Ok(());
    }
    let kind = names["kind"].as_str().unwrap_or_default().to_owned();
    for (name, default) in [("singular", kind.to_lowercase()), ("listKind", format!("{kind}List"))] {
        if names.get(name).is_none() {
            names[name] = default.into();
        }
    }
    let versions = spec["versions"].as_array().into_iter().flatten();
    let stored = versions.filter(|version| version["storage"] == true).map(|version| version["name"].clone());
    let stored: Vec<Value> = stored.take(1).collect();
    let now = cluster.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let is_true = |type_: &str, reason: &str, message: &str| json!({"type": type_, "status": "True", "lastTransitionTime": now, "reason": reason, "message": message});
    let conditions = [
        is_true("NamesAccepted", "NoConflicts", "no conflicts found"),
        is_true("Established", "InitialNamesAccepted", "the initial names have been accepted"),
    ];
    definition["status"] = json!({"conditions": conditions, "acceptedNames": names, "storedVersions": stored});
    let options = WriteOptions { api_version: None, ..options.clone() };
    cluster.replace(target, Some(Subresource::Status), definition, &options).map(drop)
}

/// Deletes the objects that a definition defines, which are in these versions of its kind.
pub(crate) fn delete_defined(cluster: &mut Cluster, definition: &Object, all: &[Served]) -> Result<(), ApiError> {
    let spec = definition.to_value()["spec"].take();
    let is_defined =
        |served: &&Served| served.resource.group == spec["group"] && served.resource.kind == spec["names"]["kind"];
    for served in all.iter().filter(is_defined) {
        for object in served.resource.objects(cluster.store()) {
            let target = Target {
                resource: served.reference(),
                namespace: object.namespace().unwrap_or_default().to_owned(),
                name: object.name().to_owned(),
            };
            match cluster.delete_target(&target, DeleteOptions::default(), &Preconditions::default(), false) {
                // It is stored in another version, or gone with its owner.
                Err(error) if error.code() == 404 => {}
                deleted => drop(deleted?),
            }
        }
    }
    Ok(())
}
