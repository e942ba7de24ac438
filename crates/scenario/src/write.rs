//! JSON values as YAML and as JSON, to the letter as kubectl writes them. Its library for YAML (`sigs.k8s.io/yaml` on
//! go-yaml 2) sorts keys, quotes what would be read as something else than text, and folds lines after 80 columns; Go's
//! for JSON sorts keys too, and hides what could be HTML.

use std::cmp::Ordering;
use std::fmt::Write;

use serde::Serialize;
use serde_json::{Map, Value};

/// Lines are folded at the first blank after this column.
const BEST_WIDTH: usize = 80;
/// How much deeper a nested block stands.
const INDENT: usize = 2;

/// A value as a JSON document of several lines.
pub fn to_json(value: &Value) -> String {
    let mut sorted = value.clone();
    sorted.sort_all_objects();
    let mut bytes = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    // A value in memory is written to memory without fail.
    let _ = sorted.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, formatter));
    let mut text = String::new();
    for letter in String::from_utf8_lossy(&bytes).chars() {
        match letter {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(text, "\\u{:04x}", u32::from(letter));
            }
            letter => text.push(letter),
        }
    }
    text.push('\n');
    text
}

/// A value as a YAML document.
pub fn to_yaml(value: &Value) -> String {
    let mut writer = Writer::default();
    match value {
        Value::Object(fields) if !fields.is_empty() => writer.mapping(fields, 0, false),
        Value::Array(items) if !items.is_empty() => writer.sequence(items, 0, false),
        other => {
            writer.leaf(other, INDENT);
            writer.end_line();
        }
    }
    writer.text
}

#[derive(Debug, Default)]
struct Writer {
    text: String,
    /// Letters in the line so far.
    column: usize,
}

impl Writer {
    fn put(&mut self, letter: char) {
        self.text.push(letter);
        self.column += 1;
    }

    fn put_all(&mut self, text: &str) {
        text.chars().for_each(|letter| self.put(letter));
    }

    fn end_line(&mut self) {
        self.text.push('\n');
        self.column = 0;
    }

    fn indent(&mut self, indent: usize) {
        (0..indent).for_each(|_| self.put(' '));
    }

    /// The fields at a depth, the first one in the line that is begun when it is `inline`.
    fn mapping(&mut self, fields: &Map<String, Value>, indent: usize, inline: bool) {
        let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
        fields.sort_by(|(left, _), (right, _)| natural(left, right));
        for (index, (key, value)) in fields.into_iter().enumerate() {
            if index > 0 || !inline {
                self.indent(indent);
            }
            self.scalar(key, indent + INDENT, true);
            self.put(':');
            match value {
                Value::Object(fields) if !fields.is_empty() => {
                    self.end_line();
                    self.mapping(fields, indent + INDENT, false);
                }
                Value::Array(items) if !items.is_empty() => {
                    self.end_line();
                    self.sequence(items, indent, false);
                }
                leaf => {
                    self.put(' ');
                    self.leaf(leaf, indent + INDENT);
                    self.end_line();
                }
            }
        }
    }

    fn sequence(&mut self, items: &[Value], indent: usize, inline: bool) {
        for (index, item) in items.iter().enumerate() {
            if index > 0 || !inline {
                self.indent(indent);
            }
            self.put_all("- ");
            match item {
                Value::Object(fields) if !fields.is_empty() => self.mapping(fields, indent + INDENT, true),
                Value::Array(items) if !items.is_empty() => self.sequence(items, indent + INDENT, true),
                leaf => {
                    self.leaf(leaf, indent + INDENT);
                    self.end_line();
                }
            }
        }
    }

    /// What has nothing below it; its further lines are indented as told.
    fn leaf(&mut self, value: &Value, indent: usize) {
        match value {
            Value::Object(_) => self.put_all("{}"),
            Value::Array(_) => self.put_all("[]"),
            Value::String(text) => self.scalar(text, indent, false),
            other => self.put_all(&other.to_string()),
        }
    }

