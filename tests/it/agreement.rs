//! Every way to ask gives one answer: `can-i`, `who-can`, both matrices, assertions and
//! SubjectAccessReviews agree with each other and with the naive authorizer, on made-up clusters,
//! words and directories.
//!
//! What words mean is said here a second time, in tables and sentences, with no code of
//! `rbac_eval::ask`.

use std::collections::BTreeSet;
use std::path::Path;

use compact_str::CompactString;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rbac_eval::analysis::assertions::{AssertionFile, CannotJudge, Outcome, judge};
use rbac_eval::analysis::explain::explain;
use rbac_eval::analysis::lookup::subjects;
use rbac_eval::analysis::matrix::{Cell, VERBS, resources_by_verbs, subjects_by_verbs};
use rbac_eval::analysis::who_can::who_can;
use rbac_eval::ask::{AskedScope, Resolver, Target, Who};
use rbac_eval::authn::{Principal, UserInfo};
use rbac_eval::authz::rbac::HashState;
use rbac_eval::authz::rbac::RbacAuthorizer;
use rbac_eval::authz::{Attributes, NonResourceAttributes, ResourceAttributes, chain};
use rbac_eval::cluster::Reach;
use rbac_eval::entra::Directory;
use rbac_eval::kube::{
    Binding, BindingKind, Metadata, OtherDefinitions, PolicyRule, Role, RoleKind, RoleRef, Subject,
    SubjectKind,
};
use rbac_eval::review::{Encoding, ReviewText, answer};
use rbac_eval::text::SourceText;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::ask::{self, Picks, picks};
use crate::support::compare::authorizer_of_objects;
use crate::support::generate::{self, Cluster};
use crate::support::naive::{self, Naive};
use crate::support::object::{Object, as_binding, at};
use crate::support::told::{put, run};

const PLATFORM: &str = "10000000-aaaa-4000-8000-000000000001";
const OPERATORS: &str = "10000000-aaaa-4000-8000-000000000002";
const ALICE: &str = "20000000-bbbb-4000-8000-000000000001";
const BOB: &str = "20000000-bbbb-4000-8000-000000000002";
const PIPELINE: &str = "30000000-cccc-4000-8000-000000000001";

/// Object ID, display name, e-mail.
const DIRECTORY_GROUPS: [(&str, &str, &str); 4] = [
    (PLATFORM, "Platform", "platform@contoso.com"),
    (OPERATORS, "Operators", ""),
    ("10000000-aaaa-4000-8000-000000000003", "Twins", ""),
    ("10000000-aaaa-4000-8000-000000000004", "Twins", ""),
];

/// Object ID, user principal name, and the name that the cluster sees.
const DIRECTORY_PEOPLE: [(&str, &str, &str); 3] = [
    (ALICE, "alice@contoso.com", "alice@contoso.com"),
    (BOB, "bob_fabrikam.com#EXT#@contoso.onmicrosoft.com", BOB),
    (PIPELINE, "", PIPELINE),
];

/// A cluster, and who is in which group of the directory, by number: people, then groups. None
/// without a directory.
#[derive(Debug, Clone)]
struct World {
    cluster: Cluster,
    members: Option<[BTreeSet<usize>; 4]>,
}

/// What a person asks.
#[derive(Debug, Clone)]
struct Words {
    user: String,
    groups: Vec<String>,
    verb: String,
    target: Option<Type>,
    url: String,
    name: String,
    subresource: String,
    /// None for all namespaces.
    namespace: Option<String>,
}

/// What a word for a type means.
#[derive(Debug, Clone, Copy)]
struct Type {
    word: &'static str,
    group: &'static str,
    resource: &'static str,
    namespaced: bool,
}

const fn of(
    word: &'static str,
    group: &'static str,
    resource: &'static str,
    namespaced: bool,
) -> Type {
    Type {
        word,
        group,
        resource,
        namespaced,
    }
}

const TYPES: [Type; 16] = [
    of("pods", "", "pods", true),
    of("po", "", "pods", true),
    of("Deployment", "apps", "deployments", true),
    of("deploy.apps", "apps", "deployments", true),
    of("deployments.v1.apps", "apps", "deployments", true),
    of("namespaces", "", "namespaces", false),
    of("namespaces", "", "namespaces", false),
    of("ns", "", "namespaces", false),
    of("nodes", "", "nodes", false),
    of("no", "", "nodes", false),
    of(
        "clusterroles.rbac",
        "rbac.authorization.k8s.io",
        "clusterroles",
        false,
    ),
    // Words that kubectl takes as they stand; users and groups are impersonated cluster-wide.
    of("*", "", "*", true),
    of("users", "", "users", false),
    of("groups", "", "groups", false),
    // What nothing knows is taken for namespaced.
    of("widgets.example.com", "example.com", "widgets", true),
    of("widgets", "", "widgets", true),
];

