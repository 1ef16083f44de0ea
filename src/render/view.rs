//! The parts that the views of several answers share.

use std::borrow::Cow;

use compact_str::CompactString;
use serde::Serialize;

use crate::authn::{Principal, service_account_name};
use crate::authz::Attributes;
use crate::authz::rbac::Grant;
use crate::authz::rbac::RbacAuthorizer;
use crate::cluster::BindingId;
use crate::entra::Directory;
use crate::kube::{Binding, PolicyRule, Subject, SubjectKind};
use crate::object::{ObjectRef, Scope};
use crate::text::{Files, Span, ToldPlace, escaped};

use super::text::shown;

/// The scope of a grant, as a word: `cluster` or `namespace`.
pub fn scope_word(scope: &Scope) -> &'static str {
    match scope {
        Scope::Cluster => "cluster",
        Scope::Namespace(_) => "namespace",
    }
}

/// What tables say of cluster-wide grants; no namespace can be called so.
pub(super) const CLUSTER_WIDE: &str = "(cluster)";

/// Where a binding grants, for a table: [`CLUSTER_WIDE`], or its namespace.
pub(super) fn scope_cell(binding: &ObjectRef) -> Cow<'_, str> {
    match &*binding.namespace {
        "" => CLUSTER_WIDE.into(),
        namespace => namespace.into(),
    }
}

/// A file and line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SourceView {
    /// The file, as it was given or found.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The line of what a program rendered from the file; none where none did.
    #[serde(rename = "renderedLine", skip_serializing_if = "Option::is_none")]
    pub rendered: Option<u32>,
}

impl SourceView {
    /// The view of a place.
    pub fn new(files: &Files, span: Span) -> Self {
        let place = files.place(span);
        SourceView {
            file: place.file.to_owned(),
            line: place.line,
            rendered: (place.rendered > 0).then_some(place.rendered),
        }
    }
}

impl std::fmt::Display for SourceView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let file = escaped(&self.file);
        // A rendered object that was made from no file of its own has no line there.
        match self.rendered {
            None => write!(f, "{file}:{}", self.line),
            Some(rendered) => ToldPlace {
                file: &file,
                line: self.line,
                column: 0,
                rendered,
            }
            .fmt(f),
        }
    }
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttributesView {
    /// The verb.
    pub verb: String,
    /// The namespace; absent for the whole cluster.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// The API group; absent for a URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The resource; absent for a URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The subresource.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub subresource: String,
    /// The name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

impl AttributesView {
    /// The view of a request.
    pub fn new(attributes: &Attributes) -> Self {
        let mut view = AttributesView {
            verb: attributes.verb().to_owned(),
            namespace: attributes.namespace().to_owned(),
            group: None,
            resource: None,
            subresource: String::new(),
            name: String::new(),
            path: None,
        };
        match attributes {
            Attributes::Resource(attributes) => {
                view.group = Some(attributes.group.clone());
                view.resource = Some(attributes.resource.clone());
                view.subresource.clone_from(&attributes.subresource);
                view.name.clone_from(&attributes.name);
            }
            Attributes::NonResource(attributes) => view.path = Some(attributes.path.clone()),
        }
        view
    }
}

fn full_name<'n>(namespace: Option<&str>, name: &'n str) -> Cow<'n, str> {
    match namespace {
        Some(namespace) => format!("{}/{}", escaped(namespace), escaped(name)).into(),
        None => escaped(name),
    }
}

/// A subject; a ServiceAccount's namespace is filled in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SubjectView {
    /// The kind.
    pub kind: &'static str,
    /// The namespace of a ServiceAccount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
    /// The name that people know, where the directory has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

impl SubjectView {
    /// The view of a binding's subject, as the binding writes it.
    pub fn new(subject: &Subject, binding: &Binding, directory: &Directory) -> Self {
        let namespace = (subject.kind == SubjectKind::ServiceAccount)
            .then(|| subject.namespace_in(binding).to_owned());
        SubjectView {
            kind: subject.kind.as_str(),
            namespace,
            display_name: known_name(directory, subject.kind, &subject.name),
            name: subject.name.to_string(),
        }
    }

