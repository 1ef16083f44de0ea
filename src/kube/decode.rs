//! Decoding by kind: the header first, then the decoder that the [`Registry`] has for the kind.
//!
//! A kind has a file of its own, with the shape in which it is written, what an API server would
//! refuse of it, and the typed object. To add one, write a type that implements [`Decode`] and enter
//! it in [`Registry::standard`], or in [`Registry::with_workloads`] where few questions ask for it.
//! Objects of kinds that the registry doesn't have are passed over,
//! mostly unparsed.

use std::fmt;
use std::hash::Hash;
use std::ops::Deref;

use memchr::memmem;
use serde::Deserialize;

use super::Manifest;
use super::fields::{
    Invalid, NameForm, check_namespace, is_dns_subdomain, no_string, no_unknown, string,
};
use super::metadata::{Attached, Metadata, RawMetadata};
use super::objects::ObjectKey;
use super::piece::{Part, Piece, ShapeError, Values};
use super::shape::{Text, mapping};
use super::unrendered::{PlaceholderField, placeholder};
use super::{
    custom_resource, discovery, namespace, node, persistent_volume, persistent_volume_claim, pod,
    policy_object, rbac, secret, service_account, webhook, workload,
};
use crate::diagnostic::{Diagnostic, Problem};
use crate::object::ObjectRef;
use crate::parallel;
use crate::text::{Fingerprint, Located, Span, excerpt};

/// Where kubectl puts what has no namespace.
const DEFAULT_NAMESPACE: &str = "default";

/// A type of objects: one kind, or several of one shape.
///
/// A decoder reads its shape from a [`Source`], refuses what an API server would refuse, and knows no
/// other objects.
pub trait Decode:
    Deref<Target = Metadata> + Clone + PartialEq + Hash + fmt::Debug + Send + Sync + 'static
{
    /// The kinds that are decoded into this type, as manifests write them.
    const KINDS: &'static [&'static str];

    /// The API groups, not of Kubernetes' own, of which these kinds are decoded into this type; where none
    /// is named, all kinds of the group are.
    const GROUPS: &'static [(&'static str, &'static [&'static str])] = &[];

    /// Whether API servers have these kinds in a group and version.
    fn served(version: &GroupVersion<'_>) -> Served;

    /// The same of one of the kinds, where they aren't all in the same groups.
    fn served_kind(_kind: &str, version: &GroupVersion<'_>) -> Served {
        Self::served(version)
    }

    /// Reads an object of one of the kinds.
    ///
    /// # Errors
    /// If an API server would refuse it.
    fn decode(source: &mut Source<'_>) -> Result<Self, Invalid>;

    /// The kind, as manifests write it.
    fn kind(&self) -> &'static str;

    /// What makes two objects the same one.
    fn key(&self) -> ObjectKey<'_> {
        ObjectKey {
            kind: self.kind(),
            namespace: &self.namespace,
            name: &self.name,
        }
    }

    /// How the object is named in messages.
    fn object_ref(&self) -> ObjectRef {
        let ObjectKey {
            kind,
            namespace,
            name,
        } = self.key();
        ObjectRef::new(kind, namespace, name)
    }

    /// Whether another object of the same name gives the same, however both are labelled where that
    /// gives nothing, and whichever of them comes from a server.
    fn same_content(&self, other: &Self) -> bool;

    /// The first placeholder that nothing has put a value in place of, where it stands, and of a part its
    /// place.
    fn placeholder(&self) -> Option<FoundPlaceholder<'_>> {
        self.placeholder_of_metadata()
    }

    /// The same of the name and the namespace alone.
    fn placeholder_of_metadata(&self) -> Option<FoundPlaceholder<'_>> {
        let fields = [
            (&self.namespace, PlaceholderField::Namespace),
            (&self.name, PlaceholderField::Name),
        ];
        let mut fields = fields.into_iter();
        fields.find_map(|(text, field)| {
            let text = placeholder(text)?;
            Some(FoundPlaceholder {
                text,
                field,
                span: None,
            })
        })
    }

    /// Adds what another definition of the same object gives, where nothing tells which of the two a
    /// cluster has. Unless a kind says otherwise, the later definition stands alone.
    fn unite(&mut self, _other: &Self) -> United {
        United::Merged
    }
}

