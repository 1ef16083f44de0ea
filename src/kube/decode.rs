//! Decoding by kind: the header first, then the decoder that the [`Registry`] has for the kind.
//!
//! A kind has a file of its own, with the shape in which it is written, what an API server would
//! refuse of it, and the typed object. To add one, write a type that implements [`Decode`] and enter
//! it in [`Registry::standard`]. Objects of kinds that the registry doesn't have are passed over,
//! mostly unparsed.

use std::borrow::Cow;
use std::fmt;
use std::hash::Hash;
use std::ops::Deref;

use serde::Deserialize;

use super::Manifest;
use super::fields::{Invalid, check_name, no_string, no_unknown, string};
use super::metadata::{Attached, Metadata, RawMetadata, attached};
use super::objects::ObjectKey;
use super::piece::{Part, Piece, ShapeError};
use super::shape::{Text, mapping};
use super::{custom_resource, namespace, rbac, service_account};
use crate::diagnostic::{Diagnostic, Problem};
use crate::object::ObjectRef;
use crate::text::{Located, Span};

/// Where kubectl puts what has no namespace.
pub(super) const DEFAULT_NAMESPACE: &str = "default";

/// A type of objects: one kind, or several of one shape.
///
/// A decoder reads its shape from a [`Source`], refuses what an API server would refuse, and knows no
/// other objects.
pub trait Decode:
    Deref<Target = Metadata> + Clone + PartialEq + Hash + fmt::Debug + Send + Sync + 'static
{
    /// The kinds that are decoded into this type, as manifests write them.
    const KINDS: &'static [&'static str];

    /// Whether API servers have these kinds in a group and version.
    fn served(version: &GroupVersion<'_>) -> Served;

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

    /// Adds what another definition of the same object gives, where nothing tells which of the two a
    /// cluster has. Unless a kind says otherwise, the later definition stands alone.
    fn unite(&mut self, _other: &Self) -> United {
        United::Merged
    }
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
    /// A kind that is in any version of this group.
    pub fn in_group(group: &str, version: &GroupVersion<'_>) -> Self {
        if version.group == group {
            Served::Current
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
}

/// What the registry knows of a type.
#[derive(Debug, Clone, Copy)]
struct Decoder {
    kinds: &'static [&'static str],
    served: fn(&GroupVersion<'_>) -> Served,
    decode: fn(&mut Source<'_>, &mut Manifest) -> Result<(), Invalid>,
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
            .with::<service_account::ServiceAccount>()
            .with::<custom_resource::CustomResourceDefinition>()
    }

    /// The registry with one more type. Of two that decode one kind, the first does.
    #[must_use]
    pub fn with<T: Decode>(mut self) -> Self {
        self.decoders.push(Decoder {
            kinds: T::KINDS,
            served: T::served,
            decode: decode_into::<T>,
        });
        self
    }

    /// Whether objects of a kind are decoded.
    pub fn wants(&self, kind: &str) -> bool {
        self.decoder(kind).is_some()
    }

    fn decoder(&self, kind: &str) -> Option<&Decoder> {
        self.decoders
            .iter()
            .find(|decoder| decoder.kinds.contains(&kind))
    }
}

fn decode_into<T: Decode>(source: &mut Source<'_>, manifest: &mut Manifest) -> Result<(), Invalid> {
    let object = T::decode(source)?;
    manifest.diagnostics.append(&mut source.notes);
    if T::served(&source.group_version()) == Served::Dropped {
        manifest.diagnostics.push(Diagnostic::new(
            source.span,
            Problem::OldVersion {
                object: object.object_ref(),
                version: source.api_version.to_owned(),
            },
        ));
    }
    manifest.objects.push(Located::new(object, source.span));
    Ok(())
}

/// An object that is to be decoded.
pub struct Source<'a> {
    piece: Piece<'a>,
    kind: &'a str,
    api_version: &'a str,
    span: Span,
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
        GroupVersion::of(self.api_version)
    }

    /// Reads the object into its shape.
    ///
    /// # Errors
    /// If it hasn't that shape.
    pub fn read<T: Deserialize<'a>>(&self) -> Result<T, Invalid> {
        Ok(self.piece.read()?)
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
        raw: Option<RawMetadata<'_>>,
        extent: Extent,
    ) -> Result<Metadata, Invalid> {
        let raw = raw.unwrap_or_default();
        let name = string(raw.name, "metadata.name")?;
        let has_resource_version =
            !string(raw.resource_version, "metadata.resourceVersion")?.is_empty();
        let mut namespace = string(raw.namespace, "metadata.namespace")?;
        if extent == Extent::Cluster {
            namespace = CompactName::default();
        }
        self.named = Some((namespace.clone(), name.clone()));
        check_name(&name, "metadata.name")?;
        no_unknown(&raw.unknown, "metadata.")?;
        let Attached {
            labels,
            annotations,
            uid,
        } = attached(raw.labels, raw.annotations, raw.uid)?;
        Ok(Metadata {
            namespace,
            name,
            labels,
            annotations,
            uid,
            has_resource_version,
        })
    }

    /// Puts an object without namespace where kubectl puts it, and says so.
    pub fn default_namespace(&mut self, metadata: &mut Metadata) {
        if metadata.namespace.is_empty() {
            self.notes.push(Diagnostic::new(
                self.span,
                Problem::NoNamespace {
                    object: ObjectRef::new(self.kind, "", metadata.name.clone()),
                },
            ));
            metadata.namespace = DEFAULT_NAMESPACE.into();
        }
    }

    /// What refusals call the object.
    fn object_ref(&self) -> ObjectRef {
        let (namespace, name) = self.named.clone().unwrap_or_default();
        ObjectRef::new(self.kind, namespace, name)
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

/// What an object takes over from where it stands.
pub(super) struct Inherited {
    api_version: String,
    kind: String,
    non_objects: NonObjects,
}

impl Inherited {
    /// A document of its own.
    pub(super) fn document(non_objects: NonObjects) -> Self {
        Inherited {
            api_version: String::new(),
            kind: String::new(),
            non_objects,
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
            non_objects: NonObjects::Told,
        }
    }
}

mapping! {
    /// What of any object has to be known before its decoder is.
    struct Header<'a> expecting "a Kubernetes object" {
        api_version: Text<'a> = "apiVersion",
        kind: Text<'a> = "kind",
        items: Part<'a> = "items",
    }
    once { metadata = "metadata" }
}

