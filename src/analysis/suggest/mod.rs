//! What would turn a no into a yes: a binding, and a role where none fits.
//!
//! Of the roles that allow the request the one is bound that gives least beyond it. A role that gives
//! everything, or that brings a critical risk which the request alone doesn't, isn't bound for the sake of
//! one request, and neither is one of Kubernetes' own parts (`system:`), whose rules change with its
//! version: a new role gives just the request then.
//!
//! Nothing is suggested where no grant would be right; [`NoSuggestion`] says why.

mod danger;
mod names;
mod size;

use std::collections::BTreeMap;

use crate::analysis::explain::{NearMiss, RequestName};
use crate::ask::{ResolvedRequest, Resolver, Warning};
use crate::authn::{ANONYMOUS, Principal, UserInfo};
use crate::authz::rbac::{AllowingRules, RbacAuthorizer, TooLarge};
use crate::authz::{Attributes, ResourceAttributes};
use crate::cluster::{RoleId, Snapshot};
use crate::diagnostic::{Code, Severity};
use crate::entra::Directory;
use crate::kube::discovery::{NON_RESOURCE_VERBS, RESOURCE_VERBS, full_name};
use crate::kube::{
    BindingKind, PolicyRule, RoleKind, RoleRef, SubjectKind, is_dns_label, placeholder,
};
use crate::object::{ObjectRef, Scope};
use crate::text::Span;

use danger::{OwnGrants, is_everything};
use names::{TakenNames, kinds, name_of, words_of, words_of_request};
use size::{Counter, RoleSize, plain_rule};

/// What would turn a no into a yes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// Who would be bound.
    pub principal: Principal,
    /// The binding, under a name that no object of the input has.
    pub binding: ObjectRef,
    /// The role that it names, there already or new.
    pub role_ref: RoleRef,
    /// Which of the two.
    pub role: SuggestedRole,
    /// The risks of level high that an existing role brings and the request alone doesn't.
    pub high_risks: Vec<&'static Code>,
    /// The request as it can be granted: without a name where no real one carries any.
    pub granted: Attributes,
    /// What there is to know of the name that was asked for, if one was.
    pub name: RequestName,
    /// The near miss that is closest and whose binding stands in a YAML file of the input: where the
    /// suggestion may be put.
    pub beside: Option<Span>,
    /// The roles that allow the request and aren't bound, those that give least first.
    pub left_aside: Vec<UnboundRole>,
    /// How many more there are.
    pub more_left_aside: usize,
    /// How many roles of Kubernetes' own parts allow the request, and give less than what is bound or are all
    /// that do.
    pub of_kubernetes: usize,
}

/// A role that a suggestion binds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SuggestedRole {
    /// One that is there.
    Existing(RoleId),
    /// A new one with this rule, named by the binding.
    New(PolicyRule),
}

/// A role that allows the request and isn't bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnboundRole {
    /// The role.
    pub role: RoleId,
    /// Why not.
    pub why: WhyUnbound,
}

/// Why a role isn't bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhyUnbound {
    /// It gives every verb on everything.
    Everything,
    /// It brings these critical risks.
    Risks(Vec<&'static Code>),
    /// So many roles with less were looked at that it wasn't.
    NotWeighed,
}

