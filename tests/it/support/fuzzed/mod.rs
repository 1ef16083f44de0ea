//! What has to hold of any bytes whatever: the checks of the fuzz targets, which `cargo test`
//! replays on every input that once broke one.

use rbac_eval::authz::chain;
use std::sync::OnceLock;

use rbac_eval::authn::UserInfo;
use rbac_eval::authz::rbac::{HashState, RbacAuthorizer};
use rbac_eval::authz::{Attributes, NonResourceAttributes, ResourceAttributes};
use rbac_eval::cluster::Defaults;
use rbac_eval::kube::{self, Binding, Manifest, Namespace, Role, ServiceAccount};
use rbac_eval::review::{Reviews, answer};
use rbac_eval::text::{Files, SourceText};

use super::compare::{authorizer, authorizer_of_objects, same_answer, same_review, same_roles};
use super::naive::Naive;
use super::object::{Object, values};

/// Parts the manifest from the request in what [`verdict`] is given.
const SEPARATOR: &str = "\n===\n";

fn read(name: &str, bytes: &[u8], named: bool) -> (Files, Manifest) {
    let text = SourceText {
        name: name.to_owned(),
        bytes: bytes.to_vec(),
        named,
    };
    let mut files = Files::default();
    let manifest = kube::parse(&mut files, &[text]);
    (files, manifest)
}

/// That every place lies in the text, so that messages can't name lines which aren't there.
fn places_are_in(bytes: &[u8], manifest: &Manifest) {
    let lines = 1 + bytes.iter().filter(|&&byte| byte == b'\n').count();
    let inside = |span: rbac_eval::text::Span| {
        // A lone carriage return ends a line too, for YAML.
        let returns = bytes.iter().filter(|&&byte| byte == b'\r').count();
        let line = span.line as usize;
        assert!(
            span.line > 0 && line <= lines + returns,
            "line {line} of {lines}"
        );
        assert!(span.column > 0, "{span:?}");
    };
    for diagnostic in &manifest.diagnostics {
        inside(diagnostic.span.unwrap());
        assert!(!diagnostic.message.is_empty());
    }
    for role in manifest.objects.of::<Role>() {
        inside(role.span);
        role.rules.iter().map(|rule| rule.span).for_each(inside);
    }
    for binding in manifest.objects.of::<Binding>() {
        inside(binding.span);
        let subjects = binding.subjects.iter();
        subjects.map(|subject| subject.span).for_each(inside);
    }
    let namespaces = manifest.objects.of::<Namespace>().iter();
    namespaces.for_each(|namespace| inside(namespace.span));
    let accounts = manifest.objects.of::<ServiceAccount>().iter();
    accounts.for_each(|account| inside(account.span));
}

/// Any bytes as YAML: they are read or told about, at places that exist; that the user named the
/// file changes what is told, never what is read; and a rbac can be made of it.
pub fn yaml(bytes: &[u8]) {
    let (files, manifest) = read("any.yaml", bytes, true);
    places_are_in(bytes, &manifest);
    let (_, below_a_folder) = read("any.yaml", bytes, false);
    assert_eq!(manifest.objects, below_a_folder.objects);
    authorizer(files, manifest, Defaults::None);
}

/// Any bytes as JSON: the same, and what is sound in JSON reads alike as YAML.
pub fn json(bytes: &[u8]) {
    let (files, manifest) = read("any.json", bytes, true);
    places_are_in(bytes, &manifest);
    if manifest.diagnostics.is_empty() && !manifest.objects.is_empty() && is_yaml_too(bytes) {
        let mut document = b"---\n".to_vec();
        document.extend(bytes);
        let (_, as_yaml) = read("any.yaml", &document, true);
        assert!(as_yaml.diagnostics.is_empty(), "{:?}", as_yaml.diagnostics);
        assert_eq!(manifest.objects, as_yaml.objects);
    }
    authorizer(files, manifest, Defaults::None);
}

