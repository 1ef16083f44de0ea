//! MutatingWebhookConfigurations and ValidatingWebhookConfigurations.

use std::fmt;
use std::ops::Deref;

use compact_str::CompactString;
use serde::Serialize;

use super::decode::{Decode, Extent, GroupVersion, Served, Source, United};
use super::fields::Invalid;
use super::metadata::{Metadata, RawMetadata};
use super::piece::Values;
use super::selector::{LabelSelector, RawSelector, selector};
use super::shape::{StrictText, mapping, named, word, words};

/// The API group of webhooks.
const GROUP: &str = "admissionregistration.k8s.io";
/// The version in which servers have them.
const API_VERSION: &str = "admissionregistration.k8s.io/v1";

/// What webhooks may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum WebhookKind {
    /// They see and change what is written.
    Mutating,
    /// They see what is written, and may refuse it.
    Validating,
}

impl WebhookKind {
    /// The kind of the configuration, as manifests write it.
    pub fn as_str(self) -> &'static str {
        match self {
            WebhookKind::Mutating => "MutatingWebhookConfiguration",
            WebhookKind::Validating => "ValidatingWebhookConfiguration",
        }
    }
}

impl fmt::Display for WebhookKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A MutatingWebhookConfiguration or ValidatingWebhookConfiguration.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct WebhookConfiguration {
    /// Which of the two.
    pub kind: WebhookKind,
    /// The name and what is attached to it.
    pub metadata: Metadata,
    /// The webhooks.
    pub webhooks: Vec<Webhook>,
}

/// A webhook: whom the API server asks about what is written.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Webhook {
    /// The name.
    pub name: CompactString,
    /// Who is asked.
    pub client: WebhookClient,
    /// What becomes of a request where nobody answers.
    pub failure_policy: FailurePolicy,
    /// What it is asked about: whatever one of these holds for.
    pub rules: Vec<WebhookRule>,
    /// The labels of the namespaces whose objects it is asked about.
    pub namespace_selector: LabelSelector,
    /// The labels of the objects that it is asked about.
    pub object_selector: LabelSelector,
}

/// Who is asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum WebhookClient {
    /// A Service of the cluster.
    Service {
        /// Its namespace.
        namespace: CompactString,
        /// Its name.
        name: CompactString,
    },
    /// Whatever answers at an address.
    Url(CompactString),
}

/// What becomes of a request where nobody answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum FailurePolicy {
    /// It is refused.
    Fail,
    /// It goes on.
    Ignore,
}

/// What a webhook is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct WebhookRule {
    /// `CREATE`, `UPDATE`, `DELETE`, `CONNECT`, or `*`.
    pub operations: Vec<CompactString>,
    /// The API groups, `""` for the core group, or `*`.
    pub api_groups: Vec<CompactString>,
    /// Resources, `resource/subresource`, `*/subresource`, `resource/*`, `*/*`, or `*`.
    pub resources: Vec<CompactString>,
    /// `Cluster` or `Namespaced`, where it is one of them alone.
    pub scope: Option<CompactString>,
}

impl Deref for WebhookConfiguration {
    type Target = Metadata;

    fn deref(&self) -> &Metadata {
        &self.metadata
    }
}

mapping! {
    /// A configuration as it is written.
    struct RawConfiguration<'a> expecting "a Kubernetes object" {
        metadata: Box<RawMetadata<'a>> = "metadata",
        webhooks: Vec<RawWebhook<'a>> = "webhooks",
    }
    once { api_version = "apiVersion", kind = "kind" }
}

mapping! {
    /// A webhook as it is written.
    struct RawWebhook<'a> expecting "a webhook" {
        name: StrictText<'a> = "name",
        client: RawClient<'a> = "clientConfig",
        failure_policy: StrictText<'a> = "failurePolicy",
        rules: Vec<RawWebhookRule<'a>> = "rules",
        namespace_selector: RawSelector<'a> = "namespaceSelector",
        object_selector: RawSelector<'a> = "objectSelector",
    }
}

mapping! {
    /// `clientConfig`
    struct RawClient<'a> expecting "who is asked" {
        service: RawService<'a> = "service",
        url: StrictText<'a> = "url",
    }
}

