//! Why: the grants of a yes, and the near misses of a no.
//!
//! A near miss is a rule that would allow the request if one thing were different: the namespace,
//! the name, the verb, the API group, the subresource, or who the binding names.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use hashbrown::{HashMap, HashSet};

use crate::authn::{UserInfo, is_group_of_everyone, split_service_account};
use crate::authz::chain;
use crate::authz::rbac::rules;
use crate::authz::rbac::{AllowingRules, RbacAuthorizer, TooLarge};
use crate::authz::{Attributes, ResourceAttributes};
use crate::authz::{Authorizer, Decision, Response};
use crate::cluster::{BindingId, Reach, RoleId, Snapshot};
use crate::entra::{Directory, is_object_id};
use crate::kube::{Binding, BindingKind, PolicyRule, Subject, SubjectKind, placeholder};

/// What would have to differ for a near miss to allow the request. The order is that of nearness.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Miss {
    /// The binding's subject is a group that the directory knows the asker to be in, by display name or
    /// e-mail, where tokens carry object IDs: it was surely meant for them.
    OwnGroupName,
    /// The binding's namespace isn't the request's.
    Namespace,
    /// The rule is restricted to names, and the request's isn't among them or it carries none.
    ResourceName(RequestName),
    /// The rule doesn't list the verb.
    Verb,
    /// The rule lists the resource under another API group.
    ApiGroup,
    /// The rule covers the resource without the subresource, or the other way round.
    Subresource,
    /// The rule covers another URL that begins alike.
    NonResourceUrl,
    /// The request is for the whole cluster, and the binding is a RoleBinding.
    ClusterScope,
    /// The binding names a role that isn't there.
    RoleNotFound,
    /// The binding's subject is called the same but for the case of letters.
    SubjectCase,
    /// The binding's subject is called the same but is of another kind.
    SubjectKind(AskerKind),
    /// The binding's subject is the service account of that name in another namespace.
    SubjectNamespace,
    /// The binding's subject is a group by display name or e-mail, where Entra ID's tokens carry
    /// object IDs.
    GroupName,
}

/// Whether a request carries a name, and if not why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RequestName {
    /// It does.
    Given,
    /// Requests of its verb never do.
    Never,
    /// Requests of its verb do only with a field selector for `metadata.name`.
    BySelector,
    /// It asks about every name.
    Every,
}

impl RequestName {
    fn of(attributes: &ResourceAttributes) -> Self {
        if !attributes.name.is_empty() {
            return RequestName::Given;
        }
        RequestName::of_verb(attributes)
    }

    /// Whether requests of this verb carry a name, whether one was given or not.
    pub(crate) fn of_verb(attributes: &ResourceAttributes) -> Self {
        match (&*attributes.verb, attributes.subresource.is_empty()) {
            ("create" | "deletecollection", true) => RequestName::Never,
            ("list" | "watch", _) => RequestName::BySelector,
            _ => RequestName::Every,
        }
    }
}

/// What an asker is, where a binding names them as something else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum AskerKind {
    /// A user.
    User,
    /// A group of the asker's.
    Group,
    /// A service account.
    ServiceAccount {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
}

/// Something beside RBAC that bears on an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caveat {
    /// The Node authorizer may allow the asker more.
    NodeAuthorizer,
    /// The asker is a ServiceAccount that a complete input doesn't have.
    NoServiceAccount {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// The request is in a namespace that a complete input doesn't have.
    NoNamespace {
        /// The namespace.
        namespace: String,
    },
}

/// A rule that would allow the request if one thing were different.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NearMiss {
    /// What would have to differ.
    pub miss: Miss,
    /// The binding.
    pub binding: BindingId,
    /// The number, from 0, of the subject in the binding.
    pub subject: usize,
    /// The role, unless it isn't there.
    pub role: Option<RoleId>,
    /// The number, from 1, of the rule among the role's effective ones.
    pub rule: Option<usize>,
}

/// A decision with its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The decision and every grant.
    pub response: Response,
    /// The near misses of a no, closest first.
    pub near_misses: Vec<NearMiss>,
    /// How many near misses there are beyond those that are listed.
    pub unlisted_near_misses: usize,
    /// Of a no: the bindings that apply to the asker and whose role the input lacks.
    pub incomplete: Vec<BindingId>,
    /// What else bears on the answer.
    pub caveats: Vec<Caveat>,
    /// How many bindings name the asker or one of their groups, wherever they apply; the groups
    /// that everyone is in don't count.
    pub bindings_of_asker: usize,
}

