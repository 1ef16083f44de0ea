//! From what is written to typed objects, held against the API server's validation.
//!
//! Source of the refusals: `pkg/apis/rbac/validation` of Kubernetes, and kubectl's refusal of
//! unknown fields.

use compact_str::CompactString;

use super::Manifest;
use super::raw::{
    Format, Locate, Piece, RawMetadata, RawObject, RawSubresources, ShapeError, Text,
};
use super::rbac::{
    AggregationRule, Binding, BindingKind, CustomResourceDefinition, Namespace, Object, Role,
    RoleKind, RoleRef, ServiceAccount,
};
use super::validate::{check_name, map, policy_rule, selector, string, strings, subject};
use crate::diagnostic::{Diagnostic, Problem};
use crate::object::ObjectRef;
use crate::text::{Located, Span};

/// The API group of RBAC's objects.
pub(super) const RBAC: &str = "rbac.authorization.k8s.io";
/// Where kubectl puts what has no namespace.
const DEFAULT: &str = "default";
/// The label of the objects that an API server makes by itself.
const BOOTSTRAPPING: (&str, &str) = ("kubernetes.io/bootstrapping", "rbac-defaults");

/// What an object takes over from where it stands.
pub(super) struct Inherited {
    api_version: String,
    kind: String,
    tell_non_objects: bool,
}

impl Inherited {
    /// A document of its own; `named` where its file was named by the user.
    pub(super) fn document(named: bool) -> Self {
        Inherited {
            api_version: String::new(),
            kind: String::new(),
            tell_non_objects: named,
        }
    }

    /// An item of a list: in a `RoleList`, an item without kind is a `Role`.
    pub(super) fn item(api_version: &str, list_kind: &str) -> Self {
        let kind = list_kind.strip_suffix("List").unwrap_or_default();
        Inherited {
            api_version: if kind.is_empty() {
                String::new()
            } else {
                api_version.to_owned()
            },
            kind: kind.to_owned(),
            tell_non_objects: true,
        }
    }
}

/// Reads a piece that is an object.
pub(super) fn object<'a, F, P>(
    piece: P,
    places: &dyn Locate,
    inherited: &Inherited,
    manifest: &mut Manifest,
) where
    F: Format<'a>,
    P: Piece<'a, RawObject<'a, F>>,
{
    match piece.open(places) {
        Ok((raw, span)) => placed_object(raw, span, places, inherited, manifest),
        Err(error) => tell(
            manifest,
            Refusal::misshapen(ObjectRef::new("", "", ""), error),
        ),
    }
}

