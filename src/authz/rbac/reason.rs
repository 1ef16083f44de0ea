//! The API server's words for what RBAC decides.

use std::fmt;

use crate::cluster::{BindingId, Snapshot};
use crate::kube::{BindingKind, RoleKind, SubjectKind};

use super::Grant;

/// An applicable binding whose role couldn't be resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvaluationError {
    /// The binding.
    pub binding: BindingId,
    /// The kind of the role that it names.
    pub role_kind: RoleKind,
    /// The name of that role.
    pub role_name: String,
}

impl fmt::Display for EvaluationError {
    /// The API server's words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let resource = match self.role_kind {
            RoleKind::Role => "role",
            RoleKind::ClusterRole => "clusterrole",
        };
        write!(
            f,
            "{resource}.rbac.authorization.k8s.io {} not found",
            go_quote(&self.role_name)
        )
    }
}

/// The reason that an API server gives for a grant.
///
/// Source: the describers of `pkg/registry/rbac/validation/rule.go`.
pub(super) fn allow_reason(snapshot: &Snapshot, grant: &Grant) -> String {
    let binding = snapshot.binding(grant.binding);
    let subject = &binding.subjects[grant.subject];
    let binding_name = match binding.kind {
        BindingKind::ClusterRoleBinding => binding.name.clone(),
        BindingKind::RoleBinding => format!("{}/{}", binding.name, binding.namespace).into(),
    };
    let subject_name = match subject.kind {
        SubjectKind::ServiceAccount => {
            let namespace = subject.namespace_in(binding);
            format!("{}/{namespace}", subject.name)
        }
        _ => subject.name.to_string(),
    };
    format!(
        "RBAC: allowed by {} {} of {} {} to {} {}",
        binding.kind,
        go_quote(&binding_name),
        binding.role_ref.kind,
        go_quote(&binding.role_ref.name),
        subject.kind,
        go_quote(&subject_name),
    )
}

/// The reason that an API server gives where nothing allows: the errors, equal ones once.
///
/// Source: `RBACAuthorizer.Authorize` and `utilerrors.NewAggregate` of Kubernetes.
pub fn denial_reason(errors: &[EvaluationError]) -> String {
    let mut messages: Vec<String> = Vec::new();
    for error in errors {
        let message = error.to_string();
        if !messages.contains(&message) {
            messages.push(message);
        }
    }
    match &*messages {
        [] => String::new(),
        [one] => format!("RBAC: {one}"),
        several => format!("RBAC: [{}]", several.join(", ")),
    }
}

/// A string in quotes as Go's `%q` writes it, which is how the API server's reasons do.
pub fn go_quote(string: &str) -> String {
    let plain = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\';
    if string.bytes().all(plain) {
        return format!("\"{string}\"");
    }
    let mut quoted = String::with_capacity(string.len() + 2);
    quoted.push('"');
    for c in string.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{b}' => quoted.push_str("\\v"),
            c if (c as u32) < 0x20 || c == '\u{7f}' => {
                quoted.push_str(&format!("\\x{:02x}", c as u32));
            }
            c if is_printable(c) => quoted.push(c),
            c if (c as u32) < 0x10000 => quoted.push_str(&format!("\\u{:04x}", c as u32)),
            c => quoted.push_str(&format!("\\U{:08x}", c as u32)),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether Go prints a character as it is: not a control, separator or invisible one.
fn is_printable(c: char) -> bool {
    // `escape_debug` escapes what isn't printable, and at the beginning of a string marks that
    // combine too, which Go prints.
    let text = String::from_iter(['a', c]);
    let mut escaped = text.escape_debug().skip(1);
    !matches!((escaped.next(), escaped.next()), (Some('\\'), Some('u')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_is_go_s() {
        assert_eq!(
            go_quote("a \"b\" \\ é\n\u{1}\u{200b}"),
            "\"a \\\"b\\\" \\\\ é\\n\\x01\\u200b\""
        );
    }

    #[test]
    fn several_missing_roles_make_one_reason() {
        let error = |binding, role_name: &str| EvaluationError {
            binding: BindingId(binding),
            role_kind: RoleKind::Role,
            role_name: role_name.to_owned(),
        };
        assert_eq!(denial_reason(&[]), "");
        assert_eq!(
            denial_reason(&[error(1, "a"), error(2, "a")]),
            "RBAC: role.rbac.authorization.k8s.io \"a\" not found"
        );
        assert_eq!(
            denial_reason(&[error(1, "a"), error(2, "b")]),
            "RBAC: [role.rbac.authorization.k8s.io \"a\" not found, \
             role.rbac.authorization.k8s.io \"b\" not found]"
        );
    }
}
