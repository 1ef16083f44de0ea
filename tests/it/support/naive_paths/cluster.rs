//! The objects of a cluster, as far as paths ask for them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::rules::{Rule, Rules, texts};

/// Namespace and name; the namespace is empty for what has none.
pub type Key = (String, String);

pub const TOKEN_SECRET: &str = "kubernetes.io/service-account-token";

#[derive(Debug, Clone, Default)]
pub struct Role {
    pub rules: Rules,
    pub labels: BTreeMap<String, String>,
    /// The selectors of an aggregated role.
    pub gathers: Option<Vec<Selector>>,
    /// Somebody who may write it gave it every label that is asked for.
    pub every_label: bool,
}

#[derive(Debug, Clone)]
pub struct Selector {
    labels: BTreeMap<String, String>,
    /// Key, operator, values.
    expressions: Vec<(String, String, Vec<String>)>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// Users, and accounts by the name that they sign in with.
    User(String),
    Group(String),
}

#[derive(Debug, Clone)]
pub struct Binding {
    /// Empty for a ClusterRoleBinding.
    pub namespace: String,
    pub name: String,
    pub role: Key,
    pub subjects: Vec<Subject>,
}

#[derive(Debug, Clone)]
pub struct Secret {
    /// Of a token secret: the account.
    pub account: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Pod {
    pub account: String,
    pub node: Option<String>,
    pub secrets: BTreeSet<String>,
}

#[derive(Debug, Clone, Default)]
pub struct Cluster {
    pub namespaces: BTreeSet<String>,
    pub nodes: BTreeSet<String>,
    pub accounts: BTreeSet<Key>,
    pub secrets: BTreeMap<Key, Secret>,
    pub pods: BTreeMap<Key, Pod>,
    /// API group, resource, and the object.
    pub workloads: BTreeSet<(String, String, Key)>,
    pub roles: BTreeMap<Key, Role>,
    pub bindings: Vec<Binding>,
    /// Users and groups that a directory knows beside those that bindings name.
    pub known_users: BTreeSet<String>,
    pub known_groups: BTreeSet<String>,
}

/// The name that an account signs in with.
pub fn account_user(account: &Key) -> String {
    format!("system:serviceaccount:{}:{}", account.0, account.1)
}

/// The account that signs in with this name.
pub fn user_account(user: &str) -> Option<Key> {
    let (namespace, name) = user
        .strip_prefix("system:serviceaccount:")?
        .split_once(':')?;
    Some((namespace.to_owned(), name.to_owned()))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn pairs(value: &Value) -> BTreeMap<String, String> {
    let members = value.as_object().into_iter().flatten();
    members
        .map(|(key, value)| (key.clone(), text(value)))
        .collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

impl Selector {
    fn read(value: &Value) -> Selector {
        let expression = |one: &Value| {
            let values = texts(&one["values"]);
            (text(&one["key"]), text(&one["operator"]), values)
        };
        Selector {
            labels: pairs(&value["matchLabels"]),
            expressions: list(&value["matchExpressions"])
                .iter()
                .map(expression)
                .collect(),
        }
    }

    fn selects(&self, labels: &BTreeMap<String, String>) -> bool {
        let equal = |(key, value): (&String, &String)| labels.get(key) == Some(value);
        let holds = |(key, operator, values): &(String, String, Vec<String>)| {
            let value = labels.get(key);
            let listed = value.is_some_and(|value| values.contains(value));
            match &**operator {
                "In" => listed,
                "NotIn" => !listed,
                "Exists" => value.is_some(),
                _ => value.is_none(),
            }
        };
        self.labels.iter().all(equal) && self.expressions.iter().all(holds)
    }
}

impl Cluster {
    /// The cluster of these objects, of which the last of a name counts; a v1 List stands for its items.
    pub fn read(objects: &[Value]) -> Cluster {
        let mut cluster = Cluster::default();
        for object in objects {
            cluster.add(object);
        }
        for namespace in &cluster.namespaces {
            let key = (namespace.clone(), "default".to_owned());
            cluster.accounts.insert(key);
        }
        cluster
    }

    fn add(&mut self, object: &Value) {
        let meta = &object["metadata"];
        let key: Key = (text(&meta["namespace"]), text(&meta["name"]));
        if !key.0.is_empty() {
            self.namespaces.insert(key.0.clone());
        }
        let kind = text(&object["kind"]);
        match &*kind {
            "List" => list(&object["items"]).iter().for_each(|one| self.add(one)),
            "Namespace" => drop(self.namespaces.insert(key.1)),
            "Node" => drop(self.nodes.insert(key.1)),
            "ServiceAccount" => drop(self.accounts.insert(key)),
            "Secret" => {
                let named = &meta["annotations"]["kubernetes.io/service-account.name"];
                let account = (object["type"] == TOKEN_SECRET).then(|| text(named));
                self.secrets.insert(key, Secret { account });
            }
            "Pod" => drop(self.pods.insert(key, Pod::read(&object["spec"]))),
            "Role" | "ClusterRole" => drop(self.roles.insert(key, Role::read(object))),
            "RoleBinding" | "ClusterRoleBinding" => {
                let same = |one: &Binding| (&one.namespace, &one.name) == (&key.0, &key.1);
                self.bindings.retain(|binding| !same(binding));
                self.bindings.push(Binding::read(object, key));
            }
            _ => {
                let version = text(&object["apiVersion"]);
                let group = version.split_once('/').map_or("", |(group, _)| group);
                let resource = format!("{}s", kind.to_lowercase());
                self.workloads.insert((group.to_owned(), resource, key));
            }
        }
    }
}

impl Role {
    fn read(object: &Value) -> Role {
        let selectors = object["aggregationRule"].as_object().map(|rule| {
            let selectors = rule.get("clusterRoleSelectors").unwrap_or(&Value::Null);
            list(selectors).iter().map(Selector::read).collect()
        });
        Role {
            rules: list(&object["rules"])
                .iter()
                .map(|rule| Arc::new(Rule::read(rule)))
                .collect(),
            labels: pairs(&object["metadata"]["labels"]),
            gathers: selectors,
            every_label: false,
        }
    }

    /// Whether this aggregated role gathers another one.
    pub fn takes(&self, other: &Role) -> bool {
        let selectors = self.gathers.as_deref().unwrap_or_default();
        selectors
            .iter()
            .any(|selector| other.every_label || selector.selects(&other.labels))
    }
}

impl Binding {
    fn read(object: &Value, (namespace, name): Key) -> Binding {
        let role = &object["roleRef"];
        let of_namespace = match role["kind"] == "Role" {
            true => namespace.clone(),
            false => String::new(),
        };
        let subject = |one: &Value| {
            let name = text(&one["name"]);
            match one["kind"].as_str() {
                Some("Group") => Subject::Group(name),
                Some("ServiceAccount") => {
                    let own = one["namespace"].as_str().unwrap_or(&namespace);
                    Subject::User(account_user(&(own.to_owned(), name)))
                }
                _ => Subject::User(name),
            }
        };
        Binding {
            role: (of_namespace, text(&role["name"])),
            subjects: list(&object["subjects"]).iter().map(subject).collect(),
            namespace,
            name,
        }
    }
}

impl Pod {
    fn read(spec: &Value) -> Pod {
        let mut secrets = BTreeSet::new();
        for volume in list(&spec["volumes"]) {
            secrets.extend(volume["secret"]["secretName"].as_str().map(str::to_owned));
            for source in list(&volume["projected"]["sources"]) {
                secrets.extend(source["secret"]["name"].as_str().map(str::to_owned));
            }
        }
        for containers in ["containers", "initContainers", "ephemeralContainers"] {
            for container in list(&spec[containers]) {
                for variable in list(&container["env"]) {
                    let from = &variable["valueFrom"]["secretKeyRef"]["name"];
                    secrets.extend(from.as_str().map(str::to_owned));
                }
                for source in list(&container["envFrom"]) {
                    let from = &source["secretRef"]["name"];
                    secrets.extend(from.as_str().map(str::to_owned));
                }
            }
        }
        for pull in list(&spec["imagePullSecrets"]) {
            secrets.extend(pull["name"].as_str().map(str::to_owned));
        }
        Pod {
            account: spec["serviceAccountName"]
                .as_str()
                .unwrap_or("default")
                .to_owned(),
            node: spec["nodeName"].as_str().map(str::to_owned),
            secrets,
        }
    }
}
