//! What a person or an accident can do to a cluster: the steps of a timeline and the changes of a what-if are the same.

mod reference;
mod taint;

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Taint, Toleration};
use serde_json::Value;
use sim_core::version::Version;

use crate::Object;
use crate::conduct::Declaration;
use crate::controllers::cluster_autoscaler::NodeGroupChange;
use crate::deletion::DeleteOptions;
use crate::drain::DrainOptions;
use crate::upgrade::UpgradeOptions;

pub use reference::{ObjectRef, WorkloadRef};
use taint::toleration_text;
pub use taint::{TaintPattern, parse_taint, parse_toleration, taint_text};

/// One change to the objects of a cluster. `Cluster::make` carries it out.
#[derive(Debug, Clone)]
pub enum Change {
    /// `kubectl apply`: create what is new, replace the spec, labels and annotations of what is there.
    Apply(Vec<Object>),
    /// `kubectl delete KIND/NAME`.
    Delete(ObjectRef),
    /// `kubectl delete KIND/NAME --cascade=… --grace-period=…`.
    DeleteWith {
        /// The object.
        target: ObjectRef,
        /// With how much grace, and what becomes of the dependents.
        options: DeleteOptions,
        /// `--force`.
        force: bool,
    },
    /// `kubectl patch`.
    Patch {
        /// The object.
        target: ObjectRef,
        /// How the patch is meant.
        type_: PatchType,
        /// The patch.
        patch: Value,
    },
    /// `kubectl patch --subresource=status`: only the status changes, and of it nothing by any other change.
    PatchStatus {
        /// The object.
        target: ObjectRef,
        /// How the patch is meant.
        type_: PatchType,
        /// The patch.
        patch: Value,
    },
    /// `kubectl annotate --overwrite`: sets and removes annotations.
    Annotate {
        /// The object.
        target: ObjectRef,
        /// Annotations to set.
        set: Vec<(String, String)>,
        /// Annotations to remove.
        remove: Vec<String>,
    },
    /// `kubectl set image KIND/NAME CONTAINER=IMAGE`.
    SetImage {
        /// The workload or pod.
        workload: ObjectRef,
        /// Images by container; `*` stands for every container.
        images: Vec<(String, String)>,
    },
    /// `kubectl rollout restart KIND/NAME`.
    RolloutRestart(ObjectRef),
    /// `kubectl rollout undo KIND/NAME --to-revision=N`.
    RolloutUndo {
        /// The workload.
        workload: ObjectRef,
        /// The revision; 0 is the one before the latest.
        to_revision: i64,
    },
    /// `kubectl taint nodes NODE KEY=VALUE:EFFECT`.
    Taint {
        /// The node; every node when absent.
        node: Option<String>,
        /// The taint to add.
        taint: Taint,
    },
    /// `kubectl taint nodes NODE KEY[=VALUE][:EFFECT]-`.
    Untaint {
        /// The node; every node that carries the taint when absent.
        node: Option<String>,
        /// Which taints.
        taint: TaintPattern,
    },
    /// A toleration added to the pod template of a workload.
    AddToleration {
        /// Whose template.
        workload: WorkloadRef,
        /// The toleration.
        toleration: Toleration,
    },
    /// `kubectl cordon NODE`.
    Cordon(String),
    /// `kubectl uncordon NODE`.
    Uncordon(String),
    /// `kubectl drain NODE`.
    Drain(DrainOptions),
    /// `kubectl label`: sets and removes labels.
    Label {
        /// The object.
        target: ObjectRef,
        /// Labels to set.
        set: Vec<(String, String)>,
        /// Labels to remove.
        remove: Vec<String>,
    },
    /// New nodes shaped like one that is there.
    AddNode {
        /// The node to copy.
        from: String,
        /// How many.
        count: usize,
    },
    /// `kubectl delete node NODE`.
    RemoveNode(String),
    /// A node group of the cluster-autoscaler is changed.
    NodeGroup(NodeGroupChange),
    /// `kubectl scale KIND/NAME --replicas=N`.
    Scale {
        /// The workload.
        workload: ObjectRef,
        /// Replicas wanted.
        replicas: i32,
    },
    /// Containers behave differently from now on.
    Behaviour(Declaration),
    /// No registry hands out the images of this name, with `*`, any more.
    ImageBroken(String),
    /// The registries hand them out again.
    ImageFixed(String),
    /// A machine goes down: its kubelet stops reporting, its containers end.
    NodeDown(String),
    /// A kubelet is cut off from the API server: its containers run on.
    NodePartitioned(String),
    /// The kubelet reports again; a machine that was down has started.
    NodeUp(String),
    /// A machine is shut down, and its cloud knows.
    MachineStopped(String),
    /// A machine is deleted in its cloud.
    MachineDeleted(String),
    /// Every machine of a zone goes down.
    ZoneDown(String),
    /// Every machine of a zone starts again.
    ZoneUp(String),
    /// A kubelet is restarted with other flags.
    KubeletRestart(KubeletRestart),
    /// The cluster is upgraded to another version: the control plane at once, then node by node.
    Upgrade(UpgradeOptions),
    /// A component of the control plane stops: `kube-scheduler`, `kube-controller-manager`, or one controller.
    StopController(String),
    /// It starts again.
    StartController(String),
}

