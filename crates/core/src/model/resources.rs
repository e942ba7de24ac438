//! Amounts of resources, and what a pod asks for.
//!
//! Upstream: `pkg/scheduler/framework/types.go` and `component-helpers/resource/helpers.go` (v1.34), by version through
//! [`RequestRules`].

use std::collections::BTreeMap;
use std::sync::Arc;

use super::pod::{Container, Pod, PodSpec};
use crate::behaviour::RequestRules;
use crate::quantity::{Format, Quantity};
use crate::scheduler::plugins::node_affinity::is_label_key;

/// Resource names and amounts as an object states them.
pub type ResourceList = BTreeMap<String, Quantity>;

/// What scoring takes a container for that does not say how much CPU it wants, in thousandths.
pub const DEFAULT_MILLI_CPU_REQUEST: i64 = 100;
/// What scoring takes a container for that does not say how much memory it wants, in bytes.
pub const DEFAULT_MEMORY_REQUEST: i64 = 200 * 1024 * 1024;

/// Amounts of resources as the scheduler counts them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resources {
    /// CPU, in thousandths.
    pub milli_cpu: i64,
    /// Memory, in bytes.
    pub memory: i64,
    /// Ephemeral storage, in bytes.
    pub ephemeral_storage: i64,
    /// How many pods.
    pub pods: i64,
    /// Extended resources, huge pages and attachable volumes.
    pub scalars: BTreeMap<String, i64>,
}

impl Resources {
    /// The amounts of a list. Names that no scheduler counts are left out.
    pub fn from_list(list: &ResourceList) -> Self {
        let mut resources = Resources::default();
        for (name, quantity) in list {
            resources.set(name, quantity);
        }
        resources
    }

    /// The amount of a resource by its API name; 0 where absent.
    pub fn get(&self, name: &str) -> i64 {
        match name {
            "cpu" => self.milli_cpu,
            "memory" => self.memory,
            "ephemeral-storage" => self.ephemeral_storage,
            "pods" => self.pods,
            _ => self.scalars.get(name).copied().unwrap_or(0),
        }
    }

    /// Whether it is less than another in anything but the number of pods.
    pub fn lacks_some_of(&self, other: &Resources) -> bool {
        self.milli_cpu < other.milli_cpu
            || self.memory < other.memory
            || self.ephemeral_storage < other.ephemeral_storage
            || other.scalars.iter().any(|(name, amount)| self.get(name) < *amount)
    }

    /// Adds another's amounts.
    pub fn add(&mut self, other: &Resources) {
        self.milli_cpu = self.milli_cpu.saturating_add(other.milli_cpu);
        self.memory = self.memory.saturating_add(other.memory);
        self.ephemeral_storage = self.ephemeral_storage.saturating_add(other.ephemeral_storage);
        self.pods = self.pods.saturating_add(other.pods);
        for (name, amount) in &other.scalars {
            let sum = self.scalars.entry(name.clone()).or_default();
            *sum = sum.saturating_add(*amount);
        }
    }

    /// Takes another's amounts away.
    pub fn sub(&mut self, other: &Resources) {
        self.milli_cpu = self.milli_cpu.saturating_sub(other.milli_cpu);
        self.memory = self.memory.saturating_sub(other.memory);
        self.ephemeral_storage = self.ephemeral_storage.saturating_sub(other.ephemeral_storage);
        self.pods = self.pods.saturating_sub(other.pods);
        for (name, amount) in &other.scalars {
            let rest = self.scalars.entry(name.clone()).or_default();
            *rest = rest.saturating_sub(*amount);
        }
    }

    fn set(&mut self, name: &str, quantity: &Quantity) {
        match name {
            "cpu" => self.milli_cpu = quantity.milli_value(),
            "memory" => self.memory = quantity.value(),
            "ephemeral-storage" => self.ephemeral_storage = quantity.value(),
            "pods" => self.pods = quantity.value(),
            _ if is_scalar(name) => {
                self.scalars.insert(name.to_owned(), quantity.value());
            }
            _ => {}
        }
    }
}

/// Whether the scheduler counts a resource of this name beside CPU, memory, ephemeral storage and pods.
pub fn is_scalar(name: &str) -> bool {
    is_extended(name)
        || name.contains("kubernetes.io/")
        || name.starts_with("hugepages-")
        || name.starts_with("attachable-volumes-")
}

/// Whether a resource of this name is an extended resource, such as `nvidia.com/gpu`. A name that a quota could not
/// hold is none (`IsExtendedResourceName`).
pub fn is_extended(name: &str) -> bool {
    name.contains('/')
        && !name.contains("kubernetes.io/")
        && !name.starts_with("requests.")
        && is_label_key(&format!("requests.{name}"))
}

