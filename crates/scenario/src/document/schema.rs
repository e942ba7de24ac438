//! The document as it is written: its keys, and their descriptions for the JSON Schema.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::behaviour::Behaviour;
use super::diagnosis::DiagnosisEntry;
use super::expectation::ExpectationEntry;
use super::step::StepEntry;

/// The JSON Schema of the document, for editors.
pub fn schema() -> Value {
    schemars::schema_for!(Document).to_value()
}

/// A Scenario: a cluster's hidden facts, a timeline and expectations. The cluster itself is ordinary Kubernetes manifests
/// beside it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Scenario", extend("$id" = "sim/v1/Scenario"))]
pub(super) struct Document {
    /// Always `sim/v1`.
    #[schemars(extend("const" = "sim/v1"))]
    #[expect(dead_code, reason = "checked before the document is read; here for the schema")]
    pub(super) api_version: String,
    /// Always `Scenario`.
    #[schemars(extend("const" = "Scenario"))]
    #[expect(dead_code, reason = "checked before the document is read; here for the schema")]
    pub(super) kind: String,
    pub(super) metadata: Metadata,
    #[serde(default)]
    pub(super) spec: Spec,
}

/// The Scenario's name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Metadata {
    /// A short name, like the file's.
    pub(super) name: String,
}

/// What the Scenario says.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Spec {
    /// What happened here, in a sentence or two.
    pub(super) description: String,
    /// The Kubernetes version to run, e.g. `v1.16.0`. Default: that of the newest kubelet.
    pub(super) kubernetes_version: Option<String>,
    /// Virtual time zero, e.g. `2019-10-25T04:01:30-04:00`. Its offset is used where kubectl prints local times.
    /// Default: the newest moment that any object carries.
    pub(super) start: Option<String>,
    /// How far to run, e.g. `25m`. Default: until nothing moves.
    pub(super) until: Option<String>,
    /// Facts of the control plane that a dump cannot show.
    pub(super) control_plane: ControlPlane,
    /// What containers do that no manifest says.
    pub(super) behaviours: Vec<Behaviour>,
    /// Whether the run goes on after a step that is refused. The refusal is told, and fails the run, either way.
    pub(super) continue_on_error: bool,
    /// Machines that a cluster-autoscaler may order. With any of them, one runs.
    pub(super) node_groups: Vec<NodeGroup>,
    /// What happens when.
    pub(super) timeline: Vec<Moment>,
    /// What must hold, and when.
    pub(super) expectations: Vec<ExpectationEntry>,
    /// What `sim diagnose` must find to be wrong, and what `sim fix` must find to cure it; `sim test` checks both.
    pub(super) diagnosis: Vec<DiagnosisEntry>,
}

/// Machines of one make.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NodeGroup {
    /// The name. Its nodes are called `NAME-1`, `NAME-2` and so on, and such nodes are its members.
    pub(super) name: String,
    /// The most nodes it may have.
    pub(super) max: usize,
    /// From the order to the registration of a node, e.g. `90s`. Default: a minute.
    pub(super) delay: Option<String>,
    /// A Node manifest: labels, taints and capacity of its nodes.
    pub(super) template: Value,
}

/// Facts of the control plane that a dump cannot show.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct ControlPlane {
    /// `external` when kubelets run with `--cloud-provider=external`: their nodes come up with the taint
    /// `node.cloudprovider.kubernetes.io/uninitialized`.
    pub(super) kubelet_cloud_provider: CloudProvider,
    /// Whether a cloud-controller-manager runs, which removes that taint.
    pub(super) cloud_controller_manager: bool,
    /// The address a kubelet really has (`--node-ip`), by node, where its Node says another one.
    #[serde(rename = "nodeIPs")]
    pub(super) node_ips: BTreeMap<String, String>,
    /// Admission plugins that run although they are off by default, e.g. `PodNodeSelector`.
    pub(super) enable_admission_plugins: BTreeSet<String>,
    /// Admission plugins that do not run although they are on by default, e.g. `PodSecurity`.
    pub(super) disable_admission_plugins: BTreeSet<String>,
    /// Priority classes that pods may have only in namespaces with a ResourceQuota that counts them, as GKE sets it for
    /// `system-node-critical` and `system-cluster-critical`.
    pub(super) limited_priority_classes: Vec<String>,
    /// The KubeSchedulerConfiguration that kube-scheduler runs with, unless `--scheduler-config` names another.
    pub(super) scheduler_config: Option<Value>,
    /// Whether the manifests show all that the cluster has: a Namespace, ServiceAccount, PriorityClass or RuntimeClass
    /// that a pod names and that is not among them does not exist, and the pod is refused; without its ConfigMap or
    /// Secret it does not start. By default only a kind of which one is shown (in the pod's namespace, if it has any) is
    /// known to be complete.
    pub(super) complete: bool,
}

/// The kubelets' `--cloud-provider`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum CloudProvider {
    /// Not set.
    #[default]
    None,
    /// `external`.
    External,
}

/// Steps at one moment.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Moment {
    /// Virtual time, e.g. `10m`.
    pub(super) at: String,
    /// What happens then, in this order.
    pub(super) steps: Vec<StepEntry>,
}
