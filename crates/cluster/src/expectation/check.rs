//! Whether an expectation holds of the cluster as it is, and what is found instead.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::Node;
use serde_json::Value;

use super::selection::glob;
use super::{Expect, Expectation, Selector};
use crate::cluster::Cluster;
use crate::object::{Kind, Object};
use crate::pod::{self, Pod};
use crate::print::{self, TableOptions};
use crate::result::{NodeResult, reason_and_message, restarts};

/// So many objects are told of; the rest are counted.
const SHOWN: usize = 10;

/// What an expectation found that it did not expect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// In a sentence.
    pub(crate) sentence: String,
    /// The objects, as `kubectl get` shows them.
    pub(crate) table: Option<String>,
}

impl Expectation {
    /// Checks the expectation against the cluster as it is now.
    ///
    /// # Errors
    /// What was found instead.
    pub(crate) fn check(&self, cluster: &Cluster) -> Result<(), Found> {
        let selected = self.selector.select(cluster);
        let found = if matches!(self.selector, Selector::Events { .. }) {
            selected.iter().map(times_seen).sum()
        } else {
            i64::try_from(selected.len()).unwrap_or(i64::MAX)
        };
        let what = self.selector.kind().plural();
        if selected.is_empty() && self.expect.count.is_none_or(|count| !count.admits(0)) {
            return Err(self.nothing_selected(cluster));
        }
        if let Some(count) = self.expect.count.filter(|count| !count.admits(found)) {
            let sentence = format!("{found} {what} are selected, expected {count}");
            return Err(Found { sentence, table: show(cluster, &selected) });
        }
        let mut differing = Vec::new();
        let mut sentences = Vec::new();
        for object in &selected {
            let wrong = self.expect.differences(object, cluster);
            if !wrong.is_empty() {
                sentences.push(format!("{} {}", title(object), wrong.join(", ")));
                differing.push(object.clone());
            }
        }
        if sentences.is_empty() {
            return Ok(());
        }
        let more = sentences.len().saturating_sub(SHOWN);
        sentences.truncate(SHOWN);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        Err(Found { sentence: sentences.join("; ") + &more, table: show(cluster, &differing) })
    }

    /// Says that nothing is selected, and what existed that may have been meant.
    fn nothing_selected(&self, cluster: &Cluster) -> Found {
        let what = self.selector.kind().plural();
        let nearest = self.selector.relaxed().into_iter().map(|selector| selector.select(cluster));
        match nearest.into_iter().find(|objects| !objects.is_empty()) {
            Some(existed) => Found {
                sentence: format!("no {what} are selected; there were {}", names(&existed)),
                table: show(cluster, &existed),
            },
            None => Found { sentence: format!("no {what} are selected: there were none at all"), table: None },
        }
    }
}

impl Expect {
    fn differences(&self, object: &Object, cluster: &Cluster) -> Vec<String> {
        let mut wrong = Differences(Vec::new());
        match object {
            Object::Pod(pod) => self.pod(&mut wrong, pod, cluster),
            Object::Node(node) => self.node(&mut wrong, node),
            _ => {}
        }
        if !self.conditions.is_empty() || !self.fields.is_empty() {
            self.any(&mut wrong, &object.to_value());
        }
        wrong.0
    }

    fn pod(&self, wrong: &mut Differences, pod: &Pod, cluster: &Cluster) {
        let (reason, message) = reason_and_message(pod);
        let contained = |part: &str, whole: &str| whole.contains(part);
        wrong.text("phase", &self.phase, pod::phase(pod), |wanted, found| wanted == found);
        if self.status.is_some() {
            wrong.text("status", &self.status, &print::pod_status(pod, &cluster.print_context()), glob);
        }
        wrong.text("node", &self.node, pod::node_name(pod).unwrap_or_default(), glob);
        wrong.text("reason", &self.reason, reason.as_deref().unwrap_or_default(), contained);
        wrong.text("message", &self.message, message.as_deref().unwrap_or_default(), contained);
        wrong.bool("ready", self.ready, pod::is_ready(pod));
        let restarted = restarts(pod);
        if let Some(wanted) = self.restarts.filter(|wanted| !wanted.admits(restarted.into())) {
            wrong.0.push(format!("has {restarted} restarts, expected {wanted}"));
        }
    }

