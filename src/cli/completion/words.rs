//! Words as shells hold them: quoted, cut apart by readline, and quoted again for what is offered.

/// Inside which quotes a word ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quote {
    /// None.
    None,
    /// `'`
    Single,
    /// `"`
    Double,
}

/// What a word of a command line stands for, without its quotes. Nothing of it is expanded.
pub(super) fn unquoted(word: &str) -> (String, Quote) {
    let mut text = String::with_capacity(word.len());
    let mut quote = Quote::None;
    let mut letters = word.chars().peekable();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Quote::None, '\'') => quote = Quote::Single,
            (Quote::None, '"') => quote = Quote::Double,
            (Quote::Single, '\'') | (Quote::Double, '"') => quote = Quote::None,
            (Quote::None, '\\') => text.extend(letters.next()),
            (Quote::Double, '\\') => {
                let is_escaped = |next: &char| matches!(next, '"' | '\\' | '$' | '`');
                text.push(letters.next_if(is_escaped).unwrap_or('\\'));
            }
            (_, letter) => text.push(letter),
        }
    }
    (text, quote)
}

/// Whether a letter means itself in bash, wherever it stands.
fn is_plain(letter: char) -> bool {
    letter.is_alphanumeric() || "-_./:=@%+,".contains(letter)
}

/// A text as bash takes it after such a quote; none where that can't be.
pub(super) fn quoted_for_bash(text: &str, quote: Quote) -> Option<String> {
    let mut quoted = String::with_capacity(text.len());
    for letter in text.chars() {
        let is_escaped = match quote {
            Quote::None => !is_plain(letter),
            // There is no way to write them.
            Quote::Single if letter == '\'' => return None,
            Quote::Double if letter == '!' => return None,
            Quote::Single => false,
            Quote::Double => matches!(letter, '"' | '\\' | '$' | '`'),
        };
        if is_escaped {
            quoted.push('\\');
        }
        quoted.push(letter);
    }
    Some(quoted)
}

/// A text as PowerShell takes it for one argument. It takes curly quotes for straight ones.
pub(super) fn quoted_for_powershell(text: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:".contains(letter);
    let is_inner = |letter: char| is_plain(letter) || matches!(letter, '=' | '@' | '+' | '\\');
    let begins_plain = text.starts_with(is_plain);
    if begins_plain && text.chars().all(is_inner) {
        return text.to_owned();
    }
    let mut quoted = String::from("'");
    for letter in text.chars() {
        if matches!(letter, '\'' | '\u{2018}'..='\u{201b}') {
            quoted.push(letter);
        }
        quoted.push(letter);
    }
    quoted.push('\'');
    quoted
}

/// A text as a shell of POSIX takes it for one word, whatever is in it.
pub(super) fn quoted_for_sh(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A text as fish takes it for one word, whatever is in it.
pub(super) fn quoted_for_fish(text: &str) -> String {
    format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"))
}

/// A command line as bash's programmable completion tells of it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct BashLine<'a> {
    /// `COMP_WORDS`, quoted as they were typed.
    pub(super) words: &'a [String],
    /// `COMP_CWORD`
    pub(super) current: usize,
    /// `COMP_WORDBREAKS`
    pub(super) breaks: &'a str,
    /// `COMP_LINE`, where it is known.
    pub(super) line: &'a str,
    /// `COMP_POINT`, where it is known.
    pub(super) point: Option<usize>,
    /// What readline completes, where it says so.
    pub(super) text: Option<&'a str>,
}

/// The words of a command line, as its command would get them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TypedWords {
    pub(super) words: Vec<String>,
    /// Which of them is completed. It ends at the cursor.
    pub(super) current: usize,
    /// So much of it isn't readline's to complete.
    pub(super) kept: String,
    /// Inside which quotes it ends.
    pub(super) quote: Quote,
}

/// The letters within words at which readline takes words apart. At others the shell does.
const WITHIN_WORDS: [char; 3] = [':', '=', '@'];

