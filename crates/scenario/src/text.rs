//! One file's text cut into documents, each parsed to JSON; the parsers' errors in words for people.

use std::borrow::Cow;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{Scope, available_parallelism, scope};

use serde::Deserialize;
use serde_json::Value;

use crate::yaml;

/// A document's value, or why it is none, with line and column where the parser knows them.
pub(crate) type Parsed = Result<Value, ParseError>;

/// A parser's complaint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ParseError {
    pub(crate) message: String,
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) hint: Option<String>,
}

/// Whether a text is JSON rather than YAML: told by its first character, as kubectl does.
pub(crate) fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

/// Hands on the documents of a text in order, each with its number; empty ones (only comments) are left out. After an
/// error nothing follows.
pub(crate) fn documents(text: &str, found: impl FnMut(usize, Parsed)) {
    if is_json(text) { json_documents(text, found) } else { yaml_documents(text, found) }
}

/// A text of JSON documents without the lines of `---` that may part them, which only YAML knows; every other line is
/// where it was. No document has such a line: a text in JSON has no line break in it.
pub(crate) fn without_separators(text: &str) -> Cow<'_, str> {
    if !text.lines().any(is_separator) {
        return Cow::Borrowed(text);
    }
    let lines = text.split_inclusive('\n');
    Cow::Owned(lines.map(|line| if is_separator(line) { line.replace('-', " ") } else { line.to_owned() }).collect())
}

fn is_separator(line: &str) -> bool {
    line.trim_end() == "---"
}

fn json_documents(text: &str, mut found: impl FnMut(usize, Parsed)) {
    let json = without_separators(text);
    let is_parted = matches!(json, Cow::Owned(_));
    for (index, value) in serde_json::Deserializer::from_str(&json).into_iter::<Value>().enumerate() {
        match value {
            Ok(value) => found(index, Ok(value)),
            // What follows a separator may be YAML.
            Err(_) if index > 0 && is_parted => return other_yaml_documents(text, index, found),
            // A flow mapping is YAML too: `{a: b}` is no JSON and still a fine document.
            Err(_) if index == 0 && !text.trim_start().starts_with("{\"") && nesting(text) < MAX_NESTING => {
                return yaml_documents(text, found);
            }
            Err(error) => {
                let message = error.to_string();
                let message = message.split(" at line ").next().unwrap_or(&message).to_owned();
                found(index, Err(ParseError { message, line: error.line(), column: error.column(), hint: None }));
                break;
            }
        }
    }
}

/// Deeper brackets than these no manifest has; the YAML parser would take long to find out.
const MAX_NESTING: usize = 128;

/// How many brackets the text opens at its start without closing any.
fn nesting(text: &str) -> usize {
    text.trim_start().bytes().take_while(|byte| matches!(byte, b'[' | b'{')).count()
}

/// The pieces of a long text are read ahead by as many threads as the machine has; they are handed on in their order.
fn yaml_documents(text: &str, mut found: impl FnMut(usize, Parsed)) {
    let mut hand_on = |documents: &mut dyn Iterator<Item = Plain>| {
        for (index, document) in documents.enumerate() {
            match document {
                Some(Value::Null) => {}
                Some(value) => found(index, Ok(value)),
                None => return Some(index),
            }
        }
        None
    };
    let pieces = pieces(text);
    let threads = available_parallelism().map_or(1, usize::from).min(pieces.len());
    let other = if threads == 1 {
        hand_on(&mut pieces.iter().flat_map(|piece| plain_documents(piece)))
    } else {
        scope(|scope| {
            let readers: Vec<Receiver<Vec<Plain>>> =
                (0..threads).map(|first| read_ahead(scope, pieces.iter().skip(first).step_by(threads))).collect();
            hand_on(&mut (0..pieces.len()).flat_map(|piece| readers[piece % threads].recv()).flatten())
        })
    };
    if let Some(index) = other {
        other_yaml_documents(text, index, found);
    }
}

/// A document that is plain; nothing is the end of what can be read so.
type Plain = Option<Value>;

/// The documents of a text up to the first that is not plain: after a fault the parser would never end.
fn plain_documents(text: &str) -> impl Iterator<Item = Plain> {
    let mut goes_on = true;
    let documents = serde_yaml::Deserializer::from_str(text).map(yaml::read_plain);
    documents.take_while(move |document| std::mem::replace(&mut goes_on, document.is_some()))
}

