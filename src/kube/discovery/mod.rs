//! The API resources: plural, singular, kind, short names, group, scope, subresources.
//!
//! What a Kubernetes API server of each minor serves by itself is built in; the CustomResourceDefinitions
//! of the input are added. The catalogue answers what a word on the command line means, as kubectl's
//! discovery does. It decides nothing.
//!
//! ```
//! use rbac_eval::kube::discovery::{Discovery, Resolution};
//!
//! let catalogue = Discovery::built_in();
//! let Resolution::Known(resource) = catalogue.resolve("Deploy.apps") else { panic!() };
//! assert_eq!((resource.group.as_str(), resource.plural.as_str()), ("apps", "deployments"));
//! assert!(resource.namespaced);
//! ```

mod builtin;

use crate::kube::default_policy::DefaultPolicy;
use crate::kube::{CustomResourceDefinition, GroupVersion, Minor};

/// What marks a type that servers serve only where that is switched on.
pub const OFF_BY_DEFAULT: &str = "off by default";

/// The subresource that exists for authorization alone, on every type.
const FINALIZERS: &str = "finalizers";

/// An entry of the built-in table.
struct Builtin {
    group: &'static str,
    /// The one that servers prefer first.
    versions: &'static [ServedIn],
    plural: &'static str,
    singular: &'static str,
    kind: &'static str,
    short_names: &'static [&'static str],
    namespaced: bool,
    verbs: &'static str,
    subresources: &'static [ServedIn],
}

/// A version or subresource, and the minors of Kubernetes that have it.
struct ServedIn {
    name: &'static str,
    first: Minor,
    /// None where the newest known has it.
    last: Option<Minor>,
}

/// What every minor that is known has.
const fn always(name: &'static str) -> ServedIn {
    since(name, 0)
}

/// What the minors from this one on have.
const fn since(name: &'static str, first: u16) -> ServedIn {
    ServedIn {
        name,
        first: Minor::new(first),
        last: None,
    }
}

/// What the minors from one to another have.
const fn between(name: &'static str, first: u16, last: u16) -> ServedIn {
    ServedIn {
        name,
        first: Minor::new(first),
        last: Some(Minor::new(last)),
    }
}

/// The names of those that a minor has.
fn of_minor(all: &[ServedIn], minor: Minor) -> Vec<String> {
    let served = all
        .iter()
        .filter(|one| one.first <= minor && one.last.is_none_or(|last| minor <= last));
    served.map(|one| one.name.to_owned()).collect()
}

/// One resource of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiResource {
    /// The API group, empty for the core group.
    pub group: String,
    /// The served versions, the preferred one first.
    pub versions: Vec<String>,
    /// The name that rules use.
    pub plural: String,
    /// The singular name.
    pub singular: String,
    /// The kind.
    pub kind: String,
    /// Short names.
    pub short_names: Vec<String>,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// The verbs that the server serves for it.
    pub verbs: Vec<String>,
    /// Known subresources, those that exist for authorization alone included.
    pub subresources: Vec<String>,
    /// Whether a CustomResourceDefinition of the input defines it.
    pub custom: bool,
    /// Whether servers serve it unless their owner switches it on: they have it in an alpha or beta
    /// version alone.
    pub off_by_default: bool,
}

impl ApiResource {
    /// `plural`, or `plural.group` outside the core group.
    pub fn full_name(&self) -> String {
        full_name(&self.plural, &self.group)
    }

    /// Whether a request may be about this subresource. What a type of its own definition has beside the
    /// subresources that the definition names isn't known, and `finalizers` is looked at for every type
    /// though no request is sent there.
    ///
    /// Source: `OwnerReferencesPermissionEnforcement`, which asks for `update` of `finalizers`.
    pub fn may_have_subresource(&self, name: &str) -> bool {
        self.custom || name == FINALIZERS || self.subresources.iter().any(|known| known == name)
    }

