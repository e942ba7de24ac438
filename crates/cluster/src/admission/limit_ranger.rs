//! LimitRanger (plugin/pkg/admission/limitranger, texts of v1.34): fills in what a namespace's containers leave out, and
//! refuses what is too small, too large, or too far apart.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Container, LimitRange, LimitRangeItem, PersistentVolumeClaim};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity as ApiQuantity;
use sim_core::quantity::Quantity;

use super::{Context, name_of, namespace_of};
use crate::api_error::{ApiError, aggregate};
use crate::object::Kind;
use crate::pod::Pod;
use crate::quantities::{self, Amounts, amounts};

const ANNOTATION: &str = "kubernetes.io/limit-ranger";

/// Gives each container the requests and limits that it lacks, and notes on the pod which.
pub(super) fn admit(pod: &mut Pod, context: &Context<'_>) {
    let namespace = namespace_of(pod).to_owned();
    for range in context.store.list_in::<LimitRange>(&namespace) {
        let (mut requests, mut limits) = (BTreeMap::new(), BTreeMap::new());
        for item in items(range).filter(|item| item.type_ == "Container") {
            requests.extend(item.default_request.clone().unwrap_or_default());
            limits.extend(item.default.clone().unwrap_or_default());
        }
        if requests.is_empty() && limits.is_empty() {
            continue;
        }
        let spec = Arc::make_mut(&mut pod.spec);
        let mut set = Vec::new();
        for container in &mut spec.containers {
            fill(container, "container", &requests, &limits, &mut set);
        }
        for container in spec.init_containers.iter_mut().flatten() {
            fill(container, "init container", &requests, &limits, &mut set);
        }
        if !set.is_empty() {
            let note = format!("LimitRanger plugin set: {}", set.join("; "));
            pod.metadata.annotations.get_or_insert_default().insert(ANNOTATION.to_owned(), note);
        }
    }
}

fn fill(
    container: &mut Container,
    what: &str,
    requests: &BTreeMap<String, ApiQuantity>,
    limits: &BTreeMap<String, ApiQuantity>,
    set: &mut Vec<String>,
) {
    let resources = container.resources.get_or_insert_default();
    let mut add = |own: &mut Option<BTreeMap<String, ApiQuantity>>, defaults: &BTreeMap<String, ApiQuantity>, kind| {
        let own_list = own.get_or_insert_default();
        let missing: Vec<&String> = defaults.keys().filter(|name| !own_list.contains_key(*name)).collect();
        if !missing.is_empty() {
            let names: Vec<&str> = missing.iter().map(|name| name.as_str()).collect();
            set.push(format!("{} {kind} for {what} {}", names.join(", "), container.name));
            own_list.extend(missing.into_iter().map(|name| (name.clone(), defaults[name].clone())));
        }
        if own_list.is_empty() {
            *own = None;
        }
    };
    add(&mut resources.requests, requests, "request");
    add(&mut resources.limits, limits, "limit");
}

/// The constraints on a pod's containers and on the pod as a whole.
pub(super) fn validate_pod(pod: &Pod, context: &Context<'_>) -> Result<(), ApiError> {
    for range in context.store.list_in::<LimitRange>(namespace_of(pod)) {
        let mut faults = Vec::new();
        for item in items(range) {
            match item.type_.as_str() {
                "Container" => {
                    for container in pod.spec.containers.iter().chain(pod.spec.init_containers.iter().flatten()) {
                        check(item, &quantities::requests(container), &quantities::limits(container), &mut faults);
                    }
                }
                "Pod" => {
                    let requests = quantities::of_containers(&pod.spec, quantities::requests);
                    let limits = quantities::of_containers(&pod.spec, quantities::limits);
                    check(item, &requests, &limits, &mut faults);
                }
                _ => {}
            }
        }
        if !faults.is_empty() {
            return Err(ApiError::forbidden(Kind::Pod, name_of(pod), aggregate(&faults)));
        }
    }
    Ok(())
}

