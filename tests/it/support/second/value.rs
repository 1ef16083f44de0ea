//! From tokens to what Go makes of them, and from that to JSON.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};

use super::tokens::{Token, tokens};

/// A document can't be read.
#[derive(Debug)]
pub struct Unreadable;

type Read<T> = Result<T, Unreadable>;

/// A document's JSON; null where there is nothing.
pub fn json(text: &str) -> Read<Value> {
    let forbidden = |c: char| match c {
        '\t' | '\n' | '\r' | '\u{85}' => false,
        '\u{fffe}' | '\u{ffff}' => true,
        c => c < ' ' || ('\u{7f}'..'\u{a0}').contains(&c),
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.contains(forbidden) {
        return Err(Unreadable);
    }
    let mut parser = Parser {
        tokens: tokens(text),
        at: 0,
        anchors: BTreeMap::new(),
    };
    let Some(root) = parser.document()? else {
        return Ok(Value::Null);
    };
    to_json(decoded(&root)?)
}

/// A node with its aliases copied.
#[derive(Debug, Clone)]
enum Node {
    Scalar {
        text: String,
        tag: Option<String>,
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
    /// What an alias stands for.
    Copy(Box<Node>),
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    /// None for what is being read.
    anchors: BTreeMap<String, Option<Node>>,
}

fn empty() -> Node {
    Node::Scalar {
        text: String::new(),
        tag: None,
        plain: true,
    }
}

impl Parser {
    fn peek(&self) -> Read<&Token> {
        match self.tokens.get(self.at).unwrap_or(&Token::End) {
            Token::Broken => Err(Unreadable),
            token => Ok(token),
        }
    }

    fn is(&self, token: &Token) -> Read<bool> {
        Ok(self.peek()? == token)
    }

    fn take(&mut self, token: &Token) -> Read<bool> {
        let is = self.is(token)?;
        self.at += usize::from(is);
        Ok(is)
    }

    fn one_of(&self, these: &[Token]) -> Read<bool> {
        let token = self.peek()?;
        Ok(these.contains(token))
    }

    fn document(&mut self) -> Read<Option<Node>> {
        if self.is(&Token::End)? {
            return Ok(None);
        }
        let explicit = self.take(&Token::DocumentStart)?;
        let ends = [Token::DocumentStart, Token::DocumentEnd, Token::End];
        let root = match explicit && self.one_of(&ends)? {
            true => empty(),
            false => self.node(true, false)?,
        };
        // What follows has to begin as anything may.
        self.peek()?;
        Ok(Some(root))
    }

    fn node(&mut self, block: bool, indentless: bool) -> Read<Node> {
        if let Token::Alias(name) = self.peek()?.clone() {
            self.at += 1;
            let known = self.anchors.get(&name).cloned().flatten();
            return known
                .map(|node| Node::Copy(Box::new(node)))
                .ok_or(Unreadable);
        }
        let (mut anchor, mut tag) = (None, None);
        loop {
            match self.peek()?.clone() {
                Token::Anchor(name) if anchor.is_none() => anchor = Some(name),
                Token::Tag(name) if tag.is_none() => tag = Some(name),
                _ => break,
            }
            self.at += 1;
        }
        if let Some(name) = &anchor {
            self.anchors.insert(name.clone(), None);
        }
        let has_properties = anchor.is_some() || tag.is_some();
        let node = match self.peek()?.clone() {
            Token::Dash if indentless => {
                let mut items = Vec::new();
                while self.take(&Token::Dash)? {
                    let ends = [Token::Dash, Token::Key, Token::Value, Token::BlockEnd];
                    items.push(match self.one_of(&ends)? {
                        true => empty(),
                        false => self.node(true, false)?,
                    });
                }
                Node::List(items)
            }
            Token::Scalar { text, plain } => {
                self.at += 1;
                Node::Scalar { text, tag, plain }
            }
            Token::OpenList => self.flow_list()?,
            Token::OpenMap => self.flow_map()?,
            Token::BlockList if block => self.block_list()?,
            Token::BlockMap if block => self.block_map()?,
            _ if has_properties => Node::Scalar {
                text: String::new(),
                plain: tag.is_none(),
                tag,
            },
            _ => return Err(Unreadable),
        };
        if let Some(name) = anchor {
            // Another anchor of this name may have been set within.
            let known = self.anchors.get_mut(&name).unwrap();
            if known.is_none() {
                *known = Some(node.clone());
            }
        }
        Ok(node)
    }

    fn block_list(&mut self) -> Read<Node> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            if self.take(&Token::Dash)? {
                items.push(match self.one_of(&[Token::Dash, Token::BlockEnd])? {
                    true => empty(),
                    false => self.node(true, false)?,
                });
            } else if self.take(&Token::BlockEnd)? {
                return Ok(Node::List(items));
            } else {
                return Err(Unreadable);
            }
        }
    }

    fn block_map(&mut self) -> Read<Node> {
        self.at += 1;
        let mut entries = Vec::new();
        let ends = [Token::Key, Token::Value, Token::BlockEnd];
        loop {
            if self.take(&Token::BlockEnd)? {
                return Ok(Node::Map(entries));
            }
            if !self.take(&Token::Key)? {
                return Err(Unreadable);
            }
            let key = match self.one_of(&ends)? {
                true => empty(),
                false => self.node(true, true)?,
            };
            let value = match self.take(&Token::Value)? && !self.one_of(&ends)? {
                true => self.node(true, true)?,
                false => empty(),
            };
            entries.push((key, value));
        }
    }

    fn flow_list(&mut self) -> Read<Node> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            if !items.is_empty() && !self.is(&Token::CloseList)? && !self.take(&Token::Comma)? {
                return Err(Unreadable);
            }
            if self.take(&Token::CloseList)? {
                return Ok(Node::List(items));
            }
            if !self.take(&Token::Key)? {
                items.push(self.node(false, false)?);
                continue;
            }
            let ends = [Token::Comma, Token::CloseList];
            let key = if self.is(&Token::Value)? || self.one_of(&ends)? {
                // The library takes the token that stands there for the missing key.
                self.at += 1;
                empty()
            } else {
                self.node(false, false)?
            };
            let value = match self.take(&Token::Value)? && !self.one_of(&ends)? {
                true => self.node(false, false)?,
                false => empty(),
            };
            items.push(Node::Map(vec![(key, value)]));
        }
    }

    fn flow_map(&mut self) -> Read<Node> {
        self.at += 1;
        let mut entries = Vec::new();
        let ends = [Token::Comma, Token::CloseMap];
        loop {
            if !entries.is_empty() && !self.is(&Token::CloseMap)? && !self.take(&Token::Comma)? {
                return Err(Unreadable);
            }
            if self.take(&Token::CloseMap)? {
                return Ok(Node::Map(entries));
            }
            if !self.take(&Token::Key)? {
                entries.push((self.node(false, false)?, empty()));
                continue;
            }
            let key = match self.is(&Token::Value)? || self.one_of(&ends)? {
                true => empty(),
                false => self.node(false, false)?,
            };
            let value = match self.take(&Token::Value)? && !self.one_of(&ends)? {
                true => self.node(false, false)?,
                false => empty(),
            };
            entries.push((key, value));
        }
    }
}

