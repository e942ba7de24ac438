//! A text as a POSIX shell cuts it: commands, their words, and the heredocs that they read.

use std::iter::Peekable;
use std::str::Chars;

use super::BadCommand;

/// One command as it was typed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Typed {
    /// The line that it begins on, from 1.
    pub(super) line: usize,
    /// Its words, without their quotes.
    pub(super) words: Vec<String>,
    /// What it reads: a heredoc of its own, or of a `cat` that is piped into it.
    pub(super) input: Option<String>,
}

/// The commands of a text.
///
/// # Errors
/// When a quote or a heredoc is not closed, or the text asks for what only a shell can do.
pub(super) fn split(text: &str) -> Result<Vec<Typed>, BadCommand> {
    let mut splitter = Splitter { rest: text.chars().peekable(), line: 1, command: Command::at(1), typed: Vec::new() };
    splitter.run()?;
    Ok(splitter.typed)
}

struct Splitter<'a> {
    rest: Peekable<Chars<'a>>,
    line: usize,
    command: Command,
    typed: Vec<Typed>,
}

/// A command so far, with its quotes.
struct Command {
    line: usize,
    text: String,
    heredoc: Option<Heredoc>,
}

struct Heredoc {
    end: String,
    /// `<<-`: leading tabs are no part of the text.
    drops_tabs: bool,
    /// The end word is in quotes: the shell leaves the text as it is.
    is_literal: bool,
}

impl Command {
    fn at(line: usize) -> Self {
        Self { line, text: String::new(), heredoc: None }
    }
}