/// Puts cluster-scoped types, Namespace objects and names of the directory into a cluster in place
/// of words that other laws are about.
fn with_words_of_this_law(mut cluster: Cluster) -> Cluster {
    let replace = |word: &mut CompactString, table: &[(&str, &str)]| {
        if let Some((_, new)) = table.iter().find(|(old, _)| old == word) {
            *word = (*new).into();
        }
    };
    for object in &mut cluster.objects {
        match object {
            Object::Role(role) => {
                for rule in &mut role.rules {
                    let rule = &mut rule.value;
                    for word in &mut rule.resources {
                        replace(
                            word,
                            &[
                                ("Pods", "namespaces"),
                                ("pods/log", "namespaces"),
                                ("pods/", "namespaces/status"),
                                ("*/scale", "*/finalize"),
                                ("/log", "nodes"),
                                ("pods/log/x", "nodes/proxy"),
                                ("*/", "users"),
                                ("", "groups"),
                                ("*/log/x", "widgets"),
                            ],
                        );
                    }
                    for word in &mut rule.api_groups {
                        replace(
                            word,
                            &[("Apps", ""), ("apps.", "example.com"), ("null", "")],
                        );
                    }
                    for word in &mut rule.resource_names {
                        replace(word, &[("Web", "a"), ("web/x", "b")]);
                    }
                    for word in &mut rule.verbs {
                        replace(
                            word,
                            &[
                                ("GET", "update"),
                                ("frobnicate", "patch"),
                                ("", "delete"),
                                ("get*", "impersonate"),
                            ],
                        );
                    }
                }
            }
            Object::Binding(binding) => {
                for subject in &mut binding.subjects {
                    let table: &[(&str, &str)] = match subject.value.kind {
                        SubjectKind::User => &[
                            ("Alice", "alice@contoso.com"),
                            ("o'neil \"x\"", BOB),
                            ("true", PIPELINE),
                        ],
                        SubjectKind::Group => &[
                            ("Devs", PLATFORM),
                            ("alice", PLATFORM),
                            ("~", OPERATORS),
                            ("system:serviceaccounts:a", OPERATORS),
                        ],
                        SubjectKind::ServiceAccount => &[],
                    };
                    replace(&mut subject.value.name, table);
                }
            }
        }
    }
    cluster
}

/// A role about the types of this law, and a binding of it.
fn grant() -> impl Strategy<Value = (Role, Binding)> {
    let kinds = vec![
        (BindingKind::ClusterRoleBinding, RoleKind::ClusterRole),
        (BindingKind::RoleBinding, RoleKind::ClusterRole),
        (BindingKind::RoleBinding, RoleKind::Role),
    ];
    let word = |pool: &'static [&'static str]| select(pool).prop_map(CompactString::from);
    let subject = select(vec![
        (SubjectKind::User, "", "alice"),
        (SubjectKind::User, "", "alice@contoso.com"),
        (SubjectKind::User, "", BOB),
        (SubjectKind::User, "", PIPELINE),
        (SubjectKind::Group, "", PLATFORM),
        (SubjectKind::Group, "", OPERATORS),
        (SubjectKind::Group, "", "system:authenticated"),
        (SubjectKind::ServiceAccount, "a", "ci"),
    ]);
    let rule = (
        word(&["get", "get", "update", "delete", "list", "impersonate", "*"]),
        word(&["", "", "apps", "example.com", "*"]),
        word(&[
            "namespaces",
            "namespaces",
            "namespaces/status",
            "nodes",
            "users",
            "groups",
            "pods",
            "pods/log",
            "deployments",
            "widgets",
            "*",
        ]),
        prop_oneof![2 => Just(Vec::new()), 1 => vec(word(&["a", "b", "web"]), 1..2)],
    );
    let name = word(&["own", "other"]);
    (
        select(kinds),
        word(&["a", "b"]),
        name,
        vec(subject, 1..3),
        rule,
    )
        .prop_map(
            |((kind, role_kind), namespace, name, subjects, (verb, group, resource, names))| {
                let within = |namespaced| match namespaced {
                    true => namespace.clone(),
                    false => CompactString::default(),
                };
                let role = Role {
                    kind: role_kind,
                    metadata: Metadata::new(within(role_kind == RoleKind::Role), &*name),
                    rules: vec![at(PolicyRule {
                        verbs: vec![verb],
                        api_groups: vec![group],
                        resources: vec![resource],
                        resource_names: names,
                        ..PolicyRule::default()
                    })],
                    aggregation_rule: None,
                    others: OtherDefinitions::default(),
                };
                let binding = Binding {
                    kind,
                    metadata: Metadata::new(within(kind == BindingKind::RoleBinding), &*name),
                    subjects: subjects
                        .into_iter()
                        .map(|(kind, namespace, name)| {
                            at(Subject {
                                kind,
                                namespace: namespace.into(),
                                name: name.into(),
                            })
                        })
                        .collect(),
                    role_ref: RoleRef {
                        kind: role_kind,
                        name,
                    },
                };
                (role, binding)
            },
        )
}

fn world() -> impl Strategy<Value = World> {
    let some = || proptest::collection::btree_set(0..7usize, 0..4);
    let members = prop_oneof![
        1 => Just(None),
        4 => [some(), some(), some(), some()].prop_map(Some),
    ];
    (generate::cluster(false), vec(grant(), 1..5), members).prop_map(
        |(cluster, grants, members)| {
            let mut cluster = with_words_of_this_law(cluster);
            for (role, binding) in grants {
                cluster.objects.push(Object::Role(role));
                cluster.objects.push(Object::Binding(binding));
            }
            World { cluster, members }
        },
    )
}

