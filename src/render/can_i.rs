//! The answer of `can-i`: its view, and its text.

use serde::Serialize;

use crate::analysis::explain::{Explanation, Miss, NearMiss};
use crate::analysis::kubectl::KubectlDiffers;
use crate::authn::{UserInfo, split_service_account};
use crate::authz::Attributes;
use crate::authz::Decision;
use crate::authz::rbac::Grant;
use crate::authz::rbac::RbacAuthorizer;
use crate::entra::{Directory, is_object_id};
use crate::kube::discovery::full_name;
use crate::kube::{BindingKind, RoleKind, SubjectKind};

use super::API_VERSION;
use super::view::{
    AttributesView, GrantView, IncompleteView, ObjectView, RuleView, SourceView, SubjectView,
};
use super::words::{describe_request, describe_rule, group_in_words, with_place, wrapped};

/// How many near misses the text shows.
const SHOWN: usize = 5;

/// The answer of `can-i`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CanIView {
    /// `rbac-eval/v1`
    pub api_version: &'static str,
    /// `CanI`
    pub kind: &'static str,
    /// What was asked, after names were resolved.
    pub request: RequestView,
    /// The verdict.
    pub allowed: bool,
    /// Whether `system:masters` decided, before RBAC was asked.
    pub privileged: bool,
    /// Every grant.
    pub grants: Vec<ExplainedGrant>,
    /// The near misses of a no, closest first.
    pub near_misses: Vec<NearMissView>,
    /// Applicable bindings whose role the input lacks.
    pub incomplete: Vec<IncompleteView>,
    /// What else the reader has to know.
    pub notes: Vec<String>,
    /// How many bindings name the asker or one of their groups.
    /// The user, and beside an object ID the name that people know.
    #[serde(skip)]
    asker_in_words: String,
    #[serde(skip)]
    bindings_of_asker: usize,
    #[serde(skip)]
    request_in_words: String,
}

/// Who asked what.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestView {
    /// The user name.
    pub user: String,
    /// The groups, implied ones included.
    pub groups: Vec<String>,
    /// What was asked.
    #[serde(flatten)]
    pub attributes: AttributesView,
}

/// A grant with the subject and the rule.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExplainedGrant {
    /// Binding, role, rule, scope and source.
    #[serde(flatten)]
    pub grant: GrantView,
    /// The subject of the binding that matched.
    pub subject: SubjectView,
    /// The rule.
    pub policy_rule: RuleView,
    /// The ClusterRole that the rule is gathered from, and its number there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aggregated_from: Option<OriginView>,
    /// Where the binding is written.
    pub binding_source: SourceView,
    /// The reason in the API server's words.
    pub reason: String,
    #[serde(skip)]
    rule_in_words: String,
}

/// The rule that an aggregated role gathers.
#[derive(Debug, Clone, Serialize)]
pub struct OriginView {
    /// The ClusterRole.
    pub name: String,
    /// The number of the rule in it, from 1.
    pub rule: usize,
}

/// A near miss.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NearMissView {
    /// What would have to differ, as a stable word.
    pub miss: &'static str,
    /// The binding.
    pub binding: ObjectView,
    /// Its subject.
    pub subject: SubjectView,
    /// The role.
    pub role: ObjectView,
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
    rule_in_words: String,
}

impl CanIView {
    /// The view of an explanation. `notes` are added to those that the request itself gives.
    pub fn new(
        rbac: &RbacAuthorizer,
        directory: &Directory,
        user: &UserInfo,
        attributes: &Attributes,
        explanation: &Explanation,
        mut notes: Vec<String>,
    ) -> Self {
        let response = &explanation.response;
        let allowed = response.decision == Decision::Allow;
        if user.is_node() {
            notes.push(
                "the Node authorizer, which serves `system:node:` users beside RBAC, is not \
                 evaluated"
                    .to_owned(),
            );
        }
        if rbac.snapshot().is_complete() {
            notes.extend(not_there(rbac, user, attributes));
        }
        CanIView {
            api_version: API_VERSION,
            kind: "CanI",
            request: RequestView {
                user: user.name.clone(),
                groups: user.groups.clone(),
                attributes: AttributesView::new(attributes),
            },
            allowed,
            privileged: response.is_privileged(),
            grants: response
                .grants()
                .map(|grant| explained(rbac, directory, grant, attributes))
                .collect(),
            near_misses: explanation
                .near_misses
                .iter()
                .map(|miss| near_miss(rbac, directory, user, attributes, miss))
                .collect(),
            incomplete: if allowed {
                Vec::new()
            } else {
                response
                    .errors
                    .iter()
                    .map(|error| IncompleteView::new(rbac, error.binding))
                    .collect()
            },
            notes,
            asker_in_words: match directory.name_of(&user.name) {
                Some(known) if is_object_id(&user.name) => format!("{} ({known})", user.name),
                _ => user.name.clone(),
            },
            bindings_of_asker: explanation.bindings_of_asker,
            request_in_words: describe_request(attributes),
        }
    }

