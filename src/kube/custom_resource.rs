//! CustomResourceDefinitions.

use std::ops::Deref;

use serde::Serialize;
use serde::de::IgnoredAny;

use super::decode::{Decode, Extent, GroupVersion, Served, Source};
use super::fields::{Invalid, string, strings};
use super::metadata::{Metadata, RawMetadata};
use super::objects::ObjectKey;
use super::piece::Part;
use super::shape::{Flag, Text, mapping};
use crate::object::ObjectRef;
use crate::text::excerpt;

/// The API group of definitions.
const GROUP: &str = "apiextensions.k8s.io";
/// The version in which servers have them.
const API_VERSION: &str = "apiextensions.k8s.io/v1";

/// What a CustomResourceDefinition says of its resource.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct CustomResourceDefinition {
    /// The name and what is attached to it.
    pub metadata: Metadata,
    /// The API group.
    pub group: String,
    /// The plural name, the one that rules use.
    pub plural: String,
    /// The singular name.
    pub singular: String,
    /// The kind.
    pub kind: String,
    /// Short names.
    pub short_names: Vec<String>,
    /// Whether objects of it live in namespaces.
    pub namespaced: bool,
    /// The served versions.
    pub versions: Vec<String>,
    /// The subresources that it has: `status`, `scale`.
    pub subresources: Vec<String>,
}

impl Deref for CustomResourceDefinition {
    type Target = Metadata;

    fn deref(&self) -> &Metadata {
        &self.metadata
    }
}

mapping! {
    /// A CustomResourceDefinition as it is written.
    struct RawDefinition<'a> expecting "a Kubernetes object" {
        metadata: Box<RawMetadata<'a>> = "metadata",
        spec: Part<'a> = "spec",
    }
    once { api_version = "apiVersion", kind = "kind" }
}

mapping! {
    /// What of `spec` matters here.
    struct RawSpec<'a> expecting "the spec of an object" {
        group: Text<'a> = "group",
        scope: Text<'a> = "scope",
        names: RawNames<'a> = "names",
        version: Text<'a> = "version",
        versions: Vec<RawVersion<'a>> = "versions",
        subresources: RawSubresources<'a> = "subresources",
    }
}

mapping! {
    /// `spec.names`
    struct RawNames<'a> expecting "the names of a resource" {
        plural: Text<'a> = "plural",
        singular: Text<'a> = "singular",
        kind: Text<'a> = "kind",
        short_names: Vec<Text<'a>> = "shortNames",
    }
}

mapping! {
    /// An entry of `spec.versions`
    struct RawVersion<'a> expecting "a version" {
        name: Text<'a> = "name",
        served: Flag = "served",
        subresources: RawSubresources<'a> = "subresources",
    }
}

mapping! {
    /// `subresources`
    struct RawSubresources<'a> expecting "subresources" {
        status: IgnoredAny = "status",
        scale: IgnoredAny = "scale",
    }
}

impl Decode for CustomResourceDefinition {
    const KINDS: &'static [&'static str] = &["CustomResourceDefinition"];

    fn served(version: &GroupVersion<'_>) -> Served {
        match (version.group, version.version) {
            (GROUP, "v1beta1") => Served::Dropped,
            _ => Served::in_version(API_VERSION, version),
        }
    }

    fn decode(source: &mut Source<'_>) -> Result<Self, Invalid> {
        let raw: RawDefinition<'_> = source.read()?;
        let metadata = source.metadata(raw.metadata, Extent::Cluster)?;
        let Some(spec) = raw.spec else {
            return Err(Invalid::new("spec: required value"));
        };
        let spec = source.open(spec)?.value;
        definition(metadata, spec)
    }

    fn kind(&self) -> &'static str {
        "CustomResourceDefinition"
    }

    fn key(&self) -> ObjectKey<'_> {
        ObjectKey {
            kind: Decode::kind(self),
            namespace: &self.group,
            name: &self.plural,
        }
    }

    fn object_ref(&self) -> ObjectRef {
        let name = format!("{}.{}", self.plural, self.group);
        ObjectRef::new(Decode::kind(self), "", name)
    }

    fn same_content(&self, other: &Self) -> bool {
        let without_metadata = |definition: &Self| CustomResourceDefinition {
            metadata: Metadata::default(),
            ..definition.clone()
        };
        without_metadata(self) == without_metadata(other)
    }
}

fn definition(metadata: Metadata, spec: RawSpec<'_>) -> Result<CustomResourceDefinition, Invalid> {
    let names = spec.names.unwrap_or_default();
    let mut definition = CustomResourceDefinition {
        metadata,
        group: string(spec.group, "spec.group")?.into(),
        plural: string(names.plural, "spec.names.plural")?.into(),
        singular: string(names.singular, "spec.names.singular")?.into(),
        kind: string(names.kind, "spec.names.kind")?.into(),
        short_names: strings(names.short_names, "spec.names.shortNames")?
            .into_iter()
            .map(String::from)
            .collect(),
        namespaced: string(spec.scope, "spec.scope")? != "Cluster",
        versions: Vec::new(),
        subresources: Vec::new(),
    };
    if definition.group.is_empty() || definition.plural.is_empty() {
        return Err(Invalid::new(
            "spec.group and spec.names.plural: required value",
        ));
    }
    let name = format!("{}.{}", definition.plural, definition.group);
    if definition.name != name {
        return Err(Invalid::new(format!(
            "metadata.name: invalid value `{}`: must be spec.names.plural+\".\"+spec.group",
            excerpt(&definition.name)
        )));
    }
    if definition.singular.is_empty() {
        definition.singular = definition.kind.to_lowercase();
    }
    if let Some(Text::Str(version)) = spec.version {
        definition.versions.push(version.into_owned());
    }
    definition.add_subresources(spec.subresources);
    for version in spec.versions.unwrap_or_default() {
        if version.served == Some(Flag(false)) {
            continue;
        }
        definition.add_subresources(version.subresources);
        if let Some(Text::Str(name)) = version.name
            && !definition.versions.iter().any(|known| *known == name)
        {
            definition.versions.push(name.into_owned());
        }
    }
    definition.subresources.sort();
    Ok(definition)
}

impl CustomResourceDefinition {
    fn add_subresources(&mut self, raw: Option<RawSubresources<'_>>) {
        let raw = raw.unwrap_or_default();
        for (present, name) in [
            (raw.scale.is_some(), "scale"),
            (raw.status.is_some(), "status"),
        ] {
            if present && !self.subresources.iter().any(|known| known == name) {
                self.subresources.push(name.to_owned());
            }
        }
    }
}