fn words() -> impl Strategy<Value = Words> {
    let user = select(vec![
        "alice",
        "alice@contoso.com",
        "ALICE@contoso.com",
        ALICE,
        BOB,
        "bob_fabrikam.com#EXT#@contoso.onmicrosoft.com",
        PIPELINE,
        "system:serviceaccount:a:ci",
        "system:anonymous",
        "devs",
    ]);
    let group = prop_oneof![
        12 => select(vec![
            "devs",
            "Platform",
            "platform@contoso.com",
            PLATFORM,
            "operators",
            "system:authenticated",
        ]),
        1 => select(vec!["Twins", "system:masters"]),
    ];
    let verb = select(vec![
        "get",
        "get",
        "get",
        "list",
        "create",
        "update",
        "patch",
        "delete",
        "deletecollection",
        "*",
        "impersonate",
        "use",
        "post",
        "frobnicate",
    ]);
    (
        user,
        vec(group, 0..3),
        verb,
        prop_oneof![6 => select(TYPES.to_vec()).prop_map(Some), 1 => Just(None)],
        select(vec!["/healthz", "/healthz/x", "/api/x", "/"]),
        select(vec!["", "", "a", "a", "b", "web", "*", "log"]),
        select(vec![
            "", "", "", "log", "scale", "status", "finalize", "proxy",
        ]),
        select(vec![
            None,
            Some("a"),
            Some("a"),
            Some("b"),
            Some("default"),
            Some("nowhere"),
        ]),
    )
        .prop_map(
            |(user, groups, verb, target, url, name, subresource, namespace)| Words {
                user: user.to_owned(),
                groups: groups.into_iter().map(str::to_owned).collect(),
                verb: verb.to_owned(),
                target,
                url: url.to_owned(),
                name: if target.is_some() { name } else { "" }.to_owned(),
                subresource: if target.is_some() { subresource } else { "" }.to_owned(),
                namespace: namespace.map(str::to_owned),
            },
        )
}

/// Takes most of a request that the cluster nearly allows in place of made-up words, which seldom
/// meet.
fn near(world: &World, picks: &Picks, mut words: Words) -> Words {
    let (user, attributes) = ask::request(&world.cluster, picks);
    let bits = picks[0] ^ picks[15];
    let take = |bit: u32| bits >> (2 * bit) & 3 != 0;
    // Whoever is in a group of the directory is left to ask without naming it.
    let through_directory = user
        .groups
        .iter()
        .any(|group| DIRECTORY_GROUPS.iter().any(|(id, ..)| id == group));
    let left_to_directory = through_directory && take(0);
    if !user.name.is_empty() && !left_to_directory {
        words.user = user.name;
        if take(1) {
            words.groups = user.groups;
        }
    }
    match attributes {
        Attributes::NonResource(request) if request.path.starts_with('/') => {
            words.target = None;
            words.name.clear();
            words.subresource.clear();
            words.verb = request.verb;
            words.url = request.path;
        }
        Attributes::NonResource(_) => {}
        Attributes::Resource(request) => {
            let meant: Vec<Type> = TYPES
                .into_iter()
                .filter(|known| {
                    (known.group, known.resource) == (&*request.group, &*request.resource)
                })
                .collect();
            match meant.get(usize::from(picks[1]) % meant.len().max(1)) {
                Some(known) => words.target = Some(*known),
                None if words.target.is_none() => return words,
                None => {}
            }
            if take(2) {
                words.verb = request.verb;
            }
            if take(3) {
                words.name = request.name;
            }
            if take(4) {
                words.subresource = request.subresource;
            }
            if take(5) && !request.namespace.is_empty() {
                words.namespace = Some(request.namespace);
            }
        }
    }
    words
}

impl World {
    fn directory(&self) -> Directory {
        let Some(members) = &self.members else {
            return Directory::default();
        };
        let id = |number: &usize| match DIRECTORY_PEOPLE.get(*number) {
            Some((id, ..)) => *id,
            None => DIRECTORY_GROUPS[*number - DIRECTORY_PEOPLE.len()].0,
        };
        let groups: Vec<Value> = DIRECTORY_GROUPS
            .iter()
            .zip(members)
            .map(|((group, name, mail), members)| {
                let members: Vec<&str> = members.iter().map(id).collect();
                json!({"id": group, "displayName": name, "mail": mail, "members": members})
            })
            .collect();
        let [alice, bob, pipeline] = DIRECTORY_PEOPLE;
        let text = json!({
            "groups": groups,
            "users": [
                {"id": alice.0, "userPrincipalName": alice.1, "displayName": "Alice"},
                {"id": bob.0, "userPrincipalName": bob.1, "displayName": "Bob"},
            ],
            "servicePrincipals": [{"id": pipeline.0, "displayName": "pipeline"}],
        });
        Directory::read(&[SourceText {
            name: "directory.json".to_owned(),
            bytes: text.to_string().into_bytes(),
            named: true,
        }])
        .unwrap()
    }

