//! API objects into the scheduler's model: the only place that knows both.
//!
//! Input has been validated by who read it; what is still wrong (an unknown operator, a quantity that does not parse)
//! becomes what the API server's zero value would be, never a panic.

mod storage;

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1 as api;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity as ApiQuantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1 as meta;
use sim_core::model::{
    Container, ContainerAllocation, ContainerPort, Effect, Image, LabelSelector, Labels, Node, NodeInclusionPolicy,
    NodeSelector, NodeSelectorOperator, NodeSelectorRequirement, NodeSelectorTerm, Owner, Pod, PodAffinityTerm,
    PodSpec, PreemptionPolicy, PreferredSchedulingTerm, Requirement, ResourceList, Resources, SelectorOperator, Taint,
    Toleration, TolerationOperator, TopologySpreadConstraint, Volume, VolumeSource, WeightedPodAffinityTerm,
    WhenUnsatisfiable,
};
use sim_core::quantity::Quantity;

use crate::pod as pods;

pub use storage::{
    csi_node, has_storage_capacity, persistent_volume, persistent_volume_claim, storage_capacity, storage_class,
    volume_attachment,
};

/// The annotation by which a node asks to be avoided by the pods of some controllers.
const PREFER_AVOID_PODS: &str = "scheduler.alpha.kubernetes.io/preferAvoidPods";

/// A node as the scheduler sees it.
pub fn node(node: &api::Node) -> Node {
    let spec = node.spec.as_ref();
    let status = node.status.as_ref();
    let allocatable = status.and_then(|status| status.allocatable.as_ref().or(status.capacity.as_ref()));
    let images = status.and_then(|status| status.images.as_ref());
    Node {
        name: node.metadata.name.clone().unwrap_or_default(),
        labels: labels(node.metadata.labels.as_ref()),
        taints: taints(node),
        unschedulable: spec.is_some_and(|spec| spec.unschedulable == Some(true)),
        allocatable: Resources::from_list(&resource_list(allocatable)),
        images: images
            .into_iter()
            .flatten()
            .map(|image| Image {
                names: image.names.clone().unwrap_or_default(),
                size_bytes: image.size_bytes.unwrap_or(0),
            })
            .collect(),
        prefer_avoid_pods: prefer_avoid_pods(node),
    }
}

/// A node's taints in their order; one with an unknown effect has none on the scheduler.
pub fn taints(node: &api::Node) -> Vec<Taint> {
    let taints = node.spec.iter().flat_map(|spec| spec.taints.iter().flatten());
    taints
        .filter_map(|taint| {
            Some(Taint {
                key: taint.key.clone(),
                value: taint.value.clone().unwrap_or_default(),
                effect: effect(&taint.effect)?,
            })
        })
        .collect()
}

/// A pod's tolerations in their order.
pub fn tolerations(pod: &pods::Pod) -> Vec<Toleration> {
    spec_tolerations(&pod.spec)
}

/// A pod as the scheduler sees it.
pub fn pod(pod: &pods::Pod) -> Pod {
    pod_with_spec(pod, Arc::new(pod_spec(&pod.spec)))
}

/// The same, for a pod whose spec has been converted before.
pub(crate) fn pod_with_spec(pod: &pods::Pod, spec: Arc<PodSpec>) -> Pod {
    let metadata = &pod.metadata;
    let status = pod.status.as_ref();
    let statuses = status.into_iter().flat_map(|status| {
        let init = status.init_container_statuses.iter().flatten();
        init.chain(status.container_statuses.iter().flatten())
    });
    let container_allocations: BTreeMap<String, ContainerAllocation> = statuses
        .filter(|status| status.resources.is_some())
        .map(|status| {
            let actual = status.resources.as_ref().and_then(|resources| resources.requests.as_ref());
            let allocation = ContainerAllocation {
                allocated: resource_list(status.allocated_resources.as_ref()),
                actual: resource_list(actual),
            };
            (status.name.clone(), allocation)
        })
        .collect();
    let disrupted = pods::condition(pod, "DisruptionTarget");
    let resize = pods::condition(pod, "PodResizePending");
    Pod {
        namespace: metadata.namespace.clone().unwrap_or_default(),
        name: metadata.name.clone().unwrap_or_default(),
        uid: metadata.uid.clone().unwrap_or_default(),
        labels: labels(metadata.labels.as_ref()),
        node_name: pods::node_name(pod).map(str::to_owned),
        terminating: metadata.deletion_timestamp.is_some(),
        preempted: disrupted.is_some_and(|condition| {
            condition.status == "True" && condition.reason.as_deref() == Some("PreemptionByScheduler")
        }),
        start_time_ms: status.and_then(|status| status.start_time.as_ref()).map(|time| time.0.as_millisecond()),
        controller: pods::controller_of(metadata).map(owner),
        nominated_node_name: status
            .and_then(|status| status.nominated_node_name.clone())
            .filter(|name| !name.is_empty()),
        container_allocations,
        resize_infeasible: resize.is_some_and(|condition| condition.reason.as_deref() == Some("Infeasible")),
        spec,
    }
}