/// Decodes an object, or the objects of a list, into a manifest.
pub(super) fn object(
    piece: Piece<'_>,
    inherited: &Inherited,
    registry: &Registry,
    manifest: &mut Manifest,
) {
    // The decoder looks at the whole object, so that a key which stands twice is found.
    if let Some((api_version, kind)) = piece.leading_header()
        && let Some(decoder) = registry.decoder(kind)
    {
        return decode(piece, api_version, kind, decoder, manifest);
    }
    let header: Header<'_> = match piece.read() {
        Ok(header) => header,
        Err(error) => return tell_misshapen(&piece, error, manifest),
    };
    if let Some(why) = no_string_in(&header)
        && (inherited.non_objects == NonObjects::Told
            || header.kind.is_some() && header.api_version.is_some())
    {
        let object = ObjectRef::new("", "", "");
        return tell(piece.span(), object, why, manifest);
    }
    let api_version = written(header.api_version, &inherited.api_version);
    let kind = written(header.kind, &inherited.kind);
    if kind.is_empty() {
        if inherited.non_objects == NonObjects::Told {
            let problem = Diagnostic::new(piece.span(), Problem::NotAnObject);
            manifest.diagnostics.push(problem);
        }
        manifest.skipped += 1;
        return;
    }
    if kind.ends_with("List")
        && let Some(items) = header.items
    {
        let items = match piece.part(items).read::<Vec<Part<'_>>>() {
            Ok(items) => items,
            Err(error) => return tell_misshapen(&piece, error, manifest),
        };
        let inherited = Inherited::item(&api_version, &kind);
        for item in items {
            object(piece.part(item), &inherited, registry, manifest);
        }
        return;
    }
    match registry.decoder(&kind) {
        Some(decoder) => decode(piece, &api_version, &kind, decoder, manifest),
        None => manifest.skipped += 1,
    }
}

/// What is written, or else inherited.
fn written<'a>(text: Option<Text<'a>>, inherited: &'a str) -> Cow<'a, str> {
    match text {
        Some(Text::Str(text)) if !text.is_empty() => text,
        _ => Cow::Borrowed(inherited),
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
    decoder: &Decoder,
    manifest: &mut Manifest,
) {
    let mut source = Source {
        piece,
        kind,
        api_version,
        span: piece.span(),
        named: None,
        notes: Vec::new(),
    };
    let read = match (decoder.served)(&source.group_version()) {
        Served::OtherGroup => {
            manifest.skipped += 1;
            return;
        }
        Served::Only(version) => Err(Invalid::new(format!(
            "no matches for kind `{kind}` in version `{api_version}` (it is in `{version}`)"
        ))),
        Served::Current | Served::Dropped => (decoder.decode)(&mut source, manifest),
    };
    if let Err(why) = read {
        let object = if why.is_of_shape() && source.named.is_none() {
            piece.title()
        } else {
            source.object_ref()
        };
        tell(source.span, object, why, manifest);
    }
}

/// Says that an object isn't used.
fn tell(span: Span, object: ObjectRef, why: Invalid, manifest: &mut Manifest) {
    let span = why.span().unwrap_or(span);
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
    manifest.diagnostics.push(Diagnostic::new(span, problem));
}

/// Says that an object isn't used, since it hasn't the shape of any.
fn tell_misshapen(piece: &Piece<'_>, error: ShapeError, manifest: &mut Manifest) {
    tell(piece.span(), piece.title(), error.into(), manifest);
}
