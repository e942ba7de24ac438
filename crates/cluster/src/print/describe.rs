//! The parts that `kubectl describe` pages share: a page is tab-separated text, aligned at the end as a whole.

use std::collections::BTreeMap;
use std::fmt::Write;

use k8s_openapi::api::core::v1::{Event, Toleration};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::context::PrintContext;
use super::events::{Times, source};
use super::table::align;
use crate::pod;

/// Longer annotations are shown on lines of their own, cut to this length (`maxAnnotationLen`).
const MAX_ANNOTATION: usize = 140;

/// A page being written.
#[derive(Debug, Default)]
pub(super) struct Page {
    text: String,
    /// What is already aligned: columns do not reach over it.
    done: String,
}

impl Page {
    /// A line, indented by `level` times two blanks.
    pub(super) fn line(&mut self, level: usize, line: &str) {
        let _ = writeln!(self.text, "{:indent$}{line}", "", indent = level * 2);
    }

    /// `Title:` and a value in the next column.
    pub(super) fn field(&mut self, level: usize, title: &str, value: &str) {
        self.line(level, &format!("{title}:\t{value}"));
    }

    /// Labels or selectors, one a line (`printLabelsMultiline`).
    pub(super) fn labels(&mut self, title: &str, labels: Option<&BTreeMap<String, String>>) {
        let lines: Vec<String> = labels.into_iter().flatten().map(|(key, value)| format!("{key}={value}")).collect();
        self.lines(title, &lines);
    }

    /// A title with values, one a line, or `<none>`.
    pub(super) fn lines(&mut self, title: &str, lines: &[String]) {
        match lines {
            [] => self.field(0, title, "<none>"),
            [first, rest @ ..] => {
                self.field(0, title, first);
                for line in rest {
                    self.line(0, &format!("\t{line}"));
                }
            }
        }
    }

    /// Who controls the object, when somebody does.
    pub(super) fn controller(&mut self, metadata: &ObjectMeta) {
        if let Some(owner) = pod::controller_of(metadata) {
            self.field(0, "Controlled By", &format!("{}/{}", owner.kind, owner.name));
        }
    }

    /// Type, status and reason of conditions, when there are any.
    pub(super) fn conditions(&mut self, conditions: impl Iterator<Item = [String; 3]>) {
        let lines: Vec<String> =
            conditions.map(|[type_, status, reason]| format!("{type_} \t{status}\t{reason}")).collect();
        if !lines.is_empty() {
            self.line(0, "Conditions:");
            self.line(1, "Type\tStatus\tReason");
            self.line(1, "----\t------\t------");
            lines.iter().for_each(|line| self.line(1, line));
        }
    }

    /// Annotations, without what kubectl itself keeps there (`printAnnotationsMultiline`).
    pub(super) fn annotations(&mut self, annotations: Option<&BTreeMap<String, String>>) {
        self.titled_annotations("Annotations", annotations);
    }

    /// The same under another title.
    pub(super) fn titled_annotations(&mut self, title: &str, annotations: Option<&BTreeMap<String, String>>) {
        let shown = annotations
            .into_iter()
            .flatten()
            .filter(|(key, _)| *key != "kubectl.kubernetes.io/last-applied-configuration");
        let mut lines = Vec::new();
        for (key, value) in shown {
            let value = value.trim_end_matches('\n');
            if value.len() + key.len() + 2 > MAX_ANNOTATION || value.contains('\n') {
                lines.push(format!("{key}:"));
                lines.extend(value.lines().map(|line| format!("  {}", shorten(line, MAX_ANNOTATION - 2))));
            } else {
                lines.push(format!("{key}: {value}"));
            }
        }
        self.lines(title, &lines);
    }

    /// Tolerations by key (`printPodTolerationsMultiline`).
    pub(super) fn tolerations(&mut self, title: &str, tolerations: &[Toleration], context: &PrintContext) {
        let mut sorted: Vec<&Toleration> = tolerations.iter().collect();
        sorted.sort_by_key(|toleration| toleration.key.clone().unwrap_or_default());
        let lines: Vec<String> = sorted.into_iter().map(|toleration| toleration_text(toleration, context)).collect();
        self.lines(title, &lines);
    }

    /// The events, oldest last sight first, as `DescribeEvents` sorts them.
    pub(super) fn events(&mut self, events: &[&Event], context: &PrintContext) {
        if events.is_empty() {
            self.field(0, "Events", "<none>");
            return;
        }
        self.flush();
        let mut sorted: Vec<&&Event> = events.iter().collect();
        sorted.sort_by_key(|event| {
            (event.last_timestamp.as_ref().map(|time| time.0), event.event_time.as_ref().map(|time| time.0))
        });
        self.line(0, "Events:");
        self.line(1, "Type\tReason\tAge\tFrom\tMessage");
        self.line(1, "----\t------\t----\t----\t-------");
        for event in sorted {
            let age = Times::of(event, context).seen(context);
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            let message = text(&event.message);
            let part = event.involved_object.field_path.as_deref().filter(|_| context.layout.event_field_path);
            let part = part.filter(|part| !part.is_empty()).map_or(String::new(), |part| format!("{part}: "));
            self.line(
                1,
                &format!(
                    "{}\t{}\t{age}\t{}\t{part}{}",
                    text(&event.type_),
                    text(&event.reason),
                    source(event, context.layout.event_host),
                    message.trim()
                ),
            );
        }
    }

    /// Ends the columns that are open.
    pub(super) fn flush(&mut self) {
        self.done.push_str(&align(&self.text, 0, 2));
        self.text.clear();
    }

    pub(super) fn finish(mut self) -> String {
        self.flush();
        self.done
    }
}

fn toleration_text(toleration: &Toleration, context: &PrintContext) -> String {
    let part = |text: &Option<String>| text.clone().unwrap_or_default();
    let (key, value, effect) = (part(&toleration.key), part(&toleration.value), part(&toleration.effect));
    let mut text = key.clone();
    if !value.is_empty() {
        let _ = write!(text, "={value}");
    }
    if !effect.is_empty() {
        let _ = write!(text, ":{effect}");
    }
    if context.layout.toleration_operator && toleration.operator.as_deref() == Some("Exists") && value.is_empty() {
        text.push_str(if key.is_empty() && effect.is_empty() { "op=Exists" } else { " op=Exists" });
    }
    if let Some(seconds) = toleration.toleration_seconds {
        let _ = write!(text, " for {seconds}s");
    }
    text
}

/// The text, or its beginning and `...`.
fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most { text.to_owned() } else { text.chars().take(most).collect::<String>() + "..." }
}

/// The text, or `<none>`.
pub(super) fn or_none(text: Option<&str>) -> &str {
    text.filter(|text| !text.is_empty()).unwrap_or("<none>")
}
