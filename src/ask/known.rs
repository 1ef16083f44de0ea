//! Who is known, so that a slip in a name can be told from someone who may do nothing.
//!
//! Users are in no input: a user whom nothing names may sign in all the same. ServiceAccounts and groups
//! are objects, subjects of bindings, or in the directory; and a few groups are every cluster's.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use crate::authn::{
    ANONYMOUS, AUTHENTICATED, ImpliedGroup, MASTERS, Principal, SERVICE_ACCOUNTS, UNAUTHENTICATED,
    service_account_name, split_service_account,
};
use crate::cluster::{DEFAULT_SERVICE_ACCOUNT, Snapshot};
use crate::entra::{Directory, Person, is_object_id};
use crate::kube::{ServiceAccount, SubjectKind, placeholder};
use crate::text::excerpt;

use super::note::did_you_mean;
use super::{Note, nearest};

/// The namespaces that every cluster has.
const BUILT_IN_NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// For how many unknown subjects the known one that is most like them is looked for. All names have to be
/// looked at each time, and a file may hold many unknown ones.
const MOST_SUGGESTIONS: usize = 20;

/// What user names of service accounts begin with, and what people write instead.
const ACCOUNT_PREFIXES: [&str; 3] = [
    "system:serviceaccount:",
    "system:serviceaccounts:",
    "serviceaccount:",
];

/// What the user names of nodes begin with.
///
/// Source: `NodeUserNamePrefix` of `k8s.io/kubernetes/pkg/auth/nodeidentifier`.
const NODE_PREFIX: &str = "system:node:";

/// Groups that authenticators of Kubernetes itself give, without any binding.
///
/// Source: `k8s.io/apiserver/pkg/authentication/user`, and `NodesGroup`, `MonitoringGroup` there.
pub(super) const BUILT_IN_GROUPS: [&str; 7] = [
    AUTHENTICATED,
    UNAUTHENTICATED,
    SERVICE_ACCOUNTS,
    MASTERS,
    "system:nodes",
    "system:monitoring",
    BOOTSTRAPPERS,
];

/// The group of those who sign in by a bootstrap token; tokens may give groups below it.
///
/// Source: `BootstrapDefaultGroup` and `BootstrapGroupPattern` of `k8s.io/cluster-bootstrap`.
const BOOTSTRAPPERS: &str = "system:bootstrappers";

/// Someone whom nothing knows, or who is written as the cluster doesn't know them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnknownSubject {
    /// A ServiceAccount that is neither an object nor bound.
    #[error(
        "no ServiceAccount `{account}` is known, neither as an object of the input nor by a binding{}",
        did_you_mean(.nearest.as_deref())
    )]
    ServiceAccount {
        /// `NAMESPACE/NAME`
        account: String,
        /// The known one that is most like it, written in the same way.
        nearest: Option<String>,
    },
    /// A user who is written as a ServiceAccount is not.
    #[error(
        "`{name}` is no user name; a ServiceAccount's is `system:serviceaccount:NAMESPACE:NAME`{}",
        did_you_mean(.nearest.as_deref())
    )]
    AccountAsUser {
        /// The name as written.
        name: String,
        /// The user name that was meant, or that of the known ServiceAccount that is most like it.
        nearest: Option<String>,
    },
    /// A group that no binding names, the directory doesn't know, and clusters don't have by themselves.
    #[error(
        "no group `{name}` is known, neither by a binding nor to the directory{}",
        did_you_mean(.nearest.as_deref())
    )]
    Group {
        /// The name as written.
        name: String,
        /// The known group that is most like it.
        nearest: Option<String>,
    },
    /// The name that people know someone by, not the cluster.
    #[error("`{name}` is a display name; the cluster knows {}", called_by_cluster(.known_as))]
    DisplayName {
        /// The name as written.
        name: String,
        /// The names that the cluster sees for those who are called so, sorted.
        known_as: Vec<String>,
    },
    /// What looks like the name that people know someone by, on a cluster with Entra ID.
    #[error(
        "`{name}` looks like a display name; Entra ID's tokens carry user principal names and object \
         IDs: write that one"
    )]
    LikeDisplayName {
        /// The name as written.
        name: String,
    },
    /// A group of the directory where a user belongs.
    #[error("`{name}` is a group of the directory ({id}), not a user")]
    GroupAsUser {
        /// The name as written.
        name: String,
        /// The group's object ID.
        id: String,
    },
    /// A user, guest or service principal of the directory where a group belongs.
    #[error("`{name}` is a user of the directory (`{known_as}`), not a group")]
    UserAsGroup {
        /// The name as written.
        name: String,
        /// The name that the cluster sees.
        known_as: String,
    },
    /// A name with a placeholder that nothing has put a value in place of.
    #[error(
        "`{placeholder}` in the name of a {kind} isn't rendered; write the value that belongs there"
    )]
    Unrendered {
        /// What the name is of.
        kind: SubjectKind,
        /// The placeholder.
        placeholder: String,
    },
}

