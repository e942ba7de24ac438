//! kubectl's JSONPath (client-go `util/jsonpath`): templates of text and paths in braces, with ranges and filters.

use std::fmt::Write;

use serde_json::Value;

/// A template that was understood.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonPath(Vec<Node>);

/// Why a template cannot be understood, or not be applied to an object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadJsonPath(String);

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Text(String),
    Path(Vec<Step>),
    /// What stands between `{range …}` and `{end}`, once for each thing found.
    Range(Vec<Step>, Vec<Node>),
}

#[derive(Debug, Clone, PartialEq)]
enum Step {
    Field(String),
    /// Every element or value.
    Wildcard,
    /// The thing itself and all that is in it, but for what holds nothing.
    Recursive,
    /// From, to and every how many.
    Slice(Option<i64>, Option<i64>, Option<i64>),
    Index(i64),
    /// What several paths find.
    Union(Vec<Vec<Step>>),
    Filter(Operand, Option<(Comparison, Operand)>),
}

#[derive(Debug, Clone, PartialEq)]
enum Operand {
    Path(Vec<Step>),
    Literal(Value),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl JsonPath {
    /// Reads a template, `{range .items[*]}{.metadata.name}{"\n"}{end}`.
    ///
    /// # Errors
    /// When it breaks the language's rules.
    pub fn parse(template: &str) -> Result<Self, BadJsonPath> {
        let mut parser = Parser { rest: template };
        let (nodes, ended) = parser.nodes()?;
        if ended { Err(bad("not in range, nothing to end")) } else { Ok(Self(nodes)) }
    }

    /// Reads a path as `--sort-by` and `custom-columns` take it: braces and the first dot may be left out.
    ///
    /// # Errors
    /// When it is no path.
    pub fn relaxed(path: &str) -> Result<Self, BadJsonPath> {
        let inner = path.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')).unwrap_or(path);
        let inner = inner.strip_prefix('.').unwrap_or(inner);
        if inner.is_empty() || inner.contains(['{', '}']) {
            return Err(bad(
                "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'",
            ));
        }
        Self::parse(&format!("{{.{inner}}}"))
    }

    /// What the first path finds; nothing where there is nothing.
    pub fn find(&self, value: &Value) -> Vec<Value> {
        let path = self.0.iter().find_map(|node| match node {
            Node::Path(path) => Some(path),
            _ => None,
        });
        let found = path.and_then(|path| walk(vec![value], path).ok()).unwrap_or_default();
        found.into_iter().cloned().collect()
    }

    /// All that is found, in the order of the template.
    ///
    /// # Errors
    /// When an index lies outside of its list, or things that are no lists are taken for some.
    pub fn find_all(&self, value: &Value) -> Result<Vec<Value>, BadJsonPath> {
        let mut found = Vec::new();
        collect(&self.0, value, &mut |_, values| found.extend(values.into_iter().cloned()))?;
        Ok(found)
    }

    /// The template filled in.
    ///
    /// # Errors
    /// When an index lies outside of its list, or things that are no lists are taken for some.
    pub fn render(&self, value: &Value) -> Result<String, BadJsonPath> {
        let mut text = String::new();
        collect(&self.0, value, &mut |literal, values| {
            text.push_str(literal);
            let shown: Vec<String> = values.into_iter().map(shown).collect();
            text.push_str(&shown.join(" "));
        })?;
        Ok(text)
    }
}

/// A value as kubectl prints it: text as it is, lists and mappings as JSON.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "<nil>".to_owned(),
        // Go's encoder hides what could be HTML.
        other => other.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026"),
    }
}

/// A value as Go prints it (`fmt.Sprint`): `map[a:b]`, `[a b]`.
pub fn go_text(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(go_text).collect::<Vec<_>>().join(" ")),
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(key, _)| *key);
            let mut text = String::from("map[");
            for (index, (key, value)) in fields.into_iter().enumerate() {
                let space = if index == 0 { "" } else { " " };
                let _ = write!(text, "{space}{key}:{}", go_text(value));
            }
            text + "]"
        }
        other => other.to_string(),
    }
}

fn bad(text: impl Into<String>) -> BadJsonPath {
    BadJsonPath(text.into())
}

