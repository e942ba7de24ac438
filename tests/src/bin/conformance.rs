//! Compares `sim-core` with recordings of the real kube-scheduler.
//!
//! `conformance DIR [--family F] [--version V] [--show N]` reads `F.cases.jsonl.gz` and `F.V.results.jsonl.gz` in DIR and prints
//! a table of agreements, and the first N differences of each family and version. It exits with 1 if there is any difference.

#![allow(clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Arc;

use k8s_openapi::api::core::v1 as api;
use serde_json::Value;
use sim_cluster::convert;
use sim_core::Version;
use sim_core::model::{LabelSelector, Pod};
use sim_core::scheduler::{
    Decision, DisruptionBudget, FitError, Placement, Scheduler, SelectorOwner, Snapshot, Status,
};

const FAMILIES: [&str; 11] = [
    "taints",
    "nodeaffinity",
    "resources",
    "ports",
    "interpod",
    "spread",
    "images",
    "mixed",
    "queue",
    "preempt",
    "gates",
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let option = |name: &str| {
        arguments.iter().position(|argument| argument == name).and_then(|index| arguments.get(index + 1)).cloned()
    };
    let directory = arguments.first().cloned().unwrap_or_else(|| "/work/shared/conformance".to_owned());
    let show: usize = option("--show").and_then(|count| count.parse().ok()).unwrap_or(0);
    let families: Vec<String> =
        option("--family").map_or_else(|| FAMILIES.map(str::to_owned).to_vec(), |family| vec![family]);
    let only_version = option("--version");
    let mut all_agree = true;
    for family in &families {
        let cases = lines(&Path::new(&directory).join(format!("{family}.cases.jsonl.gz")));
        for version in versions(&directory, family) {
            if only_version.as_ref().is_some_and(|only| !version.starts_with(only.as_str())) {
                continue;
            }
            let results = lines(&Path::new(&directory).join(format!("{family}.{version}.results.jsonl.gz")));
            let tally = run(&version, &cases, &results, show);
            println!(
                "{family:<13} {version:<12} {:>4} agree {:>4} differ {:>4} skipped  {}",
                tally.agree,
                tally.differ,
                tally.skipped,
                tally.kinds.iter().map(|(kind, count)| format!("{kind}:{count}")).collect::<Vec<_>>().join(" ")
            );
            all_agree &= tally.differ == 0;
        }
    }
    if all_agree { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[derive(Default)]
struct Tally {
    agree: usize,
    differ: usize,
    skipped: usize,
    kinds: BTreeMap<String, usize>,
}

fn run(version: &str, cases: &[Value], results: &[Value], show: usize) -> Tally {
    let mut tally = Tally::default();
    for (case, result) in cases.iter().zip(results) {
        assert_eq!(case["id"], result["id"], "cases and results are in the same order");
        // Configurations are not known to sim-core; an error means that the real scheduler gave no answer.
        if !result["error"].is_null() || !case["config"].is_null() {
            tally.skipped += 1;
            continue;
        }
        let differences = compare(version, case, result);
        if differences.is_empty() {
            tally.agree += 1;
            continue;
        }
        let kind = differences[0].split(':').next().unwrap_or_default().to_owned();
        *tally.kinds.entry(kind).or_default() += 1;
        if tally.differ < show {
            println!("--- {} at {version}", case["id"]);
            for difference in &differences {
                println!("    {difference}");
            }
        }
        tally.differ += 1;
    }
    tally
}

/// What differs between the case as decided here and as recorded.
fn compare(version: &str, case: &Value, result: &Value) -> Vec<String> {
    let parsed: Version = version.parse().expect("a version");
    let scheduler = Scheduler::new(parsed);
    let mut snapshot = read_snapshot(parsed, case);
    let queue: Vec<&Value> = match case["queue"].as_array() {
        Some(queue) => queue.iter().collect(),
        None => vec![&case["pod"]],
    };
    let mut differences = Vec::new();
    for (pod, step) in queue.iter().zip(result["steps"].as_array().into_iter().flatten()) {
        let pod = read_pod(pod, case);
        let decision = scheduler.schedule(&snapshot, &pod);
        compare_step(version, &decision, step, &mut differences);
        if let Some(chosen) = step["chosen"].as_str().filter(|chosen| !chosen.is_empty()) {
            let mut bound = pod;
            bound.node_name = Some(chosen.to_owned());
            snapshot.add_pod(Arc::new(bound));
        }
    }
    differences
}

fn compare_step(version: &str, decision: &Decision, step: &Value, differences: &mut Vec<String>) {
    let mut differ = |what: &str, ours: String, theirs: String| {
        if ours != theirs {
            differences.push(format!("{what}: sim  {ours}\n      {what}: real {theirs}"));
        }
    };
    if !step["preenqueue"].is_null() {
        return differ("gated", format!("{}", matches!(decision, Decision::Gated(_))), "true".to_owned());
    }
    if let Some(error) = step["error"].as_str().filter(|error| !error.is_empty()) {
        let ours = match decision {
            Decision::Error(text) => text.clone(),
            // The recording scored where the real scheduler, with one node to choose from, would not have.
            Decision::Placed(placement) if placement.scores.len() == 1 => return,
            other => format!("{other:?}"),
        };
        return differ("error", ours, error.to_owned());
    }
    match decision {
        Decision::Placed(placement) => {
            let ours: BTreeSet<&str> = placement.feasible_nodes().collect();
            differ("feasible", join(ours), join(strings(&step["feasible"])));
            compare_nodes(version, &placement.refused, &step["nodes"], &mut differ);
            compare_scores(placement, step, &mut differ);
        }
        Decision::Unschedulable(error) => {
            differ("feasible", String::new(), join(strings(&step["feasible"])));
            compare_nodes(version, &error.statuses, &step["nodes"], &mut differ);
            differ("message", error.to_string(), step["message"].as_str().unwrap_or_default().to_owned());
            compare_preemption(error, step, &mut differ);
        }
        other => differ("decision", format!("{other:?}"), step.to_string()),
    }
}

fn compare_nodes(
    version: &str,
    ours: &BTreeMap<String, Status>,
    theirs: &Value,
    differ: &mut impl FnMut(&str, String, String),
) {
    let theirs = theirs.as_object();
    let names: BTreeSet<&str> =
        ours.keys().map(String::as_str).chain(theirs.into_iter().flatten().map(|(k, _)| k.as_str())).collect();
    for name in names {
        let ours = ours.get(name);
        let theirs = theirs.and_then(|nodes| nodes.get(name));
        let our_reasons: BTreeSet<&str> =
            ours.into_iter().flat_map(|status| &status.reasons).map(AsRef::as_ref).collect();
        differ(
            "reasons",
            format!("{name} {}", join(our_reasons)),
            format!("{name} {}", join(strings(theirs.map_or(&Value::Null, |node| &node["reasons"])))),
        );
        let their_code = theirs.and_then(|node| node["code"].as_str()).unwrap_or_default();
        // Nodes that PreFilter left out have no status of their own in some versions.
        if !their_code.is_empty() {
            let our_code = ours.map_or("", |status| status.code.as_str());
            differ("code", format!("{name} {our_code}"), format!("{name} {their_code}"));
        }
        let their_plugin = theirs.and_then(|node| node["plugin"].as_str()).unwrap_or_default();
        // 1.16 and 1.17 tell predicates' names.
        if !version.starts_with("1.16") && !their_plugin.is_empty() {
            let our_plugins: BTreeSet<&str> =
                ours.into_iter().flat_map(|status| &status.plugins).map(|plugin| plugin.as_str()).collect();
            let our_plugin = our_plugins.into_iter().collect::<Vec<_>>().join("+");
            differ("plugin", format!("{name} {}", our_plugin), format!("{name} {their_plugin}"));
        }
    }
}

fn compare_scores(placement: &Placement, step: &Value, differ: &mut impl FnMut(&str, String, String)) {
    let totals = |pairs: BTreeMap<&str, i64>| {
        pairs.iter().map(|(node, total)| format!("{node}={total}")).collect::<Vec<_>>().join(" ")
    };
    let ours: BTreeMap<&str, i64> = placement.scores.iter().map(|score| (score.node.as_str(), score.total)).collect();
    let theirs: BTreeMap<&str, i64> = step["total"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(node, total)| (node.as_str(), total.as_i64().unwrap_or(0)))
        .collect();
    if ours != theirs {
        for score in &placement.scores {
            let recorded = &step["scores"][&score.node];
            for (plugin, value) in &score.by_plugin {
                let real = recorded[plugin.as_str()].as_i64().unwrap_or(0);
                if recorded.is_object() {
                    differ(
                        "score",
                        format!("{} {plugin} {value}", score.node),
                        format!("{} {plugin} {real}", score.node),
                    );
                }
            }
        }
    }
    differ("total", totals(ours), totals(theirs));
    let best: BTreeSet<&str> = placement.best_nodes().collect();
    differ("best", join(best), join(strings(&step["best"])));
}

fn compare_preemption(error: &FitError, step: &Value, differ: &mut impl FnMut(&str, String, String)) {
    let nominated = error.preemption.as_ref().map_or("", |outcome| outcome.nominated_node.as_str());
    let recorded = step["nominated"].as_str().unwrap_or_default();
    if nominated != recorded && !step["preempt_options"].is_null() {
        let options = step["preempt_options"].to_string();
        if !nominated.is_empty() && !recorded.is_empty() && options.contains(&format!("\"{nominated}\"")) {
            return;
        }
    }
    differ("nominated", nominated.to_owned(), recorded.to_owned());
    let victims: BTreeSet<String> =
        error.preemption.iter().flat_map(|outcome| &outcome.victims).map(ToString::to_string).collect();
    differ("victims", join(victims.iter().map(String::as_str)), join(strings(&step["victims"])));
}

fn join<'a>(items: impl IntoIterator<Item = &'a str>) -> String {
    items.into_iter().collect::<Vec<_>>().join(" | ")
}

fn strings(value: &Value) -> BTreeSet<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn read_snapshot(version: Version, case: &Value) -> Snapshot {
    let mut snapshot = Snapshot::new(version);
    // The real informers heard of the nodes in the order of their names, before 1.19 in the case's.
    let mut nodes: Vec<&Value> = case["nodes"].as_array().into_iter().flatten().collect();
    if version.minor() >= 19 {
        nodes.sort_by_key(|node| node["metadata"]["name"].as_str());
    }
    for node in nodes {
        let node: api::Node = serde_json::from_value(node.clone()).expect("a node");
        snapshot.upsert_node(Arc::new(convert::node(&node)));
    }
    for object in case["objects"].as_array().into_iter().flatten() {
        read_object(&mut snapshot, object);
    }
    for pod in case["pods"].as_array().into_iter().flatten() {
        if matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed")) {
            continue;
        }
        let pod = read_pod(pod, case);
        match (&pod.node_name, &pod.nominated_node_name) {
            (Some(_), _) => snapshot.add_pod(Arc::new(pod)),
            (None, Some(node)) => {
                let node = node.clone();
                snapshot.nominate(Arc::new(pod), &node);
            }
            (None, None) => {}
        }
    }
    snapshot
}

