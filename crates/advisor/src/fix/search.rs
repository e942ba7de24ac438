//! The search for cures: smallest sets first; what an edit uncovers is met by the next.

use std::collections::{BTreeSet, VecDeque};

use sim_cluster::{Change, Cluster};

use super::edit::Edit;
use super::edits::{candidates, restart_instead};
use super::goal::Target;
use super::judge::{Trialled, attempt};

/// More edits than these for one problem are a new cluster, not a cure.
const MOST_EDITS: usize = 4;
/// So many cures are enough to choose from.
pub(crate) const MOST_CURES: usize = 24;
/// With so many cures of one size larger ones are not searched for.
const ENOUGH: usize = 6;
/// So many forks are run at most for one search.
const MOST_RUNS: usize = 400;

/// How far a search is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Forks that were run.
    pub runs: usize,
    /// Cures found so far.
    pub found: usize,
    /// What the smallest of them does, an item for each edit.
    pub smallest: Vec<String>,
    /// How many edits are tried together now.
    pub edits: usize,
}

/// A set of edits that reaches the goal, and nothing can be left out of it.
#[derive(Debug, Clone)]
pub(crate) struct Cure {
    pub(crate) edits: Vec<Edit>,
    pub(crate) trialled: Trialled,
}

/// How many forks were run, and whether more may be.
pub(crate) struct Budget<'a> {
    pub(crate) runs: usize,
    /// How many may have been run at the end of the search that goes on.
    limit: usize,
    /// Cures found so far, in all searches, and what the smallest does.
    found: usize,
    smallest: Vec<String>,
    /// Whether nobody wants to wait any longer.
    pub(crate) is_over: bool,
    /// Whether a search was ended before everything was tried.
    pub(crate) is_cut: bool,
    go_on: &'a mut dyn FnMut(Progress) -> bool,
}

impl<'a> Budget<'a> {
    pub(crate) fn new(go_on: &'a mut dyn FnMut(Progress) -> bool) -> Self {
        Self { runs: 0, limit: MOST_RUNS, found: 0, smallest: Vec::new(), is_over: false, is_cut: false, go_on }
    }

    /// Begins another search, which may run as many forks as the one before.
    pub(crate) fn begin(&mut self) {
        self.limit = self.runs.saturating_add(MOST_RUNS);
    }

    /// Notes a cure, for whoever watches.
    fn note(&mut self, cure: &Cure) {
        self.found += 1;
        if self.smallest.is_empty() || cure.edits.len() < self.smallest.len() {
            self.smallest = cure.edits.iter().map(|edit| edit.title.clone()).collect();
        }
    }

    /// Whether one fork more may be run, for so many edits together.
    pub(crate) fn grants(&mut self, edits: usize) -> bool {
        let progress = Progress { runs: self.runs + 1, found: self.found, smallest: self.smallest.clone(), edits };
        let may_run = progress.runs <= self.limit;
        self.is_over = self.is_over || (may_run && !(self.go_on)(progress));
        if self.is_over || !may_run {
            self.is_cut = true;
            return false;
        }
        self.runs += 1;
        true
    }
}

/// What a search came to.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) cures: Vec<Cure>,
    /// Edits that were tried alone, what took them back, and how many pods keep the goal from being reached.
    pub(crate) vain: Vec<(Edit, Vec<String>, usize)>,
}

/// Some edits that were made, what is still missed after them, and what could be done next.
struct Branch {
    edits: Vec<Edit>,
    misses: usize,
    candidates: Vec<Edit>,
}

/// Searches breadth first, so that no cure is found before a smaller one; goes on as long as it may.
pub(crate) fn search(cluster: &Cluster, target: &Target, budget: &mut Budget<'_>) -> Found {
    let start = Branch { edits: Vec::new(), misses: target.misses(cluster), candidates: candidates(cluster, target) };
    search_from(cluster, target, start, budget)
}

/// The same after edits that come close.
pub(crate) fn search_beyond(cluster: &Cluster, target: &Target, edits: Vec<Edit>, budget: &mut Budget<'_>) -> Found {
    let changes: Vec<&Change> = edits.iter().flat_map(|edit| &edit.changes).collect();
    let Ok(Trialled { after, misses, .. }) = attempt(cluster, &changes, target) else { return Found::default() };
    let start = Branch { edits, misses, candidates: candidates(&after, target) };
    search_from(cluster, target, start, budget)
}

