//! The spec of a pod, which a Pod and all that make pods share.

use compact_str::CompactString;
use serde::Serialize;

use super::container::{Container, ContainerRole, RawContainer, RawWindows, host_process};
use super::fields::{Invalid, NameForm, Whole};
use super::metadata::Number;
use super::shape::{Flag, StrictText, is_set, mapping, named};
use super::volume::{RawVolume, Volume};

/// The ServiceAccount of pods that name none.
const DEFAULT_ACCOUNT: &str = "default";

/// The spec of a pod, as far as questions ask for it. Where a field's absence says something of its own,
/// it is an option.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct PodSpec {
    /// The ServiceAccount that it names, by `serviceAccountName` or else by the older `serviceAccount`.
    pub service_account_name: Option<CompactString>,
    /// Whether the account's token is mounted; where nothing is said, the account decides.
    pub automount_service_account_token: Option<bool>,
    /// The Node that it runs on, or asks for.
    pub node_name: Option<CompactString>,
    /// Whether it has the node's network.
    pub host_network: bool,
    /// Whether it sees the node's processes.
    pub host_pid: bool,
    /// Whether it shares the node's IPC.
    pub host_ipc: bool,
    /// Whether its users are the node's; where nothing is said, they are.
    pub host_users: Option<bool>,
    /// Whether its containers see one another's processes.
    pub share_process_namespace: bool,
    /// The user of containers that say none.
    pub run_as_user: Option<i64>,
    /// Whether containers that don't say so are processes of a Windows node.
    pub windows_host_process: Option<bool>,
    /// The Secrets that images are pulled with.
    pub image_pull_secrets: Vec<CompactString>,
    /// The containers of all three lists, in the order in which they start.
    pub containers: Vec<Container>,
    /// The volumes.
    pub volumes: Vec<Volume>,
}

impl PodSpec {
    /// The ServiceAccount that it runs as: `default` where it names none.
    ///
    /// ```
    /// use rbac_eval::kube::PodSpec;
    ///
    /// assert_eq!(PodSpec::default().service_account(), "default");
    /// ```
    pub fn service_account(&self) -> &str {
        self.service_account_name
            .as_deref()
            .unwrap_or(DEFAULT_ACCOUNT)
    }
}

mapping! {
    /// The spec of a pod as it is written.
    pub(super) struct RawPodSpec<'a> expecting "the spec of a pod" {
        service_account_name: StrictText<'a> = "serviceAccountName",
        service_account: StrictText<'a> = "serviceAccount",
        automount: Flag = "automountServiceAccountToken",
        node_name: StrictText<'a> = "nodeName",
        host_network: Flag = "hostNetwork",
        host_pid: Flag = "hostPID",
        host_ipc: Flag = "hostIPC",
        host_users: Flag = "hostUsers",
        share_process_namespace: Flag = "shareProcessNamespace",
        security: RawPodSecurity<'a> = "securityContext",
        image_pull_secrets: Vec<RawName<'a>> = "imagePullSecrets",
        init_containers: Vec<RawContainer<'a>> = "initContainers",
        containers: Vec<RawContainer<'a>> = "containers",
        ephemeral_containers: Vec<RawContainer<'a>> = "ephemeralContainers",
        volumes: Vec<RawVolume<'a>> = "volumes",
    }
}

mapping! {
    /// `securityContext` of a pod.
    pub(super) struct RawPodSecurity<'a> expecting "a security context" {
        run_as_user: Number = "runAsUser",
        windows: RawWindows<'a> = "windowsOptions",
    }
}

mapping! {
    /// What names an object of the namespace.
    pub(super) struct RawName<'a> expecting "a reference to an object" {
        name: StrictText<'a> = "name",
    }
}

impl PodSpec {
    /// The spec that stands at `field` of an object, held against what an API server takes.
    ///
    /// Source: `ValidatePodSpec`, `Convert_v1_PodSpec_To_core_PodSpec`.
    pub(super) fn read(raw: Option<RawPodSpec<'_>>, field: &str) -> Result<Self, Invalid> {
        let raw = raw.unwrap_or_default();
        let account = named(raw.service_account_name);
        let account = account.or_else(|| named(raw.service_account));
        let node = named(raw.node_name);
        for (name, of) in [(&account, "serviceAccountName"), (&node, "nodeName")] {
            if let Some(name) = name {
                NameForm::Subdomain.check(name, Whole::Name, &format!("{field}.{of}"))?;
            }
        }
        let lists = [
            (ContainerRole::Init, raw.init_containers),
            (ContainerRole::Ordinary, raw.containers),
            (ContainerRole::Ephemeral, raw.ephemeral_containers),
        ];
        let mut containers = Vec::new();
        for (role, list) in lists {
            let list = list.unwrap_or_default();
            if role == ContainerRole::Ordinary && list.is_empty() {
                return Err(Invalid::new(format!("{field}.containers: required value")));
            }
            containers.reserve_exact(list.len());
            for (container, number) in list.into_iter().zip(0..) {
                let place = || format!("{field}.{}[{number}]", role.list());
                containers.push(Container::read(container, role, place)?);
            }
        }
        let raw_volumes = raw.volumes.unwrap_or_default();
        let mut volumes = Vec::with_capacity(raw_volumes.len());
        for (volume, number) in raw_volumes.into_iter().zip(0..) {
            volumes.push(Volume::read(volume, || {
                format!("{field}.volumes[{number}]")
            })?);
        }
        let pull_secrets = raw.image_pull_secrets.unwrap_or_default().into_iter();
        let security = raw.security.unwrap_or_default();
        Ok(PodSpec {
            service_account_name: account,
            automount_service_account_token: raw.automount.map(|flag| flag.0),
            node_name: node,
            host_network: is_set(raw.host_network),
            host_pid: is_set(raw.host_pid),
            host_ipc: is_set(raw.host_ipc),
            host_users: raw.host_users.map(|flag| flag.0),
            share_process_namespace: is_set(raw.share_process_namespace),
            run_as_user: security.run_as_user.map(|number| number.0),
            windows_host_process: host_process(security.windows),
            image_pull_secrets: pull_secrets
                .filter_map(|secret| named(secret.name))
                .collect(),
            containers,
            volumes,
        })
    }
}
