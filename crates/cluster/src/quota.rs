//! What counts against a ResourceQuota, and how much (pkg/quota/v1/evaluator/core and apiserver `pkg/quota/v1/generic`).

use k8s_openapi::api::core::v1::{Container, PersistentVolumeClaim, ResourceQuota, Service};
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use sim_core::behaviour::RequestRules;
use sim_core::model::resources::is_extended;
use sim_core::quantity::{Format, Quantity};

use crate::behaviour::Behaviour;
use crate::object::{Kind, Object};
use crate::pod::{self, Pod};
use crate::pod_strategy::qos_class;
use crate::quantities::{self, Amounts, amounts};

/// The resources that every container must state when a quota counts them: upstream calls this a mistake, and keeps it.
const MUST_BE_STATED: [&str; 6] = ["cpu", "limits.cpu", "limits.memory", "memory", "requests.cpu", "requests.memory"];
const COMPUTE: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];
const STORAGE_CLASS: &str = ".storageclass.storage.k8s.io/";

/// One condition on the pods that a quota counts: `scopes` and `scopeSelector` alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    pub name: String,
    pub operator: String,
    pub values: Vec<String>,
}

/// As Go prints the struct in an error.
impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{{{} {} [{}]}}", self.name, self.operator, self.values.join(" "))
    }
}

/// The conditions of a quota.
pub(crate) fn scopes(quota: &ResourceQuota) -> Vec<Scope> {
    let Some(spec) = &quota.spec else { return Vec::new() };
    let named = spec.scopes.iter().flatten().map(|name| Scope {
        name: name.clone(),
        operator: "Exists".to_owned(),
        values: Vec::new(),
    });
    let selected = spec.scope_selector.iter().flat_map(|selector| selector.match_expressions.iter().flatten());
    let selected = selected.map(|expression| Scope {
        name: expression.scope_name.clone(),
        operator: expression.operator.clone(),
        values: expression.values.clone().unwrap_or_default(),
    });
    named.chain(selected).collect()
}

/// Whether a condition holds for an object; those of other kinds than Pod meet none.
pub(crate) fn is_in_scope(scope: &Scope, object: &Object) -> bool {
    let Object::Pod(pod) = object else { return false };
    let terminating = pod.spec.active_deadline_seconds.is_some_and(|seconds| seconds >= 0);
    let best_effort = || qos_class(&pod.spec) == "BestEffort";
    match scope.name.as_str() {
        "Terminating" => terminating,
        "NotTerminating" => !terminating,
        "BestEffort" => best_effort(),
        "NotBestEffort" => !best_effort(),
        "PriorityClass" => {
            let class = pod.spec.priority_class_name.as_ref().filter(|class| !class.is_empty());
            match scope.operator.as_str() {
                "Exists" => class.is_some(),
                "DoesNotExist" => class.is_none(),
                "In" => class.is_some_and(|class| scope.values.contains(class)),
                "NotIn" => class.is_none_or(|class| !scope.values.contains(class)),
                _ => false,
            }
        }
        "CrossNamespacePodAffinity" => asks_other_namespaces(pod),
        _ => false,
    }
}

fn asks_other_namespaces(pod: &Pod) -> bool {
    let Some(affinity) = &pod.spec.affinity else { return false };
    let near = affinity.pod_affinity.as_ref();
    let far = affinity.pod_anti_affinity.as_ref();
    let required = near
        .and_then(|near| near.required_during_scheduling_ignored_during_execution.as_ref())
        .into_iter()
        .chain(far.and_then(|far| far.required_during_scheduling_ignored_during_execution.as_ref()))
        .flatten();
    let preferred = near
        .and_then(|near| near.preferred_during_scheduling_ignored_during_execution.as_ref())
        .into_iter()
        .chain(far.and_then(|far| far.preferred_during_scheduling_ignored_during_execution.as_ref()))
        .flatten()
        .map(|weighted| &weighted.pod_affinity_term);
    required.chain(preferred).any(|term| {
        term.namespaces.as_ref().is_some_and(|names| !names.is_empty()) || term.namespace_selector.is_some()
    })
}

