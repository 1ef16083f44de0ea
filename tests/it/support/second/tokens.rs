//! From a document's characters to its tokens, all at once.

#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    DocumentStart,
    DocumentEnd,
    Directive,
    BlockList,
    BlockMap,
    BlockEnd,
    OpenList,
    CloseList,
    OpenMap,
    CloseMap,
    Dash,
    Comma,
    Key,
    Value,
    Alias(String),
    Anchor(String),
    Tag(String),
    Scalar {
        text: String,
        plain: bool,
    },
    End,
    /// What can't be read from here on.
    Broken,
}

/// What may be the key of something, if a colon follows.
#[derive(Clone, Copy)]
struct Candidate {
    at: usize,
    line: usize,
    column: i64,
    required: bool,
}

struct Lexer {
    text: Vec<char>,
    at: usize,
    line: usize,
    column: i64,
    indent: i64,
    indents: Vec<i64>,
    allowed: bool,
    /// One for each bracket that is open, and one for what is around them.
    candidates: Vec<Option<Candidate>>,
    out: Vec<Token>,
}

/// Something can't be read.
pub struct Broken;

type Lexed<T = ()> = Result<T, Broken>;

/// The tokens of a document; the last one is an end, or says that the rest can't be read.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut lexer = Lexer {
        text: text.chars().collect(),
        at: 0,
        line: 0,
        column: 0,
        indent: -1,
        indents: Vec::new(),
        allowed: true,
        candidates: vec![None],
        out: Vec::new(),
    };
    loop {
        match lexer.next() {
            Ok(true) => {}
            Ok(false) => return lexer.out,
            Err(Broken) => {
                lexer.out.push(Token::Broken);
                return lexer.out;
            }
        }
    }
}

