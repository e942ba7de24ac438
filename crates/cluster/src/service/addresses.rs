//! The addresses of Services: which are in use, and which one a Service gets (`Allocators.allocClusterIPs` and
//! `updateClusterIPs`).

use std::net::IpAddr;

use k8s_openapi::api::core::v1::ServiceSpec;

use super::network::Family;
use super::{Allocator, HEADLESS, families, is_external_name, is_headless};
use crate::api_error::ApiError;
use crate::store::ObjectKey;
use crate::validation::field::{Faults, Path};
use crate::validation::list_text;

impl Allocator<'_> {
    /// The families of the cluster, the default one first.
    pub(super) fn families(&self) -> Vec<Family> {
        let mut families: Vec<Family> = Vec::new();
        for range in &self.ranges {
            if !families.contains(&range.network.family()) {
                families.push(range.network.family());
            }
        }
        families
    }

    /// Gives a Service the addresses that it lacks.
    ///
    /// # Errors
    /// When it asks for one that it cannot have, or there is none.
    pub(super) fn allocate_addresses(&mut self, key: &ObjectKey, spec: &mut ServiceSpec) -> Result<(), ApiError> {
        if is_external_name(spec) || is_headless(spec) {
            return Ok(());
        }
        let rules = &self.behaviour.services;
        let families = match &spec.ip_families {
            Some(families) if rules.ip_families => families.iter().filter_map(|name| Family::named(name)).collect(),
            _ => self.families().into_iter().take(1).collect::<Vec<_>>(),
        };
        let asked = match (&spec.cluster_ips, &spec.cluster_ip) {
            (Some(asked), _) if rules.cluster_ips => asked.clone(),
            (_, asked) => asked.iter().cloned().collect(),
        };
        let mut addresses = Vec::new();
        for (index, family) in families.into_iter().enumerate() {
            let asked_for = asked.get(index).filter(|address| !address.is_empty());
            addresses.push(self.address(key, family, asked_for, &asked)?);
        }
        spec.cluster_ip = addresses.first().cloned();
        spec.cluster_ips = Some(addresses).filter(|_| rules.cluster_ips);
        Ok(())
    }

    /// Gives a Service whose type or families changed the addresses that it lacks; those that it gives up are free when it
    /// is written.
    ///
    /// # Errors
    /// The same.
    pub(super) fn update_addresses(
        &mut self,
        key: &ObjectKey,
        before: &ServiceSpec,
        after: &mut ServiceSpec,
    ) -> Result<(), ApiError> {
        if is_external_name(before) && !is_external_name(after) {
            return self.allocate_addresses(key, after);
        }
        let count = |spec: &ServiceSpec| spec.ip_families.as_ref().map_or(0, Vec::len);
        if is_headless(before) || is_external_name(after) || count(before) != 1 || count(after) != 2 {
            return Ok(());
        }
        let Some(family) = families::of(after).get(1).copied() else { return Ok(()) };
        let mut addresses = after.cluster_ips.clone().unwrap_or_default();
        let asked = addresses.get(1).cloned().filter(|address| !address.is_empty());
        let second = self.address(key, family, asked.as_ref(), &addresses)?;
        addresses.truncate(1);
        addresses.push(second);
        after.cluster_ips = Some(addresses);
        Ok(())
    }

    /// The address that was asked for, or a free one.
    fn address(
        &mut self,
        key: &ObjectKey,
        family: Family,
        asked: Option<&String>,
        all: &[String],
    ) -> Result<String, ApiError> {
        let Some(asked) = asked else {
            let free = self.free(key, family);
            let free = free.ok_or_else(|| ApiError::internal("failed to allocate a serviceIP: range is full"))?;
            self.addresses.insert(free);
            return Ok(free.to_string());
        };
        // What is no address, validation tells of.
        let Ok(address) = asked.parse::<IpAddr>() else { return Ok(asked.clone()) };
        let rules = &self.behaviour.services;
        let mut of_family = self.ranges.iter().filter(|range| range.network.family() == family);
        let is_served = of_family.clone().any(|range| !range.is_stated || range.network.serves(address));
        if is_served && self.addresses.insert(address) {
            return Ok(asked.clone());
        }
        let range = of_family.next().map(|range| range.network.to_string()).unwrap_or_default();
        let why = match is_served {
            true => "provided IP is already allocated".to_owned(),
            false => rules.out_of_range(asked, &range),
        };
        let why = rules.not_allocated(asked, &why);
        let mut faults = Faults::default();
        let spec = Path::new("spec");
        if rules.cluster_ips {
            let value = list_text("[]string", all, self.behaviour);
            faults.invalid(&spec.child("clusterIPs"), value, &why);
        } else {
            faults.invalid(&spec.child("clusterIP"), format!("{asked:?}"), &why);
        }
        super::refuse(key, faults).map(|()| asked.clone())
    }

    /// An address that nobody has. The real allocator begins at a random place; here the place is drawn by the name. A
    /// range that only the addresses in use show is made wider when it is full.
    fn free(&self, key: &ObjectKey, family: Family) -> Option<IpAddr> {
        let draw = self.names.stable_number(&format!("{} {key}", family.name()));
        let by_band = self.behaviour.services.addresses_from_upper_band;
        let ranges = self.ranges.iter().filter(|range| range.network.family() == family);
        ranges.into_iter().find_map(|range| {
            let mut network = range.network;
            loop {
                let free = network.free(draw, by_band && range.is_stated, |address| self.addresses.contains(&address));
                if free.is_some() || range.is_stated {
                    return free;
                }
                network = network.widened()?;
            }
        })
    }
}

/// The addresses that a Service says are its own.
pub(super) fn shown(spec: &ServiceSpec) -> Vec<IpAddr> {
    if is_external_name(spec) {
        return Vec::new();
    }
    let mut addresses: Vec<IpAddr> =
        spec.cluster_ips.iter().flatten().chain(&spec.cluster_ip).filter_map(|address| address.parse().ok()).collect();
    addresses.dedup();
    if let [first, .., last] = addresses.as_slice()
        && first == last
    {
        addresses.pop();
    }
    addresses
}

/// What an update leaves out of the addresses stays as it was (`patchAllocatedValues`).
pub(super) fn keep(before: &ServiceSpec, after: &mut ServiceSpec) {
    if is_external_name(before) || is_external_name(after) {
        return;
    }
    if after.cluster_ip.is_none() {
        after.cluster_ip.clone_from(&before.cluster_ip);
    }
    if after.cluster_ips.is_none() {
        after.cluster_ips.clone_from(&before.cluster_ips);
    }
}

/// Makes one of `clusterIP` and `clusterIPs` follow the other (`normalizeClusterIPs`).
pub(super) fn align(before: Option<&ServiceSpec>, after: &mut ServiceSpec) {
    let Some(before) = before else {
        if after.cluster_ips.is_none() {
            after.cluster_ips = after.cluster_ip.clone().map(|address| vec![address]);
        }
        return;
    };
    let is_same = before.cluster_ip == after.cluster_ip;
    if before.cluster_ips.is_some() && after.cluster_ips.is_none() && is_same {
        after.cluster_ips.clone_from(&before.cluster_ips);
    }
    if !is_same && before.cluster_ips == after.cluster_ips {
        after.cluster_ips = after.cluster_ip.clone().map(|address| vec![address]);
    }
}

/// Whether a list of addresses says that there is none.
pub(super) fn says_none(addresses: &[String]) -> bool {
    addresses.first().is_some_and(|address| address == HEADLESS)
}
