//! What may refuse an object: policies and webhooks of the input, which aren't judged.

use crate::cluster::Snapshot;
use crate::kube::{
    LabelOperator, LabelSelector, Namespace, PolicyEngine, PolicyObject, Webhook,
    WebhookConfiguration, WebhookKind,
};

use super::index::narrow;
use super::pod_security::{Verdict, refuses_privileged};

/// What is written, as policies and webhooks are asked about it.
#[derive(Debug, Clone, Copy)]
pub(super) struct WriteOf {
    pub(super) group: &'static str,
    pub(super) resource: &'static str,
    pub(super) kind: &'static str,
    pub(super) operation: &'static str,
}

/// A new pod.
pub(super) const POD: WriteOf = core("pods", "Pod", "CREATE");
/// A new claim.
pub(super) const CLAIM: WriteOf = core("persistentvolumeclaims", "PersistentVolumeClaim", "CREATE");
/// A new volume.
pub(super) const VOLUME: WriteOf = core("persistentvolumes", "PersistentVolume", "CREATE");
/// A new Namespace.
pub(super) const NEW_NAMESPACE: WriteOf = core("namespaces", "Namespace", "CREATE");
/// Another label of a Namespace.
pub(super) const LABEL: WriteOf = core("namespaces", "Namespace", "UPDATE");

const fn core(resource: &'static str, kind: &'static str, operation: &'static str) -> WriteOf {
    WriteOf {
        group: "",
        resource,
        kind,
        operation,
    }
}

/// Where something is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum WritePlace<'p> {
    /// In a namespace, or the Namespace itself.
    Namespace(&'p str, Option<&'p Namespace>),
    /// In a namespace that whoever writes makes, or that namespace.
    New,
    /// In none.
    Cluster,
}

/// An object that may refuse others, by its number among those of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Blocker {
    /// A [`PolicyObject`].
    Policy(u32),
    /// A [`WebhookConfiguration`].
    Webhook(u32),
}

impl Blocker {
    /// What the half is called that takes it away.
    pub(super) fn key(self) -> String {
        match self {
            Blocker::Policy(number) => format!("policy {number}"),
            Blocker::Webhook(number) => format!("webhook {number}"),
        }
    }
}

/// What of a snapshot may refuse what is written.
pub(super) fn blockers(
    snapshot: &Snapshot,
    written: WriteOf,
    place: WritePlace<'_>,
) -> Vec<Blocker> {
    let policies = (0..).zip(snapshot.objects().of::<PolicyObject>());
    let policies = policies
        .filter(|(_, policy)| policy.may_refuse() && speaks_of(policy, written, place))
        .map(|(number, _)| Blocker::Policy(number));
    let webhooks = (0..).zip(snapshot.objects().of::<WebhookConfiguration>());
    let webhooks = webhooks
        .filter(|(_, of)| {
            let mut webhooks = of.webhooks.iter();
            of.kind == WebhookKind::Validating && webhooks.any(|one| is_asked(one, written, place))
        })
        .map(|(number, _)| Blocker::Webhook(number));
    policies.chain(webhooks).collect()
}

fn speaks_of(policy: &PolicyObject, written: WriteOf, place: WritePlace<'_>) -> bool {
    let is_of_kind = policy.kinds.is_empty()
        || policy.kinds.iter().any(|of| {
            let mut groups = of.api_groups.iter();
            let is_of_group = of.api_groups.is_empty()
                || groups.any(|group| group == "*" || group == written.group);
            let mut kinds = of.kinds.iter();
            let is_kind = |kind: &str| matches_glob(kind, written.kind);
            // Kyverno writes `GROUP/VERSION/KIND` too.
            is_of_group && kinds.any(|kind| is_kind(kind.rsplit('/').next().unwrap_or(kind)))
        });
    let is_there = match place {
        WritePlace::Namespace(name, _) => {
            let is_own = policy.engine != PolicyEngine::Kyverno
                || policy.namespace.is_empty()
                || policy.namespace == name;
            let mut namespaces = policy.namespaces.iter();
            let mut excluded = policy.excluded_namespaces.iter();
            is_own
                && (policy.namespaces.is_empty() || namespaces.any(|of| matches_glob(of, name)))
                && !excluded.any(|of| matches_glob(of, name))
        }
        // Whoever makes it names it, but names that are listed may be taken.
        WritePlace::New => {
            let mut excluded = policy.excluded_namespaces.iter();
            policy.namespaces.is_empty()
                && policy.namespace.is_empty()
                && !excluded.any(|of| of.contains('*'))
        }
        WritePlace::Cluster => policy.namespaces.is_empty() && policy.namespace.is_empty(),
    };
    is_of_kind && is_there
}