/// A placeholder in an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundPlaceholder<'a> {
    /// The placeholder itself.
    pub text: &'a str,
    /// Where in the object it stands.
    pub field: PlaceholderField,
    /// The place of a subject or rule.
    pub span: Option<Span>,
}

/// What became of two definitions of one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum United {
    /// The one holds what counts of both.
    Merged,
    /// Both stay, each with its own place.
    Apart,
}

/// An `apiVersion`, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupVersion<'a> {
    /// The API group; empty for the core group.
    pub group: &'a str,
    /// The version.
    pub version: &'a str,
}

impl<'a> GroupVersion<'a> {
    /// Takes an `apiVersion` apart.
    ///
    /// ```
    /// use rbac_eval::kube::GroupVersion;
    ///
    /// let version = GroupVersion::of("rbac.authorization.k8s.io/v1");
    /// assert_eq!((version.group, version.version), ("rbac.authorization.k8s.io", "v1"));
    /// assert_eq!(GroupVersion::of("v1").group, "");
    /// ```
    pub fn of(api_version: &'a str) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        GroupVersion { group, version }
    }

    /// Whether it looks like a version of a group that someone made: of a domain, and none of
    /// Kubernetes' own.
    fn may_be_custom(&self) -> bool {
        let is_domain = self.group.contains('.') && is_dns_subdomain(self.group);
        let is_kubernetes = ["k8s.io", "kubernetes.io"].iter().any(|domain| {
            let rest = self.group.strip_suffix(domain);
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        });
        is_domain && !is_kubernetes && !self.version.contains('/')
    }
}

/// Whether API servers have a kind in a group and version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Served {
    /// They have it.
    Current,
    /// They had it, and it reads as the version that they have now.
    Dropped,
    /// They have no such version of it, but this one.
    Only(&'static str),
    /// It is another kind of the same name, which isn't decoded.
    OtherGroup,
}

impl Served {
    /// A kind that is in this version alone, such as `v1` or `apiextensions.k8s.io/v1`.
    pub fn in_version(api_version: &'static str, version: &GroupVersion<'_>) -> Self {
        let known = GroupVersion::of(api_version);
        if *version == known {
            Served::Current
        } else if version.group == known.group {
            Served::Only(api_version)
        } else {
            Served::OtherGroup
        }
    }
}

/// Whether a kind's objects are in namespaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Each is in a namespace.
    Namespaced,
    /// They are of the whole cluster; a namespace that one names is ignored.
    Cluster,
}

/// The decoders, by kind.
///
/// ```
/// use rbac_eval::kube::{Namespace, Registry};
///
/// let registry = Registry::new().with::<Namespace>();
/// assert!(registry.wants("Namespace") && !registry.wants("Role"));
/// assert!(Registry::standard().wants("Role"));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Registry {
    decoders: Vec<Decoder>,
    /// Where objects without a namespace are put, if someone said so.
    namespace: Option<CompactName>,
    detail: Detail,
}

/// How much is read of the kinds that every question is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Detail {
    /// What decisions of RBAC depend on.
    #[default]
    Access,
    /// What running pods depend on as well.
    Workloads,
}

