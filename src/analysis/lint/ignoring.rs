//! What an ignore says, and what is wrong with one.
//!
//! An ignore is a comment beside what a finding points at, or an entry of the settings. One that gives no
//! reason or can't be understood doesn't count, and is a finding itself.

use std::fmt;

use crate::diagnostic::{Bearing, Code, Describe, codes};
use crate::text::{Span, excerpt};

/// What parts the codes of an ignore from its reason.
const BEFORE_REASON: &str = "--";

/// Whether findings of a code may be ignored or known: not those that tell of what isn't judged, of
/// definitions that collide, or of ignores themselves. So an answer that passes has judged everything.
///
/// ```
/// use rbac_eval::analysis::lint::may_be_ignored;
/// use rbac_eval::diagnostic::codes;
///
/// assert!(may_be_ignored(&codes::GROUP_BY_NAME));
/// assert!(!may_be_ignored(&codes::UNREADABLE));
/// ```
pub fn may_be_ignored(code: &Code) -> bool {
    let kept = [
        &codes::DEFINED_TWICE,
        &codes::IGNORE_WITHOUT_REASON,
        &codes::IGNORE_NOT_UNDERSTOOD,
        &codes::IGNORE_OF_NOTHING,
    ];
    code.bearing == Bearing::Told && codes::FINDINGS.contains(&code) && !kept.contains(&code)
}

/// The code of findings with this id that may be ignored, or why there is none.
pub(super) fn ignorable(id: &str) -> Result<&'static Code, IgnoreFault> {
    let known = codes::FINDINGS.iter().find(|code| code.id == id);
    match known {
        Some(code) if may_be_ignored(code) => Ok(code),
        Some(code) => Err(IgnoreFault::NotPossible { code }),
        None => Err(IgnoreFault::UnknownCode {
            code: excerpt(id).into_owned(),
        }),
    }
}

/// An ignore of the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsIgnore {
    /// The code of the findings.
    pub code: String,
    /// The object, as findings print it.
    pub object: String,
    /// Why.
    pub reason: String,
    /// Where it stands.
    pub span: Span,
    /// Which sides of a comparison have it.
    pub held_by: HeldBy,
}

/// Which sides of a comparison say something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldBy {
    /// Both of them; or there is but one side.
    Both,
    /// BASE alone: it counts, and HEAD needs not be told of it.
    Base,
    /// HEAD alone: it doesn't count yet.
    Head,
}

/// What a comment says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CommentIgnore {
    pub(super) codes: Vec<&'static Code>,
    pub(super) reason: String,
}

impl CommentIgnore {
    /// Reads what follows `rbac-eval:`. Codes that can be ignored count though others can't.
    pub(super) fn read(text: &str) -> (Self, Vec<IgnoreFault>) {
        let mut ignore = CommentIgnore {
            codes: Vec::new(),
            reason: String::new(),
        };
        let said = text.strip_prefix("ignore");
        let said = said.filter(|rest| rest.is_empty() || rest.starts_with([' ', '\t']));
        let Some(said) = said else {
            let text = excerpt(text).into_owned();
            return (ignore, vec![IgnoreFault::NotUnderstood { text }]);
        };
        let (codes, reason) = said.split_once(BEFORE_REASON).unwrap_or((said, ""));
        let mut faults = Vec::new();
        if codes.trim().is_empty() {
            faults.push(IgnoreFault::NoCode);
        } else {
            for code in codes.split(',').map(str::trim) {
                match ignorable(code) {
                    Ok(code) => ignore.codes.push(code),
                    Err(fault) => faults.push(fault),
                }
            }
        }
        ignore.codes.sort_by_key(|code| code.id);
        ignore.codes.dedup();
        reason.trim().clone_into(&mut ignore.reason);
        if ignore.reason.is_empty() {
            ignore.codes.clear();
            faults.push(IgnoreFault::NoReason {
                how: "write it after the codes: `-- reason`",
            });
        }
        (ignore, faults)
    }
}