/// Decides a request and says why.
///
/// Finding near misses of a no looks at all bindings, since those of others may be meant for the
/// asker; a yes costs no more than the asker's own bindings. The directory, which may be empty, knows the
/// names of the asker's groups.
///
/// ```
/// use rbac_eval::authz::{Attributes, NonResourceAttributes};
/// use rbac_eval::analysis::explain::{Miss, explain};
/// use rbac_eval::entra::Directory;
/// use rbac_eval::kube::Manifest;
/// use rbac_eval::text::Files;
/// use rbac_eval::cluster::{Defaults, Snapshot};
/// use rbac_eval::authz::rbac::RbacAuthorizer;
/// use rbac_eval::authn::UserInfo;
///
/// let snapshot = Snapshot::new(Files::default(), Manifest::default(), Defaults::Auto);
/// let rbac = RbacAuthorizer::new(snapshot)?;
/// let request = Attributes::NonResource(NonResourceAttributes {
///     verb: "post".into(),
///     path: "/version".into(),
/// });
/// let alice = UserInfo::impersonated("alice", []);
/// let explanation = explain(&rbac, &Directory::default(), &alice, &request)?;
/// assert_eq!(explanation.near_misses[0].miss, Miss::Verb);
/// # Ok::<(), rbac_eval::authz::rbac::TooLarge>(())
/// ```
///
/// # Errors
/// If the answer has more grants than the limit that the error names.
pub fn explain(
    rbac: &RbacAuthorizer,
    directory: &Directory,
    user: &UserInfo,
    attributes: &Attributes,
) -> Result<Explanation, TooLarge> {
    rbac.check_grants(user, attributes)?;
    let response = chain(rbac).authorize(user, attributes);
    let own = bindings_of(rbac, user);
    let mut near_misses = NearMisses::default();
    let mut incomplete = Vec::new();
    if response.decision != Decision::Allow {
        incomplete.extend(response.errors.iter().map(|error| error.binding));
    }
    if response.decision == Decision::NoOpinion {
        let mut known = HashMap::new();
        for &(binding, subject) in &own {
            own_misses(
                rbac,
                binding,
                subject,
                attributes,
                &mut known,
                &mut near_misses,
            );
        }
        let asker = Asker::new(user, directory);
        meant_for_asker(rbac, &asker, attributes, &mut near_misses);
    }
    let (near_misses, unlisted_near_misses) = near_misses.nearest();
    let mut bindings: Vec<BindingId> = own
        .iter()
        .filter(|&&(binding, subject)| {
            let subject = &rbac.snapshot().binding(binding).subjects[subject];
            subject.kind != SubjectKind::Group || !is_group_of_everyone(&subject.name)
        })
        .map(|&(binding, _)| binding)
        .collect();
    bindings.dedup();
    Ok(Explanation {
        response,
        near_misses,
        unlisted_near_misses,
        incomplete,
        caveats: caveats(rbac.snapshot(), user, attributes),
        bindings_of_asker: bindings.len(),
    })
}

/// How many near misses are listed.
const MOST_MISSES: usize = 50_000;

/// Near misses by what would have to differ, of each kind the first ones.
#[derive(Default)]
struct NearMisses {
    listed: BTreeMap<Miss, Vec<NearMiss>>,
    unlisted: usize,
}

impl NearMisses {
    fn push(&mut self, miss: NearMiss) {
        self.extend(&miss.miss.clone(), 1, std::iter::once(miss));
    }

    /// Adds so many of one kind, of which only those are looked at that are listed.
    fn extend(&mut self, kind: &Miss, count: usize, misses: impl Iterator<Item = NearMiss>) {
        let alike = self.listed.entry(kind.clone()).or_default();
        let listed = count.min(MOST_MISSES - alike.len());
        alike.extend(misses.take(listed));
        self.unlisted += count - listed;
    }

    /// The nearest, sorted, each once, and how many there are beyond these.
    fn nearest(self) -> (Vec<NearMiss>, usize) {
        let mut nearest: Vec<NearMiss> = self.listed.into_values().flatten().collect();
        nearest.sort();
        nearest.dedup();
        let more = nearest.len().saturating_sub(MOST_MISSES);
        nearest.truncate(MOST_MISSES);
        (nearest, self.unlisted + more)
    }
}

