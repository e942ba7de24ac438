//! Nodes that already hold a pod's images score more (`plugins/imagelocality`, v1.34).

use std::borrow::Cow;

use super::PluginName;
use crate::scheduler::framework::{Cycle, CycleState, Plugin};
use crate::scheduler::node_info::NodeInfo;

const MIB: i64 = 1024 * 1024;
/// Below this many bytes an image is not worth looking for.
const MIN_THRESHOLD_BYTES: i64 = 23 * MIB;
/// Above this many bytes (for each container, from 1.19) more makes no difference.
const MAX_THRESHOLD_BYTES: i64 = 1000 * MIB;

/// The plugin.
#[derive(Debug)]
pub struct ImageLocality;

impl Plugin for ImageLocality {
    fn name(&self) -> PluginName {
        PluginName::ImageLocality
    }

    fn score(&self, cycle: &Cycle<'_>, _state: &CycleState, node: &NodeInfo) -> i64 {
        let rules = cycle.behaviour.image;
        let spec = &cycle.pod.spec;
        let init = if rules.init_containers { spec.init_containers.as_slice() } else { &[] };
        let node_count = cycle.snapshot.node_count() as f64;
        let mut sum: i64 = 0;
        for container in init.iter().chain(&spec.containers) {
            let name = normalized_name(&container.image);
            let on_node = node.node.images.iter().any(|image| image.names.iter().any(|known| *known == name));
            if !on_node {
                continue;
            }
            if let Some(image) = cycle.snapshot.image(&name) {
                // An image that many nodes hold says less about each of them, and keeps pods from piling up on one.
                let holders = node.image_node_counts.get(name.as_ref()).copied().unwrap_or(image.node_count);
                sum += (image.size_bytes as f64 * (holders as f64 / node_count)) as i64;
            }
        }
        let containers = if rules.threshold_per_container { init.len() + spec.containers.len() } else { 1 };
        let max_threshold = MAX_THRESHOLD_BYTES * containers as i64;
        if max_threshold <= MIN_THRESHOLD_BYTES {
            return 0;
        }
        let sum = sum.clamp(MIN_THRESHOLD_BYTES, max_threshold);
        cycle.behaviour.score_max * (sum - MIN_THRESHOLD_BYTES) / (max_threshold - MIN_THRESHOLD_BYTES)
    }
}

/// The name with `:latest` put in where no tag is given.
fn normalized_name(name: &str) -> Cow<'_, str> {
    if name.rfind(':') > name.rfind('/') { Cow::Borrowed(name) } else { Cow::Owned(format!("{name}:latest")) }
}

#[cfg(test)]
mod tests {
    use crate::scheduler::testing::check_scores;

    #[test]
    fn an_image_on_half_of_the_nodes_counts_half() {
        let cluster = "node n1 image=app:1=1000Mi\nnode n2";
        check_scores("1.34", cluster, "pod p image=app:1", "ImageLocality", &[("n1", 48), ("n2", 0)]);
    }

    #[test]
    fn no_tag_is_latest() {
        let cluster = "node n1 image=r.io/app:latest=1000Mi\nnode n2 image=r.io/app:latest=1000Mi";
        check_scores("1.34", cluster, "pod p image=r.io/app", "ImageLocality", &[("n1", 100), ("n2", 100)]);
    }
}
