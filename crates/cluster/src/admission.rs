//! What the API server does to an object on its way in: defaults, and the admission plugins that change pods.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Container, PodCondition, PodSpec, Toleration};
use k8s_openapi::api::scheduling::v1::PriorityClass;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use sim_core::behaviour::RequestRules;
use sim_core::model::resources::{container_requests_of, is_pooled};
use sim_core::{Version, model};

use crate::behaviour::Behaviour;
use crate::convert;
use crate::pod::{self, Pod};
use crate::service_account;
use crate::store::Store;

/// Priority of the built-in class `system-cluster-critical` (pkg/apis/scheduling/types.go).
const SYSTEM_CLUSTER_CRITICAL: i32 = 2_000_000_000;
/// Priority of the built-in class `system-node-critical`.
const SYSTEM_NODE_CRITICAL: i32 = 2_000_001_000;

/// Admits a pod that is created: API defaults, then the plugins ServiceAccount, Priority and DefaultTolerationSeconds.
pub(crate) fn admit_pod(pod: &mut Pod, store: &Store, behaviour: &Behaviour, rules: RequestRules) {
    let is_new = pod.status.as_ref().is_none_or(|status| status.phase.is_none());
    if is_new {
        service_account::admit(pod, store, behaviour);
    }
    let spec = Arc::make_mut(&mut pod.spec);
    default_pod_spec(spec);
    default_pod_resources(spec, rules);
    admit_priority(spec, store);
    admit_default_toleration_seconds(spec);
    let qos = qos_class(spec);
    let status = pod.status.get_or_insert_default();
    status.phase.get_or_insert_with(|| "Pending".to_owned());
    status.qos_class.get_or_insert(qos);
    if behaviour.gated_condition {
        admit_scheduling_gates(pod);
    }
}

/// Tells a gated pod so (`applySchedulingGatedCondition` in `pkg/registry/core/pod/strategy.go`).
fn admit_scheduling_gates(pod: &mut Pod) {
    let gated = pod.spec.scheduling_gates.as_ref().is_some_and(|gates| !gates.is_empty());
    if !gated || pod::condition(pod, "PodScheduled").is_some() {
        return;
    }
    let conditions = pod.status.get_or_insert_default().conditions.get_or_insert_default();
    conditions.push(PodCondition {
        type_: "PodScheduled".to_owned(),
        status: "False".to_owned(),
        reason: Some("SchedulingGated".to_owned()),
        message: Some("Scheduling is blocked due to non-empty scheduling gates".to_owned()),
        ..PodCondition::default()
    });
}

/// The API's defaults for a pod of a version (`SetDefaults_Pod`).
pub fn default_pod(spec: &mut PodSpec, version: Version) {
    default_pod_spec(spec);
    default_pod_resources(spec, sim_core::Behaviour::of(version).requests);
}

/// What a pod states for all its containers together is completed from what they ask for (1.34+).
fn default_pod_resources(spec: &mut PodSpec, rules: RequestRules) {
    if !rules.pod_level || spec.resources.is_none() {
        return;
    }
    let pod = model::Pod { spec: Arc::new(convert::pod_spec(spec)), ..model::Pod::default() };
    let of_containers = container_requests_of(&pod, rules);
    let Some(resources) = &mut spec.resources else { return };
    let mut limits = resources.limits.take().unwrap_or_default();
    let mut requests = resources.requests.take().unwrap_or_default();
    let state = |list: &mut BTreeMap<String, Quantity>, name: &String, amount: Quantity| {
        list.entry(name.clone()).or_insert(amount);
    };
    if !limits.is_empty() || !requests.is_empty() {
        let huge = of_containers.iter().filter(|(name, _)| name.starts_with("hugepages-"));
        for (name, amount) in huge.filter(|(name, _)| !requests.contains_key(*name)) {
            state(&mut limits, name, Quantity(amount.to_string()));
        }
    }
    if !limits.is_empty() {
        for (name, amount) in of_containers.iter().filter(|(name, _)| *name == "cpu" || *name == "memory") {
            state(&mut requests, name, Quantity(amount.to_string()));
        }
        for (name, limit) in limits.iter().filter(|(name, _)| is_pooled(name)) {
            state(&mut requests, name, limit.clone());
        }
    }
    resources.limits = Some(limits).filter(|limits| !limits.is_empty());
    resources.requests = Some(requests).filter(|requests| !requests.is_empty());
}

/// The defaults of pkg/apis/core/v1/defaults.go that a person can see or that change what happens.
pub(crate) fn default_pod_spec(spec: &mut PodSpec) {
    spec.restart_policy.get_or_insert_with(|| "Always".to_owned());
    spec.dns_policy.get_or_insert_with(|| "ClusterFirst".to_owned());
    spec.scheduler_name.get_or_insert_with(|| "default-scheduler".to_owned());
    spec.termination_grace_period_seconds.get_or_insert(30);
    if spec.service_account_name.as_deref().unwrap_or_default().is_empty() {
        spec.service_account_name = spec.service_account.clone().filter(|name| !name.is_empty());
    }
    let host_network = spec.host_network == Some(true);
    let containers = spec.containers.iter_mut().chain(spec.init_containers.iter_mut().flatten());
    for container in containers {
        default_container(container, host_network);
    }
}