/// Whether a webhook is asked about an object whose labels its writer chooses.
///
/// Source: `Matcher` of `k8s.io/apiserver/pkg/admission/plugin/webhook/predicates`.
fn is_asked(webhook: &Webhook, written: WriteOf, place: WritePlace<'_>) -> bool {
    let has = |list: &[crate::kube::CompactString], word: &str| {
        list.iter().any(|known| known == "*" || known == word)
    };
    let is_namespaced = !matches!(place, WritePlace::Cluster) && written.kind != "Namespace";
    let scope = if is_namespaced {
        "Namespaced"
    } else {
        "Cluster"
    };
    let mut rules = webhook.rules.iter();
    let is_of_rules = rules.any(|rule| {
        let mut resources = rule.resources.iter();
        has(&rule.operations, written.operation)
            && has(&rule.api_groups, written.group)
            && resources.any(|resource| {
                let resource = resource.strip_suffix("/*").unwrap_or(resource);
                resource == "*" || resource == written.resource
            })
            && rule.scope.as_deref().is_none_or(|of| of == scope)
    });
    let selector = &webhook.namespace_selector;
    let (is_of_object, is_of_namespace) = match place {
        WritePlace::Cluster => (takes_all(&webhook.object_selector, None), true),
        WritePlace::New => (
            takes_all(&webhook.object_selector, None),
            takes_all(selector, None),
        ),
        // Of a change, the object as it was is looked at too.
        WritePlace::Namespace(name, of) if written.kind == "Namespace" => (
            takes_all(&webhook.object_selector, Some(name))
                || of.is_none_or(|of| webhook.object_selector.matches(&labels_of(name, of))),
            takes_all(selector, Some(name)),
        ),
        WritePlace::Namespace(name, of) => (
            takes_all(&webhook.object_selector, None),
            of.is_none_or(|of| selector.matches(&labels_of(name, of))),
        ),
    };
    is_of_rules && is_of_object && is_of_namespace
}

/// The label that a server gives each Namespace.
const NAME: &str = "kubernetes.io/metadata.name";

/// The labels of a Namespace as a server has them.
fn labels_of(name: &str, namespace: &Namespace) -> Vec<(String, String)> {
    let mut labels = namespace.labels.clone();
    labels.retain(|(key, _)| key != NAME);
    labels.push((NAME.to_owned(), name.to_owned()));
    labels.sort();
    labels
}

/// Whether a selector takes an object whatever labels its writer gives it: all but that of a Namespace's
/// name, where it is one of this name, or of a new one.
fn takes_all(selector: &LabelSelector, name: Option<&str>) -> bool {
    let mut labels = selector.match_labels.iter();
    let mut requirements = selector.match_expressions.iter();
    labels.all(|(key, value)| key == NAME && name == Some(value))
        && requirements.all(|wanted| {
            let lists = |name: &str| wanted.values.iter().any(|value| value == name);
            wanted.key == NAME
                && match wanted.operator {
                    LabelOperator::In => name.is_some_and(lists),
                    LabelOperator::NotIn => !name.is_some_and(lists),
                    LabelOperator::Exists => true,
                    LabelOperator::DoesNotExist => false,
                }
        })
}

/// Whether `*` in a pattern, standing for anything, makes it a name.
fn matches_glob(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut name) = name.strip_prefix(start) else {
        return false;
    };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let end = pieces.pop().unwrap_or_default();
    for piece in pieces {
        match name.find(piece) {
            Some(at) => name = &name[at + piece.len()..],
            None => return false,
        }
    }
    name.ends_with(end)
}

/// What a namespace says to a privileged pod.
#[derive(Debug, Clone, Copy)]
pub(super) struct Admission {
    /// Whether the input has the Namespace.
    pub(super) is_there: bool,
    /// What Pod Security says.
    pub(super) pod_security: Verdict,
    /// Whether a policy or a webhook is asked.
    pub(super) is_blocked: bool,
}

impl Admission {
    /// What all of them say.
    pub(super) fn verdict(self) -> Verdict {
        match self.pod_security {
            Verdict::Admits if self.is_blocked => Verdict::Unknown,
            verdict => verdict,
        }
    }
}

/// What each namespace says to a privileged pod.
#[derive(Debug, Default)]
pub(super) struct Admissions {
    of: Vec<Admission>,
}

impl Admissions {
    pub(super) fn new(snapshot: &Snapshot, namespaces: &[&str]) -> Self {
        let of = namespaces.iter().map(|name| {
            let namespace = find(snapshot, name);
            let place = WritePlace::Namespace(name, namespace);
            Admission {
                is_there: namespace.is_some(),
                pod_security: refuses_privileged(namespace),
                is_blocked: !blockers(snapshot, POD, place).is_empty(),
            }
        });
        Admissions { of: of.collect() }
    }

    /// What a namespace says, by its number.
    pub(super) fn of(&self, namespace: u32) -> Admission {
        let unknown = Admission {
            is_there: false,
            pod_security: Verdict::Unknown,
            is_blocked: false,
        };
        self.of.get(namespace as usize).copied().unwrap_or(unknown)
    }

    /// The number of the namespace that says the best.
    pub(super) fn best(&self) -> Option<u32> {
        let all =
            (0..narrow(self.of.len())).map(|namespace| (self.of(namespace).verdict(), namespace));
        all.min().map(|(_, namespace)| namespace)
    }
}

/// A Namespace of the input.
pub(super) fn find<'s>(snapshot: &'s Snapshot, name: &str) -> Option<&'s Namespace> {
    let namespaces = snapshot.namespaces();
    let at = namespaces.binary_search_by(|namespace| (*namespace.name).cmp(name));
    at.ok().map(|at| &namespaces[at].value)
}