    /// The text: `yes` or `no` on the first line, then why.
    pub fn to_text(&self) -> String {
        let mut lines = vec![if self.allowed { "yes" } else { "no" }.to_owned()];
        if self.privileged {
            lines.push(wrapped(
                0,
                "group system:masters is allowed everything before RBAC is asked",
            ));
        }
        for same in self
            .grants
            .chunk_by(|a, b| (&a.grant.binding, &a.subject) == (&b.grant.binding, &b.subject))
        {
            lines.push(wrapped(0, &same[0].heading()));
            for grant in same {
                let origin = grant
                    .aggregated_from
                    .as_ref()
                    .map_or_else(String::new, |origin| {
                        format!(" (from ClusterRole {})", origin.name)
                    });
                let rule = format!("rule {}{origin}: {}", grant.grant.rule, grant.rule_in_words);
                lines.push(with_place(2, &rule, &grant.grant.source.to_string()));
            }
        }
        if !self.allowed {
            self.refusal(&mut lines);
        }
        for note in &self.notes {
            lines.push(wrapped(0, &format!("note: {note}")));
        }
        lines.push(String::new());
        lines.join("\n")
    }

    fn refusal(&self, lines: &mut Vec<String>) {
        let user = &self.asker_in_words;
        for incomplete in &self.incomplete {
            lines.push(incomplete.to_line());
        }
        let mut shown: Vec<&NearMissView> = Vec::new();
        for miss in &self.near_misses {
            // Missing roles were just told.
            if miss.rule.is_some() {
                shown.push(miss);
            }
        }
        if shown.is_empty() {
            if self.incomplete.is_empty() {
                let why = match self.bindings_of_asker {
                    0 => format!("nothing in the input names {user} or a group of theirs"),
                    1 => format!(
                        "1 binding names {user} or a group of theirs; it doesn't come near {}",
                        self.request_in_words
                    ),
                    count => format!(
                        "{count} bindings name {user} or a group of theirs; none comes near {}",
                        self.request_in_words
                    ),
                };
                lines.push(wrapped(0, &why));
            }
            return;
        }
        lines.push(wrapped(
            0,
            &format!(
                "nothing lets {user} {}; what comes near:",
                self.request_in_words
            ),
        ));
        for miss in shown.iter().take(SHOWN) {
            lines.push(wrapped(2, &miss.message));
            if let Some(rule) = miss.rule {
                let rule = format!("{} rule {rule}: {}", miss.role.name, miss.rule_in_words);
                lines.push(with_place(4, &rule, &miss.source.to_string()));
            }
        }
        if shown.len() > SHOWN {
            lines.push(format!(
                "  and {} more (`-o json` lists them)",
                shown.len() - SHOWN
            ));
        }
    }
}

impl ExplainedGrant {
    fn heading(&self) -> String {
        let GrantView { binding, role, .. } = &self.grant;
        let scope = match (&binding.namespace, role.kind) {
            (None, _) => ", cluster-wide".to_owned(),
            (Some(namespace), "ClusterRole") => format!(", in namespace {namespace} only"),
            (Some(_), _) => String::new(),
        };
        format!(
            "{binding} gives {} the {} {}{scope}",
            self.subject, role.kind, role.name
        )
    }
}

/// What the request speaks of that a complete dump doesn't have.
fn not_there(rbac: &RbacAuthorizer, user: &UserInfo, attributes: &Attributes) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some((namespace, name)) = split_service_account(&user.name)
        && rbac.snapshot().knows_service_accounts()
        && !rbac.snapshot().has_service_account(namespace, name)
    {
        notes.push(format!(
            "the input has no ServiceAccount {namespace}/{name}"
        ));
    }
    let namespace = attributes.namespace();
    let namespaces = rbac.snapshot().namespaces();
    if !namespace.is_empty()
        && !namespaces.is_empty()
        && !namespaces.iter().any(|known| known.name == namespace)
    {
        notes.push(format!("the input has no namespace {namespace}"));
    }
    notes
}

fn explained(
    rbac: &RbacAuthorizer,
    directory: &Directory,
    grant: &Grant,
    attributes: &Attributes,
) -> ExplainedGrant {
    let binding = rbac.snapshot().binding(grant.binding);
    let subject = &binding.subjects[grant.subject];
    let rule = rbac.effective_rule(grant.role, grant.rule);
    ExplainedGrant {
        grant: GrantView::new(rbac, grant),
        subject: SubjectView::new(subject, binding, directory),
        policy_rule: rule.map_or_else(
            || RuleView::from(&Default::default()),
            |rule| RuleView::from(&rule.rule.value),
        ),
        aggregated_from: rule
            .filter(|rule| rule.origin != grant.role)
            .map(|rule| OriginView {
                name: rbac.snapshot().role(rule.origin).name.to_string(),
                rule: rule.origin_number,
            }),
        binding_source: SourceView::new(rbac.snapshot().files(), binding.span),
        reason: rbac.reason(grant),
        rule_in_words: rule.map_or_else(String::new, |rule| {
            describe_rule(rule.rule, Some(attributes))
        }),
    }
}

