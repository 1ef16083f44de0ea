//! Containers of a pod.

use compact_str::CompactString;
use serde::Serialize;

use super::fields::Invalid;
use super::metadata::Number;
use super::shape::{Flag, StrictText, is_set, mapping, named, word, words};

/// Which of a pod's three lists a container stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum ContainerRole {
    /// `initContainers`: runs before the others, or beside them.
    Init,
    /// `containers`
    Ordinary,
    /// `ephemeralContainers`: put into a running pod.
    Ephemeral,
}

impl ContainerRole {
    /// The list's name, as manifests write it.
    pub fn list(self) -> &'static str {
        match self {
            ContainerRole::Init => "initContainers",
            ContainerRole::Ordinary => "containers",
            ContainerRole::Ephemeral => "ephemeralContainers",
        }
    }
}

/// A container of a pod, as far as questions ask for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Container {
    /// Which list it stands in.
    pub role: ContainerRole,
    /// The name.
    pub name: CompactString,
    /// The image; empty where a template leaves it to others.
    pub image: CompactString,
    /// `securityContext`
    pub security: ContainerSecurity,
    /// What is mounted where.
    pub volume_mounts: Vec<VolumeMount>,
    /// The Secrets and ConfigMaps that its environment is from.
    pub environment: Vec<EnvironmentSource>,
}

/// `securityContext` of a container.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct ContainerSecurity {
    /// Whether it runs as on the node itself.
    pub privileged: bool,
    /// Whether a process may gain more than its parent has; where nothing is said, it may.
    pub allow_privilege_escalation: Option<bool>,
    /// The user, where it isn't the pod's.
    pub run_as_user: Option<i64>,
    /// Capabilities beyond the runtime's default, as written: `SYS_ADMIN`, `ALL`.
    pub capabilities_added: Vec<CompactString>,
    /// Capabilities that it gives up.
    pub capabilities_dropped: Vec<CompactString>,
    /// Whether it is a process of a Windows node, where it isn't as the pod says.
    pub windows_host_process: Option<bool>,
}

/// An entry of a container's `volumeMounts`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct VolumeMount {
    /// The volume.
    pub name: CompactString,
    /// Where it is in the container.
    pub mount_path: CompactString,
    /// Whether it can't be written.
    pub read_only: bool,
    /// The part of the volume that is mounted; without one, all of it is.
    pub sub_path: Option<CompactString>,
}

/// What of an environment is read from an object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct EnvironmentSource {
    /// The kind of the object.
    pub kind: EnvironmentKind,
    /// The name of the object.
    pub name: CompactString,
    /// The key that is read (`env`); without one, all of them are (`envFrom`).
    pub key: Option<CompactString>,
    /// Whether the container runs without it.
    pub optional: bool,
}

/// The kind of object that an environment is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum EnvironmentKind {
    /// A Secret.
    Secret,
    /// A ConfigMap.
    ConfigMap,
}

mapping! {
    /// A container as it is written.
    pub(super) struct RawContainer<'a> expecting "a container" {
        name: StrictText<'a> = "name",
        image: StrictText<'a> = "image",
        security: RawContainerSecurity<'a> = "securityContext",
        volume_mounts: Vec<RawMount<'a>> = "volumeMounts",
        env: Vec<RawVariable<'a>> = "env",
        env_from: Vec<RawEnvFrom<'a>> = "envFrom",
    }
}

mapping! {
    /// `securityContext` of a container.
    pub(super) struct RawContainerSecurity<'a> expecting "a security context" {
        privileged: Flag = "privileged",
        allow_privilege_escalation: Flag = "allowPrivilegeEscalation",
        run_as_user: Number = "runAsUser",
        capabilities: RawCapabilities<'a> = "capabilities",
        windows: RawWindows<'a> = "windowsOptions",
    }
}

mapping! {
    /// `capabilities`
    pub(super) struct RawCapabilities<'a> expecting "capabilities" {
        add: Vec<StrictText<'a>> = "add",
        drop: Vec<StrictText<'a>> = "drop",
    }
}

mapping! {
    /// `windowsOptions` of a container or a pod.
    pub(super) struct RawWindows<'a> expecting "options for Windows" {
        host_process: Flag = "hostProcess",
    }
}