/// Why nothing is suggested.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSuggestion {
    /// The asker has no name.
    #[error("a binding needs a name, and the user has none")]
    Nobody,
    /// Whoever has no credentials asks.
    #[error(
        "whatever `system:anonymous` gets is for anyone without credentials who reaches the API server"
    )]
    Anonymous,
    /// A name isn't rendered.
    #[error("`{0}` isn't rendered, so it is no name yet")]
    Unrendered(String),
    /// Neither discovery nor a rule knows the type.
    #[error(
        "neither the input nor Kubernetes knows the type `{0}`; name it as `kubectl api-resources` \
         does, with its API group"
    )]
    UnknownType(String),
    /// The type has no such subresource.
    #[error("`{resource}` has no subresource `{subresource}`")]
    UnknownSubresource {
        /// The type.
        resource: String,
        /// The subresource.
        subresource: String,
    },
    /// Neither kubectl nor a rule knows the verb.
    #[error("neither kubectl nor a rule of the input knows the verb `{0}`")]
    UnknownVerb(String),
    /// The request itself is for everything of a kind.
    #[error("a grant of `{0}` gives more than anyone asks for; ask for what is needed, one by one")]
    Wildcard(String),
    /// No namespace can be called so.
    #[error("no namespace can be called `{0}`")]
    NoNamespace(String),
    /// A new ClusterRole would be gathered by another.
    #[error(
        "it takes a new ClusterRole, but ClusterRole `{0}` gathers every ClusterRole without labels, so all \
         whom that is bound to would get it too"
    )]
    Gathered(String),
    /// What the asker has already is too much to be weighed.
    #[error("what would be gained by it can't be weighed: {0}")]
    TooLarge(#[from] TooLarge),
}

/// How many roles that aren't bound are listed.
const MOST_LISTED: usize = 3;

/// How many roles are weighed for their risks.
const MOST_WEIGHED: usize = 16;

/// What would let a user do what was asked and isn't allowed. The near misses are those of the answer.
///
/// Costs what the roles cost that allow the request, and what the asker has already.
///
/// ```
/// use rbac_eval::analysis::suggest::{SuggestedRole, suggest};
/// use rbac_eval::ask::{AskedScope, Resolver, Target};
/// use rbac_eval::authn::UserInfo;
/// use rbac_eval::authz::rbac::RbacAuthorizer;
/// use rbac_eval::cluster::{Defaults, Snapshot};
/// use rbac_eval::entra::Directory;
/// use rbac_eval::kube::Manifest;
/// use rbac_eval::text::Files;
///
/// let snapshot = Snapshot::new(Files::default(), Manifest::default(), Defaults::Auto);
/// let rbac = RbacAuthorizer::new(snapshot)?;
/// let directory = Directory::default();
/// let pods = Target::parse("pods", "")?;
/// let request = Resolver::new(rbac.snapshot(), &directory)
///     .request("get", &pods, AskedScope::Namespace("shop"));
/// let alice = UserInfo::impersonated("alice", []);
/// let suggestion = suggest(&rbac, &directory, &alice, &request, &[])?;
/// assert_eq!(suggestion.role_ref.name, "view");
/// assert!(matches!(suggestion.role, SuggestedRole::Existing(_)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`NoSuggestion`], if no grant would be right.
pub fn suggest(
    rbac: &RbacAuthorizer,
    directory: &Directory,
    user: &UserInfo,
    request: &ResolvedRequest,
    near_misses: &[NearMiss],
) -> Result<Suggestion, NoSuggestion> {
    let snapshot = rbac.snapshot();
    check_asker(user)?;
    check_request(&Resolver::new(snapshot, directory), request)?;
    let (granted, name) = as_granted(&request.attributes);
    let rule = rule_of(&granted);
    let namespace = granted.namespace();
    let (binding_kind, role_kind) = kinds(namespace);
    let principal = Principal::new(SubjectKind::User, "", &user.name);
    let own = OwnGrants::of(rbac, user, &principal, Scope::of(namespace))?;
    let found = least(rbac, &own, [&request.attributes, &granted], &rule)?;
    let taken = TakenNames::of(snapshot, namespace);
    let who = words_of(&principal);
    let (role, role_ref, name_of_binding) = match found.role {
        Some(id) => {
            let existing = snapshot.role(id);
            let role_ref = RoleRef {
                kind: existing.kind,
                name: existing.name.clone(),
            };
            let words = who.iter().copied().chain([&*existing.name]);
            (
                SuggestedRole::Existing(id),
                role_ref,
                taken.binding(&name_of(words)),
            )
        }
        None => {
            if role_kind == RoleKind::ClusterRole {
                check_not_gathered(snapshot)?;
            }
            let words = who.iter().copied().chain(words_of_request(&granted));
            let name = taken.both(&name_of(words));
            let role_ref = RoleRef {
                kind: role_kind,
                name: (&*name).into(),
            };
            (SuggestedRole::New(rule), role_ref, name)
        }
    };
    Ok(Suggestion {
        binding: ObjectRef::new(binding_kind.as_str(), namespace, name_of_binding),
        principal,
        role_ref,
        role,
        high_risks: found.high_risks,
        granted,
        name,
        beside: beside(snapshot, near_misses),
        left_aside: found.left_aside,
        more_left_aside: found.more_left_aside,
        of_kubernetes: found.of_kubernetes,
    })
}