fn default_container(container: &mut Container, host_network: bool) {
    container.termination_message_path.get_or_insert_with(|| "/dev/termination-log".to_owned());
    container.termination_message_policy.get_or_insert_with(|| "File".to_owned());
    if container.image_pull_policy.is_none() {
        let image = container.image.as_deref().unwrap_or_default();
        let name = image.rsplit('/').next().unwrap_or_default();
        let latest = !image.contains('@') && (name.ends_with(":latest") || !name.contains(':'));
        container.image_pull_policy = Some(if latest { "Always" } else { "IfNotPresent" }.to_owned());
    }
    for port in container.ports.iter_mut().flatten() {
        port.protocol.get_or_insert_with(|| "TCP".to_owned());
        if host_network && port.host_port.unwrap_or(0) == 0 {
            port.host_port = Some(port.container_port);
        }
    }
    let probes = [&mut container.liveness_probe, &mut container.readiness_probe, &mut container.startup_probe];
    for probe in probes.into_iter().flatten() {
        probe.timeout_seconds.get_or_insert(1);
        probe.period_seconds.get_or_insert(10);
        probe.success_threshold.get_or_insert(1);
        probe.failure_threshold.get_or_insert(3);
        if let Some(get) = &mut probe.http_get {
            get.scheme.get_or_insert_with(|| "HTTP".to_owned());
            get.path.get_or_insert_with(|| "/".to_owned());
        }
    }
    if let Some(resources) = &mut container.resources
        && let Some(limits) = &resources.limits
    {
        let requests = resources.requests.get_or_insert_default();
        for (name, limit) in limits {
            requests.entry(name.clone()).or_insert_with(|| limit.clone());
        }
    }
}

/// Fills `priority` from the class (plugin/pkg/admission/priority).
fn admit_priority(spec: &mut PodSpec, store: &Store) {
    if spec.priority.is_some() {
        return;
    }
    let class = spec.priority_class_name.as_deref().filter(|name| !name.is_empty());
    let of = |class: &PriorityClass| (class.value.unwrap_or(0), class.preemption_policy.clone());
    let (value, policy) = match class {
        Some("system-cluster-critical") => (SYSTEM_CLUSTER_CRITICAL, None),
        Some("system-node-critical") => (SYSTEM_NODE_CRITICAL, None),
        Some(name) => store.find::<PriorityClass>("", name).map_or((0, None), |class| of(class)),
        None => {
            let default = store.list::<PriorityClass>().find(|class| class.global_default == Some(true));
            if let Some(class) = default {
                spec.priority_class_name = class.metadata.name.clone();
            }
            default.map_or((0, None), |class| of(class))
        }
    };
    spec.priority = Some(value);
    spec.preemption_policy = spec.preemption_policy.take().or(policy);
}

/// Pods wait 300 s on a node that is not ready or not reachable, unless they say otherwise
/// (plugin/pkg/admission/defaulttolerationseconds).
fn admit_default_toleration_seconds(spec: &mut PodSpec) {
    let tolerations = spec.tolerations.get_or_insert_default();
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let covered = tolerations.iter().any(|toleration| {
            let key_matches = toleration.key.as_deref().is_none_or(|own| own.is_empty() || own == key);
            let effect_matches =
                toleration.effect.as_deref().is_none_or(|effect| effect.is_empty() || effect == "NoExecute");
            key_matches && effect_matches
        });
        if !covered {
            tolerations.push(Toleration {
                key: Some(key.to_owned()),
                operator: Some("Exists".to_owned()),
                effect: Some("NoExecute".to_owned()),
                toleration_seconds: Some(300),
                value: None,
            });
        }
    }
}

/// Guaranteed, Burstable or BestEffort (pkg/apis/core/v1/helper/qos).
fn qos_class(spec: &PodSpec) -> String {
    let containers = spec.containers.iter().chain(spec.init_containers.iter().flatten());
    let mut any = false;
    let mut guaranteed = true;
    let positive = |list: Option<&BTreeMap<String, Quantity>>, name: &str| {
        list.and_then(|list| list.get(name)).filter(|quantity| !is_zero(quantity)).cloned()
    };
    for container in containers {
        let resources = container.resources.as_ref();
        for name in ["cpu", "memory"] {
            let request = positive(resources.and_then(|resources| resources.requests.as_ref()), name);
            let limit = positive(resources.and_then(|resources| resources.limits.as_ref()), name);
            any |= request.is_some() || limit.is_some();
            guaranteed &= limit.is_some() && (request.is_none() || same(&request, &limit));
        }
    }
    match (any, guaranteed) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
    .to_owned()
}

fn is_zero(quantity: &Quantity) -> bool {
    quantity.0.parse::<sim_core::quantity::Quantity>().is_ok_and(|parsed| parsed.is_zero())
}

fn same(left: &Option<Quantity>, right: &Option<Quantity>) -> bool {
    let parse = |quantity: &Option<Quantity>| {
        quantity.as_ref().and_then(|quantity| quantity.0.parse::<sim_core::quantity::Quantity>().ok())
    };
    parse(left) == parse(right)
}
