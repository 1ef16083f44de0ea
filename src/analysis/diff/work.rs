//! How much a comparison may cost. Rules can be written so that what two sides have in common falls
//! into more pieces than anyone could read: such a comparison is refused, never cut.

use std::cell::Cell;

use crate::authz::rbac::TooLarge;

/// How many steps a comparison may take. A step is a look at one word or rule; a million of them
/// take about a tenth of a second.
const STEPS: usize = 10_000_000;
/// How many changes an answer may have.
const CHANGES: usize = 120_000;
/// How many causes and exceptions the changes of an answer may have together.
const PARTS: usize = 400_000;
/// How many words the rules of an answer may have together.
const WORDS: usize = 3_000_000;

/// What a comparison has cost as yet.
#[derive(Debug, Default)]
pub(super) struct Work {
    steps: Cell<usize>,
    changes: Cell<usize>,
    parts: Cell<usize>,
    words: Cell<usize>,
}

impl Work {
    /// Adds steps.
    pub(super) fn steps(&self, count: usize) -> Result<(), TooLarge> {
        add(&self.steps, count, STEPS, "steps to compare its rules")
    }

    /// Adds a change to the answer.
    pub(super) fn change(&self) -> Result<(), TooLarge> {
        add(&self.changes, 1, CHANGES, "changes between the sides")
    }

    /// Adds causes or exceptions to the answer.
    pub(super) fn parts(&self, count: usize) -> Result<(), TooLarge> {
        let what = "causes and exceptions of changes between the sides";
        add(&self.parts, count, PARTS, what)
    }

    /// Adds words to the answer.
    pub(super) fn words(&self, count: usize) -> Result<(), TooLarge> {
        let what = "words in the rules of changes between the sides";
        add(&self.words, count, WORDS, what)
    }

    /// How many steps there were.
    #[cfg(any(test, feature = "internals"))]
    pub(super) fn total_steps(&self) -> usize {
        self.steps.get()
    }
}

fn add(
    total: &Cell<usize>,
    count: usize,
    limit: usize,
    what: &'static str,
) -> Result<(), TooLarge> {
    let sum = total.get().saturating_add(count);
    total.set(sum);
    if sum > limit {
        return Err(TooLarge { limit, what });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::diff::{Change, compare};
    use crate::authz::rbac::RbacAuthorizer;
    use crate::cluster::{Defaults, Snapshot};
    use crate::kube::{self, PolicyRule};
    use crate::text::{Files, SourceText};

    /// A role of these rules, bound to Alice as often as names are given: in a namespace, or
    /// everywhere.
    fn rbac(rules: &str, bindings: &[(&str, &str)]) -> RbacAuthorizer {
        const API: &str = "---\napiVersion: rbac.authorization.k8s.io/v1\n";
        let mut text = format!("{API}kind: ClusterRole\nmetadata: {{name: r}}\nrules: [{rules}]\n");
        for (name, namespace) in bindings {
            let (kind, place) = match *namespace {
                "" => ("ClusterRoleBinding", String::new()),
                namespace => ("RoleBinding", format!(", namespace: {namespace}")),
            };
            text.push_str(&format!(
                "{API}kind: {kind}\nmetadata: {{name: {name}{place}}}\n\
                 roleRef: {{kind: ClusterRole, name: r}}\nsubjects: [{{kind: User, name: alice}}]\n"
            ));
        }
        let text = SourceText {
            name: "x.yaml".into(),
            bytes: text.into_bytes(),
            named: true,
        };
        let mut files = Files::default();
        let manifest = kube::parse(&mut files, &[text]);
        let snapshot = Snapshot::new(files, manifest, Defaults::None);
        assert_eq!(snapshot.diagnostics(), []);
        RbacAuthorizer::new(snapshot).unwrap()
    }

    fn words_of(rule: &PolicyRule) -> usize {
        rule.lists().iter().map(|words| words.len()).sum()
    }

    /// An answer, and its changes, causes, words of rules, exceptions, and words of exceptions.
    fn compared(base: &RbacAuthorizer, head: &RbacAuthorizer) -> (Work, [usize; 5]) {
        let work = Work::default();
        let changes = compare(base, head, &work).unwrap();
        let sum = |part: fn(&Change) -> usize| changes.iter().map(part).sum();
        let parts = [
            changes.len(),
            sum(|change| change.causes.len()),
            sum(|change| words_of(&change.rule)),
            sum(|change| change.except.len()),
            sum(|change| change.except.iter().map(|it| words_of(&it.rule)).sum()),
        ];
        (work, parts)
    }

    #[test]
    fn what_an_answer_has_is_counted() {
        let base = rbac(
            "{verbs: [get], apiGroups: [''], resources: [a]}",
            &[("one", "")],
        );
        let head = rbac(
            "{verbs: [get, list, watch], apiGroups: ['', apps], resources: [a, b, c, d, e]}, \
             {verbs: [get, list], apiGroups: [''], resources: [f], resourceNames: [u, v, w]}, \
             {verbs: [get, post], nonResourceURLs: [/a, /b, /c]}",
            &[("one", ""), ("two", ""), ("three", "")],
        );
        for (base, head) in [(&base, &head), (&head, &base)] {
            let (work, [changes, causes, words, excepts, _]) = compared(base, head);
            // The first rule falls into several pieces, and each is given three times.
            assert!(changes > 3 && causes == 3 * changes && excepts == 0);
            assert_eq!(work.changes.get(), changes);
            assert_eq!(work.parts.get(), causes);
            assert_eq!(work.words.get(), words);
        }
    }

    #[test]
    fn exceptions_are_counted() {
        let listed = "{verbs: [get], apiGroups: [''], resources: [a, b, c]}, \
                      {verbs: [list], apiGroups: [apps], resources: [a, b]}";
        let every = "{verbs: ['*'], apiGroups: ['*'], resources: ['*']}";
        let head = rbac(every, &[("one", ""), ("two", "")]);
        // Those of the whole cluster are counted where they are found, and for each subject.
        for bindings in [&[("one", "")], &[("one", "prod")]] {
            let (work, [changes, causes, words, excepts, of_excepts]) =
                compared(&rbac(listed, bindings), &head);
            assert_eq!((changes, causes, excepts), (1, 2, 2));
            assert_eq!(work.parts.get(), causes + 2 * excepts);
            assert_eq!(work.words.get(), words + 2 * of_excepts);
        }
        let head = rbac(every, &[("one", "prod"), ("two", "prod")]);
        let (work, [changes, causes, words, excepts, of_excepts]) =
            compared(&rbac(listed, &[("one", "prod")]), &head);
        assert_eq!((changes, causes, excepts), (1, 2, 2));
        assert_eq!(work.parts.get(), causes + excepts);
        assert_eq!(work.words.get(), words + of_excepts);
    }

    #[test]
    fn what_goes_beyond_a_limit_is_refused() {
        type Add = fn(&Work, usize) -> Result<(), TooLarge>;
        let kinds: [(Add, usize); 3] = [
            (Work::steps, STEPS),
            (Work::parts, PARTS),
            (Work::words, WORDS),
        ];
        for (add, limit) in kinds {
            let work = Work::default();
            assert_eq!(add(&work, limit - 1), Ok(()));
            assert_eq!(add(&work, 1), Ok(()));
            for more in [1, usize::MAX, 0] {
                assert_eq!(add(&work, more).map_err(|error| error.limit), Err(limit));
            }
        }
        let work = Work::default();
        for _ in 0..CHANGES {
            assert_eq!(work.change(), Ok(()));
        }
        assert_eq!(work.change().map_err(|error| error.limit), Err(CHANGES));
    }
}