fn read_object(snapshot: &mut Snapshot, object: &Value) {
    let metadata = &object["metadata"];
    let name = metadata["name"].as_str().unwrap_or_default();
    let namespace = metadata["namespace"].as_str().unwrap_or("default");
    let spec = &object["spec"];
    let labels = |value: &Value| serde_json::from_value(value.clone()).unwrap_or_default();
    let selector = |value: &Value| -> Option<LabelSelector> {
        serde_json::from_value(value.clone()).ok().as_ref().map(convert::label_selector)
    };
    match object["kind"].as_str().unwrap_or_default() {
        "Namespace" => snapshot.set_namespace(name, labels(&metadata["labels"])),
        "Service" if spec["selector"].is_object() => {
            let selector = LabelSelector::from_labels(labels(&spec["selector"]));
            snapshot.set_selector(SelectorOwner::Service, namespace, name, selector);
        }
        "ReplicationController" => {
            let selector = LabelSelector::from_labels(labels(&spec["selector"]));
            snapshot.set_selector(SelectorOwner::ReplicationController, namespace, name, selector);
        }
        kind @ ("ReplicaSet" | "StatefulSet") => {
            let owner = if kind == "ReplicaSet" { SelectorOwner::ReplicaSet } else { SelectorOwner::StatefulSet };
            snapshot.set_selector(owner, namespace, name, selector(&spec["selector"]).unwrap_or_default());
        }
        "PodDisruptionBudget" => {
            let status = &object["status"];
            let budget = DisruptionBudget {
                selector: selector(&spec["selector"]),
                disruptions_allowed: status["disruptionsAllowed"].as_i64().unwrap_or(0) as i32,
                disrupted_pods: status["disruptedPods"]
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(name, _)| name.clone())
                    .collect(),
            };
            snapshot.set_disruption_budget(namespace, name, budget);
        }
        _ => {}
    }
}

