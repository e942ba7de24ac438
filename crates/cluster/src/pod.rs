//! The pod as the store keeps it, the questions every controller asks of one, and conditions as the API keeps them.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use k8s_openapi::api::core::v1::{self as api, PodCondition, PodSpec, PodStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference, Time};
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use rustc_hash::FxHasher;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What the volume with the service account's token is called before the pod's own letters (from 1.21 on).
pub(crate) const TOKEN_VOLUME: &str = "kube-api-access-";

/// A pod: what is its own, and beside it the spec that the pods of one template share, so that neither a thousand
/// replicas nor an update of one pod's status copies it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pod {
    /// Name, labels, owners and the like.
    pub metadata: ObjectMeta,
    /// The spec without what differs among pods of one template: the node, and the name of the token's volume.
    pub spec: Arc<PodSpec>,
    /// `spec.nodeName`: the node it is bound to.
    pub node_name: Option<String>,
    /// The letters after `kube-api-access-` in the name of the token's volume.
    pub token_volume: Option<String>,
    /// The status.
    pub status: Option<PodStatus>,
}

impl Pod {
    /// A pod with this spec, as the API knows it.
    pub fn new(metadata: ObjectMeta, mut spec: PodSpec) -> Self {
        let node_name = spec.node_name.take().filter(|name| !name.is_empty());
        let token_volume = take_token_volume(&mut spec);
        Self { metadata, spec: Arc::new(spec), node_name, token_volume, status: None }
    }

    /// The pod's whole spec, as the API shows it.
    pub fn api_spec(&self) -> PodSpec {
        let mut spec = PodSpec::clone(&self.spec);
        spec.node_name.clone_from(&self.node_name);
        if let Some(letters) = &self.token_volume {
            rename_volume(&mut spec, TOKEN_VOLUME, &format!("{TOKEN_VOLUME}{letters}"));
        }
        spec
    }

    /// Whether the other pod has the same spec, the node and the token's volume aside.
    pub fn has_same_template(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.spec, &other.spec) || self.spec == other.spec
    }

    /// Whether the other pod has the same spec.
    pub fn has_spec_of(&self, other: &Self) -> bool {
        self.node_name == other.node_name && self.token_volume == other.token_volume && self.has_same_template(other)
    }

    /// What pods have in common that probably have one spec: their owner and what their containers are and ask for.
    pub(crate) fn look_of_spec(&self) -> u64 {
        let mut hasher = FxHasher::default();
        controller_of(&self.metadata).map(|owner| &owner.uid).hash(&mut hasher);
        self.spec.node_selector.hash(&mut hasher);
        for container in self.spec.containers.iter().chain(self.spec.init_containers.iter().flatten()) {
            (&container.name, &container.image, &container.command, &container.args).hash(&mut hasher);
            let resources = container.resources.as_ref();
            for amounts in
                [resources.and_then(|all| all.requests.as_ref()), resources.and_then(|all| all.limits.as_ref())]
            {
                amounts.into_iter().flatten().for_each(|(name, amount)| (name, &amount.0).hash(&mut hasher));
            }
        }
        hasher.finish()
    }

    /// The pod with another status.
    pub(crate) fn with_status(&self, status: PodStatus) -> Self {
        Self {
            metadata: self.metadata.clone(),
            spec: Arc::clone(&self.spec),
            node_name: self.node_name.clone(),
            token_volume: self.token_volume.clone(),
            status: Some(status),
        }
    }

    /// Changes the spec, and takes out of it again what is not shared.
    pub fn change_spec<T>(&mut self, change: impl FnOnce(&mut PodSpec) -> T) -> T {
        let mut spec = self.api_spec();
        let result = change(&mut spec);
        self.node_name = spec.node_name.take().filter(|name| !name.is_empty());
        self.token_volume = take_token_volume(&mut spec);
        self.spec = Arc::new(spec);
        result
    }
}

impl From<api::Pod> for Pod {
    fn from(pod: api::Pod) -> Self {
        Self { status: pod.status, ..Self::new(pod.metadata, pod.spec.unwrap_or_default()) }
    }
}

impl From<&Pod> for api::Pod {
    fn from(pod: &Pod) -> Self {
        Self { metadata: pod.metadata.clone(), spec: Some(pod.api_spec()), status: pod.status.clone() }
    }
}

impl Serialize for Pod {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        api::Pod::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Pod {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        api::Pod::deserialize(deserializer).map(Self::from)
    }
}

impl k8s_openapi::Resource for Pod {
    const API_VERSION: &'static str = api::Pod::API_VERSION;
    const GROUP: &'static str = api::Pod::GROUP;
    const KIND: &'static str = api::Pod::KIND;
    const VERSION: &'static str = api::Pod::VERSION;
    const URL_PATH_SEGMENT: &'static str = api::Pod::URL_PATH_SEGMENT;
    type Scope = k8s_openapi::NamespaceResourceScope;
}

