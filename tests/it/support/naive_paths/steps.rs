//! Steps that end in a credential, or in being somebody: everything but the writing of RBAC.

use std::collections::BTreeSet;

use super::NEW;
use super::cluster::{Key, Subject, account_user, user_account};
use super::rules::Request;
use super::state::{Held, Identity, MASTERS, NODES, State, View};

const CSR: &str = "certificates.k8s.io";

/// A request of the core group.
fn core<'a>(verb: &'a str, resource: &'a str, namespace: &'a str, name: &'a str) -> Request<'a> {
    Request {
        verb,
        group: "",
        resource,
        namespace,
        name,
    }
}

/// All these steps once, with what everyone may do at the start of the round.
pub fn take(view: &View, state: &mut State<'_>) {
    let known = Known::of(view, state);
    impersonate(view, state, &known);
    certificates(view, state, &known);
    bootstrap_token(view, state, &known);
    nodes(view, state);
    let namespaces: Vec<String> = state.cluster.namespaces.iter().cloned().collect();
    for namespace in &namespaces {
        ghosts(view, state, &known, namespace);
        tokens(view, state, namespace);
        secrets(view, state, namespace);
        run_as(view, state, namespace);
    }
}

/// Everybody whose name is written somewhere.
struct Known {
    users: BTreeSet<String>,
    groups: BTreeSet<String>,
    accounts: BTreeSet<Key>,
}

impl Known {
    fn of(view: &View, state: &State<'_>) -> Known {
        let mut known = Known {
            users: BTreeSet::from([NEW.to_owned()]),
            groups: BTreeSet::from([MASTERS.to_owned(), NODES.to_owned()]),
            accounts: state.accounts.clone(),
        };
        for node in &state.cluster.nodes {
            known.users.insert(format!("system:node:{node}"));
        }
        for binding in &state.cluster.bindings {
            for subject in &binding.subjects {
                match subject {
                    Subject::User(user) => drop(known.users.insert(user.clone())),
                    Subject::Group(group) => drop(known.groups.insert(group.clone())),
                }
            }
        }
        known
            .users
            .extend(state.cluster.known_users.iter().cloned());
        known
            .groups
            .extend(state.cluster.known_groups.iter().cloned());
        known.users.extend(view.names("", "", "users"));
        known.groups.extend(view.names("", "", "groups"));
        let users = std::mem::take(&mut known.users);
        for user in users {
            match user_account(&user) {
                Some(account) => drop(known.accounts.insert(account)),
                None => drop(known.users.insert(user)),
            }
        }
        known
            .accounts
            .retain(|(namespace, _)| !namespace.is_empty());
        known
    }
}

fn impersonate(view: &View, state: &mut State<'_>, known: &Known) {
    for who in view.all() {
        if view.identities[who].held == Held::Impersonated {
            continue;
        }
        let may = |resource: &str, namespace: &str, name: &str| {
            view.can(who, core("impersonate", resource, namespace, name))
        };
        let groups = known.groups.iter().filter(|group| may("groups", "", group));
        let groups: BTreeSet<String> = match state.is_on("impersonate-group") {
            true => groups.cloned().collect(),
            false => BTreeSet::new(),
        };
        for user in known.users.iter().filter(|user| may("users", "", user)) {
            if state.is_on("impersonate-user") || !groups.is_empty() {
                let groups = groups.iter().cloned();
                state.hold(Identity::user(user, groups, Held::Impersonated));
            }
        }
        for account in &known.accounts {
            if may("serviceaccounts", &account.0, &account.1) {
                if state.is_on("impersonate-sa") {
                    state.hold(Identity::account(account, Held::Impersonated));
                }
                if !groups.is_empty() {
                    let user = account_user(account);
                    let groups = groups.iter().cloned();
                    state.hold(Identity::user(&user, groups, Held::Impersonated));
                }
            }
        }
    }
}

fn hold_account(state: &mut State<'_>, account: &Key) {
    if state.accounts.contains(account) {
        state.hold(Identity::account(account, Held::Real));
    }
}

fn hold_all_accounts(state: &mut State<'_>, namespace: &str) {
    let accounts = state.accounts.clone();
    for account in accounts.iter().filter(|account| account.0 == namespace) {
        hold_account(state, account);
    }
}

/// Whether a new object of this name can be made: by a POST, which asks without the name, or by an
/// apply, which asks to patch and to create by name.
fn may_make(
    view: &View,
    who: usize,
    group: &str,
    resource: &str,
    namespace: &str,
    name: &str,
) -> bool {
    let may = |verb: &str, name: &str| {
        let request = Request {
            verb,
            group,
            resource,
            namespace,
            name,
        };
        view.can(who, request)
    };
    may("create", "") || (may("create", name) && may("patch", name))
}

