//! The timeline as a page of its own: nodes as rows, pods as bars, steps and taints as marks. It opens without a network.

use std::collections::BTreeMap;
use std::fmt::Write;

use quick_xml::escape::escape;
use sim_cluster::{Happened, Happening, NodeState, ObjectKey, PodState, format_millis};

use super::by_moment;

const STYLE: &str = include_str!("timeline.css");
/// What stands for the node of pods that have none.
const NO_NODE: &str = "(no node)";
/// Height of one lane of bars, in pixels.
const LANE: usize = 9;
/// A page with more bars is of no use to a person or a browser: the rest of each node's pods are left out, and counted.
const BARS_MAX: usize = 40_000;

/// A stretch of time in which a pod was on one node in one state; `to_ms` is absent for what lasts to the end.
#[derive(Debug, Clone)]
struct Bar {
    from_ms: u64,
    to_ms: u64,
    name: String,
    owner: Option<String>,
    state: PodState,
}

/// A stretch of time in which a node was as it was.
#[derive(Debug, Clone)]
struct Stretch {
    from_ms: u64,
    to_ms: u64,
    state: NodeState,
}

#[derive(Debug, Default)]
struct Row {
    bars: Vec<Bar>,
    stretches: Vec<Stretch>,
}

/// The page; `end_ms` is where the run ended.
pub(crate) fn page(title: &str, description: &str, history: &[Happening], end_ms: u64) -> String {
    let Read { rows, steps, drained } = read(history, end_ms);
    let end_ms = end_ms.max(1);
    let total: usize = rows.values().map(|row| row.bars.len()).sum();
    let per_row = if total > BARS_MAX { BARS_MAX / rows.len().max(1) } else { usize::MAX };
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n",
        title = escape(title)
    );
    if !description.is_empty() {
        let _ = writeln!(page, "<p>{}</p>", escape(description));
    }
    page.push_str(&legend());
    page.push_str("<div class=\"chart\"><div class=\"wide\" id=\"wide\">\n");
    page.push_str(&axis(&steps, end_ms));
    for (name, row) in &rows {
        page.push_str(&row_of(name, row, &steps, drained.get(name).map_or(&[], Vec::as_slice), end_ms, per_row));
    }
    page.push_str("</div></div>\n");
    page.push_str(&list(&steps));
    page.push_str(&list_of_drains(&drained));
    let _ = writeln!(
        page,
        "<details><summary>Everything, as text</summary><pre>{}</pre></details>",
        escape(super::table(history).as_str())
    );
    page.push_str("<script>\nconst zoom = document.getElementById('zoom'), wide = document.getElementById('wide');\nzoom.addEventListener('input', () => { wide.style.width = zoom.value + '%'; });\n</script>\n</body>\n</html>\n");
    page
}

/// A step and when it was carried out.
struct Step {
    at_ms: u64,
    step: String,
    said: String,
    refused: bool,
}

/// What a drain did to a pod, or its end.
struct Turn {
    at_ms: u64,
    said: String,
    refused: bool,
}

/// What happened, as rows by node, as steps, and as drains by node.
struct Read {
    rows: BTreeMap<String, Row>,
    steps: Vec<Step>,
    drained: BTreeMap<String, Vec<Turn>>,
}

fn read(history: &[Happening], end_ms: u64) -> Read {
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    let mut steps = Vec::new();
    let mut drained: BTreeMap<String, Vec<Turn>> = BTreeMap::new();
    let mut pods: BTreeMap<ObjectKey, (u64, Option<String>, PodState)> = BTreeMap::new();
    let mut nodes: BTreeMap<String, (u64, NodeState)> = BTreeMap::new();
    let close = |rows: &mut BTreeMap<String, Row>, key: &ObjectKey, from_ms, to_ms, owner, state: PodState| {
        let row = rows.entry(state.node.clone().unwrap_or_else(|| NO_NODE.to_owned())).or_default();
        row.bars.push(Bar { from_ms, to_ms, name: key.to_string(), owner, state });
    };
    for (at_ms, happened) in by_moment(history) {
        for what in happened {
            match what {
                Happened::Step { step, said, refused, .. } => {
                    steps.push(Step { at_ms, step, said: said.join("; "), refused });
                }
                Happened::Eviction { node, key, refused, .. } => {
                    let (said, refused) = match refused {
                        None => (format!("{key} is evicted"), false),
                        Some(refused) => (format!("{key} is not evicted: {refused}"), true),
                    };
                    drained.entry(node).or_default().push(Turn { at_ms, said, refused });
                }
                Happened::DrainEnded { node, said, succeeded } => {
                    let turn = Turn { at_ms, said: said.join("; "), refused: !succeeded };
                    drained.entry(node).or_default().push(turn);
                }
                Happened::Pod { key, owner, after, .. } => {
                    if let Some((from_ms, owned, state)) = pods.remove(&key) {
                        close(&mut rows, &key, from_ms, at_ms, owned, state);
                    }
                    if let Some(state) = after {
                        pods.insert(key, (at_ms, owner, state));
                    }
                }
                Happened::Node { name, after, .. } => {
                    let row = rows.entry(name.clone()).or_default();
                    if let Some((from_ms, state)) = nodes.remove(&name) {
                        row.stretches.push(Stretch { from_ms, to_ms: at_ms, state });
                    }
                    if let Some(state) = after {
                        nodes.insert(name, (at_ms, state));
                    }
                }
                Happened::Event { .. } => {}
            }
        }
    }
    for (key, (from_ms, owner, state)) in pods {
        close(&mut rows, &key, from_ms, end_ms, owner, state);
    }
    for (name, (from_ms, state)) in nodes {
        rows.entry(name).or_default().stretches.push(Stretch { from_ms, to_ms: end_ms, state });
    }
    Read { rows, steps, drained }
}

