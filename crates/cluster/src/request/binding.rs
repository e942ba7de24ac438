//! The Binding subresource of pods, for a scheduler outside (pkg/registry/core/pod/storage/storage.go, `assignPod`).

use std::collections::BTreeMap;

use crate::api_error::{ApiError, GroupName};
use crate::cluster::Cluster;
use crate::object::Kind;
use crate::pod::{self, Pod};
use crate::store::ObjectKey;
use crate::validation;

impl Cluster {
    /// Binds a pod to a node, which need not be there.
    ///
    /// # Errors
    /// When the pod is not there, is another than the one meant, has a node, is being deleted or is held by gates.
    pub fn bind_pod(
        &mut self,
        namespace: &str,
        name: &str,
        node: &str,
        annotations: &BTreeMap<String, String>,
        uid: Option<&str>,
        dry_run: bool,
    ) -> Result<(), ApiError> {
        validation::validate_binding(node)?;
        let Some(live) = self.store.find::<Pod>(namespace, name) else {
            return Err(ApiError::not_found(Kind::Pod, name));
        };
        let conflict = |why: String| Err(ApiError::conflict_because(GroupName::new("v1", "pods/binding"), name, why));
        let own = live.metadata.uid.as_deref().unwrap_or_default();
        if let Some(uid) = uid.filter(|uid| !uid.is_empty() && *uid != own) {
            return conflict(format!("Precondition failed: UID in precondition: {uid}, UID in object meta: {own}"));
        }
        if pod::is_terminating(live) {
            return conflict(format!("pod {name} is being deleted, cannot be assigned to a host"));
        }
        if let Some(node) = pod::node_name(live) {
            return conflict(format!("pod {name} is already assigned to node \"{node}\""));
        }
        if live.spec.scheduling_gates.as_ref().is_some_and(|gates| !gates.is_empty()) {
            return conflict(format!("pod {name} has non-empty .spec.schedulingGates"));
        }
        if dry_run {
            return Ok(());
        }
        let now = self.clock.time();
        self.store.update::<Pod>(&ObjectKey::new(namespace, name), |pod| {
            pod.node_name = Some(node.to_owned());
            if !annotations.is_empty() {
                let own = pod.metadata.annotations.get_or_insert_default();
                own.extend(annotations.iter().map(|(key, text)| (key.clone(), text.clone())));
            }
            pod::set_condition(pod, "PodScheduled", true, None, None, &now);
        });
        Ok(())
    }
}