    /// The namespaces that exist: every cluster's own four, and those of bindings.
    fn namespaces(&self) -> BTreeSet<&str> {
        let bindings = self.cluster.objects.iter().filter_map(as_binding);
        bindings
            .map(|binding| &*binding.namespace)
            .filter(|namespace| !namespace.is_empty())
            .chain(["default", "kube-system", "kube-public", "kube-node-lease"])
            .collect()
    }

    /// Who asks; none where a group's name is ambiguous.
    fn user(&self, words: &Words) -> Option<UserInfo> {
        let mut groups = Vec::new();
        for group in &words.groups {
            let meant: Vec<&str> = DIRECTORY_GROUPS
                .iter()
                .filter(|_| self.members.is_some())
                .filter(|(_, name, mail)| {
                    group.eq_ignore_ascii_case(name) || group.eq_ignore_ascii_case(mail)
                })
                .map(|(id, ..)| *id)
                .collect();
            match &*meant {
                [] => groups.push(group.clone()),
                [one] => groups.push((*one).to_owned()),
                _ => return None,
            }
        }
        let mut name = &*words.user;
        if let Some(members) = &self.members
            && let Some(number) = DIRECTORY_PEOPLE.iter().position(|(id, principal_name, _)| {
                name == *id || name.eq_ignore_ascii_case(principal_name)
            })
        {
            name = DIRECTORY_PEOPLE[number].2;
            let mut containing = BTreeSet::from([number]);
            // A membership travels one group a round.
            for _ in 0..DIRECTORY_GROUPS.len() {
                for (group, members) in members.iter().enumerate() {
                    if !members.is_disjoint(&containing) {
                        containing.insert(DIRECTORY_PEOPLE.len() + group);
                    }
                }
            }
            for number in containing.iter().filter(|&&number| number >= 3) {
                let id = DIRECTORY_GROUPS[number - 3].0.to_owned();
                if !groups.contains(&id) {
                    groups.push(id);
                }
            }
        }
        Some(UserInfo::impersonated(name, groups))
    }

    /// Whether some rule is so; of several definitions of a role, those that count.
    fn lists(&self, has: impl Fn(&PolicyRule) -> bool) -> bool {
        let definitions = naive::definitions(&self.cluster.objects);
        let mut rules = definitions.iter().flat_map(|definitions| {
            let alone = definitions.len() == 1;
            let counting = definitions
                .iter()
                .filter(move |role| alone || naive::holds_rules(role));
            counting.flat_map(|role| &role.rules)
        });
        rules.any(|rule| has(rule))
    }

    /// Whether an assertion with these words could ever fail.
    fn is_judgeable(&self, rbac: &RbacAuthorizer, words: &Words) -> bool {
        let Some(target) = words.target else {
            return matches!(&*words.verb, "get" | "patch" | "delete" | "post" | "*");
        };
        let by_kubectl = [
            "get",
            "list",
            "create",
            "update",
            "patch",
            "delete",
            "deletecollection",
            "*",
            "impersonate",
            "use",
        ];
        let verb_is_known = by_kubectl.contains(&&*words.verb)
            || self.lists(|rule| rule.verbs.iter().any(|verb| *verb == words.verb));
        let type_is_known = match target.word {
            "widgets" => false,
            "widgets.example.com" => self.lists(|rule| {
                rule.resources.iter().any(|one| one == "widgets")
                    && rule.api_groups.iter().any(|one| one == "example.com")
            }),
            "*" | "users" | "groups" => true,
            _ => {
                let discovery = rbac.snapshot().discovery();
                let resource = discovery.get(target.group, target.resource).unwrap();
                words.subresource.is_empty() || resource.subresources.contains(&words.subresource)
            }
        };
        let place_is_known = match words.namespace.as_deref() {
            Some(namespace) => !target.namespaced || self.namespaces().contains(namespace),
            None => true,
        };
        verb_is_known && type_is_known && place_is_known
    }
}

impl Words {
    /// The request of these words in a namespace; empty for none.
    fn attributes(&self, namespace: &str) -> Attributes {
        let Some(target) = self.target else {
            return Attributes::NonResource(NonResourceAttributes {
                verb: self.verb.to_owned(),
                path: self.url.to_owned(),
            });
        };
        // A real request carries a namespace where its type has one, and where it is for one
        // Namespace: get, update, patch and delete of it, its status or its finalizers.
        let mut real = if target.namespaced { namespace } else { "" };
        if (target.group, target.resource) == ("", "namespaces")
            && ["get", "update", "patch", "delete"].contains(&&*self.verb)
            && ["", "status", "finalize"].contains(&&*self.subresource)
        {
            real = &self.name;
        }
        Attributes::Resource(ResourceAttributes {
            namespace: real.to_owned(),
            verb: self.verb.to_owned(),
            group: target.group.to_owned(),
            resource: target.resource.to_owned(),
            subresource: self.subresource.to_owned(),
            name: self.name.to_owned(),
        })
    }

    /// The target as a person writes it.
    fn written(&self) -> String {
        match self.target {
            None => self.url.clone(),
            Some(target) if self.name.is_empty() => target.word.to_owned(),
            Some(target) => format!("{}/{}", target.word, self.name),
        }
    }