    /// What servers of a minor have of it; none where they don't have it at all.
    fn from_builtin(builtin: &Builtin, minor: Minor) -> Option<Self> {
        let owned = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        let versions = of_minor(builtin.versions, minor);
        let is_on = |version: &String| {
            let is_beta = version.contains("beta");
            !version.contains("alpha") && (!is_beta || minor < Minor::BETA_OFF)
        };
        (!versions.is_empty()).then(|| ApiResource {
            group: builtin.group.to_owned(),
            off_by_default: !versions.iter().any(is_on),
            versions,
            plural: builtin.plural.to_owned(),
            singular: builtin.singular.to_owned(),
            kind: builtin.kind.to_owned(),
            short_names: owned(builtin.short_names),
            namespaced: builtin.namespaced,
            verbs: builtin.verbs.split(' ').map(str::to_owned).collect(),
            subresources: of_minor(builtin.subresources, minor),
            custom: false,
        })
    }

    fn from_definition(definition: &CustomResourceDefinition) -> Self {
        ApiResource {
            group: definition.group.clone(),
            versions: definition.versions.clone(),
            plural: definition.plural.clone(),
            singular: definition.singular.clone(),
            kind: definition.kind.clone(),
            short_names: definition.short_names.clone(),
            namespaced: definition.namespaced,
            verbs: [
                "create",
                "delete",
                "deletecollection",
                "get",
                "list",
                "patch",
                "update",
                "watch",
            ]
            .map(str::to_owned)
            .to_vec(),
            subresources: definition.subresources.clone(),
            custom: true,
            off_by_default: false,
        }
    }

    /// Whether a lower-case word is the plural, the singular or the kind.
    fn is_called(&self, word: &str) -> bool {
        self.plural == word
            || self.singular == word
            || (self.kind.len() == word.len() && self.kind.eq_ignore_ascii_case(word))
    }
}

/// Whether servers by themselves have lists of this kind in a group and version: `List` in each, and
/// one for each type. As kubectl takes whatever has `items` for a list, a type's own kind is one too.
///
/// Source: `NewDiscoveryRESTMapper` of client-go.
pub(super) fn has_lists(version: &GroupVersion<'_>, kind: &str) -> bool {
    let item_kind = kind.strip_suffix("List").unwrap_or(kind);
    builtin::RESOURCES.iter().any(|builtin| {
        builtin.group == version.group
            && builtin
                .versions
                .iter()
                .any(|known| known.name == version.version)
            && (kind == "List" || builtin.kind == item_kind || builtin.kind == kind)
    })
}

/// `resource`, or `resource.group` outside the core group; a subresource stays last.
pub fn full_name(resource: &str, group: &str) -> String {
    if group.is_empty() {
        return resource.to_owned();
    }
    match resource.split_once('/') {
        Some((resource, subresource)) => format!("{resource}.{group}/{subresource}"),
        None => format!("{resource}.{group}"),
    }
}

/// What a word for a resource means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution<'c> {
    /// A resource of the catalogue.
    Known(&'c ApiResource),
    /// A word that kubectl takes as it stands, without a warning: `*`, and `users` and `groups`,
    /// which exist for impersonation alone.
    Literal(String),
    /// A word that the catalogue doesn't know.
    Unknown {
        /// The resource without its group: as written where there is no group, else in lower case.
        resource: String,
        /// The group after the first dot, and after a version; empty where none was written.
        group: String,
        /// The group as kubectl's warning names it.
        warned_group: String,
    },
}

/// All resources, in the order in which discovery prefers them.
#[derive(Debug, Clone)]
pub struct Discovery {
    resources: Vec<ApiResource>,
}

impl Default for Discovery {
    fn default() -> Self {
        Discovery::built_in()
    }
}

impl Discovery {
    /// The resources that an API server of the newest known Kubernetes serves by itself.
    pub fn built_in() -> Self {
        Discovery::of_minor(DefaultPolicy::newest().version, [])
    }