fn ghosts(view: &View, state: &mut State<'_>, known: &Known, namespace: &str) {
    if !state.is_on("ghost") {
        return;
    }
    for account in known.accounts.iter().filter(|key| key.0 == namespace) {
        if view
            .all()
            .any(|who| may_make(view, who, "", "serviceaccounts", namespace, &account.1))
        {
            state.accounts.insert(account.clone());
        }
    }
}

fn tokens(view: &View, state: &mut State<'_>, namespace: &str) {
    if !state.is_on("token") {
        return;
    }
    let accounts = state.accounts.clone();
    for account in accounts.iter().filter(|key| key.0 == namespace) {
        // NodeRestriction: a node's tokens are those of its pods.
        let may = |who: usize| {
            let request = core("create", "serviceaccounts/token", namespace, &account.1);
            view.identities[who].node_name().is_none() && view.can(who, request)
        };
        if view.all().any(may) {
            hold_account(state, account);
        }
    }
}

/// Whether a secret's content is answered to somebody.
fn reads(view: &View, namespace: &str, name: &str) -> bool {
    view.all().any(|who| {
        ["get", "list", "watch", "patch"]
            .iter()
            .any(|verb| view.can(who, core(verb, "secrets", namespace, name)))
            || view.can(who, core("deletecollection", "secrets", namespace, ""))
    })
}

fn secrets(view: &View, state: &mut State<'_>, namespace: &str) {
    if !view
        .all()
        .any(|who| view.touches(who, namespace, "", "secrets"))
    {
        return;
    }
    let cluster = state.cluster;
    for (key, secret) in cluster.secrets.iter().filter(|(key, _)| key.0 == namespace) {
        if state.is_on("secret-read") && reads(view, namespace, &key.1) {
            read(state, key);
        }
        let patched = view
            .all()
            .any(|who| view.can(who, core("patch", "secrets", namespace, &key.1)));
        if state.is_on("secret-retarget") && secret.account.is_some() && patched {
            hold_all_accounts(state, namespace);
        }
    }
    if state.is_on("token-secret") {
        for name in view.names(namespace, "", "secrets") {
            let free = !cluster
                .secrets
                .contains_key(&(namespace.to_owned(), name.clone()));
            let made = view
                .all()
                .any(|who| may_make(view, who, "", "secrets", namespace, &name));
            if free && made && reads(view, namespace, &name) {
                hold_all_accounts(state, namespace);
            }
        }
    }
}

/// A secret that is read, and the account whose token it holds.
fn read(state: &mut State<'_>, key: &Key) {
    state.secrets.insert(key.clone());
    let account = state.cluster.secrets.get(key);
    let account = account.and_then(|secret| secret.account.clone());
    if let (true, Some(account)) = (state.is_on("secret-to-sa"), account) {
        hold_account(state, &(key.0.clone(), account));
    }
}

fn bootstrap_token(view: &View, state: &mut State<'_>, known: &Known) {
    let system = "kube-system";
    if !state.is_on("bootstrap-token") || !state.cluster.namespaces.contains(system) {
        return;
    }
    let mut names = view.names(system, "", "secrets");
    names.retain(|name| name.starts_with("bootstrap-token-"));
    names.insert("bootstrap-token-abcdef".to_owned());
    let makes = |who: usize| {
        let mut names = names.iter();
        names.any(|name| may_make(view, who, "", "secrets", system, name))
    };
    if view.all().any(makes) {
        let bootstrappers = known
            .groups
            .iter()
            .filter(|group| group.starts_with("system:bootstrappers:"))
            .cloned()
            .chain(["system:bootstrappers".to_owned()]);
        let user = "system:bootstrap:abcdef";
        state.hold(Identity::user(user, bootstrappers, Held::Real));
    }
}