/// The letter that readline takes words apart at, and leaves with what follows.
///
/// Source: `rl_special_prefixes` of bash.
const SPECIAL_PREFIX: char = '@';

impl BashLine<'_> {
    /// Puts together what readline took apart, as `system:serviceaccount:prod:app`, and takes off quotes.
    pub(super) fn typed(&self) -> TypedWords {
        let breaks = |letter: char| WITHIN_WORDS.contains(&letter) && self.breaks.contains(letter);
        let is_break = |word: &str| !word.is_empty() && word.chars().all(breaks);
        let begins = self.begins();
        let mut words: Vec<String> = Vec::new();
        let mut current = 0;
        let mut kept = String::new();
        for (at, piece) in self.words.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|at| self.words.get(at));
            let is_one = match (&begins, before) {
                (_, None) => false,
                // The name of the command is one word.
                _ if at == 1 => false,
                (_, Some(before)) if !is_break(before) && !is_break(piece) => false,
                (Some(begins), Some(before)) => begins[at - 1] + before.len() == begins[at],
                (None, Some(_)) => true,
            };
            match words.last_mut().filter(|_| is_one) {
                Some(word) => word.push_str(piece),
                None => words.push(piece.clone()),
            }
            if at == self.current {
                current = words.len() - 1;
                if let Some(word) = words.last_mut() {
                    let own = if is_break(piece) { "" } else { piece };
                    let before = &word[..word.len() - own.len()];
                    kept = before
                        .strip_suffix(SPECIAL_PREFIX)
                        .unwrap_or(before)
                        .to_owned();
                    let whole = word.clone();
                    *word = self.up_to_cursor(&whole).to_owned();
                }
            }
        }
        if words.len() <= self.current && self.current == self.words.len() {
            words.push(String::new());
            current = words.len() - 1;
        }
        let word = words.get(current).map_or("", String::as_str);
        if let Some(before) = self.text.and_then(|text| word.strip_suffix(text)) {
            kept = before.to_owned();
        }
        if !word.starts_with(&kept) {
            kept = String::new();
        }
        let quote = unquoted(word).1;
        TypedWords {
            words: words.iter().map(|word| unquoted(word).0).collect(),
            current,
            kept: unquoted(&kept).0,
            quote,
        }
    }

    /// Where each word begins in the line; none where the line doesn't tell.
    fn begins(&self) -> Option<Vec<usize>> {
        let mut at = 0;
        let begins = self.words.iter().map(|word| {
            let rest = self.line.get(at..)?;
            let blanks = rest.len() - rest.trim_start().len();
            rest.trim_start().starts_with(&**word).then_some(())?;
            let begin = at + blanks;
            at = begin + word.len();
            Some(begin)
        });
        begins.collect()
    }

    /// So much of a word as stands before the cursor.
    fn up_to_cursor<'w>(&self, word: &'w str) -> &'w str {
        let Some(point) = self.point.filter(|_| !self.line.is_empty()) else {
            return word;
        };
        let end = self.line.char_indices().nth(point);
        let before = &self.line[..end.map_or(self.line.len(), |(end, _)| end)];
        let mut ends = word
            .char_indices()
            .map(|(at, letter)| at + letter.len_utf8());
        let longest = ends.by_ref().filter(|&end| before.ends_with(&word[..end]));
        word.get(..longest.last().unwrap_or(0)).unwrap_or(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_taken_off_and_nothing_is_expanded() {
        for (word, text, quote) in [
            ("plain", "plain", Quote::None),
            (r"my\ file", "my file", Quote::None),
            ("'a b'c", "a bc", Quote::None),
            ("'a \"b", "a \"b", Quote::Single),
            (r#""a \"$b\x"#, r#"a "$b\x"#, Quote::Double),
            ("$(touch x)", "$(touch x)", Quote::None),
            ("end\\", "end", Quote::None),
        ] {
            assert_eq!(unquoted(word), (text.to_owned(), quote), "{word}");
        }
    }

    #[test]
    fn what_is_quoted_is_read_as_it_was() {
        for text in [
            "alice", "a b", "$(x)", "it's", "a\"b", r"C\d", "~x", "#x", "{a,b}", "!x", "*",
        ] {
            let quoted = quoted_for_bash(text, Quote::None).unwrap();
            assert_eq!(
                unquoted(&quoted),
                (text.to_owned(), Quote::None),
                "{quoted}"
            );
            for (open, quote) in [("'", Quote::Single), ("\"", Quote::Double)] {
                if let Some(quoted) = quoted_for_bash(text, quote) {
                    let read = unquoted(&format!("{open}{quoted}"));
                    assert_eq!(read, (text.to_owned(), quote), "{quoted}");
                }
            }
        }
        assert_eq!(quoted_for_bash("it's", Quote::Single), None);
        assert_eq!(quoted_for_bash("a!b", Quote::Double), None);
        assert_eq!(
            quoted_for_powershell("a\u{2019}; x"),
            "'a\u{2019}\u{2019}; x'"
        );
        assert_eq!(quoted_for_powershell("a@b.com"), "a@b.com");
        assert_eq!(quoted_for_powershell("@b"), "'@b'");
        assert_eq!(quoted_for_sh("a'b"), r"'a'\''b'");
        assert_eq!(quoted_for_fish(r"a'\b"), r"'a\'\\b'");
    }

    fn typed(words: &[&str], current: usize, line: &str) -> (Vec<String>, String, String) {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        let typed = BashLine {
            words: &words,
            current,
            breaks: " \t\n\"'@><=;|&(:",
            line,
            point: (!line.is_empty()).then(|| line.chars().count()),
            text: None,
        }
        .typed();
        let word = typed.words[typed.current].clone();
        (typed.words, word, typed.kept)
    }

    #[test]
    fn what_readline_took_apart_is_put_together() {
        let pieces = [
            "rbac-eval",
            "can-i",
            "--as",
            "system",
            ":",
            "serviceaccount",
            ":",
            "pr",
        ];
        let line = "rbac-eval can-i --as system:serviceaccount:pr";
        for line in ["", line] {
            let (words, word, kept) = typed(&pieces, 7, line);
            assert_eq!(words.len(), 4);
            assert_eq!(word, "system:serviceaccount:pr");
            assert_eq!(kept, "system:serviceaccount:");
        }
        // Right after the colon readline completes nothing of what stands there.
        let (_, word, kept) = typed(&pieces[..5], 4, "rbac-eval can-i --as system:");
        assert_eq!((&*word, &*kept), ("system:", "system:"));
        let mail = ["rbac-eval", "can-i", "--as", "alice", "@", "co"];
        let (_, word, kept) = typed(&mail, 5, "rbac-eval can-i --as alice@co");
        assert_eq!((&*word, &*kept), ("alice@co", "alice"));
        let (_, word, kept) = typed(&mail[..5], 4, "rbac-eval can-i --as alice@");
        assert_eq!((&*word, &*kept), ("alice@", "alice"));
        // What a blank parts are two words.
        let apart = ["rbac-eval", "can-i", "--as", "system", ":", "-n", ""];
        let (words, word, _) = typed(&apart, 6, "rbac-eval can-i --as system: -n ");
        assert_eq!(words[3..], ["system:", "-n", ""]);
        assert_eq!(word, "");
        let (words, ..) = typed(&["rbac-eval", "--env", "=", "prod"], 3, "");
        assert_eq!(words[1..], ["--env=prod"]);
        // In quotes nothing is taken apart.
        let (_, word, kept) = typed(&["rbac-eval", "--as", "'system:s"], 2, "");
        assert_eq!((&*word, &*kept), ("system:s", ""));
        // What stands behind the cursor is another's.
        let words: Vec<String> = ["rbac-eval", "lookup", "alice"].map(str::to_owned).to_vec();
        let typed = BashLine {
            words: &words,
            current: 2,
            breaks: ":",
            line: "rbac-eval lookup alice",
            point: Some(19),
            text: None,
        }
        .typed();
        assert_eq!(typed.words[2], "al");
    }
}