/// Hands each text and each path's finds on.
fn collect<'a>(
    nodes: &[Node],
    value: &'a Value,
    take: &mut impl FnMut(&str, Vec<&'a Value>),
) -> Result<(), BadJsonPath> {
    for node in nodes {
        match node {
            Node::Text(text) => take(text, Vec::new()),
            Node::Path(path) => take("", walk(vec![value], path)?),
            Node::Range(path, body) => {
                for value in walk(vec![value], path)? {
                    collect(body, value, take)?;
                }
            }
        }
    }
    Ok(())
}

fn walk<'a>(mut values: Vec<&'a Value>, path: &[Step]) -> Result<Vec<&'a Value>, BadJsonPath> {
    for step in path {
        let mut next = Vec::new();
        for value in values {
            take_step(value, step, &mut next)?;
        }
        values = next;
    }
    Ok(values)
}

fn take_step<'a>(value: &'a Value, step: &Step, next: &mut Vec<&'a Value>) -> Result<(), BadJsonPath> {
    match step {
        Step::Field(name) => next.extend(value.get(name)),
        Step::Wildcard => match value {
            Value::Array(items) => next.extend(items),
            Value::Object(fields) => next.extend(fields.values()),
            _ => {}
        },
        Step::Recursive => descend(value, next),
        Step::Union(paths) => {
            for path in paths {
                next.extend(walk(vec![value], path)?);
            }
        }
        Step::Index(_) | Step::Slice(..) | Step::Filter(..) => {
            let items = match value {
                Value::Array(items) => items,
                Value::Null => return Ok(()),
                other => return Err(bad(format!("{} is not array or slice", go_text(other)))),
            };
            match step {
                Step::Filter(left, right) => {
                    for item in items {
                        if passes(item, left, right.as_ref())? {
                            next.push(item);
                        }
                    }
                }
                Step::Index(index) => next.push(&items[inside(*index, items.len())?]),
                Step::Slice(from, to, every) => {
                    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
                    let at = |index: i64| if index < 0 { index + length } else { index };
                    let (from, to) = (at(from.unwrap_or(0)), at(to.unwrap_or(length)).min(length));
                    if from != to && items.is_empty() {
                        return Err(out_of_bounds(from, length));
                    }
                    if from < 0 || (from != to && from >= length) {
                        return Err(out_of_bounds(from, length));
                    }
                    let every = usize::try_from(every.unwrap_or(1)).unwrap_or(0);
                    if every == 0 {
                        return Err(bad("step must be > 0"));
                    }
                    let (from, to) = (usize::try_from(from).unwrap_or(0), usize::try_from(to).unwrap_or(0));
                    next.extend(items.get(from..to).unwrap_or_default().iter().step_by(every));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn inside(index: i64, length: usize) -> Result<usize, BadJsonPath> {
    let count = i64::try_from(length).unwrap_or(i64::MAX);
    let at = if index < 0 { index + count } else { index };
    usize::try_from(at).ok().filter(|at| *at < length).ok_or_else(|| out_of_bounds(at, count))
}

fn out_of_bounds(index: i64, length: i64) -> BadJsonPath {
    bad(format!("array index out of bounds: index {index}, length {length}"))
}

/// All lists and mappings that hold something.
fn descend<'a>(value: &'a Value, next: &mut Vec<&'a Value>) {
    match value {
        Value::Array(items) if !items.is_empty() => {
            next.push(value);
            items.iter().for_each(|item| descend(item, next));
        }
        Value::Object(fields) if !fields.is_empty() => {
            next.push(value);
            fields.values().for_each(|item| descend(item, next));
        }
        _ => {}
    }
}

fn passes(item: &Value, left: &Operand, right: Option<&(Comparison, Operand)>) -> Result<bool, BadJsonPath> {
    let left = evaluate(item, left)?;
    let Some((comparison, right)) = right else { return Ok(!left.is_empty()) };
    let right = evaluate(item, right)?;
    if left.len() > 1 || right.len() > 1 {
        return Err(bad("can only compare one element at a time"));
    }
    let (Some(left), Some(right)) = (left.first(), right.first()) else { return Ok(false) };
    let ordering = match (left, right) {
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Number(left), Value::Number(right)) => left.as_f64().partial_cmp(&right.as_f64()),
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        _ => return Err(bad("incompatible types for comparison")),
    };
    Ok(ordering.is_some_and(|ordering| match comparison {
        Comparison::Equal => ordering.is_eq(),
        Comparison::NotEqual => ordering.is_ne(),
        Comparison::Less => ordering.is_lt(),
        Comparison::LessOrEqual => ordering.is_le(),
        Comparison::Greater => ordering.is_gt(),
        Comparison::GreaterOrEqual => ordering.is_ge(),
    }))
}

fn evaluate<'a>(item: &'a Value, operand: &'a Operand) -> Result<Vec<&'a Value>, BadJsonPath> {
    match operand {
        Operand::Path(path) => walk(vec![item], path),
        Operand::Literal(value) => Ok(vec![value]),
    }
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    /// Nodes up to the end of the text or to `{end}`; whether it was that.
    fn nodes(&mut self) -> Result<(Vec<Node>, bool), BadJsonPath> {
        let mut nodes = Vec::new();
        loop {
            let Some(open) = self.rest.find('{') else {
                if !self.rest.is_empty() {
                    nodes.push(Node::Text(std::mem::take(&mut self.rest).to_owned()));
                }
                return Ok((nodes, false));
            };
            if open > 0 {
                nodes.push(Node::Text(self.rest[..open].to_owned()));
            }
            self.rest = &self.rest[open + 1..];
            let action = self.action()?;
            if let Some(path) = action.strip_prefix("range").filter(|path| !path.starts_with(char::is_alphanumeric)) {
                let (body, ended) = self.nodes()?;
                if !ended {
                    return Err(bad("unclosed range"));
                }
                nodes.push(Node::Range(steps(path)?, body));
            } else if action == "end" {
                return Ok((nodes, true));
            } else if action.starts_with(['"', '\'']) {
                nodes.push(Node::Text(unquote(&action)?));
            } else {
                nodes.push(Node::Path(steps(&action)?));
            }
        }
    }

    /// What stands between braces; braces in quotes do not count.
    fn action(&mut self) -> Result<String, BadJsonPath> {
        let mut quote = None;
        let mut escaped = false;
        for (index, letter) in self.rest.char_indices() {
            match (quote, letter) {
                _ if escaped => escaped = false,
                (_, '\\') => escaped = true,
                (Some(open), _) if letter == open => quote = None,
                (Some(_), _) => {}
                (None, '"' | '\'') => quote = Some(letter),
                (None, '}') => {
                    let action = self.rest[..index].trim().to_owned();
                    self.rest = &self.rest[index + 1..];
                    return Ok(action);
                }
                (None, _) => {}
            }
        }
        Err(bad("unclosed action"))
    }
}

/// A quoted text with its escapes.
fn unquote(text: &str) -> Result<String, BadJsonPath> {
    let quote = text.chars().next().unwrap_or_default();
    let inner = text.strip_prefix(quote).and_then(|inner| inner.strip_suffix(quote)).filter(|_| text.len() > 1);
    let inner = inner.ok_or_else(|| bad("unterminated quoted string"))?;
    let mut plain = String::new();
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            plain.push(letter);
            continue;
        }
        match letters.next() {
            Some('n') => plain.push('\n'),
            Some('t') => plain.push('\t'),
            Some('r') => plain.push('\r'),
            Some(other @ ('\\' | '"' | '\'')) => plain.push(other),
            _ => return Err(bad("invalid syntax")),
        }
    }
    Ok(plain)
}