fn legend() -> String {
    let mut text = String::from("<p class=\"legend\">");
    for (class, words) in [
        ("waiting", "waits for a node"),
        ("starting", "starts"),
        ("running", "runs, not ready"),
        ("ready", "ready"),
        ("trouble", "in trouble"),
        ("terminating", "terminating"),
        ("succeeded", "succeeded"),
        ("failed", "failed"),
    ] {
        let _ = write!(text, "<span><i class=\"{class}\"></i>{words}</span>");
    }
    text.push_str("<span><i class=\"bad\"></i>node not ready</span><span><i class=\"cordoned\"></i>cordoned</span><span>▾ taint set ▵ taint removed</span><span>▸ evicted ✕ not evicted</span> <label>zoom <input id=\"zoom\" type=\"range\" min=\"100\" max=\"5000\" value=\"100\"></label></p>\n");
    text
}

/// The ruler: moments of virtual time, and the steps.
fn axis(steps: &[Step], end_ms: u64) -> String {
    let mut text = String::from("<div class=\"row axis\"><div class=\"name\">virtual time</div><svg height=\"34\">");
    let tick = tick_ms(end_ms);
    for at_ms in (0..=end_ms).step_by(usize::try_from(tick).unwrap_or(usize::MAX)) {
        let at = percent(at_ms, end_ms);
        let _ = write!(
            text,
            "<line x1=\"{at}\" x2=\"{at}\" y1=\"20\" y2=\"34\"/><text x=\"{at}\" dx=\"3\" y=\"31\">{}</text>",
            format_millis(at_ms)
        );
    }
    for (number, step) in steps.iter().enumerate() {
        let at = percent(step.at_ms, end_ms);
        let class = if step.refused { "step refused" } else { "step" };
        let _ = write!(
            text,
            "<g class=\"{class}\"><title>{} {}: {}</title><line x1=\"{at}\" x2=\"{at}\" y1=\"0\" y2=\"34\"/><text x=\"{at}\" dx=\"3\" y=\"12\">{}</text></g>",
            format_millis(step.at_ms),
            escape(step.step.as_str()),
            escape(step.said.as_str()),
            number + 1
        );
    }
    text.push_str("</svg></div>\n");
    text
}

fn row_of(name: &str, row: &Row, steps: &[Step], turns: &[Turn], end_ms: u64, per_row: usize) -> String {
    let (lanes, placed) = lanes(&row.bars);
    let height = lanes.max(1) * LANE + 8;
    let mut text = String::new();
    let left_out = row.bars.len().saturating_sub(per_row);
    let more = if left_out > 0 { format!(" (+{left_out})") } else { String::new() };
    let _ = write!(
        text,
        "<div class=\"row\"><div class=\"name\" title=\"{0}\">{0}{more}</div><svg height=\"{height}\">",
        escape(name)
    );
    let mut had: &[String] = &[];
    for stretch in &row.stretches {
        let class = match stretch.state.status.as_str() {
            "Ready" => "good",
            "Ready,SchedulingDisabled" => "cordoned",
            _ => "bad",
        };
        let (x, width) = (percent(stretch.from_ms, end_ms), percent(stretch.to_ms - stretch.from_ms, end_ms));
        let taints =
            if stretch.state.taints.is_empty() { "no taints".to_owned() } else { stretch.state.taints.join(", ") };
        let title = format!("{name}: {}, {taints}\n{}", stretch.state.status, span(stretch.from_ms, stretch.to_ms));
        let _ = write!(
            text,
            "<rect class=\"{class}\" x=\"{x}\" y=\"0\" width=\"{width}\" height=\"{height}\"><title>{}</title></rect>",
            escape(title.as_str())
        );
        let set = stretch.state.taints.iter().filter(|taint| !had.contains(taint)).map(|taint| ("▾", taint));
        let removed = had.iter().filter(|taint| !stretch.state.taints.contains(taint)).map(|taint| ("▵", taint));
        for (mark, taint) in set.chain(removed) {
            let title = format!("{} {mark} {taint}", format_millis(stretch.from_ms));
            let _ = write!(
                text,
                "<text class=\"taint\" x=\"{x}\" y=\"8\">{mark}<title>{}</title></text>",
                escape(title.as_str())
            );
        }
        had = &stretch.state.taints;
    }
    for (bar, lane) in row.bars.iter().zip(placed).take(per_row) {
        let (x, width) = (percent(bar.from_ms, end_ms), percent(bar.to_ms.saturating_sub(bar.from_ms), end_ms));
        let owner = bar.owner.as_ref().map(|owner| format!(" of {owner}")).unwrap_or_default();
        let title = format!("{}{owner}: {}\n{}", bar.name, bar.state.status, span(bar.from_ms, bar.to_ms));
        let _ = write!(
            text,
            "<rect class=\"{}\" x=\"{x}\" y=\"{}\" width=\"{width}\" height=\"{}\"><title>{}</title></rect>",
            class_of(&bar.state),
            4 + lane * LANE,
            LANE - 2,
            escape(title.as_str())
        );
    }
    for turn in turns {
        let (at, mark) = (percent(turn.at_ms, end_ms), if turn.refused { "✕" } else { "▸" });
        let title = format!("{} {}", format_millis(turn.at_ms), turn.said);
        let _ = write!(
            text,
            "<text class=\"drain\" x=\"{at}\" y=\"{}\">{mark}<title>{}</title></text>",
            height.saturating_sub(2),
            escape(title.as_str())
        );
    }
    for step in steps {
        let at = percent(step.at_ms, end_ms);
        let _ = write!(text, "<line class=\"step\" x1=\"{at}\" x2=\"{at}\" y1=\"0\" y2=\"{height}\"/>");
    }
    text.push_str("</svg></div>\n");
    text
}

