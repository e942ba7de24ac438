//! The graph of what waits for what as text that other tools draw.

use std::collections::BTreeMap;
use std::fmt::Write;

use layout::backends::svg::SVGWriter;
use layout::core::base::Orientation;
use layout::core::color::Color;
use layout::core::geometry::Point;
use layout::core::style::StyleAttr;
use layout::std_shapes::shapes::{Arrow, Element, ShapeKind};
use layout::topo::layout::VisualGraph;
use sim_cluster::Cluster;

use super::graph::WaitGraph;
use super::symptom::symptoms;
use super::thing::ThingKind;

/// In which language a graph is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drawing {
    /// Graphviz.
    Dot,
    /// Mermaid, as Markdown viewers draw it.
    Mermaid,
    /// A picture of its own.
    Svg,
}

/// The graph of what waits for what in a cluster as it is now.
pub fn draw(cluster: &Cluster, drawing: Drawing) -> String {
    let symptoms = symptoms(cluster);
    let graph = WaitGraph::of(cluster, &symptoms);
    match drawing {
        Drawing::Dot => dot(&graph),
        Drawing::Mermaid => mermaid(&graph),
        Drawing::Svg => svg(&graph),
    }
}

fn dot(graph: &WaitGraph) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let mut text = "digraph waits {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n".to_owned();
    for (at, knot) in graph.knots() {
        let style = if knot.thing.kind == ThingKind::Pods { ", style=filled, fillcolor=\"#ffe0e0\"" } else { "" };
        let _ = writeln!(text, "  n{} [label={}{style}];", at.index(), quoted(&knot.thing.to_string()));
    }
    for (from, verb, to) in graph.edges() {
        let _ = writeln!(text, "  n{from} -> n{to} [label={}];", quoted(verb));
    }
    text + "}\n"
}

fn mermaid(graph: &WaitGraph) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "#quot;"));
    let mut text = "flowchart LR\n".to_owned();
    for (at, knot) in graph.knots() {
        let _ = writeln!(text, "  n{}[{}]", at.index(), quoted(&knot.thing.to_string()));
    }
    for (from, verb, to) in graph.edges() {
        let _ = writeln!(text, "  n{from} -->|{}| n{to}", quoted(verb));
    }
    text
}

/// That of the arrows' labels: with a second size the writer's style sheet would come in another order each time.
const FONT_SIZE: usize = 15;

fn svg(graph: &WaitGraph) -> String {
    let mut drawn = VisualGraph::new(Orientation::LeftToRight);
    let mut handles = BTreeMap::new();
    for (at, knot) in graph.knots() {
        let text = wrapped(&knot.thing.to_string());
        let fill = if knot.thing.kind == ThingKind::Pods { "#ffe0e0ff" } else { "#ffffffff" };
        let look = StyleAttr::new(Color::fast("black"), 1, Some(Color::fast(fill)), 0, FONT_SIZE);
        let longest = text.lines().map(str::len).max().unwrap_or_default();
        let size = Point::new(longest as f64 * 8.0 + 24.0, text.lines().count() as f64 * 20.0 + 16.0);
        let element = Element::create(ShapeKind::new_box(&text), look, Orientation::LeftToRight, size);
        handles.insert(at.index(), drawn.add_node(element));
    }
    for (from, verb, to) in graph.edges() {
        if let (Some(from), Some(to)) = (handles.get(&from), handles.get(&to)) {
            drawn.add_edge(Arrow::simple(verb), *from, *to);
        }
    }
    let mut writer = SVGWriter::new();
    if graph.knots().next().is_some() {
        drawn.do_it(false, false, false, &mut writer);
    }
    writer.finalize() + "\n"
}

/// Names of more than a few words, in lines.
fn wrapped(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.len() + word.len() < 28 => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

impl WaitGraph {
    /// The edges in the order they were found, by the numbers of their ends.
    fn edges(&self) -> Vec<(usize, &'static str, usize)> {
        let mut edges = Vec::new();
        for (at, _) in self.knots() {
            edges.extend(self.waits_of(at).into_iter().map(|(verb, to)| (at.index(), verb, to.index())));
        }
        edges
    }
}