fn certificates(view: &View, state: &mut State<'_>, known: &Known) {
    let ask = |who: usize, verb: &str, part: &str, name: &str| {
        let resource = format!("certificatesigningrequests{part}");
        let request = Request {
            verb,
            group: CSR,
            resource: &resource,
            namespace: "",
            name,
        };
        view.can(who, request)
    };
    let approves = |who: usize, signer: &str| {
        [signer, "kubernetes.io/*"].iter().any(|name| {
            let request = Request {
                verb: "approve",
                group: CSR,
                resource: "signers",
                namespace: "",
                name,
            };
            view.can(who, request)
        })
    };
    let made = view.all().any(|who| ask(who, "create", "", ""));
    let made_for_node = view
        .all()
        .any(|who| ask(who, "create", "", "") && ask(who, "create", "/nodeclient", ""));
    // Whoever makes the request names it.
    let parts = ["", "/status", "/approval"];
    let names: BTreeSet<String> = parts
        .iter()
        .flat_map(|part| view.names("", CSR, &format!("certificatesigningrequests{part}")))
        .collect();
    for name in &names {
        // The answer to a patch of the approval shows the certificate, so no right to read is needed.
        let approved = |signer: &str| {
            made && view.all().any(|who| {
                approves(who, signer)
                    && ["patch", "update"]
                        .iter()
                        .any(|verb| ask(who, verb, "/approval", name))
            })
        };
        let read = view.all().any(|who| {
            let mut parts = parts.iter();
            ask(who, "list", "", name)
                || ask(who, "watch", "", name)
                || ask(who, "deletecollection", "", "")
                || parts.any(|part| {
                    ["get", "patch", "update"]
                        .iter()
                        .any(|verb| ask(who, verb, part, name))
                })
        });
        let node_approved = state.is_on("csr-nodeclient") && made_for_node && read;
        if state.is_on("csr-approve") && approved("kubernetes.io/kube-apiserver-client") {
            let groups = known.groups.iter().filter(|group| *group != MASTERS);
            let groups: BTreeSet<String> = groups.cloned().collect();
            let accounts = known.accounts.iter().map(account_user);
            for user in known.users.iter().cloned().chain(accounts) {
                state.hold(Identity::user(&user, groups.iter().cloned(), Held::Real));
            }
        }
        let by_hand =
            state.is_on("csr-approve") && approved("kubernetes.io/kube-apiserver-client-kubelet");
        if node_approved || by_hand {
            for node in &state.cluster.nodes {
                state.hold(Identity::node(node, Held::Real));
            }
        }
    }
}

/// What the Node authorizer gives a node, within NodeRestriction.
fn nodes(view: &View, state: &mut State<'_>) {
    if !state.is_on("node-pods") {
        return;
    }
    let cluster = state.cluster;
    for who in view.all() {
        let identity = &view.identities[who];
        let by_headers = identity.held == Held::Impersonated;
        let Some(node) = identity.node_name() else {
            continue;
        };
        if by_headers && !state.is_on("impersonate-node") {
            continue;
        }
        for (key, pod) in &cluster.pods {
            if pod.node.as_deref() == Some(node) {
                hold_account(state, &(key.0.clone(), pod.account.clone()));
                for secret in &pod.secrets {
                    let secret = (key.0.clone(), secret.clone());
                    if cluster.secrets.contains_key(&secret) {
                        read(state, &secret);
                    }
                }
            }
        }
    }
}

/// What makes pods from a template, by API group.
const WORKLOADS: [(&str, &str); 7] = [
    ("apps", "deployments"),
    ("apps", "replicasets"),
    ("apps", "statefulsets"),
    ("apps", "daemonsets"),
    ("batch", "jobs"),
    ("batch", "cronjobs"),
    ("", "replicationcontrollers"),
];

fn run_as(view: &View, state: &mut State<'_>, namespace: &str) {
    if !state.is_on("run-as") {
        return;
    }
    let runs = |who: usize| {
        // NodeRestriction: a node makes mirror pods alone, which run as nobody.
        let pods = view.identities[who].node_name().is_none()
            && view.can(who, core("create", "pods", namespace, ""));
        pods || WORKLOADS
            .iter()
            .any(|(group, resource)| runs_workload(view, state, who, group, resource, namespace))
    };
    if view.all().any(runs) {
        state.runs_pods_in.insert(namespace.to_owned());
        hold_all_accounts(state, namespace);
    }
}

fn runs_workload(
    view: &View,
    state: &State<'_>,
    who: usize,
    group: &str,
    resource: &str,
    namespace: &str,
) -> bool {
    if !view.touches(who, namespace, group, resource) {
        return false;
    }
    let changes = |name: &str| {
        ["patch", "update"].iter().any(|verb| {
            let request = Request {
                verb,
                group,
                resource,
                namespace,
                name,
            };
            view.can(who, request)
        })
    };
    let existing = state.cluster.workloads.iter().any(|(of, kind, key)| {
        of == group && kind == resource && key.0 == namespace && changes(&key.1)
    });
    let mut names = view.names(namespace, group, resource).into_iter();
    existing || names.any(|name| may_make(view, who, group, resource, namespace, &name))
}