/// Reads an object whose place is known.
pub(super) fn placed_object<'a, F: Format<'a>>(
    mut raw: RawObject<'a, F>,
    span: Span,
    places: &dyn Locate,
    inherited: &Inherited,
    manifest: &mut Manifest,
) {
    let written = |text: &Option<Text<'_>>, inherited: &str| match text {
        Some(Text::Str(text)) if !text.is_empty() => text.to_string(),
        _ => inherited.to_owned(),
    };
    let api_version = written(&raw.api_version, &inherited.api_version);
    let kind = written(&raw.kind, &inherited.kind);
    if let Some(why) = no_string(&raw.kind, "kind").or(no_string(&raw.api_version, "apiVersion"))
        && (inherited.tell_non_objects || raw.kind.is_some() && raw.api_version.is_some())
    {
        tell(
            manifest,
            Refusal {
                object: ObjectRef::new("", "", ""),
                span: Some(span),
                why,
                unreadable: false,
            },
        );
        return;
    }
    if kind.is_empty() {
        if inherited.tell_non_objects {
            manifest
                .diagnostics
                .push(Diagnostic::new(span, Problem::NotAnObject));
        }
        manifest.skipped += 1;
        return;
    }
    if kind.ends_with("List") && raw.items.is_some() {
        let inherited = Inherited::item(&api_version, &kind);
        for item in raw.items.take().unwrap_or_default() {
            object(item, places, &inherited, manifest);
        }
        return;
    }
    let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
    let reader = Reader {
        kind: &kind,
        api_version: &api_version,
        span,
        places,
    };
    let read = match (group, &*kind) {
        (RBAC, "Role" | "ClusterRole" | "RoleBinding" | "ClusterRoleBinding") => {
            if !matches!(version, "v1" | "v1beta1" | "v1alpha1") {
                reader.no_such_version()
            } else if kind.ends_with("Binding") {
                reader.binding(raw, version == "v1alpha1", manifest)
            } else {
                reader.role(raw, manifest)
            }
        }
        // A group that only looks like RBAC's: no server has these kinds there.
        ("" | "authorization.k8s.io" | "rbac.authorization.k8s", _)
            if matches!(
                &*kind,
                "Role" | "ClusterRole" | "RoleBinding" | "ClusterRoleBinding"
            ) =>
        {
            reader.no_such_version()
        }
        ("apiextensions.k8s.io", "CustomResourceDefinition") => reader.definition(raw),
        ("", "Namespace") => reader.namespace(raw),
        ("", "ServiceAccount") => reader.service_account(raw),
        _ => {
            manifest.skipped += 1;
            return;
        }
    };
    match read {
        Ok(object) => {
            if group == RBAC && version != "v1" {
                manifest.diagnostics.push(Diagnostic::new(
                    span,
                    Problem::OldVersion {
                        object: object.object_ref(),
                        version: api_version.clone(),
                    },
                ));
            }
            manifest.objects.push(Located::new(object, span));
        }
        Err(mut refusal) => {
            refusal.span = refusal.span.or(Some(span));
            tell(manifest, refusal);
        }
    }
}

/// What stands in a field and is no string.
fn no_string(text: &Option<Text<'_>>, field: &str) -> Option<String> {
    let complaint = text.as_ref()?.complaint()?;
    Some(format!("`{field}` holds {complaint}"))
}

fn tell(manifest: &mut Manifest, refusal: Refusal) {
    if let Some(span) = refusal.span {
        let problem = if refusal.unreadable {
            Problem::Unreadable {
                message: refusal.why,
            }
        } else {
            Problem::Refused {
                object: refusal.object,
                why: refusal.why,
            }
        };
        manifest.diagnostics.push(Diagnostic::new(span, problem));
    }
}

fn named<'a>(kind: &'a str, namespace: &'a str, name: &'a str) -> Named<'a> {
    Named {
        kind,
        namespace,
        name,
    }
}

/// An object's name before it is known whether it is needed, which it hardly ever is.
struct Named<'a> {
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
}

impl From<&Named<'_>> for ObjectRef {
    fn from(named: &Named<'_>) -> Self {
        ObjectRef::new(named.kind, named.namespace, named.name)
    }
}

/// Why an API server would refuse an object.
struct Refusal {
    object: ObjectRef,
    span: Option<Span>,
    why: String,
    /// Whether it didn't come to a server at all, since the text can't be read.
    unreadable: bool,
}

impl Refusal {
    fn misshapen(object: impl Into<ObjectRef>, error: ShapeError) -> Self {
        Refusal {
            object: object.into(),
            span: error.span,
            why: error.message,
            unreadable: error.unreadable,
        }
    }
}

/// An object's name, namespace and labels.
struct Metadata {
    name: CompactString,
    namespace: CompactString,
    labels: Vec<(String, String)>,
    from_server: bool,
    bootstrapped: bool,
}

/// The object, or why it isn't used.
type Read = Result<Object, Refusal>;

struct Reader<'r> {
    kind: &'r str,
    api_version: &'r str,
    span: Span,
    places: &'r dyn Locate,
}

