//! `/sim/v1`: virtual time and forks, which no real API server has.

use serde_json::{Value, json};
use sim_cluster::{format_millis, parse_duration_ms};

use crate::answer::{Answer, Failure, json_answer};
use crate::running::Running;
use crate::speed::Speed;

/// Answers a request below `/sim/v1`; `action` is what follows it.
pub(crate) fn control(running: &Running, method: &str, action: &str, body: &[u8]) -> Result<Answer, Failure> {
    let body: Value = match body {
        [] => json!({}),
        body => serde_json::from_slice(body).map_err(|error| Failure::bad_request(error.to_string()))?,
    };
    let text = |key: &str| body.get(key).and_then(Value::as_str);
    match (method, action) {
        ("GET", "" | "status") => {}
        ("POST", "advance") => {
            let by = text("by").ok_or_else(|| Failure::bad_request("by: Required value: how far, for instance 10m"))?;
            let by_ms = parse_duration_ms(by).map_err(|error| Failure::bad_request(format!("by: {error}")))?;
            running.advance(by_ms);
        }
        ("POST", "pause") => running.set_speed(Speed::Paused),
        ("POST", "resume") => {
            let speed = text("speed").unwrap_or("60x");
            running.set_speed(speed.parse().map_err(|error| Failure::bad_request(format!("speed: {error}")))?);
        }
        ("POST", "fork") => {
            let name = running.fork(text("name"));
            return Ok(json_answer(200, &json!({"fork": name})));
        }
        ("POST", "reset") => {
            let to = text("to");
            if !running.reset(to) {
                let message = format!("there is no fork {:?}", to.unwrap_or_default());
                return Err(Failure::new(404, "NotFound", message));
            }
        }
        (_, "" | "status" | "advance" | "pause" | "resume" | "fork" | "reset") => {
            return Err(Failure::method_not_allowed());
        }
        _ => return Err(Failure::nothing_there()),
    }
    Ok(json_answer(200, &standing(running)))
}

/// Where the cluster stands: `apiVersion: sim/v1`, `kind: Standing`.
fn standing(running: &Running) -> Value {
    let standing = running.standing();
    json!({
        "apiVersion": "sim/v1",
        "kind": "Standing",
        "at": format_millis(standing.now_ms),
        "time": standing.time,
        "speed": standing.speed.to_string(),
        "counts": standing.counts,
        "refused": standing.refused,
        "forks": standing.forks,
    })
}