/// Whether a quota that counts these resources counts anything of this kind.
pub(crate) fn counts(kind: Kind, name: &str) -> bool {
    if name == object_count(kind) {
        return true;
    }
    match kind {
        Kind::Pod => {
            let compute = name.strip_prefix("requests.").or_else(|| name.strip_prefix("limits.")).unwrap_or(name);
            name == "pods"
                || COMPUTE.contains(&compute)
                || name.starts_with("hugepages-")
                || name.starts_with("requests.hugepages-")
                || name.strip_prefix("requests.").is_some_and(is_extended)
        }
        Kind::PersistentVolumeClaim => {
            name == "persistentvolumeclaims" || name == "requests.storage" || name.contains(STORAGE_CLASS)
        }
        Kind::Service => matches!(name, "services" | "services.nodeports" | "services.loadbalancers"),
        // Kinds that could be counted before all could.
        Kind::ReplicationController | Kind::ResourceQuota | Kind::ConfigMap | Kind::Secret => name == kind.plural(),
        _ => false,
    }
}

/// The name under which the objects of any kind are counted: `count/deployments.apps`.
fn object_count(kind: Kind) -> String {
    format!("count/{}", kind.resource())
}

/// What an object takes of a quota at a moment.
pub(crate) fn usage(object: &Object, now: Timestamp, rules: RequestRules) -> Amounts {
    let Some(kind) = object.kind() else { return Amounts::new() };
    let one = Quantity::from_value(1, Format::DecimalSI);
    let mut usage = Amounts::from([(object_count(kind), one)]);
    match object {
        Object::Pod(pod) if is_charged(pod, now) => usage.extend(pod_usage(pod, rules)),
        Object::Pod(_) => {}
        Object::PersistentVolumeClaim(claim) => usage.extend(claim_usage(claim)),
        Object::Service(service) => usage.extend(service_usage(service)),
        _ if counts(kind, kind.plural()) => {
            usage.insert(kind.plural().to_owned(), one);
        }
        _ => {}
    }
    usage
}

/// Whether a pod still takes resources: not when it has ended, nor when it should be gone by now (`QuotaV1Pod`).
fn is_charged(pod: &Pod, now: Timestamp) -> bool {
    !pod::is_terminal(pod) && charged_until(pod).is_none_or(|until| now <= until)
}

/// The moment from which a pod that is being deleted is no longer counted, whether or not it is gone.
pub(crate) fn charged_until(pod: &Pod) -> Option<Timestamp> {
    let grace = SignedDuration::from_secs(pod.metadata.deletion_grace_period_seconds?);
    pod.metadata.deletion_timestamp.as_ref()?.0.checked_add(grace).ok()
}

fn pod_usage(pod: &Pod, rules: RequestRules) -> Amounts {
    let stated = |list: Option<&_>| if rules.pod_level { amounts(list) } else { Amounts::new() };
    let requests = quantities::of_pod(&pod.spec, quantities::requests, |own| stated(own.requests.as_ref()), false);
    let limits = quantities::of_pod(&pod.spec, quantities::limits, |own| stated(own.limits.as_ref()), true);
    compute_usage(&requests, &limits)
}

/// Requests count under their own name and as `requests.*`, limits as `limits.*` (`podComputeUsageHelper`).
fn compute_usage(requests: &Amounts, limits: &Amounts) -> Amounts {
    let mut usage = Amounts::from([("pods".to_owned(), Quantity::from_value(1, Format::DecimalSI))]);
    for (name, amount) in requests {
        let native = COMPUTE.contains(&name.as_str()) || name.starts_with("hugepages-");
        if native {
            usage.insert(name.clone(), *amount);
        }
        if native || is_extended(name) {
            usage.insert(format!("requests.{name}"), *amount);
        }
    }
    for (name, amount) in limits.iter().filter(|(name, _)| COMPUTE.contains(&name.as_str())) {
        usage.insert(format!("limits.{name}"), *amount);
    }
    usage
}