/// What pods of one template share.
pub fn pod_spec(spec: &api::PodSpec) -> PodSpec {
    let affinity = spec.affinity.as_ref();
    let node_affinity = affinity.and_then(|affinity| affinity.node_affinity.as_ref());
    let pod_affinity = affinity.and_then(|affinity| affinity.pod_affinity.as_ref());
    let anti_affinity = affinity.and_then(|affinity| affinity.pod_anti_affinity.as_ref());
    let required = |terms: Option<&Vec<api::PodAffinityTerm>>| terms.into_iter().flatten().map(affinity_term).collect();
    let preferred = |terms: Option<&Vec<api::WeightedPodAffinityTerm>>| {
        let weighted = |term: &api::WeightedPodAffinityTerm| WeightedPodAffinityTerm {
            weight: term.weight,
            pod_affinity_term: affinity_term(&term.pod_affinity_term),
        };
        terms.into_iter().flatten().map(weighted).collect()
    };
    let pod_resources = spec.resources.as_ref().and_then(|resources| resources.requests.as_ref());
    PodSpec {
        scheduler_name: spec.scheduler_name.clone().unwrap_or_else(|| "default-scheduler".to_owned()),
        priority: spec.priority.unwrap_or(0),
        preemption_policy: match spec.preemption_policy.as_deref() {
            Some("Never") => PreemptionPolicy::Never,
            _ => PreemptionPolicy::PreemptLowerPriority,
        },
        node_name: spec.node_name.clone().filter(|name| !name.is_empty()),
        node_selector: labels(spec.node_selector.as_ref()),
        required_node_affinity: node_affinity
            .and_then(|affinity| affinity.required_during_scheduling_ignored_during_execution.as_ref())
            .map(node_selector),
        preferred_node_affinity: preferred_terms(
            node_affinity.and_then(|affinity| affinity.preferred_during_scheduling_ignored_during_execution.as_ref()),
        ),
        required_pod_affinity: required(
            pod_affinity.and_then(|affinity| affinity.required_during_scheduling_ignored_during_execution.as_ref()),
        ),
        preferred_pod_affinity: preferred(
            pod_affinity.and_then(|affinity| affinity.preferred_during_scheduling_ignored_during_execution.as_ref()),
        ),
        required_pod_anti_affinity: required(
            anti_affinity.and_then(|affinity| affinity.required_during_scheduling_ignored_during_execution.as_ref()),
        ),
        preferred_pod_anti_affinity: preferred(
            anti_affinity.and_then(|affinity| affinity.preferred_during_scheduling_ignored_during_execution.as_ref()),
        ),
        tolerations: spec_tolerations(spec),
        topology_spread_constraints: spec.topology_spread_constraints.iter().flatten().map(spread_constraint).collect(),
        scheduling_gates: spec.scheduling_gates.iter().flatten().map(|gate| gate.name.clone()).collect(),
        containers: spec.containers.iter().map(container).collect(),
        init_containers: spec.init_containers.iter().flatten().map(container).collect(),
        overhead: resource_list(spec.overhead.as_ref()),
        pod_requests: pod_resources.map(|requests| resource_list(Some(requests))),
        volumes: spec.volumes.iter().flatten().filter_map(volume).collect(),
        has_resource_claims: spec.resource_claims.as_ref().is_some_and(|claims| !claims.is_empty()),
    }
}

/// A label selector; absent stays absent, since absent and empty mean opposite things.
pub fn label_selector(selector: &meta::LabelSelector) -> LabelSelector {
    let requirement = |requirement: &meta::LabelSelectorRequirement| Requirement {
        key: requirement.key.clone(),
        operator: match requirement.operator.as_str() {
            "NotIn" => SelectorOperator::NotIn,
            "Exists" => SelectorOperator::Exists,
            "DoesNotExist" => SelectorOperator::DoesNotExist,
            // An unknown operator has been reported; as `In` without the label it matches nothing.
            _ => SelectorOperator::In,
        },
        values: requirement.values.clone().unwrap_or_default(),
    };
    LabelSelector {
        match_labels: labels(selector.match_labels.as_ref()),
        match_expressions: selector.match_expressions.iter().flatten().map(requirement).collect(),
    }
}

