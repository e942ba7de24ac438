//! Waiting pods that the scheduler cannot tell apart but by their names: one answer does for all of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use sim_cluster::Cluster;
use sim_cluster::pod::{self, Pod};

/// The pods that have no node and have not ended, those that are alike together, in the order of the first of each.
pub fn waiting_alike(cluster: &Cluster) -> Vec<Vec<Arc<Pod>>> {
    let waiting = cluster.store().list::<Pod>().filter(|pod| pod::node_name(pod).is_none() && pod::is_active(pod));
    let mut groups: Vec<Vec<Arc<Pod>>> = Vec::new();
    // By what is cheap to look up; within it pods are compared.
    let mut known: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for pod in waiting {
        let metadata = &pod.metadata;
        let owner = pod::controller_of(metadata).map_or("", |owner| owner.uid.as_str());
        let near = known.entry((metadata.namespace.as_deref().unwrap_or_default(), owner)).or_default();
        match near.iter().find(|index| groups[**index].first().is_some_and(|first| alike(first, pod))) {
            Some(index) => groups[*index].push(Arc::clone(pod)),
            None => {
                near.push(groups.len());
                groups.push(vec![Arc::clone(pod)]);
            }
        }
    }
    groups
}

fn alike(left: &Pod, right: &Pod) -> bool {
    left.has_same_template(right) && left.metadata.labels == right.metadata.labels
}

#[cfg(test)]
mod tests {
    use super::waiting_alike;
    use crate::testing::Fixture;

    #[test]
    fn pods_of_one_template_are_one_group() {
        let pod = |name: &str, cpu: u32| {
            format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: default}}\nspec: {{containers: [{{name: c, image: i, resources: {{requests: {{cpu: {cpu}}}}}}}]}}"
            )
        };
        let text = [pod("a", 9), pod("b", 9), pod("c", 8), pod("d", 9)].join("\n---\n");
        let cluster = Fixture::of("1.34").nodes("n1").pods("e n1").yaml(&text).cluster();
        let groups = waiting_alike(&cluster)
            .into_iter()
            .map(|group| group.iter().filter_map(|pod| pod.metadata.name.clone()).collect::<Vec<_>>().join(" "));
        assert_eq!(groups.collect::<Vec<_>>(), ["a b d", "c"]);
    }
}
