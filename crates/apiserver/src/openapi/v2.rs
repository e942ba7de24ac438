//! OpenAPI v2: one document, which old clients read as protobuf.

use serde_json::json;

use super::definitions::definitions;
use super::{paths, wire};
use crate::answer::{Answer, json_answer, typed_answer};
use crate::running::View;
use crate::served::Served;

/// The document as protobuf (gnostic's).
const PROTOBUF: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/// `/openapi/v2`, in the form that is accepted.
pub(crate) fn v2(view: &View, accept: &str) -> Answer {
    let all: Vec<&Served> = view.served.iter().collect();
    let parameter = |name: &str| json!({"name": name, "in": "query", "type": "string"});
    let document = json!({
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": view.version.to_string()},
        "paths": paths(view.served.iter(), parameter),
        "definitions": definitions(&all, &view.store),
    });
    if accept.contains("protobuf") {
        typed_answer(200, PROTOBUF, wire::document(&document))
    } else {
        json_answer(200, &document)
    }
}
