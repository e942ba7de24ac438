//! Where in a text a path is: the text is parsed again, along the path only, and an error raised at its end. The
//! parser's own error position is the answer, so there is no second parser to disagree with the first.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::text::{is_json, without_separators};

/// A step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Key(String),
    Index(usize),
}

/// Line and column, from 1, of a path in one document of a text. A path that is not there is answered with the place of
/// the part of it that is.
pub(crate) fn locate(text: &str, document: usize, path: &[Step]) -> Option<(usize, usize)> {
    (0..=path.len()).rev().find_map(|length| locate_exactly(text, document, &path[..length]))
}

fn locate_exactly(text: &str, document: usize, path: &[Step]) -> Option<(usize, usize)> {
    if is_json(text)
        && let Some(place) = locate_in_json(text, document, path)
    {
        return Some(place);
    }
    let document = serde_yaml::Deserializer::from_str(text).nth(document)?;
    let error = Seek(path).deserialize(document).err()?;
    // The parser may put the path before the message.
    error.to_string().contains(FOUND).then_some(())?;
    error.location().map(|location| (location.line(), location.column()))
}

fn locate_in_json(text: &str, document: usize, path: &[Step]) -> Option<(usize, usize)> {
    let text = without_separators(text);
    let mut documents = serde_json::Deserializer::from_str(&text);
    for _ in 0..document {
        serde::Deserialize::deserialize(&mut documents).map(|_: IgnoredAny| ()).ok()?;
    }
    let error = Seek(path).deserialize(&mut documents).err()?;
    (error.line() > 0 && error.to_string().starts_with(FOUND)).then(|| (error.line(), error.column()))
}

/// The text of the error that marks the place.
const FOUND: &str = "sim found the place";

struct Seek<'a>(&'a [Step]);

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(FOUND)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((Step::Key(wanted), rest)) = self.0.split_first() else { return Err(A::Error::custom(FOUND)) };
        while let Some(key) = map.next_key::<serde_json::Value>()? {
            let key = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
            if key == *wanted {
                return map.next_value_seed(Seek(rest));
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Some((Step::Index(wanted), rest)) = self.0.split_first() else { return Err(A::Error::custom(FOUND)) };
        for _ in 0..*wanted {
            if items.next_element::<IgnoredAny>()?.is_none() {
                return Ok(());
            }
        }
        items.next_element_seed(Seek(rest)).map(|_| ())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Err(E::custom(FOUND))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Err(E::custom(FOUND))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Err(E::custom(FOUND))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Err(E::custom(FOUND))
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Err(E::custom(FOUND))
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Err(E::custom(FOUND))
    }
}

/// The first key that a mapping of a text's first document holds twice, with the place of its second value.
pub(crate) fn duplicate(text: &str) -> Option<(Vec<Step>, (usize, usize))> {
    let mut path = Vec::new();
    if is_json(text) {
        let error = Unique(&mut path).deserialize(&mut serde_json::Deserializer::from_str(text)).err()?;
        return error.to_string().starts_with(FOUND).then(|| (path, (error.line(), error.column())));
    }
    let error = Unique(&mut path).deserialize(serde_yaml::Deserializer::from_str(text).next()?).err()?;
    let location = error.location().filter(|_| error.to_string().contains(FOUND))?;
    Some((path, (location.line(), location.column())))
}

/// Reads everything up to a key that is there twice, and keeps the path to it.
struct Unique<'a>(&'a mut Vec<Step>);

impl<'de> DeserializeSeed<'de> for Unique<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = BTreeSet::new();
        while let Some(key) = map.next_key::<serde_json::Value>()? {
            let key = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
            self.0.push(Step::Key(key.clone()));
            if !seen.insert(key) {
                return map.next_value_seed(Seek(&[]));
            }
            map.next_value_seed(Unique(self.0))?;
            self.0.pop();
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        for index in 0.. {
            self.0.push(Step::Index(index));
            if items.next_element_seed(Unique(self.0))?.is_none() {
                break;
            }
            self.0.pop();
        }
        self.0.pop();
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}

/// A path as people read it: `spec.containers[0].image`.
pub(crate) fn show(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Key(key) if text.is_empty() => text.push_str(key),
            Step::Key(key) => {
                text.push('.');
                text.push_str(key);
            }
            Step::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Step, locate};

    #[track_caller]
    fn check(text: &str, document: usize, path: &[&str], line: usize) {
        let path: Vec<Step> =
            path.iter().map(|step| step.parse().map_or_else(|_| Step::Key((*step).to_owned()), Step::Index)).collect();
        assert_eq!(locate(text, document, &path).map(|(line, _)| line), Some(line), "{path:?}");
    }

    #[test]
    fn lines_are_those_of_the_file() {
        let text = "a:\n  b: 1\n  c:\n    - x\n    - y: z\n---\na: 2\nb:\n  c: 3\n";
        check(text, 0, &["a", "b"], 2);
        check(text, 0, &["a", "c", "1", "y"], 5);
        check(text, 1, &["b", "c"], 9);
        check(text, 1, &["b", "nothing"], 9);
    }

    #[test]
    fn json_too() {
        check("{\"a\": 1,\n \"b\": [1,\n 2,\n {\"c\": 3}]}", 0, &["b", "2", "c"], 4);
        check("{\"a\": 1}\n---\n{\"a\": 2,\n\"b\": 3}", 1, &["b"], 4);
        check("{\"a\": 1}{\"a\": 2,\n\"b\": 3}", 1, &["b"], 2);
        check("{\"a\": 1}\n---\na: 2\nb: 3", 1, &["b"], 4);
        check("{a: 1}\n---\n{a: 2,\n b: 3}", 1, &["b"], 4);
    }
}