/// What a pod asks for, in the forms that the plugins need.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PodRequests {
    /// What the filter compares with what is free, for a pod about to be placed.
    pub incoming: Resources,
    /// What the pod takes from a node it is bound to.
    pub assigned: Resources,
    /// CPU in thousandths and memory in bytes that scoring takes the incoming pod for.
    pub incoming_non_zero: NonZero,
    /// CPU and memory that scoring takes the incoming pod for where it does not put in defaults.
    pub incoming_scored: NonZero,
    /// CPU and memory that scoring takes the bound pod for.
    pub assigned_non_zero: NonZero,
}

/// CPU and memory with the defaults put in for containers that state none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NonZero {
    /// CPU, in thousandths.
    pub milli_cpu: i64,
    /// Memory, in bytes.
    pub memory: i64,
}

/// Whether two pods ask for the same, as far as a glance tells: most changes of a pod leave its spec what it was.
pub(crate) fn asks_the_same(left: &Pod, right: &Pod) -> bool {
    Arc::ptr_eq(&left.spec, &right.spec)
        && left.container_allocations == right.container_allocations
        && left.resize_infeasible == right.resize_infeasible
}

impl PodRequests {
    /// The requests of a pod under a version's rules.
    pub fn of(pod: &Pod, rules: RequestRules) -> Self {
        // What a resize has come to counts for pods that run, and for the balance of the incoming one.
        let as_written = RequestRules { in_place_resize: false, ..rules };
        let incoming = Resources::from_list(&total(pod, as_written, InitContainers::Counted, Missing::Absent));
        // The strategies of NodeResourcesFit look at the containers only.
        let by_container = RequestRules { pod_level: false, ..as_written };
        let scored = |missing, rules: RequestRules| {
            if rules.least_allocated_without_overhead && missing == Missing::Defaulted {
                let without = RequestRules { overhead: false, ..rules };
                NonZero::of(&total(pod, without, rules.non_zero_init, missing))
            } else if rules.scored_overhead_in_cores {
                let without = RequestRules { overhead: false, ..rules };
                let mut scored = NonZero::of(&total(pod, without, rules.non_zero_init, missing));
                let overhead = |name: &str| pod.spec.overhead.get(name).map_or(0, Quantity::value);
                scored.milli_cpu += overhead("cpu");
                scored.memory += overhead("memory");
                scored
            } else {
                NonZero::of(&total(pod, rules, rules.non_zero_init, missing))
            }
        };
        let assigned = match rules.assigned_init {
            InitContainers::Counted if pod.container_allocations.is_empty() => incoming.clone(),
            InitContainers::Counted => {
                Resources::from_list(&total(pod, rules, InitContainers::Counted, Missing::Absent))
            }
            InitContainers::Ignored => {
                Resources::from_list(&total(pod, rules, InitContainers::Ignored, Missing::Absent))
            }
        };
        let assigned_non_zero = if rules.sidecars && !rules.assigned_non_zero_sidecars {
            non_zero_without_sidecars(pod, rules)
        } else {
            let rules = RequestRules {
                rounded_per_container: rules.rounded_per_container || rules.non_zero_rounded_per_container,
                ..rules
            };
            NonZero::of(&total(pod, rules, rules.assigned_init, Missing::Defaulted))
        };
        PodRequests {
            incoming,
            assigned,
            incoming_non_zero: scored(Missing::Defaulted, by_container),
            incoming_scored: scored(Missing::Absent, rules),
            assigned_non_zero,
        }
    }
}

/// What the containers of a pod ask for together, whatever the pod itself states (`AggregateContainerRequests`).
pub fn container_requests_of(pod: &Pod, rules: RequestRules) -> ResourceList {
    let rules = RequestRules { pod_level: false, overhead: false, in_place_resize: false, ..rules };
    total(pod, rules, InitContainers::Counted, Missing::Absent)
}

impl NonZero {
    fn of(list: &ResourceList) -> Self {
        NonZero {
            milli_cpu: list.get("cpu").map_or(0, Quantity::milli_value),
            memory: list.get("memory").map_or(0, Quantity::value),
        }
    }
}

/// Whether init containers count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InitContainers {
    /// The greatest of them counts.
    Counted,
    /// They do not.
    Ignored,
}

/// What is taken for a request that a container does not state.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    Absent,
    Defaulted,
}