pub(crate) fn labels(labels: Option<&BTreeMap<String, String>>) -> Labels {
    labels.cloned().unwrap_or_default()
}

fn effect(effect: &str) -> Option<Effect> {
    match effect {
        "NoSchedule" => Some(Effect::NoSchedule),
        "PreferNoSchedule" => Some(Effect::PreferNoSchedule),
        "NoExecute" => Some(Effect::NoExecute),
        _ => None,
    }
}

fn spec_tolerations(spec: &api::PodSpec) -> Vec<Toleration> {
    // One with an unknown operator or effect tolerates nothing.
    let toleration = |toleration: &api::Toleration| {
        Some(Toleration {
            key: toleration.key.clone().unwrap_or_default(),
            operator: match toleration.operator.as_deref() {
                Some("Exists") => TolerationOperator::Exists,
                None | Some("" | "Equal") => TolerationOperator::Equal,
                Some(_) => return None,
            },
            value: toleration.value.clone().unwrap_or_default(),
            effect: match toleration.effect.as_deref() {
                None | Some("") => None,
                Some(other) => Some(effect(other)?),
            },
            toleration_seconds: toleration.toleration_seconds,
        })
    };
    spec.tolerations.iter().flatten().filter_map(toleration).collect()
}

fn owner(owner: &meta::OwnerReference) -> Owner {
    Owner {
        api_version: owner.api_version.clone(),
        kind: owner.kind.clone(),
        name: owner.name.clone(),
        uid: owner.uid.clone(),
    }
}

fn resource_list(list: Option<&BTreeMap<String, ApiQuantity>>) -> ResourceList {
    let quantities = list.into_iter().flatten();
    // The API server rounds what it is given to thousandths.
    let rounded = |quantity: &ApiQuantity| quantity.0.parse().ok().map(|parsed: Quantity| parsed.rounded_to_milli());
    quantities.filter_map(|(name, quantity)| Some((name.clone(), rounded(quantity)?))).collect()
}

/// A quantity; one that does not parse is 0, as what was not read.
fn quantity(quantity: &ApiQuantity) -> Quantity {
    quantity.0.parse().unwrap_or_default()
}

fn container(container: &api::Container) -> Container {
    let requests = container.resources.as_ref().and_then(|resources| resources.requests.as_ref());
    let port = |port: &api::ContainerPort| ContainerPort {
        host_ip: port.host_ip.clone().unwrap_or_default(),
        host_port: port.host_port.unwrap_or(0),
        protocol: port.protocol.clone().unwrap_or_else(|| "TCP".to_owned()),
    };
    Container {
        name: container.name.clone(),
        image: container.image.clone().unwrap_or_default(),
        requests: resource_list(requests),
        ports: container
            .ports
            .iter()
            .flatten()
            .filter(|port| port.host_port.is_some_and(|number| number > 0))
            .map(port)
            .collect(),
        restartable: container.restart_policy.as_deref() == Some("Always"),
    }
}

/// Terms of which a node must meet one.
pub fn node_selector(selector: &api::NodeSelector) -> NodeSelector {
    NodeSelector { node_selector_terms: selector.node_selector_terms.iter().map(node_term).collect() }
}

/// Terms that a node should meet, with their weights.
pub fn preferred_terms(terms: Option<&Vec<api::PreferredSchedulingTerm>>) -> Vec<PreferredSchedulingTerm> {
    let term = |term: &api::PreferredSchedulingTerm| PreferredSchedulingTerm {
        weight: term.weight,
        preference: node_term(&term.preference),
    };
    terms.into_iter().flatten().map(term).collect()
}

fn node_term(term: &api::NodeSelectorTerm) -> NodeSelectorTerm {
    let requirement = |requirement: &api::NodeSelectorRequirement| NodeSelectorRequirement {
        key: requirement.key.clone(),
        operator: match requirement.operator.as_str() {
            "In" => NodeSelectorOperator::In,
            "NotIn" => NodeSelectorOperator::NotIn,
            "Exists" => NodeSelectorOperator::Exists,
            "DoesNotExist" => NodeSelectorOperator::DoesNotExist,
            "Gt" => NodeSelectorOperator::Gt,
            "Lt" => NodeSelectorOperator::Lt,
            other => NodeSelectorOperator::Unknown(other.to_owned()),
        },
        values: requirement.values.clone().unwrap_or_default(),
    };
    NodeSelectorTerm {
        match_expressions: term.match_expressions.iter().flatten().map(requirement).collect(),
        match_fields: term.match_fields.iter().flatten().map(requirement).collect(),
    }
}

