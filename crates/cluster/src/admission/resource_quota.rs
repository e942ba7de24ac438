//! ResourceQuota (apiserver `pkg/admission/plugin/resourcequota`): refuses what a namespace's quotas have no room for, and
//! charges them for the rest.

use std::sync::Arc;

use k8s_openapi::api::core::v1::ResourceQuota;

use super::Context;
use crate::api_error::{ApiError, Reason};
use crate::object::{Kind, Object};
use crate::quantities::{self, Amounts, amounts};
use crate::quota::{self, Scope};
use crate::store::ObjectKey;

/// A quota and what is used of it once the object is there.
pub(crate) type Charge = (ObjectKey, Amounts);

/// What the quotas are charged for an object, or why there is no room for it.
pub(super) fn validate(object: &Object, context: &Context<'_>) -> Result<Vec<Charge>, ApiError> {
    let Some(kind) = object.kind().filter(|kind| kind.is_namespaced() && *kind != Kind::Event) else {
        return Ok(Vec::new());
    };
    let namespace = object.namespace().unwrap_or_default();
    let quotas: Vec<&Arc<ResourceQuota>> = context.store.list_in::<ResourceQuota>(namespace).collect();
    let limited = limited_scopes(kind, object, context);
    if quotas.is_empty() && limited.is_empty() {
        return Ok(Vec::new());
    }
    let refuse = |why: String| ApiError::forbidden(kind, object.name(), why);
    let mut interesting = Vec::new();
    let mut covered: Vec<Scope> = Vec::new();
    for found in quotas {
        let name = found.metadata.name.as_deref().unwrap_or_default();
        let scopes = quota::scopes(found);
        covered.extend(scopes.iter().filter(|scope| quota::is_in_scope(scope, object)).cloned());
        let status = found.status.as_ref();
        let hard = amounts(status.and_then(|status| status.hard.as_ref()));
        let counted: Vec<String> = hard.keys().filter(|name| quota::counts(kind, name)).cloned().collect();
        if counted.is_empty() || !scopes.iter().all(|scope| quota::is_in_scope(scope, object)) {
            continue;
        }
        if let Object::Pod(pod) = object
            && let Some(missing) = quota::missing_from(pod, &counted, context.behaviour, context.rules)
        {
            return Err(refuse(format!("failed quota: {name}: {missing}")));
        }
        let used = amounts(status.and_then(|status| status.used.as_ref()));
        if !counted.iter().all(|name| used.contains_key(name)) {
            let counted = counted.join(",");
            return Err(refuse(format!("status unknown for quota: {name}, resources: {counted}")));
        }
        interesting.push((found, hard, used));
    }
    let uncovered: Vec<String> = limited
        .iter()
        .filter(|scope| !covered.iter().any(|covered| covered.name == scope.name))
        .map(ToString::to_string)
        .collect();
    if !uncovered.is_empty() {
        // Upstream returns a plain error here, not a Forbidden one.
        let message = format!("insufficient quota to match these scopes: [{}]", uncovered.join(" "));
        return Err(ApiError::new(Reason::Unknown, message));
    }
    let mut usage = quota::usage(object, context.now, context.rules);
    usage.retain(|_, amount| !amount.is_zero());
    let mut charges = Vec::new();
    for (found, hard, mut used) in interesting {
        let requested = masked(&usage, |name| hard.contains_key(name));
        let before = used.clone();
        quantities::add(&mut used, &requested);
        let exceeds = |name: &str| requested.contains_key(name) && used.get(name) > hard.get(name);
        if requested.keys().any(|name| exceeds(name)) {
            let part = |list: &Amounts| pretty(&masked(list, exceeds));
            let name = found.metadata.name.as_deref().unwrap_or_default();
            let (requested, used, limited) = (part(&requested), part(&before), part(&hard));
            return Err(refuse(format!(
                "exceeded quota: {name}, requested: {requested}, used: {used}, limited: {limited}"
            )));
        }
        if used != before {
            charges.push((ObjectKey::of(found.as_ref()), used));
        }
    }
    Ok(charges)
}

/// What the API server's configuration lets a pod be only where a quota says so (`limitedResources`).
fn limited_scopes(kind: Kind, object: &Object, context: &Context<'_>) -> Vec<Scope> {
    let classes = &context.config.limited_priority_classes;
    if kind != Kind::Pod || classes.is_empty() {
        return Vec::new();
    }
    let scope = Scope { name: "PriorityClass".to_owned(), operator: "In".to_owned(), values: classes.clone() };
    Some(scope).filter(|scope| quota::is_in_scope(scope, object)).into_iter().collect()
}

fn masked(list: &Amounts, keep: impl Fn(&str) -> bool) -> Amounts {
    list.iter().filter(|(name, _)| keep(name)).map(|(name, amount)| (name.clone(), *amount)).collect()
}

/// `a=1,b=2`.
fn pretty(list: &Amounts) -> String {
    let parts: Vec<String> = list.iter().map(|(name, amount)| format!("{name}={amount}")).collect();
    parts.join(",")
}
