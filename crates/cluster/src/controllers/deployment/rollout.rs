//! A Deployment with its ReplicaSets, and what is counted over them (pkg/controller/deployment/util).

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, ReplicaSet, RollingUpdateDeployment};
use k8s_openapi::api::core::v1::PodTemplateSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use k8s_openapi::jiff::Timestamp;

use super::{HASH_LABEL, MAX_REPLICAS};
use crate::cluster::Cluster;
use crate::controllers::controller_ref;
use crate::store::ObjectKey;

/// A Deployment with its ReplicaSets as they are now.
pub(super) struct Rollout {
    pub(super) deployment: Arc<Deployment>,
    /// The ReplicaSet of the present template.
    pub(super) new: Option<Arc<ReplicaSet>>,
    /// The others, oldest first.
    pub(super) old: Vec<Arc<ReplicaSet>>,
}

impl Rollout {
    /// The Deployment with what it manages, after it took in what matches its selector.
    pub(super) fn claim(cluster: &mut Cluster, deployment: Arc<Deployment>) -> Self {
        let mut owned: Vec<Arc<ReplicaSet>> =
            controller_ref::claim(cluster, deployment.as_ref(), |indices| &indices.replica_sets, |_| true);
        owned.sort_by_key(|set| age_key(set));
        let template = &deployment.spec.template;
        // Of several with the template the oldest counts.
        let new =
            owned.iter().position(|set| set.spec.template.as_ref().is_some_and(|own| same_template(own, template)));
        let new = new.map(|index| owned.remove(index));
        Self { deployment, new, old: owned }
    }

    /// Changes the stored Deployment and looks at it again.
    pub(super) fn update(&mut self, cluster: &mut Cluster, change: impl FnOnce(&mut Deployment)) {
        let key = ObjectKey::of(self.deployment.as_ref());
        cluster.store.update::<Deployment>(&key, change);
        if let Some(deployment) = cluster.store.get::<Deployment>(&key) {
            self.deployment = deployment.clone();
        }
    }

    pub(super) fn spec(&self) -> &DeploymentSpec {
        &self.deployment.spec
    }

    pub(super) fn is_paused(&self) -> bool {
        self.spec().paused == Some(true)
    }

    pub(super) fn wanted(&self) -> i32 {
        self.spec().replicas.unwrap_or(1).clamp(0, MAX_REPLICAS)
    }

    /// The new ReplicaSet first, then the old ones.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<ReplicaSet>> {
        self.new.iter().chain(&self.old)
    }

    /// Those that have pods, or ought to.
    pub(super) fn active(&self) -> Vec<Arc<ReplicaSet>> {
        self.all().filter(|set| replicas(set) > 0).cloned().collect()
    }

    /// The pods asked for by all ReplicaSets together.
    pub(super) fn total(&self) -> i32 {
        sum(self.all().map(|set| replicas(set)))
    }

    pub(super) fn available(&self) -> i32 {
        sum(self.all().map(|set| available(set)))
    }

    /// How many pods there may be above what is wanted (`MaxSurge`).
    pub(super) fn max_surge(&self) -> i32 {
        fence_posts(self.spec(), self.wanted()).0
    }

    /// How many of the wanted pods may be missing (`MaxUnavailable`).
    pub(super) fn max_unavailable(&self) -> i32 {
        fence_posts(self.spec(), self.wanted()).1.min(self.wanted())
    }
}

/// Whether the strategy is Recreate.
pub(super) fn is_recreate(spec: &DeploymentSpec) -> bool {
    spec.strategy.as_ref().and_then(|strategy| strategy.type_.as_deref()) == Some("Recreate")
}

/// Whether a selector has no requirement and so would take every pod.
pub(crate) fn is_selecting_all(selector: &LabelSelector) -> bool {
    selector.match_labels.as_ref().is_none_or(BTreeMap::is_empty)
        && selector.match_expressions.as_ref().is_none_or(Vec::is_empty)
}