/// What the registry knows of a type.
#[derive(Debug, Clone, Copy)]
struct Decoder {
    kinds: &'static [&'static str],
    groups: &'static [(&'static str, &'static [&'static str])],
    served: fn(&str, &GroupVersion<'_>) -> Served,
    decode: fn(&mut Source<'_>, &mut Manifest) -> Result<(), Invalid>,
}

impl Decoder {
    /// Whether it decodes a kind, of whatever group.
    fn has(&self, kind: &str) -> bool {
        self.kinds.contains(&kind)
    }

    /// Whether it decodes a kind of this group.
    fn has_in(&self, group: &str, kind: &str) -> bool {
        let mut groups = self.groups.iter();
        groups.any(|(known, kinds)| *known == group && (kinds.is_empty() || kinds.contains(&kind)))
    }
}

impl Registry {
    /// A registry without decoders.
    pub fn new() -> Self {
        Registry::default()
    }

    /// The decoders of all kinds that this crate asks about. New kinds are entered here.
    pub fn standard() -> Self {
        Registry::new()
            .with::<rbac::Role>()
            .with::<rbac::Binding>()
            .with::<namespace::Namespace>()
            .with::<node::Node>()
            .with::<service_account::ServiceAccount>()
            .with::<custom_resource::CustomResourceDefinition>()
    }

    /// The same, and what pods run as, reach and are kept from: pods and the workloads that make them,
    /// Secrets (never their data), volumes, webhooks, and objects of policies. Of ServiceAccounts and Nodes more is read as well.
    ///
    /// Questions of who can become whom need it. A question of what RBAC decides doesn't, and need not
    /// wait until all pods of a dump are read.
    ///
    /// ```
    /// use rbac_eval::kube::Registry;
    ///
    /// assert!(Registry::with_workloads().wants("Pod") && Registry::with_workloads().wants("Role"));
    /// assert!(!Registry::standard().wants("Pod"));
    /// ```
    pub fn with_workloads() -> Self {
        let registry = Registry {
            detail: Detail::Workloads,
            ..Registry::standard()
        };
        registry
            .with::<pod::Pod>()
            .with::<workload::Workload>()
            .with::<secret::Secret>()
            .with::<persistent_volume::PersistentVolume>()
            .with::<persistent_volume_claim::PersistentVolumeClaim>()
            .with::<webhook::WebhookConfiguration>()
            .with::<policy_object::PolicyObject>()
    }

    /// The registry with one more type. Of two that decode one kind, the first does.
    #[must_use]
    pub fn with<T: Decode>(mut self) -> Self {
        self.decoders.push(Decoder {
            kinds: T::KINDS,
            groups: T::GROUPS,
            served: T::served_kind,
            decode: decode_into::<T>,
        });
        self
    }

    /// The registry for objects that are applied to a namespace, as `kubectl -n` has it: what is of a
    /// namespace and names none is in this one. Else it is in `default`, as where kubectl isn't told, and
    /// a diagnostic says so.
    #[must_use]
    pub fn in_namespace(mut self, namespace: impl Into<CompactName>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// Whether objects of a kind are decoded.
    pub fn wants(&self, kind: &str) -> bool {
        self.decoders.iter().any(|decoder| decoder.has(kind))
    }

    /// Whether objects of any kind may be decoded of which a text speaks, since it names their group.
    pub(super) fn may_want_of(&self, text: &str) -> bool {
        let groups = self.decoders.iter().flat_map(|decoder| decoder.groups);
        groups
            .into_iter()
            .any(|(group, _)| memmem::find(text.as_bytes(), group.as_bytes()).is_some())
    }

    fn decoder(&self, api_version: &str, kind: &str) -> Option<Decoding<'_>> {
        let group = GroupVersion::of(api_version).group;
        let of_group = |decoder: &&Decoder| decoder.has_in(group, kind);
        let mut decoders = self.decoders.iter();
        let decoder = decoders
            .find(|decoder| decoder.has(kind))
            .or_else(|| self.decoders.iter().find(of_group))?;
        Some(Decoding {
            decoder,
            namespace: self.namespace.as_deref(),
            detail: self.detail,
        })
    }
}

/// How objects of a kind are decoded.
#[derive(Clone, Copy)]
struct Decoding<'r> {
    decoder: &'r Decoder,
    namespace: Option<&'r str>,
    detail: Detail,
}

fn decode_into<T: Decode>(source: &mut Source<'_>, manifest: &mut Manifest) -> Result<(), Invalid> {
    let object = T::decode(source)?;
    manifest.diagnostics.append(&mut source.notes);
    if source.served == Served::Dropped {
        let problem = Problem::OldVersion {
            object: object.object_ref(),
            version: source.api_version.to_owned(),
        };
        let told = Diagnostic::new(source.span, problem);
        let content = source.piece.fingerprint();
        manifest.diagnostics.push(told.with_content(content));
    }
    if let Some(found) = object.placeholder() {
        let problem = Problem::Unrendered {
            object: object.object_ref(),
            field: found.field.to_string(),
            placeholder: excerpt(found.text).into_owned(),
        };
        let told = Diagnostic::new(found.span.unwrap_or(source.span), problem);
        let content = source.piece.fingerprint();
        manifest.diagnostics.push(told.with_content(content));
    }
    manifest.objects.push(Located::new(object, source.span));
    Ok(())
}

