//! The first reader, held against the second one.

use rbac_eval::diagnostic::Diagnostic;
use rbac_eval::kube::{self, Manifest};
use rbac_eval::text::{Files, SourceText};
use serde_json::{Map, Value, json};

use super::sent;

/// The fields that a server keeps of what is sent, at the places where it drops others.
const KEPT: [(&str, &[&str]); 5] = [
    (
        "",
        &[
            "apiVersion",
            "kind",
            "metadata",
            "rules",
            "aggregationRule",
            "roleRef",
            "subjects",
        ],
    ),
    (
        "metadata",
        &["name", "generateName", "namespace", "labels", "annotations"],
    ),
    ("roleRef", &["apiGroup", "kind", "name"]),
    ("subjects", &["kind", "apiGroup", "name", "namespace"]),
    (
        "rules",
        &[
            "verbs",
            "apiGroups",
            "resources",
            "resourceNames",
            "nonResourceURLs",
        ],
    ),
];

/// A mapping without the fields that a server doesn't know at this place, and without nulls.
fn kept(value: &Value, place: &str) -> Value {
    let known = KEPT.iter().find(|(known, _)| *known == place);
    match (value, known) {
        (Value::Object(fields), Some((_, known))) => {
            let kept: Map<String, Value> = fields
                .iter()
                .filter(|(key, value)| known.contains(&key.as_str()) && !value.is_null())
                .map(|(key, value)| {
                    let value = if place.is_empty() {
                        kept(value, key)
                    } else {
                        value.clone()
                    };
                    (key.clone(), value)
                })
                .collect();
            kept.into()
        }
        (Value::Array(items), Some(_)) => items.iter().map(|item| kept(item, place)).collect(),
        (value, _) => value.clone(),
    }
}

pub fn text(name: &str, bytes: Vec<u8>) -> SourceText {
    SourceText {
        name: name.to_owned(),
        bytes,
        named: true,
    }
}

pub fn read(text: SourceText) -> Manifest {
    kube::parse(&mut Files::default(), &[text])
}

/// The objects that a server makes of what is sent; those that it refuses are left out.
pub fn stored(sent: &[Value]) -> Manifest {
    let items: Vec<Value> = sent.iter().map(|object| kept(object, "")).collect();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
    read(text("sent.json", list.to_string().into_bytes()))
}

/// What holds a text against the second reader.
#[derive(Debug, PartialEq)]
pub enum Outcome {
    /// Both read the same objects, and both all of the text or not all of it.
    Agree,
    /// The reader says that there is something that it didn't judge.
    Refused,
}

pub fn compare(written: &str) -> Result<Outcome, String> {
    let (sent, whole) = sent(written);
    let expected = stored(&sent);
    let found = read(text("a.yaml", written.into()));
    let unjudged = found.diagnostics.iter().any(Diagnostic::is_unjudged);
    if !whole && !unjudged {
        return Err(format!("{written}\nit isn't told that not all is read"));
    }
    if found.objects == expected.objects {
        return Ok(Outcome::Agree);
    }
    if unjudged {
        return Ok(Outcome::Refused);
    }
    let (found, expected) = (found.objects, expected.objects);
    Err(format!(
        "{written}\nfound: {found:?}\nexpected: {expected:?}"
    ))
}
