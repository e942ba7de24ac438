//! Who may do what: in a fake cluster everybody may do everything.

use serde_json::{Value, json};

use crate::answer::{Answer, Failure, json_answer};
use crate::body;

/// Who asks.
pub(crate) const USER: &str = "sim";
/// The groups of who asks.
pub(crate) const GROUPS: [&str; 2] = ["system:masters", "system:authenticated"];

/// Answers a review; nothing when the resource is none.
pub(crate) fn review(resource: &str, content_type: &str, body: &[u8]) -> Option<Result<Answer, Failure>> {
    let (kind, group) = match resource {
        "selfsubjectaccessreviews" => ("SelfSubjectAccessReview", "authorization.k8s.io"),
        "subjectaccessreviews" => ("SubjectAccessReview", "authorization.k8s.io"),
        "localsubjectaccessreviews" => ("LocalSubjectAccessReview", "authorization.k8s.io"),
        "selfsubjectrulesreviews" => ("SelfSubjectRulesReview", "authorization.k8s.io"),
        "selfsubjectreviews" => ("SelfSubjectReview", "authentication.k8s.io"),
        "tokenreviews" => ("TokenReview", "authentication.k8s.io"),
        _ => return None,
    };
    Some(read(kind, content_type, body).map(|spec| {
        let user = json!({"username": USER, "groups": GROUPS});
        let status = match kind {
            "SelfSubjectRulesReview" => json!({
                "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
                "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
                "incomplete": false,
            }),
            "SelfSubjectReview" => json!({"userInfo": user}),
            "TokenReview" => json!({"authenticated": true, "user": user}),
            _ => json!({"allowed": true, "reason": "sim allows everything"}),
        };
        let document = json!({
            "kind": kind,
            "apiVersion": format!("{group}/v1"),
            "metadata": {"creationTimestamp": null},
            "spec": spec,
            "status": status,
        });
        json_answer(201, &document)
    }))
}

/// The spec of a review, from JSON or from protobuf.
fn read(kind: &str, content_type: &str, body: &[u8]) -> Result<Value, Failure> {
    let body = body::object(content_type, body, kind)?;
    match body["kind"].as_str() {
        Some(found) if found != kind => {
            Err(Failure::bad_request(format!("the body is of kind {found}: expected {kind}")))
        }
        _ => Ok(body.get("spec").cloned().unwrap_or_else(|| json!({}))),
    }
}
