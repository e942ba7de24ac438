//! What a mistyped name most likely means.

use crate::change::Change;
use crate::cluster::Cluster;
use crate::object::{Kind, Object};

/// The candidate that a mistyped word most likely means: at most a third of its letters differ. Two letters in the wrong
/// order are one mistake.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Words that are very long are not compared: the distance takes their product.
    let comparable = |candidate: &&str| candidate.len() <= 4 * MAX_LETTERS && word.len() <= 4 * MAX_LETTERS;
    let candidates = candidates.into_iter().filter(comparable);
    let (distance, candidate) = candidates.map(|candidate| (strsim::osa_distance(word, candidate), candidate)).min()?;
    (distance > 0 && distance * 3 <= word.chars().count().max(3)).then_some(candidate)
}

const MAX_LETTERS: usize = 64;
/// So many names are listed; the rest are counted.
const LISTED: usize = 5;

impl Cluster {
    /// For the first object that a change names and that is not there: which one may be meant, and what exists.
    pub fn what_existed(&self, change: &Change) -> Option<String> {
        change.names().into_iter().find_map(|object| {
            let Some(kind) = Kind::parse(&object.kind) else {
                let kinds = Kind::ALL.iter().map(|kind| kind.plural());
                return closest(&object.kind, kinds).map(|similar| format!("did you mean {similar}?"));
            };
            let there: Vec<Object> = self.store.objects(kind);
            let is_meant = |other: &Object| {
                other.name() == object.name
                    && object.namespace.as_deref().is_none_or(|wanted| other.namespace() == Some(wanted))
            };
            if there.iter().any(is_meant) {
                return None;
            }
            if let Some(elsewhere) = there.iter().find(|other| other.name() == object.name) {
                return Some(format!("it is in namespace {}", elsewhere.namespace().unwrap_or_default()));
            }
            let names: Vec<&str> = there.iter().map(Object::name).collect();
            let similar = closest(&object.name, names.iter().copied());
            let similar = similar.map(|similar| format!("did you mean {similar}? ")).unwrap_or_default();
            Some(match names.as_slice() {
                [] => format!("there were no {}", kind.plural()),
                few if few.len() <= LISTED => format!("{similar}there were {} {}", kind.plural(), few.join(", ")),
                many => {
                    let (first, more) = (many[..LISTED].join(", "), many.len() - LISTED);
                    format!("{similar}there were {} {first} and {more} more", kind.plural())
                }
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn a_third_of_the_letters_may_differ() {
        for (word, meant) in [
            ("ewb-1", Some("web-1")),
            ("web-0", Some("web-1")),
            ("wab-1", Some("web-1")),
            ("database", None),
            ("web-1", None),
        ] {
            assert_eq!(closest(word, ["web-1", "other"]), meant, "{word}");
        }
    }
}
