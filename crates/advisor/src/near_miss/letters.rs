//! How near two words are. Nearness is for slips of the hand: words that count something, such as `zone-a` and `zone-b`,
//! differ on purpose.

use super::renamed;

/// Longer words are not compared.
const LONGEST: usize = 253;

/// The words that `word` is a slip of, with what the slip is. Several stand for nothing: with more than two it is not
/// known which is meant.
pub(super) fn near<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<(&'a str, String)> {
    nearest(candidates.into_iter().filter_map(|candidate| Some((candidate, slip(word, candidate)?))))
}

/// The same for keys, which may have a prefix and may have been renamed.
pub(super) fn near_keys<'a>(
    key: &str,
    candidates: impl IntoIterator<Item = &'a str> + Clone,
) -> Vec<(&'a str, String)> {
    if let Some((other, how)) = renamed::other_name(key)
        && let Some(found) = candidates.clone().into_iter().find(|candidate| *candidate == other)
    {
        return vec![(found, how.to_owned())];
    }
    let name = |key: &str| key.rsplit_once('/').map_or(key, |(_, name)| name).to_owned();
    let near = candidates.into_iter().filter_map(|candidate| {
        let of_prefix = candidate != key && name(candidate) == name(key);
        let slip = if of_prefix { Some((2, "another prefix".to_owned())) } else { slip(key, candidate) };
        Some((candidate, slip?))
    });
    nearest(near)
}

fn nearest<'a>(near: impl Iterator<Item = (&'a str, (usize, String))>) -> Vec<(&'a str, String)> {
    let near: Vec<(&str, (usize, String))> = near.collect();
    let least = near.iter().map(|(_, (distance, _))| *distance).min();
    let mut nearest: Vec<(&str, String)> = near
        .into_iter()
        .filter(|(_, (distance, _))| Some(*distance) == least)
        .map(|(candidate, (_, how))| (candidate, how))
        .collect();
    nearest.sort();
    nearest.dedup();
    if nearest.len() > 2 { Vec::new() } else { nearest }
}

/// How far one word is from the other, and what lies between, if it may be a slip.
fn slip(word: &str, other: &str) -> Option<(usize, String)> {
    if word == other || word.len() > LONGEST || other.len() > LONGEST {
        return None;
    }
    if word.trim() == other.trim() {
        return Some((0, "white space".to_owned()));
    }
    if word.eq_ignore_ascii_case(other) {
        return Some((0, "capital letters".to_owned()));
    }
    let plain = |text: &str| text.trim().to_ascii_lowercase().replace(['_', '.', '-'], "");
    if plain(word) == plain(other) && !plain(word).is_empty() {
        return Some((1, "punctuation".to_owned()));
    }
    let (word, other) = (word.to_ascii_lowercase(), other.to_ascii_lowercase());
    let (own, theirs) = (parts(&word), parts(&other));
    if own.len() != theirs.len() {
        return None;
    }
    let mut differing = own.iter().zip(&theirs).filter(|(left, right)| left != right);
    let (left, right) = differing.next()?;
    if differing.next().is_some() || counts(left, right) {
        return None;
    }
    let distance = strsim::osa_distance(left, right);
    let letters = left.chars().count().max(right.chars().count());
    let allowed = match letters {
        ..=2 => 0,
        3..=6 => 1,
        _ => 2,
    };
    let how = if distance == 1 { "a letter".to_owned() } else { format!("{distance} letters") };
    (distance <= allowed).then_some((distance + 1, how))
}

/// The words between punctuation.
fn parts(text: &str) -> Vec<&str> {
    text.split(|letter: char| !letter.is_alphanumeric()).collect()
}

/// Whether two words differ in a number, or in a letter that stands for one.
fn counts(left: &str, right: &str) -> bool {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let start = left.iter().zip(&right).take_while(|(own, other)| own == other).count();
    let end =
        left[start..].iter().rev().zip(right[start..].iter().rev()).take_while(|(own, other)| own == other).count();
    let (own, other) = (&left[start..left.len() - end], &right[start..right.len() - end]);
    let numbers = own.iter().chain(other).all(char::is_ascii_digit);
    let beside_letters = |word: &[char]| {
        let before = start.checked_sub(1).and_then(|index| word.get(index));
        let after = word.get(word.len() - end);
        before.into_iter().chain(after.filter(|_| end > 0)).any(|letter| letter.is_alphabetic())
    };
    let lone = own.len() <= 1 && other.len() <= 1 && !beside_letters(&left) && !beside_letters(&right);
    numbers || lone
}

#[cfg(test)]
mod tests {
    use super::{near, near_keys};

    #[track_caller]
    fn check(word: &str, candidates: &[&str], expected: &str) {
        let found: Vec<String> =
            near(word, candidates.iter().copied()).into_iter().map(|(word, how)| format!("{word} by {how}")).collect();
        assert_eq!(found.join(", "), expected, "{word}");
    }

    #[test]
    fn slips_of_the_hand_are_near() {
        check("sdd", &["ssd", "nvme"], "ssd by a letter");
        check("SSD", &["ssd"], "ssd by capital letters");
        check(" ssd", &["ssd"], "ssd by white space");
        check("us_east", &["us-east"], "us-east by punctuation");
        check("gpus", &["gpu", "cpu"], "gpu by a letter");
        check("infrastucture", &["infrastructure"], "infrastructure by a letter");
        check("porduction", &["production", "staging"], "production by a letter");
        check("sdd", &["ssd", "hdd"], "hdd by a letter, ssd by a letter");
    }

    #[test]
    fn what_counts_is_no_slip() {
        for (word, other) in [
            ("zone-a", "zone-b"),
            ("us-east-1a", "us-east-1b"),
            ("node1", "node2"),
            ("node1", "node"),
            ("web-0", "web-10"),
            ("gpu-a100", "gpu-v100"),
            ("m5.large", "m6.large"),
            ("team-a", "team-b"),
            ("us-east-1", "us-west-1"),
            ("dev", "prod"),
            ("hdd", "ssd"),
            ("a", "b"),
            ("ssd", "ssd"),
            ("", "x"),
        ] {
            check(word, &[other], "");
        }
        check("tast", &["test", "task", "last"], "");
    }

    #[test]
    fn keys_have_prefixes_and_old_names() {
        let check = |key: &str, candidates: &[&str], expected: &str| {
            let found: Vec<&str> = near_keys(key, candidates.iter().copied()).into_iter().map(|(key, _)| key).collect();
            assert_eq!(found.join(" "), expected, "{key}");
        };
        check("disktype", &["example.com/disktype", "zone"], "example.com/disktype");
        check("beta.kubernetes.io/os", &["kubernetes.io/os"], "kubernetes.io/os");
        check(
            "node-role.kubernetes.io/control-plane",
            &["node-role.kubernetes.io/master"],
            "node-role.kubernetes.io/master",
        );
        check("topology.kubernetes.io/zones", &["topology.kubernetes.io/zone"], "topology.kubernetes.io/zone");
        check("disk", &["zone"], "");
    }
}
