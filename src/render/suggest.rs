//! What would turn a no into a yes, as YAML that `kubectl apply` takes.

use serde::Serialize;

use crate::analysis::explain::RequestName;
use crate::analysis::suggest::{NoSuggestion, SuggestedRole, Suggestion, UnboundRole, WhyUnbound};
use crate::authz::Attributes;
use crate::authz::rbac::RbacAuthorizer;
use crate::entra::Directory;
use crate::kube::PolicyRule;
use crate::object::{ObjectRef, Scope};

use super::text::wrapped;
use super::view::{RuleView, SubjectView};
use super::words::{count, describe_object, describe_request, describe_rule};
use super::{RenderError, to_yaml};

/// The API group of roles and bindings.
const GROUP: &str = "rbac.authorization.k8s.io";

/// How many rules of an existing role the comment shows.
const SHOWN: usize = 5;

/// What would turn a no into a yes, or why nothing is suggested.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum SuggestionView {
    /// Objects to add.
    Objects(Box<SuggestedObjects>),
    /// Nothing.
    Nothing {
        /// Why not.
        reason: String,
    },
}

/// The objects that would turn a no into a yes.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SuggestedObjects {
    /// The new binding.
    pub binding: ObjectRef,
    /// Whom it binds.
    pub subject: SubjectView,
    /// The role that it names.
    pub role: ObjectRef,
    /// Whether the role is new too.
    pub new_role: bool,
    /// All that the role gives.
    pub rules: Vec<RuleView>,
    /// Where the binding of the closest near miss stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// What the reader has to know, in sentences.
    pub notes: Vec<String>,
    /// The objects as YAML, which `kubectl apply` takes.
    pub manifest: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewMetadata<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    namespace: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewRole<'a> {
    api_version: &'a str,
    kind: &'a str,
    metadata: NewMetadata<'a>,
    rules: &'a [RuleView],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewBinding<'a> {
    api_version: &'a str,
    kind: &'a str,
    metadata: NewMetadata<'a>,
    role_ref: NewRoleRef<'a>,
    subjects: [NewSubject<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewRoleRef<'a> {
    api_group: &'a str,
    kind: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewSubject<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    api_group: &'a str,
    kind: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    namespace: &'a str,
    name: &'a str,
}

impl SuggestionView {
    /// The view of what was found for a request.
    ///
    /// # Errors
    /// If it can't be written as YAML.
    pub fn new(
        rbac: &RbacAuthorizer,
        directory: &Directory,
        found: &Result<Suggestion, NoSuggestion>,
    ) -> Result<Self, RenderError> {
        Ok(match found {
            Ok(found) => {
                let objects = SuggestedObjects::new(rbac, directory, found)?;
                SuggestionView::Objects(Box::new(objects))
            }
            Err(why) => SuggestionView::Nothing {
                reason: why.to_string(),
            },
        })
    }

    /// The text, with a line end.
    pub(super) fn to_text(&self) -> String {
        match self {
            SuggestionView::Objects(objects) => format!("\n{}", objects.manifest),
            SuggestionView::Nothing { reason } => {
                format!("{}\n", wrapped(0, &format!("no suggestion: {reason}")))
            }
        }
    }
}

impl SuggestedObjects {
    fn new(
        rbac: &RbacAuthorizer,
        directory: &Directory,
        found: &Suggestion,
    ) -> Result<Self, RenderError> {
        let snapshot = rbac.snapshot();
        let rules: Vec<&PolicyRule> = match &found.role {
            SuggestedRole::New(rule) => vec![rule],
            SuggestedRole::Existing(role) => {
                let rules = rbac.effective_rules(*role);
                rules.map(|rule| &rule.rule.value).collect()
            }
        };
        let mut objects = SuggestedObjects {
            binding: found.binding.clone(),
            subject: SubjectView::of(&found.principal, directory),
            role: found.role_object(),
            new_role: matches!(found.role, SuggestedRole::New(_)),
            rules: rules.iter().map(|rule| RuleView::from(*rule)).collect(),
            file: found
                .beside
                .map(|span| snapshot.files().place(span).file.to_owned()),
            notes: notes(rbac, found),
            manifest: String::new(),
        };
        objects.manifest = objects.to_manifest(&found.granted, &rules)?;
        Ok(objects)
    }

    /// The objects as documents that stand below others, so each begins with a line of its own.
    fn to_manifest(
        &self,
        attributes: &Attributes,
        rules: &[&PolicyRule],
    ) -> Result<String, RenderError> {
        let mut out = b"---\n".to_vec();
        out.extend(self.comments(attributes, rules).into_bytes());
        if self.new_role {
            let role = NewRole {
                api_version: "rbac.authorization.k8s.io/v1",
                kind: &self.role.kind,
                metadata: NewMetadata::of(&self.role),
                rules: &self.rules,
            };
            to_yaml(&role, &mut out)?;
            out.extend(b"---\n");
        }
        let subject = &self.subject;
        let binding = NewBinding {
            api_version: "rbac.authorization.k8s.io/v1",
            kind: &self.binding.kind,
            metadata: NewMetadata::of(&self.binding),
            role_ref: NewRoleRef {
                api_group: GROUP,
                kind: &self.role.kind,
                name: &self.role.name,
            },
            subjects: [NewSubject {
                api_group: match subject.namespace {
                    Some(_) => "",
                    None => GROUP,
                },
                kind: subject.kind,
                namespace: subject.namespace.as_deref().unwrap_or_default(),
                name: &subject.name,
            }],
        };
        to_yaml(&binding, &mut out)?;
        Ok(String::from_utf8(out)?)
    }

    fn comments(&self, attributes: &Attributes, rules: &[&PolicyRule]) -> String {
        let mut out = String::new();
        let subject = &self.subject;
        if self.new_role {
            let request = describe_request(attributes);
            comment(&mut out, 0, &format!("lets {subject} {request}"));
        } else {
            let place = match self.binding.scope() {
                Scope::Cluster => "cluster-wide".to_owned(),
                Scope::Namespace(namespace) => format!("in namespace {namespace}"),
            };
            let role = describe_object(&self.role);
            let gives = format!("gives {subject} {role} {place}, which is:");
            comment(&mut out, 0, &gives);
            for rule in rules.iter().take(SHOWN) {
                comment(&mut out, 2, &describe_rule(rule, Some(attributes)));
            }
            if rules.len() > SHOWN {
                let more = count(rules.len() - SHOWN, "more rule", "more rules");
                comment(&mut out, 2, &format!("and {more}"));
            }
        }
        for note in &self.notes {
            comment(&mut out, 0, note);
        }
        if let Some(file) = &self.file {
            comment(&mut out, 0, &format!("put into {file}"));
        }
        out
    }
}

impl<'a> NewMetadata<'a> {
    fn of(object: &'a ObjectRef) -> Self {
        NewMetadata {
            namespace: &object.namespace,
            name: &object.name,
        }
    }
}

/// Adds lines of a comment, on which nothing can pass for more than a comment.
fn comment(out: &mut String, indent: usize, text: &str) {
    let marker = "# ";
    for line in wrapped(indent + marker.len(), text).lines() {
        out.push_str(marker);
        out.push_str(line.get(marker.len()..).unwrap_or_default());
        out.push('\n');
    }
}

/// What is to know of a suggestion, in sentences.
fn notes(rbac: &RbacAuthorizer, found: &Suggestion) -> Vec<String> {
    let mut notes = Vec::new();
    if !found.high_risks.is_empty() {
        let risks: Vec<&str> = found.high_risks.iter().map(|risk| risk.id).collect();
        notes.push(format!(
            "beyond what was asked this brings high risks: {}",
            risks.join(", ")
        ));
    }
    let is_new = matches!(found.role, SuggestedRole::New(_));
    let mut left_aside: Vec<String> = found
        .left_aside
        .iter()
        .map(|unbound| why_unbound(rbac, unbound))
        .collect();
    if found.more_left_aside > 0 {
        let more = count(found.more_left_aside, "more role", "more roles");
        left_aside.push(format!("and {more}"));
    }
    if !left_aside.is_empty() {
        notes.push(format!(
            "not bound, since that would give too much: {}",
            left_aside.join("; ")
        ));
    }
    if is_new && found.of_kubernetes > 0 {
        notes.push(format!(
            "not bound, since they are for Kubernetes' own parts and change with its version: {}",
            count(found.of_kubernetes, "`system:` role", "`system:` roles")
        ));
    }
    let verb = found.granted.verb();
    match found.name {
        RequestName::Never => notes.push(format!(
            "a {verb} carries no name, so this is for any name: a rule for some names alone can't allow it"
        )),
        RequestName::BySelector if is_new => notes.push(format!(
            "a {verb} carries a name only with a metadata.name field selector"
        )),
        RequestName::BySelector | RequestName::Given | RequestName::Every => {}
    }
    notes
}

fn why_unbound(rbac: &RbacAuthorizer, unbound: &UnboundRole) -> String {
    let role = describe_object(&rbac.snapshot().role(unbound.role).object_ref());
    match &unbound.why {
        WhyUnbound::Everything => format!("{role} (everything)"),
        WhyUnbound::Risks(risks) => {
            let risks: Vec<&str> = risks.iter().map(|risk| risk.id).collect();
            format!("{role} ({})", risks.join(", "))
        }
        WhyUnbound::NotWeighed => format!("{role} (not weighed)"),
    }
}