    fn is_namespaced(&self) -> bool {
        self.target.is_some_and(|target| target.namespaced)
    }

    /// The request in the form of an assertion.
    fn asserted(&self) -> Value {
        let mut request = json!({"verb": self.verb});
        match self.target {
            None => request["resource"] = (*self.url).into(),
            Some(target) => {
                request["resource"] = target.word.into();
                request["resourceName"] = (*self.name).into();
                request["subresource"] = (*self.subresource).into();
            }
        }
        match self.namespace.as_deref() {
            Some(namespace) => request["namespace"] = namespace.into(),
            None => request["everyNamespace"] = true.into(),
        }
        request
    }
}

/// Whether an assertion holds, through its file; none where a role that the input lacks could break it.
fn holds(
    rbac: &RbacAuthorizer,
    directory: &Directory,
    says: &str,
    request: Value,
) -> Result<Option<bool>, CannotJudge> {
    let text = json!({"assertions": [{says: request}]}).to_string();
    let file = AssertionFile::read("assertions.yaml", &text).unwrap();
    judge(&file.assertions[0], rbac, directory, &[]).map(|judged| match judged.outcome {
        Outcome::Holds => Some(true),
        Outcome::Fails(_) => Some(false),
        Outcome::Unknown(_) => None,
    })
}

fn with(mut request: Value, more: Value) -> Value {
    let more = more.as_object().unwrap().clone();
    request.as_object_mut().unwrap().extend(more);
    request
}

/// What a SubjectAccessReview of this request is answered.
fn reviewed(rbac: &RbacAuthorizer, user: &UserInfo, attributes: &Attributes) -> bool {
    let mut spec = json!({"user": user.name, "groups": user.groups});
    match attributes {
        Attributes::Resource(request) => {
            spec["resourceAttributes"] = json!({
                "namespace": request.namespace,
                "verb": request.verb,
                "group": request.group,
                "resource": request.resource,
                "subresource": request.subresource,
                "name": request.name,
            });
        }
        Attributes::NonResource(request) => {
            spec["nonResourceAttributes"] = json!({"verb": request.verb, "path": request.path});
        }
    }
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": spec,
    });
    let piece = ReviewText {
        bytes: review.to_string().into_bytes(),
        line: 1,
        format: Encoding::Json,
    };
    let answered: Value = serde_json::from_str(&answer(&chain(rbac), &piece).unwrap()).unwrap();
    answered["status"]["allowed"].as_bool().unwrap()
}

/// Whom the bindings may name to let this user do something.
fn parties(user: &UserInfo) -> BTreeSet<Principal> {
    let groups = user.groups.iter();
    groups
        .map(|group| Principal::new(SubjectKind::Group, "", group))
        .chain([Principal::new(SubjectKind::User, "", &user.name)])
        .collect()
}

fn as_subject(principal: &Principal) -> Value {
    match principal.kind {
        SubjectKind::ServiceAccount => json!({
            "kind": "ServiceAccount",
            "name": principal.name,
            "namespace": principal.namespace,
        }),
        kind => json!({"kind": kind.to_string(), "name": principal.name}),
    }
}

fn is_masters(principal: &Principal) -> bool {
    principal.kind == SubjectKind::Group && principal.name == "system:masters"
}

struct Asked<'w> {
    world: &'w World,
    words: &'w Words,
    rbac: &'w RbacAuthorizer,
    directory: &'w Directory,
    naive: &'w Naive<'w>,
}

