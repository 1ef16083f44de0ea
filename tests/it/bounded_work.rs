//! Input of some kilobytes or megabytes that is made to cost far more than its size: every command ends
//! soon and within a bound of memory, with its answer or with a refusal that names the limit.

use crate::support::store_of_text;
use rbac_eval::analysis::diff;
use rbac_eval::authz::rbac::RbacAuthorizer;
use rbac_eval::cluster::Defaults;

const API: &str = "apiVersion: rbac.authorization.k8s.io/v1\n";

fn role(name: &str, metadata: &str, rules: impl IntoIterator<Item = String>) -> String {
    let rules: String = rules
        .into_iter()
        .map(|rule| format!("- {rule}\n"))
        .collect();
    let rules = if rules.is_empty() {
        "rules: []\n".to_owned()
    } else {
        format!("rules:\n{rules}")
    };
    format!("---\n{API}kind: ClusterRole\nmetadata: {{name: {name}{metadata}}}\n{rules}")
}

fn aggregated(name: &str, metadata: &str, selectors: &str) -> String {
    let rule = format!("aggregationRule: {{clusterRoleSelectors: [{selectors}]}}\nrules: []\n");
    role(name, metadata, []).replace("rules: []\n", &rule)
}

fn binding(name: &str, role: &str, subjects: impl IntoIterator<Item = String>) -> String {
    let subjects: String = subjects
        .into_iter()
        .map(|name| format!("- {{kind: User, name: {name}}}\n"))
        .collect();
    format!(
        "---\n{API}kind: ClusterRoleBinding\nmetadata: {{name: {name}}}\n\
         roleRef: {{kind: ClusterRole, name: {role}}}\nsubjects:\n{subjects}"
    )
}

fn alice() -> [String; 1] {
    ["alice".to_owned()]
}

/// `count` words from one on, in a list.
fn words(from: usize, count: usize) -> String {
    let words: Vec<String> = (from..from + count).map(|at| format!("w{at}")).collect();
    format!("[{}]", words.join(","))
}

/// A rule of so many words in each dimension.
fn product(from: usize, count: usize) -> String {
    let words = words(from, count);
    format!("{{verbs: &a {words}, apiGroups: *a, resources: *a, resourceNames: *a}}")
}

/// One rule for each word of [`product`], of that word alone.
fn diagonal(count: usize) -> Vec<String> {
    let one = |at| {
        product(at, 1)
            .replace("&a ", "")
            .replace("*a", &words(at, 1))
    };
    (0..count).map(one).collect()
}

fn get(resource: impl std::fmt::Display) -> String {
    format!("{{verbs: [get], apiGroups: [\"\"], resources: [{resource}]}}")
}

/// A role of these rules, bound to one user.
fn bound(rules: impl IntoIterator<Item = String>) -> String {
    role("r", "", rules) + &binding("b", "r", alice())
}

mod counted {
    //! What a comparison costs, in steps: where the input doubles, so does the cost.

    use super::*;

    fn steps(base: &str, head: &str) -> usize {
        let store = |text| -> RbacAuthorizer { store_of_text(text, Defaults::None) };
        diff::steps(&store(base), &store(head)).unwrap()
    }

    /// Holds the cost both ways at a size against that at twice the size.
    fn is_linear(size: usize, pair: impl Fn(usize) -> (String, String)) {
        let cost = |size| {
            let (base, head) = pair(size);
            [steps(&base, &head), steps(&head, &base)]
        };
        let (once, twice) = (cost(size), cost(2 * size));
        for (once, twice) in once.into_iter().zip(twice) {
            assert!(once > size, "{once} steps are none at all");
            assert!(twice * 10 < once * 23, "{once} steps, then {twice}");
        }
    }

    #[test]
    fn one_rule_of_many_words() {
        is_linear(50, |count| (bound([]), bound([product(0, count)])));
    }

    #[test]
    fn rules_of_many_words_that_overlap() {
        is_linear(50, |count| {
            (
                bound([product(0, count)]),
                bound([product(count / 2, count)]),
            )
        });
    }

    #[test]
    fn many_rules() {
        is_linear(500, |count| {
            let rules = |from| (from..from + count).map(get_of);
            (bound(rules(0)), bound(rules(count / 2)))
        });
    }