impl UnknownSubject {
    /// What to do where the name that was likely meant wasn't, for whoever must not go on without
    /// knowing; empty where the sentence says it.
    pub fn or_else(&self) -> String {
        let (nearest, otherwise) = match self {
            UnknownSubject::ServiceAccount { nearest, .. } => (nearest, "add it to the input"),
            UnknownSubject::Group { nearest, .. } => {
                (nearest, "give a `--directory` that knows it")
            }
            _ => return String::new(),
        };
        let before = match nearest {
            Some(_) => " If not,",
            None => ";",
        };
        format!("{before} {otherwise}, or leave it out here")
    }
}

fn called_by_cluster(names: &[String]) -> String {
    match names {
        [one] => format!("them as `{one}`"),
        several => {
            let several: Vec<String> = several.iter().map(|name| format!("`{name}`")).collect();
            format!("several who are called so: {}", several.join(", "))
        }
    }
}

/// The subjects of all bindings.
pub fn bound_subjects(snapshot: &Snapshot) -> BTreeSet<Principal> {
    snapshot
        .bindings()
        .flat_map(|id| {
            let binding = snapshot.binding(id);
            let subjects = binding.subjects.iter();
            subjects.filter_map(move |subject| Principal::of(subject, binding))
        })
        .collect()
}

/// The namespaces that exist as far as the input knows: its Namespaces, those of bindings, and those of
/// every cluster.
pub fn known_namespaces(snapshot: &Snapshot) -> BTreeSet<&str> {
    let mut known: BTreeSet<&str> = BUILT_IN_NAMESPACES.into_iter().collect();
    known.extend(snapshot.namespaces().iter().map(|known| &*known.name));
    known.extend(
        snapshot
            .bindings()
            .map(|id| &*snapshot.binding(id).namespace)
            .filter(|namespace| !namespace.is_empty()),
    );
    known
}

/// Of known names the one that is most like a word, by the whole name or by what stands before an `@`.
pub(super) fn nearest_of_all<'n>(
    word: &str,
    known: impl IntoIterator<Item = &'n str>,
) -> Option<String> {
    let mut names: BTreeMap<&str, &str> = BTreeMap::new();
    for name in known {
        names.insert(name, name);
        if let Some((local, _)) = name.rsplit_once('@') {
            names.entry(local).or_insert(name);
        }
    }
    let found = nearest(word, names.keys().copied())?;
    names.get(found).map(|name| (*name).to_owned())
}

/// Knows who is known to some clusters and a directory.
#[derive(Debug, Clone)]
pub struct KnownSubjects<'s> {
    snapshots: Vec<&'s Snapshot>,
    directory: &'s Directory,
    bound: BTreeSet<Principal>,
    /// Namespaces that exist, or that a subject or a ServiceAccount says are.
    namespaces: BTreeSet<String>,
    /// Whether people come from Entra ID: there is a directory, or an object ID is bound.
    entra: bool,
    suggestions_left: Cell<usize>,
}

impl<'s> KnownSubjects<'s> {
    /// Who is known to at least one of the clusters, as to both sides of a change, or to the directory.
    pub fn new(
        snapshots: impl IntoIterator<Item = &'s Snapshot>,
        directory: &'s Directory,
    ) -> Self {
        let snapshots: Vec<&Snapshot> = snapshots.into_iter().collect();
        let mut bound = BTreeSet::new();
        let mut namespaces = BTreeSet::new();
        for snapshot in &snapshots {
            bound.append(&mut bound_subjects(snapshot));
            namespaces.extend(known_namespaces(snapshot).into_iter().map(str::to_owned));
            let accounts = snapshot.objects().of::<ServiceAccount>();
            namespaces.extend(accounts.iter().map(|account| account.namespace.to_string()));
        }
        let in_namespaces = bound.iter().map(|subject| &subject.namespace);
        namespaces.extend(in_namespaces.filter(|name| !name.is_empty()).cloned());
        KnownSubjects {
            entra: !directory.is_empty() || bound.iter().any(|one| is_object_id(&one.name)),
            snapshots,
            directory,
            bound,
            namespaces,
            suggestions_left: Cell::new(MOST_SUGGESTIONS),
        }
    }

