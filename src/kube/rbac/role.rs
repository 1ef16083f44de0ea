//! Roles and ClusterRoles.

use std::fmt;
use std::ops::Deref;

use compact_str::CompactString;
use serde::Serialize;

use super::{GroupVersion, Served};
use crate::kube::decode::{Decode, Extent, FoundPlaceholder, Source, United};
use crate::kube::fields::{Invalid, no_unknown, strings};
use crate::kube::metadata::{Metadata, RawMetadata};
use crate::kube::piece::Part;
use crate::kube::selector::{LabelSelector, RawSelector, selector};
use crate::kube::shape::{Text, mapping};
use crate::kube::unrendered::{PlaceholderField, placeholder};
use crate::object::ObjectRef;
use crate::text::Located;

/// Whether a role is namespaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum RoleKind {
    /// `ClusterRole`
    ClusterRole,
    /// `Role`
    Role,
}

impl RoleKind {
    /// The kind as manifests write it.
    pub fn as_str(self) -> &'static str {
        match self {
            RoleKind::ClusterRole => "ClusterRole",
            RoleKind::Role => "Role",
        }
    }
}

impl fmt::Display for RoleKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One rule of a role (`rbac.authorization.k8s.io/v1` PolicyRule).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct PolicyRule {
    /// The verbs, or `*`.
    pub verbs: Vec<CompactString>,
    /// The API groups, `""` for the core group, or `*`.
    pub api_groups: Vec<CompactString>,
    /// Resources, `resource/subresource`, `*/subresource`, or `*`.
    pub resources: Vec<CompactString>,
    /// The names that the rule is restricted to; none for no restriction.
    pub resource_names: Vec<CompactString>,
    /// URLs outside the API resources, whole or with a trailing `*`.
    pub non_resource_urls: Vec<CompactString>,
}

impl PolicyRule {
    /// All that it says, list by list.
    pub(crate) fn lists(&self) -> [&[CompactString]; 5] {
        [
            &self.verbs,
            &self.api_groups,
            &self.resources,
            &self.resource_names,
            &self.non_resource_urls,
        ]
    }
}

/// A Role or ClusterRole.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Role {
    /// Which of the two.
    pub kind: RoleKind,
    /// The name and what is attached to it; the labels are what aggregation selects by.
    pub metadata: Metadata,
    /// The rules as written.
    pub rules: Vec<Located<PolicyRule>>,
    /// Which other ClusterRoles' rules this one gathers.
    pub aggregation_rule: Option<AggregationRule>,
    /// What is left of other definitions of the same role, where the input has several.
    pub others: OtherDefinitions,
}

/// What other definitions of a role add to it, beside their rules and selectors.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct OtherDefinitions {
    /// The labels of each, sorted by key.
    pub labels: Vec<Vec<(String, String)>>,
    /// Whether one of them holds its rules by itself, so that they count although the role gathers
    /// others.
    pub hold_rules: bool,
}

/// The selectors of an aggregated ClusterRole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct AggregationRule {
    /// A ClusterRole that any of these selects is gathered.
    pub cluster_role_selectors: Vec<LabelSelector>,
}

impl Deref for Role {
    type Target = Metadata;

    fn deref(&self) -> &Metadata {
        &self.metadata
    }
}

impl Role {
    /// The labels that an aggregation may select it by: one set for each definition of it.
    pub fn label_sets(&self) -> impl Iterator<Item = &[(String, String)]> {
        let others = self.others.labels.iter().map(Vec::as_slice);
        std::iter::once(&*self.labels).chain(others)
    }

    /// Whether the rules that are written in it count. Those of an aggregated role are overwritten with
    /// what it gathers, unless a server printed them.
    ///
    /// Source: `clusterroleaggregation` controller of kube-controller-manager.
    pub fn holds_rules(&self) -> bool {
        self.aggregation_rule.is_none() || self.is_from_server() || self.others.hold_rules
    }

    /// The kind, namespace and name.
    pub fn object_ref(&self) -> ObjectRef {
        Decode::object_ref(self)
    }
}

mapping! {
    /// A role as it is written.
    struct RawRole<'a> expecting "a Kubernetes object" {
        metadata: Box<RawMetadata<'a>> = "metadata",
        rules: Vec<Part<'a>> = "rules",
        aggregation_rule: RawAggregationRule<'a> = "aggregationRule",
    }
    once { api_version = "apiVersion", kind = "kind" }
    keeping unknown
}

mapping! {
    /// A PolicyRule as it is written.
    struct RawRule<'a> expecting "a rule (a mapping with `verbs`, `apiGroups`, `resources`)" {
        verbs: Vec<Text<'a>> = "verbs",
        api_groups: Vec<Text<'a>> = "apiGroups",
        resources: Vec<Text<'a>> = "resources",
        resource_names: Vec<Text<'a>> = "resourceNames",
        non_resource_urls: Vec<Text<'a>> = "nonResourceURLs",
    }
    keeping unknown
}

mapping! {
    /// `aggregationRule` as it is written.
    struct RawAggregationRule<'a> expecting "an aggregation rule" {
        cluster_role_selectors: Vec<RawSelector<'a>> = "clusterRoleSelectors",
    }
    keeping unknown
}