impl Suggestion {
    /// The role.
    pub fn role_object(&self) -> ObjectRef {
        let namespace = match self.role_ref.kind {
            RoleKind::ClusterRole => "",
            RoleKind::Role => &*self.binding.namespace,
        };
        ObjectRef::new(self.role_ref.kind.as_str(), namespace, &*self.role_ref.name)
    }
}

fn check_asker(user: &UserInfo) -> Result<(), NoSuggestion> {
    if user.name.is_empty() {
        return Err(NoSuggestion::Nobody);
    }
    if user.name == ANONYMOUS {
        return Err(NoSuggestion::Anonymous);
    }
    check_rendered(&user.name)
}

fn check_rendered(name: &str) -> Result<(), NoSuggestion> {
    match placeholder(name) {
        Some(_) => Err(NoSuggestion::Unrendered(name.to_owned())),
        None => Ok(()),
    }
}

/// That a grant of just this is one that somebody could want.
fn check_request(resolver: &Resolver<'_>, request: &ResolvedRequest) -> Result<(), NoSuggestion> {
    let verb = request.attributes.verb();
    let known: &[&str] = match &request.attributes {
        Attributes::Resource(asked) => {
            check_resource(resolver, asked, &request.warnings)?;
            &RESOURCE_VERBS
        }
        Attributes::NonResource(asked) => {
            check_rendered(&asked.path)?;
            if asked.path.ends_with('*') {
                return Err(NoSuggestion::Wildcard(asked.path.clone()));
            }
            &NON_RESOURCE_VERBS
        }
    };
    if verb == "*" {
        return Err(NoSuggestion::Wildcard(verb.to_owned()));
    }
    check_rendered(verb)?;
    match known.contains(&verb) || resolver.verb_is_in_rules(verb) {
        true => Ok(()),
        false => Err(NoSuggestion::UnknownVerb(verb.to_owned())),
    }
}

fn check_resource(
    resolver: &Resolver<'_>,
    asked: &ResourceAttributes,
    warnings: &[Warning],
) -> Result<(), NoSuggestion> {
    let ResourceAttributes {
        namespace,
        group,
        resource,
        subresource,
        name,
        ..
    } = asked;
    let words = [namespace, group, resource, subresource, name];
    words
        .into_iter()
        .try_for_each(|word| check_rendered(word))?;
    if let Some(every) = [group, resource, subresource]
        .into_iter()
        .find(|word| *word == "*")
    {
        return Err(NoSuggestion::Wildcard(every.clone()));
    }
    if !namespace.is_empty() && !is_dns_label(namespace) {
        return Err(NoSuggestion::NoNamespace(namespace.clone()));
    }
    for warning in warnings {
        match warning {
            Warning::UnknownType { .. } => {
                // Groups of custom resources have a dot, and of others discovery knows all types.
                let is_in_rules = group.contains('.') && resolver.type_is_in_rules(group, resource);
                if !is_in_rules {
                    let name = full_name(resource, group);
                    return Err(NoSuggestion::UnknownType(name));
                }
            }
            Warning::UnknownSubresource { .. } => {
                return Err(NoSuggestion::UnknownSubresource {
                    resource: full_name(resource, group),
                    subresource: subresource.clone(),
                });
            }
            // The verb is looked at where kubectl doesn't warn of it too.
            Warning::UnknownVerb { .. } | Warning::NotNamespaced { .. } => {}
        }
    }
    Ok(())
}