    #[test]
    fn many_rules_for_names_beside_as_many_for_all() {
        is_linear(500, |count| {
            let rules = |from| {
                (from..from + count).map(|at| match at % 2 {
                    0 => get_of(at),
                    _ => format!(
                        "{{verbs: [\"*\"], apiGroups: [\"*\"], resources: [\"*\"], \
                         resourceNames: [n{at}]}}"
                    ),
                })
            };
            (bound([]), bound(rules(0)))
        });
    }

    #[test]
    fn many_rules_for_one_resource() {
        is_linear(500, |count| {
            let rules = (0..count).map(|at| get("pods").replace("[get]", &format!("[get, v{at}]")));
            (bound([get("pods")]), bound(rules))
        });
    }

    #[test]
    fn many_urls() {
        is_linear(500, |count| {
            let url =
                |at: usize| format!("{{verbs: [get], nonResourceURLs: [/{at:05}/*, /x{at}]}}");
            (bound([]), bound((0..count).map(url)))
        });
    }

    fn get_of(at: usize) -> String {
        get(format_args!("r{at}"))
    }

    /// What many are given in the same way is compared once.
    #[test]
    fn many_subjects() {
        let with = |count: usize| {
            let users = (0..count).map(|at| format!("u{at}"));
            role("r", "", [product(0, 20)]) + &binding("b", "r", users)
        };
        assert_eq!(steps("", &with(10)), steps("", &with(1_000)),);
    }

    /// A rule that others cut at each of its words: the classes are few, the points are not.
    #[test]
    fn a_rule_that_others_cut_at_every_word() {
        let cost = |count| {
            let (base, head) = (bound(diagonal(count)), bound([product(0, count)]));
            steps(&base, &head)
        };
        let (once, twice) = (cost(25), cost(50));
        // In each dimension, each word has a class of its own beside the rest.
        assert!(twice < 5 * once, "{once} steps, then {twice}");
        assert!(twice < 100_000, "{twice}");
    }
}

#[cfg(target_os = "linux")]
mod ended {
    //! The program itself, under limits of the operating system.

    use super::*;
    use crate::support::limited;
    use tempfile::TempDir;

    /// How many MiB a run may take.
    const MIB: u64 = 1024;

    const COMMANDS: [&str; 13] = [
        "can-i get pods --as alice -f head.yaml",
        "can-i delete nodes --as alice -o json -f head.yaml",
        "can-i --list --as alice -f head.yaml",
        "who-can get pods -f head.yaml",
        "who-can get secrets -A -o csv -f head.yaml",
        "lookup alice --rules -f head.yaml",
        "matrix --as alice -f head.yaml",
        "matrix pods -f head.yaml",
        "check -o json -f head.yaml",
        "test tests.yaml -f head.yaml",
        "diff base.yaml head.yaml -o json",
        "diff base.yaml head.yaml -o markdown",
        "diff head.yaml base.yaml -o sarif",
    ];

    const TESTS: &str = "
assertions:
- name: no one but alice
  onlyThese: {verb: get, resource: secrets, namespace: default, subjects: [{kind: User, name: alice}]}
- name: alice
  cannot: {as: alice, verb: delete, resource: nodes}
";

    /// Runs every command. Those that begin as one of `refused` say which limit there is; the others
    /// answer.
    fn ends(base: &str, head: &str, refused: &[&str]) {
        let folder = TempDir::new().unwrap();
        for (name, text) in [
            ("base.yaml", base),
            ("head.yaml", head),
            ("tests.yaml", TESTS),
        ] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        for command in COMMANDS {
            let args: Vec<&str> = command.split(' ').collect();
            let output = limited::ends(folder.path(), Some(MIB), &args);
            let stderr: String = String::from_utf8_lossy(&output.stderr)
                .chars()
                .take(500)
                .collect();
            if refused.iter().any(|refused| command.starts_with(refused)) {
                assert_eq!(output.status.code(), Some(2), "{command}: {stderr}");
                assert!(stderr.contains("more than "), "{command}: {stderr}");
                assert!(output.stdout.is_empty(), "{command}");
            } else {
                let code = output.status.code();
                assert!(matches!(code, Some(0 | 1)), "{command}: {code:?} {stderr}");
            }
        }
    }

    #[test]
    fn a_rule_of_a_hundred_million_points() {
        let head = bound([product(0, 100)]);
        assert!(head.len() < 1_000);
        ends(&bound([]), &head, &["can-i --list"]);
        ends(&bound([product(50, 100)]), &head, &["can-i --list"]);
        ends(&bound(diagonal(100)), &head, &["can-i --list"]);
    }