/// The steps of a path.
fn steps(path: &str) -> Result<Vec<Step>, BadJsonPath> {
    let mut steps = Vec::new();
    let mut rest = path.trim();
    while let Some(letter) = rest.chars().next() {
        if letter.is_whitespace() || letter == '@' || letter == '$' {
            rest = &rest[letter.len_utf8()..];
        } else if letter == '[' {
            let end = closing(rest).ok_or_else(|| bad("unterminated array"))?;
            steps.push(bracket(rest[1..end].trim())?);
            rest = &rest[end + 1..];
        } else if let Some(after) = rest.strip_prefix("..") {
            steps.push(Step::Recursive);
            // A name or a bracket follows.
            rest = if after.starts_with(['[', '*']) { after } else { &rest[1..] };
        } else if let Some(after) = rest.strip_prefix('.').or((letter == '*').then_some(rest)) {
            if let Some(after) = after.strip_prefix('*') {
                steps.push(Step::Wildcard);
                rest = after;
            } else {
                let (name, after) = identifier(after);
                if !name.is_empty() {
                    steps.push(Step::Field(name));
                }
                rest = after;
            }
        } else {
            return Err(bad(format!("unrecognized identifier {}", identifier(rest).0)));
        }
    }
    Ok(steps)
}

/// A name up to what ends it; a backslash makes the next letter part of it.
fn identifier(text: &str) -> (String, &str) {
    let mut name = String::new();
    let mut escaped = false;
    for (index, letter) in text.char_indices() {
        match letter {
            _ if escaped => {
                name.push(letter);
                escaped = false;
            }
            '\\' => escaped = true,
            '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}' => return (name, &text[index..]),
            _ if letter.is_whitespace() => return (name, &text[index..]),
            _ => name.push(letter),
        }
    }
    (name, "")
}