mapping! {
    /// An entry of `volumeMounts`.
    pub(super) struct RawMount<'a> expecting "a mount of a volume" {
        name: StrictText<'a> = "name",
        mount_path: StrictText<'a> = "mountPath",
        read_only: Flag = "readOnly",
        sub_path: StrictText<'a> = "subPath",
    }
}

mapping! {
    /// An entry of `env`. Its value isn't read: people write passwords there.
    pub(super) struct RawVariable<'a> expecting "a variable" {
        value_from: RawValueFrom<'a> = "valueFrom",
    }
}

mapping! {
    /// `valueFrom` of a variable.
    pub(super) struct RawValueFrom<'a> expecting "the source of a value" {
        secret: RawReference<'a> = "secretKeyRef",
        config_map: RawReference<'a> = "configMapKeyRef",
    }
}

mapping! {
    /// An entry of `envFrom`.
    pub(super) struct RawEnvFrom<'a> expecting "a source of variables" {
        secret: RawReference<'a> = "secretRef",
        config_map: RawReference<'a> = "configMapRef",
    }
}

mapping! {
    /// What names a Secret or ConfigMap, or a key of one.
    pub(super) struct RawReference<'a> expecting "a reference to an object" {
        name: StrictText<'a> = "name",
        key: StrictText<'a> = "key",
        optional: Flag = "optional",
    }
}

impl Container {
    /// A container of the list, which is found at `list` of its object.
    pub(super) fn read(
        raw: RawContainer<'_>,
        role: ContainerRole,
        field: impl Fn() -> String,
    ) -> Result<Self, Invalid> {
        let name = word(raw.name);
        if name.is_empty() {
            return Err(Invalid::new(format!("{}.name: required value", field())));
        }
        let mounts = raw.volume_mounts.unwrap_or_default().into_iter();
        let variables = raw.env.unwrap_or_default().into_iter();
        let of_variables = variables.flat_map(|variable| {
            let from = variable.value_from.unwrap_or_default();
            let key = |reference: &mut RawReference<'_>| word(reference.key.take());
            [
                from.secret.map(|mut secret| {
                    let key = key(&mut secret);
                    reference(EnvironmentKind::Secret, secret, Some(key))
                }),
                from.config_map.map(|mut map| {
                    let key = key(&mut map);
                    reference(EnvironmentKind::ConfigMap, map, Some(key))
                }),
            ]
        });
        let wholes = raw.env_from.unwrap_or_default().into_iter();
        let of_wholes = wholes.flat_map(|from| {
            [
                from.secret
                    .map(|secret| reference(EnvironmentKind::Secret, secret, None)),
                from.config_map
                    .map(|map| reference(EnvironmentKind::ConfigMap, map, None)),
            ]
        });
        let security = raw.security.unwrap_or_default();
        let capabilities = security.capabilities.unwrap_or_default();
        Ok(Container {
            role,
            name,
            image: word(raw.image),
            security: ContainerSecurity {
                privileged: is_set(security.privileged),
                allow_privilege_escalation: security.allow_privilege_escalation.map(|flag| flag.0),
                run_as_user: security.run_as_user.map(|number| number.0),
                capabilities_added: words(capabilities.add),
                capabilities_dropped: words(capabilities.drop),
                windows_host_process: host_process(security.windows),
            },
            volume_mounts: mounts.map(VolumeMount::read).collect(),
            environment: of_variables.chain(of_wholes).flatten().collect(),
        })
    }
}

impl VolumeMount {
    fn read(raw: RawMount<'_>) -> Self {
        VolumeMount {
            name: word(raw.name),
            mount_path: word(raw.mount_path),
            read_only: is_set(raw.read_only),
            sub_path: named(raw.sub_path),
        }
    }
}

fn reference(
    kind: EnvironmentKind,
    raw: RawReference<'_>,
    key: Option<CompactString>,
) -> EnvironmentSource {
    EnvironmentSource {
        kind,
        name: word(raw.name),
        key,
        optional: is_set(raw.optional),
    }
}

/// What `windowsOptions` say of the process.
pub(super) fn host_process(raw: Option<RawWindows<'_>>) -> Option<bool> {
    Some(raw?.host_process?.0)
}