    /// The view of a party.
    pub fn of(principal: &Principal, directory: &Directory) -> Self {
        SubjectView {
            kind: principal.kind.as_str(),
            namespace: (principal.kind == SubjectKind::ServiceAccount)
                .then(|| principal.namespace.clone()),
            display_name: known_name(directory, principal.kind, &principal.name),
            name: principal.name.clone(),
        }
    }

    /// The one word that `lookup` and `--as` take for it: its name, and of a ServiceAccount its user name.
    pub fn to_word(&self) -> String {
        let name = match &self.namespace {
            Some(namespace) => service_account_name(namespace, &self.name),
            None => self.name.clone(),
        };
        shown(&name).into_owned()
    }

    /// `name`, or `namespace/name`, for a text.
    pub fn full_name(&self) -> Cow<'_, str> {
        full_name(self.namespace.as_deref(), &self.name)
    }
}

fn known_name(directory: &Directory, kind: SubjectKind, name: &str) -> Option<String> {
    match kind {
        SubjectKind::ServiceAccount => None,
        SubjectKind::Group | SubjectKind::User => directory.name_of(name).map(str::to_owned),
    }
}

impl std::fmt::Display for SubjectView {
    /// `Kind name (display name)`, or `ServiceAccount namespace/name`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.kind, self.full_name())?;
        match &self.display_name {
            Some(name) => write!(f, " ({})", escaped(name)),
            None => Ok(()),
        }
    }
}

/// A PolicyRule, as Kubernetes writes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleView {
    /// The verbs.
    pub verbs: Vec<CompactString>,
    /// The API groups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub api_groups: Vec<CompactString>,
    /// The resources.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<CompactString>,
    /// The names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resource_names: Vec<CompactString>,
    /// The URLs.
    #[serde(rename = "nonResourceURLs", skip_serializing_if = "Vec::is_empty")]
    pub non_resource_urls: Vec<CompactString>,
}

impl From<&PolicyRule> for RuleView {
    fn from(rule: &PolicyRule) -> Self {
        RuleView {
            verbs: rule.verbs.clone(),
            api_groups: rule.api_groups.clone(),
            resources: rule.resources.clone(),
            resource_names: rule.resource_names.clone(),
            non_resource_urls: rule.non_resource_urls.clone(),
        }
    }
}

/// Where the rule of a grant is written.
pub fn grant_span(rbac: &RbacAuthorizer, grant: &Grant) -> Span {
    match rbac.effective_rule(grant.role, grant.rule) {
        Some(rule) => rule.rule.span,
        None => rbac.snapshot().role(grant.role).span,
    }
}

/// One grant: binding, role, rule, scope, and where the rule is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GrantView {
    /// The binding.
    pub binding: ObjectRef,
    /// The role.
    pub role: ObjectRef,
    /// The number of the rule in the role, from 1.
    pub rule: usize,
    /// `cluster` or `namespace`.
    pub scope: &'static str,
    /// Where the rule is written.
    pub source: SourceView,
}

impl GrantView {
    /// The view of a grant.
    pub fn new(rbac: &RbacAuthorizer, grant: &Grant) -> Self {
        let binding = rbac.snapshot().binding(grant.binding);
        GrantView {
            binding: binding.object_ref(),
            role: binding.role_object(),
            rule: grant.rule,
            scope: scope_word(&binding.scope()),
            source: SourceView::new(rbac.snapshot().files(), grant_span(rbac, grant)),
        }
    }
}

/// An applicable binding whose role the input lacks.
#[derive(Debug, Clone, Serialize)]
pub struct IncompleteView {
    /// The binding.
    pub binding: ObjectRef,
    /// The role that it names.
    pub role: ObjectRef,
    /// Where the binding is written.
    pub source: SourceView,
}

impl IncompleteView {
    /// The view of a binding whose role isn't there.
    pub fn new(rbac: &RbacAuthorizer, binding: BindingId) -> Self {
        let binding = rbac.snapshot().binding(binding);
        IncompleteView {
            binding: binding.object_ref(),
            role: binding.role_object(),
            source: SourceView::new(rbac.snapshot().files(), binding.span),
        }
    }
}