/// The steps below the chart, by the numbers they have in it.
fn list(steps: &[Step]) -> String {
    if steps.is_empty() {
        return String::new();
    }
    let mut text = String::from("<h2>Steps</h2>\n<ol>\n");
    for step in steps {
        let class = if step.refused { " class=\"refused\"" } else { "" };
        let _ = writeln!(
            text,
            "<li{class}><b>{}</b> {} <span>{}</span></li>",
            format_millis(step.at_ms),
            escape(step.step.as_str()),
            escape(step.said.as_str())
        );
    }
    text.push_str("</ol>\n");
    text
}

/// Who was evicted when, and what was refused, node by node.
fn list_of_drains(drained: &BTreeMap<String, Vec<Turn>>) -> String {
    let mut text = String::new();
    for (node, turns) in drained {
        let _ = writeln!(text, "<h2>Drain of {}</h2>\n<ul>", escape(node.as_str()));
        for turn in turns {
            let class = if turn.refused { " class=\"refused\"" } else { "" };
            let said = escape(turn.said.as_str());
            let _ = writeln!(text, "<li{class}><b>{}</b> {said}</li>", format_millis(turn.at_ms));
        }
        text.push_str("</ul>\n");
    }
    text
}

/// Which lane each bar goes to, and how many there are: a pod keeps its lane while it is on the node.
fn lanes(bars: &[Bar]) -> (usize, Vec<usize>) {
    let mut order: Vec<usize> = (0..bars.len()).collect();
    order.sort_by_key(|index| (bars[*index].from_ms, *index));
    // By lane: until when it is taken, and by which pod.
    let mut taken: Vec<(u64, &str)> = Vec::new();
    let mut lane_of: BTreeMap<&str, usize> = BTreeMap::new();
    let mut placed = vec![0; bars.len()];
    for index in order {
        let bar = &bars[index];
        let own = lane_of.get(bar.name.as_str()).copied().filter(|lane| taken[*lane].1 == bar.name);
        let lane = own.or_else(|| taken.iter().position(|(until, _)| *until < bar.from_ms)).unwrap_or_else(|| {
            taken.push((0, ""));
            taken.len() - 1
        });
        taken[lane] = (bar.to_ms, &bar.name);
        lane_of.insert(&bar.name, lane);
        placed[index] = lane;
    }
    (taken.len(), placed)
}

fn class_of(state: &PodState) -> &'static str {
    match (state.phase.as_str(), state.status.as_str()) {
        (_, "Terminating" | "Unknown") => "terminating",
        ("Succeeded", _) => "succeeded",
        ("Failed", _) => "failed",
        ("Pending", _) if state.node.is_none() => "waiting",
        (_, "Running") if state.ready => "ready",
        (_, "Running" | "NotReady") => "running",
        (_, "Pending" | "ContainerCreating" | "PodInitializing") => "starting",
        (_, status) if status.starts_with("Init:") && !status.contains("Err") && !status.contains("BackOff") => {
            "starting"
        }
        _ => "trouble",
    }
}

fn span(from_ms: u64, to_ms: u64) -> String {
    format!("{} to {}", format_millis(from_ms), format_millis(to_ms))
}

fn percent(part: u64, whole: u64) -> String {
    format!("{:.4}%", part as f64 * 100.0 / whole as f64)
}

/// The step between two marks of the ruler, so that there are twelve at most.
fn tick_ms(end_ms: u64) -> u64 {
    const NICE_SECONDS: [u64; 16] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600];
    let nice = NICE_SECONDS.iter().map(|seconds| seconds * 1000).find(|tick| end_ms / tick <= 12);
    nice.unwrap_or_else(|| (end_ms / 12).max(1))
}
