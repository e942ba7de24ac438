//! The Scenario that goes on with a cluster as it stands: its moment, and what its objects do not show.

use serde_json::{Map, Value, json};
use sim_cluster::Cluster;

use super::scenario::Scenario;

/// What belongs to the run that is over.
const PAST: [&str; 3] = ["until", "timeline", "expectations"];

/// A Scenario document that begins where the cluster is. What the Scenario of the run said of the cluster stays; its
/// timeline and expectations are done with.
pub fn continuation(cluster: &Cluster, scenario: Option<&Scenario>, name: &str) -> Value {
    let setup = cluster.setup();
    let mut spec: Map<String, Value> =
        scenario.and_then(|scenario| scenario.document["spec"].as_object()).cloned().unwrap_or_default();
    spec.retain(|key, _| !PAST.contains(&key.as_str()));
    spec.insert("kubernetesVersion".to_owned(), setup.version.to_string().into());
    let start = setup.offset.to_datetime(cluster.now());
    spec.insert("start".to_owned(), format!("{start}{}", offset(setup.offset.seconds())).into());
    json!({"apiVersion": "sim/v1", "kind": "Scenario", "metadata": {"name": name}, "spec": spec})
}

/// `+05:30`.
fn offset(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}