/// Reads pieces on a thread of their own, a few before they are asked for.
fn read_ahead<'scope>(
    scope: &'scope Scope<'scope, '_>,
    pieces: impl Iterator<Item = &'scope &'scope str> + Send + 'scope,
) -> Receiver<Vec<Plain>> {
    let (read, received) = sync_channel(2);
    scope.spawn(move || {
        for piece in pieces {
            // Nobody waits for what follows a document that is not plain.
            if read.send(plain_documents(piece).collect()).is_err() {
                return;
            }
        }
    });
    received
}

/// How long pieces are that are worth a thread's while, in bytes.
const PIECE: usize = 1 << 16;

/// A text cut at lines that begin a document. One with directives, which are said before that line, is left whole.
fn pieces(text: &str) -> Vec<&str> {
    let has_directives = text.starts_with('%') || text.contains("\n%");
    let (mut pieces, mut rest) = (Vec::new(), text);
    while !has_directives && rest.len() > PIECE {
        let far = rest.ceil_char_boundary(PIECE);
        let begins = |(at, _): &(usize, &str)| rest[far + at + "\n---".len()..].starts_with([' ', '\t', '\r', '\n']);
        let Some((at, _)) = rest[far..].match_indices("\n---").find(begins) else { break };
        let (piece, others) = rest.split_at(far + at + 1);
        pieces.push(piece);
        rest = others;
    }
    pieces.push(rest);
    pieces
}

/// Reads the documents from one on that is not plain.
fn other_yaml_documents(text: &str, from: usize, mut found: impl FnMut(usize, Parsed)) {
    for (index, document) in serde_yaml::Deserializer::from_str(text).enumerate().skip(from) {
        match serde_yaml::Value::deserialize(document) {
            Ok(serde_yaml::Value::Null) => {}
            Ok(value) => {
                let value =
                    yaml::to_json(value).map_err(|message| ParseError { message, line: 0, column: 0, hint: None });
                found(index, value);
            }
            Err(error) => {
                let (line, column) = error.location().map_or((0, 0), |location| (location.line(), location.column()));
                let message = error.to_string();
                let message = message.split(" at line ").next().unwrap_or(&message).to_owned();
                found(index, Err(ParseError { hint: hint(text, line), message, line, column }));
                break;
            }
        }
    }
}

/// What people most often have in a file that is no YAML.
fn hint(text: &str, line: usize) -> Option<String> {
    if text.contains("{{") {
        return Some("this looks like a Helm template: run `helm template` first".to_owned());
    }
    let near = text.lines().skip(line.saturating_sub(2)).take(3);
    let tab = near.into_iter().any(|line| line.trim_start_matches(' ').starts_with('\t'));
    tab.then(|| "YAML is indented with spaces: there is a tab here".to_owned())
}

#[cfg(test)]
mod tests {
    use super::{PIECE, documents, other_yaml_documents, pieces};

    /// What is read in pieces is what is read in one go.
    #[track_caller]
    fn check(text: &str, at_least: usize) {
        assert!(pieces(text).len() >= at_least, "{} pieces", pieces(text).len());
        assert_eq!(pieces(text).concat(), text);
        let (mut read, mut expected) = (Vec::new(), Vec::new());
        documents(text, |index, parsed| read.push((index, parsed)));
        other_yaml_documents(text, 0, |index, parsed| expected.push((index, parsed)));
        assert!(read == expected, "{} documents are not these {}", read.len(), expected.len());
    }

    fn many(separator: &str, last: &str) -> String {
        let one = |number: usize| format!("a: {number}\nb: |\n  ---\n  text\nc: 'ä ---'\n{separator}");
        (0..3_000).map(one).collect::<String>() + last
    }

    #[test]
    fn pieces_come_to_the_whole() {
        let separators =
            ["---\n", "--- # comment\n", "---\n# nothing\n---\n", "...\n---\n", "---\r\n", "--- {d: e}\n---\n"];
        for separator in separators {
            for last in ["", "z: [", "z: !x 1\n---\ny: 2"] {
                check(&format!("# first\n{separator}{}", many(separator, last)), 2);
            }
        }
    }

    #[test]
    fn what_cannot_be_cut_stays_whole() {
        check(&format!("%YAML 1.1\n---\n{}", many("---\n", "z: 1")), 1);
        check(&format!("a: |\n{}", "  ---\n".repeat(PIECE)), 1);
        check(&many("", ""), 1);
    }
}
