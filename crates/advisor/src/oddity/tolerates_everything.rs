//! Workloads that tolerate every taint.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::Toleration;
use sim_cluster::pod::{self, Pod};
use sim_cluster::{Cluster, ObjectKey};

use super::{Oddity, OddityKind, Rule, object_ref};
use crate::words;

const RULE: Rule = Rule {
    kind: OddityKind::ToleratesEverything,
    matters: "such pods go to control-plane nodes and to nodes that are broken, and are not evicted from nodes that are lost",
    source: "https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/#concepts",
};

pub(super) fn find(cluster: &Cluster) -> Vec<Oddity> {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for pod in cluster.store().list::<Pod>().filter(|pod| pod::is_active(pod) && !pod::is_static(pod)) {
        let owner = pod::controller_of(&pod.metadata);
        if pod.metadata.namespace.as_deref() == Some("kube-system")
            || owner.is_some_and(|owner| owner.kind == "DaemonSet" || !seen.insert(&owner.uid))
        {
            continue;
        }
        if covers_all(pod.spec.tolerations.as_deref().unwrap_or_default()) {
            let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
            let (name, object) = match owner {
                Some(owner) => (
                    format!("{} {namespace}/{}", owner.kind, owner.name),
                    format!("{}/{namespace}/{}", owner.kind.to_ascii_lowercase(), owner.name),
                ),
                None => (format!("Pod {}", ObjectKey::of(pod.as_ref())), object_ref(pod.as_ref())),
            };
            found.insert(name, object);
        }
    }
    if found.is_empty() {
        return Vec::new();
    }
    let names: Vec<&String> = found.keys().collect();
    let sentence = format!("every taint is tolerated by {}", words::list(&names));
    vec![RULE.found(sentence, found.into_values().collect())]
}

/// Whether there is no taint that is not tolerated for ever.
fn covers_all(tolerations: &[Toleration]) -> bool {
    let any_key = tolerations.iter().filter(|toleration| {
        toleration.operator.as_deref() == Some("Exists")
            && toleration.key.as_deref().unwrap_or_default().is_empty()
            && toleration.toleration_seconds.is_none()
    });
    let effects: Vec<&str> = any_key.map(|toleration| toleration.effect.as_deref().unwrap_or_default()).collect();
    effects.contains(&"") || (effects.contains(&"NoSchedule") && effects.contains(&"NoExecute"))
}
