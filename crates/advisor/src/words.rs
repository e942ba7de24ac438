//! Small words of sentences.

/// `1 node`, `2 nodes`.
pub(crate) fn count(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

/// The first three, and how many more.
pub(crate) fn list<T: AsRef<str>>(names: &[T]) -> String {
    let first: Vec<&str> = names.iter().take(3).map(AsRef::as_ref).collect();
    match names.len().saturating_sub(3) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// `n1`, `n1 and n2`, `n1, n2 and 3 more nodes`.
pub fn nodes<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> String {
    enumerated(names, "no node", " nodes")
}

/// `a`, `a and b`, `a, b and 2 more`.
pub(crate) fn all<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> String {
    enumerated(names, "nothing", "")
}

fn enumerated<T: AsRef<str>>(names: impl IntoIterator<Item = T>, none: &str, noun: &str) -> String {
    let names: Vec<T> = names.into_iter().collect();
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names.as_slice() {
        [] => none.to_owned(),
        [one] => (*one).to_owned(),
        [first, second] => format!("{first} and {second}"),
        [first, second, third] => format!("{first}, {second} and {third}"),
        [first, second, rest @ ..] => format!("{first}, {second} and {} more{noun}", rest.len()),
    }
}