impl Decode for Role {
    const KINDS: &'static [&'static str] = &["Role", "ClusterRole"];

    fn served(version: &GroupVersion<'_>) -> Served {
        super::served(version)
    }

    fn decode(source: &mut Source<'_>) -> Result<Self, Invalid> {
        let (kind, extent) = match source.kind() {
            "Role" => (RoleKind::Role, Extent::Namespaced),
            _ => (RoleKind::ClusterRole, Extent::Cluster),
        };
        let raw: RawRole<'_> = source.read()?;
        let mut metadata = source.metadata(raw.metadata, extent)?;
        no_unknown(&raw.unknown, "")?;
        if kind == RoleKind::Role && raw.aggregation_rule.is_some() {
            return Err(Invalid::unknown_field("aggregationRule"));
        }
        let raw_rules = raw.rules.unwrap_or_default();
        let mut rules = Vec::with_capacity(raw_rules.len());
        for (part, number) in raw_rules.into_iter().zip(1..) {
            let Located { value, span } = source.open(part)?;
            let rule =
                policy_rule(value, kind).map_err(|error| error.in_entry("rule", number, span))?;
            rules.push(Located::new(rule, span));
        }
        let aggregation_rule = raw.aggregation_rule.map(aggregation_rule).transpose()?;
        if kind == RoleKind::Role {
            source.default_namespace(&mut metadata);
        }
        Ok(Role {
            kind,
            metadata,
            rules,
            aggregation_rule,
            others: OtherDefinitions::default(),
        })
    }

    fn kind(&self) -> &'static str {
        self.kind.as_str()
    }

    fn same_content(&self, other: &Self) -> bool {
        (&self.labels, &self.aggregation_rule, &self.rules)
            == (&other.labels, &other.aggregation_rule, &other.rules)
    }

    fn placeholder(&self) -> Option<FoundPlaceholder<'_>> {
        let mut rules = self.rules.iter().zip(1..);
        let of_rules = rules.find_map(|(rule, number)| {
            let text = rule
                .lists()
                .into_iter()
                .flatten()
                .find_map(|word| placeholder(word))?;
            Some(FoundPlaceholder {
                text,
                field: PlaceholderField::Rule(number),
                span: Some(rule.span),
            })
        });
        of_rules.or_else(|| self.placeholder_of_metadata())
    }

    fn unite(&mut self, other: &Self) -> United {
        let holds_rules = self.holds_rules();
        if !holds_rules {
            self.rules.clear();
        }
        if other.holds_rules() {
            self.rules.extend(other.rules.iter().cloned());
        }
        self.others.hold_rules = holds_rules || other.holds_rules();
        if let Some(theirs) = &other.aggregation_rule {
            let ours = self.aggregation_rule.get_or_insert_default();
            let selectors = theirs.cluster_role_selectors.iter().cloned();
            ours.cluster_role_selectors.extend(selectors);
        }
        if !self.label_sets().any(|labels| labels == other.labels) {
            self.others.labels.push(other.labels.clone());
        }
        United::Merged
    }
}

/// Source: `ValidatePolicyRule`.
fn policy_rule(raw: RawRule<'_>, of: RoleKind) -> Result<PolicyRule, Invalid> {
    no_unknown(&raw.unknown, "")?;
    let rule = PolicyRule {
        verbs: strings(raw.verbs, "verbs")?,
        api_groups: strings(raw.api_groups, "apiGroups")?,
        resources: strings(raw.resources, "resources")?,
        resource_names: strings(raw.resource_names, "resourceNames")?,
        non_resource_urls: strings(raw.non_resource_urls, "nonResourceURLs")?,
    };
    let refuse = |why| Err(Invalid::new(why));
    if rule.verbs.is_empty() {
        return refuse("verbs must contain at least one value");
    }
    if !rule.non_resource_urls.is_empty() {
        if of == RoleKind::Role {
            return refuse("namespaced rules cannot apply to non-resource URLs");
        }
        if !rule.api_groups.is_empty()
            || !rule.resources.is_empty()
            || !rule.resource_names.is_empty()
        {
            return refuse("rules cannot apply to both regular resources and non-resource URLs");
        }
        return Ok(rule);
    }
    if rule.api_groups.is_empty() {
        return refuse("resource rules must supply at least one api group");
    }
    if rule.resources.is_empty() {
        return refuse("resource rules must supply at least one resource");
    }
    Ok(rule)
}

fn aggregation_rule(raw: RawAggregationRule<'_>) -> Result<AggregationRule, Invalid> {
    no_unknown(&raw.unknown, "aggregationRule.")?;
    let selectors = raw.cluster_role_selectors.unwrap_or_default();
    if selectors.is_empty() {
        return Err(Invalid::new(
            "aggregationRule.clusterRoleSelectors: at least one clusterRoleSelector required if \
             aggregationRule is non-nil",
        ));
    }
    let field = "aggregationRule.clusterRoleSelectors";
    let selectors = selectors.into_iter().map(|raw| selector(raw, field));
    Ok(AggregationRule {
        cluster_role_selectors: selectors.collect::<Result<_, _>>()?,
    })
}
