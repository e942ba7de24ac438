//! Tokens of service accounts (`serviceaccounts/token`): they look like real ones, and prove nothing.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sim_cluster::{Kind, Resource};

use crate::answer::{Answer, Failure, json_answer};
use crate::body;
use crate::read;
use crate::running::View;

/// Who issues tokens, and for whom, unless a request says.
const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";
/// The shortest life of a token (`validation.ValidateTokenRequest`), and the one of who does not say.
const SECONDS: std::ops::RangeInclusive<i64> = 600..=1 << 32;
const AN_HOUR: i64 = 3600;

/// POST of a `TokenRequest` for a service account.
pub(crate) fn create(
    namespace: &str,
    name: &str,
    content_type: &str,
    body: &[u8],
    view: &View,
) -> Result<Answer, Failure> {
    let mut request = body::object(content_type, body, "TokenRequest")?;
    let accounts = Resource::of(Kind::ServiceAccount);
    let account = read::find(&accounts, namespace, name, view).ok_or_else(|| read::not_found(&accounts, name))?;
    let seconds = request["spec"]["expirationSeconds"].as_i64().unwrap_or(AN_HOUR);
    if !SECONDS.contains(&seconds) {
        let why = if seconds < *SECONDS.start() {
            "may not specify a duration less than 10 minutes"
        } else {
            "may not specify a duration larger than 2^32 seconds"
        };
        return Err(invalid(seconds, why));
    }
    let now = view.context.now;
    let expires = now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX);
    let audiences = match &request["spec"]["audiences"] {
        Value::Array(audiences) if !audiences.is_empty() => Value::from(audiences.clone()),
        _ => json!([ISSUER]),
    };
    let claims = json!({
        "aud": audiences,
        "exp": expires.as_second(),
        "iat": now.as_second(),
        "iss": ISSUER,
        "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": name, "uid": account.metadata().uid}},
        "nbf": now.as_second(),
        "sub": format!("system:serviceaccount:{namespace}:{name}"),
    });
    let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    request["kind"] = "TokenRequest".into();
    request["apiVersion"] = "authentication.k8s.io/v1".into();
    request["metadata"] = json!({"name": name, "namespace": namespace, "creationTimestamp": now.to_string()});
    request["spec"]["audiences"] = audiences;
    request["spec"]["expirationSeconds"] = seconds.into();
    request["status"] = json!({
        // Nobody signs it (RFC 7519, unsecured).
        "token": format!("{}.{}.", part(json!({"alg": "none"})), part(claims)),
        "expirationTimestamp": Timestamp::from_second(expires.as_second()).unwrap_or(expires).to_string(),
    });
    Ok(json_answer(201, &request))
}

fn invalid(seconds: i64, why: &str) -> Failure {
    let said = format!("Invalid value: {seconds}: {why}");
    let message = format!("TokenRequest.authentication.k8s.io \"\" is invalid: spec.expirationSeconds: {said}");
    let causes = json!([{"reason": "FieldValueInvalid", "message": said, "field": "spec.expirationSeconds"}]);
    let details = json!({"group": "authentication.k8s.io", "kind": "TokenRequest", "causes": causes});
    Failure::with_details(422, "Invalid", message, details)
}