/// A kubelet's restart, and what it is started with. What is absent stays as it was.
#[derive(Debug, Clone, PartialEq)]
pub struct KubeletRestart {
    /// The node.
    pub node: String,
    /// `--register-with-taints`: for a node that is not registered yet.
    pub register_with_taints: Option<Vec<Taint>>,
    /// Whether `--cloud-provider` is `external`: for a node that is not registered yet.
    pub cloud_provider_external: Option<bool>,
    /// `--node-labels`: for a node that is not registered yet.
    pub node_labels: Option<BTreeMap<String, String>>,
    /// What is left for pods, by resource (`--kube-reserved`, `--system-reserved`).
    pub allocatable: Option<BTreeMap<String, String>>,
    /// The version of the new binary.
    pub version: Option<Version>,
}

/// How a patch is meant (`kubectl patch --type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatchType {
    /// Lists of objects are merged by their keys.
    Strategic,
    /// RFC 7386: lists are replaced.
    Merge,
    /// RFC 6902: a list of operations.
    Json,
}

/// A change that cannot be read. Its text is kubectl's where kubectl has one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadChange(pub String);

impl Change {
    /// The objects that must be there for the change, as it names them.
    pub fn names(&self) -> Vec<ObjectRef> {
        let node = |name: &String| ObjectRef { namespace: None, kind: "node".to_owned(), name: name.clone() };
        match self {
            Change::Taint { node: name, .. } | Change::Untaint { node: name, .. } => name.iter().map(node).collect(),
            Change::Cordon(name)
            | Change::Uncordon(name)
            | Change::AddNode { from: name, .. }
            | Change::RemoveNode(name)
            | Change::NodeDown(name)
            | Change::NodePartitioned(name)
            | Change::NodeUp(name)
            | Change::MachineStopped(name)
            | Change::MachineDeleted(name) => vec![node(name)],
            Change::KubeletRestart(restart) => vec![node(&restart.node)],
            Change::Drain(options) => vec![node(&options.node)],
            Change::Upgrade(options) => options.nodes.iter().flatten().map(node).collect(),
            Change::AddToleration { workload: WorkloadRef::Object(object), .. }
            | Change::Delete(object)
            | Change::DeleteWith { target: object, .. }
            | Change::Patch { target: object, .. }
            | Change::PatchStatus { target: object, .. }
            | Change::Annotate { target: object, .. }
            | Change::SetImage { workload: object, .. }
            | Change::RolloutRestart(object)
            | Change::RolloutUndo { workload: object, .. }
            | Change::Label { target: object, .. }
            | Change::Scale { workload: object, .. } => vec![object.clone()],
            // What is made by the change, or named otherwise.
            Change::Apply(_)
            | Change::AddToleration { workload: WorkloadRef::Pending, .. }
            | Change::Behaviour(_)
            | Change::ImageBroken(_)
            | Change::ImageFixed(_)
            | Change::NodeGroup(_)
            | Change::ZoneDown(_)
            | Change::ZoneUp(_)
            | Change::StopController(_)
            | Change::StartController(_) => Vec::new(),
        }
    }
}

