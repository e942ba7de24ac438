//! Images: whether one is on a machine, and what a runtime says when it cannot be had (`pkg/kubelet/images`).

use k8s_openapi::api::core::v1::{Container, Node};

use super::events::image;
use crate::cluster::Cluster;
use crate::conduct::Conduct;
use crate::expectation::glob;

/// A pull that finds every layer on the machine, which nobody declared longer.
const CHECK_MS: u64 = 500;

/// What becomes of a container's image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fetching {
    /// It is there and need not be asked for.
    Present,
    /// It is pulled, in so many milliseconds.
    Pulls(u64),
    /// It is not there and may not be pulled.
    Never,
}

/// What the pull policy and what was declared make of a container's image on a node.
pub(super) fn fetching(cluster: &Cluster, container: &Container, conduct: &Conduct, node: &str) -> Fetching {
    let present = is_present(cluster, container, conduct, node);
    match container.image_pull_policy.as_deref() {
        Some("Never") if present => Fetching::Present,
        Some("Never") => Fetching::Never,
        Some("Always") => Fetching::Pulls(if present { CHECK_MS } else { conduct.pulls_ms.unwrap_or(CHECK_MS) }),
        _ if present => Fetching::Present,
        _ => Fetching::Pulls(conduct.pulls_ms.unwrap_or(CHECK_MS)),
    }
}

/// Whether a pull ends well.
pub(super) fn can_be_pulled(cluster: &Cluster, container: &Container, conduct: &Conduct) -> bool {
    !conduct.image_missing && !is_broken(cluster, container)
}

/// Remembers that an image has come to a node where it had not been.
pub(super) fn has_come(cluster: &mut Cluster, container: &Container, conduct: &Conduct, node: &str) {
    if conduct.pulls_ms.is_some() || !cluster.kubelets.broken_images.is_empty() {
        cluster.kubelets.pulled_images.insert((node.to_owned(), image(container).to_owned()));
    }
}

/// Images are on every machine, but for those that are declared to be pulled or missing, or that are broken: these are
/// where they have been pulled, and where a container was made of them before.
fn is_present(cluster: &Cluster, container: &Container, conduct: &Conduct, node: &str) -> bool {
    let declared_absent = conduct.image_missing || conduct.pulls_ms.is_some();
    if !declared_absent && !is_broken(cluster, container) {
        return true;
    }
    let image = image(container);
    if cluster.kubelets.pulled_images.contains(&(node.to_owned(), image.to_owned())) {
        return true;
    }
    !declared_absent
        && cluster.pods_on(node).iter().any(|pod| {
            let status = pod.status.as_ref();
            let init = status.into_iter().flat_map(|status| status.init_container_statuses.iter().flatten());
            let mut all = init.chain(status.into_iter().flat_map(|status| status.container_statuses.iter().flatten()));
            all.any(|status| status.image == image && !status.image_id.is_empty())
        })
}

fn is_broken(cluster: &Cluster, container: &Container) -> bool {
    let (kubelets, image) = (&cluster.kubelets, image(container));
    !kubelets.mended_images.contains(image) && kubelets.broken_images.iter().any(|pattern| glob(pattern, image))
}

/// How large an image is, as far as any node's status tells, in bytes.
pub(super) fn size(cluster: &Cluster, container: &Container, node: &str) -> i64 {
    let Some(node) = cluster.store.find::<Node>("", node) else { return 0 };
    let images = node.status.iter().flat_map(|status| status.images.iter().flatten());
    let named = |names: &Option<Vec<String>>| names.iter().flatten().any(|name| name == image(container));
    images.filter(|found| named(&found.names)).find_map(|found| found.size_bytes).unwrap_or(0)
}

/// What the node's runtime says of an image that is nowhere.
pub(super) fn not_found(cluster: &Cluster, container: &Container, node: &str) -> String {
    let image = with_tag(image(container));
    let info = cluster.store.find::<Node>("", node).and_then(|node| node.status.as_ref()?.node_info.as_ref());
    let runtime = info.map(|info| info.container_runtime_version.as_str()).filter(|runtime| !runtime.is_empty());
    let docker =
        runtime.map_or(cluster.behaviour.kubelet.docker_by_default, |runtime| runtime.starts_with("docker://"));
    if docker {
        return format!(
            "rpc error: code = Unknown desc = Error response from daemon: manifest for {image} not found: manifest unknown: manifest unknown"
        );
    }
    let image = with_registry(&image);
    format!(
        "rpc error: code = NotFound desc = failed to pull and unpack image \"{image}\": failed to resolve reference \"{image}\": {image}: not found"
    )
}

fn with_tag(image: &str) -> String {
    let name = image.rsplit('/').next().unwrap_or_default();
    if image.contains('@') || name.contains(':') { image.to_owned() } else { format!("{image}:latest") }
}

/// The full name of an image of Docker Hub.
fn with_registry(image: &str) -> String {
    match image.split_once('/') {
        None => format!("docker.io/library/{image}"),
        Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => image.to_owned(),
        Some(_) => format!("docker.io/{image}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{with_registry, with_tag};

    #[test]
    fn images_have_full_names() {
        for (image, full) in [
            ("nginx", "docker.io/library/nginx:latest"),
            ("nginx:1.25", "docker.io/library/nginx:1.25"),
            ("bitnami/redis:7", "docker.io/bitnami/redis:7"),
            ("registry:5000/a/b", "registry:5000/a/b:latest"),
            ("quay.io/calico/node:v3.26.1", "quay.io/calico/node:v3.26.1"),
        ] {
            assert_eq!(with_registry(&with_tag(image)), full);
        }
    }
}