fn search_from(cluster: &Cluster, target: &Target, start: Branch, budget: &mut Budget<'_>) -> Found {
    budget.begin();
    let mut found = Found::default();
    let mut seen: BTreeSet<Vec<String>> = BTreeSet::new();
    let most = start.edits.len() + MOST_EDITS;
    let mut is_for_free = false;
    let mut queue = VecDeque::from([start]);
    while let Some(branch) = queue.pop_front() {
        let size = branch.edits.len() + 1;
        // Smaller cures are known: larger ones are only worth a look where they are of other edits.
        for edit in &branch.candidates {
            if branch.edits.iter().any(|known| known.key() == edit.key()) || (is_for_free && !edit.is_free()) {
                continue;
            }
            let mut edits = branch.edits.clone();
            edits.push(edit.clone());
            let mut titles: Vec<String> = edits.iter().map(|edit| edit.title.clone()).collect();
            titles.sort();
            if !seen.insert(titles) || does_more(&found.cures, &edits) {
                continue;
            }
            if !budget.grants(size) {
                return found;
            }
            let changes: Vec<&Change> = edits.iter().flat_map(|edit| &edit.changes).collect();
            let Ok(trialled) = attempt(cluster, &changes, target) else { continue };
            if trialled.holds {
                let cure = minimal(cluster, target, edits, trialled, budget);
                if does_more(&found.cures, &cure.edits) {
                    continue;
                }
                budget.note(&cure);
                found.cures.push(cure);
                if found.cures.len() >= MOST_CURES {
                    budget.is_cut = true;
                    return found;
                }
                continue;
            }
            if size == 1 {
                found.vain.extend(edits.first().map(|edit| (edit.clone(), trialled.undone.clone(), trialled.misses)));
            }
            if size < most && trialled.undone.is_empty() {
                let next = candidates(&trialled.after, target);
                if trialled.misses < branch.misses || differ(&branch.candidates, &next) {
                    queue.push_back(Branch { edits, misses: trialled.misses, candidates: next });
                }
            }
        }
        // Smaller cures are there: sets of more are worth their runs only while there are few. Where all of those ask for a
        // sacrifice, sets that ask for none are.
        if queue.front().is_some_and(|next| next.edits.len() >= size) && found.cures.len() >= ENOUGH {
            if found.cures.iter().any(|cure| is_free(&cure.edits)) {
                break;
            }
            queue.retain(|next| is_free(&next.edits));
            is_for_free = true;
        }
    }
    found
}

/// Whether none of the edits takes something from anybody.
fn is_free(edits: &[Edit]) -> bool {
    edits.iter().all(Edit::is_free)
}

/// Whether less of the same cures already.
fn does_more(cures: &[Cure], edits: &[Edit]) -> bool {
    let kinds = |edits: &[Edit]| edits.iter().map(|edit| edit.key().to_owned()).collect::<BTreeSet<_>>();
    let own = kinds(edits);
    cures.iter().any(|cure| kinds(&cure.edits).is_subset(&own))
}

/// Whether other edits come to mind than before: something was uncovered, or no longer stands in the way.
fn differ(before: &[Edit], after: &[Edit]) -> bool {
    let keys = |edits: &[Edit]| edits.iter().map(|edit| edit.key().to_owned()).collect::<BTreeSet<_>>();
    keys(after) != keys(before)
}

/// Leaves out every edit without which the goal is reached, too; of a change of a template that would do without its content
/// the rollout is left.
pub(crate) fn minimal(
    cluster: &Cluster,
    target: &Target,
    mut edits: Vec<Edit>,
    mut trialled: Trialled,
    budget: &mut Budget<'_>,
) -> Cure {
    let mut index = 0;
    while edits.len() > 1 && index < edits.len() {
        let mut fewer = edits.clone();
        fewer.remove(index);
        let changes: Vec<&Change> = fewer.iter().flat_map(|edit| &edit.changes).collect();
        if !budget.grants(fewer.len()) {
            break;
        }
        match attempt(cluster, &changes, target) {
            Ok(tried) if tried.holds => {
                edits = fewer;
                trialled = tried;
                index = 0;
            }
            _ => index += 1,
        }
    }
    for index in 0..edits.len() {
        let Some(restart) = edits.get(index).and_then(|edit| restart_instead(cluster, edit)) else { continue };
        let mut others = edits.clone();
        others[index] = restart;
        let changes: Vec<&Change> = others.iter().flat_map(|edit| &edit.changes).collect();
        if !budget.grants(others.len()) {
            break;
        }
        if let Ok(tried) = attempt(cluster, &changes, target)
            && tried.holds
        {
            (edits, trialled) = (others, tried);
        }
    }
    Cure { edits, trialled }
}