fn claim_usage(claim: &PersistentVolumeClaim) -> Amounts {
    let one = Quantity::from_value(1, Format::DecimalSI);
    let spec = claim.spec.as_ref();
    let storage = amounts(spec.and_then(|spec| spec.resources.as_ref()?.requests.as_ref())).remove("storage");
    let class = spec.and_then(|spec| spec.storage_class_name.as_deref()).filter(|class| !class.is_empty());
    let mut usage = Amounts::from([("persistentvolumeclaims".to_owned(), one)]);
    if let Some(class) = class {
        usage.insert(format!("{class}{STORAGE_CLASS}persistentvolumeclaims"), one);
    }
    if let Some(storage) = storage {
        usage.insert("requests.storage".to_owned(), storage);
        if let Some(class) = class {
            usage.insert(format!("{class}{STORAGE_CLASS}requests.storage"), storage);
        }
    }
    usage
}

fn service_usage(service: &Service) -> Amounts {
    let spec = service.spec.as_ref();
    let ports = spec.and_then(|spec| spec.ports.as_ref()).map_or(0, Vec::len);
    let ports = Quantity::from_value(i64::try_from(ports).unwrap_or(i64::MAX), Format::DecimalSI);
    let (node_ports, balancers) = match spec.and_then(|spec| spec.type_.as_deref()) {
        Some("NodePort") => (ports, 0),
        Some("LoadBalancer") => match spec.and_then(|spec| spec.allocate_load_balancer_node_ports) {
            Some(false) => (Quantity::ZERO, 1),
            _ => (ports, 1),
        },
        _ => (Quantity::ZERO, 0),
    };
    Amounts::from([
        ("services".to_owned(), Quantity::from_value(1, Format::DecimalSI)),
        ("services.nodeports".to_owned(), node_ports),
        ("services.loadbalancers".to_owned(), Quantity::from_value(balancers, Format::DecimalSI)),
    ])
}

/// What a pod would have to state because a quota counts it: the end of `failed quota: q: must specify …`.
pub(crate) fn missing_from(
    pod: &Pod,
    counted: &[String],
    behaviour: &Behaviour,
    rules: RequestRules,
) -> Option<String> {
    let states_for_itself =
        pod.spec.resources.as_ref().is_some_and(|own| own.requests.is_some() || own.limits.is_some());
    if rules.pod_level && states_for_itself {
        return None;
    }
    let states = |container: &Container, name: &str| {
        compute_usage(&quantities::requests(container), &quantities::limits(container)).contains_key(name)
    };
    let containers = || pod.spec.containers.iter().chain(pod.spec.init_containers.iter().flatten());
    let missing = MUST_BE_STATED.iter().filter(|name| counted.iter().any(|counted| counted == *name));
    let missing: Vec<(&str, Vec<&str>)> = missing
        .map(|name| {
            let lacking = containers().filter(|container| !states(container, name));
            let mut lacking: Vec<&str> = lacking.map(|container| container.name.as_str()).collect();
            lacking.sort_unstable();
            lacking.dedup();
            (*name, lacking)
        })
        .filter(|(_, lacking)| !lacking.is_empty())
        .collect();
    if missing.is_empty() {
        return None;
    }
    let parts: Vec<String> = if behaviour.quota_names_containers {
        missing.iter().map(|(name, lacking)| format!("{name} for: {}", lacking.join(","))).collect()
    } else {
        missing.iter().map(|(name, _)| (*name).to_owned()).collect()
    };
    let separator = if behaviour.quota_names_containers { "; " } else { "," };
    Some(format!("must specify {}", parts.join(separator)))
}