/// A value as Go holds it.
#[derive(Debug, Clone, PartialEq)]
enum Go {
    Nil,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Text(String),
    List(Vec<Go>),
    Map(Vec<(Go, Go)>),
}

fn decoded(node: &Node) -> Read<Go> {
    match node {
        Node::Copy(node) => decoded(node),
        Node::Scalar { text, tag, plain } => scalar(text, tag.as_deref(), *plain),
        Node::List(items) => Ok(Go::List(items.iter().map(decoded).collect::<Read<_>>()?)),
        Node::Map(entries) => {
            let mut map = Vec::new();
            fill(entries, &mut map)?;
            Ok(Go::Map(map))
        }
    }
}

fn fill(entries: &[(Node, Node)], map: &mut Vec<(Go, Go)>) -> Read<()> {
    for (key, value) in entries {
        if merges(key) {
            match value {
                Node::List(items) => {
                    for item in items.iter().rev() {
                        fill(entries_of(item)?, map)?;
                    }
                }
                value => fill(entries_of(value)?, map)?,
            }
            continue;
        }
        let (key, value) = (decoded(key)?, decoded(value)?);
        if matches!(key, Go::List(_) | Go::Map(_)) {
            return Err(Unreadable);
        }
        match map.iter_mut().find(|(known, _)| *known == key) {
            Some(entry) => entry.1 = value,
            None => map.push((key, value)),
        }
    }
    Ok(())
}