    #[test]
    fn rules_that_cut_one_another_into_pieces() {
        // Each lists half of the words, as a hash falls.
        let listed = |dimension: u64, at: u64, word: u64| {
            let mixed = (dimension << 40 | at << 20 | word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 60 & 1 == 0
        };
        let rule = |at: u64| {
            let [verbs, groups, resources, names] = [0, 1, 2, 3].map(|dimension| {
                let words = (0..100).filter(|&word| listed(dimension, at, word));
                words
                    .map(|word| format!("w{word}"))
                    .collect::<Vec<_>>()
                    .join(",")
            });
            format!(
                "{{verbs: [{verbs}], apiGroups: [{groups}], resources: [{resources}], \
                 resourceNames: [{names}]}}"
            )
        };
        let head = bound((0..60).map(rule));
        ends(&bound([]), &head, &["can-i --list", "diff"]);
    }

    #[test]
    fn a_role_of_ten_thousand_rules() {
        let rules = |from| (from..from + 10_000).map(|at| get(format_args!("r{at}")));
        ends(&bound(rules(5_000)), &bound(rules(0)), &[]);
        let named = (0..10_000).map(|at| {
            format!(
                "{{verbs: [\"*\"], apiGroups: [\"*\"], resources: [\"*\"], resourceNames: [n{at}]}}"
            )
        });
        ends(&bound([get("secrets")]), &bound(named), &[]);
    }

    #[test]
    fn a_thousand_bindings_to_a_role_of_three_hundred_rules() {
        let head = |rule: &dyn Fn(usize) -> String, user: &dyn Fn(usize) -> String| {
            let bindings = (0..1_000).map(|at| binding(&format!("b{at}"), "r", [user(at)]));
            role("r", "", (0..300).map(rule)) + &bindings.collect::<String>()
        };
        let rule = |at| get(format_args!("r{at}"));
        let alice = |_| "alice".to_owned();
        ends(&bound([]), &head(&rule, &alice), &[]);
        // Each binding and rule allows it.
        let pods = |at| get("pods").replace("[get]", &format!("[get, v{at}]"));
        ends(&bound([]), &head(&pods, &alice), &["diff"]);
        ends(&bound([]), &head(&rule, &|at| format!("u{at}")), &["diff"]);
    }

    #[test]
    fn a_binding_of_a_hundred_thousand_subjects() {
        let subjects = (0..100_000).map(|at| format!("u{at}"));
        let head = role("r", "", [get("pods")]) + &binding("b", "r", subjects);
        ends(&bound([]), &head, &[]);
    }

    #[test]
    fn a_ring_of_eight_hundred_aggregated_roles() {
        let label = |part: String| format!(", labels: {{part: {part}}}");
        let selector = |part: String| format!("{{matchLabels: {{part: {part}}}}}");
        let ring = (0..800).map(|at| {
            let next = selector(format!("ring{}", (at + 1) % 800));
            let own = selector(format!("leaf{at}"));
            let name = format!("ring{at}");
            aggregated(&name, &label(name.clone()), &format!("{next}, {own}"))
        });
        let leaves = (0..800).map(|at| {
            let name = format!("leaf{at}");
            role(&name, &label(name.clone()), [get(format_args!("r{at}"))])
        });
        let bindings = (0..800).map(|at| binding(&format!("b{at}"), &format!("ring{at}"), alice()));
        let head: String = ring.chain(leaves).chain(bindings).collect();
        ends(&bound([]), &head, &["lookup", "diff"]);
    }

    #[test]
    fn three_thousand_roles_that_gather_three_thousand() {
        let leaves = (0..3_000).map(|at| {
            let rule = get(format_args!("r{at}"));
            role(&format!("leaf{at}"), ", labels: {part: leaf}", [rule])
        });
        let gathering = |selector: &'static str| {
            (0..3_000).map(move |at| {
                let name = format!("all{at}");
                let own = selector.replace("OWN", &at.to_string());
                aggregated(&name, "", &own) + &binding(&name, &name, alice())
            })
        };
        let same = gathering("{matchLabels: {part: leaf}}");
        let head: String = leaves.clone().chain(same).collect();
        ends(&bound([]), &head, &["lookup", "diff"]);
        // The same roles by selectors that differ.
        let other =
            gathering("{matchExpressions: [{key: part, operator: In, values: [leaf, xOWN]}]}");
        let head: String = leaves.chain(other).collect();
        ends(&bound([]), &head, &["lookup", "diff"]);
    }
}
