//! Objects and workloads as a person names them.

use super::BadChange;

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
