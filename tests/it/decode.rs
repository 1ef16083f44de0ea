//! Kinds beyond those that the crate asks about: a decoder and its entry in a registry are all that
//! one takes to be read from every form, validated, found again by name, and held to be unique.

use std::ops::Deref;

use pretty_assertions::assert_eq;
use rbac_eval::cluster::{Defaults, Snapshot};
use rbac_eval::diagnostic::codes;
use rbac_eval::kube::{
    self, Decode, Extent, GroupVersion, Invalid, Metadata, Namespace, Part, RawMetadata, Registry,
    Role, Served, Source,
};
use rbac_eval::text::{Files, Located, SourceText, Span};
use serde::Deserialize;

/// A kind that the crate doesn't know: `kitchen.example.com/v1`, `Recipe`.
#[derive(Debug, Clone, PartialEq, Hash)]
struct Recipe {
    metadata: Metadata,
    steps: Vec<Located<String>>,
}

#[derive(Deserialize)]
struct RawRecipe<'a> {
    #[serde(borrow)]
    metadata: Box<RawMetadata<'a>>,
    #[serde(borrow, default)]
    steps: Vec<Part<'a>>,
}

#[derive(Deserialize)]
struct RawStep {
    text: String,
}

impl Deref for Recipe {
    type Target = Metadata;

    fn deref(&self) -> &Metadata {
        &self.metadata
    }
}

impl Decode for Recipe {
    const KINDS: &'static [&'static str] = &["Recipe"];

    fn served(version: &GroupVersion<'_>) -> Served {
        match (version.group, version.version) {
            ("kitchen.example.com", "v1") => Served::Current,
            ("kitchen.example.com", "v1beta1") => Served::Dropped,
            ("kitchen.example.com", _) => Served::Only("kitchen.example.com/v1"),
            _ => Served::OtherGroup,
        }
    }

    fn decode(source: &mut Source<'_>) -> Result<Self, Invalid> {
        let raw: RawRecipe<'_> = source.read()?;
        let mut metadata = source.metadata(Some(raw.metadata), Extent::Namespaced)?;
        let mut steps = Vec::new();
        for part in raw.steps {
            let step: Located<RawStep> = source.open(part)?;
            steps.push(step.map(|step| step.text));
        }
        if steps.is_empty() {
            return Err(Invalid::new("steps: required value"));
        }
        source.default_namespace(&mut metadata);
        Ok(Recipe { metadata, steps })
    }

    fn kind(&self) -> &'static str {
        "Recipe"
    }

    fn same_content(&self, other: &Self) -> bool {
        self.steps == other.steps
    }
}

const YAML: &str = "\
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Pod
  metadata: {name: p}
- apiVersion: kitchen.example.com/v1
  kind: Recipe
  metadata:
    name: soup
    namespace: a
    uid: '7'
    annotations:
      by: ann
      kubectl.kubernetes.io/last-applied-configuration: '{}'
  steps:
  - text: boil
  - text: salt
- apiVersion: other.example.com/v1
  kind: Recipe
  metadata: {name: elsewhere}
- apiVersion: rbac.authorization.k8s.io/v1
  kind: Role
  metadata: {name: cook, namespace: a}
- apiVersion: kitchen.example.com/v1beta1
  kind: Recipe
  metadata: {name: bread}
  steps: [{text: bake}]
---
{apiVersion: kitchen.example.com/v1, kind: Recipe, metadata: {name: nothing, namespace: a}}
---
apiVersion: kitchen.example.com/v2
kind: Recipe
metadata: {name: later}
---
apiVersion: kitchen.example.com/v1
kind: Recipe
metadata: {name: odd, namespace: b}
steps:
- text: stir
- text: [a]
";

const JSON: &str = r#"{"apiVersion":"kitchen.example.com/v1","kind":"Recipe",
 "metadata":{"name":"soup","namespace":"a"},
 "steps":[
  {"text":"boil"},
  {"text":"pepper"}]}
{"metadata":{"name":"cake","namespace":"a"},"steps":[{"text":"bake"}],"kind":"Recipe","apiVersion":"kitchen.example.com/v1"}
{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"a"}}
"#;

fn snapshot(registry: &Registry) -> Snapshot {
    let texts = [("a.yaml", YAML), ("b.json", JSON)].map(|(name, text)| SourceText {
        name: name.to_owned(),
        bytes: text.as_bytes().to_vec(),
        named: true,
    });
    let mut files = Files::default();
    let manifest = kube::parse_with(registry, &mut files, &texts);
    Snapshot::new(files, manifest, Defaults::None)
}