impl Asked<'_> {
    fn law(&self) -> Result<(), TestCaseError> {
        let Asked {
            world,
            words,
            rbac,
            directory,
            naive,
        } = *self;
        let resolver = Resolver::new(rbac.snapshot(), directory);
        let who = Who {
            name: words.user.clone(),
            groups: words.groups.clone(),
        };
        let judged =
            |says: &str, more: Value| holds(rbac, directory, says, with(words.asserted(), more));
        let asker = json!({"as": words.user, "groups": words.groups});
        let Some(user) = world.user(words) else {
            prop_assert!(resolver.user(&who).is_err());
            for says in ["can", "cannot"] {
                prop_assert!(matches!(
                    judged(says, asker.clone()),
                    Err(CannotJudge::AmbiguousGroup(_))
                ));
            }
            return Ok(());
        };
        prop_assert_eq!(&resolver.user(&who).unwrap().user, &user);
        let written = words.written();
        let target = Target::parse(&written, &words.subresource).unwrap();
        let place = words
            .namespace
            .as_deref()
            .map_or(AskedScope::AllNamespaces, AskedScope::Namespace);
        let request = resolver.request(&words.verb, &target, place);
        let attributes = words.attributes(words.namespace.as_deref().unwrap_or_default());
        prop_assert_eq!(&request.attributes, &attributes);
        let allowed = naive.answer(&user, &attributes).allowed;
        let explained = explain(rbac, directory, &user, &request.attributes).unwrap();
        prop_assert_eq!(explained.response.is_allowed(), allowed);
        prop_assert_eq!(reviewed(rbac, &user, &attributes), allowed);

        let namespaces: Vec<&str> = match words.namespace.as_deref() {
            Some(namespace) => vec![namespace],
            None => world.namespaces().into_iter().collect(),
        };
        let anywhere = words.namespace.is_none() && words.is_namespaced();
        let yes_in = |user: &UserInfo, namespace: &str| {
            naive.answer(user, &words.attributes(namespace)).allowed
        };
        let listed = match request.reach {
            Reach::Request => allowed,
            Reach::Anywhere => {
                allowed || namespaces.iter().any(|namespace| yes_in(&user, namespace))
            }
        };
        prop_assert_eq!(request.reach == Reach::Anywhere, anywhere);
        let parties = parties(&user);
        let found = who_can(rbac, &request.attributes, request.reach).unwrap();
        let by_who_can = found
            .able
            .iter()
            .any(|able| parties.contains(&able.principal));
        prop_assert_eq!(by_who_can, listed);
        self.law_of_matrices(&user, &request.attributes, request.reach, listed)?;

        if !world.is_judgeable(rbac, words) {
            for (says, more) in [
                ("can", asker.clone()),
                ("cannot", asker),
                ("noOne", json!({})),
                ("onlyThese", json!({"subjects": []})),
            ] {
                let outcome = judged(says, more);
                prop_assert!(outcome.is_err(), "{} {:?}", says, outcome);
            }
            return Ok(());
        }
        let each: Vec<bool> = namespaces
            .iter()
            .map(|namespace| yes_in(&user, namespace))
            .collect();
        let can = each.iter().all(|&yes| yes);
        let cannot = !each.iter().any(|&yes| yes);
        let open_in = |user: &UserInfo, namespace: &str| {
            let attributes = words.attributes(namespace);
            !self.naive.answer(user, &attributes).missing.is_empty()
        };
        let open_to = |user: &UserInfo| namespaces.iter().any(|namespace| open_in(user, namespace));
        let unless_open = |holds: bool, open: bool| (!(holds && open)).then_some(holds);
        prop_assert_eq!(judged("can", asker.clone()), Ok(Some(can)));
        let expected = unless_open(cannot, open_to(&user));
        prop_assert_eq!(judged("cannot", asker), Ok(expected));

        let able: Vec<Principal> = subjects(rbac)
            .into_iter()
            .filter(|principal| !is_masters(principal))
            .filter(|principal| {
                let alone = principal.as_user();
                namespaces.iter().any(|namespace| yes_in(&alone, namespace))
            })
            .collect();
        let open: Vec<Principal> = subjects(rbac)
            .into_iter()
            .filter(|principal| !is_masters(principal) && open_to(&principal.as_user()))
            .collect();
        let expected = unless_open(able.is_empty(), !open.is_empty());
        prop_assert_eq!(judged("noOne", json!({})), Ok(expected));
        let only = |these: &[Principal]| {
            let these: Vec<Value> = these.iter().map(as_subject).collect();
            judged("onlyThese", json!({"subjects": these}))
        };
        let expected = unless_open(true, open.iter().any(|one| !able.contains(one)));
        prop_assert_eq!(only(&able), Ok(expected));
        if let Some((_, others)) = able.split_first() {
            prop_assert_eq!(only(others), Ok(Some(false)));
        }
        Ok(())
    }

    fn law_of_matrices(
        &self,
        user: &UserInfo,
        attributes: &Attributes,
        reach: Reach,
        listed: bool,
    ) -> Result<(), TestCaseError> {
        let Attributes::Resource(request) = attributes else {
            return Ok(());
        };
        let Some(column) = VERBS.iter().position(|verb| *verb == request.verb) else {
            return Ok(());
        };
        if !request.name.is_empty() {
            return Ok(());
        }
        let parties = parties(user);
        let of_subjects = subjects_by_verbs(self.rbac, request, reach)
            .iter()
            .any(|row| parties.contains(&row.principal) && row.cells[column] == Cell::Yes);
        prop_assert_eq!(of_subjects, listed);
        let namespace = self.words.namespace.as_deref().unwrap_or_default();
        let allowed = self.naive.answer(user, attributes).allowed;
        let rows = resources_by_verbs(self.rbac, user, namespace);
        let row = rows.iter().find(|row| {
            request.subresource.is_empty()
                && (&row.resource.group, &row.resource.plural)
                    == (&request.group, &request.resource)
        });
        if let Some(row) = row {
            prop_assert_eq!(row.cells[column] == Cell::Yes, allowed);
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn every_way_to_ask_gives_one_answer(
        world in world(),
        asked in vec((picks(), words()), 1..16),
    ) {
        let rbac = authorizer_of_objects(&world.cluster.objects, HashState::random());
        let naive = Naive::new(&world.cluster.objects);
        let directory = world.directory();
        for (picks, words) in asked {
            let words = near(&world, &picks, words);
            let asked = Asked {
                world: &world,
                words: &words,
                rbac: &rbac,
                directory: &directory,
                naive: &naive,
            };
            asked
                .law()
                .map_err(|error| TestCaseError::fail(format!("{words:?}: {error}")))?;
        }
    }
}

/// The law is about something: made-up words get every kind of answer.
#[test]
fn made_up_words_reach_every_kind_of_answer() {
    let mut runner = TestRunner::deterministic();
    let mut counts = [0; 9];
    for _ in 0..512 {
        let tree = (world(), vec((picks(), words()), 16)).new_tree(&mut runner);
        let (world, asked): (World, Vec<(Picks, Words)>) = tree.unwrap().current();
        let rbac = authorizer_of_objects(&world.cluster.objects, HashState::random());
        let naive = Naive::new(&world.cluster.objects);
        for (picks, words) in asked {
            let words = near(&world, &picks, words);
            let Some(user) = world.user(&words) else {
                counts[0] += 1;
                continue;
            };
            let attributes = words.attributes(words.namespace.as_deref().unwrap_or_default());
            let answer = naive.answer(&user, &attributes);
            let yes = answer.allowed && !answer.privileged;
            let as_written = UserInfo::impersonated(&words.user, words.groups.iter().cloned());
            let resource = words.target.map_or("", |target| target.resource);
            // A yes that only a RoleBinding gives.
            let in_namespace = yes
                && answer
                    .grants
                    .iter()
                    .all(|grant| grant.binding.starts_with("RoleBinding"));
            for (count, reached) in counts[1..].iter_mut().zip([
                yes,
                !answer.allowed,
                !world.is_judgeable(&rbac, &words),
                yes && !naive.answer(&as_written, &attributes).allowed,
                in_namespace && resource == "namespaces",
                yes && ["nodes", "users", "groups"].contains(&resource),
                yes && !words.subresource.is_empty(),
                yes && words.target.is_none(),
            ]) {
                *count += usize::from(reached);
            }
        }
    }
    assert!(counts.iter().all(|&count| count > 4), "{counts:?}");
}

const API: &str = "apiVersion: rbac.authorization.k8s.io/v1\n";

/// Whether `can-i` says yes, and which of four assertions hold.
fn answers(folder: &TempDir, more: &[&str], target: [&str; 2], request: &str) -> (bool, Vec<bool>) {
    let can_i = [
        &["can-i", target[0], target[1], "--as", "alice@contoso.com"],
        more,
    ]
    .concat();
    let code = run(folder.path(), &can_i, b"").status.code();
    assert!(matches!(code, Some(0 | 1)), "{code:?}");
    put(
        folder.path(),
        "assertions.yaml",
        format!(
            "assertions:\n- can: {{as: alice@contoso.com, {request}}}\n- cannot: {{as: \
             alice@contoso.com, {request}}}\n- noOne: {{{request}}}\n- onlyThese: {{{request}, \
             subjects: [{{kind: User, name: eve}}]}}\n"
        ),
    );
    let test = [&["test", "assertions.yaml", "-o", "json"], more].concat();
    let output = run(folder.path(), &test, b"");
    let view: Value = serde_json::from_slice(&output.stdout).unwrap();
    let kept = view["promises"].as_array().unwrap();
    let kept = kept.iter().map(|one| one["kept"].as_bool().unwrap());
    (code == Some(0), kept.collect())
}

#[test]
fn a_namespace_is_judged_in_itself_by_every_command() {
    let folder = TempDir::new().unwrap();
    let rbac = format!(
        "{API}kind: Role\nmetadata: {{name: own, namespace: team-a}}\nrules: [{{apiGroups: [''], \
         resources: [namespaces], verbs: [get]}}]\n---\n{API}kind: RoleBinding\nmetadata: {{name: \
         own, namespace: team-a}}\nroleRef: {{kind: Role, name: own}}\nsubjects: [{{kind: User, \
         name: alice@contoso.com}}]\n"
    );
    put(folder.path(), "rbac.yaml", rbac);
    let ask = |target, request: &str| answers(&folder, &["-f", "rbac.yaml"], target, request);
    let yes = (true, vec![true, false, false, false]);
    let no = (false, vec![false, true, true, true]);
    let one = "verb: get, resource: namespaces, resourceName: team-a";
    assert_eq!(ask(["get", "namespaces/team-a"], one), yes);
    let short = "verb: get, resource: ns, resourceName: team-a, namespace: kube-system";
    assert_eq!(ask(["get", "ns/team-a"], short), yes);
    let other = "verb: get, resource: namespaces, resourceName: kube-system, namespace: team-a";
    assert_eq!(ask(["get", "namespaces/kube-system"], other), no);
    let all = "verb: get, resource: namespaces, namespace: team-a";
    assert_eq!(ask(["get", "namespaces"], all), no);
}

#[test]
fn the_directory_counts_for_every_command() {
    let folder = TempDir::new().unwrap();
    let rbac = format!(
        "{API}kind: Role\nmetadata: {{name: pods, namespace: default}}\nrules: [{{apiGroups: [''], \
         resources: [pods], verbs: [get]}}]\n---\n{API}kind: RoleBinding\nmetadata: {{name: pods, \
         namespace: default}}\nroleRef: {{kind: Role, name: pods}}\nsubjects: [{{kind: Group, \
         name: {PLATFORM}}}]\n"
    );
    put(folder.path(), "rbac.yaml", rbac);
    let groups = format!(
        "users: [{{id: {ALICE}, userPrincipalName: alice@contoso.com}}]\ngroups:\n- {{id: \
         {PLATFORM}, displayName: Platform, members: [{ALICE}]}}\n"
    );
    put(folder.path(), "directory.yaml", groups);
    let pods = "verb: get, resource: pods";
    let with = ["-f", "rbac.yaml", "--directory", "directory.yaml"];
    assert_eq!(
        answers(&folder, &with, ["get", "pods"], pods),
        (true, vec![true, false, false, false])
    );
    assert_eq!(
        answers(&folder, &with[..2], ["get", "pods"], pods),
        (false, vec![false, true, false, false])
    );

    // A name that people know, for who asks and for who may.
    let named = format!(
        "assertions:\n- cannot: {{as: x, groups: [platform], {pods}}}\n- onlyThese: {{{pods}, \
         subjects: [{{kind: Group, name: Platform}}]}}\n- can: {{as: {ALICE}, {pods}}}\n"
    );
    put(folder.path(), "named.yaml", named);
    let args = [&["test", "named.yaml"], &with[..]].concat();
    let output = run(folder.path(), &args, b"");
    assert_eq!(output.status.code(), Some(1));
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.ends_with("\n2 kept, 1 broken\n"), "{stdout}");
    assert!(stdout.starts_with("BROKEN  line 2"), "{stdout}");
    let stderr = String::from_utf8(output.stderr).unwrap();
    let notes: Vec<&str> = stderr.lines().collect();
    assert_eq!(
        notes,
        [
            format!("note: named.yaml:2: to the cluster the group platform is {PLATFORM}"),
            format!("note: named.yaml:3: to the cluster the group Platform is {PLATFORM}"),
            format!(
                "note: named.yaml:4: to the cluster {ALICE} is alice@contoso.com: a member of the \
                 tenant, known by the user principal name"
            ),
        ]
    );
}

