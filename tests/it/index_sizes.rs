//! Clusters past every size at which the index changes how it keeps what it keeps: more roles than
//! fit in an entry, more namespaces than are looked at one by one, more API groups and resources
//! than there are bits.

use std::fmt::Write;

use crate::support::compare::{authorizer_of_objects, same_answer, same_review, same_roles};
use crate::support::naive::Naive;
use crate::support::object::values;
use rbac_eval::authn::UserInfo;
use rbac_eval::authz::rbac::HashState;
use rbac_eval::authz::{Attributes, ResourceAttributes};
use rbac_eval::kube;
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