fn caveats(snapshot: &Snapshot, user: &UserInfo, attributes: &Attributes) -> Vec<Caveat> {
    let mut caveats = Vec::new();
    if user.is_node() {
        caveats.push(Caveat::NodeAuthorizer);
    }
    if !snapshot.is_complete() {
        return caveats;
    }
    if let Some((namespace, name)) = split_service_account(&user.name)
        && snapshot.knows_service_accounts()
        && !snapshot.has_service_account(namespace, name)
    {
        caveats.push(Caveat::NoServiceAccount {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        });
    }
    let namespace = attributes.namespace();
    let namespaces = snapshot.namespaces();
    if !namespace.is_empty()
        && !namespaces.is_empty()
        && !namespaces.iter().any(|known| known.name == namespace)
    {
        caveats.push(Caveat::NoNamespace {
            namespace: namespace.to_owned(),
        });
    }
    caveats
}

/// Every subject of every binding that names the user or one of the groups, whatever the namespace.
fn bindings_of(rbac: &RbacAuthorizer, user: &UserInfo) -> Vec<(BindingId, usize)> {
    let mut found: Vec<_> = rbac
        .applied_anywhere(user)
        .into_iter()
        .map(|applied| (applied.binding, applied.subject))
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn reaches(binding: &Binding, namespace: &str) -> bool {
    binding.kind == BindingKind::ClusterRoleBinding
        || (!namespace.is_empty() && binding.namespace == namespace)
}

/// Of lists of rules, by where they stand and whether their binding is in scope, those that nearly
/// allow a request.
type KnownMisses = HashMap<(Range<usize>, bool), Rc<BTreeMap<Miss, Vec<usize>>>>;

fn own_misses(
    rbac: &RbacAuthorizer,
    id: BindingId,
    subject: usize,
    attributes: &Attributes,
    known: &mut KnownMisses,
    misses: &mut NearMisses,
) {
    let binding = rbac.snapshot().binding(id);
    let in_scope = reaches(binding, attributes.namespace());
    let Some(role) = rbac.role_of(id) else {
        if in_scope {
            misses.push(NearMiss {
                miss: Miss::RoleNotFound,
                binding: id,
                subject,
                role: None,
                rule: None,
            });
        }
        return;
    };
    let of_role = known
        .entry((rbac.place_of_rules(role), in_scope))
        .or_insert_with(|| {
            let mut misses: BTreeMap<Miss, Vec<usize>> = BTreeMap::new();
            for (rule, number) in rbac.effective_rules(role).zip(1..) {
                let miss = if in_scope {
                    rule_miss(rule.rule, attributes)
                } else {
                    let allows = rules::rule_allows(rule.rule, attributes);
                    allows.then_some(if attributes.namespace().is_empty() {
                        Miss::ClusterScope
                    } else {
                        Miss::Namespace
                    })
                };
                if let Some(miss) = miss {
                    misses.entry(miss).or_default().push(number);
                }
            }
            Rc::new(misses)
        })
        .clone();
    for (miss, rules) in &*of_role {
        misses.extend(
            miss,
            rules.len(),
            rules.iter().map(|&rule| NearMiss {
                miss: miss.clone(),
                binding: id,
                subject,
                role: Some(role),
                rule: Some(rule),
            }),
        );
    }
}

/// The one thing for which a rule doesn't allow a request, if it is one.
fn rule_miss(rule: &PolicyRule, attributes: &Attributes) -> Option<Miss> {
    match attributes {
        Attributes::Resource(attributes) => {
            let verb = rules::verb_matches(rule, &attributes.verb);
            let group = rules::api_group_matches(rule, &attributes.group);
            let resource = rules::resource_matches(rule, attributes);
            let name = rules::resource_name_matches(rule, &attributes.name);
            match (verb, group, resource, name) {
                (true, true, true, false) => Some(Miss::ResourceName(RequestName::of(attributes))),
                (false, true, true, true) => Some(Miss::Verb),
                (true, false, true, true) => Some(Miss::ApiGroup),
                (true, true, false, true) if is_subresource_miss(rule, attributes) => {
                    Some(Miss::Subresource)
                }
                _ => None,
            }
        }
        Attributes::NonResource(attributes) => {
            let verb = rules::verb_matches(rule, &attributes.verb);
            let url = rules::non_resource_url_matches(rule, attributes);
            let alike = || {
                rule.non_resource_urls.iter().any(|url| {
                    let url = url.trim_end_matches('/');
                    !url.is_empty()
                        && attributes
                            .path
                            .strip_prefix(url)
                            .is_some_and(|rest| rest.starts_with('/'))
                        || attributes.path.trim_end_matches('/') == url
                })
            };
            match (verb, url) {
                (false, true) => Some(Miss::Verb),
                (true, false) if alike() => Some(Miss::NonResourceUrl),
                _ => None,
            }
        }
    }
}

fn is_subresource_miss(rule: &PolicyRule, attributes: &ResourceAttributes) -> bool {
    rule.resources.iter().any(|resource| {
        let (parent, subresource) = match resource.split_once('/') {
            Some((parent, subresource)) => (parent, subresource),
            None => (resource.as_str(), ""),
        };
        parent == attributes.resource
            && (subresource.is_empty() || attributes.subresource.is_empty() || subresource == "*")
    })
}

/// Bindings that would allow the request to someone who is called nearly as the asker is.
fn meant_for_asker(
    rbac: &RbacAuthorizer,
    asker: &Asker<'_>,
    attributes: &Attributes,
    misses: &mut NearMisses,
) {
    let request = rbac.compile(attributes);
    let mut allowing = AllowingRules::new(rbac, &request);
    for id in rbac
        .snapshot()
        .bindings_in_reach(attributes.namespace(), Reach::Request)
    {
        let binding = rbac.snapshot().binding(id);
        for (number, subject) in binding.subjects.iter().enumerate() {
            let Some(miss) = asker.nearly(subject, binding) else {
                continue;
            };
            let Some(role) = rbac.role_of(id) else {
                continue;
            };
            if let Some(&rule) = allowing.of(role).first() {
                misses.push(NearMiss {
                    miss,
                    binding: id,
                    subject: number,
                    role: Some(role),
                    rule: Some(rule),
                });
            }
        }
    }
}

/// Who asks, in the forms that bindings confuse.
struct Asker<'u> {
    user: &'u UserInfo,
    service_account: Option<(&'u str, &'u str)>,
    may_have_entra_groups: bool,
    /// The names by which people know the asker's groups, in lower case.
    own_group_names: HashSet<String>,
}

