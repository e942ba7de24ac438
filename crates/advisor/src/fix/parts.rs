//! Problems that have nothing to do with each other are searched one by one, and their cures are put together; what has no
//! cure is told and left out.

use std::collections::BTreeSet;

use petgraph::graph::NodeIndex;
use sim_cluster::{Change, Cluster};

use super::consequences::Baseline;
use super::edit::Edit;
use super::edits::candidates;
use super::goal::{Owner, Target};
use super::judge::attempt;
use super::search::{Budget, Cure, Found, MOST_CURES, minimal, search, search_beyond};

/// What the searches came to.
pub(crate) struct Solved {
    /// What the cures reach: the goal, but for the owners that have none.
    pub(crate) target: Target,
    /// The owners whose pods no cure was found for.
    pub(crate) hopeless: BTreeSet<Owner>,
    pub(crate) found: Found,
}

/// Searches for cures of everything that keeps the goal from being reached.
pub(crate) fn solve(cluster: &Cluster, target: &Target, baseline: &Baseline<'_>, budget: &mut Budget<'_>) -> Solved {
    let groups = if target.is_divisible() { groups(target, baseline) } else { Vec::new() };
    if groups.len() < 2 && groups.first().is_none_or(|group| group.len() < 2) {
        let found = search(cluster, target, budget);
        return Solved { target: target.clone(), hopeless: BTreeSet::new(), found };
    }
    let everybody: BTreeSet<Owner> = groups.iter().flatten().cloned().collect();
    let of = |owners: &BTreeSet<Owner>| target.without(everybody.difference(owners).cloned());
    let mut parts = Vec::new();
    let mut vain = Vec::new();
    let mut hopeless = BTreeSet::new();
    for group in groups {
        let mut search_for = |owners: &BTreeSet<Owner>, parts: &mut Vec<Part>| {
            let target = of(owners);
            let Found { cures, vain: tried } = search(cluster, &target, budget);
            vain.extend(tried);
            let has_cure = !cures.is_empty();
            if has_cure {
                parts.push((owners.clone(), target, cures));
            }
            has_cure
        };
        if search_for(&group, &mut parts) {
            continue;
        }
        // One owner that nothing helps keeps the others of its group from being cured.
        let (mut curable, mut ignored) = (BTreeSet::new(), Vec::new());
        for owner in &group {
            let alone = BTreeSet::from([owner.clone()]);
            if group.len() > 1 && search_for(&alone, &mut ignored) {
                curable.insert(owner.clone());
            } else {
                hopeless.insert(owner.clone());
            }
        }
        if curable.len() > 1 && curable.len() < group.len() && search_for(&curable, &mut parts) {
            continue;
        }
        parts.extend(ignored);
    }
    // A search for some of the owners may have tried an edit that another found to be a cure.
    let is_used = |edit: &Edit| {
        parts.iter().flat_map(|(_, _, cures)| cures).any(|cure| cure.edits.iter().any(|used| used.title == edit.title))
    };
    vain.retain(|(edit, ..)| !is_used(edit));
    let all = target.without(hopeless.iter().cloned());
    if let [(_, _, cures)] = parts.as_slice() {
        return Solved { target: all, hopeless, found: Found { cures: cures.clone(), vain } };
    }
    let mut ranked = ranked(cluster, &parts, baseline);
    budget.begin();
    let mut cures = together(cluster, &all, &ranked, budget);
    if cures.is_empty() {
        // Each part can be cured, and there is no room for all, or the like.
        let best = best(&ranked);
        cures = if best.is_empty() { Vec::new() } else { search_beyond(cluster, &all, best, budget).cures };
    }
    // Where the parts cannot be cured together, the last of them, of the fewest pods, is left.
    let mut rest = all;
    budget.begin();
    while cures.is_empty()
        && !budget.is_over
        && let Some((owners, ..)) = parts.pop()
    {
        hopeless.extend(owners);
        ranked.truncate(parts.len());
        rest = target.without(hopeless.iter().cloned());
        cures = together(cluster, &rest, &ranked, budget);
    }
    Solved { target: rest, hopeless, found: Found { cures, vain } }
}