    fn scalar(&mut self, text: &str, indent: usize, is_key: bool) {
        let allowed = Allowed::of(text);
        let mut style = match () {
            () if text.contains('\n') => Style::Literal,
            () if is_text(text) => Style::Plain,
            () => Style::Double,
        };
        if style == Style::Plain && !allowed.plain {
            style = Style::Single;
        }
        if (style == Style::Single && !allowed.single) || (style == Style::Literal && (!allowed.block || is_key)) {
            style = Style::Double;
        }
        match style {
            Style::Plain => self.folded(text, indent, is_key, |_| None),
            Style::Single => {
                self.put('\'');
                self.folded(text, indent, is_key, |letter| (letter == '\'').then_some("''"));
                self.put('\'');
            }
            Style::Double => self.double_quoted(text, indent, is_key),
            Style::Literal => self.literal(text, indent),
        }
    }

    /// Text whose lines are folded at single blanks.
    fn folded(&mut self, text: &str, indent: usize, is_key: bool, written: impl Fn(char) -> Option<&'static str>) {
        let letters: Vec<char> = text.chars().collect();
        let mut after_space = false;
        for (index, letter) in letters.iter().enumerate() {
            let is_space = *letter == ' ';
            let is_alone = is_space && !after_space && letters.get(index + 1).is_some_and(|next| *next != ' ');
            if is_alone && index > 0 && !is_key && self.column > BEST_WIDTH {
                self.end_line();
                self.indent(indent);
            } else {
                match written(*letter) {
                    Some(written) => self.put_all(written),
                    None => self.put(*letter),
                }
            }
            after_space = is_space;
        }
    }

