//! What is told of a root cause: why, who set it, who should have cleared it, and why that did not happen.

use sim_cluster::Cluster;

use super::component::{CLOUD_CONTROLLER_MANAGER, NETWORK_PLUGIN};
use super::graph::Knot;
use super::thing::ThingKind;
use super::webhook;
use crate::known_taints::known_taint;
use crate::words::nodes;

/// The story of one thing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Story {
    pub(crate) title: String,
    pub(crate) why: String,
    pub(crate) set_by: Option<String>,
    pub(crate) cleared_by: Option<String>,
    pub(crate) not_cleared: Option<String>,
}

/// Tells of the thing where a trace ends. `way` is what the trace came past.
pub(crate) fn tell(cluster: &Cluster, knot: &Knot, way: &[&Knot]) -> Story {
    let name = &knot.thing.name;
    let says = knot.says.clone().unwrap_or_default();
    let on = nodes(&knot.nodes);
    let mut story = Story { why: says.clone(), ..Story::default() };
    let taint = way.iter().rev().find(|knot| knot.thing.kind == ThingKind::Taint);
    let of_taint = |story: &mut Story, text: &str| {
        let key = text.split(['=', ':']).next().unwrap_or_default();
        match known_taint(key) {
            Some(known) => {
                story.set_by = Some(known.set_by.to_owned());
                story.cleared_by = Some(known.removed_by.to_owned());
            }
            None => {
                story.set_by = Some("a person or an installer: Kubernetes itself does not use this key".to_owned());
                story.cleared_by = Some("whoever set it".to_owned());
            }
        }
    };
    match knot.thing.kind {
        ThingKind::Component if name == CLOUD_CONTROLLER_MANAGER => {
            let on = taint.map(|taint| nodes(&taint.nodes)).unwrap_or_default();
            story.title = if cluster.setup().cloud_controller_manager {
                "the cloud-controller-manager has not initialised the nodes yet".to_owned()
            } else {
                "the nodes wait for a cloud-controller-manager, and none runs".to_owned()
            };
            if let Some(taint) = taint {
                story.why = format!("taint {} on {on} is not tolerated", taint.thing.name);
                of_taint(&mut story, &taint.thing.name);
            }
            story.not_cleared = Some(says);
        }
        ThingKind::Component if name == NETWORK_PLUGIN => {
            story.title = "the nodes have no network: no network plugin is ready".to_owned();
            story.set_by = taint
                .and_then(|taint| known_taint(taint.thing.name.split([':', '=']).next()?))
                .map(|known| known.set_by.to_owned());
            story.cleared_by = Some("the kubelet, when the network plugin has written its configuration".to_owned());
            story.not_cleared = Some(says);
        }
        ThingKind::Component => {
            story.title = format!("{name} does not do its work");
            story.cleared_by = Some(name.clone());
            let stopped = says.contains("stopped");
            story.not_cleared = Some(if stopped { says } else { "nobody by that name runs".to_owned() });
        }
        ThingKind::Taint => {
            story.title = format!("taint {name} on {on} is not tolerated");
            of_taint(&mut story, name);
            if story.cleared_by.as_deref().is_some_and(|by| by.starts_with("nobody")) {
                story.not_cleared =
                    Some("it is meant to stay: the pods lack the toleration, or another node".to_owned());
            }
        }
        ThingKind::Cordon => {
            story.title = format!("{on} {} cordoned", if knot.nodes.len() == 1 { "is" } else { "are" });
            story.why = "spec.unschedulable is set".to_owned();
            story.set_by = Some("a person or a drain (`kubectl cordon`, `kubectl drain`)".to_owned());
            story.cleared_by = Some("a person (`kubectl uncordon`)".to_owned());
            story.not_cleared = Some("no controller uncordons nodes".to_owned());
        }
        ThingKind::NodeCondition => {
            story.title = format!("node condition {name} on {on}");
            story.set_by = Some("the kubelet, or the node lifecycle controller when the kubelet is silent".to_owned());
            story.cleared_by = Some("the kubelet, when the condition is over".to_owned());
        }
        ThingKind::Node => {
            story.title = format!("node {name} is not there");
        }
        ThingKind::NodeGroup => {
            story.title = format!("node group {name} may not grow");
            story.set_by = Some("the group's maximum".to_owned());
        }
        ThingKind::Resource => {
            story.title = match name.as_str() {
                "pods" => format!("{on} {} no more pods", if knot.nodes.len() == 1 { "takes" } else { "take" }),
                name => format!("too little {name} on {on}"),
            };
            story.set_by = Some("the requests of the pods that are there".to_owned());
            story.cleared_by = Some("pods that end, a new node, or smaller requests".to_owned());
        }
        ThingKind::NodeSelection => {
            story.title = format!("no node is selected by {name}");
            story.set_by = Some("the pods' own template".to_owned());
        }
        ThingKind::HostPort => {
            story.title = format!("host port {name} is taken on {on}");
        }
        ThingKind::TopologySpread => {
            story.title = format!("the topology spread constraints {name} leave no node");
            story.set_by = Some("the pods' own template, or the scheduler's default constraints".to_owned());
        }
        ThingKind::PodAffinity => {
            story.title = format!("the pod {name} leaves no node");
        }
        ThingKind::Claim if says.contains("ReadWriteOncePod") => {
            story.title = format!("claim {name} is in use, and one pod alone may use it");
            story.set_by = Some("the access mode ReadWriteOncePod".to_owned());
        }
        ThingKind::Claim => {
            story.title = format!("claim {name} has no volume");
        }
        ThingKind::Volume => {
            story.title = format!("volume {name} can be had on other nodes only");
            story.why = format!("{says} on {on}");
        }
        ThingKind::StorageClass if name == "(default)" => {
            story.title = "no StorageClass is the default one".to_owned();
        }
        ThingKind::StorageClass => {
            story.title = format!("StorageClass {name} makes no volume");
        }
        ThingKind::VolumeLimit => {
            story.title = format!("{on} can attach no more volumes");
        }
        ThingKind::ResourceQuota => {
            story.title = format!("ResourceQuota {name} refuses the pods");
            story.set_by = Some("whoever gave the namespace its quota".to_owned());
            story.cleared_by = Some("a higher quota, fewer pods, or requests that it asks for".to_owned());
        }
        ThingKind::LimitRange => {
            story.title = format!("a LimitRange of {} refuses the pods", name.split('/').next().unwrap_or_default());
        }
        ThingKind::ServiceAccount => {
            story.title = format!("ServiceAccount {name} is missing");
            story.cleared_by =
                Some("whoever installs the workload; `default` alone is made by a controller".to_owned());
        }
        ThingKind::PodSecurity => {
            story.title = format!("Pod Security: {name} refuses the pods");
            story.set_by = Some("the label pod-security.kubernetes.io/enforce of the namespace".to_owned());
        }
        ThingKind::Webhook => {
            story.title = format!("webhook {name} must be asked about pods and does not answer");
            let configured = webhook::configured(cluster, name);
            let places: Vec<String> = configured.iter().map(|found| found.configuration.to_string()).collect();
            story.set_by = Some(format!("{} (failurePolicy Fail)", places.join(", "))).filter(|_| !places.is_empty());
            let services: Vec<String> = configured
                .iter()
                .filter_map(|found| found.service.as_ref())
                .map(|(namespace, service)| format!("{namespace}/{service}"))
                .collect();
            story.cleared_by =
                Some(format!("a ready pod of the Service {}", services.join(", "))).filter(|_| !services.is_empty());
        }
        ThingKind::PriorityClass => {
            story.title = format!("PriorityClass {name} is missing");
        }
        ThingKind::RuntimeClass => {
            story.title = format!("RuntimeClass {name} is missing");
        }
        ThingKind::Namespace => {
            story.title = format!("namespace {name} is being deleted");
        }
        ThingKind::SchedulingGate => {
            story.title = format!("scheduling gate {name} holds the pods back");
            story.set_by = Some("whoever made the pods".to_owned());
            story.cleared_by = Some("the controller whose gate it is".to_owned());
            story.not_cleared = Some("no object of this cluster is known to remove it".to_owned());
        }
        ThingKind::DisruptionBudget => {
            story.title = format!("PodDisruptionBudget {name} allows no eviction");
        }
        ThingKind::Image => {
            story.title = format!("image {name} cannot be pulled");
        }
        ThingKind::Container => {
            story.title = format!("container {name} {says}");
        }
        ThingKind::Finalizer => {
            story.title = format!("finalizer {name} keeps the pods");
            story.cleared_by = Some("the controller whose finalizer it is".to_owned());
        }
        ThingKind::Object => {
            story.title = format!("{name} is not there or not ready");
        }
        ThingKind::Rollout => {
            story.title = format!("the rollout {name} cannot go on");
        }
        ThingKind::Pods => {
            story.title = format!("{name}: nothing is known to stand in their way");
        }
        ThingKind::Other => {
            story.title = name.clone();
        }
    }
    story
}