/// A user who is only called as the group that is always allowed everything.
#[test]
fn a_user_named_as_the_privileged_group_is_not_left_out() {
    let folder = TempDir::new().unwrap();
    let rbac = format!(
        "{API}kind: ClusterRoleBinding\nmetadata: {{name: root}}\nroleRef: {{kind: ClusterRole, \
         name: cluster-admin}}\nsubjects: [{{kind: User, name: 'system:masters'}}]\n"
    );
    put(folder.path(), "rbac.yaml", rbac);
    let file = "assertions:\n- noOne: {verb: get, resource: pods}\n";
    put(folder.path(), "assertions.yaml", file);
    let output = run(
        folder.path(),
        &["test", "assertions.yaml", "-f", "rbac.yaml"],
        b"",
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_file_of_assertions_may_call_them_promises() {
    let read = |text: &str| AssertionFile::read("f", text).map_err(|error| error.to_string());
    let one = "\n- noOne: {verb: get, resource: pods}\n";
    let new = read(&format!("assertions:{one}")).unwrap();
    assert_eq!(new, read(&format!("promises:{one}")).unwrap());
    for (text, message) in [
        (
            format!("promises:{one}assertions:{one}"),
            "say either `assertions` or `promises`",
        ),
        ("{}".to_owned(), "missing field `assertions`"),
        ("assertions: []".to_owned(), "it holds no assertion"),
        (
            "assertions: [{noOne: {verb: get, resource: /x, subresource: log}}]".to_owned(),
            "a URL has no `subresource`",
        ),
    ] {
        let error = read(&text).unwrap_err();
        assert!(
            error.starts_with("f:1: ") && error.contains(message),
            "{error}"
        );
    }
}

#[test]
fn the_example_s_assertions_hold() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let args = [
        "test",
        "testdata/assertions/platform.yaml",
        "-f",
        "testdata/quickstart",
    ];
    let output = run(root, &args, b"");
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.ends_with("\n8 kept, 0 broken\n"), "{stdout}");
    assert_eq!(output.status.code(), Some(0));
}