fn near_miss(
    rbac: &RbacAuthorizer,
    directory: &Directory,
    user: &UserInfo,
    attributes: &Attributes,
    miss: &NearMiss,
) -> NearMissView {
    let binding = rbac.snapshot().binding(miss.binding);
    let rule = miss
        .role
        .zip(miss.rule)
        .and_then(|(role, number)| rbac.effective_rule(role, number));
    let view = ObjectView::binding(binding);
    let subject = SubjectView::new(&binding.subjects[miss.subject], binding, directory);
    let who = &user.name;
    let (word, message) = match miss.miss {
        Miss::Namespace => (
            "namespace",
            format!(
                "{view} grants it to {subject} in namespace {} only",
                binding.namespace
            ),
        ),
        Miss::ResourceName => (
            "resourceName",
            format!(
                "{view} grants it to {subject} for some names only{}",
                nameless(attributes)
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
                ObjectView::role_of(binding)
            ),
        ),
        Miss::SubjectCase => (
            "subjectCase",
            format!("{view} grants it to {subject}; upper and lower case differ from {who}'s"),
        ),
        Miss::SubjectKind => (
            "subjectKind",
            format!(
                "{view} grants it to {subject}; {}",
                kind_confused(binding.subjects[miss.subject].kind, user)
            ),
        ),
        Miss::SubjectNamespace => (
            "subjectNamespace",
            format!("{view} grants it to {subject}, a service account of another namespace"),
        ),
        Miss::GroupName => (
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
    let span = rule.map_or(binding.span, |rule| rbac.rule_place(&rule));
    NearMissView {
        miss: word,
        role: ObjectView::role_of(binding),
        binding: view,
        subject,
        rule: miss.rule,
        policy_rule: rule.map(|rule| RuleView::from(&rule.rule.value)),
        source: SourceView::new(rbac.snapshot().files(), span),
        message,
        rule_in_words: rule.map_or_else(String::new, |rule| {
            describe_rule(rule.rule, Some(attributes))
        }),
    }
}

/// Why a request without a name carries none, where its verb is the reason.
fn nameless(attributes: &Attributes) -> String {
    let Attributes::Resource(attributes) = attributes else {
        return String::new();
    };
    if !attributes.name.is_empty() {
        return format!(", not {}", attributes.name);
    }
    match (&*attributes.verb, attributes.subresource.is_empty()) {
        (verb @ ("create" | "deletecollection"), true) => {
            format!("; a {verb} carries no name, so no such rule can allow it")
        }
        (verb @ ("list" | "watch"), _) => {
            format!("; a {verb} carries a name only with a metadata.name field selector")
        }
        _ => "; this asks about every name".to_owned(),
    }
}

/// What the asker is, where a binding names them as something else.
fn kind_confused(subject: SubjectKind, user: &UserInfo) -> String {
    match (split_service_account(&user.name), subject) {
        (Some((namespace, name)), _) => format!(
            "{namespace}/{name} is a ServiceAccount (as a User it is called {})",
            user.name
        ),
        (None, SubjectKind::User) => "that is the name of a group".to_owned(),
        (None, _) => format!("{} is a User", user.name),
    }
}

/// Says how kubectl's answer differs, and why.
pub fn kubectl_differs_in_words(rbac: &RbacAuthorizer, differs: &KubectlDiffers<'_>) -> String {
    match differs {
        KubectlDiffers::SaysYes { sent, grant } => namespaced_yes(rbac, grant, sent),
        KubectlDiffers::SaysNo { sent, real } => format!(
            "`kubectl auth can-i` would say no here: it asks with namespace {sent}, but a real \
             request for namespace {real} itself is judged in that namespace (kubernetes#134929)"
        ),
    }
}

/// The binding that a RoleBinding alone would let kubectl say yes by.
fn namespaced_yes(rbac: &RbacAuthorizer, grant: &Grant, namespace: &str) -> String {
    let binding = rbac.snapshot().binding(grant.binding);
    let role = match binding.role_ref.kind {
        RoleKind::ClusterRole => "ClusterRole",
        RoleKind::Role => "Role",
    };
    debug_assert_eq!(binding.kind, BindingKind::RoleBinding);
    format!(
        "`kubectl auth can-i` would say yes here: it asks with namespace {namespace}, where {} \
         gives the {role} {}; but no real request for a cluster-scoped resource carries a \
         namespace (kubernetes#75970)",
        ObjectView::binding(binding),
        binding.role_ref.name
    )
}