impl Splitter<'_> {
    fn run(&mut self) -> Result<(), BadCommand> {
        while let Some(letter) = self.take() {
            match letter {
                '\'' | '"' => self.quoted(letter)?,
                '\\' => match self.take() {
                    Some('\n') => {}
                    Some(next) => self.command.text.extend(['\\', next]),
                    None => self.command.text.push('\\'),
                },
                '#' if self.begins_a_word() => {
                    while self.rest.peek().is_some_and(|letter| *letter != '\n') {
                        self.take();
                    }
                }
                '\n' => {
                    let input = self.heredoc()?;
                    self.end(input)?;
                }
                ';' => self.end(None)?,
                '&' if self.rest.peek() == Some(&'&') => {
                    self.take();
                    self.end(None)?;
                }
                '|' if self.command.text.trim() == "cat" && self.command.heredoc.is_some() => self.command.text.clear(),
                '<' if self.rest.peek() == Some(&'<') => {
                    self.take();
                    self.begin_heredoc()?;
                }
                '\r' if self.rest.peek() == Some(&'\n') => {}
                '|' | '&' | '<' | '>' | '(' | ')' | '$' | '`' => return Err(self.only_a_shell(letter)),
                letter => self.command.text.push(letter),
            }
        }
        let input = self.heredoc()?;
        self.end(input)
    }

    fn take(&mut self) -> Option<char> {
        let letter = self.rest.next();
        self.line += usize::from(letter == Some('\n'));
        letter
    }

    fn bad(&self, message: impl Into<String>) -> BadCommand {
        BadCommand { line: self.command.line, message: message.into() }
    }

    fn only_a_shell(&self, letter: char) -> BadCommand {
        self.bad(format!(
            "error: {letter:?} is for a shell: sim reads kubectl commands only, with everything written out"
        ))
    }

    fn begins_a_word(&self) -> bool {
        self.command.text.chars().next_back().is_none_or(char::is_whitespace)
    }

    /// A quoted part, with its quotes.
    fn quoted(&mut self, quote: char) -> Result<(), BadCommand> {
        self.command.text.push(quote);
        while let Some(letter) = self.take() {
            match letter {
                '$' | '`' if quote == '"' => return Err(self.only_a_shell(letter)),
                '\\' if quote == '"' => {
                    self.command.text.push(letter);
                    self.command.text.extend(self.rest.next());
                }
                letter => self.command.text.push(letter),
            }
            if letter == quote {
                return Ok(());
            }
        }
        Err(self.bad(format!("error: unexpected EOF while looking for matching `{quote}'")))
    }

    /// `EOF`, `'EOF'` or `-EOF` after `<<`.
    fn begin_heredoc(&mut self) -> Result<(), BadCommand> {
        let drops_tabs = self.rest.next_if_eq(&'-').is_some();
        while self.rest.next_if(|letter| matches!(letter, ' ' | '\t')).is_some() {}
        let mut word = String::new();
        while let Some(letter) = self.rest.next_if(|letter| !letter.is_whitespace() && !";|&<>".contains(*letter)) {
            word.push(letter);
        }
        let end: String = word.chars().filter(|letter| !"'\"\\".contains(*letter)).collect();
        if end.is_empty() {
            return Err(self.bad("error: << names no word that ends its text"));
        }
        let is_literal = end != word;
        self.command.heredoc = Some(Heredoc { end, drops_tabs, is_literal });
        Ok(())
    }

    /// The text of the heredoc that the line just read has begun.
    fn heredoc(&mut self) -> Result<Option<String>, BadCommand> {
        let Some(heredoc) = self.command.heredoc.take() else { return Ok(None) };
        let mut text = String::new();
        loop {
            let mut line = String::new();
            let mut is_last = true;
            while let Some(letter) = self.take() {
                if letter == '\n' {
                    is_last = false;
                    break;
                }
                line.push(letter);
            }
            let line = line.trim_end_matches('\r');
            let line = if heredoc.drops_tabs { line.trim_start_matches('\t') } else { line };
            if line == heredoc.end {
                break;
            }
            if is_last {
                let end = &heredoc.end;
                return Err(self.bad(format!("error: here-document delimited by end-of-file (wanted `{end}')")));
            }
            text.push_str(line);
            text.push('\n');
        }
        if !heredoc.is_literal && text.contains(['$', '`', '\\']) {
            let end = &heredoc.end;
            return Err(self.bad(format!(
                "error: a shell would expand the text of this heredoc: write <<'{end}' to have it as it is"
            )));
        }
        Ok(Some(text))
    }

    fn end(&mut self, input: Option<String>) -> Result<(), BadCommand> {
        if self.command.heredoc.is_some() {
            return Err(self.bad("error: a heredoc belongs to the last command of its line"));
        }
        let next = Command::at(self.line);
        let Command { line, text, .. } = std::mem::replace(&mut self.command, next);
        if text.trim().is_empty() {
            return Ok(());
        }
        let words = shlex::split(&text);
        let words = words.ok_or_else(|| BadCommand { line, message: format!("error: {text:?} has no words") })?;
        self.typed.push(Typed { line, words, input });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[track_caller]
    fn check(text: &str, expected: &[(usize, &[&str], Option<&str>)]) {
        let typed = split(text).expect("a text that a shell reads");
        let found: Vec<(usize, Vec<&str>, Option<&str>)> = typed
            .iter()
            .map(|typed| (typed.line, typed.words.iter().map(String::as_str).collect(), typed.input.as_deref()))
            .collect();
        let expected: Vec<_> = expected.iter().map(|(line, words, input)| (*line, words.to_vec(), *input)).collect();
        assert_eq!(found, expected);
    }

    #[track_caller]
    fn bad(text: &str, line: usize, message: &str) {
        let error = split(text).expect_err("a text that sim does not read");
        assert_eq!((error.line, error.message.as_str()), (line, message));
    }

    #[test]
    fn lines_words_and_comments() {
        check("", &[]);
        check("# nothing\n\n   \n", &[]);
        check("a b\nc d # e\n", &[(1, &["a", "b"], None), (2, &["c", "d"], None)]);
        check(
            "a b#c; d && e\r\nf",
            &[(1, &["a", "b#c"], None), (1, &["d"], None), (1, &["e"], None), (2, &["f"], None)],
        );
        check("a \\\n  b\nc", &[(1, &["a", "b"], None), (3, &["c"], None)]);
        check("a 'b\n c' \"d \\\" e\" f\\ g", &[(1, &["a", "b\n c", "d \" e", "f g"], None)]);
        check("a '$HOME `x` | y' '' x", &[(1, &["a", "$HOME `x` | y", "", "x"], None)]);
    }

    #[test]
    fn heredocs() {
        check(
            "a -f - <<EOF\nx: 1\n\ny: 2\nEOF\nb",
            &[(1, &["a", "-f", "-"], Some("x: 1\n\ny: 2\n")), (6, &["b"], None)],
        );
        check("a <<'E' -n x\n$y\nE", &[(1, &["a", "-n", "x"], Some("$y\n"))]);
        check("a <<-E\n\tx\n\tE", &[(1, &["a"], Some("x\n"))]);
        check("cat <<EOF | a -f -\nx\nEOF\n", &[(1, &["a", "-f", "-"], Some("x\n"))]);
    }

    #[test]
    fn what_only_a_shell_can_do() {
        let only = "is for a shell: sim reads kubectl commands only, with everything written out";
        for (text, letter) in [
            ("a | b", '|'),
            ("a > b", '>'),
            ("a $(b)", '$'),
            ("a \"$b\"", '$'),
            ("a `b`", '`'),
            ("a &", '&'),
            ("a < b", '<'),
        ] {
            bad(text, 1, &format!("error: {letter:?} {only}"));
        }
        bad("a\nb 'c", 2, "error: unexpected EOF while looking for matching `''");
        bad("a <<EOF\nx", 1, "error: here-document delimited by end-of-file (wanted `EOF')");
        bad("a <<EOF; b\nx\nEOF", 1, "error: a heredoc belongs to the last command of its line");
        bad(
            "a <<EOF\n$x\nEOF",
            1,
            "error: a shell would expand the text of this heredoc: write <<'EOF' to have it as it is",
        );
    }
}