    /// Whether one more name may be looked for.
    fn may_suggest(&self) -> bool {
        let left = self.suggestions_left.get();
        self.suggestions_left.set(left.saturating_sub(1));
        left > 0
    }

    /// That a subject, as a person writes it, is someone who is known or, for a user, may be.
    ///
    /// # Errors
    /// If nothing knows them, or the cluster knows them by another name; with the name that was likely
    /// meant.
    pub fn check(&self, subject: &Principal) -> Result<(), UnknownSubject> {
        // A template that binds it, as it stands, knows nobody.
        if let Some(found) = placeholder(&subject.name) {
            return Err(UnknownSubject::Unrendered {
                kind: subject.kind,
                placeholder: excerpt(found).into_owned(),
            });
        }
        if self.bound.contains(subject) {
            return Ok(());
        }
        match subject.kind {
            SubjectKind::ServiceAccount => self.check_account(&subject.namespace, &subject.name),
            SubjectKind::Group => self.check_group(&subject.name),
            SubjectKind::User => self.check_user(&subject.name),
        }
    }

    /// What to tell of a name that a person types: that nothing knows it, or another name by which
    /// someone is known and which is most like it. None where nothing is like it: offline, anyone may be
    /// someone.
    pub fn doubt(&self, subject: &Principal) -> Option<Note> {
        match self.check(subject) {
            Ok(()) if subject.kind == SubjectKind::User && !self.is_known_user(&subject.name) => {
                let nearest = self.nearest_user(&subject.name)?;
                Some(Note::LikeUser {
                    name: subject.name.clone(),
                    nearest,
                })
            }
            Ok(()) => None,
            Err(
                UnknownSubject::ServiceAccount { nearest: None, .. }
                | UnknownSubject::Group { nearest: None, .. },
            ) => None,
            Err(UnknownSubject::ServiceAccount {
                account,
                nearest: Some(nearest),
            }) => {
                let (namespace, name) = nearest.split_once('/')?;
                Some(Note::LikeAccount {
                    account,
                    nearest: service_account_name(namespace, name),
                })
            }
            Err(UnknownSubject::AccountAsUser { name, nearest }) => {
                let written = self.account_meant(&name);
                let written = written.map(|(space, name)| service_account_name(space, name));
                let sound = written.filter(|user| split_service_account(user).is_some());
                Some(Note::AccountAsUser {
                    user: sound.or(nearest)?,
                    name,
                })
            }
            Err(unknown) => Some(Note::UnknownSubject(unknown)),
        }
    }

    fn is_known_user(&self, name: &str) -> bool {
        let user = Principal::new(SubjectKind::User, "", name);
        self.bound.contains(&user) || self.directory.person(name).is_some()
    }

