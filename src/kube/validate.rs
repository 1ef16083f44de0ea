//! What an API server's own validation takes, field by field.
//!
//! Source: `pkg/apis/rbac/validation` of Kubernetes, and kubectl's refusal of unknown fields.

use compact_str::CompactString;

use super::interpret::RBAC;
use super::raw::{RawRule, RawSelector, RawSubject, Text, TextMap};
use super::rbac::{
    LabelOperator, LabelSelector, LabelSelectorRequirement, PolicyRule, Subject, SubjectKind,
};

pub(super) fn string(text: Option<Text<'_>>, field: &str) -> Result<CompactString, String> {
    match text {
        None => Ok(CompactString::default()),
        Some(Text::Str(text)) => Ok(text.into()),
        Some(other) => Err(format!(
            "`{field}` holds {}",
            other.complaint().unwrap_or_default()
        )),
    }
}

pub(super) fn strings(
    texts: Option<Vec<Text<'_>>>,
    field: &str,
) -> Result<Vec<CompactString>, String> {
    let texts = texts.unwrap_or_default();
    // A list that is collected in place keeps the room that the reader took for it.
    let mut strings = Vec::with_capacity(texts.len());
    for text in texts {
        strings.push(string(Some(text), field)?);
    }
    Ok(strings)
}

pub(super) fn map(map: Option<TextMap<'_>>, field: &str) -> Result<Vec<(String, String)>, String> {
    map.unwrap_or_default()
        .0
        .into_iter()
        .map(|(key, value)| match value {
            Text::Str(value) => Ok((key, value.into_owned())),
            other => Err(format!(
                "`{field}.{key}` holds {}",
                other.complaint().unwrap_or_default()
            )),
        })
        .collect()
}

/// Source: `ValidateRBACName`, which is `path.ValidatePathSegmentName`.
pub(super) fn check_name(name: &str, field: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err(format!("{field}: required value"));
    }
    if matches!(name, "." | "..") {
        return Err(format!(
            "{field}: invalid value `{name}`: may not be `{name}`"
        ));
    }
    match name.chars().find(|c| matches!(c, '/' | '%')) {
        Some(c) => Err(format!(
            "{field}: invalid value `{name}`: may not contain `{c}`"
        )),
        None => Ok(()),
    }
}

/// Source: `ValidatePolicyRule`.
pub(super) fn policy_rule(raw: RawRule<'_>, namespaced: bool) -> Result<PolicyRule, String> {
    if let Some(field) = raw.unknown.first() {
        return Err(format!("unknown field `{field}`"));
    }
    let rule = PolicyRule {
        verbs: strings(raw.verbs, "verbs")?,
        api_groups: strings(raw.api_groups, "apiGroups")?,
        resources: strings(raw.resources, "resources")?,
        resource_names: strings(raw.resource_names, "resourceNames")?,
        non_resource_urls: strings(raw.non_resource_urls, "nonResourceURLs")?,
    };
    if rule.verbs.is_empty() {
        return Err("verbs must contain at least one value".to_owned());
    }
    if !rule.non_resource_urls.is_empty() {
        if namespaced {
            return Err("namespaced rules cannot apply to non-resource URLs".to_owned());
        }
        if !rule.api_groups.is_empty()
            || !rule.resources.is_empty()
            || !rule.resource_names.is_empty()
        {
            return Err(
                "rules cannot apply to both regular resources and non-resource URLs".to_owned(),
            );
        }
        return Ok(rule);
    }
    if rule.api_groups.is_empty() {
        return Err("resource rules must supply at least one api group".to_owned());
    }
    if rule.resources.is_empty() {
        return Err("resource rules must supply at least one resource".to_owned());
    }
    Ok(rule)
}