/// Someone becomes another user of the whole cluster: no RoleBinding lets them.
#[test]
fn users_are_impersonated_cluster_wide() {
    let folder = TempDir::new().unwrap();
    let rbac = format!(
        "{API}kind: RoleBinding\nmetadata: {{name: admins, namespace: default}}\nroleRef: {{kind: \
         ClusterRole, name: cluster-admin}}\nsubjects: [{{kind: User, name: alice@contoso.com}}]\n"
    );
    put(folder.path(), "rbac.yaml", rbac);
    let ask = |target, request: &str| answers(&folder, &["-f", "rbac.yaml"], target, request);
    let (yes, no) = (
        (true, vec![true, false, false, false]),
        (false, vec![false, true, true, true]),
    );
    let users = "verb: impersonate, resource: users";
    assert_eq!(ask(["impersonate", "users"], users), no);
    let everything = "verb: '*', resource: '*'";
    assert_eq!(ask(["*", "*"], everything), yes);
    let command = ["can-i", "impersonate", "users", "--as", "alice@contoso.com"];
    let output = run(
        folder.path(),
        &[&command[..], &["-f", "rbac.yaml"]].concat(),
        b"",
    );
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(
        stdout.contains("`kubectl auth can-i` would say yes here"),
        "{stdout}"
    );
    assert_eq!(output.stderr, b"");
}
