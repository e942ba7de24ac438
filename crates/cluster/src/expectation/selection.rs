//! Which objects a selector selects, and what existed when it selects none.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Event, Node};

use super::Selector;
use crate::cluster::Cluster;
use crate::object::{Kind, Object};
use crate::ownership::Ownership;
use crate::pod::{self, Pod};

impl Selector {
    /// The kind of the objects it selects.
    pub fn kind(&self) -> Kind {
        match self {
            Selector::Pods { .. } => Kind::Pod,
            Selector::Nodes { .. } => Kind::Node,
            Selector::Events { .. } => Kind::Event,
            Selector::Objects { kind, .. } => *kind,
        }
    }

    /// Whether a pod of this workload (`kind/name`) is or could be among them, on whatever node it comes to be.
    pub fn may_select(&self, pod: &Pod, workload: &str) -> bool {
        let Selector::Pods { namespace, name, owner, labels, .. } = self else { return true };
        let metadata = &pod.metadata;
        is(namespace, metadata.namespace.as_deref())
            && is_like(name, metadata.name.as_deref())
            && carries(metadata.labels.as_ref(), labels)
            && owner.as_ref().is_none_or(|owner| owner.eq_ignore_ascii_case(workload))
    }

    /// The objects it selects now, by namespace and name; events in the order they were first seen.
    pub(super) fn select(&self, cluster: &Cluster) -> Vec<Object> {
        let store = cluster.store();
        match self {
            Selector::Pods { namespace, name, owner, node, labels } => {
                // Only a selection by owner needs to know who owns whom.
                let ownership = owner.as_ref().map(|_| Ownership::of(store));
                let is_owned = |pod: &Pod| match (owner, &ownership) {
                    (Some(wanted), Some(ownership)) => {
                        ownership.top(&pod.metadata).is_some_and(|owner| owner.to_string().eq_ignore_ascii_case(wanted))
                    }
                    _ => true,
                };
                let selected = store.list::<Pod>().filter(|pod| {
                    let metadata = &pod.metadata;
                    is(namespace, metadata.namespace.as_deref())
                        && is_like(name, metadata.name.as_deref())
                        && is_like(node, pod::node_name(pod))
                        && carries(metadata.labels.as_ref(), labels)
                        && is_owned(pod)
                });
                selected.map(|pod| Object::Pod(pod.clone())).collect()
            }
            Selector::Nodes { name, labels } => {
                let selected = store.list::<Node>().filter(|node| {
                    is_like(name, node.metadata.name.as_deref()) && carries(node.metadata.labels.as_ref(), labels)
                });
                selected.map(|node| Object::Node(node.clone())).collect()
            }
            Selector::Events { .. } => {
                let selected = store.list::<Event>().filter(|event| self.selects_event(event));
                let mut selected: Vec<Object> = selected.map(|event| Object::Event(event.clone())).collect();
                selected.sort_by_key(first_seen);
                selected
            }
            Selector::Objects { kind, namespace, name, labels } => {
                let mut selected = store.objects(*kind);
                selected.retain(|object| {
                    is(namespace, object.namespace())
                        && is_like(name, Some(object.name()))
                        && carries(object.metadata().labels.as_ref(), labels)
                });
                selected
            }
        }
    }

    fn selects_event(&self, event: &Event) -> bool {
        let Selector::Events { namespace, object, type_, reason, message, source } = self else { return false };
        let about = &event.involved_object;
        let reported = event.source.as_ref().and_then(|source| source.component.as_deref());
        let reported = reported.or(event.reporting_component.as_deref());
        is(namespace, event.metadata.namespace.as_deref())
            && object.as_ref().is_none_or(|wanted| {
                let kind = about.kind.as_deref().unwrap_or_default().to_ascii_lowercase();
                glob(&lower_kind(wanted), &format!("{kind}/{}", about.name.as_deref().unwrap_or_default()))
            })
            && is(type_, event.type_.as_deref())
            && is_like(reason, event.reason.as_deref())
            && message.as_ref().is_none_or(|part| event.message.as_ref().is_some_and(|text| text.contains(part)))
            && is_like(source, reported)
    }

    /// The same selector with ever more of its parts left out: what it may have meant, nearest first.
    pub(super) fn relaxed(&self) -> Vec<Selector> {
        let none = BTreeMap::new;
        match self.clone() {
            Selector::Pods { namespace, owner, .. } => {
                let pods =
                    |namespace, owner| Selector::Pods { namespace, name: None, owner, node: None, labels: none() };
                vec![pods(namespace.clone(), owner), pods(namespace, None), pods(None, None)]
            }
            Selector::Nodes { .. } => vec![Selector::Nodes { name: None, labels: none() }],
            Selector::Events { namespace, object, reason, .. } => {
                let events = |namespace, object, reason| Selector::Events {
                    namespace,
                    object,
                    type_: None,
                    reason,
                    message: None,
                    source: None,
                };
                vec![
                    events(namespace.clone(), object.clone(), reason.clone()),
                    events(namespace.clone(), object, None),
                    events(namespace.clone(), None, reason),
                    events(namespace, None, None),
                    events(None, None, None),
                ]
            }
            Selector::Objects { kind, namespace, .. } => {
                let objects = |namespace| Selector::Objects { kind, namespace, name: None, labels: none() };
                vec![objects(namespace), objects(None)]
            }
        }
    }
}

/// `Pod/web` and `deploy/web` as events say it: `pod/web`, `deployment/web`.
fn lower_kind(object: &str) -> String {
    match object.split_once('/') {
        Some((kind, name)) => {
            let kind = Kind::parse(kind).map_or_else(|| kind.to_owned(), |kind| kind.name().to_owned());
            format!("{}/{name}", kind.to_ascii_lowercase())
        }
        None => format!("*/{object}"),
    }
}

fn first_seen(object: &Object) -> Option<k8s_openapi::jiff::Timestamp> {
    let Object::Event(event) = object else { return None };
    let first = event.first_timestamp.as_ref().map(|time| time.0);
    first.or(event.event_time.as_ref().map(|time| time.0))
}

fn is(wanted: &Option<String>, found: Option<&str>) -> bool {
    wanted.as_deref().is_none_or(|wanted| found.unwrap_or_default() == wanted)
}

fn is_like(pattern: &Option<String>, found: Option<&str>) -> bool {
    pattern.as_deref().is_none_or(|pattern| glob(pattern, found.unwrap_or_default()))
}

pub(crate) fn carries(labels: Option<&BTreeMap<String, String>>, wanted: &BTreeMap<String, String>) -> bool {
    wanted.iter().all(|(key, value)| labels.is_some_and(|labels| labels.get(key) == Some(value)))
}

/// Whether `*` in the pattern can stand for what is left of the text.
pub(crate) fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn a_star_stands_for_any_run_of_characters() {
        for (pattern, text, matches) in [
            ("coredns-*", "coredns-7ff7988d-rd2l5", true),
            ("coredns-*", "dns", false),
            ("*", "", true),
            ("", "", true),
            ("", "n1", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b", "ab", true),
            ("ab*b", "ab", false),
        ] {
            assert_eq!(glob(pattern, text), matches, "{pattern} {text}");
        }
    }
}
