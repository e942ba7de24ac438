//! What a person or an accident can do to a cluster: the steps of a timeline and the changes of a what-if are the same.

use k8s_openapi::api::core::v1::{Taint, Toleration};

use crate::Object;

/// One change to the objects of a cluster. `Cluster::make` carries it out.
#[derive(Debug, Clone)]
pub enum Change {
    /// `kubectl apply`: create what is new, replace the spec, labels and annotations of what is there.
    Apply(Vec<Object>),
    /// `kubectl delete KIND/NAME`.
    Delete(ObjectRef),
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
    /// `kubectl scale KIND/NAME --replicas=N`.
    Scale {
        /// The workload.
        workload: ObjectRef,
        /// Replicas wanted.
        replicas: i32,
    },
    /// The kubelet stops reporting.
    NodeDown(String),
    /// The kubelet reports again.
    NodeUp(String),
}

/// An object as a person names it: `deployment/coredns` or `kube-system/deployment/coredns`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectRef {
    /// The namespace, when it was named.
    pub namespace: Option<String>,
    /// The kind or resource word as typed.
    pub kind: String,
    /// The name.
    pub name: String,
}

/// The workloads a toleration is added to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkloadRef {
    /// The owners of all pending pods.
    Pending,
    /// One workload.
    Object(ObjectRef),
}

/// Which taints are meant by `KEY[=VALUE][:EFFECT]`; absent parts match anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaintPattern {
    /// The key.
    pub key: String,
    /// The value.
    pub value: Option<String>,
    /// The effect.
    pub effect: Option<String>,
}

/// A change that cannot be read. Its text is kubectl's where kubectl has one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadChange(pub String);

impl TaintPattern {
    /// Whether the pattern means this taint.
    pub fn matches(&self, taint: &Taint) -> bool {
        taint.key == self.key
            && self.value.as_deref().is_none_or(|value| value == taint.value.as_deref().unwrap_or_default())
            && self.effect.as_deref().is_none_or(|effect| effect == taint.effect)
    }

    /// Reads `KEY[=VALUE][:EFFECT]`.
    ///
    /// # Errors
    /// When the key is empty or the effect is none of the three.
    pub fn parse(text: &str) -> Result<Self, BadChange> {
        let (key_value, effect) = match text.split_once(':') {
            Some((left, effect)) => (left, Some(parse_effect(effect)?)),
            None => (text, None),
        };
        let (key, value) = match key_value.split_once('=') {
            Some((key, value)) => (key, Some(value.to_owned())),
            None => (key_value, None),
        };
        if key.is_empty() {
            return Err(BadChange(format!("invalid taint spec: {text}, expected KEY[=VALUE][:EFFECT]")));
        }
        Ok(Self { key: key.to_owned(), value, effect })
    }
}

impl std::fmt::Display for TaintPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.key)?;
        if let Some(value) = self.value.as_deref().filter(|value| !value.is_empty()) {
            write!(f, "={value}")?;
        }
        if let Some(effect) = &self.effect {
            write!(f, ":{effect}")?;
        }
        Ok(())
    }
}

/// Reads a taint to add: `KEY[=VALUE]:EFFECT`.
///
/// # Errors
/// When the effect is missing or unknown, or the key is empty.
pub fn parse_taint(text: &str) -> Result<Taint, BadChange> {
    let pattern = TaintPattern::parse(text)?;
    let Some(effect) = pattern.effect else {
        return Err(BadChange(format!("invalid taint spec: {text}, expected KEY[=VALUE]:EFFECT")));
    };
    Ok(Taint { key: pattern.key, value: pattern.value.filter(|value| !value.is_empty()), effect, time_added: None })
}

/// Reads a toleration: `KEY=VALUE[:EFFECT]` tolerates that value, `KEY[:EFFECT]` any value.
///
/// # Errors
/// When the key is empty or the effect is unknown.
pub fn parse_toleration(text: &str) -> Result<Toleration, BadChange> {
    let pattern = TaintPattern::parse(text)?;
    let operator = if pattern.value.is_some() { "Equal" } else { "Exists" };
    Ok(Toleration {
        key: Some(pattern.key),
        operator: Some(operator.to_owned()),
        value: pattern.value.filter(|value| !value.is_empty()),
        effect: pattern.effect,
        toleration_seconds: None,
    })
}

/// How kubectl prints a taint: `key=value:Effect`, the value left out when it is empty.
pub fn taint_text(taint: &Taint) -> String {
    match taint.value.as_deref() {
        None | Some("") => format!("{}:{}", taint.key, taint.effect),
        Some(value) => format!("{}={value}:{}", taint.key, taint.effect),
    }
}

impl ObjectRef {
    /// Reads `KIND/NAME` or `NAMESPACE/KIND/NAME`.
    ///
    /// # Errors
    /// When there are fewer than two or more than three parts, or one is empty.
    pub fn parse(text: &str) -> Result<Self, BadChange> {
        let parts: Vec<&str> = text.split('/').collect();
        let (namespace, kind, name) = match parts.as_slice() {
            [kind, name] => (None, *kind, *name),
            [namespace, kind, name] if !namespace.is_empty() => (Some((*namespace).to_owned()), *kind, *name),
            _ => (None, "", ""),
        };
        if kind.is_empty() || name.is_empty() {
            return Err(BadChange(format!(
                "there is no object in {text:?}: expected KIND/NAME or NAMESPACE/KIND/NAME"
            )));
        }
        Ok(Self { namespace, kind: kind.to_owned(), name: name.to_owned() })
    }
}

impl std::fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(namespace) = &self.namespace {
            write!(f, "{namespace}/")?;
        }
        write!(f, "{}/{}", self.kind, self.name)
    }
}

impl WorkloadRef {
    /// Reads `pending`, `KIND/NAME` or `NAMESPACE/KIND/NAME`.
    ///
    /// # Errors
    /// As [`ObjectRef::parse`].
    pub fn parse(text: &str) -> Result<Self, BadChange> {
        if text == "pending" {
            return Ok(Self::Pending);
        }
        ObjectRef::parse(text).map(Self::Object)
    }
}

impl std::fmt::Display for WorkloadRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pending => f.write_str("pending"),
            Self::Object(object) => object.fmt(f),
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
            Change::Delete(object) => write!(f, "delete {object}"),
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
            Change::Label { target, set, remove } => {
                write!(f, "label {target}")?;
                for (key, value) in set {
                    write!(f, " {key}={value}")?;
                }
                for key in remove {
                    write!(f, " {key}-")?;
                }
                Ok(())
            }
            Change::AddNode { from, count } => write!(f, "add node {from}*{count}"),
            Change::RemoveNode(node) => write!(f, "remove node {node}"),
            Change::Scale { workload, replicas } => write!(f, "scale {workload}={replicas}"),
            Change::NodeDown(node) => write!(f, "node down {node}"),
            Change::NodeUp(node) => write!(f, "node up {node}"),
        }
    }
}

fn toleration_text(toleration: &Toleration) -> String {
    let mut text = toleration.key.clone().unwrap_or_default();
    if let Some(value) = &toleration.value {
        text.push('=');
        text.push_str(value);
    }
    if let Some(effect) = &toleration.effect {
        text.push(':');
        text.push_str(effect);
    }
    text
}

/// kubectl's words for an effect it does not know (`kubectl taint`, all versions).
fn parse_effect(effect: &str) -> Result<String, BadChange> {
    match effect {
        "NoSchedule" | "PreferNoSchedule" | "NoExecute" => Ok(effect.to_owned()),
        other => Err(BadChange(format!("invalid taint effect: {other}, unsupported taint effect"))),
    }
}