fn entries_of(node: &Node) -> Read<&[(Node, Node)]> {
    match node {
        Node::Map(entries) => Ok(entries),
        Node::Copy(node) => match &**node {
            Node::Map(entries) => Ok(entries),
            _ => Err(Unreadable),
        },
        _ => Err(Unreadable),
    }
}

fn merges(key: &Node) -> bool {
    match key {
        Node::Scalar { text, tag, plain } if text == "<<" => match tag.as_deref() {
            None => *plain,
            Some(tag) => tag == "!" || tag == "tag:yaml.org,2002:merge",
        },
        _ => false,
    }
}

fn scalar(text: &str, tag: Option<&str>, plain: bool) -> Read<Go> {
    let as_text = Go::Text(text.to_owned());
    let Some(tag) = tag else {
        return Ok(if plain { resolved(text) } else { as_text });
    };
    let value = match tag.strip_prefix("tag:yaml.org,2002:") {
        Some("binary") => return base64(text).map(Go::Text),
        Some("null" | "bool" | "int" | "float") => resolved(text),
        // The first reader doesn't read times.
        Some("timestamp") => return Err(Unreadable),
        _ => return Ok(as_text),
    };
    match (tag.rsplit(':').next().unwrap(), value) {
        ("null", Go::Nil) => Ok(Go::Nil),
        ("bool", value @ Go::Bool(_)) | ("int", value @ (Go::Int(_) | Go::Uint(_))) => Ok(value),
        ("float", value @ Go::Float(_)) => Ok(value),
        #[allow(clippy::cast_precision_loss)]
        ("float", Go::Int(value)) => Ok(Go::Float(value as f64)),
        _ => Err(Unreadable),
    }
}

fn resolved(text: &str) -> Go {
    let words = |words: &str| words.split(' ').any(|word| word == text);
    if text.is_empty() || words("~ null Null NULL") {
        return Go::Nil;
    }
    if words("y Y yes Yes YES true True TRUE on On ON") {
        return Go::Bool(true);
    }
    if words("n N no No NO false False FALSE off Off OFF") {
        return Go::Bool(false);
    }
    if words(".nan .NaN .NAN") {
        return Go::Float(f64::NAN);
    }
    if words(".inf .Inf .INF +.inf +.Inf +.INF") {
        return Go::Float(f64::INFINITY);
    }
    if words("-.inf -.Inf -.INF") {
        return Go::Float(f64::NEG_INFINITY);
    }
    let first = text.chars().next().unwrap();
    let number = match first {
        '0'..='9' | '+' | '-' => {
            let text = text.replace('_', "");
            whole(&text)
                .or_else(|| float(&text))
                .or_else(|| binary(&text))
        }
        '.' => {
            let chars: Vec<char> = text.chars().collect();
            let between = |at: usize| {
                let digit = |c: Option<&char>| c.is_some_and(char::is_ascii_digit);
                chars[at] != '_' || digit(chars.get(at.wrapping_sub(1))) && digit(chars.get(at + 1))
            };
            (0..chars.len())
                .all(between)
                .then(|| float(&text.replace('_', "")))
                .flatten()
        }
        _ => None,
    };
    number.unwrap_or_else(|| Go::Text(text.to_owned()))
}

