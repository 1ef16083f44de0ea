//! What is read of a file is what kubectl sends for it, held against recordings of kubectl 1.33
//! (`create --validate=false -f FILE`): the same objects in the same order, or it is said that something
//! wasn't judged.

use std::collections::BTreeSet;

use rbac_eval::diagnostic::Diagnostic;
use rbac_eval::kube::{Binding, Manifest, RoleRef, Subject};
use serde_json::Value;

use crate::support::second::{read, stored, text};
use crate::support::testdata;

/// The bytes of a case: a text, base64, or texts that are repeated with their numbers in them.
fn bytes(case: &Value) -> Vec<u8> {
    if let Some(parts) = case["parts"].as_array() {
        let repeated = parts.iter().map(|part| {
            let (text, count) = (part[0].as_str().unwrap(), part[1].as_u64().unwrap());
            match count {
                1 => text.to_owned(),
                count => (0..count)
                    .map(|i| text.replace("{i}", &i.to_string()))
                    .collect(),
            }
        });
        return repeated.collect::<String>().into_bytes();
    }
    match case["base64"].as_str() {
        Some(encoded) => decoded(encoded),
        None => case["text"].as_str().unwrap().into(),
    }
}

/// What base64 stands for.
fn decoded(text: &str) -> Vec<u8> {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for digit in text.bytes().filter(|digit| *digit != b'=') {
        let value = digits.iter().position(|known| *known == digit).unwrap();
        bits = bits << 6 | u32::try_from(value).unwrap();
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).unwrap());
        }
    }
    bytes
}

/// The bindings of a manifest with each subject once.
fn bindings(manifest: &Manifest) -> Vec<(&str, &RoleRef, BTreeSet<&Subject>)> {
    let bindings = manifest.objects.of::<Binding>().iter();
    let told = bindings.map(|binding| {
        let subjects = binding.subjects.iter().map(|subject| &subject.value);
        (&*binding.name, &binding.role_ref, subjects.collect())
    });
    told.collect()
}

#[derive(Debug, PartialEq)]
enum Outcome {
    Agrees,
    Refused,
    Silent,
}

fn outcome(case: &Value) -> Outcome {
    let read = read(text(case["file"].as_str().unwrap(), bytes(case)));
    let sent = stored(case["posted"].as_array().unwrap());
    // A recording with a note has equal subjects but once.
    let agrees = match case["note"].is_null() {
        true => read.objects == sent.objects,
        false => bindings(&read) == bindings(&sent),
    };
    if agrees {
        Outcome::Agrees
    } else if read.diagnostics.iter().any(Diagnostic::is_unjudged) {
        Outcome::Refused
    } else {
        Outcome::Silent
    }
}

#[test]
fn what_is_read_is_what_kubectl_sends() {
    let path = testdata().join("conformance/manifests/dev.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    // One case is nested deeper than the reader of the tests reads; `limits` has its like.
    let cases: Vec<Value> = text
        .lines()
        .filter(|line| !line.contains(r#""name": "deep""#))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (mut agree, mut silent) = (0, Vec::new());
    for case in &cases {
        match outcome(case) {
            Outcome::Agrees => agree += 1,
            Outcome::Refused => {}
            Outcome::Silent => silent.push(case["name"].as_str().unwrap()),
        }
    }
    assert_eq!(silent, [""; 0]);
    assert_eq!(cases.len(), 913);
    // All but fields that no server knows, which are refused as strict validation refuses them.
    assert!(agree >= 880, "{agree} of {} agree", cases.len());
}
