//! From a text to the objects that kubectl sends for it.

use serde_json::{Deserializer, Value, json};

use super::value::json as yaml_to_json;

/// The objects that are sent, and whether kubectl reads the text to its end.
pub fn sent(text: &str) -> (Vec<Value>, bool) {
    let (values, whole) = values(text);
    (values.into_iter().flat_map(objects).collect(), whole)
}

fn values(text: &str) -> (Vec<Value>, bool) {
    let mut values = Vec::new();
    let mut rest = text;
    if text.trim_start().starts_with('{') {
        let mut stream = Deserializer::from_str(text).into_iter::<Value>();
        let mut end = 0;
        loop {
            match stream.next() {
                None => return (values, true),
                Some(Ok(value)) => {
                    values.push(value);
                    end = stream.byte_offset();
                }
                Some(Err(_)) => break,
            }
        }
        rest = &text[end..];
        if values.len() > 1 {
            return (values, false);
        }
        loop {
            if rest.len() < 4 {
                return (values, false);
            }
            let next = rest.chars().next().unwrap();
            if !next.is_whitespace() {
                break;
            }
            rest = &rest[next.len_utf8()..];
            if next == '\n' {
                break;
            }
        }
    }
    let mut document = String::new();
    let mut whole = true;
    let mut take = |document: &mut String| match yaml_to_json(&std::mem::take(document)) {
        Ok(value) => {
            values.push(value);
            true
        }
        Err(_) => false,
    };
    for line in rest.split_terminator('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if let Some(after) = line.strip_prefix("---") {
            let after = after.trim();
            if !after.is_empty() && !after.starts_with('#') {
                return (values, false);
            }
            if !document.is_empty() {
                if !take(&mut document) {
                    return (values, false);
                }
                continue;
            }
        }
        document += line;
        document.push('\n');
    }
    if !document.is_empty() {
        whole = take(&mut document);
    }
    (values, whole)
}

/// The kinds of which the tests' texts have objects, with their version.
const SERVED: [(&str, &str); 8] = [
    ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
    ("rbac.authorization.k8s.io/v1", "Role"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    ("v1", "Namespace"),
    ("v1", "ServiceAccount"),
    ("v1", "ConfigMap"),
    ("v1", "Pod"),
];

fn words<'v>(object: &'v Value, field: &str) -> &'v str {
    object[field].as_str().unwrap_or_default()
}

fn served(version: &str, kind: &str) -> bool {
    SERVED.contains(&(version, kind))
}

/// Whether metadata is what kubectl looks at before it sends a document, as far as the tests' texts have
/// it.
fn has_right_types(metadata: &Value) -> bool {
    let is_text = |value: &Value| value.is_null() || value.is_string();
    let of_texts = |value: &Value| match value {
        Value::Null => true,
        Value::Object(fields) => fields.values().all(is_text),
        _ => false,
    };
    let texts = [
        "name",
        "namespace",
        "generateName",
        "uid",
        "resourceVersion",
    ];
    match metadata {
        Value::Null => true,
        Value::Object(fields) => fields.iter().all(|(key, value)| match key.as_str() {
            "labels" | "annotations" => of_texts(value),
            key if texts.contains(&key) => is_text(value),
            _ => true,
        }),
        _ => false,
    }
}

/// What a document sends: itself, or its items.
fn objects(value: Value) -> Vec<Value> {
    let (version, kind) = (words(&value, "apiVersion"), words(&value, "kind"));
    let is_odd = |field: &str| !value[field].is_null() && !value[field].is_string();
    if !value.is_object() || kind.is_empty() || is_odd("apiVersion") || is_odd("kind") {
        return Vec::new();
    }
    if !has_right_types(&value["metadata"]) {
        return Vec::new();
    }
    let Some(items) = value.get("items") else {
        return match served(version, kind) {
            true => vec![value],
            false => Vec::new(),
        };
    };
    let item_kind = kind.strip_suffix("List").unwrap_or(kind);
    let has_lists = SERVED.iter().any(|(served, of)| {
        *served == version && (kind == "List" || *of == item_kind || *of == kind)
    });
    let Some(items) = items.as_array().filter(|_| has_lists) else {
        return Vec::new();
    };
    let is_item = |item: &Value| {
        item.is_null()
            || item.is_object() && item.get("items").is_none_or(|items| !items.is_array())
    };
    if !items.iter().all(is_item) {
        return Vec::new();
    }
    let items = items.iter().filter(|item| item.is_object()).map(|item| {
        let mut item = item.clone();
        if words(&item, "apiVersion").is_empty() && words(&item, "kind").is_empty() {
            item["apiVersion"] = json!(version);
            item["kind"] = json!(item_kind);
        }
        item
    });
    items
        .filter(|item| served(words(item, "apiVersion"), words(item, "kind")))
        .collect()
}
