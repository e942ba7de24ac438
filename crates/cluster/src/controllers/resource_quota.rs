//! The ResourceQuota controller (pkg/controller/resourcequota): counts what is used, and counts again when something ends.
//!
//! Admission charges a quota for what is created; only this controller gives back what is gone.

use k8s_openapi::api::core::v1::{ResourceQuota, ResourceQuotaStatus};
use k8s_openapi::jiff::Timestamp;

use crate::clock::{Controller, Event};
use crate::cluster::Cluster;
use crate::object::{Kind, Object};
use crate::pod;
use crate::quantities::{self, Amounts, amounts, api_amounts};
use crate::quota;
use crate::store::{Changed, ObjectKey};

/// Every quota is counted again this often, in milliseconds (`--resource-quota-sync-period`).
const RESYNC_MS: u64 = 5 * 60 * 1000;

/// A quota changed, or something that quotas of its namespace count is gone or takes less.
pub(crate) fn watch(cluster: &mut Cluster, changed: &Changed) {
    if changed.kind == Kind::ResourceQuota {
        if spec_of(&changed.before) != spec_of(&changed.after) {
            cluster.sync(Controller::ResourceQuota, changed.key.clone());
        }
        return;
    }
    if !changed.kind.is_namespaced() || changed.kind == Kind::Event || !gives_back(changed) {
        return;
    }
    let quotas: Vec<ObjectKey> = cluster
        .store
        .list_in::<ResourceQuota>(&changed.key.namespace)
        .map(|quota| ObjectKey::of(quota.as_ref()))
        .collect();
    for quota in quotas {
        cluster.sync(Controller::ResourceQuota, quota);
    }
}

fn spec_of(quota: &Option<Object>) -> Option<&k8s_openapi::api::core::v1::ResourceQuotaSpec> {
    match quota {
        Some(Object::ResourceQuota(quota)) => quota.spec.as_ref(),
        _ => None,
    }
}

/// Deletions, and pods that end or begin to.
fn gives_back(changed: &Changed) -> bool {
    match (&changed.before, &changed.after) {
        (_, None) => true,
        (Some(Object::Pod(before)), Some(Object::Pod(after))) => {
            pod::is_terminal(before) != pod::is_terminal(after)
                || pod::is_terminating(before) != pod::is_terminating(after)
        }
        _ => false,
    }
}

/// Counts what the quota's namespace uses of it.
pub(crate) fn sync(cluster: &mut Cluster, key: &ObjectKey) {
    let Some(quota) = cluster.store.get::<ResourceQuota>(key).cloned() else { return };
    let hard = amounts(quota.spec.as_ref().and_then(|spec| spec.hard.as_ref()));
    let scopes = quota::scopes(&quota);
    let now = cluster.clock.now();
    let rules = cluster.scheduling.scheduler().behaviour().requests;
    let mut used: Amounts = hard.keys().map(|name| (name.clone(), sim_core::quantity::Quantity::ZERO)).collect();
    let mut known: Amounts = Amounts::new();
    let mut next: Option<Timestamp> = None;
    for kind in Kind::ALL.iter().copied().filter(|kind| kind.is_namespaced() && *kind != Kind::Event) {
        if !hard.keys().any(|name| quota::counts(kind, name)) {
            continue;
        }
        known.extend(
            hard.iter().filter(|(name, _)| quota::counts(kind, name)).map(|(name, _)| (name.clone(), used[name])),
        );
        for object in cluster.store.objects_in(kind, &key.namespace) {
            if !scopes.iter().all(|scope| quota::is_in_scope(scope, &object)) {
                continue;
            }
            let mut usage = quota::usage(&object, now, rules);
            usage.retain(|name, _| hard.contains_key(name));
            quantities::add(&mut used, &usage);
            if let Object::Pod(pod) = &object {
                next = quota::charged_until(pod).filter(|until| *until >= now).into_iter().chain(next).min();
            }
        }
    }
    // Only what somebody here counts is said; the rest stays unknown, as it does upstream.
    used.retain(|name, _| known.contains_key(name));
    let status = ResourceQuotaStatus { hard: Some(api_amounts(&hard)), used: Some(api_amounts(&used)) };
    if quota.status.as_ref() != Some(&status) {
        cluster.store.update::<ResourceQuota>(key, |quota| quota.status = Some(status));
    }
    if let Some(until) = next {
        notice_later(cluster, key, until);
    }
}

/// A pod that should be gone by `until` and is not, because its node is lost, is no longer counted at the first full
/// count after it.
fn notice_later(cluster: &mut Cluster, key: &ObjectKey, until: Timestamp) {
    let wait = until.duration_since(cluster.clock.now()).as_millis();
    let at = cluster.clock.now_ms() + u64::try_from(wait).unwrap_or(0) + 1;
    let count = at.div_ceil(RESYNC_MS) * RESYNC_MS;
    cluster.agenda.add(count, Event::Sync(Controller::ResourceQuota, key.clone()));
}

/// Counts the quotas that the objects given say nothing of.
pub(crate) fn count_at_start(cluster: &mut Cluster) {
    let unknown = cluster.store.list::<ResourceQuota>().filter(|quota| {
        quota.status.as_ref().is_none_or(|status| status.used.as_ref().is_none_or(|used| used.is_empty()))
    });
    let unknown: Vec<ObjectKey> = unknown.map(|quota| ObjectKey::of(quota.as_ref())).collect();
    for key in unknown {
        sync(cluster, &key);
    }
}