    fn double_quoted(&mut self, text: &str, indent: usize, is_key: bool) {
        self.put('"');
        let letters: Vec<char> = text.chars().collect();
        let mut after_space = false;
        for (index, letter) in letters.iter().enumerate() {
            let letter = *letter;
            if !is_printable(letter) || is_break(letter) || matches!(letter, '"' | '\\') {
                self.put_all(&escaped(letter));
                after_space = false;
            } else if letter == ' ' {
                let is_inside = index > 0 && index + 1 < letters.len();
                if is_inside && !after_space && !is_key && self.column > BEST_WIDTH {
                    self.end_line();
                    self.indent(indent);
                    if letters.get(index + 1) == Some(&' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(' ');
                }
                after_space = true;
            } else {
                self.put(letter);
                after_space = false;
            }
        }
        self.put('"');
    }

    fn literal(&mut self, text: &str, indent: usize) {
        self.put('|');
        if text.starts_with([' ', '\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']) {
            self.put_all(&INDENT.to_string());
        }
        let mut ends = text.chars().rev();
        match (ends.next(), ends.next()) {
            (Some(last), _) if !is_break(last) => self.put('-'),
            (Some(_), None) => self.put('+'),
            (Some(_), Some(before)) if is_break(before) => self.put('+'),
            _ => {}
        }
        let mut at_start = true;
        self.end_line();
        for letter in text.chars() {
            if is_break(letter) {
                if letter == '\n' {
                    self.end_line();
                } else {
                    self.put(letter);
                    self.column = 0;
                }
                at_start = true;
            } else {
                if at_start {
                    self.indent(indent);
                }
                self.put(letter);
                at_start = false;
            }
        }
        // The line is ended by whoever wrote what stands before the text.
        if text.ends_with('\n') {
            self.text.pop();
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// How a text can be written (`yaml_emitter_analyze_scalar`).
struct Allowed {
    plain: bool,
    single: bool,
    block: bool,
}

impl Allowed {
    fn of(text: &str) -> Self {
        let letters: Vec<char> = text.chars().collect();
        let (Some(first), Some(last)) = (letters.first(), letters.last()) else {
            return Self { plain: true, single: true, block: false };
        };
        let mut indicators = text.starts_with("---") || text.starts_with("...");
        let (mut breaks, mut special, mut space_break, mut break_space) = (false, false, false, false);
        let mut before = None;
        for (index, letter) in letters.iter().enumerate() {
            let letter = *letter;
            let next = letters.get(index + 1);
            let is_blank_next = next.is_none_or(|next| matches!(next, ' ' | '\t'));
            indicators |= match (before, letter) {
                (
                    None,
                    '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`',
                ) => true,
                (None, '?' | '-') | (_, ':') => is_blank_next,
                (Some(before), '#') => matches!(before, ' ' | '\t') || is_break(before),
                _ => false,
            };
            special |= !is_printable(letter);
            break_space |= letter == ' ' && before.is_some_and(is_break);
            space_break |= is_break(letter) && before == Some(' ');
            breaks |= is_break(letter);
            before = Some(letter);
        }
        let edges = |letter: char| letter == ' ' || is_break(letter);
        let worst = space_break || special;
        Self {
            plain: !(worst || break_space || breaks || indicators || edges(*first) || edges(*last)),
            single: !(worst || break_space),
            block: !(worst || *last == ' '),
        }
    }
}

fn is_break(letter: char) -> bool {
    matches!(letter, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_printable(letter: char) -> bool {
    matches!(letter, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}') && letter != '\u{feff}'
}

fn escaped(letter: char) -> String {
    let short = match letter {
        '\0' => '0',
        '\x07' => 'a',
        '\x08' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\x0b' => 'v',
        '\x0c' => 'f',
        '\r' => 'r',
        '\x1b' => 'e',
        '"' | '\\' => letter,
        '\u{85}' => 'N',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        _ => {
            let code = u32::from(letter);
            return match code {
                0..=0xff => format!("\\x{code:02X}"),
                0x100..=0xffff => format!("\\u{code:04X}"),
                _ => format!("\\U{code:08X}"),
            };
        }
    };
    let mut text = String::from("\\");
    let _ = text.write_char(short);
    text
}

/// Whether go-yaml reads the text as text when it stands without quotes (`resolve`).
fn is_text(text: &str) -> bool {
    const OTHERS: [&str; 39] = [
        "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON", "n", "N", "no", "No", "NO", "false",
        "False", "FALSE", "off", "Off", "OFF", "", "~", "null", "Null", "NULL", ".nan", ".NaN", ".NAN", ".inf", ".Inf",
        ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF",
    ];
    if OTHERS.contains(&text) {
        return false;
    }
    match text.chars().next() {
        Some('.') => text.parse::<f64>().is_err(),
        Some('+' | '-' | '0'..='9') => !(is_moment(text) || is_number(text) || is_base_60(text)),
        _ => true,
    }
}

fn is_number(text: &str) -> bool {
    let plain: String = text.chars().filter(|letter| *letter != '_').collect();
    let unsigned = plain.strip_prefix(['+', '-']).unwrap_or(&plain);
    let lower = unsigned.to_ascii_lowercase();
    let (digits, radix) = match () {
        () if lower.starts_with("0x") => (&lower[2..], 16),
        () if lower.starts_with("0b") => (&lower[2..], 2),
        () if lower.starts_with("0o") => (&lower[2..], 8),
        () if lower.starts_with('0') && lower.len() > 1 => (&lower[1..], 8),
        () => (lower.as_str(), 10),
    };
    let is_integer = !digits.is_empty()
        && digits.chars().all(|digit| digit.is_digit(radix))
        && u64::from_str_radix(digits, radix).is_ok_and(|number| {
            plain.len() == unsigned.len() || number <= i64::MAX as u64 + u64::from(plain.starts_with('-'))
        });
    is_integer || is_float(unsigned)
}

/// `[0-9]+(\.[0-9]*)?` or `\.[0-9]+`, with or without an exponent.
fn is_float(text: &str) -> bool {
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (text, None),
    };
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    is_digits(whole)
        && is_digits(part)
        && (!whole.is_empty() || !part.is_empty())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && is_digits(exponent))
}

/// `12:30`, which YAML 1.1 read as a number of base 60.
fn is_base_60(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut parts = text.split(':');
    let is_whole = |part: &str| part.starts_with(|first: char| first.is_ascii_digit());
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    if !parts.next().is_some_and(|first| is_whole(first) && digits(first)) {
        return false;
    }
    let rest: Vec<&str> = parts.collect();
    let Some((last, middle)) = rest.split_last() else { return false };
    let is_sixtieth = |part: &str| matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']);
    let (last, part) = last.split_once('.').unwrap_or((last, ""));
    middle.iter().all(|part| is_sixtieth(part)) && is_sixtieth(last) && digits(part)
}

/// A date, or a date and a time, as `parseTimestamp` reads them.
fn is_moment(text: &str) -> bool {
    let number =
        |text: &str, most: usize| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let in_range = |text: &str, low: u32, high: u32| {
        number(text, 2) && text.parse::<u32>().is_ok_and(|number| (low..=high).contains(&number))
    };
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], Some((&text[at..=at], &text[at + 1..]))),
        None => (text, None),
    };
    let parts: Vec<&str> = date.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    let is_day = year.len() == 4 && number(year, 4) && number(month, 2) && number(day, 2);
    if !(is_day && in_calendar(year, month, day)) {
        return false;
    }
    let Some((sign, time)) = time else { return true };
    let (clock, zone) = match time.find(['Z', '+', '-']) {
        Some(at) => (&time[..at], &time[at..]),
        None => (time, ""),
    };
    let parts: Vec<&str> = clock.split(':').collect();
    let [hour, minute, second] = parts.as_slice() else { return false };
    let (second, part) = second.split_once('.').map_or((*second, None), |(second, part)| (second, Some(part)));
    let is_part = part.is_none_or(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    let is_zone = match zone.strip_prefix(['+', '-']) {
        Some(offset) => offset.split_once(':').is_some_and(|(hours, minutes)| {
            hours.len() == 2 && minutes.len() == 2 && in_range(hours, 0, 24) && in_range(minutes, 0, 60)
        }),
        None => zone == "Z",
    };
    // With a blank between them there is no zone.
    let zone_fits = if sign == " " { zone.is_empty() } else { is_zone };
    in_range(hour, 0, 23) && in_range(minute, 0, 59) && in_range(second, 0, 59) && is_part && zone_fits
}

/// Whether there is such a day.
fn in_calendar(year: &str, month: &str, day: &str) -> bool {
    let number = |text: &str| text.parse::<u32>().unwrap_or(0);
    let (year, month, day) = (number(year), number(month), number(day));
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 => 28 + u32::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// The order of keys: numbers inside by their value, letters after everything else (`keyList.Less`).
fn natural(left: &str, right: &str) -> Ordering {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let Some(at) = (0..left.len().min(right.len())).find(|at| left[*at] != right[*at]) else {
        return left.len().cmp(&right.len());
    };
    let (one, other) = (left[at], right[at]);
    match (one.is_alphabetic(), other.is_alphabetic()) {
        (true, true) => return one.cmp(&other),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let mut start = 0_i64;
    if one == '0' || other == '0' {
        let digits = left[..at].iter().rev().take_while(|letter| letter.is_ascii_digit());
        start = i64::from(digits.into_iter().any(|digit| *digit != '0'));
    }
    let number = |letters: &[char]| {
        let digits = letters[at..].iter().map_while(|letter| letter.to_digit(10));
        digits.fold((start, 0_usize), |(number, count), digit| {
            (number.wrapping_mul(10).wrapping_add(digit.into()), count + 1)
        })
    };
    number(&left).cmp(&number(&right)).then(one.cmp(&other))
}