/// The request as a grant can allow it, and what there is to know of its name: a real request of some verbs
/// carries none.
fn as_granted(attributes: &Attributes) -> (Attributes, RequestName) {
    match attributes {
        Attributes::Resource(asked) if !asked.name.is_empty() => {
            let of_verb = RequestName::of_verb(asked);
            let mut granted = asked.clone();
            if of_verb == RequestName::Never {
                granted.name.clear();
            }
            let known = match of_verb {
                RequestName::Every => RequestName::Given,
                of_verb => of_verb,
            };
            (Attributes::Resource(granted), known)
        }
        attributes => (attributes.clone(), RequestName::Every),
    }
}

/// The rule that allows a request and nothing else.
fn rule_of(attributes: &Attributes) -> PolicyRule {
    match attributes {
        Attributes::Resource(asked) => PolicyRule {
            verbs: vec![(&*asked.verb).into()],
            api_groups: vec![(&*asked.group).into()],
            resources: vec![asked.combined_resource().into()],
            resource_names: match &*asked.name {
                "" => Vec::new(),
                name => vec![name.into()],
            },
            ..PolicyRule::default()
        },
        Attributes::NonResource(asked) => PolicyRule {
            verbs: vec![(&*asked.verb).into()],
            non_resource_urls: vec![(&*asked.path).into()],
            ..PolicyRule::default()
        },
    }
}

/// Of the roles that allow a request the one to bind, and those that aren't.
struct FoundRole {
    role: Option<RoleId>,
    high_risks: Vec<&'static Code>,
    left_aside: Vec<UnboundRole>,
    more_left_aside: usize,
    of_kubernetes: usize,
}

impl FoundRole {
    fn leave_aside(&mut self, role: RoleId, why: WhyUnbound) {
        match self.left_aside.len() < MOST_LISTED {
            true => self.left_aside.push(UnboundRole { role, why }),
            false => self.more_left_aside += 1,
        }
    }
}

/// The role that gives least of those that allow a request, as it was asked and as a real one is.
fn least(
    rbac: &RbacAuthorizer,
    own: &OwnGrants,
    asked: [&Attributes; 2],
    alone: &PolicyRule,
) -> Result<FoundRole, TooLarge> {
    let (binding_kind, _) = kinds(asked[0].namespace());
    let of_request = own.risks(std::slice::from_ref(alone))?;
    let mut found = FoundRole {
        role: None,
        high_risks: Vec::new(),
        left_aside: Vec::new(),
        more_left_aside: 0,
        of_kubernetes: 0,
    };
    let mut weighed = 0;
    for role in by_size(rbac, asked, binding_kind) {
        if found.role.is_some() {
            break;
        }
        if rbac.snapshot().role(role).name.starts_with("system:") {
            found.of_kubernetes += 1;
            continue;
        }
        let rules = given(rbac, role, binding_kind);
        if rules.iter().any(is_everything) {
            found.leave_aside(role, WhyUnbound::Everything);
        } else if weighed == MOST_WEIGHED {
            found.leave_aside(role, WhyUnbound::NotWeighed);
        } else {
            weighed += 1;
            let mut risks = own.risks(&rules)?;
            risks.retain(|risk| !of_request.contains(risk));
            let codes_of = |severity: Severity| -> Vec<&'static Code> {
                let of = risks.iter().filter(|risk| risk.severity == severity);
                of.map(|risk| risk.code).collect()
            };
            let critical = codes_of(Severity::Critical);
            if critical.is_empty() {
                found.role = Some(role);
                found.high_risks = codes_of(Severity::High);
            } else {
                found.leave_aside(role, WhyUnbound::Risks(critical));
            }
        }
    }
    Ok(found)
}

