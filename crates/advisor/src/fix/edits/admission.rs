//! What admission refuses pods for: quotas, accounts, Pod Security, classes.

use k8s_openapi::api::core::v1::{Container, LimitRange, Namespace, PodSpec, ResourceQuota};
use serde_json::{Map, Value, json};
use sim_cluster::pod;
use sim_cluster::{Change, Kind, Object, ObjectRef, Ownership, convert};
use sim_core::model::resources::PodRequests;

use super::super::edit::Edit;
use super::Site;
use super::workload::{owner_of, patch_of, patch_pods, pods_of, reference};
use crate::diagnosis::Symptom;
use crate::diagnosis::webhook::{Configured, configured};

/// Raise the quota, state what it asks for, or give the namespace one.
pub(super) fn of_quota(site: &Site<'_>) -> Vec<Edit> {
    let Some((namespace, name)) = site.knot.thing.name.split_once('/') else { return Vec::new() };
    let says = site.knot.says.as_deref().unwrap_or_default();
    if says.contains("insufficient quota to match these scopes") {
        return vec![scoped_quota(namespace)];
    }
    if says.contains("must specify") {
        return stated(site, namespace, says);
    }
    let target = reference(namespace, "resourcequota", name);
    let Some(quota) = site.cluster.store().find::<ResourceQuota>(namespace, name) else { return Vec::new() };
    let Some(hard) = raised(site, quota, says) else { return Vec::new() };
    let text: Vec<String> =
        hard.iter().map(|(resource, amount)| format!("{resource}={}", amount.as_str().unwrap_or_default())).collect();
    let mut edits = vec![
        Edit::new(
            format!("raise the quota {target} to {}", text.join(", ")),
            vec![patch_of(&target, json!({"spec": {"hard": hard}}))],
        )
        .weakens("the namespace may use more"),
    ];
    let ownership = Ownership::of(site.cluster.store());
    for symptom in &site.waiting {
        let Some(owner) = owner_of(symptom)
            .filter(|owner| matches!(owner.kind.as_str(), "deployment" | "replicaset" | "statefulset"))
        else {
            continue;
        };
        let own = pods_of(site.cluster, &ownership, namespace, &symptom.owner);
        let there = own.filter(|pod| pod::is_active(pod)).count();
        if let Some(replicas) = i32::try_from(there).ok().filter(|there| *there > 0) {
            edits.push(
                Edit::new(
                    format!("scale {owner} to {replicas}, as many as the quota allows"),
                    vec![Change::Scale { workload: owner, replicas }],
                )
                .gives_up("fewer replicas serve"),
            );
        }
    }
    edits
}

/// What a quota must allow for all the missing pods: `requested: cpu=1, used: cpu=4, limited: cpu=4` says what one of them
/// asks for; of those that were refused for something else, their containers do.
fn raised(site: &Site<'_>, quota: &ResourceQuota, says: &str) -> Option<Map<String, Value>> {
    let used = amounts(says, "used")?;
    let mut hard = Map::new();
    for (resource, _) in amounts(says, "requested")? {
        let of = |list: &[(String, String)]| {
            let amount = list.iter().find(|(name, _)| *name == resource).map(|(_, amount)| amount);
            amount.and_then(|amount| amount.parse::<sim_core::Quantity>().ok())
        };
        let Some(used) = of(&used) else { continue };
        let missing = site.waiting.iter().map(|symptom| {
            let asked = amounts(&symptom.sentence, "requested").and_then(|list| of(&list));
            let asked = asked.map_or_else(|| stated_amount(site, symptom, &resource), |amount| amount.milli_value());
            asked.saturating_mul(i64::try_from(symptom.count).unwrap_or(i64::MAX))
        });
        let wanted = missing.fold(used.milli_value(), i64::saturating_add);
        let amount = if wanted % 1000 == 0 { (wanted / 1000).to_string() } else { format!("{wanted}m") };
        if quota.spec.as_ref().and_then(|spec| spec.hard.as_ref()).is_some_and(|known| known.contains_key(&resource)) {
            hard.insert(resource, json!(amount));
        }
    }
    Some(hard).filter(|hard| !hard.is_empty())
}

/// One list of amounts in what a quota says.
fn amounts(says: &str, name: &str) -> Option<Vec<(String, String)>> {
    let rest = says.split_once(&format!("{name}: "))?.1;
    let ends = ["used: ", "limited: "].iter().filter_map(|next| rest.find(&format!(", {next}")));
    let list = rest.get(..ends.min().unwrap_or(rest.len()))?;
    let pairs = list.split(',').filter_map(|pair| pair.trim().split_once('='));
    Some(pairs.map(|(key, amount)| (key.to_owned(), amount.to_owned())).collect())
}

