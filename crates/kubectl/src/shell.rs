//! Lines for a POSIX shell.

use std::borrow::Cow;

/// A word as a shell takes it: in quotes unless every character stands for itself.
pub(crate) fn quoted(word: &str) -> Cow<'_, str> {
    let stands_for_itself = |letter: char| letter.is_ascii_alphanumeric() || "_@%+=:,./-".contains(letter);
    if !word.is_empty() && word.chars().all(stands_for_itself) {
        return Cow::Borrowed(word);
    }
    // The one character that no shell can be told of is NUL, which no object has.
    shlex::try_quote(word).unwrap_or_else(|_| Cow::Owned(word.replace('\0', "")))
}

/// `kubectl -n NAMESPACE WORD…`.
pub(crate) fn kubectl<'a>(namespace: Option<&'a str>, words: impl IntoIterator<Item = &'a str>) -> String {
    let namespace = namespace.into_iter().flat_map(|namespace| ["-n", namespace]);
    let words: Vec<_> = ["kubectl"].into_iter().chain(namespace).chain(words).map(quoted).collect();
    words.join(" ")
}

/// A command that reads a text.
pub(crate) fn with_input(command: &str, text: &str) -> String {
    let mut end = "EOF".to_owned();
    while text.lines().any(|line| line == end) {
        end.push('F');
    }
    format!("{command} <<'{end}'\n{}\n{end}", text.strip_suffix('\n').unwrap_or(text))
}

/// Plain words among commands, a line for each of theirs.
pub(crate) fn comment(words: &str) -> String {
    words.lines().map(|line| format!("# {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::{kubectl, quoted, with_input};

    #[test]
    fn words_are_quoted_only_where_a_shell_would_read_them_otherwise() {
        for plain in ["web", "node.kubernetes.io/not-ready:NoExecute-", "key=value:NoSchedule-", "app=nginx:1.9.1"] {
            assert_eq!(quoted(plain), plain);
        }
        for odd in ["", "*=nginx", "it's", "a b", "{\"spec\":{\"a\":\"it's $HOME\"}}", "a\nb", "!x", "#x", "`x`", "\\"]
        {
            let quoted = quoted(odd);
            assert_ne!(quoted, odd);
            assert_eq!(shlex::split(&quoted), Some(vec![odd.to_owned()]), "{quoted}");
        }
    }

    #[test]
    fn a_command_names_its_namespace_first() {
        assert_eq!(kubectl(Some("kube-system"), ["delete", "pod", "x"]), "kubectl -n kube-system delete pod x");
        assert_eq!(kubectl(None, ["cordon", "n1"]), "kubectl cordon n1");
    }

    #[test]
    fn the_end_of_a_text_is_no_line_of_it() {
        assert_eq!(with_input("kubectl apply -f -", "a: |\nEOF\n"), "kubectl apply -f - <<'EOFF'\na: |\nEOF\nEOFF");
        assert_eq!(with_input("cat", "a: |+\n\n\n"), "cat <<'EOF'\na: |+\n\n\nEOF");
    }
}