    /// The known user name that is most like one. Names of one domain are compared without it: it makes
    /// no one alike.
    fn nearest_user(&self, name: &str) -> Option<String> {
        // Each node has a user of its own, and they differ by little.
        if name.starts_with(NODE_PREFIX) || name == ANONYMOUS || !self.may_suggest() {
            return None;
        }
        let bound = self.bound.iter();
        let bound = bound
            .filter(|one| one.kind == SubjectKind::User)
            .map(|one| &*one.name);
        let listed = self.directory.people().map(Person::cluster_name);
        let known: BTreeSet<&str> = bound.chain(listed).collect();
        let Some((local, domain)) = name.rsplit_once('@') else {
            return nearest_of_all(name, known);
        };
        let of_domain = |known: &'_ str| -> Option<usize> {
            let (local, of) = known.rsplit_once('@')?;
            of.eq_ignore_ascii_case(domain).then_some(local.len())
        };
        let locals = known
            .iter()
            .filter_map(|known| of_domain(known).map(|end| &known[..end]));
        if let Some(found) = nearest(local, locals) {
            return Some(format!("{found}@{domain}")).map(|found| match known.contains(&*found) {
                true => found,
                // The domain is written in other letter case.
                false => known
                    .iter()
                    .find(|known| known.eq_ignore_ascii_case(&found))
                    .map_or(found, |known| (*known).to_owned()),
            });
        }
        let others = known.iter().filter(|known| of_domain(known).is_none());
        nearest(name, others.copied()).map(str::to_owned)
    }

    fn check_account(&self, namespace: &str, name: &str) -> Result<(), UnknownSubject> {
        let is_default = name == DEFAULT_SERVICE_ACCOUNT && self.namespaces.contains(namespace);
        if is_default || self.has_account(namespace, name) {
            return Ok(());
        }
        Err(UnknownSubject::ServiceAccount {
            account: format!("{namespace}/{name}"),
            nearest: self.nearest_account(namespace, name),
        })
    }

    fn has_account(&self, namespace: &str, name: &str) -> bool {
        let mut snapshots = self.snapshots.iter();
        snapshots.any(|snapshot| snapshot.has_service_account(namespace, name))
            || self.bound.contains(&Principal::new(
                SubjectKind::ServiceAccount,
                namespace,
                name,
            ))
    }

    /// The names of the subjects of a kind that bindings name, sorted.
    pub(super) fn bound_names(&self, kind: SubjectKind) -> impl Iterator<Item = &str> {
        let bound = self.bound.iter().filter(move |one| one.kind == kind);
        bound.map(|one| &*one.name)
    }

    /// The namespaces that exist, or that a subject or a ServiceAccount says are.
    pub(super) fn namespaces(&self) -> &BTreeSet<String> {
        &self.namespaces
    }

    /// All ServiceAccounts that are known, as namespace and name.
    pub(super) fn accounts(&self) -> BTreeSet<(&str, &str)> {
        let objects = self.snapshots.iter().flat_map(|snapshot| {
            let accounts = snapshot.objects().of::<ServiceAccount>();
            accounts
                .iter()
                .map(|account| (&*account.namespace, &*account.name))
        });
        let bound = self.bound.iter();
        let bound = bound
            .filter(|one| one.kind == SubjectKind::ServiceAccount)
            .map(|one| (&*one.namespace, &*one.name));
        objects.chain(bound).collect()
    }

    /// The known account that is most like one, as `NAMESPACE/NAME`: of its namespace, else of its name,
    /// else any.
    fn nearest_account(&self, namespace: &str, name: &str) -> Option<String> {
        if !self.may_suggest() {
            return None;
        }
        let accounts = self.accounts();
        let of = |wanted: &str| {
            let names = accounts.iter().filter(|(of, _)| *of == wanted);
            nearest(name, names.map(|(_, name)| *name))
        };
        if let Some(found) = of(namespace) {
            return Some(format!("{namespace}/{found}"));
        }
        let spaces: Vec<&str> = accounts
            .iter()
            .filter(|(_, known)| *known == name)
            .map(|(namespace, _)| *namespace)
            .collect();
        let space = nearest(namespace, spaces.iter().copied()).or(spaces.first().copied());
        if let Some(space) = space {
            return Some(format!("{space}/{name}"));
        }
        let written: Vec<String> = accounts
            .iter()
            .map(|(namespace, name)| format!("{namespace}/{name}"))
            .collect();
        let wanted = format!("{namespace}/{name}");
        nearest(&wanted, written.iter().map(String::as_str)).map(str::to_owned)
    }

    fn check_group(&self, name: &str) -> Result<(), UnknownSubject> {
        if self.is_built_in_group(name) {
            return Ok(());
        }
        // A name of several groups is an error of its own.
        let is_name = !is_object_id(name) && !name.starts_with("system:");
        let by_name = is_name && !matches!(self.directory.group_named(name), Ok(None));
        // Tokens carry object IDs in lower case.
        let by_id = self
            .directory
            .group(name)
            .is_some_and(|group| group.id == name);
        if by_name || by_id {
            return Ok(());
        }
        if self.directory.group(name).is_none()
            && let Some(person) = self.directory.person(name)
        {
            return Err(UnknownSubject::UserAsGroup {
                name: name.to_owned(),
                known_as: person.cluster_name().to_owned(),
            });
        }
        Err(UnknownSubject::Group {
            name: name.to_owned(),
            nearest: self.nearest_group(name),
        })
    }

    fn nearest_group(&self, name: &str) -> Option<String> {
        if !self.may_suggest() {
            return None;
        }
        let bound = self.bound.iter();
        let bound = bound
            .filter(|one| one.kind == SubjectKind::Group)
            .map(|one| &*one.name);
        let listed = self
            .directory
            .groups()
            .flat_map(|group| [&*group.id, &*group.display_name, &*group.mail])
            .filter(|name| !name.is_empty());
        // What all of them begin with makes no two alike.
        let of_namespace = name
            .strip_prefix(SERVICE_ACCOUNTS)
            .and_then(|rest| rest.strip_prefix(':'));
        if let Some(namespace) = of_namespace {
            let found = nearest(namespace, self.namespaces.iter().map(String::as_str));
            return found.map(|found| format!("{SERVICE_ACCOUNTS}:{found}"));
        }
        let known = bound.chain(listed).chain(BUILT_IN_GROUPS);
        nearest(name, known).map(str::to_owned)
    }

    /// Whether a cluster gives a group by itself.
    fn is_built_in_group(&self, name: &str) -> bool {
        let group = Principal::new(SubjectKind::Group, "", name);
        if let Some(ImpliedGroup::ServiceAccountsOf(namespace)) = ImpliedGroup::of(&group) {
            return self.namespaces.contains(&namespace);
        }
        let of_a_token = name
            .strip_prefix(BOOTSTRAPPERS)
            .is_some_and(|rest| rest.starts_with(':'));
        of_a_token || BUILT_IN_GROUPS.contains(&name)
    }

    fn check_user(&self, name: &str) -> Result<(), UnknownSubject> {
        if self.directory.person(name).is_some() {
            return Ok(());
        }
        if let Some((namespace, account)) = self.account_meant(name) {
            let nearest = if self.check_account(namespace, account).is_ok() {
                Some((namespace.to_owned(), account.to_owned()))
            } else {
                let nearest = self.nearest_account(namespace, account);
                nearest.and_then(|found| {
                    let (namespace, name) = found.split_once('/')?;
                    Some((namespace.to_owned(), name.to_owned()))
                })
            };
            return Err(UnknownSubject::AccountAsUser {
                name: name.to_owned(),
                nearest: nearest.map(|(namespace, name)| service_account_name(&namespace, &name)),
            });
        }
        let group = match self.directory.group(name) {
            Some(group) => Some(group),
            None => self.directory.group_named(name).unwrap_or_default(),
        };
        if let Some(group) = group {
            return Err(UnknownSubject::GroupAsUser {
                name: name.to_owned(),
                id: group.id.clone(),
            });
        }
        let called = self.directory.people();
        let mut known_as: Vec<String> = called
            .filter(|person| person.display_name.eq_ignore_ascii_case(name))
            .map(Person::cluster_name)
            .map(str::to_owned)
            .collect();
        known_as.sort();
        if !known_as.is_empty() {
            return Err(UnknownSubject::DisplayName {
                name: name.to_owned(),
                known_as,
            });
        }
        if self.entra && name.contains(char::is_whitespace) && !name.starts_with("system:") {
            return Err(UnknownSubject::LikeDisplayName {
                name: name.to_owned(),
            });
        }
        Ok(())
    }

    /// The namespace and name of the ServiceAccount that a user's name means without being its user name:
    /// `NAMESPACE/NAME`, a prefix that isn't the right one, or a known one as `NAMESPACE:NAME`.
    fn account_meant<'n>(&self, name: &'n str) -> Option<(&'n str, &'n str)> {
        let is_account = |(namespace, name): &(&str, &str)| {
            split_service_account(&service_account_name(namespace, name)).is_some()
        };
        if let Some(account) = name.split_once('/').filter(is_account) {
            return Some(account);
        }
        let prefix = ACCOUNT_PREFIXES
            .iter()
            .find_map(|prefix| name.strip_prefix(prefix));
        if let Some(rest) = prefix {
            // What isn't sound can't be one's name either.
            return Some(rest.split_once([':', '/']).unwrap_or((rest, "")));
        }
        name.split_once(':')
            .filter(|(namespace, name)| self.has_account(namespace, name))
    }
}