impl k8s_openapi::Metadata for Pod {
    type Ty = ObjectMeta;

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn metadata_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

/// Gives the token's volume the name that all pods of the template can share, and returns the letters it had.
fn take_token_volume(spec: &mut PodSpec) -> Option<String> {
    let mut letters = spec
        .volumes
        .iter()
        .flatten()
        .filter(|volume| volume.projected.is_some())
        .filter_map(|volume| volume.name.strip_prefix(TOKEN_VOLUME));
    let (first, second) = (letters.next()?.to_owned(), letters.next());
    if first.is_empty() || second.is_some() {
        return None;
    }
    rename_volume(spec, &format!("{TOKEN_VOLUME}{first}"), TOKEN_VOLUME);
    Some(first)
}

fn rename_volume(spec: &mut PodSpec, from: &str, to: &str) {
    let volumes = spec.volumes.iter_mut().flatten().map(|volume| &mut volume.name);
    let containers = spec.containers.iter_mut().chain(spec.init_containers.iter_mut().flatten());
    let mounts = containers.flat_map(|container| container.volume_mounts.iter_mut().flatten());
    let ephemeral = spec.ephemeral_containers.iter_mut().flatten();
    let of_ephemeral = ephemeral.flat_map(|container| container.volume_mounts.iter_mut().flatten());
    for name in volumes.chain(mounts.chain(of_ephemeral).map(|mount| &mut mount.name)) {
        if name == from {
            to.clone_into(name);
        }
    }
}

/// The owner that manages an object (`metav1.GetControllerOf`).
pub fn controller_of(metadata: &ObjectMeta) -> Option<&OwnerReference> {
    metadata.owner_references.as_deref()?.iter().find(|owner| owner.controller == Some(true))
}

/// The phase; `Pending` when the status has none yet.
pub fn phase(pod: &Pod) -> &str {
    pod.status.as_ref().and_then(|status| status.phase.as_deref()).unwrap_or("Pending")
}

/// Whether the pod has ended, well or badly.
pub fn is_terminal(pod: &Pod) -> bool {
    matches!(phase(pod), "Succeeded" | "Failed")
}

/// Whether preemption promised the pod a node.
pub fn is_nominated(pod: &Pod) -> bool {
    let node = pod.status.as_ref().and_then(|status| status.nominated_node_name.as_deref());
    node.is_some_and(|node| !node.is_empty())
}

/// Whether the pod's deletion has been asked for.
pub fn is_terminating(pod: &Pod) -> bool {
    pod.metadata.deletion_timestamp.is_some()
}

/// Whether controllers count the pod (`controller.IsPodActive`).
pub fn is_active(pod: &Pod) -> bool {
    !is_terminal(pod) && !is_terminating(pod)
}

/// The node the pod is bound to.
pub fn node_name(pod: &Pod) -> Option<&str> {
    pod.node_name.as_deref()
}

/// The condition of this type.
pub fn condition<'a>(pod: &'a Pod, type_: &str) -> Option<&'a PodCondition> {
    pod.status.as_ref()?.conditions.as_deref()?.iter().find(|condition| condition.type_ == type_)
}

/// Whether the Ready condition is True.
pub fn is_ready(pod: &Pod) -> bool {
    condition(pod, "Ready").is_some_and(|condition| condition.status == "True")
}

/// Since when a ready pod counts as available: it must have been ready for so many seconds (`podutil.IsPodAvailable`).
pub(crate) fn available_since(pod: &Pod, min_ready_seconds: i32) -> Option<Timestamp> {
    let ready = condition(pod, "Ready").filter(|condition| condition.status == "True")?;
    if min_ready_seconds <= 0 {
        return Some(Timestamp::MIN);
    }
    let since = ready.last_transition_time.as_ref()?.0;
    since.checked_add(SignedDuration::from_secs(i64::from(min_ready_seconds))).ok()
}

/// Whether the pod is one the kubelet reads from a file (static or mirror pod).
pub fn is_static(pod: &Pod) -> bool {
    pod.metadata.annotations.as_ref().is_some_and(|annotations| {
        annotations.contains_key("kubernetes.io/config.mirror")
            || annotations.get("kubernetes.io/config.source").is_some_and(|source| source != "api")
    })
}

/// Sets a condition; its transition time moves only when the status changes.
pub(crate) fn set_condition(
    pod: &mut Pod,
    type_: &str,
    status: bool,
    reason: Option<&str>,
    message: Option<&str>,
    now: &Time,
) {
    let conditions = pod.status.get_or_insert_default().conditions.get_or_insert_default();
    let status = if status { "True" } else { "False" };
    let kept = conditions.iter().find(|condition| condition.type_ == type_ && condition.status == status);
    let transition = kept.and_then(|condition| condition.last_transition_time.clone()).unwrap_or_else(|| now.clone());
    let condition = PodCondition {
        type_: type_.to_owned(),
        status: status.to_owned(),
        reason: reason.map(str::to_owned),
        message: message.map(str::to_owned),
        last_transition_time: Some(transition),
        ..PodCondition::default()
    };
    match conditions.iter_mut().find(|condition| condition.type_ == type_) {
        Some(place) => *place = condition,
        None => conditions.push(condition),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Pod;

    fn pod(name: &str, letters: &str, node: &str) -> Value {
        let volume = format!("kube-api-access-{letters}");
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {
            "containers": [{"name": "c", "volumeMounts": [{"mountPath": "/var", "name": volume}, {"mountPath": "/d", "name": "d"}]}],
            "nodeName": node, "volumes": [{"name": "d"}, {"name": volume, "projected": {"sources": []}}]}})
    }

    #[test]
    fn pods_of_a_template_share_a_spec_and_show_their_own() {
        let (one, two) = (pod("one", "bcdfg", "n1"), pod("two", "hjklm", "n2"));
        let read = |value: &Value| serde_json::from_value::<Pod>(value.clone()).unwrap();
        assert_eq!(read(&one).spec, read(&two).spec);
        for value in [one, two] {
            assert_eq!(serde_json::to_value(read(&value)).unwrap(), value);
        }
    }

    #[test]
    fn two_token_volumes_keep_their_names() {
        let mut value = pod("one", "bcdfg", "n1");
        let second = json!({"name": "kube-api-access-2", "projected": {"sources": []}});
        value["spec"]["volumes"].as_array_mut().unwrap().push(second);
        let read: Pod = serde_json::from_value(value.clone()).unwrap();
        assert_eq!((read.token_volume.as_deref(), serde_json::to_value(&read).unwrap()), (None, value));
    }
}
