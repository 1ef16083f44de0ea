//! Each edge: what gives it, and a near twin that doesn't.

use rbac_eval::analysis::paths::Certainty::{self, Definite, Outside, Somebody, State};

use crate::support::paths_small::{NAMESPACES, Right, Small};

const EXEC: Right<'_> = ("create", "/pods/exec", "", "open");

/// A pod of the namespace `open` with this spec, beside its account and Secrets.
fn pod(spec: &str) -> String {
    format!(
        "{NAMESPACES}
---
{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: app, namespace: open}}}}
---
{{apiVersion: v1, kind: Secret, metadata: {{name: keys, namespace: open}}}}
---
{{apiVersion: v1, kind: Node, metadata: {{name: n1}}}}
---
{{apiVersion: v1, kind: Pod, metadata: {{name: p, namespace: open}}, spec: {{serviceAccountName: app, {spec}}}}}
"
    )
}

const PLAIN: &str = "containers: [{name: c, image: i}]";

/// A workload of the namespace `open`.
fn workload(api: &str, kind: &str, more: &str, spec: &str) -> String {
    let template =
        format!("metadata: {{labels: {{a: b}}}}, spec: {{serviceAccountName: app, {spec}}}");
    format!(
        "{NAMESPACES}
---
{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: app, namespace: open}}}}
---
{{apiVersion: {api}, kind: {kind}, metadata: {{name: web, namespace: open}},
  spec: {{{more}selector: {{matchLabels: {{a: b}}}}, template: {{{template}}}}}}}
"
    )
}