/// Source: `ValidateLabelSelector`.
pub(super) fn selector(raw: RawSelector<'_>) -> Result<LabelSelector, String> {
    let field = "aggregationRule.clusterRoleSelectors";
    if let Some(unknown) = raw.unknown.first() {
        return Err(format!("unknown field `{field}.{unknown}`"));
    }
    let mut requirements = Vec::new();
    for raw in raw.match_expressions.unwrap_or_default() {
        if let Some(unknown) = raw.unknown.first() {
            return Err(format!(
                "unknown field `{field}.matchExpressions.{unknown}`"
            ));
        }
        let values = strings(raw.values, "values")?;
        let operator = string(raw.operator, "operator")?;
        let operator = match &*operator {
            "In" => LabelOperator::In,
            "NotIn" => LabelOperator::NotIn,
            "Exists" => LabelOperator::Exists,
            "DoesNotExist" => LabelOperator::DoesNotExist,
            other => {
                return Err(format!(
                    "{field}.matchExpressions.operator: `{other}` is not a valid selector operator"
                ));
            }
        };
        let lists = matches!(operator, LabelOperator::In | LabelOperator::NotIn);
        if lists && values.is_empty() {
            return Err(format!(
                "{field}.matchExpressions.values: must be specified when `operator` is `In` or \
                 `NotIn`"
            ));
        }
        if !lists && !values.is_empty() {
            return Err(format!(
                "{field}.matchExpressions.values: may not be specified when `operator` is \
                 `Exists` or `DoesNotExist`"
            ));
        }
        requirements.push(LabelSelectorRequirement {
            key: string(raw.key, "key")?.into(),
            operator,
            values: values.into_iter().map(String::from).collect(),
        });
    }
    Ok(LabelSelector {
        match_labels: map(raw.match_labels, "matchLabels")?,
        match_expressions: requirements,
    })
}

/// Source: `ValidateRoleBindingSubject`; v1alpha1's `*` for everyone from its conversion.
pub(super) fn subject(
    raw: RawSubject<'_>,
    namespaced: bool,
    alpha: bool,
) -> Result<Subject, String> {
    if let Some(field) = raw.unknown.first() {
        return Err(format!("unknown field `{field}`"));
    }
    if raw.api_version.is_some() && !alpha {
        return Err("unknown field `apiVersion`".to_owned());
    }
    let kind = string(raw.kind, "kind")?;
    let name = string(raw.name, "name")?;
    let namespace = string(raw.namespace, "namespace")?;
    let api_group = string(raw.api_group, "apiGroup")?;
    if name.is_empty() {
        return Err("name: required value".to_owned());
    }
    let kind = match &*kind {
        "ServiceAccount" => {
            if !is_dns_subdomain(&name) {
                return Err(format!(
                    "name: invalid value `{name}`: a service account's name is made of lower case \
                     letters, digits, `-` and `.`"
                ));
            }
            if !api_group.is_empty() {
                return Err(format!(
                    "apiGroup: unsupported value `{api_group}`: supported values: `` (none)"
                ));
            }
            if !namespaced && namespace.is_empty() {
                return Err("namespace: required value".to_owned());
            }
            SubjectKind::ServiceAccount
        }
        "User" | "Group" => {
            if !api_group.is_empty() && api_group != RBAC {
                return Err(format!(
                    "apiGroup: unsupported value `{api_group}`: supported values: `{RBAC}`"
                ));
            }
            match &*kind {
                "User" if alpha && name == "*" => {
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
            return Err(format!(
                "kind: unsupported value `{other}`: supported values: `ServiceAccount`, `User`, \
                 `Group`"
            ));
        }
    };
    Ok(Subject {
        kind,
        namespace,
        name,
    })
}

/// A DNS-1123 subdomain, as names of service accounts are.
fn is_dns_subdomain(name: &str) -> bool {
    name.len() <= 253
        && name.split('.').all(|label| {
            let bytes = label.as_bytes();
            let inner = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            !bytes.is_empty()
                && bytes.iter().all(|byte| inner(byte) || *byte == b'-')
                && bytes.first().is_some_and(inner)
                && bytes.last().is_some_and(inner)
        })
}