/// The roles that allow a request where it is made: those that give least first, and of several that give as
/// much the namespace's own before ClusterRoles, the input's before built-in ones.
fn by_size(
    rbac: &RbacAuthorizer,
    asked: [&Attributes; 2],
    binding_kind: BindingKind,
) -> Vec<RoleId> {
    let snapshot = rbac.snapshot();
    let namespace = asked[0].namespace();
    let requests = asked.map(|asked| rbac.compile(asked));
    let mut allowing = requests
        .each_ref()
        .map(|request| AllowingRules::new(rbac, request));
    // Roles that gather the same have their rules in one place.
    let mut places: BTreeMap<(usize, usize), RoleSize> = BTreeMap::new();
    let mut roles: Vec<(RoleId, (usize, usize))> = Vec::new();
    for id in snapshot.roles() {
        let role = snapshot.role(id);
        let is_in_reach = role.kind == RoleKind::ClusterRole || role.namespace == namespace;
        // A rule for the name `""` alone allows what carries none, and not what was asked.
        let mut all = allowing.iter_mut();
        if !is_in_reach
            || placeholder(&role.name).is_some()
            || all.any(|allowing| allowing.of(id).is_empty())
        {
            continue;
        }
        let place = rbac.place_of_rules(id);
        let place = (place.start, place.end);
        places
            .entry(place)
            .or_insert_with(|| RoleSize::at_most(&given(rbac, id, binding_kind)));
        roles.push((id, place));
    }
    // Small ones first, so that these are counted exactly.
    roles.sort_by_key(|(id, place)| (places.get(place).copied(), *id));
    let mut counter = Counter::default();
    let mut sizes: BTreeMap<(usize, usize), RoleSize> = BTreeMap::new();
    for (id, place) in &roles {
        sizes
            .entry(*place)
            .or_insert_with(|| counter.size(&given(rbac, *id, binding_kind)));
    }
    roles.sort_by_key(|(id, place)| {
        let role = snapshot.role(*id);
        let is_cluster_role = role.kind == RoleKind::ClusterRole;
        let built_in = is_built_in(snapshot, role.span);
        (sizes.get(place).copied(), is_cluster_role, built_in, *id)
    });
    roles.into_iter().map(|(id, _)| id).collect()
}

/// The rules that a binding of this kind to a role gives.
fn given(rbac: &RbacAuthorizer, role: RoleId, kind: BindingKind) -> Vec<PolicyRule> {
    rbac.effective_rules(role)
        .map(|rule| plain_rule(&rule.rule.value, kind))
        .filter(|rule| !rule.resources.is_empty() || !rule.non_resource_urls.is_empty())
        .collect()
}

/// Whether a place is in the default policy that was added to the input.
fn is_built_in(snapshot: &Snapshot, span: Span) -> bool {
    let built_in = snapshot.defaults().map(|policy| policy.file_name());
    built_in.is_some_and(|name| snapshot.files().name(span.file) == name)
}

/// That no role gathers a ClusterRole that has no labels.
fn check_not_gathered(snapshot: &Snapshot) -> Result<(), NoSuggestion> {
    let mut roles = snapshot.roles().map(|id| snapshot.role(id));
    let gathers = roles.find(|role| {
        let rule = role.aggregation_rule.as_ref();
        rule.is_some_and(|rule| {
            let mut selectors = rule.cluster_role_selectors.iter();
            selectors.any(|selector| selector.matches(&[]))
        })
    });
    match gathers {
        Some(role) => Err(NoSuggestion::Gathered(role.name.to_string())),
        None => Ok(()),
    }
}

/// Where the binding of the closest near miss stands, of those in files that people write.
fn beside(snapshot: &Snapshot, near_misses: &[NearMiss]) -> Option<Span> {
    let files = snapshot.files();
    near_misses.iter().find_map(|miss| {
        let binding = snapshot.binding(miss.binding);
        let place = files.place(binding.span);
        let is_written = place.rendered == 0
            && !binding.is_from_server()
            && !is_built_in(snapshot, binding.span)
            && [".yaml", ".yml"]
                .iter()
                .any(|end| place.file.ends_with(end));
        is_written.then_some(binding.span)
    })
}