    fn node(&self, wrong: &mut Differences, node: &Node) {
        let view = NodeResult::of(node);
        wrong.text("status", &self.status, &print::node_status(node), glob);
        wrong.bool("ready", self.ready, view.ready);
        wrong.bool("schedulable", self.schedulable, view.schedulable);
        if let Some(wanted) = &self.taints {
            let sorted = |taints: &[String]| taints.iter().cloned().collect::<BTreeSet<_>>();
            if sorted(wanted) != sorted(&view.taints) {
                wrong.0.push(format!("taints are [{}]", view.taints.join(", ")));
            }
        }
    }

    /// Conditions and fields, which every kind may have.
    fn any(&self, wrong: &mut Differences, object: &Value) {
        let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
        for (type_, wanted) in &self.conditions {
            let named = |condition: &&Value| condition.get("type").and_then(Value::as_str) == Some(type_);
            let found = conditions.into_iter().flatten().find(named);
            let text = |key: &str| found.and_then(|condition| condition.get(key)).and_then(Value::as_str).unwrap_or("");
            let (status, reason) = (text("status"), text("reason"));
            if wanted == status || (!wanted.is_empty() && wanted == reason) {
                continue;
            }
            wrong.0.push(match found {
                None => format!("condition {type_} is not there"),
                Some(_) if reason.is_empty() => format!("condition {type_} is {status}"),
                Some(_) => format!("condition {type_} is {status} ({reason})"),
            });
        }
        for (path, wanted) in &self.fields {
            let found = path.find(object);
            if !wanted.admits(found) {
                let shown = found.map_or_else(|| "not there".to_owned(), Value::to_string);
                wrong.0.push(format!("{path} is {shown}, expected {wanted}"));
            }
        }
    }
}

struct Differences(Vec<String>);

impl Differences {
    fn text(&mut self, field: &str, wanted: &Option<String>, found: &str, holds: impl Fn(&str, &str) -> bool) {
        if wanted.as_deref().is_some_and(|wanted| !holds(wanted, found)) {
            self.0.push(format!("{field} is {found:?}"));
        }
    }

    fn bool(&mut self, field: &str, wanted: Option<bool>, found: bool) {
        if wanted.is_some_and(|wanted| wanted != found) {
            self.0.push(format!("{field} is {found}"));
        }
    }
}

/// How often an event was seen.
fn times_seen(object: &Object) -> i64 {
    let Object::Event(event) = object else { return 0 };
    let series = event.series.as_ref().and_then(|series| series.count);
    series.or(event.count).unwrap_or(1).into()
}

/// `pod kube-system/coredns-…:`.
fn title(object: &Object) -> String {
    let kind = object.kind_name().to_ascii_lowercase();
    match object.namespace() {
        Some(namespace) => format!("{kind} {namespace}/{}:", object.name()),
        None => format!("{kind} {}:", object.name()),
    }
}

fn names(objects: &[Object]) -> String {
    let name = |object: &Object| match object {
        Object::Event(event) => {
            let about = event.involved_object.name.as_deref().unwrap_or_default();
            format!("{} of {about}", event.reason.as_deref().unwrap_or_default())
        }
        other => other.name().to_owned(),
    };
    let names: Vec<String> = objects.iter().take(3).map(name).collect();
    match objects.len() {
        ..=3 => names.join(", "),
        many => format!("{} and {} more", names.join(", "), many - 3),
    }
}

/// The first objects as `kubectl get` shows them, and how many more there are.
fn show(cluster: &Cluster, objects: &[Object]) -> Option<String> {
    let first = objects.get(..objects.len().min(SHOWN)).filter(|first| !first.is_empty())?;
    let kind = first[0].kind()?;
    let context = cluster.print_context();
    let options =
        TableOptions { wide: kind == Kind::Pod, with_namespace: kind.is_namespaced(), ..TableOptions::default() };
    let mut text = print::objects(kind, first, &context).render(&options);
    if objects.len() > SHOWN {
        text.push_str(&format!("… and {} more\n", objects.len() - SHOWN));
    }
    Some(text)
}
