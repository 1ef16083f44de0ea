//! Secrets, without what they keep.

use std::ops::Deref;

use compact_str::CompactString;
use serde::Serialize;

use super::decode::{Decode, Extent, GroupVersion, Served, Source, United};
use super::fields::{Invalid, NameForm};
use super::metadata::{Metadata, RawMetadata};
use super::piece::Values;
use super::shape::{StrictText, mapping, named};

/// The type of a Secret that says none.
const OPAQUE: &str = "Opaque";
/// The type of Secrets that hold a token of a ServiceAccount.
const TOKEN: &str = "kubernetes.io/service-account-token";
/// The annotation that says of which account it is.
const ACCOUNT: &str = "kubernetes.io/service-account.name";
/// The annotation that says the account's `uid`.
const ACCOUNT_UID: &str = "kubernetes.io/service-account.uid";

/// A Secret: what it is called and what type it has.
///
/// What it keeps (`data`, `stringData`) is passed over while the text is read: it is neither held
/// against what a server takes, nor kept, nor quoted. Of the annotations, of which some copy the object,
/// those two are kept that say whose token it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Secret {
    /// The name, the labels, and the annotations of a token.
    pub metadata: Metadata,
    /// The type: `Opaque` where it says none.
    pub secret_type: CompactString,
}

impl Secret {
    /// The ServiceAccount of its namespace whose token it holds, or would hold once the token controller
    /// has filled it.
    ///
    /// ```
    /// use rbac_eval::kube::{self, Registry, Secret};
    /// use rbac_eval::text::{Files, SourceText};
    ///
    /// let text = SourceText {
    ///     name: "secret.yaml".into(),
    ///     bytes: b"apiVersion: v1\nkind: Secret\ntype: kubernetes.io/service-account-token\n\
    ///         metadata:\n  name: ci-token\n  annotations: {kubernetes.io/service-account.name: ci}\n".to_vec(),
    ///     named: true,
    /// };
    /// let manifest = kube::parse_with(&Registry::with_workloads(), &mut Files::default(), &[text]);
    /// assert_eq!(manifest.objects.of::<Secret>()[0].token_account(), Some("ci"));
    /// ```
    pub fn token_account(&self) -> Option<&str> {
        let account = self.annotation(ACCOUNT)?;
        (self.secret_type == TOKEN && !account.is_empty()).then_some(account)
    }
}

impl Deref for Secret {
    type Target = Metadata;

    fn deref(&self) -> &Metadata {
        &self.metadata
    }
}

mapping! {
    /// A Secret as it is written.
    struct RawSecret<'a> expecting "a Kubernetes object" {
        metadata: Box<RawMetadata<'a>> = "metadata",
        secret_type: StrictText<'a> = "type",
    }
    once { api_version = "apiVersion", kind = "kind", data = "data", string_data = "stringData" }
}

impl Decode for Secret {
    const KINDS: &'static [&'static str] = &["Secret"];

    fn served(version: &GroupVersion<'_>) -> Served {
        Served::in_version("v1", version)
    }

    fn decode(source: &mut Source<'_>) -> Result<Self, Invalid> {
        let raw: RawSecret<'_> = source.read_by_field(Values::Withheld)?;
        let raw_metadata = raw.metadata.unwrap_or_default();
        // The name is told, and nothing else.
        raw_metadata.check_name(raw_metadata.name()?, NameForm::Subdomain)?;
        let mut metadata = source
            .metadata(Some(raw_metadata), Extent::Namespaced)
            .map_err(|error| error.withheld("metadata"))?;
        let annotations = std::mem::take(&mut metadata.annotations).into_iter();
        metadata.annotations = annotations
            .filter(|(key, _)| key == ACCOUNT || key == ACCOUNT_UID)
            .collect();
        source.fill_in_namespace(&mut metadata);
        Ok(Secret {
            metadata,
            secret_type: named(raw.secret_type).unwrap_or_else(|| OPAQUE.into()),
        })
    }

    fn kind(&self) -> &'static str {
        "Secret"
    }

    fn same_content(&self, other: &Self) -> bool {
        (&self.secret_type, &self.labels, &self.annotations)
            == (&other.secret_type, &other.labels, &other.annotations)
    }

    fn unite(&mut self, _other: &Self) -> United {
        United::Apart
    }
}