/// What a pod asks for of a quota's resource, in thousandths.
fn stated_amount(site: &Site<'_>, symptom: &Symptom, resource: &str) -> i64 {
    let Some(sample) = symptom.sample.as_deref() else { return 0 };
    let behaviour = site.cluster.scheduling().snapshot().behaviour();
    let requests = PodRequests::of(&convert::pod(sample), behaviour.requests).incoming;
    match resource.trim_start_matches("requests.") {
        "pods" | "count/pods" => 1000,
        "cpu" => requests.get("cpu"),
        resource => requests.get(resource).saturating_mul(1000),
    }
}

/// The pods state what the quota counts: in their template, or by a LimitRange's defaults.
fn stated(site: &Site<'_>, namespace: &str, says: &str) -> Vec<Edit> {
    let asks = |what: &str| says.contains(what);
    let (mut requests, mut limits) = (Map::new(), Map::new());
    for (resource, request, limit) in
        [("cpu", "100m", "500m"), ("memory", "128Mi", "512Mi"), ("ephemeral-storage", "1Gi", "2Gi")]
    {
        if asks(&format!("requests.{resource}"))
            || asks(&format!(" {resource} for"))
            || asks(&format!("specify {resource}"))
        {
            requests.insert(resource.to_owned(), json!(request));
        }
        if asks(&format!("limits.{resource}")) {
            limits.insert(resource.to_owned(), json!(limit));
        }
    }
    let amounts = "the amounts are a guess: measure what the containers use";
    let mut edits = Vec::new();
    for symptom in &site.directly {
        let (Some(owner), Some(sample)) = (owner_of(symptom), symptom.sample.as_deref()) else { continue };
        let containers: Vec<Value> = sample
            .spec
            .containers
            .iter()
            .map(|container| json!({"name": container.name, "resources": {"requests": requests, "limits": limits}}))
            .collect();
        let patch = patch_pods(&owner, json!({"containers": containers}));
        edits.push(Edit::new(format!("state requests and limits in {owner}"), vec![patch]).limit(amounts));
    }
    if site.cluster.store().list_in::<LimitRange>(namespace).next().is_none() {
        let manifest = json!({
            "apiVersion": "v1",
            "kind": "LimitRange",
            "metadata": {"name": "defaults", "namespace": namespace},
            "spec": {"limits": [{"type": "Container", "defaultRequest": requests, "default": if limits.is_empty() { requests.clone() } else { limits }}]},
        });
        let objects: Vec<Object> = Object::read(Kind::LimitRange, manifest).into_iter().collect();
        edits.push(
            Edit::new(
                format!("give namespace {namespace} default requests and limits (a LimitRange)"),
                vec![Change::Apply(objects)],
            )
            .limit(amounts),
        );
    }
    edits
}

fn scoped_quota(namespace: &str) -> Edit {
    let manifest = json!({
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "critical-pods", "namespace": namespace},
        "spec": {
            "hard": {"pods": "1000"},
            "scopeSelector": {"matchExpressions": [{
                "operator": "In",
                "scopeName": "PriorityClass",
                "values": ["system-node-critical", "system-cluster-critical"],
            }]},
        },
    });
    let objects: Vec<Object> = Object::read(Kind::ResourceQuota, manifest).into_iter().collect();
    Edit::new(
        format!("allow critical pods in namespace {namespace} by a ResourceQuota of their scope"),
        vec![Change::Apply(objects)],
    )
    .weakens("pods of that namespace may be critical")
}

/// Make the account.
pub(super) fn of_service_account(site: &Site<'_>) -> Vec<Edit> {
    let Some((namespace, name)) = site.knot.thing.name.split_once('/') else { return Vec::new() };
    let manifest =
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": namespace}});
    let objects: Vec<Object> = Object::read(Kind::ServiceAccount, manifest).into_iter().collect();
    vec![
        Edit::new(format!("create the ServiceAccount {namespace}/{name}"), vec![Change::Apply(objects)])
            .limit("its roles and bindings are not modelled: apply them with it"),
    ]
}

/// Meet the level, or enforce a lower one.
pub(super) fn of_pod_security(site: &Site<'_>) -> Vec<Edit> {
    let Some((_, namespace)) = site.knot.thing.name.rsplit_once(' ') else { return Vec::new() };
    let mut edits = Vec::new();
    for symptom in &site.directly {
        let (Some(owner), Some(sample)) = (owner_of(symptom), symptom.sample.as_deref()) else { continue };
        let patch = restricted(&sample.spec);
        edits.push(
            Edit::new(
                format!("have {owner} meet the level: non-root, no escalation, no capabilities, nothing of the host"),
                vec![patch_pods(&owner, patch)],
            )
            .limit("what it does must be possible so: its image runs as a user that is not root, without what it had of the host"),
        );
    }
    let target = ObjectRef { namespace: None, kind: "namespace".to_owned(), name: namespace.to_owned() };
    let enforced = site.cluster.store().find::<Namespace>("", namespace).and_then(|namespace| {
        namespace.metadata.labels.as_ref()?.get("pod-security.kubernetes.io/enforce").map(String::as_str)
    });
    let lower: &[&str] = if enforced == Some("baseline") { &["privileged"] } else { &["baseline", "privileged"] };
    for level in lower {
        let set = vec![("pod-security.kubernetes.io/enforce".to_owned(), (*level).to_owned())];
        edits.push(
            Edit::new(
                format!("enforce the level {level} in namespace {namespace}"),
                vec![Change::Label { target: target.clone(), set, remove: Vec::new() }],
            )
            .gives_up(format!("every pod of the namespace may do what {level} allows")),
        );
    }
    edits
}