/// Surge and unavailability in pods (`ResolveFenceposts`): what both round to zero becomes one unavailable.
fn fence_posts(spec: &DeploymentSpec, wanted: i32) -> (i32, i32) {
    if is_recreate(spec) {
        return (0, 0);
    }
    let none = RollingUpdateDeployment::default();
    let rolling = spec.strategy.as_ref().and_then(|strategy| strategy.rolling_update.as_ref()).unwrap_or(&none);
    let part =
        |value: &Option<IntOrString>, round_up| value.as_ref().map_or(0, |value| resolve(value, wanted, round_up));
    match (part(&rolling.max_surge, true), part(&rolling.max_unavailable, false)) {
        (0, 0) => (0, 1),
        both => both,
    }
}

/// A number of pods, or a part of `total` in percent (`GetScaledValueFromIntOrPercent`).
pub(crate) fn resolve(value: &IntOrString, total: i32, round_up: bool) -> i32 {
    let percent = match value {
        IntOrString::Int(pods) => return (*pods).clamp(0, MAX_REPLICAS),
        IntOrString::String(text) => text.trim_end_matches('%').parse::<i64>().unwrap_or(0).max(0),
    };
    let hundredths = i64::from(total).saturating_mul(percent);
    let part = if round_up { hundredths.saturating_add(99) / 100 } else { hundredths / 100 };
    i32::try_from(part).unwrap_or(MAX_REPLICAS).min(MAX_REPLICAS)
}

/// A sum that numbers made up by a dump cannot overflow.
pub(super) fn sum(numbers: impl Iterator<Item = i32>) -> i32 {
    numbers.fold(0, i32::saturating_add)
}

/// The pods a ReplicaSet asks for.
pub(super) fn replicas(set: &ReplicaSet) -> i32 {
    set.spec.replicas.unwrap_or(1).clamp(0, MAX_REPLICAS)
}

/// The pods a ReplicaSet has that are available.
pub(super) fn available(set: &ReplicaSet) -> i32 {
    set.status.as_ref().and_then(|status| status.available_replicas).unwrap_or(0).clamp(0, MAX_REPLICAS)
}

/// By creation, then by name (`ReplicaSetsByCreationTimestamp`).
pub(super) fn age_key(set: &ReplicaSet) -> (Option<Timestamp>, Option<String>) {
    (set.metadata.creation_timestamp.as_ref().map(|time| time.0), set.metadata.name.clone())
}

/// Equal but for the hash label (`EqualIgnoreHash`).
pub(crate) fn same_template(left: &PodTemplateSpec, right: &PodTemplateSpec) -> bool {
    let labels = |template: &PodTemplateSpec| {
        let mut labels = template.metadata.as_ref().and_then(|metadata| metadata.labels.clone()).unwrap_or_default();
        labels.remove(HASH_LABEL);
        labels
    };
    let annotations = |template: &PodTemplateSpec| {
        template.metadata.as_ref().and_then(|metadata| metadata.annotations.clone()).unwrap_or_default()
    };
    left.spec == right.spec && labels(left) == labels(right) && annotations(left) == annotations(right)
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::apps::v1::DeploymentSpec;
    use serde_json::{Value, json};

    use super::fence_posts;

    #[track_caller]
    fn check(surge: Value, unavailable: Value, replicas: i32, expected: (i32, i32)) {
        let spec: DeploymentSpec = serde_json::from_value(json!({
            "selector": {}, "template": {},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}},
        }))
        .unwrap();
        assert_eq!(fence_posts(&spec, replicas), expected);
    }

    #[test]
    fn surge_rounds_up_and_unavailability_down() {
        check(json!("25%"), json!("25%"), 4, (1, 1));
        check(json!("25%"), json!("25%"), 5, (2, 1));
        check(json!("25%"), json!("25%"), 1, (1, 0));
        check(json!("1%"), json!("99%"), 10, (1, 9));
    }

    #[test]
    fn both_zero_becomes_one_unavailable() {
        check(json!(0), json!("10%"), 3, (0, 1));
        check(json!("0%"), json!("0%"), 3, (0, 1));
    }
}
