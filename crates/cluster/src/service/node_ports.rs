//! The ports of nodes at which Services are reached (`Allocators.initNodePorts` and `updateNodePorts`).

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::ServiceSpec;

use super::{Allocator, is_of_nodes, needs_health_check};
use crate::api_error::ApiError;
use crate::store::ObjectKey;
use crate::validation::field::{Faults, Path};

impl Allocator<'_> {
    /// Gives a new Service the ports that it lacks. Ports of one number, of TCP and of UDP, share one.
    ///
    /// # Errors
    /// When it asks for one that it cannot have, or there is none.
    pub(super) fn allocate_ports(&mut self, key: &ObjectKey, spec: &mut ServiceSpec) -> Result<(), ApiError> {
        if is_of_nodes(spec) {
            let allocates = allocates_ports(spec);
            let mut ports = spec.ports.take().unwrap_or_default();
            let mut of_number: BTreeMap<i32, i32> = BTreeMap::new();
            for index in 0..ports.len() {
                let Some(port) = ports.get(index) else { continue };
                let (number, own) = (port.port, port.node_port);
                if own.is_none() && !allocates {
                    continue;
                }
                let chosen = match of_number.get(&number).copied() {
                    Some(shared) if own.is_none_or(|own| own == shared) => shared,
                    Some(_) => self.ask_port(key, index, own.unwrap_or_default())?,
                    None => {
                        let mut same = ports.iter().filter(|port| port.port == number);
                        let chosen = match same.find_map(|port| port.node_port) {
                            Some(asked) => self.ask_port(key, index, asked)?,
                            None => self.free_port(key, number)?,
                        };
                        of_number.insert(number, chosen);
                        chosen
                    }
                };
                if let Some(port) = ports.get_mut(index) {
                    port.node_port = Some(chosen);
                }
            }
            spec.ports = Some(ports);
        }
        if needs_health_check(spec) {
            self.allocate_health_check(key, spec)?;
        }
        Ok(())
    }

    /// Gives a Service that is updated the ports that it lacks.
    ///
    /// # Errors
    /// The same.
    pub(super) fn update_ports(
        &mut self,
        key: &ObjectKey,
        before: &ServiceSpec,
        after: &mut ServiceSpec,
    ) -> Result<(), ApiError> {
        if is_of_nodes(after) {
            let allocates = allocates_ports(after);
            let mut known: BTreeSet<i32> = of_ports(before).into_iter().flatten().collect();
            for (index, port) in after.ports.iter_mut().flatten().enumerate() {
                match port.node_port {
                    Some(asked) if known.contains(&asked) => {}
                    Some(asked) => drop(known.insert(self.ask_port(key, index, asked)?)),
                    None if allocates => port.node_port = Some(self.free_port(key, port.port)?),
                    None => {}
                }
            }
        }
        if needs_health_check(after) && !needs_health_check(before) {
            self.allocate_health_check(key, after)?;
        }
        Ok(())
    }

    fn allocate_health_check(&mut self, key: &ObjectKey, spec: &mut ServiceSpec) -> Result<(), ApiError> {
        spec.health_check_node_port = Some(match spec.health_check_node_port {
            Some(asked) => self.reserve_port(asked).map_err(|why| {
                ApiError::internal(&format!("failed to allocate requested HealthCheck NodePort {asked}: {why}"))
            })?,
            None => self.free_port(key, 0)?,
        });
        Ok(())
    }

    fn ask_port(&mut self, key: &ObjectKey, index: usize, asked: i32) -> Result<i32, ApiError> {
        self.reserve_port(asked).or_else(|why| {
            let mut faults = Faults::default();
            let spec = Path::new("spec");
            faults.invalid(&spec.child("ports").index(index).child("nodePort"), asked, &why);
            super::refuse(key, faults).map(|()| asked)
        })
    }

    fn reserve_port(&mut self, asked: i32) -> Result<i32, String> {
        if !self.port_range.contains(&asked) {
            let (first, last) = (self.port_range.start(), self.port_range.end());
            return Err(format!("provided port is not in the valid range. The range of valid ports is {first}-{last}"));
        }
        if !self.ports.insert(asked) {
            return Err("provided port is already allocated".to_owned());
        }
        Ok(asked)
    }

    /// A port that nobody has, from a place on that is drawn by the name; in the upper part of the range first where there
    /// is one.
    fn free_port(&mut self, key: &ObjectKey, of: i32) -> Result<i32, ApiError> {
        let draw = self.names.stable_number(&format!("node port {key} {of}"));
        let (first, last) = (i64::from(*self.port_range.start()), i64::from(*self.port_range.end()));
        let upper = match last - first + 1 {
            size @ 17.. if self.behaviour.services.node_ports_from_upper_band => first + (size / 32).clamp(16, 128),
            _ => first,
        };
        let free = [upper..=last, first..=upper - 1].into_iter().filter(|band| !band.is_empty()).find_map(|band| {
            let size = u64::try_from(band.end() - band.start() + 1).unwrap_or(1);
            let start = band.start() + i64::try_from(draw % size).unwrap_or(0);
            let mut ports = (start..=*band.end()).chain(*band.start()..=start - 1);
            ports.find_map(|port| i32::try_from(port).ok().filter(|port| !self.ports.contains(port)))
        });
        let free = free.ok_or_else(|| ApiError::internal("failed to allocate a nodePort: range is full"))?;
        self.ports.insert(free);
        Ok(free)
    }
}

/// The ports of nodes that a Service says are its own.
pub(super) fn shown(spec: &ServiceSpec) -> Vec<i32> {
    of_ports(spec).into_iter().flatten().chain(spec.health_check_node_port).filter(|port| *port != 0).collect()
}

/// The node port of each of its ports.
pub(super) fn of_ports(spec: &ServiceSpec) -> Vec<Option<i32>> {
    spec.ports.iter().flatten().map(|port| port.node_port).collect()
}

/// What an update leaves out of the ports stays as it was, by the ports' names (`patchAllocatedValues`).
pub(super) fn keep(before: &ServiceSpec, after: &mut ServiceSpec) {
    if is_of_nodes(before) && is_of_nodes(after) {
        let old: BTreeSet<i32> = of_ports(before).into_iter().flatten().collect();
        let used: BTreeSet<i32> = of_ports(after).into_iter().flatten().filter(|port| old.contains(port)).collect();
        for port in after.ports.iter_mut().flatten().filter(|port| port.node_port.is_none()) {
            let name = |name: &Option<String>| name.clone().unwrap_or_default();
            let mut same = before.ports.iter().flatten().filter(|old| name(&old.name) == name(&port.name));
            port.node_port = same.next_back().and_then(|old| old.node_port).filter(|port| !used.contains(port));
        }
    }
    if needs_health_check(before) && needs_health_check(after) && after.health_check_node_port.is_none() {
        after.health_check_node_port = before.health_check_node_port;
    }
}

fn allocates_ports(spec: &ServiceSpec) -> bool {
    spec.type_.as_deref() == Some("NodePort") || spec.allocate_load_balancer_node_ports != Some(false)
}
