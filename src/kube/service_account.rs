//! ServiceAccounts.

use std::ops::Deref;

use serde::Serialize;

use super::decode::{Decode, Extent, GroupVersion, Served, Source};
use super::fields::Invalid;
use super::metadata::{Metadata, RawMetadata};
use super::shape::mapping;

/// A ServiceAccount.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct ServiceAccount {
    /// The name and what is attached to it.
    pub metadata: Metadata,
}

impl Deref for ServiceAccount {
    type Target = Metadata;

    fn deref(&self) -> &Metadata {
        &self.metadata
    }
}

mapping! {
    /// A ServiceAccount as it is written.
    struct RawServiceAccount<'a> expecting "a Kubernetes object" {
        metadata: Box<RawMetadata<'a>> = "metadata",
    }
    once { api_version = "apiVersion", kind = "kind" }
}

impl Decode for ServiceAccount {
    const KINDS: &'static [&'static str] = &["ServiceAccount"];

    fn served(version: &GroupVersion<'_>) -> Served {
        Served::in_version("v1", version)
    }

    fn decode(source: &mut Source<'_>) -> Result<Self, Invalid> {
        let raw: RawServiceAccount<'_> = source.read()?;
        let mut metadata = source.metadata(raw.metadata, Extent::Namespaced)?;
        // Nothing depends on where it is put, so that nobody has to be told.
        source.fill_in_namespace(&mut metadata);
        Ok(ServiceAccount { metadata })
    }

    fn kind(&self) -> &'static str {
        "ServiceAccount"
    }

    fn same_content(&self, _: &Self) -> bool {
        true
    }
}