/// Where the bracket that a text begins with is closed; brackets in quotes do not count.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0_usize, None);
    for (index, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(letter),
            (None, '[') => depth += 1,
            (None, ']') => {
                depth -= 1;
                if depth == 0 {
                    return Some(index);
                }
            }
            (None, _) => {}
        }
    }
    None
}

/// What stands in brackets.
fn bracket(text: &str) -> Result<Step, BadJsonPath> {
    let wrong = || bad(format!("invalid array index {text}"));
    if text == "*" {
        return Ok(Step::Wildcard);
    }
    if let Some(filter) = text.strip_prefix("?(") {
        let filter = filter.strip_suffix(')').ok_or_else(|| bad("unterminated filter"))?;
        return self::filter(filter);
    }
    let parts = split(text, ',');
    // A quoted name is read as a path: dots inside it have to be escaped.
    let name = text.strip_prefix('\'').and_then(|name| name.strip_suffix('\'')).filter(|name| !name.contains('\''));
    if let Some(name) = name {
        return Ok(Step::Union(vec![steps(&format!(".{name}"))?]));
    }
    if parts.len() > 1 {
        let paths = parts.iter().map(|part| Ok(vec![bracket(part.trim())?]));
        return Ok(Step::Union(paths.collect::<Result<_, BadJsonPath>>()?));
    }
    let number = |text: &str| match text.trim() {
        "" => Ok(None),
        text => text.parse::<i64>().map(Some).map_err(|_| wrong()),
    };
    match text.split(':').collect::<Vec<_>>().as_slice() {
        [index] => number(index)?.map(Step::Index).ok_or_else(wrong),
        [from, to] => Ok(Step::Slice(number(from)?, number(to)?, None)),
        [from, to, every] => Ok(Step::Slice(number(from)?, number(to)?, number(every)?)),
        _ => Err(wrong()),
    }
}