impl Reader<'_> {
    fn refusal(&self, object: &Named<'_>, span: Span, why: impl Into<String>) -> Refusal {
        Refusal {
            object: object.into(),
            span: Some(span),
            why: why.into(),
            unreadable: false,
        }
    }

    fn no_such_version(&self) -> Read {
        Err(self.refusal(
            &named(self.kind, "", ""),
            self.span,
            format!(
                "no matches for kind `{}` in version `{}` (it is in `{RBAC}/v1`)",
                self.kind, self.api_version
            ),
        ))
    }

    fn metadata(
        &self,
        raw: Option<RawMetadata<'_>>,
        namespaced: bool,
    ) -> Result<Metadata, Refusal> {
        let raw = raw.unwrap_or_default();
        let anonymous = named(self.kind, "", "");
        let refuse = |why: String| self.refusal(&anonymous, self.span, why);
        let name = string(raw.name, "metadata.name").map_err(refuse)?;
        let namespace = string(raw.namespace, "metadata.namespace").map_err(refuse)?;
        let namespace = if namespaced {
            namespace
        } else {
            CompactString::default()
        };
        let object = named(self.kind, &namespace, &name);
        let refuse = |why: String| self.refusal(&object, self.span, why);
        check_name(&name, "metadata.name").map_err(refuse)?;
        if let Some(field) = raw.unknown.first() {
            return Err(refuse(format!("unknown field `metadata.{field}`")));
        }
        let mut labels = map(raw.labels, "metadata.labels").map_err(refuse)?;
        map(raw.annotations, "metadata.annotations").map_err(refuse)?;
        labels.sort();
        let uid = string(raw.uid, "metadata.uid").map_err(refuse)?;
        let bootstrapped = labels
            .iter()
            .any(|(key, value)| key == BOOTSTRAPPING.0 && value == BOOTSTRAPPING.1);
        Ok(Metadata {
            name,
            namespace,
            labels,
            from_server: !uid.is_empty(),
            bootstrapped,
        })
    }

    /// Puts an object without namespace where kubectl puts it.
    fn default_namespace(&self, metadata: &mut Metadata, manifest: &mut Manifest) {
        if metadata.namespace.is_empty() {
            manifest.diagnostics.push(Diagnostic::new(
                self.span,
                Problem::NoNamespace {
                    object: ObjectRef::new(self.kind, "", metadata.name.clone()),
                },
            ));
            metadata.namespace = DEFAULT.into();
        }
    }

    fn role<'a, F: Format<'a>>(&self, raw: RawObject<'a, F>, manifest: &mut Manifest) -> Read {
        let kind = match self.kind {
            "Role" => RoleKind::Role,
            _ => RoleKind::ClusterRole,
        };
        let namespaced = kind == RoleKind::Role;
        let mut metadata = self.metadata(raw.metadata, namespaced)?;
        let object = named(self.kind, &metadata.namespace, &metadata.name);
        let refuse = |why: String| self.refusal(&object, self.span, why);
        let mut unknown = raw.unknown;
        note_present(&mut unknown, raw.subjects.is_some(), "subjects");
        note_present(&mut unknown, raw.role_ref.is_some(), "roleRef");
        note_present(&mut unknown, raw.items.is_some(), "items");
        note_present(&mut unknown, raw.spec.is_some(), "spec");
        note_present(
            &mut unknown,
            namespaced && raw.aggregation_rule.is_some(),
            "aggregationRule",
        );
        if let Some(field) = unknown.first() {
            return Err(refuse(format!("unknown field `{field}`")));
        }
        let raw_rules = raw.rules.unwrap_or_default();
        let mut rules = Vec::with_capacity(raw_rules.len());
        for (index, rule) in raw_rules.into_iter().enumerate() {
            let (rule, span) = rule
                .open(self.places)
                .map_err(|error| Refusal::misshapen(&object, error))?;
            let rule = policy_rule(rule, namespaced)
                .map_err(|why| self.refusal(&object, span, format!("rule {}: {why}", index + 1)))?;
            rules.push(Located::new(rule, span));
        }
        let aggregation_rule = match raw.aggregation_rule {
            None => None,
            Some(raw) => {
                if let Some(field) = raw.unknown.first() {
                    return Err(refuse(format!("unknown field `aggregationRule.{field}`")));
                }
                let selectors = raw.cluster_role_selectors.unwrap_or_default();
                if selectors.is_empty() {
                    return Err(refuse(
                        "aggregationRule.clusterRoleSelectors: at least one clusterRoleSelector \
                         required if aggregationRule is non-nil"
                            .to_owned(),
                    ));
                }
                let selectors: Result<_, String> = selectors.into_iter().map(selector).collect();
                Some(AggregationRule {
                    cluster_role_selectors: selectors.map_err(refuse)?,
                })
            }
        };
        if namespaced {
            self.default_namespace(&mut metadata, manifest);
        }
        let role = Role {
            kind,
            namespace: metadata.namespace,
            name: metadata.name,
            labels: metadata.labels,
            rules,
            aggregation_rule,
            from_server: metadata.from_server,
            bootstrapped: metadata.bootstrapped,
        };
        Ok(Object::Role(role))
    }

    fn binding<'a, F: Format<'a>>(
        &self,
        raw: RawObject<'a, F>,
        alpha: bool,
        manifest: &mut Manifest,
    ) -> Read {
        let kind = match self.kind {
            "RoleBinding" => BindingKind::RoleBinding,
            _ => BindingKind::ClusterRoleBinding,
        };
        let namespaced = kind == BindingKind::RoleBinding;
        let mut metadata = self.metadata(raw.metadata, namespaced)?;
        let object = named(self.kind, &metadata.namespace, &metadata.name);
        let refuse = |why: String| self.refusal(&object, self.span, why);
        let mut unknown = raw.unknown;
        note_present(&mut unknown, raw.rules.is_some(), "rules");
        note_present(&mut unknown, raw.items.is_some(), "items");
        note_present(&mut unknown, raw.spec.is_some(), "spec");
        note_present(
            &mut unknown,
            raw.aggregation_rule.is_some(),
            "aggregationRule",
        );
        if let Some(field) = unknown.first() {
            return Err(refuse(format!("unknown field `{field}`")));
        }
        let role_ref = raw.role_ref.unwrap_or_default();
        if let Some(field) = role_ref.unknown.first() {
            return Err(refuse(format!("unknown field `roleRef.{field}`")));
        }
        let api_group = string(role_ref.api_group, "roleRef.apiGroup").map_err(refuse)?;
        if !api_group.is_empty() && api_group != RBAC {
            return Err(refuse(format!(
                "roleRef.apiGroup: unsupported value `{api_group}`: supported values: `{RBAC}`"
            )));
        }
        let role_kind = string(role_ref.kind, "roleRef.kind").map_err(refuse)?;
        let role_kind = match (&*role_kind, kind) {
            ("ClusterRole", _) => RoleKind::ClusterRole,
            ("Role", BindingKind::RoleBinding) => RoleKind::Role,
            (other, _) => {
                let supported = if namespaced {
                    "`Role`, `ClusterRole`"
                } else {
                    "`ClusterRole`"
                };
                return Err(refuse(format!(
                    "roleRef.kind: unsupported value `{other}`: supported values: {supported}"
                )));
            }
        };
        let role_name = string(role_ref.name, "roleRef.name").map_err(refuse)?;
        check_name(&role_name, "roleRef.name").map_err(refuse)?;
        let raw_subjects = raw.subjects.unwrap_or_default();
        let mut subjects = Vec::with_capacity(raw_subjects.len());
        for (index, piece) in raw_subjects.into_iter().enumerate() {
            let (raw, span) = piece
                .open(self.places)
                .map_err(|error| Refusal::misshapen(&object, error))?;
            let subject = subject(raw, namespaced, alpha).map_err(|why| {
                self.refusal(&object, span, format!("subject {}: {why}", index + 1))
            })?;
            subjects.push(Located::new(subject, span));
        }
        if namespaced {
            self.default_namespace(&mut metadata, manifest);
        }
        let binding = Binding {
            kind,
            namespace: metadata.namespace,
            name: metadata.name,
            subjects,
            role_ref: RoleRef {
                kind: role_kind,
                name: role_name,
            },
            from_server: metadata.from_server,
            bootstrapped: metadata.bootstrapped,
        };
        Ok(Object::Binding(binding))
    }

    fn definition<'a, F: Format<'a>>(&self, raw: RawObject<'a, F>) -> Read {
        let metadata = self.metadata(raw.metadata, false)?;
        let object = named(self.kind, "", &metadata.name);
        let refuse = |why: String| self.refusal(&object, self.span, why);
        let Some(spec) = raw.spec else {
            return Err(refuse("spec: required value".to_owned()));
        };
        let (spec, _) = spec
            .open(self.places)
            .map_err(|error| Refusal::misshapen(&object, error))?;
        let names = spec.names.unwrap_or_default();
        let mut definition = CustomResourceDefinition {
            group: string(spec.group, "spec.group").map_err(refuse)?.into(),
            plural: string(names.plural, "spec.names.plural")
                .map_err(refuse)?
                .into(),
            singular: string(names.singular, "spec.names.singular")
                .map_err(refuse)?
                .into(),
            kind: string(names.kind, "spec.names.kind")
                .map_err(refuse)?
                .into(),
            short_names: strings(names.short_names, "spec.names.shortNames")
                .map_err(refuse)?
                .into_iter()
                .map(String::from)
                .collect(),
            namespaced: string(spec.scope, "spec.scope").map_err(refuse)? != "Cluster",
            versions: Vec::new(),
            subresources: Vec::new(),
        };
        if definition.group.is_empty() || definition.plural.is_empty() {
            return Err(refuse(
                "spec.group and spec.names.plural: required value".to_owned(),
            ));
        }
        if definition.singular.is_empty() {
            definition.singular = definition.kind.to_lowercase();
        }
        if let Some(Text::Str(version)) = spec.version {
            definition.versions.push(version.into_owned());
        }
        let mut note_subresources = |raw: Option<RawSubresources<'_>>| {
            let raw = raw.unwrap_or_default();
            for (present, name) in [
                (raw.scale.is_some(), "scale"),
                (raw.status.is_some(), "status"),
            ] {
                if present && !definition.subresources.iter().any(|known| known == name) {
                    definition.subresources.push(name.to_owned());
                }
            }
        };
        note_subresources(spec.subresources);
        for version in spec.versions.unwrap_or_default() {
            if version.served == Some(false) {
                continue;
            }
            note_subresources(version.subresources);
            if let Some(Text::Str(name)) = version.name
                && !definition.versions.iter().any(|known| *known == name)
            {
                definition.versions.push(name.into_owned());
            }
        }
        definition.subresources.sort();
        Ok(Object::CustomResourceDefinition(definition))
    }

    fn namespace<'a, F: Format<'a>>(&self, raw: RawObject<'a, F>) -> Read {
        let metadata = self.metadata(raw.metadata, false)?;
        Ok(Object::Namespace(Namespace {
            name: metadata.name,
            labels: metadata.labels,
        }))
    }

    fn service_account<'a, F: Format<'a>>(&self, raw: RawObject<'a, F>) -> Read {
        let mut metadata = self.metadata(raw.metadata, true)?;
        if metadata.namespace.is_empty() {
            metadata.namespace = DEFAULT.into();
        }
        Ok(Object::ServiceAccount(ServiceAccount {
            namespace: metadata.namespace,
            name: metadata.name,
        }))
    }
}

fn note_present(unknown: &mut Vec<String>, present: bool, field: &str) {
    if present {
        unknown.push(field.to_owned());
    }
}
