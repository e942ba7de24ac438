//! Of which IP families a Service is (`Allocators.initIPFamilyFields`).

use k8s_openapi::api::core::v1::ServiceSpec;

use super::network::Family;
use super::{Allocator, addresses, is_external_name, is_headless};
use crate::api_error::ApiError;
use crate::behaviour::Behaviour;
use crate::store::ObjectKey;
use crate::validation::field::{Faults, Path};
use crate::validation::{list_text, service_addresses};

const SINGLE: &str = "SingleStack";
const PREFER: &str = "PreferDualStack";
const REQUIRE: &str = "RequireDualStack";

/// The families that a Service names.
pub(super) fn of(spec: &ServiceSpec) -> Vec<Family> {
    spec.ip_families.iter().flatten().filter_map(|name| Family::named(name)).collect()
}

impl Allocator<'_> {
    /// Fills in policy and families, of those that the cluster has.
    ///
    /// # Errors
    /// When the Service asks for others.
    pub(super) fn complete_families(
        &self,
        key: &ObjectKey,
        before: Option<&ServiceSpec>,
        after: &mut ServiceSpec,
    ) -> Result<(), ApiError> {
        let is_asked = self.behaviour.services.ip_families
            && !is_external_name(after)
            && !before.is_some_and(|before| keeps_preferred_stacks(before, after));
        let mut faults = Faults::default();
        if is_asked {
            complete(&mut faults, before, after, &self.families(), self.behaviour);
        }
        super::refuse(key, faults)
    }
}

fn complete(
    faults: &mut Faults,
    before: Option<&ServiceSpec>,
    after: &mut ServiceSpec,
    configured: &[Family],
    rules: &Behaviour,
) {
    let has_selector = after.selector.as_ref().is_some_and(|selector| !selector.is_empty());
    let is_free = is_headless(after) && !has_selector;
    if after.ip_family_policy.is_none() {
        let kept = before.and_then(|before| before.ip_family_policy.clone());
        after.ip_family_policy = Some(kept.unwrap_or_else(|| if is_free { REQUIRE } else { SINGLE }.to_owned()));
    }
    service_addresses(faults, after, rules);
    if !faults.0.is_empty() {
        return;
    }
    let policy = after.ip_family_policy.clone().unwrap_or_default();
    if let Some(before) = before {
        follow_policy(faults, before, after, &policy);
    }
    judge_policy(faults, after, &policy);
    infer(faults, after, configured, rules);
    if !faults.0.is_empty() {
        return;
    }
    let default = configured.first().copied().unwrap_or(Family::V4);
    let families = after.ip_families.get_or_insert_default();
    if is_free {
        if families.is_empty() {
            families.push(default.name().to_owned());
        }
        add_second(families, &policy);
        return;
    }
    let spec = Path::new("spec");
    if policy == REQUIRE && configured.len() < 2 {
        let why = "this cluster is not configured for dual-stack services";
        faults.invalid(&spec.child("ipFamilyPolicy"), format!("{policy:?}"), why);
    }
    for (index, family) in families.iter().enumerate() {
        if !configured.iter().any(|configured| configured.name() == family) {
            let path = spec.child("ipFamilies");
            faults.invalid(&path.index(index), format!("{family:?}"), "not configured on this cluster");
        }
    }
    if !faults.0.is_empty() {
        return;
    }
    if families.is_empty() {
        families.push(default.name().to_owned());
    }
    if configured.len() == 2 {
        add_second(families, &policy);
    }
}

/// Services that prefer two stacks neither gain nor lose one because the cluster changed
/// (`isMatchingPreferDualStackClusterIPFields`).
fn keeps_preferred_stacks(before: &ServiceSpec, after: &ServiceSpec) -> bool {
    let prefers = |spec: &ServiceSpec| spec.ip_family_policy.as_deref() == Some(PREFER);
    prefers(after)
        && (before.ip_family_policy.is_none() || prefers(before))
        && before.type_ == after.type_
        && before.cluster_ips == after.cluster_ips
        && before.ip_families == after.ip_families
}

/// An update that asks for one stack gives up the second address and family; none of the two may go otherwise.
fn follow_policy(faults: &mut Faults, before: &ServiceSpec, after: &mut ServiceSpec, policy: &str) {
    let path = Path::new("spec");
    let path = path.child("ipFamilyPolicy");
    let lists = [
        (&before.cluster_ips, &mut after.cluster_ips, "must be 'SingleStack' to release the secondary cluster IP"),
        (&before.ip_families, &mut after.ip_families, "must be 'SingleStack' to release the secondary IP family"),
    ];
    for (before, after, why) in lists {
        if policy == SINGLE {
            if before == after {
                after.iter_mut().for_each(|list| list.truncate(1));
            }
        } else if after.as_ref().is_some_and(|after| after.len() < before.as_ref().map_or(0, Vec::len)) {
            faults.invalid(&path, format!("{policy:?}"), why);
        }
    }
}

fn judge_policy(faults: &mut Faults, after: &ServiceSpec, policy: &str) {
    let path = Path::new("spec");
    let path = path.child("ipFamilyPolicy");
    for (list, what) in [(&after.cluster_ips, "cluster IPs"), (&after.ip_families, "IP families")] {
        if policy == SINGLE && list.as_ref().is_some_and(|list| list.len() == 2) {
            let why = format!("must be 'RequireDualStack' or 'PreferDualStack' when multiple {what} are specified");
            faults.invalid(&path, format!("{policy:?}"), &why);
        }
    }
}

/// The addresses tell their families.
fn infer(faults: &mut Faults, after: &mut ServiceSpec, configured: &[Family], rules: &Behaviour) {
    let asked = after.cluster_ips.clone().unwrap_or_default();
    if addresses::says_none(&asked) {
        return;
    }
    let mut families = after.ip_families.take().unwrap_or_default();
    for (index, address) in asked.iter().enumerate().skip(families.len()) {
        let Ok(address) = address.parse() else { continue };
        let family = Family::of(address);
        if configured.contains(&family) {
            families.push(family.name().to_owned());
        } else {
            let spec = Path::new("spec");
            let list = spec.child("clusterIPs");
            let why = format!("{} is not configured on this cluster", family.name());
            faults.invalid(&list.index(index), list_text("[]string", &asked, rules), &why);
        }
    }
    after.ip_families = Some(families).filter(|families| !families.is_empty());
}

fn add_second(families: &mut Vec<String>, policy: &str) {
    if policy != SINGLE
        && let [only] = families.as_slice()
        && let Some(only) = Family::named(only)
    {
        families.push(only.other().name().to_owned());
    }
}