#[test]
fn a_kind_of_ones_own_takes_a_decoder_and_its_entry_alone() {
    let snapshot = snapshot(&Registry::standard().with::<Recipe>());
    let place = |span: Span| snapshot.files().display(span).to_string();
    let recipes = snapshot.objects().of::<Recipe>().iter();
    let recipes = recipes.map(|recipe| {
        let steps = recipe.steps.iter();
        let steps: Vec<String> = steps
            .map(|step| format!("{} {}", place(step.span), step.value))
            .collect();
        let name = recipe.object_ref();
        format!("{} {name}: {}", place(recipe.span), steps.join(", "))
    });
    assert_eq!(
        recipes.collect::<Vec<String>>(),
        [
            "b.json:6:1 Recipe a/cake: b.json:6:54 bake",
            "b.json:1:1 Recipe a/soup: b.json:4:3 boil, b.json:5:3 pepper",
            "a.yaml:25:3 Recipe default/bread: a.yaml:28:11 bake",
        ]
    );
    assert_eq!(snapshot.objects().of::<Role>().len(), 1);
    assert_eq!(snapshot.objects().of::<Namespace>().len(), 1);
    assert_eq!(snapshot.objects().len(), 5);
    let told: Vec<String> = snapshot
        .diagnostics()
        .iter()
        .map(|told| format!("{}: {}", place(told.span.unwrap()), told.message))
        .collect();
    assert_eq!(
        told,
        [
            "a.yaml:25:3: Recipe bread names no namespace; it is read as in `default`, where \
             kubectl puts it",
            "a.yaml:25:3: Recipe default/bread is in kitchen.example.com/v1beta1, which \
             Kubernetes 1.22 dropped; it is read as v1",
            "a.yaml:30:1: Recipe a/nothing is not used, since an API server would refuse it: \
             steps: required value",
            "a.yaml:32:1: this Recipe is not used, since an API server would refuse it: no \
             matches for kind `Recipe` in version `kitchen.example.com/v2` (it is in \
             `kitchen.example.com/v1`)",
            "a.yaml:41:9: Recipe b/odd is not used, since an API server would refuse it: a \
             string belongs here",
            "b.json:1:1: Recipe a/soup is defined here and, differently, at a.yaml:7; nothing \
             says which of them a cluster has, so what either gives counts",
        ]
    );
}

#[test]
fn without_its_entry_a_kind_is_passed_over() {
    let standard = snapshot(&Registry::standard());
    assert_eq!(standard.objects().of::<Recipe>(), []);
    assert_eq!(standard.objects().len(), 2);
    assert_eq!(standard.diagnostics(), []);

    let only = snapshot(&Registry::new().with::<Recipe>());
    assert_eq!(only.objects().of::<Recipe>().len(), 3);
    assert_eq!(only.objects().of::<Role>(), []);
    assert_eq!(only.objects().len(), 3);
}

#[test]
fn metadata_is_kept_but_for_copies_of_the_object() {
    let text = SourceText {
        name: "a.yaml".to_owned(),
        bytes: YAML.as_bytes().to_vec(),
        named: true,
    };
    let registry = Registry::new().with::<Recipe>();
    let manifest = kube::parse_with(&registry, &mut Files::default(), &[text]);
    let soup = &manifest.objects.of::<Recipe>()[0];
    assert!(soup.has_uid);
    assert_eq!(soup.annotation("by"), Some("ann"));
    assert_eq!(soup.annotations.len(), 1);
    assert!(soup.is_from_server() && !soup.is_bootstrapped());
}

#[test]
fn duplicates_of_known_kinds_differ_by_what_they_give() {
    let told = |first: &str, second: &str| {
        let text = SourceText {
            name: "a.yaml".to_owned(),
            bytes: format!("{first}\n---\n{second}\n").into_bytes(),
            named: true,
        };
        let mut files = Files::default();
        let manifest = kube::parse(&mut files, &[text]);
        let snapshot = Snapshot::new(files, manifest, Defaults::None);
        let overridden = snapshot.diagnostics().iter();
        overridden
            .filter(|told| told.code == &codes::DEFINED_TWICE)
            .count()
    };
    let object = |kind: &str, metadata: &str, rest: &str| {
        let group = match kind {
            "Namespace" | "ServiceAccount" => "v1",
            "CustomResourceDefinition" => "apiextensions.k8s.io/v1",
            _ => "rbac.authorization.k8s.io/v1",
        };
        let name = match kind {
            "CustomResourceDefinition" => "ps.g",
            _ => "x",
        };
        format!(
            "{{apiVersion: {group}, kind: {kind}, metadata: {{name: {name}, {metadata}}}, {rest}}}"
        )
    };
    let definition =
        |scope: &str| format!("spec: {{group: g, scope: {scope}, names: {{plural: ps, kind: P}}}}");
    let (cluster, namespaced) = (definition("Cluster"), definition("Namespaced"));
    let role_ref = "roleRef: {kind: ClusterRole, name: view}";
    let subjects = format!("{role_ref}, subjects: [{{kind: User, name: u}}]");
    let rules = "rules: [{verbs: [get], apiGroups: [''], resources: [pods]}]";
    let (from_server, labels) = ("uid: u, annotations: {a: b}", "labels: {a: b}");
    for (kind, rest, other, labels_count) in [
        ("Namespace", "", "", 1),
        ("ServiceAccount", "", "", 0),
        ("ClusterRole", "rules: []", rules, 1),
        ("ClusterRoleBinding", role_ref, &subjects, 0),
        ("CustomResourceDefinition", &cluster, &namespaced, 0),
    ] {
        let plain = object(kind, "", rest);
        assert_eq!(told(&plain, &plain), 0, "{kind}");
        assert_eq!(told(&plain, &object(kind, from_server, rest)), 0, "{kind}");
        let labelled = object(kind, labels, rest);
        assert_eq!(told(&plain, &labelled), labels_count, "{kind}");
        let differs = usize::from(rest != other);
        assert_eq!(told(&plain, &object(kind, "", other)), differs, "{kind}");
    }
}
