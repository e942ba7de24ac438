//! Answers and failures on the wire.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};
use sim_cluster::ApiError;

/// An answer.
pub(crate) type Answer = Response<Body>;

/// A request that failed, as a `metav1.Status`.
#[derive(Debug)]
pub(crate) struct Failure(Value);

impl Failure {
    /// `StatusReasonBadRequest`.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// What is asked for is not served (`errors.NewGenericServerResponse` of a 404).
    pub(crate) fn nothing_there() -> Self {
        Self(status(404, "NotFound", "the server could not find the requested resource".to_owned(), json!({})))
    }

    /// `StatusReasonMethodNotAllowed`.
    pub(crate) fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self::new(405, "MethodNotAllowed", message)
    }

    /// Any failure without details.
    pub(crate) fn new(code: u16, reason: &str, message: impl Into<String>) -> Self {
        Self(status(code, reason, message.into(), Value::Null))
    }

    /// One with details.
    pub(crate) fn with_details(code: u16, reason: &str, message: impl Into<String>, details: Value) -> Self {
        Self(status(code, reason, message.into(), details))
    }

    /// `StatusReasonExpired`: what was asked for is too old.
    pub(crate) fn too_old(asked: u64, oldest: u64) -> Self {
        Self::new(410, "Expired", format!("too old resource version: {asked} ({oldest})"))
    }

    /// The status itself.
    pub(crate) fn status(&self) -> &Value {
        &self.0
    }

    pub(crate) fn into_answer(self) -> Answer {
        let code = self.0["code"].as_u64().and_then(|code| u16::try_from(code).ok()).unwrap_or(500);
        let seconds = self.0["details"]["retryAfterSeconds"].as_u64();
        let mut answer = json_answer(code, &self.0);
        if let Some(value) = seconds.and_then(|seconds| HeaderValue::from_str(&seconds.to_string()).ok()) {
            answer.headers_mut().insert(header::RETRY_AFTER, value);
        }
        answer
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self(error.status())
    }
}

fn status(code: u16, reason: &str, message: String, details: Value) -> Value {
    let mut status = json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": reason,
    });
    if !details.is_null() {
        status["details"] = details;
    }
    status["code"] = code.into();
    status
}

/// A document.
pub(crate) fn json_answer(code: u16, document: &Value) -> Answer {
    typed_answer(code, "application/json", document.to_string() + "\n")
}

/// A body of some type.
pub(crate) fn typed_answer(code: u16, content_type: &str, body: impl Into<Body>) -> Answer {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(value) = HeaderValue::from_str(content_type) {
        answer.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    answer
}

/// Warnings for the person, as the server sends them: `299 - "…"`.
pub(crate) fn warn(answer: &mut Answer, warnings: &[String]) {
    for warning in warnings {
        let quoted = warning.replace('\\', "\\\\").replace('"', "\\\"");
        if let Ok(value) = HeaderValue::from_str(&format!("299 - \"{quoted}\"")) {
            answer.headers_mut().append(header::WARNING, value);
        }
    }
}
