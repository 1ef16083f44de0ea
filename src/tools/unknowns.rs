//! What a chart's templates ask for that isn't known where they are rendered: a cluster, its version, how
//! the release is installed, the time, chance.
//!
//! A template is code, so this sees what is written plainly, and not what is put together.
//!
//! Source: `pkg/engine/funcs.go` and `pkg/chart/common/capabilities.go` of Helm, and the functions of Sprig.

use std::path::Path;

use super::chart::TEMPLATES;
use crate::text::WhyUnread;

/// Functions of the time and of chance.
const FUNCTIONS: [&str; 18] = [
    "ago",
    "bcrypt",
    "genCA",
    "genCAWithKey",
    "genPrivateKey",
    "genSelfSignedCert",
    "genSignedCert",
    "getHostByName",
    "htpasswd",
    "now",
    "randAlpha",
    "randAlphaNum",
    "randAscii",
    "randBytes",
    "randInt",
    "randNumeric",
    "shuffle",
    "uuidv4",
];

/// The parts of `.Release` that `helm template` knows as they are told to it.
const KNOWN_OF_RELEASE: [&str; 3] = ["Name", "Namespace", "Service"];

/// Something that isn't known where a template is rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unknown {
    /// An object of the cluster, of which Helm says without a cluster that there is none.
    Object,
    /// Whether it is installed or upgraded.
    Release,
    /// What differs from one rendering or cluster to the next, by its name.
    Differing(&'static str),
}

impl Unknown {
    /// As a reason why a template isn't judged.
    pub(super) fn why(self) -> WhyUnread {
        match self {
            Unknown::Object => WhyUnread::AsksCluster,
            Unknown::Release => WhyUnread::MayDiffer { what: ".Release" },
            Unknown::Differing(what) => WhyUnread::MayDiffer { what },
        }
    }

    /// Whether most charts do without it, so that it is always told.
    pub(super) fn is_rare(self) -> bool {
        !matches!(self, Unknown::Differing(_))
    }
}

/// Whether Helm takes a file for a template. With `tpl` any file may be one.
pub(super) fn is_template(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == TEMPLATES)
}

/// Whether a template makes templates of texts.
pub(super) fn makes_templates(template: &[u8]) -> bool {
    let template = String::from_utf8_lossy(template);
    let mut parts = parts(&template).into_iter();
    parts.any(|part| {
        part == ActionPart::Word {
            of: None,
            name: "tpl",
        }
    })
}

/// What a template asks for that isn't known, the rarest first.
pub(super) fn of(template: &[u8]) -> Option<Unknown> {
    let template = String::from_utf8_lossy(template);
    let parts = parts(&template);
    let found = parts.iter().enumerate().filter_map(|(at, part)| {
        let next = parts.get(at + 1);
        unknown(*part, next.copied())
    });
    found.min()
}

fn unknown(part: ActionPart<'_>, next: Option<ActionPart<'_>>) -> Option<Unknown> {
    match part {
        ActionPart::Word {
            of: None,
            name: "lookup",
        } => Some(Unknown::Object),
        ActionPart::Word { of: None, name } => {
            let mut known = FUNCTIONS.into_iter();
            known.find(|known| *known == name).map(Unknown::Differing)
        }
        ActionPart::Word { of: Some(_), name } | ActionPart::Text(name) => match name {
            "Capabilities" => Some(Unknown::Differing(".Capabilities")),
            "IsInstall" | "IsUpgrade" | "Revision" => Some(Unknown::Release),
            "Release" => match next {
                Some(ActionPart::Word {
                    of: Some(Of::Left),
                    name,
                }) if KNOWN_OF_RELEASE.contains(&name) => None,
                _ => Some(Unknown::Release),
            },
            _ => None,
        },
    }
}

/// A part of what stands between `{{` and `}}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ActionPart<'t> {
    /// A name, and what it is a field of; none of a function or variable.
    Word { of: Option<Of>, name: &'t str },
    /// The content of a string.
    Text(&'t str),
}

/// What a name is a field of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    /// What stands right before it.
    Left,
    /// What the template is given.
    Given,
}

/// The parts of all actions of a template, comments left out. A string that holds actions is a template
/// for `tpl`, so its parts are taken, too.
fn parts(template: &str) -> Vec<ActionPart<'_>> {
    let mut parts = Vec::new();
    let mut left = template;
    while let Some(at) = left.find("{{") {
        left = &left[at + 2..];
        let code = left.strip_prefix("- ").unwrap_or(left);
        if let Some(comment) = code.trim_start().strip_prefix("/*") {
            left = comment.split_once("*/").map_or("", |(_, rest)| rest);
            continue;
        }
        left = action(left, &mut parts);
    }
    parts
}

