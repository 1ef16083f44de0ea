//! RoleBindings and ClusterRoleBindings.

use std::fmt;
use std::ops::Deref;

use compact_str::CompactString;
use serde::Serialize;

use super::{ALPHA, GROUP, GroupVersion, RoleKind, Served};
use crate::kube::decode::{Decode, Extent, FoundPlaceholder, Source, United};
use crate::kube::fields::{Invalid, check_name, is_dns_subdomain, no_unknown, string};
use crate::kube::metadata::{Metadata, RawMetadata};
use crate::kube::piece::Part;
use crate::kube::shape::{Text, mapping};
use crate::kube::unrendered::{PlaceholderField, hint, placeholder};
use crate::object::{ObjectRef, Scope};
use crate::text::Located;

/// Whether a binding is namespaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum BindingKind {
    /// `ClusterRoleBinding`
    ClusterRoleBinding,
    /// `RoleBinding`
    RoleBinding,
}

impl BindingKind {
    /// The kind as manifests write it.
    pub fn as_str(self) -> &'static str {
        match self {
            BindingKind::ClusterRoleBinding => "ClusterRoleBinding",
            BindingKind::RoleBinding => "RoleBinding",
        }
    }
}

impl fmt::Display for BindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a [`Subject`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum SubjectKind {
    /// `Group`
    Group,
    /// `ServiceAccount`
    ServiceAccount,
    /// `User`
    User,
}

impl SubjectKind {
    /// The kind as manifests write it.
    pub fn as_str(self) -> &'static str {
        match self {
            SubjectKind::User => "User",
            SubjectKind::Group => "Group",
            SubjectKind::ServiceAccount => "ServiceAccount",
        }
    }
}

impl fmt::Display for SubjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An entry of a binding.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Subject {
    /// What it is.
    pub kind: SubjectKind,
    /// The namespace as written; an empty one of a ServiceAccount means the binding's own.
    pub namespace: CompactString,
    /// The name.
    pub name: CompactString,
}

impl Subject {
    /// The namespace that a ServiceAccount is looked for in: its own, else the binding's. Empty
    /// where neither says one, so that it matches nobody.
    pub fn namespace_in<'a>(&'a self, binding: &'a Binding) -> &'a str {
        if self.namespace.is_empty() {
            &binding.namespace
        } else {
            &self.namespace
        }
    }
}

/// The role that a binding names.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct RoleRef {
    /// Which kind of role.
    pub kind: RoleKind,
    /// Its name; a Role is looked up in the binding's namespace.
    pub name: CompactString,
}

/// A RoleBinding or ClusterRoleBinding.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Binding {
    /// Which of the two.
    pub kind: BindingKind,
    /// The name and what is attached to it.
    pub metadata: Metadata,
    /// Whom it binds.
    pub subjects: Vec<Located<Subject>>,
    /// To which role.
    pub role_ref: RoleRef,
}

impl Deref for Binding {
    type Target = Metadata;

    fn deref(&self) -> &Metadata {
        &self.metadata
    }
}

impl Binding {
    /// The kind, namespace and name.
    pub fn object_ref(&self) -> ObjectRef {
        Decode::object_ref(self)
    }

    /// The role that it names, whether that exists or not.
    pub fn role_object(&self) -> ObjectRef {
        let namespace = match self.role_ref.kind {
            RoleKind::ClusterRole => "",
            RoleKind::Role => &*self.namespace,
        };
        ObjectRef::new(self.role_ref.kind.as_str(), namespace, &*self.role_ref.name)
    }

    /// Where it grants.
    pub fn scope(&self) -> Scope {
        match self.kind {
            BindingKind::ClusterRoleBinding => Scope::Cluster,
            BindingKind::RoleBinding => Scope::Namespace(self.namespace.clone()),
        }
    }
}

mapping! {
    /// A binding as it is written.
    struct RawBinding<'a> expecting "a Kubernetes object" {
        metadata: Box<RawMetadata<'a>> = "metadata",
        role_ref: RawRoleRef<'a> = "roleRef",
        subjects: Vec<Part<'a>> = "subjects",
    }
    once { api_version = "apiVersion", kind = "kind" }
    keeping unknown
}

mapping! {
    /// `roleRef` as it is written.
    struct RawRoleRef<'a> expecting "a role reference (a mapping with `kind` and `name`)" {
        api_group: Text<'a> = "apiGroup",
        kind: Text<'a> = "kind",
        name: Text<'a> = "name",
    }
    keeping unknown
}

mapping! {
    /// An entry of `subjects` as it is written; `apiVersion` is v1alpha1's.
    struct RawSubject<'a> expecting "a subject (a mapping with `kind` and `name`)" {
        kind: Text<'a> = "kind",
        api_group: Text<'a> = "apiGroup",
        name: Text<'a> = "name",
        namespace: Text<'a> = "namespace",
    }
    given { api_version: Text<'a> = "apiVersion" }
    keeping unknown
}

/// How a version spells subjects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SubjectSpelling {
    /// With `apiGroup`.
    Current,
    /// v1alpha1: `apiVersion` is a field, and the user `*` is everyone.
    Alpha,
}

