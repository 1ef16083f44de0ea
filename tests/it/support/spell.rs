//! The same objects as texts of several forms.

use compact_str::CompactString;
use rbac_eval::kube::{LabelOperator, LabelSelector, PolicyRule, SubjectKind};
use rbac_eval::text::SourceText;
use serde_json::{Map, Value, json};

use super::object::Object;

const RBAC: &str = "rbac.authorization.k8s.io";
/// What a server would have called the objects that come from one.
const UID: &str = "908ed355-d435-4ee2-a0d4-2edf83a25f58";

/// A cluster in every form that the readers take, each named after the form.
pub fn texts(objects: &[Object]) -> Vec<SourceText> {
    let values: Vec<Value> = objects.iter().map(value).collect();
    let list = json!({
        "apiVersion": "v1",
        "items": values,
        "kind": "List",
        "metadata": {"resourceVersion": ""},
    });
    let each = |spell: &dyn Fn(&Value) -> String| values.iter().map(spell).collect::<String>();
    [
        (
            "documents.yaml",
            each(&|value| format!("---\n{}", yaml(value, 0))),
        ),
        (
            "flow.yaml",
            each(&|value| format!("--- # next\n{value:#}\n...\n")),
        ),
        ("list.yaml", yaml(&list, 0)),
        ("list.json", format!("{list:#}\n")),
        ("list.jsonl", format!("{list}\n")),
        ("lines.jsonl", each(&|value| format!("{value}\n"))),
    ]
    .into_iter()
    .map(|(name, text)| SourceText {
        name: name.to_owned(),
        bytes: text.into_bytes(),
        named: true,
    })
    .collect()
}

/// YAML in block style, as `kubectl get -o yaml` indents it.
pub fn yaml(value: &Value, indent: usize) -> String {
    let pad = " ".repeat(indent);
    let mut text = String::new();
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                text += &match value {
                    Value::Object(map) if !map.is_empty() => {
                        format!("{pad}{}:\n{}", plain(key), yaml(value, indent + 2))
                    }
                    Value::Array(list) if !list.is_empty() => {
                        format!("{pad}{}:\n{}", plain(key), yaml(value, indent))
                    }
                    _ => format!("{pad}{}: {}\n", plain(key), scalar(value)),
                };
            }
        }
        Value::Array(list) => {
            for value in list {
                let nested = value.is_object() && value != &json!({});
                text += &if nested {
                    // The first key stands where its indentation would.
                    let inner = yaml(value, indent + 2);
                    format!("{pad}- {}", &inner[indent + 2..])
                } else {
                    format!("{pad}- {}\n", scalar(value))
                };
            }
        }
        _ => text = format!("{}\n", scalar(value)),
    }
    text
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => plain(text),
        other => other.to_string(),
    }
}

/// A string without quotes where YAML 1.1 and 1.2 read it as one, else in either kind of quotes.
fn plain(text: &str) -> String {
    let word = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-./".contains(c));
    let other_meaning = ["yes", "no", "on", "off", "true", "false", "null", "y", "n"];
    if word && !other_meaning.contains(&&*text.to_lowercase()) {
        text.to_owned()
    } else if text.len().is_multiple_of(2) {
        Value::from(text).to_string()
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

fn value(object: &Object) -> Value {
    let (kind, meta) = match object {
        Object::Role(role) => (role.kind.as_str(), &role.metadata),
        Object::Binding(binding) => (binding.kind.as_str(), &binding.metadata),
    };
    let mut metadata = json!({"name": meta.name});
    if !meta.labels.is_empty() {
        metadata["labels"] = map(&meta.labels);
    }
    if !meta.namespace.is_empty() {
        metadata["namespace"] = meta.namespace.as_str().into();
    }
    if meta.has_uid {
        metadata["uid"] = UID.into();
    }
    let mut value = json!({"apiVersion": format!("{RBAC}/v1"), "kind": kind, "metadata": metadata});
    match object {
        Object::Role(role) => {
            if let Some(aggregation) = &role.aggregation_rule {
                let selectors: Vec<Value> = aggregation
                    .cluster_role_selectors
                    .iter()
                    .map(selector)
                    .collect();
                value["aggregationRule"] = json!({"clusterRoleSelectors": selectors});
            }
            value["rules"] = match &*role.rules {
                [] if role.name.len() % 2 == 0 => Value::Null,
                rules => rules.iter().map(|one| rule(one)).collect(),
            };
        }
        Object::Binding(binding) => {
            value["roleRef"] = json!({
                "kind": binding.role_ref.kind.as_str(),
                "name": binding.role_ref.name,
            });
            if binding.name.len() % 2 == 0 {
                value["roleRef"]["apiGroup"] = RBAC.into();
            }
            let subjects = binding.subjects.iter().map(|subject| {
                let mut value = json!({"kind": subject.kind.as_str(), "name": subject.name});
                if subject.kind != SubjectKind::ServiceAccount && binding.name.len() % 2 == 0 {
                    value["apiGroup"] = RBAC.into();
                }
                if !subject.namespace.is_empty() {
                    value["namespace"] = subject.namespace.as_str().into();
                }
                value
            });
            value["subjects"] = subjects.collect();
        }
    }
    value
}

fn map(entries: &[(String, String)]) -> Value {
    entries
        .iter()
        .map(|(key, value)| (key.clone(), value.as_str().into()))
        .collect::<Map<String, Value>>()
        .into()
}

/// A list of strings; an empty one in it is written as `null` now and then, which means the same.
fn list(values: &[CompactString]) -> Value {
    let spell = |(at, value): (usize, &CompactString)| match &**value {
        "" if at % 2 == 1 => Value::Null,
        text => text.into(),
    };
    values.iter().enumerate().map(spell).collect()
}

fn rule(rule: &PolicyRule) -> Value {
    let mut value = json!({"verbs": list(&rule.verbs)});
    for (key, values) in [
        ("apiGroups", &rule.api_groups),
        ("resources", &rule.resources),
        ("resourceNames", &rule.resource_names),
        ("nonResourceURLs", &rule.non_resource_urls),
    ] {
        if !values.is_empty() {
            value[key] = list(values);
        }
    }
    value
}

fn selector(selector: &LabelSelector) -> Value {
    let mut value = json!({});
    if !selector.match_labels.is_empty() {
        value["matchLabels"] = map(&selector.match_labels);
    }
    let requirements = selector.match_expressions.iter().map(|requirement| {
        let operator = match requirement.operator {
            LabelOperator::In => "In",
            LabelOperator::NotIn => "NotIn",
            LabelOperator::Exists => "Exists",
            LabelOperator::DoesNotExist => "DoesNotExist",
        };
        let mut value = json!({"key": requirement.key, "operator": operator});
        if !requirement.values.is_empty() {
            value["values"] = requirement.values.as_slice().into();
        }
        value
    });
    let requirements: Vec<Value> = requirements.collect();
    if !requirements.is_empty() {
        value["matchExpressions"] = requirements.into();
    }
    value
}