mapping! {
    /// `clientConfig.service`
    struct RawService<'a> expecting "a reference to a Service" {
        namespace: StrictText<'a> = "namespace",
        name: StrictText<'a> = "name",
    }
}

mapping! {
    /// An entry of `rules`.
    struct RawWebhookRule<'a> expecting "a rule of a webhook" {
        operations: Vec<StrictText<'a>> = "operations",
        api_groups: Vec<StrictText<'a>> = "apiGroups",
        resources: Vec<StrictText<'a>> = "resources",
        scope: StrictText<'a> = "scope",
    }
}

impl Decode for WebhookConfiguration {
    const KINDS: &'static [&'static str] = &[
        "MutatingWebhookConfiguration",
        "ValidatingWebhookConfiguration",
    ];

    fn served(version: &GroupVersion<'_>) -> Served {
        match (version.group, version.version) {
            (GROUP, "v1beta1") => Served::Dropped,
            _ => Served::in_version(API_VERSION, version),
        }
    }

    fn decode(source: &mut Source<'_>) -> Result<Self, Invalid> {
        let kind = match source.kind() {
            "MutatingWebhookConfiguration" => WebhookKind::Mutating,
            _ => WebhookKind::Validating,
        };
        // Source: `SetDefaults_ValidatingWebhook` of either version.
        let unless_said = match source.group_version().version {
            "v1beta1" => FailurePolicy::Ignore,
            _ => FailurePolicy::Fail,
        };
        let raw: RawConfiguration<'_> = source.read_by_field(Values::Told)?;
        let metadata = source.metadata(raw.metadata, Extent::Cluster)?;
        let raw_webhooks = raw.webhooks.unwrap_or_default();
        let mut webhooks = Vec::with_capacity(raw_webhooks.len());
        for (webhook, number) in raw_webhooks.into_iter().zip(0..) {
            let field = format!("webhooks[{number}]");
            webhooks.push(read(webhook, &field, unless_said)?);
        }
        Ok(WebhookConfiguration {
            kind,
            metadata,
            webhooks,
        })
    }

    fn kind(&self) -> &'static str {
        self.kind.as_str()
    }

    fn same_content(&self, other: &Self) -> bool {
        self.webhooks == other.webhooks
    }

    fn unite(&mut self, _other: &Self) -> United {
        United::Apart
    }
}

/// Source: `validateWebhook`.
fn read(raw: RawWebhook<'_>, field: &str, unless_said: FailurePolicy) -> Result<Webhook, Invalid> {
    let client = raw.client.unwrap_or_default();
    let client = match (client.service, named(client.url)) {
        (Some(service), None) => WebhookClient::Service {
            namespace: word(service.namespace),
            name: word(service.name),
        },
        (None, Some(url)) => WebhookClient::Url(url),
        (None, None) | (Some(_), Some(_)) => {
            return Err(Invalid::new(format!(
                "{field}.clientConfig: exactly one of url or service is required"
            )));
        }
    };
    let failure_policy = match named(raw.failure_policy).as_deref() {
        None => unless_said,
        Some("Fail") => FailurePolicy::Fail,
        Some("Ignore") => FailurePolicy::Ignore,
        Some(other) => {
            let field = format!("{field}.failurePolicy");
            return Err(Invalid::unsupported(&field, other, "`Fail`, `Ignore`"));
        }
    };
    let rules = raw.rules.unwrap_or_default().into_iter();
    let rules = rules.map(|rule| WebhookRule {
        operations: words(rule.operations),
        api_groups: words(rule.api_groups),
        resources: words(rule.resources),
        scope: named(rule.scope).filter(|scope| scope != "*"),
    });
    let selects = |raw: Option<RawSelector<'_>>, name: &str| {
        let read = raw.map(|raw| selector(raw, &format!("{field}.{name}")));
        read.transpose().map(Option::unwrap_or_default)
    };
    Ok(Webhook {
        name: word(raw.name),
        client,
        failure_policy,
        rules: rules.collect(),
        namespace_selector: selects(raw.namespace_selector, "namespaceSelector")?,
        object_selector: selects(raw.object_selector, "objectSelector")?,
    })
}