impl Decode for Binding {
    const KINDS: &'static [&'static str] = &["RoleBinding", "ClusterRoleBinding"];

    fn served(version: &GroupVersion<'_>) -> Served {
        super::served(version)
    }

    fn decode(source: &mut Source<'_>) -> Result<Self, Invalid> {
        let (kind, extent) = match source.kind() {
            "RoleBinding" => (BindingKind::RoleBinding, Extent::Namespaced),
            _ => (BindingKind::ClusterRoleBinding, Extent::Cluster),
        };
        let spelling = match source.group_version().version {
            ALPHA => SubjectSpelling::Alpha,
            _ => SubjectSpelling::Current,
        };
        let raw: RawBinding<'_> = source.read()?;
        let mut metadata = source.metadata(raw.metadata, extent)?;
        no_unknown(&raw.unknown, "")?;
        let role_ref = role_ref(raw.role_ref.unwrap_or_default(), kind)?;
        let raw_subjects = raw.subjects.unwrap_or_default();
        let mut subjects = Vec::with_capacity(raw_subjects.len());
        for (part, number) in raw_subjects.into_iter().zip(1..) {
            let Located { value, span } = source.open(part)?;
            let subject = subject(value, kind, spelling)
                .map_err(|error| error.in_entry("subject", number, span))?;
            subjects.push(Located::new(subject, span));
        }
        if kind == BindingKind::RoleBinding {
            source.default_namespace(&mut metadata);
        }
        Ok(Binding {
            kind,
            metadata,
            subjects,
            role_ref,
        })
    }

    fn kind(&self) -> &'static str {
        self.kind.as_str()
    }

    fn same_content(&self, other: &Self) -> bool {
        (&self.role_ref, &self.subjects) == (&other.role_ref, &other.subjects)
    }

    fn placeholder(&self) -> Option<FoundPlaceholder<'_>> {
        let of_role = || {
            placeholder(&self.role_ref.name).map(|text| FoundPlaceholder {
                text,
                field: PlaceholderField::RoleRef,
                span: None,
            })
        };
        let of_subjects = || {
            let mut subjects = self.subjects.iter().zip(1..);
            subjects.find_map(|(subject, number)| {
                let text =
                    placeholder(&subject.name).or_else(|| placeholder(&subject.namespace))?;
                Some(FoundPlaceholder {
                    text,
                    field: PlaceholderField::Subject(number),
                    span: Some(subject.span),
                })
            })
        };
        // Whom it binds is what matters most.
        of_subjects()
            .or_else(of_role)
            .or_else(|| self.placeholder_of_metadata())
    }

    fn unite(&mut self, _other: &Self) -> United {
        United::Apart
    }
}

/// Source: `ValidateRoleBinding`, `ValidateClusterRoleBinding`.
fn role_ref(raw: RawRoleRef<'_>, of: BindingKind) -> Result<RoleRef, Invalid> {
    no_unknown(&raw.unknown, "roleRef.")?;
    let api_group = string(raw.api_group, "roleRef.apiGroup")?;
    if !api_group.is_empty() && api_group != GROUP {
        return Err(Invalid::unsupported(
            "roleRef.apiGroup",
            &api_group,
            &format!("`{GROUP}`"),
        ));
    }
    let kind = string(raw.kind, "roleRef.kind")?;
    let kind = match (&*kind, of) {
        ("ClusterRole", _) => RoleKind::ClusterRole,
        ("Role", BindingKind::RoleBinding) => RoleKind::Role,
        (other, _) => {
            let supported = match of {
                BindingKind::RoleBinding => "`Role`, `ClusterRole`",
                BindingKind::ClusterRoleBinding => "`ClusterRole`",
            };
            return Err(Invalid::unsupported("roleRef.kind", other, supported));
        }
    };
    let name = string(raw.name, "roleRef.name")?;
    check_name(&name, "roleRef.name")?;
    Ok(RoleRef { kind, name })
}

/// Source: `ValidateRoleBindingSubject`; v1alpha1's `*` for everyone from its conversion.
fn subject(
    raw: RawSubject<'_>,
    of: BindingKind,
    spelling: SubjectSpelling,
) -> Result<Subject, Invalid> {
    no_unknown(&raw.unknown, "")?;
    if raw.api_version.is_some() && spelling != SubjectSpelling::Alpha {
        return Err(Invalid::unknown_field("apiVersion"));
    }
    let kind = string(raw.kind, "kind")?;
    let name = string(raw.name, "name")?;
    let namespace = string(raw.namespace, "namespace")?;
    let api_group = string(raw.api_group, "apiGroup")?;
    if name.is_empty() {
        return Err(Invalid::new("name: required value"));
    }
    let kind = match &*kind {
        "ServiceAccount" => {
            if !is_dns_subdomain(&name) {
                return Err(Invalid::new(format!(
                    "name: invalid value `{name}`: a service account's name is made of lower case \
                     letters, digits, `-` and `.`{}",
                    hint(&name)
                )));
            }
            if !api_group.is_empty() {
                return Err(Invalid::unsupported("apiGroup", &api_group, "`` (none)"));
            }
            if of == BindingKind::ClusterRoleBinding && namespace.is_empty() {
                return Err(Invalid::new("namespace: required value"));
            }
            SubjectKind::ServiceAccount
        }
        "User" | "Group" => {
            if !api_group.is_empty() && api_group != GROUP {
                let supported = format!("`{GROUP}`");
                return Err(Invalid::unsupported("apiGroup", &api_group, &supported));
            }
            match &*kind {
                "User" if spelling == SubjectSpelling::Alpha && name == "*" => {
                    return Ok(Subject {
                        kind: SubjectKind::Group,
                        namespace,
                        name: "system:authenticated".into(),
                    });
                }
                "User" => SubjectKind::User,
                _ => SubjectKind::Group,
            }
        }
        other => {
            let supported = "`ServiceAccount`, `User`, `Group`";
            return Err(Invalid::unsupported("kind", other, supported));
        }
    };
    Ok(Subject {
        kind,
        namespace,
        name,
    })
}
