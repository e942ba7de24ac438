//! What a kubelet tells of its pods: every sentence, by version.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Container;

use crate::behaviour::{ContainerEvents, PulledEvent};
use crate::cluster::Cluster;
use crate::object::KnownKind;
use crate::pod::Pod;
use crate::recorder::Note;
use crate::store::ObjectKey;

/// Tells of one pod.
#[derive(Clone, Copy)]
pub(super) struct Teller<'a> {
    pub(super) pod: &'a Arc<Pod>,
    pub(super) node: &'a str,
}

impl Teller<'_> {
    /// An event about the pod.
    pub(super) fn tell(&self, cluster: &mut Cluster, type_: &str, reason: &str, message: &str) {
        self.record(cluster, None, type_, reason, message, 1);
    }

    /// An event about one of its containers.
    pub(super) fn of(&self, cluster: &mut Cluster, container: &Container, type_: &str, reason: &str, message: &str) {
        self.often(cluster, container, type_, reason, message, 1);
    }

    /// An event about a container that happened several times since it was told last.
    pub(super) fn often(
        &self,
        cluster: &mut Cluster,
        container: &Container,
        type_: &str,
        reason: &str,
        message: &str,
        times: u32,
    ) {
        let is_init = self.pod.spec.init_containers.iter().flatten().any(|init| init.name == container.name);
        let list = if is_init { "initContainers" } else { "containers" };
        let path = format!("spec.{list}{{{}}}", container.name);
        self.record(cluster, Some(&path), type_, reason, message, times);
    }

    fn record(
        &self,
        cluster: &mut Cluster,
        field_path: Option<&str>,
        type_: &str,
        reason: &str,
        message: &str,
        times: u32,
    ) {
        let object = Pod::wrap(Arc::clone(self.pod));
        let host = Some(self.node);
        cluster.record(Note { component: "kubelet", host, object: &object, field_path, type_, reason, message, times });
    }

    /// `Created` and `Started`.
    pub(super) fn started(&self, cluster: &mut Cluster, container: &Container) {
        let name = &container.name;
        let (created, started) = match cluster.behaviour.kubelet.container_events {
            ContainerEvents::Name => (format!("Created container {name}"), format!("Started container {name}")),
            ContainerEvents::Colon => (format!("Created container: {name}"), format!("Started container {name}")),
            ContainerEvents::Nameless => ("Container created".to_owned(), "Container started".to_owned()),
        };
        self.of(cluster, container, "Normal", "Created", &created);
        self.of(cluster, container, "Normal", "Started", &started);
    }

    /// The image is there.
    pub(super) fn present(&self, cluster: &mut Cluster, container: &Container) {
        let image = image(container);
        let accessible = if cluster.behaviour.kubelet.present_images_are_accessible {
            " and can be accessed by the pod"
        } else {
            ""
        };
        let message = format!("Container image \"{image}\" already present on machine{accessible}");
        self.of(cluster, container, "Normal", "Pulled", &message);
    }

    /// The image has been pulled.
    pub(super) fn pulled(&self, cluster: &mut Cluster, container: &Container, took_ms: u64, size: i64) {
        let (image, took) = (image(container), go_duration(took_ms));
        let message = match cluster.behaviour.kubelet.pulled_event {
            PulledEvent::Bare => format!("Successfully pulled image \"{image}\""),
            PulledEvent::Took => format!("Successfully pulled image \"{image}\" in {took}"),
            PulledEvent::Waited => {
                format!("Successfully pulled image \"{image}\" in {took} ({took} including waiting)")
            }
            PulledEvent::Size => format!(
                "Successfully pulled image \"{image}\" in {took} ({took} including waiting). Image size: {size} bytes."
            ),
        };
        self.of(cluster, container, "Normal", "Pulled", &message);
    }

    /// The container waits before it is started again; told so often since the last time.
    pub(super) fn backs_off(&self, cluster: &mut Cluster, key: &ObjectKey, container: &Container, times: u32) {
        let message = if cluster.behaviour.kubelet.back_off_names_pod {
            format!("Back-off restarting failed container {} in pod {}", container.name, self.full_name(key))
        } else {
            "Back-off restarting failed container".to_owned()
        };
        self.often(cluster, container, "Warning", "BackOff", &message, times);
    }

    /// `NAME_NAMESPACE(UID)` (`format.Pod`).
    pub(super) fn full_name(&self, key: &ObjectKey) -> String {
        let uid = self.pod.metadata.uid.as_deref().unwrap_or_default();
        format!("{}_{}({uid})", key.name, key.namespace)
    }
}

/// A container's image as its manifest says it.
pub(super) fn image(container: &Container) -> &str {
    container.image.as_deref().unwrap_or_default()
}

/// A duration as Go prints it: `500ms`, `1.5s`, `1m30s`, `1h0m0s`.
pub(super) fn go_duration(ms: u64) -> String {
    let (hours, minutes, seconds) = (ms / 3_600_000, ms / 60_000 % 60, ms % 60_000);
    let fraction = |ms: u64| {
        let text = format!("{}.{:03}", ms / 1000, ms % 1000);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    match (hours, minutes) {
        (0, 0) if ms == 0 => "0s".to_owned(),
        (0, 0) if seconds < 1000 => format!("{seconds}ms"),
        (0, 0) => format!("{}s", fraction(seconds)),
        (0, _) => format!("{minutes}m{}s", fraction(seconds)),
        _ => format!("{hours}h{minutes}m{}s", fraction(seconds)),
    }
}

#[cfg(test)]
mod tests {
    use super::go_duration;

    #[test]
    fn durations_are_go_s() {
        for (ms, text) in [
            (0, "0s"),
            (500, "500ms"),
            (1500, "1.5s"),
            (10_000, "10s"),
            (90_000, "1m30s"),
            (300_000, "5m0s"),
            (3_600_000, "1h0m0s"),
        ] {
            assert_eq!(go_duration(ms), text);
        }
    }
}