/// The owners that a search was for, the goal for them alone, and what it came to.
type Part = (BTreeSet<Owner>, Target, Vec<Cure>);

/// Owners whose traces meet.
struct Group {
    owners: BTreeSet<Owner>,
    things: BTreeSet<NodeIndex>,
    pods: usize,
}

/// The owners that miss the goal, those together whose traces meet; most pods first.
fn groups(target: &Target, baseline: &Baseline<'_>) -> Vec<BTreeSet<Owner>> {
    let mut groups: Vec<Group> = Vec::new();
    for symptom in baseline.symptoms().iter().filter(|symptom| target.counts(symptom)) {
        let things = baseline.graph().behind(symptom);
        let mut group = Group { owners: BTreeSet::from([symptom.of()]), things, pods: symptom.count };
        groups.retain(|known| {
            let meets = !known.owners.is_disjoint(&group.owners) || !known.things.is_disjoint(&group.things);
            if meets {
                group.owners.extend(known.owners.iter().cloned());
                group.things.extend(known.things.iter().copied());
                group.pods += known.pods;
            }
            !meets
        });
        groups.push(group);
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.pods));
    groups.into_iter().map(|group| group.owners).collect()
}

/// The cures of each part, best first.
fn ranked(cluster: &Cluster, parts: &[Part], baseline: &Baseline<'_>) -> Vec<Vec<Vec<Edit>>> {
    let of = |(_, target, cures): &Part| {
        let told = cures.iter().map(|cure| (super::answer(cluster, baseline, cure, target), cure));
        let mut ranked: Vec<_> = told.map(|(answer, cure)| ((answer.class, answer.cost), cure.edits.clone())).collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        ranked.into_iter().map(|(_, edits)| edits).collect()
    };
    parts.iter().map(of).collect()
}

/// The best cure of each part.
fn best(ranked: &[Vec<Vec<Edit>>]) -> Vec<Edit> {
    union(ranked.iter().filter_map(|cures| cures.first()))
}

/// What cures all parts by itself; then the best cure of each part with each other, and each other cure of one part with
/// the best of the rest.
fn together(cluster: &Cluster, target: &Target, ranked: &[Vec<Vec<Edit>>], budget: &mut Budget<'_>) -> Vec<Cure> {
    if ranked.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<Cure> = Vec::new();
    for edit in candidates(cluster, target) {
        if found.len() >= MOST_CURES || !budget.grants(1) {
            break;
        }
        match attempt(cluster, &edit.changes.iter().collect::<Vec<_>>(), target) {
            Ok(trialled) if trialled.holds => found.push(Cure { edits: vec![edit], trialled }),
            _ => {}
        }
    }
    let mut sets: Vec<Vec<Edit>> = vec![best(ranked)];
    for (part, cures) in ranked.iter().enumerate() {
        sets.extend((1..cures.len()).map(|other| {
            let place = |at: usize| if at == part { other } else { 0 };
            union(ranked.iter().enumerate().filter_map(|(at, cures)| cures.get(place(at))))
        }));
    }
    for edits in sets {
        if found.len() >= MOST_CURES || !budget.grants(edits.len()) {
            break;
        }
        let changes: Vec<&Change> = edits.iter().flat_map(|edit| &edit.changes).collect();
        let Ok(trialled) = attempt(cluster, &changes, target) else { continue };
        if !trialled.holds {
            continue;
        }
        let cure = minimal(cluster, target, edits, trialled, budget);
        if !found.iter().any(|known| titles(&known.edits) == titles(&cure.edits)) {
            found.push(cure);
        }
    }
    found
}

/// All edits of some sets, each once.
fn union<'a>(sets: impl IntoIterator<Item = &'a Vec<Edit>>) -> Vec<Edit> {
    let mut edits: Vec<Edit> = Vec::new();
    for edit in sets.into_iter().flatten() {
        if !edits.iter().any(|known| known.title == edit.title) {
            edits.push(edit.clone());
        }
    }
    edits
}

fn titles(edits: &[Edit]) -> BTreeSet<&str> {
    edits.iter().map(|edit| edit.title.as_str()).collect()
}