fn breaks(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

impl Lexer {
    /// The character so far ahead; NUL after the end.
    fn peek(&self, ahead: usize) -> char {
        self.text.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn gap(&self, ahead: usize) -> bool {
        let c = self.peek(ahead);
        c == '\0' || c == ' ' || c == '\t' || breaks(c)
    }

    fn blank(&self) -> bool {
        matches!(self.peek(0), ' ' | '\t')
    }

    fn step(&mut self) -> char {
        let c = self.peek(0);
        self.at += 1;
        self.column += 1;
        c
    }

    /// Takes the end of a line, as it is folded.
    fn step_line(&mut self) -> char {
        let c = self.peek(0);
        self.at += if c == '\r' && self.peek(1) == '\n' {
            2
        } else {
            1
        };
        self.line += 1;
        self.column = 0;
        match c {
            '\u{2028}' | '\u{2029}' => c,
            _ => '\n',
        }
    }

    fn flow(&self) -> bool {
        self.candidates.len() > 1
    }

    fn marker(&self) -> bool {
        let three: String = (0..3).map(|ahead| self.peek(ahead)).collect();
        self.column == 0 && (three == "---" || three == "...") && self.gap(3)
    }

    fn close_to(&mut self, column: i64) {
        while !self.flow() && self.indent > column {
            self.out.push(Token::BlockEnd);
            self.indent = self.indents.pop().unwrap();
        }
    }

    fn open_at(&mut self, column: i64, before: usize, token: Token) {
        if !self.flow() && self.indent < column {
            self.indents.push(self.indent);
            self.indent = column;
            self.out.insert(before, token);
        }
    }

    fn forget(&mut self) -> Lexed {
        match self.candidates.last_mut().unwrap().take() {
            Some(candidate) if candidate.required => Err(Broken),
            _ => Ok(()),
        }
    }

    /// A required key has to be found on its line; another isn't one any more after it.
    fn current(&mut self) -> Lexed<Option<Candidate>> {
        let last = self.candidates.last_mut().unwrap();
        let Some(candidate) = *last else {
            return Ok(None);
        };
        if candidate.line == self.line && candidate.column + 1024 >= self.column {
            return Ok(Some(candidate));
        }
        if candidate.required {
            return Err(Broken);
        }
        *last = None;
        Ok(None)
    }

    fn remember(&mut self) -> Lexed {
        if self.allowed {
            self.forget()?;
            *self.candidates.last_mut().unwrap() = Some(Candidate {
                at: self.out.len(),
                line: self.line,
                column: self.column,
                required: !self.flow() && self.indent == self.column,
            });
        }
        Ok(())
    }

    /// Adds the next tokens; false after the last.
    fn next(&mut self) -> Lexed<bool> {
        loop {
            while self.peek(0) == ' ' || self.peek(0) == '\t' && (self.flow() || !self.allowed) {
                self.step();
            }
            if self.peek(0) == '#' {
                while self.peek(0) != '\0' && !breaks(self.peek(0)) {
                    self.step();
                }
            }
            if !breaks(self.peek(0)) {
                break;
            }
            self.step_line();
            if !self.flow() {
                self.allowed = true;
            }
        }
        self.close_to(self.column);
        let c = self.peek(0);
        if c == '\0' {
            self.column = 0;
            self.line += 1;
            self.close_to(-1);
            self.forget()?;
            self.out.push(Token::End);
            return Ok(false);
        }
        if self.column == 0 && (c == '%' || self.marker()) {
            self.close_to(-1);
            self.forget()?;
            self.allowed = false;
            if c == '%' {
                // None is known in the texts of the tests but those that kubectl refuses.
                self.out.push(Token::Directive);
                return Err(Broken);
            }
            let token = match c {
                '-' => Token::DocumentStart,
                _ => Token::DocumentEnd,
            };
            self.at += 3;
            self.column += 3;
            self.out.push(token);
            return Ok(true);
        }
        self.token(c)?;
        Ok(true)
    }

    fn token(&mut self, c: char) -> Lexed {
        let (flow, gap) = (self.flow(), self.gap(1));
        match c {
            '[' | '{' => {
                self.remember()?;
                self.candidates.push(None);
                self.allowed = true;
                self.single(if c == '[' {
                    Token::OpenList
                } else {
                    Token::OpenMap
                });
            }
            ']' | '}' => {
                self.forget()?;
                if flow {
                    self.candidates.pop();
                }
                self.allowed = false;
                self.single(if c == ']' {
                    Token::CloseList
                } else {
                    Token::CloseMap
                });
            }
            ',' => {
                self.forget()?;
                self.allowed = true;
                self.single(Token::Comma);
            }
            '-' if gap => self.indicator(Token::BlockList, Token::Dash, true)?,
            '?' if flow || gap => self.indicator(Token::BlockMap, Token::Key, !flow)?,
            ':' if flow || gap => self.colon()?,
            '*' | '&' => {
                self.remember()?;
                self.allowed = false;
                self.step();
                let name = self.word();
                let ends = self.gap(0) || "?:,]}%@`".contains(self.peek(0));
                if name.is_empty() || !ends {
                    return Err(Broken);
                }
                self.out.push(match c {
                    '*' => Token::Alias(name),
                    _ => Token::Anchor(name),
                });
            }
            '!' => {
                self.remember()?;
                self.allowed = false;
                let tag = self.tag()?;
                self.out.push(Token::Tag(tag));
            }
            '|' | '>' if !flow => {
                self.forget()?;
                self.allowed = true;
                let text = self.block()?;
                self.out.push(Token::Scalar { text, plain: false });
            }
            '\'' | '"' => {
                self.remember()?;
                self.allowed = false;
                let text = self.quoted(c)?;
                self.out.push(Token::Scalar { text, plain: false });
            }
            '#' | '|' | '>' | '%' | '@' | '`' | '\t' => return Err(Broken),
            _ => {
                self.remember()?;
                self.allowed = false;
                let text = self.plain()?;
                self.out.push(Token::Scalar { text, plain: true });
            }
        }
        Ok(())
    }

    fn single(&mut self, token: Token) {
        self.step();
        self.out.push(token);
    }

    fn indicator(&mut self, collection: Token, token: Token, then: bool) -> Lexed {
        if !self.flow() {
            if !self.allowed {
                return Err(Broken);
            }
            self.open_at(self.column, self.out.len(), collection);
        }
        self.forget()?;
        self.allowed = then;
        self.single(token);
        Ok(())
    }

    fn colon(&mut self) -> Lexed {
        if let Some(candidate) = self.current()? {
            self.out.insert(candidate.at, Token::Key);
            self.open_at(candidate.column, candidate.at, Token::BlockMap);
            *self.candidates.last_mut().unwrap() = None;
            self.allowed = false;
        } else {
            if !self.flow() {
                if !self.allowed {
                    return Err(Broken);
                }
                self.open_at(self.column, self.out.len(), Token::BlockMap);
            }
            self.allowed = !self.flow();
        }
        self.single(Token::Value);
        Ok(())
    }

    fn word(&mut self) -> String {
        let mut word = String::new();
        while self.peek(0).is_ascii_alphanumeric() || "-_".contains(self.peek(0)) {
            word.push(self.step());
        }
        word
    }

    fn uri(&mut self) -> Lexed<String> {
        let mut uri = Vec::new();
        loop {
            let c = self.peek(0);
            if c == '%' {
                let digits: String = [self.peek(1), self.peek(2)].iter().collect();
                uri.push(u8::from_str_radix(&digits, 16).map_err(|_| Broken)?);
                for _ in 0..3 {
                    self.step();
                }
            } else if c.is_ascii_alphanumeric() || "-_;/?:@&=+$,.!~*'()[]".contains(c) && c != '\0'
            {
                uri.push(u8::try_from(self.step()).unwrap());
            } else {
                return String::from_utf8(uri).map_err(|_| Broken);
            }
        }
    }

    fn tag(&mut self) -> Lexed<String> {
        const YAML: &str = "tag:yaml.org,2002:";
        self.step();
        let tag = if self.peek(0) == '<' {
            self.step();
            let uri = self.uri()?;
            if uri.is_empty() || self.step() != '>' {
                return Err(Broken);
            }
            uri
        } else {
            let word = self.word();
            if self.peek(0) == '!' {
                self.step();
                let suffix = self.uri()?;
                // No document of the tests declares a handle.
                if !word.is_empty() || suffix.is_empty() {
                    return Err(Broken);
                }
                format!("{YAML}{suffix}")
            } else {
                format!("!{word}{}", self.uri()?)
            }
        };
        if self.gap(0) { Ok(tag) } else { Err(Broken) }
    }

    /// Blanks and line ends after a word: the blanks if there is no line end, else all line ends.
    fn folded(&mut self, mut broken: bool, least: i64) -> Lexed<(String, Option<String>)> {
        let (mut blanks, mut lines) = (String::new(), String::new());
        loop {
            if self.blank() {
                if broken && self.peek(0) == '\t' && self.column < least {
                    return Err(Broken);
                }
                blanks.push(self.step());
            } else if breaks(self.peek(0)) {
                broken = true;
                lines.push(self.step_line());
            } else {
                return Ok((blanks, broken.then_some(lines)));
            }
        }
    }

    fn plain(&mut self) -> Lexed<String> {
        let mut text = String::new();
        let (mut between, mut after_line) = (String::new(), false);
        loop {
            if self.marker() || self.peek(0) == '#' {
                break;
            }
            let mut word = String::new();
            while !self.gap(0) {
                let c = self.peek(0);
                if c == ':' && self.gap(1) || self.flow() && ",?[]{}".contains(c) {
                    break;
                }
                word.push(self.step());
            }
            if !word.is_empty() {
                text.push_str(&std::mem::take(&mut between));
                text.push_str(&word);
                after_line = false;
            }
            if !self.gap(0) || self.peek(0) == '\0' {
                break;
            }
            let (blanks, lines) = self.folded(after_line, self.indent + 1)?;
            match lines {
                None => between.push_str(&blanks),
                Some(lines) => {
                    after_line = true;
                    between = fold(&lines);
                }
            }
            if !self.flow() && self.column <= self.indent {
                break;
            }
        }
        if after_line {
            self.allowed = true;
        }
        Ok(text)
    }

    fn quoted(&mut self, quote: char) -> Lexed<String> {
        self.step();
        let mut text = String::new();
        loop {
            if self.marker() || self.peek(0) == '\0' {
                return Err(Broken);
            }
            let mut escaped_line = false;
            while !self.gap(0) {
                let c = self.peek(0);
                if c == '\'' && quote == c && self.peek(1) == c {
                    self.step();
                    text.push(self.step());
                } else if c == quote {
                    break;
                } else if c == '\\' && quote == '"' {
                    self.step();
                    if breaks(self.peek(0)) {
                        self.step_line();
                        escaped_line = true;
                        break;
                    }
                    text.push(self.escape()?);
                } else {
                    text.push(self.step());
                }
            }
            if self.peek(0) == quote {
                self.step();
                return Ok(text);
            }
            let (blanks, lines) = self.folded(escaped_line, 0)?;
            match lines {
                None => text.push_str(&blanks),
                Some(lines) if escaped_line => text.push_str(&lines),
                Some(lines) => text.push_str(&fold(&lines)),
            }
        }
    }

    fn escape(&mut self) -> Lexed<char> {
        let c = self.step();
        let length = match c {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => {
                let known = "0\0a\x07b\x08t\tn\nv\x0bf\x0cr\re\x1b  \"\"''\\\\N\u{85}_\u{a0}L\u{2028}P\u{2029}\t\t";
                let known: Vec<char> = known.chars().collect();
                let found = known.chunks(2).find(|pair| pair[0] == c);
                return found.map(|pair| pair[1]).ok_or(Broken);
            }
        };
        let digits: String = (0..length).map(|_| self.step()).collect();
        if !digits.chars().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(Broken);
        }
        let code = u32::from_str_radix(&digits, 16).map_err(|_| Broken)?;
        char::from_u32(code).ok_or(Broken)
    }

    fn block(&mut self) -> Lexed<String> {
        let folds = self.step() == '>';
        let (mut chomp, mut increment) = (None, None);
        loop {
            match self.peek(0) {
                c @ ('+' | '-') if chomp.is_none() => chomp = Some(c),
                '0' if increment.is_none() => return Err(Broken),
                digit @ '1'..='9' if increment.is_none() => {
                    increment = digit.to_digit(10).map(i64::from);
                }
                _ => break,
            }
            self.step();
        }
        while self.blank() {
            self.step();
        }
        if self.peek(0) == '#' {
            while self.peek(0) != '\0' && !breaks(self.peek(0)) {
                self.step();
            }
        }
        if breaks(self.peek(0)) {
            self.step_line();
        } else if self.peek(0) != '\0' {
            return Err(Broken);
        }
        let mut indent = increment.map_or(0, |by| self.indent.max(0) + by);
        let mut empty = self.empty_lines(&mut indent)?;
        let (mut text, mut ended, mut was_blank) = (String::new(), String::new(), false);
        while self.column == indent && self.peek(0) != '\0' {
            let is_blank = self.blank();
            if folds && !was_blank && !is_blank && ended == "\n" {
                if empty.is_empty() {
                    text.push(' ');
                }
            } else {
                text.push_str(&ended);
            }
            text.push_str(&empty);
            ended.clear();
            was_blank = is_blank;
            while self.peek(0) != '\0' && !breaks(self.peek(0)) {
                text.push(self.step());
            }
            if breaks(self.peek(0)) {
                ended.push(self.step_line());
            }
            empty = self.empty_lines(&mut indent)?;
        }
        if chomp != Some('-') {
            text.push_str(&ended);
        }
        if chomp == Some('+') {
            text.push_str(&empty);
        }
        Ok(text)
    }

    fn empty_lines(&mut self, indent: &mut i64) -> Lexed<String> {
        let (mut lines, mut deepest) = (String::new(), 0);
        loop {
            while (*indent == 0 || self.column < *indent) && self.peek(0) == ' ' {
                self.step();
            }
            deepest = deepest.max(self.column);
            if (*indent == 0 || self.column < *indent) && self.peek(0) == '\t' {
                return Err(Broken);
            }
            if !breaks(self.peek(0)) {
                break;
            }
            lines.push(self.step_line());
        }
        if *indent == 0 {
            *indent = deepest.max(self.indent + 1).max(1);
        }
        Ok(lines)
    }
}

/// What becomes of the ends of lines between two words.
fn fold(lines: &str) -> String {
    match lines.strip_prefix('\n') {
        Some("") => " ".to_owned(),
        Some(others) => others.to_owned(),
        None => lines.to_owned(),
    }
}
