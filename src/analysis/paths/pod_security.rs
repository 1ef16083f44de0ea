//! What Pod Security says to a privileged pod.

use crate::kube::Namespace;

/// The label by which a Namespace says which pods it refuses.
const ENFORCE: &str = "pod-security.kubernetes.io/enforce";

/// What is said to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// It is let in.
    Admits,
    /// The input doesn't tell.
    Unknown,
    /// It is refused.
    Refuses,
}

/// What a Namespace says to a pod that is privileged, with the node's processes and files: both `baseline`
/// and `restricted` refuse all three.
///
/// Without the label a server admits it, unless its own default is another, which no object tells.
///
/// Source: `PolicyToEvaluate` of `k8s.io/pod-security-admission`, which takes a level that it doesn't know
/// for `restricted`.
pub(super) fn refuses_privileged(namespace: Option<&Namespace>) -> Verdict {
    let Some(namespace) = namespace else {
        return Verdict::Unknown;
    };
    let mut labels = namespace.labels.iter();
    match labels.find(|(key, _)| key == ENFORCE) {
        None => Verdict::Admits,
        Some((_, level)) if level == "privileged" => Verdict::Admits,
        Some(_) => Verdict::Refuses,
    }
}