/// What is wrong with an ignore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum IgnoreFault {
    NoReason {
        how: &'static str,
    },
    NotUnderstood {
        text: String,
    },
    NoCode,
    UnknownCode {
        code: String,
    },
    NotPossible {
        code: &'static Code,
    },
    /// A comment beside which there is no such finding.
    NothingBeside {
        code: &'static Code,
    },
    /// An entry of the settings whose object has no such finding.
    NothingOf {
        code: &'static Code,
        object: String,
    },
}

impl fmt::Display for IgnoreFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IgnoreFault::NoReason { how } => {
                write!(f, "this ignore gives no reason, so it doesn't count; {how}")
            }
            IgnoreFault::NotUnderstood { text } => write!(
                f,
                "`rbac-eval: {text}` isn't understood, so it doesn't count; write `# rbac-eval: ignore \
                 RBAC017 -- reason`"
            ),
            IgnoreFault::NoCode => f.write_str(
                "this ignore names no code, so it doesn't count; write `ignore RBAC017 -- reason`",
            ),
            IgnoreFault::UnknownCode { code } => write!(
                f,
                "there is no finding `{code}` to ignore; codes are such as `RBAC017`, with commas between \
                 several"
            ),
            IgnoreFault::NotPossible { code } => {
                let why = match code.bearing {
                    Bearing::Unjudged => "it tells of what isn't judged",
                    Bearing::Told if **code == codes::DEFINED_TWICE => {
                        "nothing says which definition counts"
                    }
                    Bearing::Told => "it tells of an ignore",
                };
                write!(f, "`{code}`, {}, can't be ignored: {why}", code.title)
            }
            IgnoreFault::NothingBeside { code } => write!(
                f,
                "there is no {code} here, {}, so nothing is ignored; remove this, or put it right above \
                 what the finding points at",
                code.title
            ),
            IgnoreFault::NothingOf { code, object } => write!(
                f,
                "`{object}` has no {code}, {}, so nothing is ignored; remove this, or name the object as \
                 the finding does",
                code.title
            ),
        }
    }
}

impl Describe for IgnoreFault {
    fn code(&self) -> &'static Code {
        match self {
            IgnoreFault::NoReason { .. } => &codes::IGNORE_WITHOUT_REASON,
            IgnoreFault::NotUnderstood { .. }
            | IgnoreFault::NoCode
            | IgnoreFault::UnknownCode { .. }
            | IgnoreFault::NotPossible { .. } => &codes::IGNORE_NOT_UNDERSTOOD,
            IgnoreFault::NothingBeside { .. } | IgnoreFault::NothingOf { .. } => {
                &codes::IGNORE_OF_NOTHING
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn comments_are_read_word_by_word() {
        for (text, codes, reason, faults) in [
            ("ignore RBAC017 -- used", &["RBAC017"][..], "used", &[][..]),
            (
                "ignore RBAC004,RBAC017 , RBAC004 --a -- b",
                &["RBAC004", "RBAC017"],
                "a -- b",
                &[],
            ),
            ("ignore RBAC017", &[], "", &["RBAC030"]),
            ("ignore RBAC017 -- ", &[], "", &["RBAC030"]),
            ("ignore -- x", &[], "x", &["RBAC031"]),
            ("ignore", &[], "", &["RBAC031", "RBAC030"]),
            ("ignored RBAC017 -- x", &[], "", &["RBAC031"]),
            ("ignore rbac017 -- x", &[], "x", &["RBAC031"]),
            ("ignore RBAC017 RBAC004 -- x", &[], "x", &["RBAC031"]),
            (
                "ignore RBAC017,RBAC023 -- x",
                &["RBAC017"],
                "x",
                &["RBAC031"],
            ),
            ("ignore RBAC020 -- x", &[], "x", &["RBAC031"]),
            (
                "ignore RBAC030,RBAC031,RBAC032 -- x",
                &[],
                "x",
                &["RBAC031"; 3],
            ),
        ] {
            let (ignore, found) = CommentIgnore::read(text);
            let ids: Vec<&str> = ignore.codes.iter().map(|code| code.id).collect();
            assert_eq!((&*ids, &*ignore.reason), (codes, reason), "{text}");
            let found: Vec<&str> = found.iter().map(|fault| fault.code().id).collect();
            assert_eq!(found, faults, "{text}");
        }
    }
}