/// A whole number in Go's bases.
fn whole(text: &str) -> Option<Go> {
    let (sign, digits) = match text.strip_prefix(['+', '-']) {
        Some(digits) => (&text[..1], digits),
        None => ("", text),
    };
    let lower = digits.to_ascii_lowercase();
    let (base, digits) = match lower.get(..2) {
        Some("0x") => (16, &lower[2..]),
        Some("0o") => (8, &lower[2..]),
        Some("0b") => (2, &lower[2..]),
        Some(two) if two.starts_with('0') => (8, &lower[1..]),
        _ => (10, &*lower),
    };
    in_base(base, sign, digits)
}

/// What follows `0b` by itself, with a sign of its own.
fn binary(text: &str) -> Option<Go> {
    let rest = text.strip_prefix("0b")?;
    match rest.strip_prefix(['+', '-']) {
        Some(digits) => in_base(2, &rest[..1], digits),
        None => None,
    }
}

fn in_base(base: u32, sign: &str, digits: &str) -> Option<Go> {
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(base)) {
        return None;
    }
    let size = i128::from_str_radix(digits, base).ok()?;
    let value = if sign == "-" { -size } else { size };
    match i64::try_from(value) {
        Ok(value) => Some(Go::Int(value)),
        Err(_) if sign.is_empty() => u64::try_from(value).ok().map(Go::Uint),
        Err(_) => None,
    }
}

fn float(text: &str) -> Option<Go> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let exponent = exponent.map(|exponent| exponent.strip_prefix(['+', '-']).unwrap_or(exponent));
    let fits = exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent))
        && match mantissa.split_once('.') {
            None => !mantissa.is_empty() && digits(mantissa),
            Some((whole, rest)) => digits(whole) && digits(rest) && mantissa.len() > 1,
        };
    let value: f64 = if fits {
        text.parse().ok()?
    } else {
        return None;
    };
    value.is_finite().then_some(Go::Float(value))
}

fn base64(text: &str) -> Read<String> {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let text: String = text.chars().filter(|c| !"\r\n".contains(*c)).collect();
    let digits = text.trim_end_matches('=');
    let padding = text.len() - digits.len();
    if !text.len().is_multiple_of(4) || padding > 2 {
        return Err(Unreadable);
    }
    let mut bits = String::new();
    for digit in digits.chars() {
        let value = alphabet.find(digit).ok_or(Unreadable)?;
        bits += &format!("{value:06b}");
    }
    let bytes: Vec<u8> = (0..bits.len() / 8)
        .map(|at| u8::from_str_radix(&bits[at * 8..at * 8 + 8], 2).unwrap())
        .collect();
    // Each byte that is no part of a character becomes U+FFFD.
    let (mut text, mut at) = (String::new(), 0);
    while at < bytes.len() {
        let character = (1..=4).find_map(|length| {
            let character = bytes.get(at..at + length)?;
            str::from_utf8(character).ok()
        });
        text += character.unwrap_or("\u{fffd}");
        at += character.map_or(1, str::len);
    }
    Ok(text)
}

fn to_json(value: Go) -> Read<Value> {
    Ok(match value {
        Go::Nil => Value::Null,
        Go::Bool(value) => value.into(),
        Go::Int(value) => value.into(),
        Go::Uint(value) => value.into(),
        Go::Float(value) => Number::from_f64(value).ok_or(Unreadable)?.into(),
        Go::Text(text) => text.into(),
        Go::List(items) => items
            .into_iter()
            .map(to_json)
            .collect::<Read<Vec<_>>>()?
            .into(),
        Go::Map(entries) => {
            let mut map = Map::new();
            for (key, value) in entries {
                let key = match key {
                    Go::Text(text) => text,
                    Go::Int(value) => value.to_string(),
                    Go::Bool(value) => value.to_string(),
                    // How Go prints one is no matter of the tests.
                    Go::Float(value) => format!("a float: {value}"),
                    _ => return Err(Unreadable),
                };
                // Of two keys that become one, chance decides.
                if map.insert(key, to_json(value)?).is_some() {
                    return Err(Unreadable);
                }
            }
            map.into()
        }
    })
}
