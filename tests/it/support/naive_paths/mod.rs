//! Escalation paths a second time: a forward fixpoint that tries every step on every object, round by
//! round, until a round adds nothing.
//!
//! It shares no code with the engine: it reads objects as JSON values, matches rules itself, and is as
//! slow and as plain as it can be, so that where the two differ the engine is suspected. What it
//! holds itself against is recorded: `tests/it/naive_paths.rs`.

mod cluster;
mod rbac;
mod rules;
mod state;
mod steps;

use std::collections::BTreeSet;

pub use cluster::{Cluster, Key, Subject};
pub use state::{Held, Identity};

use cluster::user_account;
use state::{State, View};

/// A name that no object has and no rule names.
pub const NEW: &str = "made-by-the-attacker";

/// The steps that the recorded attacker has (the end of the specification of paths).
pub const RECORDED: [&str; 28] = [
    "member",
    "same-name",
    "masters",
    "everything",
    "everything-ns",
    "bind",
    "bind-put",
    "bind-held",
    "give-by-role",
    "escalate",
    "aggregate",
    "takeover-role",
    "impersonate-user",
    "impersonate-group",
    "impersonate-sa",
    "impersonate-node",
    "token",
    "ghost",
    "token-secret",
    "secret-retarget",
    "secret-read",
    "secret-to-sa",
    "csr-approve",
    "csr-nodeclient",
    "bootstrap-token",
    "run-as",
    "node-pods",
    "authenticated",
];

/// What somebody becomes and reaches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    pub cluster_admin: bool,
    /// An identity in `system:masters`.
    pub masters: bool,
    /// `NS/NAME`, itself left out; accounts that don't exist too, where they are impersonated.
    pub accounts: BTreeSet<String>,
    /// Other users; nodes left out.
    pub users: BTreeSet<String>,
    pub nodes: BTreeSet<String>,
    /// `NS/NAME` of the secrets that are read through the API.
    pub secrets: BTreeSet<String>,
    /// Namespaces where pods are made as any account.
    pub runs_pods_in: BTreeSet<String>,
    /// Namespaces where everything is held.
    pub admin_of: BTreeSet<String>,
}

/// What an identity reaches with these steps.
pub fn reach(cluster: &Cluster, who: &Identity, edges: &BTreeSet<&'static str>) -> Reach {
    let mut state = State::start(cluster, edges, who.clone());
    loop {
        let before = state.size();
        let view = View::of(&state);
        steps::take(&view, &mut state);
        rbac::take(&view, &mut state);
        if state.size() == before {
            rbac::hand_on(&view, &mut state);
        }
        if state.size() == before {
            return told(&state, &view);
        }
    }
}

fn written((namespace, name): &Key) -> String {
    format!("{namespace}/{name}")
}

/// The last state in the words of the answer.
fn told(state: &State<'_>, view: &View) -> Reach {
    let mut reach = Reach {
        secrets: state.secrets.iter().map(written).collect(),
        runs_pods_in: state.runs_pods_in.clone(),
        ..Reach::default()
    };
    let start = &state.held[0];
    for who in view.all() {
        let admin = |namespace: &&String| view.has_everything(who, namespace);
        let namespaces = state.cluster.namespaces.iter();
        reach.admin_of.extend(namespaces.filter(admin).cloned());
        reach.cluster_admin |= view.has_everything(who, "");
    }
    for who in &state.held {
        reach.masters |= who.is_master();
        if who.user == start.user {
            continue;
        }
        if let Some(account) = user_account(&who.user) {
            reach.accounts.insert(written(&account));
        } else if let Some(node) = who.node_name() {
            reach.nodes.insert(node.to_owned());
        } else if !who.user.starts_with("system:bootstrap:") {
            // Who signs in with a bootstrap token is nobody but its groups.
            reach.users.insert(who.user.clone());
        }
    }
    reach
}
