//! Small clusters for tests: nodes as `NAME WORD…`, everything else as YAML.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sim_cluster::pod::Pod;
use sim_cluster::{Cluster, Kind, Object, Setup};
use sim_core::version::Version;

/// A cluster to be.
#[derive(Debug)]
pub(crate) struct Fixture {
    version: Version,
    objects: Vec<Object>,
}

impl Fixture {
    /// An empty cluster of a version.
    pub(crate) fn of(version: &str) -> Self {
        Self { version: version.parse().expect("a version"), objects: Vec::new() }
    }

    /// Adds nodes, one a line. Words are `KEY=VALUE` for labels, `taint=KEY[=VALUE]:EFFECT`, `cpu=`, `memory=`, `pods=`,
    /// `has=RESOURCE=AMOUNT`, `cordoned`, `not-ready`, and `FIELD:=VALUE` for fields of `status.nodeInfo` and `spec`.
    pub(crate) fn nodes(mut self, lines: &str) -> Self {
        for line in lines.lines().filter(|line| !line.trim().is_empty()) {
            self.objects.push(object(node(line)));
        }
        self
    }

    /// Adds the objects of a YAML text.
    pub(crate) fn yaml(mut self, text: &str) -> Self {
        for document in text.split("\n---\n").filter(|document| !document.trim().is_empty()) {
            self.objects.push(object(serde_yaml::from_str(document).expect("YAML")));
        }
        self
    }

    /// Adds running pods, one a line: `NAME NODE {metadata and spec as YAML}`.
    pub(crate) fn pods(mut self, lines: &str) -> Self {
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let mut parts = line.splitn(3, ' ');
            let (name, node, rest) = (parts.next(), parts.next(), parts.next().unwrap_or("{}"));
            let mut pod = pod_value(rest);
            pod["metadata"]["name"] = json!(name);
            pod["spec"]["nodeName"] = json!(node);
            pod["status"] = json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]});
            self.objects.push(object(pod));
        }
        self
    }

    /// A pod named `p`, from the YAML of its spec; `labels`, `namespace` and `requests` (of its one container) may stand
    /// beside the spec's fields.
    pub(crate) fn pod(spec: &str) -> Pod {
        serde_json::from_value(pod_value(spec)).expect("a pod")
    }

    /// The cluster at its start, everything told to everybody.
    pub(crate) fn cluster(self) -> Cluster {
        let mut cluster = Cluster::new(Setup::of(self.version), self.objects);
        cluster.run_until(0);
        cluster
    }
}

fn object(value: Value) -> Object {
    let text = |field: &str| value[field].as_str().unwrap_or_default().to_owned();
    let kind = Kind::of(&text("apiVersion"), &text("kind")).expect("a known kind");
    Object::read(kind, value).expect("an object")
}

fn pod_value(text: &str) -> Value {
    let mut spec: Value = serde_yaml::from_str(text).expect("YAML");
    let fields = spec.as_object_mut().expect("a mapping");
    let labels = fields.remove("labels").unwrap_or_else(|| json!({}));
    let namespace = fields.remove("namespace").unwrap_or_else(|| json!("default"));
    let requests = fields.remove("requests").unwrap_or_else(|| json!({}));
    let owners = fields.remove("owners").unwrap_or_else(|| json!([]));
    fields
        .entry("containers")
        .or_insert_with(|| json!([{"name": "c", "image": "i", "resources": {"requests": requests}}]));
    json!({"apiVersion": "v1", "kind": "Pod", "metadata":
        {"name": "p", "namespace": namespace, "labels": labels, "ownerReferences": owners}, "spec": spec})
}

fn node(line: &str) -> Value {
    let mut words = line.split_whitespace();
    let name = words.next().expect("a name");
    let mut labels: BTreeMap<&str, &str> = BTreeMap::from([("kubernetes.io/hostname", name)]);
    let mut allocatable = BTreeMap::from([("cpu", "4"), ("memory", "8Gi"), ("pods", "110")]);
    let (mut taints, mut spec, mut info) = (Vec::new(), json!({}), json!({}));
    let mut status = json!({"conditions": [{"type": "Ready", "status": "True"}]});
    for word in words {
        if let Some(taint) = word.strip_prefix("taint=") {
            let (key, effect) = taint.rsplit_once(':').expect("an effect");
            let (key, value) = key.split_once('=').unwrap_or((key, ""));
            taints.push(json!({"key": key, "value": value, "effect": effect}));
        } else if let Some((field, value)) = word.split_once(":=") {
            match field {
                "podCIDR" | "providerID" => spec[field] = json!(value),
                "ip" => status["addresses"] = json!([{"type": "InternalIP", "address": value}]),
                _ => info[field] = json!(value),
            }
        } else if word == "cordoned" {
            spec["unschedulable"] = json!(true);
        } else if let Some(condition) = word.strip_prefix("condition=") {
            let (kind, value) = condition.split_once(':').expect("a status");
            let conditions = status["conditions"].as_array_mut().expect("conditions");
            conditions.retain(|other| other["type"] != kind);
            conditions.push(json!({"type": kind, "status": value}));
        } else {
            let (key, value) = word.split_once('=').expect("a label");
            match key {
                "cpu" | "memory" | "pods" => {
                    allocatable.insert(key, value);
                }
                "has" => {
                    allocatable.extend(value.split_once('='));
                }
                _ => {
                    labels.insert(key, value);
                }
            }
        }
    }
    spec["taints"] = json!(taints);
    let mut node_info = json!({"architecture": "amd64", "bootID": "", "containerRuntimeVersion": "", "kernelVersion": "",
        "kubeProxyVersion": "", "kubeletVersion": "", "machineID": "", "operatingSystem": "linux", "osImage": "", "systemUUID": ""});
    for (field, value) in info.as_object().expect("a mapping") {
        node_info[field] = value.clone();
    }
    status["nodeInfo"] = node_info;
    status["allocatable"] = json!(allocatable);
    status["capacity"] = json!(allocatable);
    json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}, "spec": spec, "status": status})
}