/// The changes as a person would type them.
impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Change::Apply(objects) => {
                write!(f, "apply")?;
                for object in objects {
                    write!(f, " {}/{}", object.kind_name().to_ascii_lowercase(), object.name())?;
                }
                Ok(())
            }
            Change::Delete(object) | Change::DeleteWith { target: object, .. } => write!(f, "delete {object}"),
            Change::Patch { target, patch, .. } => write!(f, "patch {target} {patch}"),
            Change::PatchStatus { target, patch, .. } => write!(f, "patch {target} status {patch}"),
            Change::Annotate { target, set, remove } => {
                write!(f, "annotate {target}")?;
                write_pairs(f, set, remove)
            }
            Change::SetImage { workload, images } => {
                write!(f, "set image {workload}")?;
                write_pairs(f, images, &[])
            }
            Change::RolloutRestart(workload) => write!(f, "rollout restart {workload}"),
            Change::RolloutUndo { workload, to_revision: 0 } => write!(f, "rollout undo {workload}"),
            Change::RolloutUndo { workload, to_revision } => {
                write!(f, "rollout undo {workload} to revision {to_revision}")
            }
            Change::Taint { node, taint } => {
                write!(
                    f,
                    "taint {}{}",
                    node.as_deref().map_or(String::new(), |node| format!("{node}/")),
                    taint_text(taint)
                )
            }
            Change::Untaint { node, taint } => {
                write!(f, "remove taint {}{taint}", node.as_deref().map_or(String::new(), |node| format!("{node}/")))
            }
            Change::AddToleration { workload, toleration } => {
                write!(f, "add toleration {workload}={}", toleration_text(toleration))
            }
            Change::Cordon(node) => write!(f, "cordon {node}"),
            Change::Uncordon(node) => write!(f, "uncordon {node}"),
            Change::Drain(options) => write!(f, "drain {}", options.node),
            Change::Label { target, set, remove } => {
                write!(f, "label {target}")?;
                write_pairs(f, set, remove)
            }
            Change::AddNode { from, count } => write!(f, "add node {from}*{count}"),
            Change::RemoveNode(node) => write!(f, "remove node {node}"),
            Change::NodeGroup(change) => write!(f, "change node group {}", change.group),
            Change::Scale { workload, replicas } => write!(f, "scale {workload}={replicas}"),
            Change::Behaviour(declaration) => {
                let container = declaration.container.as_ref().map_or(String::new(), |name| format!("/{name}"));
                write!(f, "behaviour {}{container}", declaration.pods)
            }
            Change::ImageBroken(image) => write!(f, "image broken {image}"),
            Change::ImageFixed(image) => write!(f, "image fixed {image}"),
            Change::NodeDown(node) => write!(f, "node down {node}"),
            Change::NodePartitioned(node) => write!(f, "node partitioned {node}"),
            Change::NodeUp(node) => write!(f, "node up {node}"),
            Change::MachineStopped(node) => write!(f, "machine stopped {node}"),
            Change::MachineDeleted(node) => write!(f, "machine deleted {node}"),
            Change::ZoneDown(zone) => write!(f, "zone down {zone}"),
            Change::ZoneUp(zone) => write!(f, "zone up {zone}"),
            Change::KubeletRestart(restart) => write!(f, "kubelet restart {}", restart.node),
            Change::Upgrade(options) => write!(f, "upgrade to {}", options.to),
            Change::StopController(name) => write!(f, "stop {name}"),
            Change::StartController(name) => write!(f, "start {name}"),
        }
    }
}

/// `key=value` for what is set, `key-` for what is removed.
fn write_pairs(f: &mut std::fmt::Formatter<'_>, set: &[(String, String)], remove: &[String]) -> std::fmt::Result {
    for (key, value) in set {
        write!(f, " {key}={value}")?;
    }
    for key in remove {
        write!(f, " {key}-")?;
    }
    Ok(())
}
