//! `sim run --timeline`: what happened when, as text and as a page.

mod html;
mod text;

use std::collections::BTreeMap;

use sim_cluster::{Happened, Happening, ObjectKey};

pub(crate) use html::page;
pub(crate) use text::table;

/// What happened, each moment told once: a pod or node that changed several times at one moment changed from what it was
/// before to what it was after it.
fn by_moment(history: &[Happening]) -> Vec<(u64, Vec<Happened>)> {
    let mut moments: Vec<(u64, Vec<Happened>)> = Vec::new();
    let mut pods: BTreeMap<ObjectKey, usize> = BTreeMap::new();
    let mut nodes: BTreeMap<String, usize> = BTreeMap::new();
    for Happening { at_ms, what } in history {
        if moments.last().is_none_or(|(last, _)| last != at_ms) {
            moments.push((*at_ms, Vec::new()));
            pods.clear();
            nodes.clear();
        }
        let Some((_, happened)) = moments.last_mut() else { continue };
        let index = happened.len();
        let earlier = match what {
            Happened::Pod { key, .. } => *pods.entry(key.clone()).or_insert(index),
            Happened::Node { name, .. } => *nodes.entry(name.clone()).or_insert(index),
            _ => index,
        };
        match (happened.get_mut(earlier), what) {
            (Some(Happened::Pod { after, owner, .. }), Happened::Pod { after: now, owner: owned, .. }) => {
                after.clone_from(now);
                if owner.is_none() {
                    owner.clone_from(owned);
                }
            }
            (Some(Happened::Node { after, .. }), Happened::Node { after: now, .. }) => after.clone_from(now),
            _ => happened.push(what.clone()),
        }
    }
    for (_, happened) in &mut moments {
        happened.retain(|what| match what {
            Happened::Pod { before, after, .. } => before != after,
            Happened::Node { before, after, .. } => before != after,
            _ => true,
        });
    }
    moments.retain(|(_, happened)| !happened.is_empty());
    moments
}