    /// The resources that an API server of a minor serves by itself, and those of
    /// CustomResourceDefinitions. Of a minor that isn't built in, those of the nearest one.
    ///
    /// Built-in resources come first, as a server prefers its own; those that are off by default come last.
    pub fn of_minor<'a>(
        minor: Minor,
        definitions: impl IntoIterator<Item = &'a CustomResourceDefinition>,
    ) -> Self {
        let minor = DefaultPolicy::nearest(minor).version;
        let (unstable, mut resources): (Vec<_>, Vec<_>) = builtin::RESOURCES
            .iter()
            .filter_map(|builtin| ApiResource::from_builtin(builtin, minor))
            .partition(|resource| resource.off_by_default);
        let mut custom: Vec<_> = definitions
            .into_iter()
            .map(ApiResource::from_definition)
            .collect();
        custom.sort_by(|a, b| (&a.group, &a.plural).cmp(&(&b.group, &b.plural)));
        resources.extend(custom);
        for resource in unstable {
            let defined = resources
                .iter()
                .any(|known| known.group == resource.group && known.plural == resource.plural);
            if !defined {
                resources.push(resource);
            }
        }
        Discovery { resources }
    }

    /// What a word for a resource means to servers of other versions of Kubernetes, the newest first: the
    /// resource's full name, and the versions that have it, the oldest first.
    pub fn in_other_minors(word: &str) -> Option<(String, Vec<Minor>)> {
        let minors: Vec<Minor> = DefaultPolicy::all().map(|policy| policy.version).collect();
        let known = minors.iter().rev().find_map(|&minor| {
            match Discovery::of_minor(minor, []).resolve(word) {
                Resolution::Known(resource) => Some(resource.clone()),
                _ => None,
            }
        })?;
        let builtin = builtin::RESOURCES
            .iter()
            .find(|one| one.plural == known.plural && one.group == known.group)?;
        let having = minors
            .into_iter()
            .filter(|&minor| !of_minor(builtin.versions, minor).is_empty());
        Some((known.full_name(), having.collect()))
    }

    /// All resources, in the order in which discovery prefers them.
    pub fn resources(&self) -> &[ApiResource] {
        &self.resources
    }

    /// The resource of this plural name and group.
    pub fn get(&self, group: &str, plural: &str) -> Option<&ApiResource> {
        self.resources
            .iter()
            .find(|resource| resource.plural == plural && resource.group == group)
    }

    /// The groups that have a resource of this plural name.
    pub fn groups_of<'c>(&'c self, plural: &'c str) -> impl Iterator<Item = &'c str> {
        self.resources
            .iter()
            .filter(move |resource| resource.plural == plural)
            .map(|resource| resource.group.as_str())
    }

    /// What a word for a resource means: plural, singular, kind or short name, in any case, alone
    /// or followed by `.GROUP` or `.VERSION.GROUP`; a group may be cut short (`roles.rbac`).
    ///
    /// Source: `resourceFor` of `kubectl auth can-i`, and the REST mapper and shortcut expander of
    /// client-go beneath it.
    pub fn resolve(&self, word: &str) -> Resolution<'_> {
        if word == "*" {
            return Resolution::Literal(word.to_owned());
        }
        let lower = word.to_lowercase();
        let mut parts = lower.splitn(3, '.');
        if let (Some(resource), Some(version), Some(group)) =
            (parts.next(), parts.next(), parts.next())
            && let Some(found) = self.find(resource, Some(version), group)
        {
            return Resolution::Known(found);
        }
        let (resource, group) = lower.split_once('.').unwrap_or((&lower, ""));
        if let Some(found) = self.find(resource, None, group) {
            return Resolution::Known(found);
        }
        if matches!(&*lower, "users" | "groups") {
            return Resolution::Literal(word.to_owned());
        }
        if group.is_empty() {
            return Resolution::Unknown {
                resource: word.to_owned(),
                group: String::new(),
                warned_group: String::new(),
            };
        }
        let without_version = match group.split_once('.') {
            Some((version, rest)) if is_version(version) => rest,
            _ => group,
        };
        Resolution::Unknown {
            resource: resource.to_owned(),
            group: without_version.to_owned(),
            warned_group: group.to_owned(),
        }
    }

    fn find(&self, resource: &str, version: Option<&str>, group: &str) -> Option<&ApiResource> {
        let (resource, group) = self.expand_short_name(resource, group);
        let called = |candidate: &&ApiResource| {
            candidate.is_called(resource)
                && version
                    .is_none_or(|version| candidate.versions.iter().any(|served| served == version))
        };
        let mut candidates = self.resources.iter().filter(called);
        if group.is_empty() && version.is_none() {
            return candidates.next();
        }
        let exact = candidates.clone().find(|found| found.group == group);
        if version.is_some() {
            return exact;
        }
        exact.or_else(|| candidates.find(|found| found.group.starts_with(group)))
    }

    /// A short name stands for its resource unless something is called just that.
    fn expand_short_name<'a>(&'a self, word: &'a str, group: &'a str) -> (&'a str, &'a str) {
        let in_group = |resource: &&ApiResource| group.is_empty() || resource.group == group;
        let taken = self
            .resources
            .iter()
            .filter(in_group)
            .any(|resource| resource.plural == word || resource.singular == word);
        if taken {
            return (word, group);
        }
        let short = |resource: &&ApiResource| resource.short_names.iter().any(|name| name == word);
        let found = self
            .resources
            .iter()
            .filter(in_group)
            .find(short)
            .or_else(|| {
                self.resources
                    .iter()
                    .filter(|resource| resource.group.starts_with(group))
                    .find(short)
            });
        match found {
            Some(resource) => (&resource.plural, &resource.group),
            None => (word, group),
        }
    }
}

