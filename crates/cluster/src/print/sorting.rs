//! The order of `--sort-by` (kubectl `pkg/cmd/get/sorter.go`).

use std::cmp::Ordering;

use serde_json::Value;
use sim_core::quantity::Quantity;

/// Compares what a path found in two objects: nothing first, numbers and quantities by their amount, all else as text.
pub fn compare(left: Option<&Value>, right: Option<&Value>) -> Ordering {
    match (left, right) {
        (Some(Value::Number(left)), Some(Value::Number(right))) => {
            left.as_f64().partial_cmp(&right.as_f64()).unwrap_or(Ordering::Equal)
        }
        (Some(Value::String(left)), Some(Value::String(right))) => {
            match (left.parse::<Quantity>(), right.parse::<Quantity>()) {
                (Ok(left), Ok(right)) => left.cmp(&right),
                _ => left.cmp(right),
            }
        }
        (Some(left), Some(right)) => left.to_string().cmp(&right.to_string()),
        (left, right) => left.is_some().cmp(&right.is_some()),
    }
}