/// Where an object stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DecodedFrom {
    /// In a document of its own.
    Document,
    /// Among the items of a list.
    Item,
}

/// An object that is to be decoded.
pub struct Source<'a> {
    piece: Piece<'a>,
    kind: &'a str,
    api_version: &'a str,
    version: GroupVersion<'a>,
    served: Served,
    span: Span,
    from: DecodedFrom,
    /// Where it is put if it names no namespace.
    namespace: Option<&'a str>,
    detail: Detail,
    /// What a refusal calls the object, as far as it is known.
    named: Option<(CompactName, CompactName)>,
    notes: Vec<Diagnostic>,
}

type CompactName = compact_str::CompactString;

impl<'a> Source<'a> {
    /// The kind, as written.
    pub fn kind(&self) -> &'a str {
        self.kind
    }

    /// The group and version.
    pub fn group_version(&self) -> GroupVersion<'a> {
        self.version
    }

    /// Reads the object into its shape.
    ///
    /// # Errors
    /// If it hasn't that shape.
    pub fn read<T: Deserialize<'a>>(&self) -> Result<T, Invalid> {
        Ok(self.piece.read()?)
    }

    /// The same; what doesn't fit is told with the way to its field: `spec.hostPID: the string `yes`,
    /// where a boolean belongs`.
    pub(super) fn read_by_field<T: Deserialize<'a>>(&self, values: Values) -> Result<T, Invalid> {
        Ok(self.piece.read_by_field(values)?)
    }

    /// How much of the object is asked for.
    pub(super) fn detail(&self) -> Detail {
        self.detail
    }

    /// Reads a part of the object, with its place.
    ///
    /// # Errors
    /// If it hasn't that shape.
    pub fn open<T: Deserialize<'a>>(&self, part: Part<'a>) -> Result<Located<T>, Invalid> {
        let piece = self.piece.part(part);
        Ok(Located::new(piece.read()?, piece.span()))
    }

    /// The object's metadata. From here on, messages name the object.
    ///
    /// # Errors
    /// If an API server would refuse it.
    pub fn metadata(
        &mut self,
        raw: Option<Box<RawMetadata<'_>>>,
        extent: Extent,
    ) -> Result<Metadata, Invalid> {
        let mut raw = raw.unwrap_or_default();
        let name = raw.name()?;
        let has_resource_version = raw.has_resource_version()?;
        let mut namespace = match self.from {
            // kubectl puts its own namespace in place of what is none, but checks documents before.
            DecodedFrom::Item if raw.has_odd_namespace() => CompactName::default(),
            _ => raw.namespace()?,
        };
        if extent == Extent::Cluster {
            namespace = CompactName::default();
        }
        self.named = Some((namespace.clone(), name.clone()));
        no_unknown(&raw.unknown, "metadata.")?;
        let naming = match self.kind {
            "Namespace" => NameForm::Label,
            "ServiceAccount"
            | "CustomResourceDefinition"
            | "Pod"
            | "Deployment"
            | "ReplicaSet"
            | "StatefulSet"
            | "DaemonSet"
            | "Job"
            | "CronJob"
            | "ReplicationController"
            | "Secret"
            | "PersistentVolume"
            | "PersistentVolumeClaim"
            | "MutatingWebhookConfiguration"
            | "ValidatingWebhookConfiguration" => NameForm::Subdomain,
            _ => NameForm::PathSegment,
        };
        let name = raw.check_name(name, naming)?;
        if extent == Extent::Namespaced && !namespace.is_empty() {
            check_namespace(&namespace)?;
        }
        let Attached {
            labels,
            annotations,
            has_uid,
        } = raw.attached()?;
        Ok(Metadata {
            namespace,
            name,
            labels,
            annotations,
            has_uid,
            has_resource_version,
        })
    }

    /// Puts an object without namespace where kubectl puts it, and says so.
    pub fn default_namespace(&mut self, metadata: &mut Metadata) {
        if !metadata.namespace.is_empty() {
            return;
        }
        if self.namespace.is_none() {
            self.notes.push(Diagnostic::new(
                self.span,
                Problem::NoNamespace {
                    object: ObjectRef::new(self.kind, "", metadata.name.clone()),
                },
            ));
        }
        self.fill_in_namespace(metadata);
    }

    /// The same without a word, for what nothing depends on.
    pub fn fill_in_namespace(&self, metadata: &mut Metadata) {
        if metadata.namespace.is_empty() {
            metadata.namespace = self.namespace.unwrap_or(DEFAULT_NAMESPACE).into();
        }
    }

    /// What refusals call the object.
    fn object_ref(&self) -> ObjectRef {
        let (namespace, name) = self.named.clone().unwrap_or_default();
        // No name that a server takes is longer.
        let shown = |name: CompactName| match name.len() > 253 {
            true => excerpt(&name).into(),
            false => name,
        };
        ObjectRef::new(self.kind, shown(namespace), shown(name))
    }
}