/// Parts between separators that are in no quotes.
fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut start, mut quote) = (Vec::new(), 0, None);
    for (index, letter) in text.char_indices() {
        match quote {
            Some(open) if letter == open => quote = None,
            Some(_) => {}
            None if letter == '"' || letter == '\'' => quote = Some(letter),
            None if letter == separator => {
                parts.push(&text[start..index]);
                start = index + letter.len_utf8();
            }
            None => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn filter(text: &str) -> Result<Step, BadJsonPath> {
    let mut quote = None;
    for (index, letter) in text.char_indices() {
        match quote {
            Some(open) if letter == open => quote = None,
            Some(_) => {}
            None if letter == '"' || letter == '\'' => quote = Some(letter),
            None => {
                let found = [
                    ("==", Comparison::Equal),
                    ("!=", Comparison::NotEqual),
                    ("<=", Comparison::LessOrEqual),
                    (">=", Comparison::GreaterOrEqual),
                    ("<", Comparison::Less),
                    (">", Comparison::Greater),
                ]
                .into_iter()
                .find(|(sign, _)| text[index..].starts_with(sign));
                if let Some((sign, comparison)) = found {
                    let right = operand(&text[index + sign.len()..])?;
                    return Ok(Step::Filter(operand(&text[..index])?, Some((comparison, right))));
                }
            }
        }
    }
    Ok(Step::Filter(operand(text)?, None))
}

fn operand(text: &str) -> Result<Operand, BadJsonPath> {
    let text = text.trim();
    Ok(match text {
        "true" => Operand::Literal(true.into()),
        "false" => Operand::Literal(false.into()),
        _ if text.starts_with(['"', '\'']) => Operand::Literal(unquote(text)?.into()),
        _ => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(number), _) => Operand::Literal(number.into()),
            (_, Ok(number)) => Operand::Literal(number.into()),
            _ => Operand::Path(steps(text)?),
        },
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{JsonPath, go_text};

    #[track_caller]
    fn check(template: &str, expected: Result<&str, &str>) {
        let list = json!({"items": [
            {"metadata": {"name": "a", "labels": {"app.kubernetes.io/name": "x", "tier": "1"}}, "spec": {"n": 1}},
            {"metadata": {"name": "b", "labels": {"tier": "2"}}, "spec": {"n": 3, "on": true}},
            {"metadata": {"name": "c"}, "spec": {"n": 2}, "list": ["p", "q<r"]}]});
        let shown = JsonPath::parse(template).and_then(|path| path.render(&list)).map_err(|error| error.to_string());
        assert_eq!(shown.as_deref().map_err(String::as_str), expected, "{template}");
    }

    #[test]
    fn the_language_of_kubectl() {
        for (template, expected) in [
            ("{.items[*].metadata.name}", Ok("a b c")),
            ("{.items..name}", Ok("a b c")),
            ("{.items[0].metadata.name} and {.items[-1:].metadata.name}", Ok("a and c")),
            ("{.items[-1].metadata.name}", Ok("c")),
            ("{.items[0:2].metadata.name}", Ok("a b")),
            ("{.items[::2].metadata.name}", Ok("a c")),
            (
                "{.items[0]['metadata', 'spec']}",
                Ok(r#"{"name":"a","labels":{"app.kubernetes.io/name":"x","tier":"1"}} {"n":1}"#),
            ),
            ("{.items[0].metadata.labels.app\\.kubernetes\\.io/name}", Ok("x")),
            ("{.items[0].metadata.labels['app\\.kubernetes\\.io/name']}", Ok("x")),
            ("{.items[0].metadata.labels['app.kubernetes.io/name']}", Ok("")),
            ("{.items[0]['metadata.name']}", Ok("a")),
            ("{range .items[*]}{.metadata.name}{\"\\t\"}{.spec.n}{\"\\n\"}{end}", Ok("a\t1\nb\t3\nc\t2\n")),
            ("{range .items[*]}[{.metadata.name}]{end}", Ok("[a][b][c]")),
            ("{.items[?(@.spec.n>1)].metadata.name}", Ok("b c")),
            ("{.items[?(@.metadata.name==\"b\")].spec.n}", Ok("3")),
            ("{.items[?(@.metadata.name!='b')].spec.n}", Ok("1 2")),
            ("{.items[?(@.spec.on)].metadata.name}", Ok("b")),
            ("{.items[?(@.spec.on==true)].metadata.name}", Ok("b")),
            ("{.items[2].list}", Ok("[\"p\",\"q\\u003cr\"]")),
            ("{.items[2].list[*]}", Ok("p q<r")),
            ("{.nothing.here}", Ok("")),
            ("{$.items[0].spec.n}", Ok("1")),
            ("plain", Ok("plain")),
            ("{.items[7]}", Err("array index out of bounds: index 7, length 3")),
            ("{.items[0].spec[0]}", Err("map[n:1] is not array or slice")),
            ("{.items", Err("unclosed action")),
            ("{range .items[*]}", Err("unclosed range")),
            ("{end}", Err("not in range, nothing to end")),
            ("{items}", Err("unrecognized identifier items")),
            ("{.items[x]}", Err("invalid array index x")),
            ("{.items[?(@.metadata.name==1)]}", Err("incompatible types for comparison")),
        ] {
            check(template, expected);
        }
    }

    #[test]
    fn paths_without_braces() {
        let object = json!({"a": {"b": [1, {"c": null}]}});
        for path in ["a.b", ".a.b", "{a.b}", "{.a.b}"] {
            assert_eq!(JsonPath::relaxed(path).unwrap().find(&object), [json!([1, {"c": null}])], "{path}");
        }
        assert!(JsonPath::relaxed("").is_err() && JsonPath::relaxed("{a}{b}").is_err());
        assert_eq!(go_text(&object), "map[a:map[b:[1 map[c:<nil>]]]]");
    }
}