fn affinity_term(term: &api::PodAffinityTerm) -> PodAffinityTerm {
    PodAffinityTerm {
        label_selector: term.label_selector.as_ref().map(label_selector),
        namespaces: term.namespaces.clone().unwrap_or_default(),
        namespace_selector: term.namespace_selector.as_ref().map(label_selector),
        topology_key: term.topology_key.clone(),
        match_label_keys: term.match_label_keys.clone().unwrap_or_default(),
        mismatch_label_keys: term.mismatch_label_keys.clone().unwrap_or_default(),
    }
}

/// A topology spread constraint.
pub fn spread_constraint(constraint: &api::TopologySpreadConstraint) -> TopologySpreadConstraint {
    let policy = |policy: Option<&String>| match policy.map(String::as_str) {
        Some("Honor") => Some(NodeInclusionPolicy::Honor),
        Some(_) => Some(NodeInclusionPolicy::Ignore),
        None => None,
    };
    TopologySpreadConstraint {
        max_skew: constraint.max_skew,
        topology_key: constraint.topology_key.clone(),
        when_unsatisfiable: match constraint.when_unsatisfiable.as_str() {
            "ScheduleAnyway" => WhenUnsatisfiable::ScheduleAnyway,
            "DoNotSchedule" => WhenUnsatisfiable::DoNotSchedule,
            _ => WhenUnsatisfiable::Nothing,
        },
        label_selector: constraint.label_selector.as_ref().map(label_selector),
        min_domains: constraint.min_domains,
        node_affinity_policy: policy(constraint.node_affinity_policy.as_ref()),
        node_taints_policy: policy(constraint.node_taints_policy.as_ref()),
        match_label_keys: constraint.match_label_keys.clone().unwrap_or_default(),
    }
}

fn volume(volume: &api::Volume) -> Option<Volume> {
    let source = if let Some(claim) = &volume.persistent_volume_claim {
        VolumeSource::PersistentVolumeClaim { claim_name: claim.claim_name.clone() }
    } else if volume.ephemeral.is_some() {
        VolumeSource::Ephemeral
    } else if let Some(disk) = &volume.gce_persistent_disk {
        VolumeSource::GcePersistentDisk { pd_name: disk.pd_name.clone(), read_only: disk.read_only == Some(true) }
    } else if let Some(disk) = &volume.aws_elastic_block_store {
        VolumeSource::AwsElasticBlockStore { volume_id: disk.volume_id.clone() }
    } else if let Some(disk) = &volume.azure_disk {
        VolumeSource::AzureDisk {
            disk_name: disk.disk_name.clone(),
            data_disk_uri: disk.disk_uri.clone(),
            kind: disk.kind.clone(),
        }
    } else if let Some(disk) = &volume.cinder {
        VolumeSource::Cinder { volume_id: disk.volume_id.clone() }
    } else if let Some(volume) = &volume.portworx_volume {
        VolumeSource::PortworxVolume { volume_id: volume.volume_id.clone() }
    } else if let Some(disk) = &volume.iscsi {
        VolumeSource::Iscsi { iqn: disk.iqn.clone(), read_only: disk.read_only == Some(true) }
    } else if let Some(disk) = &volume.rbd {
        VolumeSource::Rbd {
            monitors: disk.monitors.clone(),
            pool: disk.pool.clone().unwrap_or_else(|| "rbd".to_owned()),
            image: disk.image.clone(),
            read_only: disk.read_only == Some(true),
        }
    } else {
        return None;
    };
    Some(Volume { name: volume.name.clone(), source })
}

fn prefer_avoid_pods(node: &api::Node) -> Vec<Owner> {
    let text = node.metadata.annotations.as_ref().and_then(|annotations| annotations.get(PREFER_AVOID_PODS));
    let value: Option<serde_json::Value> = text.and_then(|text| serde_json::from_str(text).ok());
    let avoided = value.as_ref().and_then(|value| value.get("preferAvoidPods")).and_then(serde_json::Value::as_array);
    let owner = |avoid: &serde_json::Value| {
        let controller = avoid.get("podSignature")?.get("podController")?;
        let part = |name: &str| controller.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        Some(Owner { api_version: String::new(), kind: part("kind"), name: part("name"), uid: part("uid") })
    };
    avoided.into_iter().flatten().filter_map(owner).collect()
}
