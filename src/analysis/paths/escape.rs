//! Ways out of a container, onto its node.

use crate::cluster::Snapshot;
use crate::kube::{
    Container, PersistentVolume, PersistentVolumeClaim, PodSpec, VolumeMount, VolumeSource,
};

/// Capabilities that are enough by themselves.
const CAPABILITIES: [&str; 5] = ["ALL", "SYS_ADMIN", "SYS_MODULE", "DAC_READ_SEARCH", "BPF"];
/// Those that are enough with the node's processes in sight.
const WITH_PROCESSES: [&str; 3] = ["ALL", "SYS_ADMIN", "SYS_PTRACE"];
/// Folders of a node in which nothing runs and nobody signs in by what is written there.
const HARMLESS: [&str; 9] = [
    "/data",
    "/media",
    "/mnt",
    "/srv",
    "/tmp",
    "/usr/share/zoneinfo",
    "/var/cache",
    "/var/log",
    "/var/tmp",
];
/// What a container runtime listens on: to connect to it, a mount that is read only is enough.
const SOCKETS: [&str; 8] = [
    "/run/containerd/containerd.sock",
    "/run/containerd/containerd.sock.ttrpc",
    "/run/cri-dockerd.sock",
    "/run/crio/crio.sock",
    "/run/docker.sock",
    "/run/dockershim.sock",
    "/run/k3s/containerd/containerd.sock",
    "/run/podman/podman.sock",
];
/// Folders that hold what a node signs in by.
const CREDENTIALS: [&str; 3] = ["/etc/kubernetes", "/var/lib/kubelet", "/var/lib/rancher"];

/// Whether whoever is in a pod may get onto its node.
///
/// A user namespace (`hostUsers: false`) closes it.
pub(super) fn may_escape(snapshot: &Snapshot, namespace: &str, spec: &PodSpec) -> bool {
    if spec.host_users == Some(false) {
        return false;
    }
    let mut containers = spec.containers.iter();
    containers.any(|container| {
        let security = &container.security;
        let is_host_process = security.windows_host_process.or(spec.windows_host_process);
        let has = |wanted: &[&str]| {
            let mut added = security.capabilities_added.iter();
            added.any(|added| {
                let name = added.to_ascii_uppercase();
                wanted.contains(&name.strip_prefix("CAP_").unwrap_or(&name))
            })
        };
        security.privileged
            || is_host_process == Some(true)
            || has(&CAPABILITIES)
            || spec.host_pid && has(&WITH_PROCESSES)
            || mounts_of_node(snapshot, namespace, spec, container)
                .iter()
                .any(|(mount, path, is_read_only)| opens_node(mount, path, *is_read_only))
    })
}

/// Whether files of a container are the node's log folder, into which it may write.
///
/// A link in there, read by the kubelet as a log, shows any file of the node.
pub(super) fn writes_logs(snapshot: &Snapshot, namespace: &str, spec: &PodSpec) -> bool {
    let mut containers = spec.containers.iter();
    spec.host_users != Some(false)
        && containers.any(|container| {
            let mounts = mounts_of_node(snapshot, namespace, spec, container);
            let mut mounts = mounts.iter();
            mounts.any(|(mount, path, is_read_only)| {
                mount.sub_path.is_none() && !is_read_only && tidy(path) == "/var/log"
            })
        })
}

/// The mounts of a container that are of the node, with the paths there and whether they are read only.
fn mounts_of_node<'c>(
    snapshot: &'c Snapshot,
    namespace: &str,
    spec: &'c PodSpec,
    container: &'c Container,
) -> Vec<(&'c VolumeMount, &'c str, bool)> {
    let mounts = container.volume_mounts.iter();
    let of_node = mounts.filter_map(|mount| {
        let mut volumes = spec.volumes.iter();
        let volume = volumes.find(|volume| volume.name == mount.name)?;
        let (path, is_read_only) = match &volume.source {
            VolumeSource::HostPath { path, .. } => (&**path, false),
            VolumeSource::PersistentVolumeClaim { claim, read_only } => {
                (claimed_path(snapshot, namespace, claim)?, *read_only)
            }
            _ => return None,
        };
        Some((mount, path, is_read_only || mount.read_only))
    });
    of_node.collect()
}

/// The path of the node that a claim opens.
pub(super) fn claimed_path<'s>(
    snapshot: &'s Snapshot,
    namespace: &str,
    claim: &str,
) -> Option<&'s str> {
    let claims = snapshot.objects().of::<PersistentVolumeClaim>();
    let asks = claims
        .binary_search_by(|known| (&*known.namespace, &*known.name).cmp(&(namespace, claim)))
        .ok()
        .and_then(|at| claims[at].volume_name.as_deref());
    let volumes = snapshot.objects().of::<PersistentVolume>();
    let mut volumes = volumes.iter();
    let volume = volumes.find(|volume| match (&volume.claim_ref, asks) {
        (Some(of), _) => of.namespace == namespace && of.name == claim,
        (None, asks) => asks == Some(&volume.name),
    });
    volume?.node_path()
}

/// Whether a path of the node is enough to take it over.
pub(super) fn opens_node_by_writing(path: &str) -> bool {
    let path = tidy(path);
    let is_harmless = |folder: &&str| is_below(&path, folder);
    !HARMLESS.iter().any(is_harmless)
}

fn opens_node(mount: &VolumeMount, path: &str, is_read_only: bool) -> bool {
    let whole = match &mount.sub_path {
        None => tidy(path),
        Some(part) => tidy(&format!("{path}/{part}")),
    };
    let holds_socket = SOCKETS.iter().any(|socket| is_below(socket, &whole));
    let mut credentials = CREDENTIALS.iter();
    let holds_credentials =
        credentials.any(|folder| is_below(folder, &whole) || is_below(&whole, folder));
    holds_socket || holds_credentials || !is_read_only && opens_node_by_writing(&whole)
}

/// Whether a path is a folder or something in it.
fn is_below(path: &str, folder: &str) -> bool {
    let rest = path.strip_prefix(folder.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A path without what stands in it twice or leads back; `/var/run` is `/run` on every node.
fn tidy(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    if parts.starts_with(&["var", "run"]) {
        parts.remove(0);
    }
    format!("/{}", parts.join("/"))
}
