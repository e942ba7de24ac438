//! The timeline as a table: a line for everything alike that happened to the pods of one workload at one moment.

use sim_cluster::print::{Table, TableOptions};
use sim_cluster::{Happened, Happening, NodeState, PodState, format_millis};

use super::by_moment;

/// Events of pods that say what the pods' own lines say.
const ROUTINE: [&str; 8] =
    ["Scheduled", "Pulling", "Pulled", "Created", "Started", "Killing", "SuccessfulCreate", "SuccessfulDelete"];
/// What was not there before.
const NEW: &str = "new, ";
/// So many names are listed; the rest are counted.
const LISTED: usize = 3;

/// The whole timeline.
pub(crate) fn table(history: &[Happening]) -> String {
    let mut rows = Vec::new();
    for (at_ms, happened) in by_moment(history) {
        for line in lines(&happened, at_ms == 0) {
            let time = format_millis(at_ms);
            rows.push(vec![time, line.what.to_owned(), line.objects(), line.told()]);
        }
    }
    Table::of(&["TIME", "WHAT", "OBJECT", "HOW"], rows).render(&TableOptions::default())
}

/// What happened alike to several objects.
struct Line {
    what: &'static str,
    owner: Option<String>,
    names: Vec<String>,
    how: String,
    /// The nodes that pods came to.
    nodes: Vec<String>,
}

impl Line {
    fn objects(&self) -> String {
        match (self.names.as_slice(), &self.owner) {
            ([one], _) => one.clone(),
            (many, Some(owner)) => format!("{} of {owner}", many.len()),
            (many, None) => list(many),
        }
    }

    fn told(self) -> String {
        match self.nodes.as_slice() {
            [] => self.how,
            nodes if self.how.is_empty() => format!("on {}", list(nodes)),
            nodes => format!("{}, on {}", self.how, list(nodes)),
        }
    }
}

/// The first names, and how many more there are.
fn list(names: &[String]) -> String {
    match names.len() {
        ..=LISTED => names.join(","),
        many => format!("{} and {} more", names[..LISTED].join(","), many - LISTED),
    }
}

/// The lines of one moment, in the order in which the first of each happened. At the beginning, what is there has not
/// come.
fn lines(happened: &[Happened], at_the_beginning: bool) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for what in happened {
        let Some(mut next) = line(what) else { continue };
        if at_the_beginning && let Some(rest) = next.how.strip_prefix(NEW) {
            next.how = rest.to_owned();
        }
        let alike = |line: &&mut Line| {
            line.what == next.what
                && line.owner == next.owner
                && line.how == next.how
                && line.nodes.is_empty() == next.nodes.is_empty()
        };
        match lines.iter_mut().find(alike).filter(|_| next.what != "step") {
            Some(line) => {
                next.names.retain(|name| !line.names.contains(name));
                line.names.extend(next.names);
                next.nodes.retain(|node| !line.nodes.contains(node));
                line.nodes.extend(next.nodes);
            }
            None => lines.push(next),
        }
    }
    lines
}

fn line(happened: &Happened) -> Option<Line> {
    Some(match happened {
        Happened::Step { step, said, refused, .. } => {
            let said = said.join("; ");
            let how = if *refused { format!("refused: {said}") } else { said };
            Line { what: "step", owner: None, names: vec![step.clone()], how, nodes: Vec::new() }
        }
        Happened::Eviction { node, key, owner, refused } => {
            let how = match refused {
                None => format!("evicted from {node}"),
                Some(refused) => format!("not evicted from {node}: {refused}"),
            };
            Line { what: "drain", owner: owner.clone(), names: vec![key.to_string()], how, nodes: Vec::new() }
        }
        Happened::DrainEnded { node, said, .. } => {
            let said = said.iter().map(|line| line.trim()).filter(|line| !line.is_empty()).collect::<Vec<_>>();
            Line { what: "drain", owner: None, names: vec![node.clone()], how: said.join("; "), nodes: Vec::new() }
        }
        Happened::Pod { key, owner, before, after } => {
            let (how, node) = pod(before.as_ref(), after.as_ref());
            Line {
                what: "pod",
                owner: owner.clone(),
                names: vec![key.to_string()],
                how,
                nodes: node.into_iter().collect(),
            }
        }
        Happened::Node { name, before, after } => {
            let how = node(before.as_ref(), after.as_ref());
            Line { what: "node", owner: None, names: vec![name.clone()], how, nodes: Vec::new() }
        }
        Happened::Event { type_, reason, .. } if type_ == "Normal" && ROUTINE.contains(&reason.as_str()) => {
            return None;
        }
        Happened::Event { object, owner, reason, message, .. } => {
            let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
            // A message that names the pod is alike for all of them.
            let name = object.split_once('/').map_or(object.as_str(), |(_, name)| name);
            let message = if owner.is_some() { message.replace(name, "…") } else { message };
            Line {
                what: "event",
                owner: owner.clone(),
                names: vec![object.clone()],
                how: format!("{reason}: {message}"),
                nodes: Vec::new(),
            }
        }
    })
}

/// What became of a pod, and the node that it came to.
fn pod(before: Option<&PodState>, after: Option<&PodState>) -> (String, Option<String>) {
    let Some(now) = after else { return ("gone".to_owned(), None) };
    let status = match before {
        None => Some(format!("{NEW}{}", now.status)),
        Some(then) => (then.status != now.status).then(|| format!("{} → {}", then.status, now.status)),
    };
    let ready = match (before.is_some_and(|then| then.ready), now.ready) {
        (false, true) => Some("ready".to_owned()),
        (true, false) => Some("not ready".to_owned()),
        _ => None,
    };
    let node = now.node.clone().filter(|node| before.and_then(|then| then.node.as_ref()) != Some(node));
    (status.into_iter().chain(ready).collect::<Vec<_>>().join(", "), node)
}

fn node(before: Option<&NodeState>, after: Option<&NodeState>) -> String {
    let Some(now) = after else { return "gone".to_owned() };
    let mut parts = Vec::new();
    match before {
        None => parts.push(format!("{NEW}{}", now.status)),
        Some(then) if then.status != now.status => parts.push(format!("{} → {}", then.status, now.status)),
        Some(_) => {}
    }
    let none = Vec::new();
    let had = before.map_or(&none, |then| &then.taints);
    parts.extend(now.taints.iter().filter(|taint| !had.contains(taint)).map(|taint| format!("+ {taint}")));
    parts.extend(had.iter().filter(|taint| !now.taints.contains(taint)).map(|taint| format!("- {taint}")));
    parts.join(", ")
}