fn step(edges: &str, rights: &[Right<'_>], objects: &str) -> Option<Certainty> {
    Small::new(rights, objects).step(edges)
}

fn goal(goal: &str, rights: &[Right<'_>], objects: &str) -> Option<Certainty> {
    Small::new(rights, objects).goal(goal)
}

#[test]
fn exec_gets_into_a_pod() {
    let to_account = |right, objects: &str| step("pod-account exec", &[right], objects);
    assert_eq!(to_account(EXEC, &pod(PLAIN)), Some(Definite));
    let named = |name| ("create", "/pods/exec", name, "open");
    assert_eq!(to_account(named("p"), &pod(PLAIN)), Some(Definite));
    assert_eq!(to_account(named("q"), &pod(PLAIN)), None);
    let elsewhere = ("create", "/pods/exec", "", "shut");
    assert_eq!(to_account(elsewhere, &pod(PLAIN)), None);
    let attach = ("create", "/pods/attach", "", "open");
    assert_eq!(to_account(attach, &pod(PLAIN)), Some(State));
    let star = ("create", "/pods/*", "", "open");
    assert_eq!(to_account(star, &pod(PLAIN)), None);
}

#[test]
fn exec_gets_into_the_pods_that_workloads_make() {
    let to_account = |right, objects: &str| step("pod-account exec", &[right], objects);
    let deployment = workload("apps/v1", "Deployment", "", PLAIN);
    assert_eq!(to_account(EXEC, &deployment), Some(State));
    let named = |name| ("create", "/pods/exec", name, "open");
    assert_eq!(to_account(named("web-0"), &deployment), None);
    let none = workload("apps/v1", "Deployment", "replicas: 0, ", PLAIN);
    assert_eq!(to_account(EXEC, &none), None);
    let stateful = workload("apps/v1", "StatefulSet", "replicas: 2, ", PLAIN);
    assert_eq!(to_account(named("web-1"), &stateful), Some(State));
    assert_eq!(to_account(named("web-2"), &stateful), None);
    assert_eq!(to_account(named("web-01"), &stateful), None);
}

#[test]
fn finished_pods_are_passed_over() {
    let finished = pod(PLAIN).replace("metadata: {name: p,", "metadata: {name: p, uid: u,");
    let finished = finished.replace(
        &format!("{PLAIN}}}"),
        &format!("{PLAIN}}}, status: {{phase: Succeeded}}"),
    );
    assert!(finished.contains("Succeeded"));
    assert_eq!(step("pod-account exec", &[EXEC], &finished), None);
}

#[test]
fn a_container_added_to_a_pod_is_in_it() {
    let to_account = |right| step("pod-account ephemeral", &[right], &pod(PLAIN));
    let added = |names| ("patch", "/pods/ephemeralcontainers", names, "open");
    assert_eq!(to_account(added("")), Some(State));
    assert_eq!(to_account(added("q")), None);
    assert_eq!(to_account(("patch", "pods", "", "open")), None);
}

#[test]
fn another_image_is_in_the_pod() {
    let to_account = |right| step("pod-account pod-patch", &[right], &pod(PLAIN));
    assert_eq!(to_account(("patch", "pods", "p", "open")), Some(State));
    assert_eq!(to_account(("patch", "pods", "q", "open")), None);
    assert_eq!(to_account(("patch", "/pods/status", "", "open")), None);
}

#[test]
fn a_pod_has_its_accounts_token_where_it_is_mounted() {
    let to_account = |objects: &str| step("pod-account exec", &[EXEC], objects);
    let off = format!("automountServiceAccountToken: false, {PLAIN}");
    assert_eq!(to_account(&pod(&off)), None);
    let account_off = pod(PLAIN).replace(
        "metadata: {name: app, namespace: open}}",
        "metadata: {name: app, namespace: open}, automountServiceAccountToken: false}",
    );
    assert_eq!(to_account(&account_off), None);
    let on = account_off.replace(
        PLAIN,
        &format!("automountServiceAccountToken: true, {PLAIN}"),
    );
    assert_eq!(to_account(&on), Some(Definite));
    let covered = "containers: [{name: c, image: i, volumeMounts: [{name: v, \
        mountPath: /var/run/secrets/kubernetes.io/serviceaccount}]}], volumes: [{name: v, emptyDir: {}}]";
    assert_eq!(to_account(&pod(covered)), None);
}

#[test]
fn a_projected_token_counts_for_the_api_alone() {
    let projected = |source: &str, mounts: &str| {
        let spec = format!(
            "automountServiceAccountToken: false, containers: [{{name: c, image: i{mounts}}}], \
             volumes: [{{name: t, projected: {{sources: [{{serviceAccountToken: {source}}}]}}}}]"
        );
        step("pod-account exec", &[EXEC], &pod(&spec))
    };
    let mounted = ", volumeMounts: [{name: t, mountPath: /t}]";
    assert_eq!(projected("{path: t}", mounted), Some(Definite));
    assert_eq!(projected("{path: t}", ""), Some(State));
    assert_eq!(projected("{path: t, audience: vault}", mounted), None);
    let own = "{path: t, audience: 'https://kubernetes.default.svc'}";
    assert_eq!(projected(own, mounted), Some(State));
}

#[test]
fn a_copy_of_a_nodes_own_pod_has_no_account() {
    let mirror = pod(PLAIN).replace(
        "metadata: {name: p,",
        "metadata: {annotations: {kubernetes.io/config.mirror: x}, name: p,",
    );
    assert_eq!(step("pod-account exec", &[EXEC], &mirror), None);
}

#[test]
fn a_pod_shows_its_secrets() {
    let to_secret = |spec: &str| step("pod-secrets exec", &[EXEC], &pod(spec));
    let volume = "volumes: [{name: v, secret: {secretName: keys}}]";
    let mounted = format!(
        "containers: [{{name: c, image: i, volumeMounts: [{{name: v, mountPath: /v}}]}}], {volume}"
    );
    assert_eq!(to_secret(&mounted), Some(Definite));
    assert_eq!(to_secret(&format!("{PLAIN}, {volume}")), Some(State));
    let env_from = "containers: [{name: c, image: i, envFrom: [{secretRef: {name: keys}}]}]";
    assert_eq!(to_secret(env_from), Some(Definite));
    let init = format!(
        "initContainers: [{{name: a, image: i, envFrom: [{{secretRef: {{name: keys}}}}]}}], {PLAIN}"
    );
    assert_eq!(to_secret(&init), Some(Definite));
    let pulled = format!("imagePullSecrets: [{{name: keys}}], {PLAIN}");
    assert_eq!(to_secret(&pulled), None);
    let map = "containers: [{name: c, image: i, envFrom: [{configMapRef: {name: keys}}]}]";
    assert_eq!(to_secret(map), None);
}

#[test]
fn a_privileged_pod_is_its_node() {
    let escapes = |spec: &str| {
        let spec = format!("nodeName: n1, {spec}");
        step("pod-escape exec", &[EXEC], &pod(&spec))
    };
    let container = |security: &str| {
        format!("containers: [{{name: c, image: i, securityContext: {{{security}}}}}]")
    };
    assert_eq!(escapes(PLAIN), None);
    assert_eq!(escapes(&container("privileged: true")), Some(State));
    let in_user_namespace = format!("hostUsers: false, {}", container("privileged: true"));
    assert_eq!(escapes(&in_user_namespace), None);
    assert_eq!(
        escapes(&container("capabilities: {add: [SYS_ADMIN]}")),
        Some(State)
    );
    assert_eq!(
        escapes(&container("capabilities: {add: [NET_ADMIN]}")),
        None
    );
    let ptrace = container("capabilities: {add: [SYS_PTRACE]}");
    assert_eq!(escapes(&ptrace), None);
    assert_eq!(escapes(&format!("hostPID: true, {ptrace}")), Some(State));
    assert_eq!(escapes(&format!("hostPID: true, {PLAIN}")), None);
    assert_eq!(escapes(&format!("hostNetwork: true, {PLAIN}")), None);
}

#[test]
fn files_of_a_node_are_the_node_where_they_matter() {
    let escapes = |path: &str, mount: &str| {
        let spec = format!(
            "nodeName: n1, containers: [{{name: c, image: i, volumeMounts: [{{name: h, mountPath: /h{mount}}}]}}], \
             volumes: [{{name: h, hostPath: {{path: {path}}}}}]"
        );
        step("pod-escape exec", &[EXEC], &pod(&spec))
    };
    assert_eq!(escapes("/", ""), Some(State));
    assert_eq!(escapes("/etc/cron.d", ""), Some(State));
    assert_eq!(escapes("/etc/cron.d", ", readOnly: true"), None);
    assert_eq!(escapes("/mnt/disk", ""), None);
    assert_eq!(escapes("/mnt/../etc", ""), Some(State));
    assert_eq!(
        escapes("/var/run/docker.sock", ", readOnly: true"),
        Some(State)
    );
    assert_eq!(escapes("/run", ", readOnly: true"), Some(State));
    assert_eq!(escapes("/", ", readOnly: true, subPath: usr/share"), None);
    assert_eq!(escapes("/var/lib", ", readOnly: true"), Some(State));
    assert_eq!(escapes("/var/log", ""), None);
}

#[test]
fn logs_lead_out_of_a_pod_for_whoever_reads_them() {
    let spec = "nodeName: n1, containers: [{name: c, image: i, volumeMounts: [{name: h, mountPath: /h}]}], \
        volumes: [{name: h, hostPath: {path: /var/log}}]";
    let escapes = |names| {
        let log = ("get", "/nodes/log", names, "");
        step("pod-escape exec", &[EXEC, log], &pod(spec))
    };
    assert_eq!(escapes("n1"), Some(State));
    assert_eq!(escapes("n2"), None);
}

#[test]
fn a_claim_on_a_nodes_files_is_the_node() {
    let spec = "nodeName: n1, containers: [{name: c, image: i, volumeMounts: [{name: h, mountPath: /h}]}], \
        volumes: [{name: h, persistentVolumeClaim: {claimName: data}}]";
    let volume = |source: &str| {
        format!(
            "{}---
{{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {{name: data, namespace: open}}, spec: {{volumeName: pv}}}}
---
{{apiVersion: v1, kind: PersistentVolume, metadata: {{name: pv}}, spec: {{{source}}}}}
",
            pod(spec)
        )
    };
    let escapes = |source: &str| step("pod-escape exec", &[EXEC], &volume(source));
    assert_eq!(escapes("hostPath: {path: /}"), Some(State));
    assert_eq!(escapes("nfs: {path: /, server: s}"), None);
}

#[test]
fn pods_of_azure_have_their_machines_identities() {
    let azure = pod(PLAIN).replace(
        "metadata: {name: n1}",
        "metadata: {name: n1, labels: {kubernetes.azure.com/cluster: x}}",
    );
    assert_eq!(step("pod-imds exec", &[EXEC], &azure), Some(State));
    assert_eq!(step("pod-imds exec", &[EXEC], &pod(PLAIN)), None);
}

const RUN: Right<'_> = ("create", "pods", "", "open");
const RUN_SHUT: Right<'_> = ("create", "pods", "", "shut");

#[test]
fn a_pod_is_made_by_apply_of_a_free_name() {
    let put = |names| [("create, patch", "pods", names, "open")];
    assert_eq!(step("run-as-put", &put("q"), &pod(PLAIN)), Some(Definite));
    assert_eq!(step("run-as-put", &put("p"), &pod(PLAIN)), None);
    let create = [("create", "pods", "q", "open")];
    assert_eq!(step("run-as-put", &create, &pod(PLAIN)), None);
}

#[test]
fn a_certificate_is_asked_for_by_apply_of_a_name() {
    let csr = "certificates.k8s.io/certificatesigningrequests";
    let approval = "certificates.k8s.io/certificatesigningrequests/approval";
    let signers = "certificates.k8s.io/signers";
    let with = |verbs| {
        [
            (verbs, csr, "x", ""),
            ("patch", approval, "", ""),
            (
                "approve",
                signers,
                "kubernetes.io/kube-apiserver-client",
                "",
            ),
        ]
    };
    assert_eq!(
        step("csr-put", &with("create, patch"), NAMESPACES),
        Some(State)
    );
    assert_eq!(step("csr-put", &with("create"), NAMESPACES), None);
}

#[test]
fn a_pod_of_ones_own_mounts_secrets() {
    assert_eq!(step("run-mount", &[RUN], &pod(PLAIN)), Some(Definite));
    assert_eq!(
        goal("secret:open/keys", &[RUN], &pod(PLAIN)),
        Some(Definite)
    );
    assert_eq!(goal("secret:open/keys", &[RUN_SHUT], &pod(PLAIN)), None);
    let kept = "annotations: {kubernetes.io/enforce-mountable-secrets: 'true'}";
    let app = pod(PLAIN).replace(
        "metadata: {name: app,",
        &format!("metadata: {{{kept}, name: app,"),
    );
    assert_eq!(step("run-mount", &[RUN], &app), Some(Definite));
    let all = format!(
        "{app}---\n{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: default, namespace: open, {kept}}}}}\n"
    );
    assert_eq!(step("run-mount", &[RUN], &all), Some(State));
}

#[test]
fn a_privileged_pod_of_ones_own_is_any_node() {
    assert_eq!(step("run-privileged", &[RUN], NAMESPACES), Some(Definite));
    assert_eq!(goal("node", &[RUN], NAMESPACES), Some(Definite));
    assert_eq!(step("run-privileged", &[RUN_SHUT], NAMESPACES), None);
    assert_eq!(goal("node", &[RUN_SHUT], NAMESPACES), None);
    assert_eq!(step("run-privileged", &[RUN], ""), Some(State));
    let mistyped = NAMESPACES.replace("restricted", "Privileged");
    assert_eq!(step("run-privileged", &[RUN_SHUT], &mistyped), None);
    let privileged = NAMESPACES.replace("restricted", "privileged");
    assert_eq!(
        step("run-privileged", &[RUN_SHUT], &privileged),
        Some(Definite)
    );
    let anywhere = ("create", "pods", "", "");
    assert_eq!(
        step("run-privileged", &[anywhere], NAMESPACES),
        Some(Definite)
    );
}

/// A constraint on pods of Gatekeeper.
fn constraint(more: &str) -> String {
    format!(
        "{NAMESPACES}---
{{apiVersion: constraints.gatekeeper.sh/v1beta1, kind: K8sPSPPrivilegedContainer, metadata: {{name: c}},
  spec: {{{more}match: {{kinds: [{{apiGroups: [''], kinds: [Pod]}}]}}}}}}
"
    )
}

#[test]
fn a_policy_that_isnt_judged_makes_it_doubtful() {
    let runs = |objects: &str| step("run-privileged", &[RUN], objects);
    assert_eq!(runs(&constraint("")), Some(State));
    assert_eq!(
        runs(&constraint("enforcementAction: dryrun, ")),
        Some(Definite)
    );
    assert_eq!(
        runs(&constraint("").replace("[Pod]", "[Service]")),
        Some(Definite)
    );
    let elsewhere = constraint("").replace("match: {", "match: {excludedNamespaces: ['op*'], ");
    assert_eq!(runs(&elsewhere), Some(Definite));
    let webhook = |more: &str, resource: &str| {
        format!(
            "{NAMESPACES}---
{{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, metadata: {{name: w}},
  webhooks: [{{name: w.example.com, clientConfig: {{url: 'https://w'}}, {more}
    rules: [{{operations: [CREATE], apiGroups: [''], apiVersions: [v1], resources: [{resource}]}}]}}]}}
"
        )
    };
    assert_eq!(runs(&webhook("", "pods")), Some(State));
    assert_eq!(runs(&webhook("", "'*'")), Some(State));
    assert_eq!(runs(&webhook("", "services")), Some(Definite));
    let labelled = "objectSelector: {matchLabels: {check: me}},";
    assert_eq!(runs(&webhook(labelled, "pods")), Some(Definite));
    let shut = "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shut}},";
    assert_eq!(runs(&webhook(shut, "pods")), Some(Definite));
}

#[test]
fn who_takes_the_policy_away_runs_privileged_pods() {
    let group = "constraints.gatekeeper.sh/k8spspprivilegedcontainer";
    let deletes = |resource, name| {
        step(
            "gate-delete",
            &[RUN, ("delete", resource, name, "")],
            &constraint(""),
        )
    };
    assert_eq!(deletes(group, "c"), Some(Definite));
    assert_eq!(deletes(group, "d"), None);
    let template = "templates.gatekeeper.sh/constrainttemplates";
    assert_eq!(
        deletes(template, "k8spspprivilegedcontainer"),
        Some(Definite)
    );
    assert_eq!(deletes(template, "k8spsphostfilesystem"), None);
    assert_eq!(
        step(
            "gate-delete",
            &[("delete", group, "c", "")],
            &constraint("")
        ),
        None
    );
    // Pod Security refuses it all the same.
    let shut = [RUN_SHUT, ("delete", group, "c", "")];
    assert_eq!(step("gate-delete", &shut, &constraint("")), None);
}

#[test]
fn a_volume_of_nodes_files_gets_past_pod_security() {
    let claim = ("create", "persistentvolumeclaims", "", "shut");
    let volume = ("create", "persistentvolumes", "", "");
    assert_eq!(
        step("run-pv", &[RUN_SHUT, claim, volume], NAMESPACES),
        Some(Definite)
    );
    assert_eq!(step("run-pv", &[RUN_SHUT, volume], NAMESPACES), None);
    assert_eq!(step("run-pv", &[RUN_SHUT, claim], NAMESPACES), None);
    assert_eq!(step("run-pv", &[RUN, claim, volume], NAMESPACES), None);
}

#[test]
fn a_namespace_of_ones_own_has_ones_own_labels() {
    let make = ("create", "namespaces", "", "");
    let anywhere = ("create", "pods", "", "");
    let shut = NAMESPACES.replace(
        "{name: open}",
        "{name: open, labels: {pod-security.kubernetes.io/enforce: baseline}}",
    );
    assert_eq!(
        step("own-namespace", &[make, anywhere], &shut),
        Some(Definite)
    );
    assert_eq!(step("own-namespace", &[make, RUN_SHUT], &shut), None);
    assert_eq!(step("own-namespace", &[anywhere], &shut), None);
    let put = ("create, patch", "namespaces", "mine", "");
    assert_eq!(
        step("own-namespace", &[put, anywhere], &shut),
        Some(Definite)
    );
    let taken = ("create, patch", "namespaces", "shut", "");
    assert_eq!(step("own-namespace", &[taken, anywhere], &shut), None);
}

#[test]
fn a_label_lets_privileged_pods_in() {
    let label = |names, namespace| ("patch", "namespaces", names, namespace);
    let opens = |rights: &[Right<'_>]| step("psa-label", rights, NAMESPACES);
    assert_eq!(opens(&[RUN_SHUT, label("", "shut")]), Some(Definite));
    assert_eq!(opens(&[RUN_SHUT, label("shut", "")]), Some(Definite));
    assert_eq!(opens(&[RUN_SHUT, label("open", "")]), None);
    assert_eq!(opens(&[RUN_SHUT, label("", "open")]), None);
    assert_eq!(opens(&[label("", "shut")]), None);
    // It is open without.
    assert_eq!(opens(&[RUN, label("", "open")]), None);
}

#[test]
fn requests_of_two_identities_make_one_step() {
    // Eve has a token of an account, which labels; she runs pods.
    let objects = format!(
        "{NAMESPACES}---\n{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: labeller, namespace: open}}}}\n{}",
        crate::support::paths_small::rights_of(
            "open/labeller",
            &[("patch", "namespaces", "", "shut")]
        )
    );
    let token = ("create", "/serviceaccounts/token", "labeller", "open");
    assert_eq!(
        step("psa-label token", &[RUN_SHUT, token], &objects),
        Some(Definite)
    );
    assert_eq!(step("psa-label token", &[RUN_SHUT], &objects), None);
}

/// A Node with these labels, on which the pod runs.
fn node(labels: &str) -> String {
    let labelled = format!("metadata: {{name: n1, labels: {{{labels}}}}}");
    pod(&format!("nodeName: n1, {PLAIN}")).replace("metadata: {name: n1}", &labelled)
}

#[test]
fn root_of_the_control_plane_is_cluster_admin() {
    let label = "node-role.kubernetes.io/control-plane: ''";
    assert_eq!(goal("cluster-admin", &[RUN], &node(label)), Some(Definite));
    assert_eq!(goal("system:masters", &[RUN], &node(label)), Some(Definite));
    assert_eq!(goal("cluster-admin", &[RUN], &node("a: b")), None);
    // A credential of a node isn't what is on its disk.
    let impersonate = [
        ("impersonate", "users", "'system:node:n1'", ""),
        ("impersonate", "groups", "'system:nodes'", ""),
    ];
    assert_eq!(goal("node", &impersonate, &node(label)), Some(Definite));
    assert_eq!(goal("cluster-admin", &impersonate, &node(label)), None);
}

#[test]
fn the_kubelet_runs_what_it_is_asked() {
    let asks = |verbs, names| {
        step(
            "pod-account nodes-proxy",
            &[(verbs, "/nodes/proxy", names, "")],
            &node(""),
        )
    };
    assert_eq!(asks("get", ""), Some(Definite));
    assert_eq!(asks("create", ""), Some(Definite));
    assert_eq!(asks("get", "n1"), Some(Definite));
    assert_eq!(asks("get", "n2"), None);
    assert_eq!(asks("list", ""), None);
    let by_role_binding = ("get", "/nodes/proxy", "", "open");
    assert_eq!(step("nodes-proxy", &[by_role_binding], &node("")), None);
}

#[test]
fn an_address_of_a_node_turns_the_server_on_itself() {
    let turns = |status, proxy| {
        let rights = [
            ("patch", "/nodes/status", status, ""),
            ("get", "/nodes/proxy", proxy, ""),
        ];
        step("nodes-status-proxy", &rights, &node(""))
    };
    assert_eq!(turns("", ""), Some(State));
    assert_eq!(turns("n1", "n1"), Some(State));
    assert_eq!(turns("n1", "n2"), None);
    assert_eq!(turns("", "n1"), Some(State));
    let made = [("create", "nodes", "", ""), ("get", "/nodes/proxy", "", "")];
    assert_eq!(step("nodes-status-proxy", &made, &node("")), Some(State));
    assert_eq!(step("nodes-status-proxy", &made[..1], &node("")), None);
}

#[test]
fn kubelets_are_read() {
    let reads = |resource| step("kubelet-read", &[("get", resource, "", "")], NAMESPACES);
    assert_eq!(reads("/nodes/log"), Some(State));
    assert_eq!(reads("/nodes/pods"), Some(State));
    assert_eq!(reads("nodes"), None);
    assert_eq!(reads("/nodes/metrics"), None);
}

#[test]
fn pods_are_steered_to_a_node_that_is_held() {
    let deployment = workload("apps/v1", "Deployment", "", PLAIN);
    let objects = format!(
        "{deployment}---\n{{apiVersion: v1, kind: Node, metadata: {{name: n1}}}}\n---\n{{apiVersion: v1, kind: Node, metadata: {{name: n2}}}}\n"
    );
    let held = [
        ("impersonate", "users", "'system:node:n1'", ""),
        ("impersonate", "groups", "'system:nodes'", ""),
    ];
    let steers = |more: &[Right<'_>]| {
        let rights = [&held[..], more].concat();
        step("steer impersonate-node", &rights, &objects)
    };
    let evict = ("create", "/pods/eviction", "", "open");
    assert_eq!(
        steers(&[evict, ("patch", "nodes", "n2", "")]),
        Some(Somebody)
    );
    assert_eq!(steers(&[evict, ("patch", "nodes", "n1", "")]), None);
    assert_eq!(steers(&[evict]), None);
    assert_eq!(
        steers(&[("create", "/pods/binding", "", "open")]),
        Some(Somebody)
    );
    let without_node = [evict, ("patch", "nodes", "", "")];
    assert_eq!(step("steer", &without_node, &objects), None);
}

const ADMISSION: &str = "admissionregistration.k8s.io";

#[test]
fn webhooks_see_and_change_what_is_written() {
    let mutating = format!("{ADMISSION}/mutatingwebhookconfigurations");
    let admin = crate::support::paths_small::rights_of("admin", &[("'*'", "*/*", "", "")]);
    let rights = [("create", &*mutating, "", "")];
    assert_eq!(step("mutating-webhook", &rights, &admin), Some(Somebody));
    assert_eq!(goal("cluster-admin", &rights, &admin), Some(Somebody));
    assert_eq!(goal("system:masters", &rights, NAMESPACES), None);
    assert_eq!(
        step("mutating-webhook", &[("get", &*mutating, "", "")], &admin),
        None
    );
    let validating = format!("{ADMISSION}/validatingwebhookconfigurations");
    let rights = [("patch", &*validating, "", "")];
    assert_eq!(
        goal("secret:open/keys", &rights, &pod(PLAIN)),
        Some(Somebody)
    );
    assert_eq!(goal("cluster-admin", &rights, &admin), None);
}

#[test]
fn mutating_policies_take_both_objects_and_a_version() {
    let policies = format!("{ADMISSION}/mutatingadmissionpolicies");
    let bindings = format!("{ADMISSION}/mutatingadmissionpolicybindings");
    let both = [
        ("create", &*policies, "", ""),
        ("create", &*bindings, "", ""),
    ];
    let step_of = |minor, rights: &[Right<'_>]| {
        Small::of_version(Some(minor), rights, NAMESPACES).step("mutating-policy")
    };
    assert_eq!(step_of(36, &both), Some(Somebody));
    assert_eq!(step_of(30, &both), None);
    assert_eq!(step_of(36, &both[..1]), None);
}

#[test]
fn what_policies_are_asked_about_is_written() {
    let config = ("update", "config.gatekeeper.sh/configs", "", "open");
    assert_eq!(
        step("policy-param", &[config], &constraint("")),
        Some(State)
    );
    assert_eq!(step("policy-param", &[config], NAMESPACES), None);
}

#[test]
fn traffic_names_and_trust_are_redirected() {
    let step = |edge, right| step(edge, &[right], NAMESPACES);
    let apiservices = "apiregistration.k8s.io/apiservices";
    assert_eq!(
        step("apiservice", ("create", apiservices, "", "")),
        Some(Somebody)
    );
    assert_eq!(step("apiservice", ("delete", apiservices, "", "")), None);
    let definitions = "apiextensions.k8s.io/customresourcedefinitions";
    assert_eq!(
        step("crd-conversion", ("patch", definitions, "x", "")),
        Some(Somebody)
    );
    assert_eq!(
        step("crd-conversion", ("create", definitions, "", "")),
        None
    );
    assert_eq!(
        step("service-traffic", ("patch", "endpoints", "", "open")),
        Some(Somebody)
    );
    assert_eq!(
        step("service-traffic", ("get", "endpoints", "", "open")),
        None
    );
    assert_eq!(
        step("dns", ("update", "configmaps", "coredns", "kube-system")),
        Some(Somebody)
    );
    assert_eq!(
        step("dns", ("update", "configmaps", "coredns", "open")),
        None
    );
    assert_eq!(
        step("dns", ("update", "configmaps", "other", "kube-system")),
        None
    );
    let trusted = "extension-apiserver-authentication";
    assert_eq!(
        step("trust", ("patch", "configmaps", trusted, "kube-system")),
        Some(State)
    );
    assert_eq!(
        step("trust", ("patch", "configmaps", trusted, "kube-public")),
        None
    );
    let bundles = "certificates.k8s.io/clustertrustbundles";
    assert_eq!(step("trust", ("create", bundles, "", "")), None);
}

#[test]
fn trust_bundles_take_attestation() {
    let rights = [
        ("create", "certificates.k8s.io/clustertrustbundles", "", ""),
        ("attest", "certificates.k8s.io/signers", "", ""),
    ];
    assert_eq!(step("trust", &rights, NAMESPACES), Some(State));
}

/// An account of a controller, in its own namespace.
fn controller(name: &str) -> String {
    format!(
        "{NAMESPACES}---\n{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: {name}, namespace: system}}}}\n"
    )
}

#[test]
fn controllers_do_as_objects_say() {
    let flux = (
        "create",
        "kustomize.toolkit.fluxcd.io/kustomizations",
        "",
        "open",
    );
    let objects = controller("kustomize-controller");
    assert_eq!(step("deputy", &[flux], &objects), Some(State));
    assert_eq!(
        goal("sa:system/kustomize-controller", &[flux], &objects),
        Some(State)
    );
    assert_eq!(step("deputy", &[flux], &controller("other")), None);
    let reads = (
        "get",
        "kustomize.toolkit.fluxcd.io/kustomizations",
        "",
        "open",
    );
    assert_eq!(step("deputy", &[reads], &objects), None);
    let argo = |namespace| ("patch", "argoproj.io/applications", "", namespace);
    let objects = controller("argocd-application-controller");
    assert_eq!(step("deputy", &[argo("system")], &objects), Some(State));
    assert_eq!(step("deputy", &[argo("open")], &objects), None);
}

#[test]
fn controllers_act_as_accounts_that_objects_name() {
    let runs = |namespace| ("create", "tekton.dev/taskruns", "", namespace);
    let objects = format!(
        "{}---\n{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: app, namespace: open}}}}\n",
        controller("tekton-pipelines-controller")
    );
    assert_eq!(
        step("deputy-impersonates", &[runs("open")], &objects),
        Some(Definite)
    );
    assert_eq!(
        goal("sa:open/app", &[runs("open")], &objects),
        Some(Definite)
    );
    assert_eq!(goal("sa:open/app", &[runs("shut")], &objects), None);
    assert_eq!(
        step("deputy-impersonates", &[runs("open")], NAMESPACES),
        None
    );
}

#[test]
fn sources_say_what_controllers_apply() {
    let source = (
        "patch",
        "source.toolkit.fluxcd.io/gitrepositories",
        "",
        "open",
    );
    assert_eq!(
        step(
            "source-write",
            &[source],
            &controller("kustomize-controller")
        ),
        Some(State)
    );
    assert_eq!(step("source-write", &[source], NAMESPACES), None);
    let config = |namespace| ("update", "configmaps", "argocd-rbac-cm", namespace);
    let argo = controller("argocd-application-controller");
    assert_eq!(
        step("source-write", &[config("system")], &argo),
        Some(State)
    );
    assert_eq!(step("source-write", &[config("open")], &argo), None);
}

#[test]
fn an_old_ingress_controller_runs_what_ingresses_say() {
    let ingress = ("create", "networking.k8s.io/ingresses", "", "open");
    let of = |tag: &str| {
        let image = format!("registry.k8s.io/ingress-nginx/controller:{tag}");
        let template = format!(
            "metadata: {{labels: {{a: b}}}}, spec: {{serviceAccountName: ingress-nginx, containers: [{{name: c, image: '{image}'}}]}}"
        );
        format!(
            "{}---
{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: web, namespace: system}},
  spec: {{selector: {{matchLabels: {{a: b}}}}, template: {{{template}}}}}}}
",
            controller("ingress-nginx")
        )
    };
    let step_of = |tag| step("ingress-nginx", &[ingress], &of(tag));
    assert_eq!(step_of("v1.11.4"), Some(State));
    assert_eq!(step_of("v1.8.1@sha256:00"), Some(State));
    assert_eq!(step_of("v1.11.5"), None);
    assert_eq!(step_of("v1.12.1"), None);
}