/// Whether a word is an API version, as `v1` or `v2beta1`.
fn is_version(word: &str) -> bool {
    let Some(rest) = word.strip_prefix('v') else {
        return false;
    };
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let stage = rest
        .strip_prefix("alpha")
        .or_else(|| rest.strip_prefix("beta"));
    let digits = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    word[1..].starts_with(|c: char| c.is_ascii_digit())
        && (rest.is_empty() || stage.is_some_and(digits))
}

/// The verbs that `kubectl auth can-i` knows for resources.
///
/// Source: `resourceVerbs` of `kubectl auth can-i`.
pub const RESOURCE_VERBS: [&str; 16] = [
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "use",
    "bind",
    "impersonate",
    "*",
    "approve",
    "sign",
    "escalate",
    "attest",
];

/// The verbs that `kubectl auth can-i` knows for URLs outside the API resources.
///
/// Source: `nonResourceURLVerbs` of `kubectl auth can-i`.
pub const NON_RESOURCE_VERBS: [&str; 8] = [
    "get", "put", "post", "head", "options", "delete", "patch", "*",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn known(word: &str) -> Option<String> {
        match Discovery::built_in().resolve(word) {
            Resolution::Known(resource) => Some(resource.full_name()),
            _ => None,
        }
    }

    #[test]
    fn words_resolve_as_kubectl_resolves_them() {
        for (word, expected) in [
            ("pods", Some("pods")),
            ("Pod", Some("pods")),
            ("po", Some("pods")),
            ("deploy.apps", Some("deployments.apps")),
            ("deployments.v1.apps", Some("deployments.apps")),
            ("deployments.v2.apps", None),
            ("roles.rbac", Some("roles.rbac.authorization.k8s.io")),
            ("events", Some("events")),
            ("events.events.k8s.io", Some("events.events.k8s.io")),
            ("certificates.cert-manager.io", None),
            ("pods.metrics.k8s.io", None),
            ("psp", None),
            ("", None),
            (".", None),
        ] {
            assert_eq!(known(word).as_deref(), expected, "{word}");
        }
    }

    #[test]
    fn an_unknown_word_with_a_group_is_taken_apart() {
        let discovery = Discovery::built_in();
        assert_eq!(
            discovery.resolve("certificates.v1.cert-manager.io"),
            Resolution::Unknown {
                resource: "certificates".into(),
                group: "cert-manager.io".into(),
                warned_group: "v1.cert-manager.io".into(),
            }
        );
        assert_eq!(
            discovery.resolve("Frobs"),
            Resolution::Unknown {
                resource: "Frobs".into(),
                group: String::new(),
                warned_group: String::new(),
            }
        );
    }
}
