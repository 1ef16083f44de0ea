//! Placeholders that nothing has put a value in place of.
//!
//! A manifest for envsubst, Flux, Helm, kustomize or a pipeline that replaces tokens is no object yet: in
//! quotes, `"{{ .Values.group }}"` is a sound name, and nobody's.

use std::fmt;

use crate::text::excerpt;

/// How placeholders begin and end, and who fills them in.
const PLACEHOLDERS: [(&str, &str); 4] = [
    // envsubst, Flux' `postBuild`, Terraform's `templatefile`.
    ("${", "}"),
    // kustomize's `vars`, pipelines.
    ("$(", ")"),
    // Helm, gotemplate, jinja.
    ("{{", "}}"),
    // Replace Tokens of Azure DevOps.
    ("#{", "}"),
];

/// The first placeholder of a name: `${GROUP_ID}`, `$(NAMESPACE)`, `{{ .Values.group }}`, `#{Group}#`, or a
/// whole name of the form `$GROUP_ID`, which envsubst takes as well.
///
/// ```
/// use rbac_eval::kube::placeholder;
///
/// assert_eq!(placeholder("${TEAM}-admins"), Some("${TEAM}"));
/// assert_eq!(placeholder("$GROUP_ID"), Some("$GROUP_ID"));
/// assert_eq!(placeholder("oidc:dev-$team"), None);
/// ```
pub fn placeholder(name: &str) -> Option<&str> {
    // Nearly all names have none: one look at each byte is enough for them.
    if !name.bytes().any(|byte| matches!(byte, b'$' | b'{')) {
        return None;
    }
    let first = PLACEHOLDERS
        .iter()
        .filter_map(|(open, close)| name.find(open).map(|at| (at, *open, *close)))
        .min_by_key(|(at, ..)| *at);
    if let Some((at, open, close)) = first {
        let rest = &name[at..];
        let end = rest[open.len()..]
            .find(close)
            .map_or(rest.len(), |end| open.len() + end + close.len());
        return Some(&rest[..end]);
    }
    let variable = name.strip_prefix('$')?;
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let begins = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_';
    let is_variable =
        variable.bytes().all(is_letter) && variable.as_bytes().first().is_some_and(begins);
    is_variable.then_some(name)
}

/// Where in an object a placeholder stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceholderField {
    /// In its name.
    Name,
    /// In its namespace.
    Namespace,
    /// In the name of the role that it binds.
    RoleRef,
    /// In the name or namespace of a subject, numbered from 1.
    Subject(usize),
    /// In a rule, numbered from 1.
    Rule(usize),
}

impl fmt::Display for PlaceholderField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlaceholderField::Name => f.write_str("its name"),
            PlaceholderField::Namespace => f.write_str("its namespace"),
            PlaceholderField::RoleRef => f.write_str("the role that it names"),
            PlaceholderField::Subject(number) => write!(f, "subject {number}"),
            PlaceholderField::Rule(number) => write!(f, "rule {number}"),
        }
    }
}

/// What a refusal says more of a value that isn't rendered.
pub(super) fn hint(value: &str) -> String {
    placeholder(value).map_or_else(String::new, |found| {
        format!(
            "; `{}` isn't rendered yet: render the manifest first (envsubst, kustomize, Helm)",
            excerpt(found)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_told_from_names() {
        for (name, expected) in [
            ("${A}", Some("${A}")),
            ("team-${A}-x ${B}", Some("${A}")),
            ("${A", Some("${A")),
            ("{{ .Values.a }}", Some("{{ .Values.a }}")),
            ("{{a}}${B}", Some("{{a}}")),
            ("$(NAMESPACE)", Some("$(NAMESPACE)")),
            ("#{Group}#", Some("#{Group}")),
            ("$GROUP", Some("$GROUP")),
            ("$group_id2", Some("$group_id2")),
            // A machine account of Windows, and what no tool fills in.
            ("HOST01$", None),
            ("$2a", None),
            ("$", None),
            ("$a-b", None),
            ("a$B", None),
            ("{a}", None),
            ("#1", None),
            ("", None),
            ("system:masters", None),
            ("ä${ü}ö", Some("${ü}")),
        ] {
            assert_eq!(placeholder(name), expected, "{name}");
        }
    }
}
