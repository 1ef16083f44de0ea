//! Clusters past every size at which the index changes how it keeps what it keeps: more roles than
//! fit in an entry, more namespaces than are looked at one by one, more API groups and resources
//! than there are bits.

use std::fmt::Write;

use crate::support::compare::{authorizer_of_objects, same_answer, same_review, same_roles};
use crate::support::naive::Naive;
use crate::support::object::{Object, at, values};
use crate::support::store_of_text;
use rbac_eval::authn::UserInfo;
use rbac_eval::authz::rbac::{HashState, RbacAuthorizer};
use rbac_eval::authz::{
    Attributes, Authorizer, Decision, NonResourceAttributes, ResourceAttributes,
};
use rbac_eval::cluster::Defaults;
use rbac_eval::kube::{
    self, Binding, BindingKind, Metadata, OtherDefinitions, PolicyRule, Role, RoleKind, RoleRef,
    Subject, SubjectKind,
};
use rbac_eval::text::{Files, SourceText};

/// One resource of one group, named or not, and verbs that are usual and not.
fn rule(number: usize) -> String {
    let names = if number.is_multiple_of(5) {
        "[one, two]"
    } else {
        "[]"
    };
    let verb = ["get", "frobnicate", "\"*\""][number % 3];
    let group = if number.is_multiple_of(17) {
        "\"*\"".to_owned()
    } else {
        format!("group{}.example.com", number / 2)
    };
    let resource = match number % 7 {
        0 => format!("resource{number}/status"),
        1 => format!("\"*/sub{number}\""),
        _ => format!("resource{number}"),
    };
    format!(
        "- {{apiGroups: [{group}], resources: [{resource}], verbs: [{verb}], resourceNames: {names}}}\n"
    )
}

/// `count` ClusterRoles, bound to `ann` in the cluster and in a namespace each, and to others.
fn cluster(count: usize) -> String {
    let mut text = String::new();
    for number in 0..count {
        let binding = |kind: &str, namespace: &str, subjects: &str| {
            format!(
                "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata: {{name: b{number}{namespace}}}\n\
                 roleRef: {{kind: ClusterRole, name: role{number}}}\nsubjects:\n{subjects}"
            )
        };
        let metadata = format!("metadata: {{name: role{number}}}");
        write!(
            text,
            "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n{metadata}\nrules:\n{}",
            rule(number)
        )
        .unwrap();
        text.push_str(&binding(
            "ClusterRoleBinding",
            "",
            "- {kind: Group, name: all}\n- {kind: User, name: ann}\n",
        ));
        let namespaced = binding(
            "RoleBinding",
            "-in",
            "- {kind: Group, name: some}\n- {kind: ServiceAccount, name: ci}\n",
        );
        text.push_str(&namespaced.replace("-in}", &format!(", namespace: n{number:03}}}")));
    }
    text
}

fn requests(number: usize) -> Vec<Attributes> {
    let mut all = Vec::new();
    for verb in ["get", "frobnicate", "unheard-of"] {
        for (resource, subresource) in [
            (format!("resource{number}"), String::new()),
            (format!("resource{number}"), "status".to_owned()),
            ("anything".to_owned(), format!("sub{number}")),
        ] {
            for (name, group) in [
                ("", number / 2),
                ("one", number / 2),
                ("one", number / 2 + 1),
            ] {
                all.push(Attributes::Resource(ResourceAttributes {
                    namespace: format!("n{number:03}"),
                    verb: verb.to_owned(),
                    group: format!("group{group}.example.com"),
                    resource: resource.clone(),
                    subresource: subresource.clone(),
                    name: name.to_owned(),
                }));
            }
        }
    }
    all
}

#[test]
fn every_size_answers_as_the_naive_authorizer() {
    let sizes = [
        (1, 0),
        (6, 3),
        (7, 64),
        (31, 64),
        (32, 8),
        (33, 64),
        (62, 12),
        (140, 64),
    ];
    for (count, hash_bits) in sizes {
        let text = SourceText {
            name: "sizes.yaml".to_owned(),
            bytes: cluster(count).into_bytes(),
            named: true,
        };
        let mut files = Files::default();
        let manifest = kube::parse(&mut files, &[text]);
        assert!(
            manifest.diagnostics.is_empty(),
            "{:?}",
            manifest.diagnostics
        );
        assert_eq!(manifest.objects.len(), 3 * count);
        let objects = values(&manifest);
        let naive = Naive::new(&objects);
        let rbac = authorizer_of_objects(&objects, HashState::fixed(0, hash_bits));
        same_roles(&rbac, &naive);
        let askers = [
            UserInfo::impersonated("ann", []),
            UserInfo::impersonated("bob", ["all".to_owned()]),
            UserInfo::impersonated("bob", ["some".to_owned()]),
            UserInfo::impersonated("system:serviceaccount:n003:ci", []),
            UserInfo::impersonated("carl", []),
        ];
        let mut answers = [0; 2];
        for number in 0..count {
            for user in &askers {
                for attributes in &requests(number) {
                    let answer = same_answer(&rbac, &naive, user, attributes);
                    answers[usize::from(answer.allowed)] += 1;
                }
            }
        }
        for user in &askers {
            same_review(&rbac, &naive, user, "n000");
        }
        assert!(answers.iter().all(|&count| count > 0), "{answers:?}");
    }
}

