//! OpenAPI as far as clients need it to send what they mean: v2 without content, v3 with the kinds and the validation
//! that a PATCH can ask for.

use serde_json::{Map, Value, json};

use crate::served::Served;

/// The type of the v2 document: an empty one is valid, and asks for no validation by the client.
pub(crate) const V2_TYPE: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/// `/openapi/v3`: where the documents are.
pub(crate) fn index(all: &[Served]) -> Value {
    let mut paths = Map::new();
    for served in all {
        let path = path_of(served);
        let url = format!("/openapi/v3/{path}");
        paths.insert(path, json!({"serverRelativeURL": url}));
    }
    json!({"paths": paths})
}

/// `/openapi/v3/apis/GROUP/VERSION`.
pub(crate) fn document(all: &[Served], path: &str, version: &str) -> Option<Value> {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    for served in all.iter().filter(|served| path_of(served) == path) {
        let resource = &served.resource;
        let kind = json!({"group": resource.group, "version": served.version, "kind": resource.kind});
        let below = if resource.is_namespaced { "namespaces/{namespace}/" } else { "" };
        let parameters = json!([
            {"name": "dryRun", "in": "query", "schema": {"type": "string"}},
            {"name": "fieldManager", "in": "query", "schema": {"type": "string"}},
            {"name": "fieldValidation", "in": "query", "schema": {"type": "string"}},
        ]);
        let operation = |action: &str| {
            json!({
                "x-kubernetes-action": action,
                "x-kubernetes-group-version-kind": kind,
                "parameters": parameters,
                "responses": {"200": {"description": "OK"}},
            })
        };
        let one = format!("/{path}/{below}{}/{{name}}", resource.plural);
        let all = format!("/{path}/{below}{}", resource.plural);
        paths.insert(one, json!({"get": operation("get"), "put": operation("put"), "patch": operation("patch"), "delete": operation("delete")}));
        paths.insert(all, json!({"get": operation("list"), "post": operation("post")}));
        let name = format!(
            "io.k8s.{}.{}.{}",
            if resource.group.is_empty() { "core" } else { &resource.group },
            served.version,
            resource.kind
        );
        schemas.insert(
            name,
            json!({
                "type": "object",
                "x-kubernetes-group-version-kind": [kind],
                "x-kubernetes-preserve-unknown-fields": true,
            }),
        );
    }
    (!paths.is_empty()).then(|| {
        json!({
            "openapi": "3.0.0",
            "info": {"title": "Kubernetes", "version": version},
            "paths": paths,
            "components": {"schemas": schemas},
        })
    })
}

fn path_of(served: &Served) -> String {
    match served.resource.group.as_str() {
        "" => format!("api/{}", served.version),
        group => format!("apis/{group}/{}", served.version),
    }
}