/// Takes the parts of an action. Returns what stands behind it.
fn action<'t>(code: &'t str, parts: &mut Vec<ActionPart<'t>>) -> &'t str {
    let mut left = code;
    let mut before = None;
    while let Some(first) = left.chars().next() {
        if let Some(rest) = left.strip_prefix("}}") {
            return rest;
        }
        if matches!(first, '"' | '`') {
            let (string, rest) = string(&left[1..], first);
            parts.push(ActionPart::Text(string));
            // What is quoted in a template for `tpl` is no string of that.
            let mut inner = string;
            while let Some(at) = inner.find("{{") {
                inner = action(&inner[at + 2..], parts);
            }
            (left, before) = (rest, Some(first));
            continue;
        }
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        if !is_word(first) {
            // A field of a field: `.a.b`, `$.a`, `(x).a`.
            let is_chained = |c: char| is_word(c) || matches!(c, ')' | '$');
            before = match first {
                '.' if before.is_some_and(is_chained) => Some('.'),
                '.' => Some(' '),
                other => Some(other),
            };
            let is_given = first == '.' && before == Some(' ');
            left = &left[first.len_utf8()..];
            let word = left.len() - left.trim_start_matches(is_word).len();
            if first == '.' && word > 0 {
                let of = if is_given { Of::Given } else { Of::Left };
                let name = &left[..word];
                parts.push(ActionPart::Word { of: Some(of), name });
                (left, before) = (&left[word..], name.chars().next_back());
            }
            continue;
        }
        let (name, rest) = left.split_at(left.len() - left.trim_start_matches(is_word).len());
        if before != Some('$') {
            parts.push(ActionPart::Word { of: None, name });
        }
        (left, before) = (rest, name.chars().next_back());
    }
    ""
}

/// What a string holds, and what stands behind it.
fn string(text: &str, quote: char) -> (&str, &str) {
    let mut is_escaped = false;
    for (at, c) in text.char_indices() {
        if c == quote && !is_escaped {
            return (&text[..at], &text[at + 1..]);
        }
        is_escaped = c == '\\' && quote == '"' && !is_escaped;
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_that_asks_the_cluster_is_seen() {
        for text in [
            "{{ if lookup \"v1\" \"Namespace\" \"\" \"prod\" }}",
            "{{- $x := (lookup \"v1\" \"Secret\" .Release.Namespace \"x\") -}}",
            "a: b\n{{\nlookup\n}}",
            "{{ \"}}\" | lookup }}",
            "{{ tpl `{{ lookup \"v1\" }}` . }}",
            "{{ tpl \"{{ lookup \\\"v1\\\" }}\" . }}",
        ] {
            assert_eq!(of(text.as_bytes()), Some(Unknown::Object), "{text}");
        }
    }

    #[test]
    fn what_differs_where_it_is_applied_is_seen() {
        for (text, unknown) in [
            ("{{ if .Release.IsUpgrade }}", Unknown::Release),
            ("{{ if $.Release.IsInstall }}", Unknown::Release),
            ("{{ if (index .Release \"IsUpgrade\") }}", Unknown::Release),
            ("{{ $r := .Release }}{{ .Name }}", Unknown::Release),
            ("{{ with get $ \"Release\" }}", Unknown::Release),
            ("{{ (.Release).Revision }}", Unknown::Release),
            (
                "{{ .Capabilities.KubeVersion }}",
                Unknown::Differing(".Capabilities"),
            ),
            ("{{ if gt (now | unixEpoch) 1 }}", Unknown::Differing("now")),
            (
                "{{ if eq (randNumeric 1) \"1\" }}",
                Unknown::Differing("randNumeric"),
            ),
        ] {
            assert_eq!(of(text.as_bytes()), Some(unknown), "{text}");
        }
    }

    #[test]
    fn what_is_known_is_not_told() {
        for text in [
            "# lookup",
            "{{ .Values.lookup }}{{ .Values.now }}{{ $now }}",
            "{{ x }} lookup now {{ y }}",
            "{{ my_lookup }}",
            "{{/* lookup */}}{{- /* now }} */ -}}",
            "{{ .Release.Name }}-{{ $.Release.Namespace }}{{ .Release.Service }}",
            "{{ fail \"do it now\" }}",
            "{{",
            "{{ \"",
        ] {
            assert_eq!(of(text.as_bytes()), None, "{text}");
        }
        assert!(makes_templates(b"{{ tpl .Values.x . }}"));
        assert!(!makes_templates(b"{{ .Values.tpl }}"));
    }
}