impl<'u> Asker<'u> {
    fn new(user: &'u UserInfo, directory: &Directory) -> Self {
        let service_account = split_service_account(&user.name);
        let own_groups = || {
            user.groups
                .iter()
                .filter(|group| !group.starts_with("system:"))
        };
        Asker {
            user,
            service_account,
            may_have_entra_groups: service_account.is_none()
                && !user.name.starts_with("system:")
                && own_groups().all(|group| is_object_id(group)),
            own_group_names: own_groups()
                .filter_map(|group| directory.group(group))
                .flat_map(|group| [&group.display_name, &group.mail])
                .filter(|name| !name.is_empty())
                .map(|name| name.to_lowercase())
                .collect(),
        }
    }

    /// A service account is one, whatever its binding takes it for; others are as told.
    fn kind_miss(&self, other: AskerKind) -> Miss {
        Miss::SubjectKind(match self.service_account {
            Some((namespace, name)) => AskerKind::ServiceAccount {
                namespace: namespace.to_owned(),
                name: name.to_owned(),
            },
            None => other,
        })
    }

    /// What keeps a subject from being the asker, if it is little.
    fn nearly(&self, subject: &Subject, binding: &Binding) -> Option<Miss> {
        let name = subject.name.as_str();
        let has_group = |wanted: &str| self.user.groups.iter().any(|group| group == wanted);
        let groups_alike = || {
            self.user
                .groups
                .iter()
                .any(|group| group != name && group.eq_ignore_ascii_case(name))
        };
        match subject.kind {
            SubjectKind::User => {
                if name == self.user.name {
                    return None;
                }
                if name.eq_ignore_ascii_case(&self.user.name) {
                    return Some(Miss::SubjectCase);
                }
                let is_account = self.service_account.is_some_and(|(namespace, account)| {
                    name == account
                        || name
                            .split_once([':', '/'])
                            .is_some_and(|parts| parts == (namespace, account))
                });
                (is_account || has_group(name)).then(|| self.kind_miss(AskerKind::Group))
            }
            SubjectKind::Group => {
                if has_group(name) {
                    return None;
                }
                let is_name = !is_object_id(name) && !name.starts_with("system:");
                if is_name && self.own_group_names.contains(&name.to_lowercase()) {
                    return Some(Miss::OwnGroupName);
                }
                if groups_alike() {
                    return Some(Miss::SubjectCase);
                }
                if name == self.user.name {
                    return Some(self.kind_miss(AskerKind::User));
                }
                // What isn't rendered is no name yet.
                (self.may_have_entra_groups && is_name && placeholder(name).is_none())
                    .then_some(Miss::GroupName)
            }
            SubjectKind::ServiceAccount => {
                let namespace = subject.namespace_in(binding);
                match self.service_account {
                    Some((own_namespace, own_name)) => (own_name == name
                        && own_namespace != namespace)
                        .then_some(Miss::SubjectNamespace),
                    None => (name == self.user.name).then(|| self.kind_miss(AskerKind::User)),
                }
            }
        }
    }
}
