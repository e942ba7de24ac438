//! One file's text cut into documents, each parsed to JSON; the parsers' errors in words for people.

use std::borrow::Cow;

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

fn yaml_documents(text: &str, mut found: impl FnMut(usize, Parsed)) {
    for (index, document) in serde_yaml::Deserializer::from_str(text).enumerate() {
        match yaml::read_plain(document) {
            Some(Value::Null) => {}
            Some(value) => found(index, Ok(value)),
            None => return other_yaml_documents(text, index, found),
        }
    }
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