/// What makes a pod's spec one of the level `restricted`, but for what its image does.
fn restricted(spec: &PodSpec) -> Value {
    let context = json!({"allowPrivilegeEscalation": false, "privileged": false, "capabilities": {"drop": ["ALL"]}});
    // A port of the host is a port of the pod when it is taken back.
    let own_ports = |container: &Container| {
        let of_host = container.ports.iter().flatten().filter(|port| port.host_port.is_some_and(|port| port > 0));
        let ports = of_host
            .map(|port| json!({"containerPort": port.container_port, "protocol": port.protocol, "hostPort": null}));
        ports.collect::<Vec<_>>()
    };
    let of = |containers: &[Container]| -> Vec<Value> {
        let patched = containers.iter().map(|container| {
            let mut patch = json!({"name": container.name, "securityContext": context});
            let ports = own_ports(container);
            if !ports.is_empty() {
                patch["ports"] = json!(ports);
            }
            patch
        });
        patched.collect()
    };
    let mut patch = json!({
        "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": of(&spec.containers),
    });
    if let Some(init) = spec.init_containers.as_deref() {
        patch["initContainers"] = json!(of(init));
    }
    for (field, is_set) in [("hostNetwork", spec.host_network), ("hostPID", spec.host_pid), ("hostIPC", spec.host_ipc)]
    {
        if is_set == Some(true) {
            patch[field] = Value::Null;
        }
    }
    let paths = spec.volumes.iter().flatten().filter(|volume| volume.host_path.is_some());
    let empty: Vec<Value> =
        paths.map(|volume| json!({"name": volume.name, "hostPath": null, "emptyDir": {}})).collect();
    if !empty.is_empty() {
        patch["volumes"] = json!(empty);
    }
    patch
}

/// Do without its answer: for its own pods, while it does not answer, or for good.
pub(super) fn of_webhook(site: &Site<'_>) -> Vec<Edit> {
    let name = &site.knot.thing.name;
    let mut edits = Vec::new();
    for Configured { configuration, service, namespaces } in configured(site.cluster, name) {
        if let Some((own, _)) = service {
            let mut selector = json!(namespaces);
            let exempt = json!({"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": [own]});
            match selector.get_mut("matchExpressions").and_then(Value::as_array_mut) {
                Some(expressions) => expressions.push(exempt),
                None => selector["matchExpressions"] = json!([exempt]),
            }
            let patch = json!({"webhooks": [{"name": name, "namespaceSelector": selector}]});
            edits.push(
                Edit::new(
                    format!("leave namespace {own}, where its own pods are, out of webhook {name}"),
                    vec![patch_of(&configuration, patch)],
                )
                .weakens(format!("nobody checks what is made in namespace {own}")),
            );
        }
        let patch = json!({"webhooks": [{"name": name, "failurePolicy": "Ignore"}]});
        edits.push(
            Edit::new(
                format!("let in what webhook {name} cannot be asked about (failurePolicy Ignore)"),
                vec![patch_of(&configuration, patch)],
            )
            .gives_up("while it does not answer, nobody checks what it should"),
        );
        edits.push(
            Edit::new(format!("delete {configuration}"), vec![Change::Delete(configuration)])
                .gives_up("nobody checks any more what its webhooks did"),
        );
    }
    edits
}

/// Make the class.
pub(super) fn of_priority_class(site: &Site<'_>) -> Vec<Edit> {
    let name = &site.knot.thing.name;
    let manifest = json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name}, "value": 1000});
    let objects: Vec<Object> = Object::read(Kind::PriorityClass, manifest).into_iter().collect();
    let create = Edit::new(format!("create the PriorityClass {name}"), vec![Change::Apply(objects)])
        .limit("its value, 1000, is a guess");
    let mut edits = vec![create];
    for owner in site.directly.iter().filter_map(|symptom| owner_of(symptom)) {
        let patch = patch_pods(&owner, json!({"priorityClassName": null}));
        edits.push(
            Edit::new(format!("take the priority class out of {owner}"), vec![patch])
                .gives_up("the pods have the default priority"),
        );
    }
    edits
}

/// Make the class.
pub(super) fn of_runtime_class(site: &Site<'_>) -> Vec<Edit> {
    let name = &site.knot.thing.name;
    let manifest =
        json!({"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": name}, "handler": name});
    let objects: Vec<Object> = Object::read(Kind::RuntimeClass, manifest).into_iter().collect();
    vec![
        Edit::new(format!("create the RuntimeClass {name}"), vec![Change::Apply(objects)])
            .limit("the nodes' container runtime must have a handler of that name"),
    ]
}
