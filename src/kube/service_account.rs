//! ServiceAccounts.

use std::ops::Deref;

use serde::Serialize;

use super::decode::{Decode, Detail, Extent, GroupVersion, Served, Source, United};
use super::fields::Invalid;
use super::metadata::{Metadata, RawMetadata};
use super::piece::Values;
use super::shape::{Flag, mapping};

/// A ServiceAccount.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct ServiceAccount {
    /// The name and what is attached to it.
    pub metadata: Metadata,
    /// Whether pods that say nothing of it get a token of the account mounted
    /// (`automountServiceAccountToken`); they do where nothing is said here either. It is read by
    /// [`Registry::with_workloads`](super::Registry::with_workloads) alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub automount: Option<bool>,
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

mapping! {
    /// What pods that run as it depend on.
    struct RawAutomount<'a> expecting "a Kubernetes object" {
        automount: Flag = "automountServiceAccountToken",
    }
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
        let automount = match source.detail() {
            Detail::Access => None,
            Detail::Workloads => {
                let raw: RawAutomount<'_> = source.read_by_field(Values::Told)?;
                raw.automount.map(|flag| flag.0)
            }
        };
        Ok(ServiceAccount {
            metadata,
            automount,
        })
    }

    fn kind(&self) -> &'static str {
        "ServiceAccount"
    }

    /// Nothing but pods depends on what it holds.
    fn same_content(&self, other: &Self) -> bool {
        mounts(self) == mounts(other)
    }

    /// Of two definitions, the one counts that gives more: a token.
    fn unite(&mut self, other: &Self) -> United {
        if mounts(other) {
            self.automount = other.automount;
        }
        United::Merged
    }
}

/// Whether pods that say nothing of it get a token mounted.
fn mounts(account: &ServiceAccount) -> bool {
    account.automount != Some(false)
}
