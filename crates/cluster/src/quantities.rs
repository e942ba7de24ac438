//! Lists of resources as API objects carry them, read and written as the model's quantities.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Container, PodSpec, ResourceRequirements};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity as ApiQuantity;
use sim_core::quantity::Quantity;

/// Resources by name.
pub(crate) type Amounts = BTreeMap<String, Quantity>;

/// A list as the API carries it; what does not parse is left out.
pub(crate) fn amounts(list: Option<&BTreeMap<String, ApiQuantity>>) -> Amounts {
    list.into_iter().flatten().filter_map(|(name, quantity)| Some((name.clone(), quantity.0.parse().ok()?))).collect()
}

/// The list as the API carries it.
pub(crate) fn api_amounts(amounts: &Amounts) -> BTreeMap<String, ApiQuantity> {
    amounts.iter().map(|(name, amount)| (name.clone(), ApiQuantity(amount.to_string()))).collect()
}

/// Adds each amount.
pub(crate) fn add(sum: &mut Amounts, other: &Amounts) {
    for (name, amount) in other {
        sum.entry(name.clone()).and_modify(|total| *total = total.add(amount)).or_insert(*amount);
    }
}

/// Takes the greater of each amount.
fn max(sum: &mut Amounts, other: &Amounts) {
    for (name, amount) in other {
        sum.entry(name.clone()).and_modify(|greatest| *greatest = (*greatest).max(*amount)).or_insert(*amount);
    }
}

/// What a container requests.
pub(crate) fn requests(container: &Container) -> Amounts {
    amounts(container.resources.as_ref().and_then(|resources| resources.requests.as_ref()))
}

/// What a container is limited to.
pub(crate) fn limits(container: &Container) -> Amounts {
    amounts(container.resources.as_ref().and_then(|resources| resources.limits.as_ref()))
}

/// What the containers of a pod come to: all of them together, or the greatest init container when that is more
/// (`resource.PodRequests` and `PodLimits`, v1.34, without what the pod states for itself).
pub(crate) fn of_containers(spec: &PodSpec, of: impl Fn(&Container) -> Amounts) -> Amounts {
    let mut sum = Amounts::new();
    for container in &spec.containers {
        add(&mut sum, &of(container));
    }
    let (mut sidecars, mut greatest) = (Amounts::new(), Amounts::new());
    for container in spec.init_containers.iter().flatten() {
        let own = of(container);
        if container.restart_policy.as_deref() == Some("Always") {
            add(&mut sum, &own);
            add(&mut sidecars, &own);
            max(&mut greatest, &sidecars);
        } else {
            let mut together = own;
            add(&mut together, &sidecars);
            max(&mut greatest, &together);
        }
    }
    max(&mut sum, &greatest);
    sum
}

/// The same, where what the pod states for all its containers counts first, and its overhead is added: to limits only
/// where there is one.
pub(crate) fn of_pod(
    spec: &PodSpec,
    of: impl Fn(&Container) -> Amounts,
    stated: impl Fn(&ResourceRequirements) -> Amounts,
    are_limits: bool,
) -> Amounts {
    let mut sum = of_containers(spec, of);
    if let Some(resources) = &spec.resources {
        sum.extend(stated(resources));
    }
    for (name, amount) in amounts(spec.overhead.as_ref()) {
        match sum.get_mut(&name) {
            Some(total) => *total = total.add(&amount),
            None if !are_limits => {
                sum.insert(name, amount);
            }
            None => {}
        }
    }
    sum
}
