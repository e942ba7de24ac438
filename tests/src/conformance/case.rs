//! Cases as they are recorded, made into what the scheduler looks at.

use std::sync::Arc;

use k8s_openapi::api::core::v1 as api;
use serde_json::Value;
use sim_cluster::{convert, default_pod};
use sim_core::Version;
use sim_core::model::{LabelSelector, Pod};
use sim_core::scheduler::{DisruptionBudget, Scheduler, SelectorOwner, Snapshot};
use sim_scenario::read_scheduler_config;

/// The scheduler of a version, set up as the case says.
///
/// # Errors
/// When that version does not take the configuration: the reason.
pub(super) fn scheduler(version: Version, case: &Value) -> Result<Scheduler, String> {
    if case["config"].is_null() {
        return Ok(Scheduler::new(version));
    }
    let text = |faults: Vec<sim_core::scheduler::ConfigFault>| {
        faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    };
    let mut document = case["config"].clone();
    // The recordings gave 1.22 to 1.24 the configuration as v1beta2.
    if (22..=24).contains(&version.minor()) {
        document["apiVersion"] = Value::from("kubescheduler.config.k8s.io/v1beta2");
    }
    let (config, _) = read_scheduler_config(&document, version).map_err(text)?;
    Scheduler::configured(version, &config).map_err(text)
}

/// The pods to schedule, in order.
///
/// # Errors
/// A pod is none.
pub(super) fn queue(version: Version, case: &Value) -> Result<Vec<Pod>, serde_json::Error> {
    match case["queue"].as_array() {
        Some(queue) => queue.iter().map(|pod| read_pod(version, pod, case)).collect(),
        None => Ok(vec![read_pod(version, &case["pod"], case)?]),
    }
}

/// The cluster of a case.
///
/// # Errors
/// An object is not of its kind.
pub(super) fn read_snapshot(
    version: Version,
    scheduler: &Scheduler,
    case: &Value,
) -> Result<Snapshot, serde_json::Error> {
    let mut snapshot = Snapshot::new(version);
    // The real informers heard of the nodes in the order of their names, before 1.19 in the case's.
    let mut nodes: Vec<&Value> = case["nodes"].as_array().into_iter().flatten().collect();
    if version.minor() >= 19 {
        nodes.sort_by_key(|node| node["metadata"]["name"].as_str());
    }
    for node in nodes {
        let node: api::Node = serde_json::from_value(node.clone())?;
        snapshot.upsert_node(Arc::new(convert::node(&node)));
    }
    // 1.21.9 lists policy/v1, and by all that its recordings show it was served another version: it saw no budget.
    let unseen = |object: &&Value| version.minor() == 21 && object["kind"] == "PodDisruptionBudget";
    for object in case["objects"].as_array().into_iter().flatten().filter(|object| !unseen(object)) {
        read_object(&mut snapshot, object)?;
    }
    for pod in case["pods"].as_array().into_iter().flatten() {
        if matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed")) {
            continue;
        }
        let pod = read_pod(version, pod, case)?;
        match (&pod.node_name, &pod.nominated_node_name) {
            (Some(_), _) => snapshot.add_pod(Arc::new(pod)),
            // Only pods in the queue are nominated: those that a profile serves, and from 1.26 on not gated ones.
            (None, Some(node)) if scheduler.serves(&pod) && scheduler.pre_enqueue(&pod).is_success() => {
                let node = node.clone();
                snapshot.nominate(Arc::new(pod), &node);
            }
            (None, _) => {}
        }
    }
    Ok(snapshot)
}

fn read_object(snapshot: &mut Snapshot, object: &Value) -> Result<(), serde_json::Error> {
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
        _ => read_storage_object(snapshot, object, namespace, name)?,
    }
    Ok(())
}

fn read_storage_object(
    snapshot: &mut Snapshot,
    object: &Value,
    namespace: &str,
    name: &str,
) -> Result<(), serde_json::Error> {
    let key = (namespace.to_owned(), name.to_owned());
    let (mut object, name) = (object.clone(), name.to_owned());
    match object["kind"].as_str().unwrap_or_default() {
        "PersistentVolume" => {
            let volume = Arc::new(convert::persistent_volume(&serde_json::from_value(object)?));
            snapshot.change_storage(|storage| drop(storage.volumes.insert(name, volume)));
        }
        "PersistentVolumeClaim" => {
            object["metadata"]["namespace"] = key.0.clone().into();
            if object["metadata"]["uid"].is_null() {
                object["metadata"]["uid"] = format!("{}/{}", key.0, key.1).into();
            }
            let claim = Arc::new(convert::persistent_volume_claim(&serde_json::from_value(object)?));
            snapshot.change_storage(|storage| drop(storage.claims.insert(key, claim)));
        }
        "StorageClass" => {
            let class = Arc::new(convert::storage_class(&serde_json::from_value(object)?));
            snapshot.change_storage(|storage| drop(storage.classes.insert(name, class)));
        }
        "CSINode" => {
            let node = Arc::new(convert::csi_node(&serde_json::from_value(object)?));
            snapshot.change_storage(|storage| drop(storage.csi_nodes.insert(name, node)));
        }
        "CSIDriver" => {
            let looked_at = convert::has_storage_capacity(&serde_json::from_value(object)?);
            snapshot.change_storage(|storage| storage.drivers.extend([(name, looked_at)]));
        }
        "CSIStorageCapacity" => {
            let capacity = Arc::new(convert::storage_capacity(&serde_json::from_value(object)?));
            snapshot.change_storage(|storage| drop(storage.capacities.insert(key, capacity)));
        }
        "VolumeAttachment" => {
            let attachment = Arc::new(convert::volume_attachment(&serde_json::from_value(object)?));
            snapshot.change_storage(|storage| drop(storage.attachments.insert(name, attachment)));
        }
        _ => {}
    }
    Ok(())
}

/// Reads a pod with the API's defaulting and the Priority admission plugin's work done.
fn read_pod(version: Version, pod: &Value, case: &Value) -> Result<Pod, serde_json::Error> {
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
    resolve_priority(&mut pod, case);
    let mut pod: api::Pod = serde_json::from_value(pod)?;
    default_pod(pod.spec.get_or_insert_default(), version);
    let pod = sim_cluster::pod::Pod::from(pod);
    let mut model = convert::pod(&pod);
    // The case's queue may hold pods that name their node, which no API server would leave to the scheduler.
    Arc::make_mut(&mut model.spec).node_name = pod.node_name;
    Ok(model)
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