/// Reads a pod with the API's defaulting and the Priority admission plugin's work done.
fn read_pod(pod: &Value, case: &Value) -> Pod {
    let mut pod = pod.clone();
    if pod["metadata"]["namespace"].is_null() {
        pod["metadata"]["namespace"] = "default".into();
    }
    if pod["metadata"]["uid"].is_null() {
        let uid = format!(
            "{}/{}",
            pod["metadata"]["namespace"].as_str().unwrap_or_default(),
            pod["metadata"]["name"].as_str().unwrap_or_default()
        );
        pod["metadata"]["uid"] = uid.into();
    }
    let host_network = pod["spec"]["hostNetwork"] == true;
    for list in ["containers", "initContainers"] {
        for container in pod["spec"][list].as_array_mut().into_iter().flatten() {
            if let Some(limits) = container["resources"]["limits"].as_object().cloned() {
                for (resource, amount) in limits {
                    let requests = &mut container["resources"]["requests"];
                    if requests[&resource].is_null() {
                        requests[&resource] = amount;
                    }
                }
            }
            if host_network {
                for port in container["ports"].as_array_mut().into_iter().flatten() {
                    if port["hostPort"].is_null() {
                        port["hostPort"] = port["containerPort"].clone();
                    }
                }
            }
        }
    }
    resolve_priority(&mut pod, case);
    let pod: api::Pod = serde_json::from_value(pod).expect("a pod");
    convert::pod(&pod)
}

