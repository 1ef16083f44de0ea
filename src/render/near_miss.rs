//! Near misses, in words.

use serde::Serialize;

use crate::analysis::explain::{AskerKind, Miss, NearMiss, RequestName};
use crate::authn::UserInfo;
use crate::authz::Attributes;
use crate::authz::rbac::RbacAuthorizer;
use crate::entra::Directory;
use crate::kube::discovery::full_name;
use crate::object::ObjectRef;

use super::view::{RuleView, SourceView, SubjectView};
use super::words::{describe_object, describe_rule, group_in_words};

/// A near miss.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NearMissView {
    /// What would have to differ, as a stable word.
    pub miss: &'static str,
    /// The binding.
    pub binding: ObjectRef,
    /// Its subject.
    pub subject: SubjectView,
    /// The role.
    pub role: ObjectRef,
    /// The number of the rule, from 1, unless the role isn't there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<usize>,
    /// The rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_rule: Option<RuleView>,
    /// Where the rule is written, or the binding where the role isn't there.
    pub source: SourceView,
    /// What would have to differ, in a sentence.
    pub message: String,
    #[serde(skip)]
    pub(super) rule_in_words: String,
    /// Whether only the role is missing, which is told as an incomplete input.
    #[serde(skip)]
    pub(super) role_is_missing: bool,
}

impl NearMissView {
    /// The view of a near miss.
    pub fn new(
        rbac: &RbacAuthorizer,
        directory: &Directory,
        user: &UserInfo,
        attributes: &Attributes,
        miss: &NearMiss,
    ) -> Self {
        let binding = rbac.snapshot().binding(miss.binding);
        let rule = miss
            .role
            .zip(miss.rule)
            .and_then(|(role, number)| rbac.effective_rule(role, number));
        let object = binding.object_ref();
        let view = describe_object(&object);
        let subject = SubjectView::new(&binding.subjects[miss.subject], binding, directory);
        let who = &user.name;
        let (word, message) = match &miss.miss {
            Miss::Namespace => (
                "namespace",
                format!(
                    "{view} grants it to {subject} in namespace {} only",
                    binding.namespace
                ),
            ),
            Miss::ResourceName(name) => (
                "resourceName",
                format!(
                    "{view} grants it to {subject} for some names only{}",
                    about_name(*name, attributes)
                ),
            ),
            Miss::Verb => (
                "verb",
                format!(
                    "{view} grants {subject} other verbs on it, not {}",
                    attributes.verb()
                ),
            ),
            Miss::ApiGroup => {
                let group = match attributes {
                    Attributes::Resource(attributes) => attributes.group.as_str(),
                    Attributes::NonResource(_) => "",
                };
                (
                    "apiGroup",
                    format!(
                        "{view} grants it to {subject} under another API group; this is in {}",
                        group_in_words(group)
                    ),
                )
            }
            Miss::Subresource => {
                let asked = match attributes {
                    Attributes::Resource(attributes) => {
                        full_name(&attributes.combined_resource(), &attributes.group)
                    }
                    Attributes::NonResource(_) => String::new(),
                };
                (
                    "subresource",
                    format!(
                        "{view} grants {subject} something else than {asked}; a resource and its \
                     subresources are granted apart"
                    ),
                )
            }
            Miss::NonResourceUrl => (
                "nonResourceURL",
                format!("{view} grants {subject} a URL that begins alike"),
            ),
            Miss::ClusterScope => (
                "clusterScope",
                format!(
                    "{view} grants it to {subject} inside namespace {} only, and this is asked of \
                 the whole cluster; that takes a ClusterRoleBinding",
                    binding.namespace
                ),
            ),
            Miss::RoleNotFound => (
                "roleNotFound",
                format!(
                    "{view} gives {subject} {}, which the input lacks",
                    describe_object(&binding.role_object())
                ),
            ),
            Miss::SubjectCase => (
                "subjectCase",
                format!("{view} grants it to {subject}; upper and lower case differ from {who}'s"),
            ),
            Miss::SubjectKind(kind) => (
                "subjectKind",
                format!("{view} grants it to {subject}; {}", asker_kind(kind, who)),
            ),
            Miss::SubjectNamespace => (
                "subjectNamespace",
                format!("{view} grants it to {subject}, a service account of another namespace"),
            ),
            Miss::OwnGroupName | Miss::GroupName => (
                "groupName",
                format!(
                    "{view} grants it to {subject}; Entra ID's tokens carry object IDs, so this name \
                 matches nobody: bind {}",
                    match directory.group_named(&subject.name) {
                        Ok(Some(group)) => format!("its object ID {}", group.id),
                        _ => "the group's object ID".to_owned(),
                    }
                ),
            ),
        };
        let span = rule.map_or(binding.span, |rule| rule.rule.span);
        NearMissView {
            miss: word,
            role: binding.role_object(),
            binding: object,
            subject,
            rule: miss.rule,
            policy_rule: rule.map(|rule| RuleView::from(&rule.rule.value)),
            source: SourceView::new(rbac.snapshot().files(), span),
            message,
            rule_in_words: rule.map_or_else(String::new, |rule| {
                describe_rule(rule.rule, Some(attributes))
            }),
            role_is_missing: miss.miss == Miss::RoleNotFound,
        }
    }
}

/// What a rule for some names has against the request's.
fn about_name(name: RequestName, attributes: &Attributes) -> String {
    let (name_asked, verb) = match attributes {
        Attributes::Resource(attributes) => (&*attributes.name, &*attributes.verb),
        Attributes::NonResource(_) => return String::new(),
    };
    match name {
        RequestName::Given => format!(", not {name_asked}"),
        RequestName::Never => {
            format!("; a {verb} carries no name, so no such rule can allow it")
        }
        RequestName::BySelector => {
            format!("; a {verb} carries a name only with a metadata.name field selector")
        }
        RequestName::Every => "; this asks about every name".to_owned(),
    }
}

/// What the asker is, where a binding names them as something else.
fn asker_kind(kind: &AskerKind, who: &str) -> String {
    match kind {
        AskerKind::ServiceAccount { namespace, name } => {
            format!("{namespace}/{name} is a ServiceAccount (as a User it is called {who})")
        }
        AskerKind::Group => "that is the name of a group".to_owned(),
        AskerKind::User => format!("{who} is a User"),
    }
}
