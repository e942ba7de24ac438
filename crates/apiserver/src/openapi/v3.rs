//! OpenAPI v3: a document for each version of a group.

use serde_json::{Map, Value, json};

use super::definitions::{REF, definitions};
use super::{path_of, paths};
use crate::running::View;
use crate::served::Served;

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
pub(crate) fn document(view: &View, path: &str) -> Option<Value> {
    let own: Vec<&Served> = view.served.iter().filter(|served| path_of(served) == path).collect();
    if own.is_empty() {
        return None;
    }
    let mut schemas = definitions(&own, &view.store);
    schemas.iter_mut().for_each(|(name, schema)| restate(name, schema));
    let parameter = |name: &str| json!({"name": name, "in": "query", "schema": {"type": "string"}});
    Some(json!({
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": view.version.to_string()},
        "paths": paths(own.into_iter(), parameter),
        "components": {"schemas": schemas},
    }))
}

/// Says a definition as v3 says it.
fn restate(name: &str, schema: &mut Value) {
    let either = match name {
        "io.k8s.apimachinery.pkg.util.intstr.IntOrString" => Some("integer"),
        "io.k8s.apimachinery.pkg.api.resource.Quantity" => Some("number"),
        _ => None,
    };
    if let (Some(or), Some(fields)) = (either, schema.as_object_mut()) {
        fields.shift_remove("type");
        fields.insert("oneOf".to_owned(), json!([{"type": "string"}, {"type": or}]));
    }
    refer(schema);
}

/// Points references to where v3 has the schemas. What stands beside a reference is not read: it goes around it.
fn refer(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.values_mut().for_each(refer);
            let Some(Value::String(to)) = fields.get_mut("$ref") else { return };
            if let Some(name) = to.strip_prefix(REF) {
                *to = format!("#/components/schemas/{name}");
            }
            if fields.len() > 1
                && let Some(to) = fields.shift_remove("$ref")
            {
                fields.insert("allOf".to_owned(), json!([{"$ref": to}]));
            }
        }
        Value::Array(all) => all.iter_mut().for_each(refer),
        _ => {}
    }
}