fn resolve_priority(pod: &mut Value, case: &Value) {
    let classes: Vec<&Value> =
        case["objects"].as_array().into_iter().flatten().filter(|object| object["kind"] == "PriorityClass").collect();
    let named = pod["spec"]["priorityClassName"].as_str().unwrap_or_default().to_owned();
    let (value, policy) = match named.as_str() {
        "system-cluster-critical" => (Value::from(2_000_000_000), Value::Null),
        "system-node-critical" => (Value::from(2_000_001_000), Value::Null),
        name => {
            let found = classes.iter().find(|class| {
                if name.is_empty() { class["globalDefault"] == true } else { class["metadata"]["name"] == name }
            });
            let Some(class) = found else { return };
            (class["value"].clone(), class["preemptionPolicy"].clone())
        }
    };
    if pod["spec"]["priority"].is_null() {
        pod["spec"]["priority"] = value;
    }
    if pod["spec"]["preemptionPolicy"].is_null() && !policy.is_null() {
        pod["spec"]["preemptionPolicy"] = policy;
    }
}

fn versions(directory: &str, family: &str) -> Vec<String> {
    let prefix = format!("{family}.");
    let mut versions: Vec<String> = std::fs::read_dir(directory)
        .expect("the directory of recordings")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| Some(name.strip_prefix(&prefix)?.strip_suffix(".results.jsonl.gz")?.to_owned()))
        .collect();
    versions.sort();
    versions
}

fn lines(path: &Path) -> Vec<Value> {
    let output = Command::new("gzip").arg("-dc").arg(path).output().expect("gzip runs");
    assert!(output.status.success(), "cannot read {}", path.display());
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}