#[test]
fn impersonation_in_part_reaches_no_further() {
    let users = (
        "'impersonate:user-info'",
        "authentication.k8s.io/users",
        "",
        "",
    );
    let on = ("'impersonate-on:user-info:list'", "pods", "", "");
    let step_of = |minor, rights: &[Right<'_>]| {
        Small::of_version(Some(minor), rights, NAMESPACES).step("impersonate-constrained")
    };
    assert_eq!(step_of(36, &[users, on]), Some(State));
    assert_eq!(step_of(36, &[users]), None);
    assert_eq!(step_of(34, &[users, on]), None);
    let extra = [
        ("impersonate", "authentication.k8s.io/userextras", "", ""),
        ("impersonate", "users", "bob", ""),
    ];
    assert_eq!(step("impersonate-extra", &extra, NAMESPACES), Some(Outside));
    assert_eq!(step("impersonate-extra", &extra[..1], NAMESPACES), None);
}

#[test]
fn some_secrets_sign_in_elsewhere() {
    let secret = |name: &str| {
        format!(
            "---\n{{apiVersion: v1, kind: Secret, metadata: {{name: {name}, namespace: open}}}}\n"
        )
    };
    let read = [("get", "secrets", "", "open")];
    let step_of = |name| step("secret-to-user secret-read", &read, &secret(name));
    assert_eq!(step_of("prod-kubeconfig"), Some(State));
    assert_eq!(step_of("keys"), None);
}

#[test]
fn labels_of_ones_own_get_past_webhooks_that_select_by_them() {
    let webhook = |selector: &str| {
        format!(
            "{}---
{{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, metadata: {{name: w}},
  webhooks: [{{name: w.example.com, clientConfig: {{url: 'https://w'}},
    namespaceSelector: {{matchExpressions: [{selector}]}},
    rules: [{{operations: [CREATE], apiGroups: [''], apiVersions: [v1], resources: [pods]}}]}}]}}
",
            NAMESPACES.replace("{name: open}", "{name: open, labels: {pod-security.kubernetes.io/enforce: baseline}}")
        )
    };
    let rights = [("create", "namespaces", "", ""), ("create", "pods", "", "")];
    let made = |selector: &str| step("own-namespace", &rights, &webhook(selector));
    let exempt = "{key: exempt, operator: DoesNotExist}";
    assert_eq!(made(exempt), Some(Definite));
    let all_but = "{key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system]}";
    assert_eq!(made(all_but), Some(State));
    let one = "{key: kubernetes.io/metadata.name, operator: In, values: [open]}";
    assert_eq!(made(one), Some(Definite));
}