/// Whether documents that are no Kubernetes objects are told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NonObjects {
    /// They are: the user named the file, or they stand among objects.
    Told,
    /// They aren't: a folder holds files of many sorts.
    PassedOver,
}

mapping! {
    /// What of any object has to be known before its decoder is.
    struct Header<'a> expecting "a Kubernetes object" {
        api_version: Text<'a> = "apiVersion",
        kind: Text<'a> = "kind",
    }
    given { items: Part<'a> = "items" }
}

/// Decodes what kubectl took out of a text: an object, or a list of them.
pub(super) fn value(
    piece: Piece<'_>,
    non_objects: NonObjects,
    registry: &Registry,
    manifest: &mut Manifest,
) {
    if piece.is_null() {
        return;
    }
    // The decoder looks at the whole object, so that a list with the kind of an object is found.
    if let Some((api_version, kind)) = piece.leading_header()
        && let Some(decoding) = registry.decoder(api_version, kind)
        && !piece.may_be_list()
    {
        let from = DecodedFrom::Document;
        return decode(piece, api_version, kind, from, decoding, manifest);
    }
    let header: Header<'_> = match piece.read() {
        Ok(header) => header,
        Err(error) => return tell_misshapen(&piece, error, manifest),
    };
    if let Some(why) = no_string_in(&header)
        && (non_objects == NonObjects::Told
            || header.kind.is_some() && header.api_version.is_some())
    {
        return tell(&piece, ObjectRef::new("", "", ""), why, manifest);
    }
    let kind = words(header.kind.as_ref());
    if kind.is_empty() {
        return no_object(&piece, non_objects, manifest);
    }
    let api_version = words(header.api_version.as_ref());
    match header.items {
        Some(items) => list(piece, piece.part(items), registry, manifest),
        None => {
            let from = DecodedFrom::Document;
            object(piece, &api_version, &kind, from, registry, manifest);
        }
    }
}

/// Decodes an object of a known kind and version; others are passed over.
fn object(
    piece: Piece<'_>,
    api_version: &str,
    kind: &str,
    from: DecodedFrom,
    registry: &Registry,
    manifest: &mut Manifest,
) {
    match registry.decoder(api_version, kind) {
        Some(decoding) => decode(piece, api_version, kind, from, decoding, manifest),
        None => manifest.skipped += 1,
    }
}

/// Says that something has no kind, where that is of interest.
fn no_object(piece: &Piece<'_>, non_objects: NonObjects, manifest: &mut Manifest) {
    if non_objects == NonObjects::Told {
        let problem = Diagnostic::new(piece.span(), Problem::NotAnObject);
        manifest.diagnostics.push(problem);
    }
    manifest.skipped += 1;
}

