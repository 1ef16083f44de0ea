//! The answer of `can-i`: its view, and its text.

use serde::Serialize;

use crate::analysis::explain::{Caveat, Explanation};
use crate::analysis::kubectl::KubectlDiffers;
use crate::analysis::unjudged::with_missing_roles;
use crate::authn::UserInfo;
use crate::authz::Attributes;
use crate::authz::rbac::{Grant, RbacAuthorizer};
use crate::entra::Directory;
use crate::object::Scope;

use super::near_miss::NearMissView;
use super::suggest::SuggestionView;
use super::text::{with_place, wrapped};
use super::view::{AttributesView, GrantView, IncompleteView, RuleView, SourceView, SubjectView};
use super::words::{describe_object, describe_request, describe_rule};
use super::{API_VERSION, UnjudgedView, unjudged};

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
    /// What of the input isn't judged, so that a no may be incomplete.
    pub unjudged: Vec<UnjudgedView>,
    /// What else the reader has to know.
    pub notes: Vec<String>,
    /// What would turn a no into a yes, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<SuggestionView>,
    /// The user, and beside an object ID the name that people know.
    #[serde(skip)]
    asker_in_words: String,
    /// How many bindings name the asker or one of their groups.
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
        notes.extend(explanation.caveats.iter().map(caveat));
        if explanation.unlisted_near_misses > 0 {
            notes.push(format!(
                "{} more near misses aren't listed",
                explanation.unlisted_near_misses
            ));
        }
        CanIView {
            api_version: API_VERSION,
            kind: "CanI",
            request: RequestView {
                user: user.name.clone(),
                groups: user.groups.clone(),
                attributes: AttributesView::new(attributes),
            },
            allowed: response.is_allowed(),
            privileged: response.is_privileged(),
            grants: response
                .grants()
                .map(|grant| explained(rbac, directory, grant, attributes))
                .collect(),
            near_misses: explanation
                .near_misses
                .iter()
                .map(|miss| NearMissView::new(rbac, directory, user, attributes, miss))
                .collect(),
            incomplete: explanation
                .incomplete
                .iter()
                .map(|&binding| IncompleteView::new(rbac, binding))
                .collect(),
            unjudged: UnjudgedView::all(
                rbac.snapshot().files(),
                &with_missing_roles(rbac, &explanation.incomplete),
            ),
            notes,
            suggestion: None,
            asker_in_words: match directory.name_of_id(&user.name) {
                Some(known) => format!("{} ({known})", user.name),
                None => user.name.clone(),
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
        let mut text = lines.join("\n");
        if let Some(suggestion) = &self.suggestion {
            text.push_str(&suggestion.to_text());
        }
        text
    }

    fn refusal(&self, lines: &mut Vec<String>) {
        let user = &self.asker_in_words;
        lines.extend(unjudged::lines(&self.unjudged, 0, "incomplete"));
        // Missing roles were just told.
        let shown: Vec<&NearMissView> = self
            .near_misses
            .iter()
            .filter(|miss| !miss.role_is_missing)
            .collect();
        if shown.is_empty() {
            if self.incomplete.is_empty() {
                let why = match self.bindings_of_asker {
                    0 => format!("nothing in the input names {user} or a group of theirs"),
                    1 => format!(
                        "1 binding names {user} or a group of theirs; it is no near miss for {}",
                        self.request_in_words
                    ),
                    count => format!(
                        "{count} bindings name {user} or a group of theirs; none is a near miss \
                         for {}",
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
                "nothing lets {user} {}; near misses:",
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
        let scope = match (binding.scope(), role.scope()) {
            (Scope::Cluster, _) => ", cluster-wide".to_owned(),
            (Scope::Namespace(namespace), Scope::Cluster) => {
                format!(", in namespace {namespace} only")
            }
            (Scope::Namespace(_), Scope::Namespace(_)) => String::new(),
        };
        format!(
            "{} gives {} the {} {}{scope}",
            describe_object(binding),
            self.subject,
            role.kind,
            role.name
        )
    }
}

/// A caveat in words.
fn caveat(caveat: &Caveat) -> String {
    match caveat {
        Caveat::NodeAuthorizer => {
            "the Node authorizer, which serves `system:node:` users beside RBAC, is not evaluated"
                .to_owned()
        }
        Caveat::NoServiceAccount { namespace, name } => {
            format!("the input has no ServiceAccount {namespace}/{name}")
        }
        Caveat::NoNamespace { namespace } => format!("the input has no namespace {namespace}"),
    }
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
    let role = binding.role_ref.kind;
    format!(
        "`kubectl auth can-i` would say yes here: it asks with namespace {namespace}, where {} \
         gives the {role} {}; but no real request for a cluster-scoped resource carries a \
         namespace (kubernetes#75970)",
        describe_object(&binding.object_ref()),
        binding.role_ref.name
    )
}
