//! The objects of the stories.

use serde_json::{Value, json};
use sim_cluster::{Kind, Object};

use super::story::{Budget, Family, NodeShape, Quota, Shape, Workload};

const UNINITIALIZED: &str = "node.cloudprovider.kubernetes.io/uninitialized";

pub(crate) fn read(value: Value) -> Object {
    let kind = Kind::of(value["apiVersion"].as_str().unwrap(), value["kind"].as_str().unwrap()).unwrap();
    Object::read(kind, value).unwrap()
}

/// What every cluster of the stories has.
pub(crate) fn foundations() -> [Value; 2] {
    [
        json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "p1000"}, "value": 1000}),
        json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": "disk.example.com",
            "metadata": {"name": "disk"}, "volumeBindingMode": "WaitForFirstConsumer"}),
    ]
}

pub(crate) fn node(number: usize, shape: &NodeShape, external_cloud: bool) -> Value {
    let name = format!("n{number}");
    let resources = json!({"cpu": format!("{}m", shape.milli_cpu), "memory": "8Gi", "pods": shape.pods.to_string()});
    let uninitialized = json!([{"key": UNINITIALIZED, "value": "true", "effect": "NoSchedule"}]);
    json!({"apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name,
            "topology.kubernetes.io/zone": format!("z{}", shape.zone),
            "failure-domain.beta.kubernetes.io/zone": format!("z{}", shape.zone)}},
        "spec": {"taints": if external_cloud { uninitialized } else { json!([]) }},
        "status": {"capacity": resources, "allocatable": resources}})
}

pub(crate) fn workload(workload: Workload, shape: &Shape) -> Value {
    let name = workload.name();
    let spec = match workload.family {
        Family::Deployment => json!({"replicas": shape.replicas, "selector": selector(&name),
            "strategy": {"type": if shape.other { "Recreate" } else { "RollingUpdate" }},
            "template": template(&name, shape)}),
        Family::DaemonSet => json!({"selector": selector(&name), "template": template(&name, shape)}),
        Family::StatefulSet => json!({"replicas": shape.replicas, "serviceName": name, "selector": selector(&name),
            "podManagementPolicy": if shape.other { "Parallel" } else { "OrderedReady" },
            "template": template(&name, shape), "volumeClaimTemplates": claim_templates(shape)}),
        Family::Job => job(&name, shape),
        Family::CronJob => json!({"schedule": "*/5 * * * *", "failedJobsHistoryLimit": 1,
            "concurrencyPolicy": if shape.other { "Forbid" } else { "Replace" },
            "jobTemplate": {"spec": job(&name, &Shape { replicas: shape.replicas.min(2), ..shape.clone() })}}),
    };
    let version = if matches!(workload.family, Family::Job | Family::CronJob) { "batch/v1" } else { "apps/v1" };
    json!({"apiVersion": version, "kind": workload.family.kind().name(),
        "metadata": {"name": name, "namespace": "default"}, "spec": spec})
}

/// A budget for the pods of a workload.
pub(crate) fn budget(budget: &Budget) -> Value {
    let name = budget.workload.name();
    let mut spec = json!({"selector": selector(&name)});
    spec[if budget.of_those_missing { "maxUnavailable" } else { "minAvailable" }] =
        if budget.percent { json!(format!("{}%", budget.amount * 10)) } else { json!(budget.amount) };
    if budget.lets_unhealthy_go {
        spec["unhealthyPodEvictionPolicy"] = json!("AlwaysAllow");
    }
    json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "metadata": {"name": name, "namespace": "default"}, "spec": spec})
}

pub(crate) fn quota(quota: &Quota) -> Value {
    json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "all", "namespace": "default"},
        "spec": {"hard": {"pods": quota.pods.to_string(), "requests.cpu": format!("{}m", quota.milli_cpu)}}})
}

fn selector(app: &str) -> Value {
    json!({"matchLabels": {"app": app}})
}

fn template(app: &str, shape: &Shape) -> Value {
    // API servers refuse pods that bring the number themselves.
    let class = if shape.priority > 0 { json!(format!("p{}", shape.priority)) } else { json!(null) };
    let tolerations = if shape.tolerates { json!([{"key": "k", "operator": "Exists"}]) } else { json!([]) };
    json!({"metadata": {"labels": {"app": app}}, "spec": {
        "priorityClassName": class, "tolerations": tolerations,
        "containers": [{"name": "c", "image": format!("nginx:{}", shape.image),
            "resources": {"requests": {"cpu": format!("{}m", shape.milli_cpu)}}}]}})
}

/// A Job's spec: as many completions as replicas, some of them at once, each a while long.
fn job(app: &str, shape: &Shape) -> Value {
    let mut template = template(app, shape);
    template["spec"]["restartPolicy"] = json!("Never");
    let code = u8::from(shape.fails);
    template["metadata"]["annotations"] = json!({"sim/behaviour": format!("exits {code} after {}s", shape.seconds)});
    json!({"completions": shape.replicas, "parallelism": shape.replicas.min(3), "backoffLimit": 2,
        "completionMode": if shape.other { "Indexed" } else { "NonIndexed" }, "template": template})
}

fn claim_templates(shape: &Shape) -> Value {
    let claim = json!({"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"],
        "storageClassName": "disk", "resources": {"requests": {"storage": "1Gi"}}}});
    if shape.keeps_data { json!([claim]) } else { json!([]) }
}