/// What the items of a list take over from it, where it is of a kind whose lists servers have.
///
/// Source: `unstructuredJSONScheme.decodeToList`.
pub(super) struct Inherited {
    api_version: String,
    kind: String,
    /// Whether no server is known to have such lists.
    unknown: bool,
}

mapping! {
    /// What stands around a list's items.
    struct RawList<'a> expecting "a list of objects" {
        api_version: Text<'a> = "apiVersion",
        kind: Text<'a> = "kind",
        metadata: Box<RawMetadata<'a>> = "metadata",
    }
}

impl Inherited {
    /// What a list hands down, by what stands around its items.
    pub(super) fn read(head: Piece<'_>) -> Result<Self, Invalid> {
        let raw: RawList<'_> = head.read()?;
        let api_version = string(raw.api_version, "apiVersion")?;
        let kind = string(raw.kind, "kind")?;
        if let Some(metadata) = raw.metadata {
            metadata.check_types()?;
        }
        Ok(Inherited::of(&api_version, &kind))
    }

    /// What a list of this version and kind hands down.
    pub(super) fn of(api_version: &str, kind: &str) -> Self {
        let version = GroupVersion::of(api_version);
        let item_kind = kind.strip_suffix("List").unwrap_or(kind);
        Inherited {
            api_version: api_version.to_owned(),
            kind: item_kind.to_owned(),
            unknown: !discovery::has_lists(&version, kind),
        }
    }
}

/// That an item of a list is a list itself, for which kubectl sends nothing of the outer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an item of this list is a list itself, so kubectl sends nothing of it")]
pub(super) struct ListInList;

/// How many items of a list are decoded at once.
const AT_ONCE: usize = 1024;

/// Decodes the items of a list, or none of them.
fn list(piece: Piece<'_>, items: Piece<'_>, registry: &Registry, manifest: &mut Manifest) {
    let read = Inherited::read(piece).and_then(|inherited| {
        let items: Option<Vec<Part<'_>>> = items.read()?;
        let items: Vec<Piece<'_>> = items
            .unwrap_or_default()
            .into_iter()
            .map(|part| piece.part(part))
            .collect();
        if !items.iter().all(|item| item.is_null() || item.is_mapping()) {
            return Err(Invalid::new(
                "an item of this list is no object, so kubectl sends nothing of it",
            ));
        }
        let found = parallel::map_chunks(&items, AT_ONCE, |items| {
            let mut found = Manifest::default();
            for one in items {
                item(*one, &inherited, registry, &mut found)?;
            }
            Ok(found)
        });
        let found: Result<Vec<Manifest>, ListInList> = found.into_iter().collect();
        let found = found.map_err(|error| Invalid::new(error.to_string()))?;
        Ok((inherited, found))
    });
    match read {
        Ok((inherited, found)) => add_items(|| piece.told(), &inherited, found, manifest),
        Err(why) => tell(&piece, piece.title(), why, manifest),
    }
}

/// What is told of something, and what tells whether it stayed the same.
pub(super) struct Told {
    pub(super) span: Span,
    pub(super) title: ObjectRef,
    pub(super) content: Fingerprint,
}

/// Adds what a list's items gave, unless only a server with an unknown type would be sent it.
pub(super) fn add_items(
    list: impl FnOnce() -> Told,
    inherited: &Inherited,
    found: Vec<Manifest>,
    manifest: &mut Manifest,
) {
    let any = |found: &Manifest| !found.objects.is_empty() || !found.diagnostics.is_empty();
    if !inherited.unknown || !found.iter().any(any) {
        return manifest.extend(found);
    }
    let list = list();
    let problem = Problem::Refused {
        object: list.title,
        why: "only a server that has a type of its kind would be sent the items of such a list"
            .to_owned(),
    };
    let diagnostic = Diagnostic::new(list.span, problem).with_content(list.content);
    manifest.diagnostics.push(diagnostic);
}