/// Whether a user may do this, in each way to ask.
fn may(rbac: &RbacAuthorizer, user: &UserInfo, attributes: &ResourceAttributes) -> bool {
    let attributes = Attributes::Resource(attributes.clone());
    let decision = rbac.decide(user, &attributes);
    assert_eq!(rbac.authorize(user, &attributes).decision, decision);
    assert_eq!(rbac.status(user, &attributes).decision, decision);
    decision == Decision::Allow
}

/// Groups and resources have bits of their own as far as there are any, which nothing else shares:
/// rules for URLs, for one.
#[test]
fn a_rule_for_urls_is_for_no_resource_however_many_there_are() {
    const COUNT: usize = 70;
    let mut text = String::from(
        "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: urls}\n\
         rules: [{nonResourceURLs: ['*'], verbs: [get]}]\n\
         ---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: urls}\n\
         roleRef: {kind: ClusterRole, name: urls}\nsubjects: [{kind: User, name: alice}]\n\
         ---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: all}\nrules:\n",
    );
    for number in 0..COUNT {
        writeln!(
            text,
            "- {{apiGroups: [group{number}], resources: [resource{number}], verbs: [get]}}"
        )
        .unwrap();
    }
    let rbac = store_of_text(&text, Defaults::None);
    assert_eq!(rbac.diagnostics(), []);
    let alice = UserInfo::impersonated("alice", []);
    let url = NonResourceAttributes {
        verb: "get".to_owned(),
        path: "/healthz".to_owned(),
    };
    assert_eq!(rbac.decide(&alice, &url.into()), Decision::Allow);
    for group in 0..COUNT {
        for resource in 0..COUNT {
            let request = ResourceAttributes::new("get", format!("resource{resource}"))
                .in_group(format!("group{group}"));
            assert!(!may(&rbac, &alice, &request), "{request:?}");
        }
    }
}

/// Entries of the index have room for roles' numbers of 16 bits, but for the last two.
#[test]
fn roles_beyond_the_numbers_of_an_entry_give_what_they_give() {
    const FIRST: usize = 65_532;
    let numbers = FIRST..FIRST + 6;
    let role = |number: usize| {
        let rule = PolicyRule {
            verbs: vec!["get".into()],
            api_groups: vec!["".into()],
            resources: vec![format!("r{number}").into()],
            ..PolicyRule::default()
        };
        Object::Role(Role {
            kind: RoleKind::ClusterRole,
            metadata: Metadata::new("", format!("{number:06}")),
            rules: (number >= FIRST).then(|| at(rule)).into_iter().collect(),
            aggregation_rule: None,
            others: OtherDefinitions::default(),
        })
    };
    let binding = |user: &str, number: usize| {
        let subject = Subject {
            kind: SubjectKind::User,
            namespace: "".into(),
            name: user.into(),
        };
        Object::Binding(Binding {
            kind: BindingKind::ClusterRoleBinding,
            metadata: Metadata::new("", format!("{user}-{number}")),
            subjects: vec![at(subject)],
            role_ref: RoleRef {
                kind: RoleKind::ClusterRole,
                name: format!("{number:06}").into(),
            },
        })
    };
    let mut objects: Vec<Object> = (0..numbers.end).map(role).collect();
    for first in numbers.clone() {
        objects.push(binding(&format!("one{first}"), first));
        for second in numbers.clone().filter(|&second| second != first) {
            let user = format!("two{first}-{second}");
            objects.extend([binding(&user, first), binding(&user, second)]);
        }
    }
    let rbac = authorizer_of_objects(&objects, HashState::random());
    let of = |user: String| -> Vec<usize> {
        let user = UserInfo::impersonated(&user, []);
        let request = |number: &usize| ResourceAttributes::new("get", format!("r{number}"));
        let given = numbers
            .clone()
            .filter(|number| may(&rbac, &user, &request(number)));
        given.collect()
    };
    for first in numbers.clone() {
        assert_eq!(of(format!("one{first}")), [first]);
        for second in numbers.clone().filter(|&second| second != first) {
            let both = [first.min(second), first.max(second)];
            assert_eq!(of(format!("two{first}-{second}")), both);
        }
    }
}
