//! OpenAPI: what kinds there are and what their fields mean, for `kubectl explain`, for validation, and for the patches
//! that kubectl computes.
//!
//! Fields and descriptions are those of the newest Kubernetes, whatever version is simulated.

mod definitions;
mod patch_keys;
mod v2;
mod v3;
mod wire;

pub(crate) use v2::v2;
pub(crate) use v3::{document, index};

use serde_json::{Map, Value, json};

use crate::served::Served;

/// What can be asked of the objects of these resources. How a parameter of the query is written differs by version.
fn paths<'a>(all: impl Iterator<Item = &'a Served>, parameter: fn(&str) -> Value) -> Map<String, Value> {
    let mut paths = Map::new();
    for served in all {
        let resource = &served.resource;
        let (kind, path) = (kind_of(served), path_of(served));
        let below = if resource.is_namespaced { "namespaces/{namespace}/" } else { "" };
        let operation = |action: &str, parameters: &[&str]| {
            json!({
                "x-kubernetes-action": action,
                "x-kubernetes-group-version-kind": kind,
                "parameters": parameters.iter().map(|name| parameter(name)).collect::<Vec<_>>(),
                "responses": {"200": {"description": "OK"}},
            })
        };
        let write = ["dryRun", "fieldManager", "fieldValidation"];
        let one = format!("/{path}/{below}{}/{{name}}", resource.plural);
        let all = format!("/{path}/{below}{}", resource.plural);
        paths.insert(all, json!({"get": operation("list", &[]), "post": operation("post", &write)}));
        paths.insert(
            one,
            json!({
                "get": operation("get", &[]),
                "put": operation("put", &write),
                "patch": operation("patch", &[&write[..], &["force"]].concat()),
                "delete": operation("delete", &["dryRun"]),
            }),
        );
    }
    paths
}

fn kind_of(served: &Served) -> Value {
    json!({"group": served.resource.group, "version": served.version, "kind": served.resource.kind})
}

/// `api/v1`, `apis/GROUP/VERSION`.
fn path_of(served: &Served) -> String {
    match served.resource.group.as_str() {
        "" => format!("api/{}", served.version),
        group => format!("apis/{group}/{}", served.version),
    }
}