/// Decodes an item of a list.
pub(super) fn item(
    piece: Piece<'_>,
    inherited: &Inherited,
    registry: &Registry,
    manifest: &mut Manifest,
) -> Result<(), ListInList> {
    if piece.is_null() {
        manifest.skipped += 1;
        return Ok(());
    }
    if let Some((api_version, kind)) = piece.leading_header()
        && let Some(decoding) = registry.decoder(api_version, kind)
        && !piece.may_be_list()
    {
        let from = DecodedFrom::Item;
        decode(piece, api_version, kind, from, decoding, manifest);
        return Ok(());
    }
    let mut header: Header<'_> = match piece.read() {
        Ok(header) => header,
        Err(error) => {
            tell_misshapen(&piece, error, manifest);
            return Ok(());
        }
    };
    if let Some(items) = header.items.take()
        && piece.part(items).is_list()
    {
        return Err(ListInList);
    }
    let kind = words(header.kind.as_ref());
    let api_version = words(header.api_version.as_ref());
    let (api_version, kind) = match api_version.is_empty() && kind.is_empty() {
        true => (&*inherited.api_version, &*inherited.kind),
        false => (&*api_version, &*kind),
    };
    if let Some(why) = no_string_in(&header) {
        tell(&piece, ObjectRef::new("", "", ""), why, manifest);
    } else if kind.is_empty() {
        no_object(&piece, NonObjects::Told, manifest);
    } else {
        let from = DecodedFrom::Item;
        object(piece, api_version, kind, from, registry, manifest);
    }
    Ok(())
}

/// The string that stands there; an empty one for whatever else does.
fn words(text: Option<&Text<'_>>) -> String {
    match text {
        Some(Text::Str(text)) => text.to_string(),
        _ => String::new(),
    }
}

/// What stands where the kind or the version belongs, and is no string.
fn no_string_in(header: &Header<'_>) -> Option<Invalid> {
    let complaint = |text: &Option<Text<'_>>, field: &str| match text {
        None | Some(Text::Str(_)) => None,
        Some(other) => Some(no_string(other, field)),
    };
    complaint(&header.kind, "kind").or_else(|| complaint(&header.api_version, "apiVersion"))
}

/// Decodes an object whose kind has a decoder.
fn decode(
    piece: Piece<'_>,
    api_version: &str,
    kind: &str,
    from: DecodedFrom,
    decoding: Decoding<'_>,
    manifest: &mut Manifest,
) {
    let Decoding {
        decoder,
        namespace,
        detail,
    } = decoding;
    let version = GroupVersion::of(api_version);
    let served = (decoder.served)(kind, &version);
    let mut source = Source {
        piece,
        kind,
        api_version,
        version,
        served,
        from,
        namespace,
        detail,
        span: piece.span(),
        named: None,
        notes: Vec::new(),
    };
    let no_such = |hint: &str| {
        Err(Invalid::new(format!(
            "no matches for kind `{kind}` in version `{}`{hint}",
            excerpt(api_version)
        )))
    };
    let read = match served {
        Served::OtherGroup if version.may_be_custom() => {
            manifest.skipped += 1;
            return;
        }
        Served::OtherGroup => no_such(""),
        Served::Only(version) => no_such(&format!(" (it is in `{version}`)")),
        Served::Current | Served::Dropped => (decoder.decode)(&mut source, manifest),
    };
    if let Err(why) = read {
        let object = if why.is_of_shape() && source.named.is_none() {
            piece.title()
        } else {
            source.object_ref()
        };
        tell(&piece, object, why, manifest);
    }
}

/// Says that an object isn't used.
fn tell(piece: &Piece<'_>, object: ObjectRef, why: Invalid, manifest: &mut Manifest) {
    let span = why.span().unwrap_or(piece.span());
    let problem = if why.is_unreadable() {
        Problem::Unreadable {
            message: why.to_string(),
        }
    } else {
        Problem::Refused {
            object,
            why: why.to_string(),
        }
    };
    let diagnostic = Diagnostic::new(span, problem).with_content(piece.fingerprint());
    manifest.diagnostics.push(diagnostic);
}

/// Says that an object isn't used, since it hasn't the shape of any.
fn tell_misshapen(piece: &Piece<'_>, error: ShapeError, manifest: &mut Manifest) {
    tell(piece, piece.title(), error.into(), manifest);
}