/// Whether JSON is one value in what YAML shares with it: no tabs, escapes or other characters
/// that one of the two takes as white space or not at all.
fn is_yaml_too(bytes: &[u8]) -> bool {
    let plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n') && *byte != b'\\';
    let line_begins = bytes.split(|&byte| byte == b'\n');
    bytes.iter().all(plain)
        && line_begins.skip(1).all(|line| !line.starts_with(b"{"))
        && !bytes.windows(2).any(|pair| pair == b"}{" || pair == b"} ")
}

/// The store that reviews are asked of: everyone may read pods, and `a` has a missing role.
fn policy() -> &'static RbacAuthorizer {
    static POLICY: OnceLock<RbacAuthorizer> = OnceLock::new();
    POLICY.get_or_init(|| {
        let text = include_bytes!("policy.yaml");
        let (files, manifest) = read("policy.yaml", text, true);
        assert!(manifest.diagnostics.is_empty() && !manifest.objects.is_empty());
        authorizer(files, manifest, Defaults::None)
    })
}

/// Any bytes as reviews: each is answered or told about on a line that exists, and an answered
/// review asked again is left as it is.
pub fn review(bytes: &[u8]) {
    let authorizer = chain(policy());
    let lines = 1 + bytes.iter().filter(|&&byte| byte == b'\n').count() as u64;
    let mut reader = Reviews::new(bytes);
    let mut last = 0;
    while let Some(piece) = reader.next_piece().expect("a slice can be read") {
        assert!(piece.line > last && piece.line <= lines, "{piece:?}");
        last = piece.line;
        match answer(&authorizer, &piece) {
            Ok(answered) => {
                let mut again = piece.clone();
                again.bytes = answered.clone().into_bytes();
                let again = answer(&authorizer, &again);
                assert_eq!(again.as_deref(), Ok(&*answered), "{piece:?}");
            }
            Err(error) => {
                assert!(error.line >= piece.line, "{error:?}");
                assert!(!error.message.is_empty());
            }
        }
    }
}

/// A manifest and a request, in bytes: the engine decides as the naive authorizer does.
pub fn verdict(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    let (manifest, request) = text.split_once(SEPARATOR).unwrap_or((text, ""));
    let (_, manifest) = read("any.yaml", manifest.as_bytes(), true);
    let objects = &values(&manifest);
    let roles = objects
        .iter()
        .filter(|object| matches!(object, Object::Role(_)));
    // The naive authorizer takes every path through aggregated roles, and doesn't know how a
    // server spells control characters.
    let unusual = |character: char| !matches!(character, ' '..='~');
    if objects.is_empty() || roles.count() > 8 || format!("{objects:?}").contains(unusual) {
        return;
    }
    let naive = Naive::new(objects);
    // So few bits that some names collide.
    let rbac = authorizer_of_objects(objects, HashState::fixed(0, 4));
    same_roles(&rbac, &naive);
    for line in request
        .lines()
        .take(4)
        .chain(request.is_empty().then_some(""))
    {
        let (user, attributes) = asked(line);
        same_answer(&rbac, &naive, &user, &attributes);
        same_review(&rbac, &naive, &user, attributes.namespace());
    }
}

/// The request of a line: user, groups, verb, namespace, group, resource, subresource and name, or
/// a path in place of the last five, between bars.
fn asked(line: &str) -> (UserInfo, Attributes) {
    let mut words = line.split('|').map(str::to_owned);
    let mut word = || words.next().unwrap_or_default();
    let user = word();
    let groups: Vec<String> = word().split_whitespace().map(str::to_owned).collect();
    let user = UserInfo::new(user, groups);
    let verb = word();
    let namespace = word();
    if namespace.starts_with('/') {
        let path = namespace;
        return (
            user,
            Attributes::NonResource(NonResourceAttributes { verb, path }),
        );
    }
    let attributes = ResourceAttributes {
        verb,
        namespace,
        group: word(),
        resource: word(),
        subresource: word(),
        name: word(),
    };
    (user, Attributes::Resource(attributes))
}