/// The constraints on what a claim requests.
pub(super) fn validate_claim(claim: &PersistentVolumeClaim, context: &Context<'_>) -> Result<(), ApiError> {
    let requests = claim.spec.as_ref().and_then(|spec| spec.resources.as_ref()?.requests.as_ref());
    let requests = amounts(requests);
    let namespace = claim.metadata.namespace.as_deref().unwrap_or_default();
    for range in context.store.list_in::<LimitRange>(namespace) {
        let mut faults = Vec::new();
        for item in items(range).filter(|item| item.type_ == "PersistentVolumeClaim") {
            for (name, least) in amounts(item.min.as_ref()) {
                faults.extend(too_small(item, &name, &least, &requests, &Amounts::new()));
            }
            for (name, most) in amounts(item.max.as_ref()) {
                let fault = match requests.get(&name) {
                    None => Some(".  No request is specified".to_owned()),
                    Some(request) if *request > most => Some(format!(", but request is {request}")),
                    Some(_) => None,
                };
                faults.extend(fault.map(|fault| bound("maximum", item, &name, &most, &fault)));
            }
        }
        if !faults.is_empty() {
            let name = claim.metadata.name.as_deref().unwrap_or_default();
            return Err(ApiError::forbidden(Kind::PersistentVolumeClaim, name, aggregate(&faults)));
        }
    }
    Ok(())
}

fn items(range: &LimitRange) -> impl Iterator<Item = &LimitRangeItem> {
    range.spec.iter().flat_map(|spec| &spec.limits)
}

fn check(item: &LimitRangeItem, requests: &Amounts, limits: &Amounts, faults: &mut Vec<String>) {
    for (name, least) in amounts(item.min.as_ref()) {
        faults.extend(too_small(item, &name, &least, requests, limits));
    }
    for (name, most) in amounts(item.max.as_ref()) {
        let fault = match (limits.get(&name), requests.get(&name)) {
            (None, _) => Some(".  No limit is specified".to_owned()),
            (Some(limit), _) if *limit > most => Some(format!(", but limit is {limit}")),
            (_, Some(request)) if *request > most => Some(format!(", but request is {request}")),
            _ => None,
        };
        faults.extend(fault.map(|fault| bound("maximum", item, &name, &most, &fault)));
    }
    for (name, most) in amounts(item.max_limit_request_ratio.as_ref()) {
        let stated = |list: &Amounts| list.get(&name).copied().filter(|amount| !amount.is_zero());
        let fault = match (stated(requests), stated(limits)) {
            (None, _) => "no request is specified or request is 0".to_owned(),
            (_, None) => "no limit is specified or limit is 0".to_owned(),
            (Some(request), Some(limit)) => {
                let ratio = in_thousandths(&limit) / in_thousandths(&request);
                if ratio * 1000.0 <= in_thousandths(&most) {
                    continue;
                }
                format!("provided ratio is {ratio:.6}")
            }
        };
        faults.push(format!("{name} max limit to request ratio per {} is {most}, but {fault}", item.type_));
    }
}

fn too_small(
    item: &LimitRangeItem,
    name: &str,
    least: &Quantity,
    requests: &Amounts,
    limits: &Amounts,
) -> Option<String> {
    let fault = match (requests.get(name), limits.get(name)) {
        (None, _) => ".  No request is specified".to_owned(),
        (Some(request), _) if request < least => format!(", but request is {request}"),
        (_, Some(limit)) if limit < least => format!(", but limit is {limit}"),
        _ => return None,
    };
    Some(bound("minimum", item, name, least, &fault))
}

fn bound(which: &str, item: &LimitRangeItem, name: &str, bound: &Quantity, fault: &str) -> String {
    format!("{which} {name} usage per {} is {bound}{fault}", item.type_)
}

fn in_thousandths(amount: &Quantity) -> f64 {
    amount.milli_value() as f64
}