fn total(pod: &Pod, rules: RequestRules, init: InitContainers, missing: Missing) -> ResourceList {
    let spec: &PodSpec = &pod.spec;
    // Where the pod itself states requests, a default is put in only for what it lacks altogether.
    let pooled = rules.pod_level && missing == Missing::Defaulted && spec.pod_requests.as_ref().is_some_and(pools);
    let of_container = if pooled { Missing::Absent } else { missing };
    let request = |container: &Container| {
        let list = container_requests(pod, container, rules, of_container);
        if rules.rounded_per_container { rounded(list) } else { list }
    };
    let mut sum = ResourceList::new();
    for container in &spec.containers {
        add_list(&mut sum, &request(container));
    }
    if init == InitContainers::Counted {
        let mut sidecars = ResourceList::new();
        let mut greatest = ResourceList::new();
        for container in &spec.init_containers {
            let mut own = request(container);
            if rules.zero_init_scalars_dropped {
                own.retain(|_, quantity| !quantity.is_zero());
            }
            if container.restartable && rules.sidecars {
                add_list(&mut sum, &own);
                add_list(&mut sidecars, &own);
                max_list(&mut greatest, &sidecars);
            } else {
                let mut together = own;
                add_list(&mut together, &sidecars);
                max_list(&mut greatest, &together);
            }
        }
        max_list(&mut sum, &greatest);
    }
    if rules.pod_level
        && let Some(stated) = &spec.pod_requests
    {
        for (name, quantity) in stated {
            if is_pooled(name) {
                sum.insert(name.clone(), *quantity);
            }
        }
    }
    if pooled {
        put_defaults(&mut sum);
    }
    if rules.overhead {
        let overhead = spec.overhead.clone();
        add_list(&mut sum, &if rules.rounded_per_container { rounded(overhead) } else { overhead });
    }
    sum
}

/// Whether a pod's own requests count for more than nothing.
fn pools(requests: &ResourceList) -> bool {
    requests.keys().any(|name| is_pooled(name))
}

/// Whether a pod may state a request of this resource for all its containers together
/// (`IsSupportedPodLevelResource`).
pub fn is_pooled(name: &str) -> bool {
    name == "cpu" || name == "memory" || name.starts_with("hugepages-")
}

/// The amounts as they are counted: CPU in thousandths, all else in whole units.
fn rounded(mut list: ResourceList) -> ResourceList {
    for (name, quantity) in &mut list {
        *quantity = if name == "cpu" { quantity.rounded_to_milli() } else { quantity.rounded_to_unit() };
    }
    list
}

/// What 1.28 to 1.31 count for bound pods with sidecars: these are carried along the init containers, with the defaults
/// put in where all of them together state nothing, but are not added to the containers.
fn non_zero_without_sidecars(pod: &Pod, rules: RequestRules) -> NonZero {
    let mut sum = ResourceList::new();
    for container in &pod.spec.containers {
        let own = container_requests(pod, container, rules, Missing::Defaulted);
        add_list(&mut sum, &if rules.non_zero_rounded_per_container { rounded(own) } else { own });
    }
    let mut sidecars = ResourceList::new();
    let mut greatest = ResourceList::new();
    for container in &pod.spec.init_containers {
        let mut together = container_requests(pod, container, rules, Missing::Absent);
        add_list(&mut together, &sidecars);
        if rules.non_zero_rounded_per_container {
            together = rounded(together);
        }
        if container.restartable {
            sidecars = together.clone();
        }
        put_defaults(&mut together);
        max_list(&mut greatest, &together);
    }
    max_list(&mut sum, &greatest);
    if rules.overhead {
        add_list(&mut sum, &pod.spec.overhead);
    }
    NonZero::of(&sum)
}

fn container_requests(pod: &Pod, container: &Container, rules: RequestRules, missing: Missing) -> ResourceList {
    let mut list = container.requests.clone();
    let resizes = rules.in_place_resize && (container.restartable || !is_init(pod, container));
    if resizes && let Some(allocation) = pod.container_allocations.get(&container.name) {
        // An infeasible resize will never come into force: the new request does not count.
        if pod.resize_infeasible {
            list = allocation.allocated.clone();
        } else {
            max_list(&mut list, &allocation.allocated);
        }
        max_list(&mut list, &allocation.actual);
    }
    if missing == Missing::Defaulted {
        put_defaults(&mut list);
    }
    list
}

/// Whether it is one of the pod's init containers: of these only sidecars are resized.
fn is_init(pod: &Pod, container: &Container) -> bool {
    pod.spec.init_containers.iter().any(|init| init.name == container.name)
}

fn put_defaults(list: &mut ResourceList) {
    list.entry("cpu".to_owned()).or_insert(Quantity::from_milli(DEFAULT_MILLI_CPU_REQUEST));
    list.entry("memory".to_owned()).or_insert(Quantity::from_value(DEFAULT_MEMORY_REQUEST, Format::BinarySI));
}

fn add_list(sum: &mut ResourceList, other: &ResourceList) {
    for (name, quantity) in other {
        sum.entry(name.clone()).and_modify(|total| *total = total.add(quantity)).or_insert(*quantity);
    }
}

fn max_list(sum: &mut ResourceList, other: &ResourceList) {
    for (name, quantity) in other {
        sum.entry(name.clone()).and_modify(|greatest| *greatest = (*greatest).max(*quantity)).or_insert(*quantity);
    }
}
