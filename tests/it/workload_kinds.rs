//! Pods, what makes them, what they mount and what may keep them out: read from every form, refused where
//! a server would refuse them, and Secrets without a word of what they keep.

use std::fs;

use crate::support;
use pretty_assertions::assert_eq;
use rbac_eval::cluster::{Defaults, Snapshot};
use rbac_eval::diagnostic::codes;
use rbac_eval::kube::{
    self, Container, ContainerRole, Decode, EnvironmentKind, FailurePolicy, Manifest, Node,
    PersistentVolume, PersistentVolumeClaim, PersistentVolumeSource, Pod, PodPhase, PolicyEngine,
    PolicyObject, ProjectedSource, Registry, Role, Secret, ServiceAccount, VolumeSource,
    WebhookClient, WebhookConfiguration, WebhookKind, Workload, WorkloadKind,
};
use rbac_eval::text::{Files, SourceText};
use serde_json::{Value, json};

fn source(name: &str, text: &str) -> SourceText {
    SourceText {
        name: name.to_owned(),
        bytes: text.into(),
        named: true,
    }
}

fn read(name: &str, text: &str) -> Manifest {
    let registry = Registry::with_workloads();
    kube::parse_with(&registry, &mut Files::default(), &[source(name, text)])
}

/// What is told of a text, each with its place.
fn told(name: &str, text: &str) -> Vec<String> {
    let mut files = Files::default();
    let registry = Registry::with_workloads();
    let manifest = kube::parse_with(&registry, &mut files, &[source(name, text)]);
    let told = manifest.diagnostics.iter();
    told.map(|told| {
        let place = told.span.map(|span| files.display(span).to_string());
        format!("{}: {}", place.unwrap_or_default(), told.message)
    })
    .collect()
}

/// A value as people write YAML, in block style, every string in quotes.
fn yaml(value: &Value) -> String {
    let mut text = String::new();
    write_yaml(value, 0, &mut text);
    text + "\n"
}

fn write_yaml(value: &Value, depth: usize, text: &mut String) {
    let entries: Vec<(String, &Value)> = match value {
        Value::Object(map) if !map.is_empty() => {
            let entries = map.iter();
            let quoted = entries.map(|(key, value)| (format!("{}:", json!(key)), value));
            quoted.collect()
        }
        Value::Array(items) if !items.is_empty() => {
            items.iter().map(|item| ("-".to_owned(), item)).collect()
        }
        flow => return text.push_str(&format!(" {flow}")),
    };
    for (head, value) in entries {
        text.push_str(&format!("\n{}{head}", "  ".repeat(depth)));
        write_yaml(value, depth + 1, text);
    }
}

/// An object in each form in which it may come.
fn forms(object: &Value) -> [(&'static str, String); 6] {
    let list = json!({"apiVersion": "v1", "kind": "List", "items": [object]});
    [
        ("a.json", object.to_string()),
        ("pretty.json", format!("{object:#}")),
        ("a.yaml", yaml(object)),
        ("flow.yaml", format!("# c\n{object}\n")),
        ("list.json", list.to_string()),
        ("list.yaml", yaml(&list)),
    ]
}

/// The object that each form holds, which has to be the same in all.
fn one<T: Decode>(object: &Value) -> T {
    let mut found: Vec<T> = Vec::new();
    for (name, text) in forms(object) {
        let manifest = read(name, &text);
        assert_eq!(manifest.diagnostics, [], "{name}: {text}");
        let [object] = manifest.objects.of::<T>() else {
            panic!("{name}: {:?}", manifest.objects);
        };
        found.push(object.value.clone());
    }
    let first = found.remove(0);
    assert!(found.iter().all(|other| *other == first), "{found:?}");
    first
}

fn pod(spec: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "a"}, "spec": spec})
}

fn whole_spec() -> Value {
    json!({
        "serviceAccountName": "builder",
        "serviceAccount": "older",
        "automountServiceAccountToken": false,
        "nodeName": "node-1",
        "hostNetwork": true,
        "hostPID": true,
        "hostIPC": true,
        "hostUsers": false,
        "shareProcessNamespace": true,
        "securityContext": {"runAsUser": 1000, "windowsOptions": {"hostProcess": true}, "fsGroup": 5},
        "imagePullSecrets": [{"name": "registry"}, {}],
        "initContainers": [{"name": "first", "image": "i"}],
        "containers": [{
            "name": "main",
            "image": "m",
            "securityContext": {
                "privileged": true,
                "allowPrivilegeEscalation": false,
                "runAsUser": 0,
                "capabilities": {"add": ["SYS_ADMIN", "BPF"], "drop": ["ALL"]},
                "windowsOptions": {"hostProcess": false},
            },
            "volumeMounts": [
                {"name": "host", "mountPath": "/host", "readOnly": true, "subPath": "etc"},
                {"name": "key", "mountPath": "/key"},
            ],
            "env": [
                {"name": "A", "value": "hunter2"},
                {"name": "B", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
                {"name": "C", "valueFrom": {"configMapKeyRef": {"name": "cm", "key": "k", "optional": true}}},
                {"name": "D", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            ],
            "envFrom": [{"secretRef": {"name": "all"}}, {"prefix": "X", "configMapRef": {"name": "every"}}],
            "resources": {"limits": {"cpu": 1}},
        }],
        "ephemeralContainers": [{"name": "debug", "image": "d", "targetContainerName": "main"}],
        "volumes": [
            {"name": "key", "secret": {"secretName": "key", "optional": true, "defaultMode": 420}},
            {"name": "cm", "configMap": {"name": "cm"}},
            {"name": "host", "hostPath": {"path": "/", "type": "Directory"}},
            {"name": "disk", "persistentVolumeClaim": {"claimName": "disk", "readOnly": true}},
            {"name": "token", "projected": {"sources": [
                {"serviceAccountToken": {"path": "token", "expirationSeconds": 3607}},
                {"serviceAccountToken": {"path": "other", "audience": "vault"}},
                {"secret": {"name": "s"}},
                {"configMap": {"name": "kube-root-ca.crt"}},
                {"downwardAPI": {"items": []}},
            ]}},
            {"name": "vault", "csi": {
                "driver": "secrets-store.csi.k8s.io",
                "volumeAttributes": {"secretProviderClass": "vault", "a": "b"},
                "nodePublishSecretRef": {"name": "login"},
            }},
            {"name": "tmp", "emptyDir": {}},
            {"name": "nothing"},
        ],
        "tolerations": [{"operator": "Exists"}],
    })
}

#[test]
fn a_pod_is_read_from_every_form_with_all_that_it_reaches() {
    let mut object = pod(&whole_spec());
    object["metadata"]["labels"] = json!({"app": "web"});
    object["metadata"]["ownerReferences"] = json!([
        {"apiVersion": "v1", "kind": "ConfigMap", "name": "cm", "uid": "1"},
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-1", "uid": "2", "controller": true},
    ]);
    object["status"] = json!({"phase": "Running", "podIP": "10.0.0.1"});
    let pod: Pod = one(&object);
    assert_eq!((&*pod.namespace, &*pod.name), ("a", "p"));
    let owner = pod.owner.unwrap();
    assert_eq!((&*owner.kind, &*owner.name), ("ReplicaSet", "web-1"));
    assert_eq!(pod.phase, Some(PodPhase::Running));
    let spec = pod.spec;
    assert_eq!(spec.service_account(), "builder");
    assert_eq!(spec.automount_service_account_token, Some(false));
    assert_eq!(spec.node_name.as_deref(), Some("node-1"));
    assert!(spec.host_network && spec.host_pid && spec.host_ipc && spec.share_process_namespace);
    assert_eq!(spec.host_users, Some(false));
    assert_eq!(
        (spec.run_as_user, spec.windows_host_process),
        (Some(1000), Some(true))
    );
    assert_eq!(spec.image_pull_secrets, ["registry"]);

    let names: Vec<(ContainerRole, &str, &str)> = spec
        .containers
        .iter()
        .map(|container| (container.role, &*container.name, &*container.image))
        .collect();
    assert_eq!(
        names,
        [
            (ContainerRole::Init, "first", "i"),
            (ContainerRole::Ordinary, "main", "m"),
            (ContainerRole::Ephemeral, "debug", "d"),
        ]
    );
    let main: &Container = &spec.containers[1];
    assert!(main.security.privileged);
    assert_eq!(main.security.allow_privilege_escalation, Some(false));
    assert_eq!(main.security.run_as_user, Some(0));
    assert_eq!(main.security.capabilities_added, ["SYS_ADMIN", "BPF"]);
    assert_eq!(main.security.capabilities_dropped, ["ALL"]);
    assert_eq!(main.security.windows_host_process, Some(false));
    let mounts: Vec<(&str, &str, bool, Option<&str>)> = main
        .volume_mounts
        .iter()
        .map(|mount| {
            let part = mount.sub_path.as_deref();
            (&*mount.name, &*mount.mount_path, mount.read_only, part)
        })
        .collect();
    assert_eq!(
        mounts,
        [
            ("host", "/host", true, Some("etc")),
            ("key", "/key", false, None)
        ]
    );
    let environment: Vec<(EnvironmentKind, &str, Option<&str>, bool)> = main
        .environment
        .iter()
        .map(|from| (from.kind, &*from.name, from.key.as_deref(), from.optional))
        .collect();
    assert_eq!(
        environment,
        [
            (EnvironmentKind::Secret, "db", Some("password"), false),
            (EnvironmentKind::ConfigMap, "cm", Some("k"), true),
            (EnvironmentKind::Secret, "all", None, false),
            (EnvironmentKind::ConfigMap, "every", None, false),
        ]
    );
    assert_eq!(
        spec.containers[0].security,
        kube::ContainerSecurity::default()
    );
    // What people write into variables is kept nowhere.
    assert!(!format!("{spec:?}").contains("hunter2"));
}

#[test]
fn volumes_are_told_apart_by_what_they_hold() {
    let pod: Pod = one(&pod(&whole_spec()));
    let of = |name: &str| {
        let mut volumes = pod.spec.volumes.iter();
        volumes
            .find(|volume| volume.name == name)
            .unwrap()
            .source
            .clone()
    };
    assert_eq!(
        of("key"),
        VolumeSource::Secret {
            name: "key".into(),
            optional: true
        }
    );
    assert_eq!(
        of("cm"),
        VolumeSource::ConfigMap {
            name: "cm".into(),
            optional: false
        }
    );
    assert_eq!(
        of("host"),
        VolumeSource::HostPath {
            path: "/".into(),
            path_type: Some("Directory".into())
        }
    );
    assert_eq!(
        of("disk"),
        VolumeSource::PersistentVolumeClaim {
            claim: "disk".into(),
            read_only: true
        }
    );
    assert_eq!(
        of("token"),
        VolumeSource::Projected(vec![
            ProjectedSource::ServiceAccountToken { audience: None },
            ProjectedSource::ServiceAccountToken {
                audience: Some("vault".into())
            },
            ProjectedSource::Secret {
                name: "s".into(),
                optional: false
            },
            ProjectedSource::ConfigMap {
                name: "kube-root-ca.crt".into(),
                optional: false
            },
            ProjectedSource::Other("downwardAPI".into()),
        ])
    );
    assert_eq!(
        of("vault"),
        VolumeSource::Csi {
            driver: "secrets-store.csi.k8s.io".into(),
            attributes: vec![
                ("a".to_owned(), "b".to_owned()),
                ("secretProviderClass".to_owned(), "vault".to_owned()),
            ],
            node_publish_secret: Some("login".into()),
        }
    );
    assert_eq!(of("tmp"), VolumeSource::Other("emptyDir".into()));
    assert_eq!(of("nothing"), VolumeSource::Other("emptyDir".into()));
}

#[test]
fn the_account_of_a_pod_is_the_one_it_runs_as() {
    for (account, expected) in [
        (json!({}), "default"),
        (json!({"serviceAccountName": ""}), "default"),
        (json!({"serviceAccountName": null}), "default"),
        (json!({"serviceAccount": "older"}), "older"),
        (
            json!({"serviceAccountName": "", "serviceAccount": "older"}),
            "older",
        ),
        (
            json!({"serviceAccountName": "newer", "serviceAccount": "older"}),
            "newer",
        ),
    ] {
        let mut spec = account.clone();
        spec["containers"] = json!([{"name": "c", "image": "i"}]);
        let pod: Pod = one(&pod(&spec));
        assert_eq!(pod.spec.service_account(), expected, "{account}");
    }
}

#[test]
fn a_manifest_cannot_say_that_its_pod_has_ended() {
    let phase = |phase: &str, uid: Option<&str>| {
        let mut object = pod(&json!({"containers": [{"name": "c", "image": "i"}]}));
        object["status"] = json!({"phase": phase});
        if let Some(uid) = uid {
            object["metadata"]["uid"] = json!(uid);
        }
        one::<Pod>(&object)
    };
    assert!(!phase("Succeeded", None).is_finished());
    assert!(phase("Succeeded", Some("1")).is_finished());
    assert!(phase("Failed", Some("1")).is_finished());
    assert!(!phase("Running", Some("1")).is_finished());
    assert_eq!(phase("Later", None).phase, Some(PodPhase::Unknown));
}

fn workload(kind: WorkloadKind, api_version: &str) -> Value {
    let template = json!({
        "metadata": {"labels": {"app": "web"}, "annotations": {"by": "ann"}, "creationTimestamp": null},
        "spec": {"serviceAccountName": "web", "containers": [{"name": "c"}]},
    });
    let mut object = json!({
        "apiVersion": api_version,
        "kind": kind.as_str(),
        "metadata": {"name": "w", "namespace": "a"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template, "replicas": 3},
    });
    if kind == WorkloadKind::ReplicationController {
        object["spec"]["selector"] = json!({"app": "web"});
    }
    if kind == WorkloadKind::CronJob {
        object["spec"] =
            json!({"schedule": "* * * * *", "jobTemplate": {"spec": {"template": template}}});
    }
    object
}

const CURRENT: [(WorkloadKind, &str); 7] = [
    (WorkloadKind::CronJob, "batch/v1"),
    (WorkloadKind::DaemonSet, "apps/v1"),
    (WorkloadKind::Deployment, "apps/v1"),
    (WorkloadKind::Job, "batch/v1"),
    (WorkloadKind::ReplicaSet, "apps/v1"),
    (WorkloadKind::ReplicationController, "v1"),
    (WorkloadKind::StatefulSet, "apps/v1"),
];

#[test]
fn each_workload_has_the_spec_of_its_pods() {
    for (kind, api_version) in CURRENT {
        let found: Workload = one(&workload(kind, api_version));
        assert_eq!(found.kind, kind);
        assert_eq!(
            found.object_ref().to_string(),
            format!("{} a/w", kind.as_str())
        );
        assert_eq!(found.spec.service_account(), "web", "{kind}");
        assert_eq!(
            found.template.labels,
            [("app".to_owned(), "web".to_owned())]
        );
        assert_eq!(&*found.template.annotations[0].1, "ann");
        let counts = !matches!(
            kind,
            WorkloadKind::CronJob | WorkloadKind::DaemonSet | WorkloadKind::Job
        );
        assert_eq!(found.replicas, counts.then_some(3), "{kind}");
    }
}

#[test]
fn what_says_no_namespace_is_where_kubectl_puts_it() {
    let mut objects: Vec<Value> = CURRENT
        .into_iter()
        .map(|(kind, api_version)| workload(kind, api_version))
        .collect();
    objects.push(pod(&json!({"containers": [{"name": "c", "image": "i"}]})));
    objects
        .push(json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {}}));
    objects.push(
        json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "c"}}),
    );
    for object in &mut objects {
        if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.remove("namespace");
        }
        for (registry, namespace) in [
            (Registry::with_workloads(), "default"),
            (Registry::with_workloads().in_namespace("team"), "team"),
        ] {
            let text = source("a.json", &object.to_string());
            let manifest = kube::parse_with(&registry, &mut Files::default(), &[text]);
            assert_eq!(manifest.diagnostics, [], "{object}");
            let keys: Vec<&str> = manifest.objects.keys().map(|key| key.namespace).collect();
            assert_eq!(keys, [namespace], "{object}");
        }
    }
}

#[test]
fn old_versions_are_read_and_told_and_unknown_ones_refused() {
    for (kind, version, expected) in [
        (
            WorkloadKind::Deployment,
            "extensions/v1beta1",
            "1.16 dropped",
        ),
        (WorkloadKind::Deployment, "apps/v1beta1", "1.16 dropped"),
        (WorkloadKind::StatefulSet, "apps/v1beta2", "1.16 dropped"),
        (WorkloadKind::CronJob, "batch/v1beta1", "1.25 dropped"),
        (
            WorkloadKind::CronJob,
            "batch/v2alpha1",
            "no server has any more",
        ),
    ] {
        let text = workload(kind, version).to_string();
        let manifest = read("a.json", &text);
        assert_eq!(manifest.objects.of::<Workload>().len(), 1, "{version}");
        let [told] = &*manifest.diagnostics else {
            panic!("{version}: {:?}", manifest.diagnostics);
        };
        assert_eq!(told.code, &codes::OLD_VERSION);
        assert!(told.message.contains(expected), "{}", told.message);
    }
    for (kind, version, hint) in [
        (WorkloadKind::Deployment, "v1", "(it is in `apps/v1`)"),
        (WorkloadKind::Deployment, "batch/v1", "(it is in `apps/v1`)"),
        (
            WorkloadKind::ReplicaSet,
            "apps/v1beta1",
            "(it is in `apps/v1`)",
        ),
        (WorkloadKind::Job, "batch/v1beta1", "(it is in `batch/v1`)"),
        (
            WorkloadKind::ReplicationController,
            "apps/v1",
            "(it is in `v1`)",
        ),
        (WorkloadKind::Deployment, "policy/v1", "no matches for kind"),
    ] {
        let manifest = read("a.json", &workload(kind, version).to_string());
        assert!(manifest.objects.is_empty(), "{kind} {version}");
        let [told] = &*manifest.diagnostics else {
            panic!("{version}: {:?}", manifest.diagnostics);
        };
        assert_eq!(told.code, &codes::REFUSED);
        assert!(told.message.contains(hint), "{}", told.message);
    }
    // Somebody's own kind of the same name.
    let volcano = workload(WorkloadKind::Job, "batch.volcano.sh/v1alpha1").to_string();
    let manifest = read("a.json", &volcano);
    assert_eq!((manifest.skipped, manifest.diagnostics.len()), (1, 0));
}

#[test]
fn a_value_of_the_wrong_type_is_told_with_its_field_and_place() {
    let spec = |field: &str, value: &Value| {
        let mut spec = json!({"containers": [{"name": "c", "image": "i", "securityContext": {}}]});
        *spec.pointer_mut(field).unwrap_or(&mut Value::Null) = json!(null);
        let (parent, key) = field.rsplit_once('/').unwrap();
        spec.pointer_mut(parent).unwrap()[key] = value.clone();
        spec
    };
    for (field, value, expected) in [
        (
            "/hostPID",
            json!("yes"),
            "spec.hostPID: the string `yes`, where a boolean belongs",
        ),
        (
            "/containers/0/securityContext/privileged",
            json!("yes"),
            "spec.containers[0].securityContext.privileged: the string `yes`, where a boolean belongs",
        ),
        (
            "/containers/0/image",
            json!(5),
            "spec.containers[0].image: the number `5`, where a string belongs",
        ),
        (
            "/containers/0/securityContext/runAsUser",
            json!("root"),
            "spec.containers[0].securityContext.runAsUser: the string `root`, where a whole number belongs",
        ),
        (
            "/containers/0/securityContext/capabilities",
            json!({"add": "ALL"}),
            "spec.containers[0].securityContext.capabilities.add: a list belongs here",
        ),
        (
            "/serviceAccountName",
            json!(true),
            "spec.serviceAccountName: the boolean `true`, where a string belongs",
        ),
        (
            "/volumes",
            json!([{"name": "v", "hostPath": "/"}]),
            "spec.volumes[0].hostPath: the string `/`, where a path of the node belongs",
        ),
        (
            "/volumes",
            json!([{"name": "v", "csi": {"driver": "d", "volumeAttributes": {"a": 1}}}]),
            "`spec.volumes[0].csi.volumeAttributes.a` holds the number `1`, where a string belongs",
        ),
    ] {
        for (name, text) in forms(&pod(&spec(field, &value))) {
            let manifest = read(name, &text);
            assert!(manifest.objects.is_empty(), "{name}: {text}");
            let [told] = &*manifest.diagnostics else {
                panic!("{name}: {:?}", manifest.diagnostics);
            };
            assert!(told.is_unjudged() && told.content.is_some());
            assert!(
                told.message.contains(expected),
                "{name}: {}\n{expected}",
                told.message
            );
        }
    }
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: a}\nspec:\n  containers:\n  - name: c\n    \
                image: i\n    securityContext:\n      privileged: 'yes'\n";
    assert_eq!(
        told("a.yaml", text),
        [
            "a.yaml:9:7: this Pod is not used, since an API server would refuse it: \
          spec.containers[0].securityContext.privileged: the string `yes`, where a boolean belongs"
        ]
        .map(|text| text.replace("this Pod", "Pod p"))
    );
    let text = text.replace("'yes'", "yes");
    let manifest = read("a.yaml", &text);
    assert!(
        manifest.objects.of::<Pod>()[0].spec.containers[0]
            .security
            .privileged
    );
}

#[test]
fn what_a_server_refuses_of_a_pod_or_template_is_refused() {
    let container = json!([{"name": "c", "image": "i"}]);
    for (spec, expected) in [
        (json!(null), "spec.containers: required value"),
        (json!({"containers": []}), "spec.containers: required value"),
        (
            json!({"containers": [{"image": "i"}]}),
            "spec.containers[0].name: required value",
        ),
        (
            json!({"containers": [{"name": "c"}]}),
            "spec.containers: `c` has no image",
        ),
        (
            json!({"containers": container, "serviceAccountName": "${SA}"}),
            "spec.serviceAccountName: invalid value `${SA}`",
        ),
        (
            json!({"containers": container, "nodeName": "a b"}),
            "spec.nodeName: invalid value `a b`",
        ),
        (
            json!({"containers": container, "volumes": [{"name": "v", "hostPath": {"path": "/"}, "configMap": {"name": "c"}}]}),
            "spec.volumes[0]: may not specify more than 1 volume type",
        ),
    ] {
        let told = told("a.json", &pod(&spec).to_string());
        assert!(
            matches!(&*told, [told] if told.contains(expected)),
            "{told:?}"
        );
    }
    let mut patch = workload(WorkloadKind::Deployment, "apps/v1");
    patch["spec"]["selector"] = json!(null);
    let mut unlike = workload(WorkloadKind::DaemonSet, "apps/v1");
    unlike["spec"]["selector"]["matchLabels"]["app"] = json!("other");
    let mut bare = workload(WorkloadKind::CronJob, "batch/v1");
    bare["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"] = json!([]);
    for (object, expected) in [
        (patch, "spec.selector: required value"),
        (unlike, "`selector` does not match template `labels`"),
        (
            bare,
            "spec.jobTemplate.spec.template.spec.containers: required value",
        ),
    ] {
        let told = told("a.json", &object.to_string());
        assert!(
            matches!(&*told, [told] if told.contains(expected)),
            "{told:?}"
        );
    }
}

#[test]
fn unknown_fields_are_passed_over() {
    let mut object = pod(&whole_spec());
    let plain: Pod = one(&object);
    object["extra"] = json!({"a": [1]});
    object["spec"]["fieldOfTomorrow"] = json!({"hostPID": "yes"});
    object["spec"]["containers"][0]["alsoNew"] = json!([{}]);
    object["spec"]["containers"][0]["securityContext"]["new"] = json!(5);
    let extended: Pod = one(&object);
    assert_eq!(plain, extended);
}

/// Ways to write a Secret, sound and odd, in all of which `hunter2` is what nobody may see.
fn secrets() -> Vec<(&'static str, String)> {
    let odd = [
        json!({"data": {"password": "hunter2"}}),
        json!({"data": {"password": "%%%hunter2"}}),
        json!({"data": "hunter2"}),
        json!({"data": ["hunter2"]}),
        json!({"stringData": {"password": "hunter2", "other": {"deep": ["hunter2"]}}}),
        json!({"stringData": {"n": 5}, "immutable": "hunter2"}),
        json!({"password": "hunter2"}),
        json!({"type": {"password": "hunter2"}}),
        json!({"type": ["hunter2"]}),
        json!({"metadata": "hunter2"}),
        json!({"metadata": {"name": "s", "labels": {"password": "hunter2!"}}}),
        json!({"metadata": {"name": "s", "labels": "hunter2"}}),
        json!({"metadata": {"name": "s", "generation": "hunter2"}}),
        json!({"metadata": {"name": "s", "finalizers": ["hunter2/x/y"]}}),
        json!({"metadata": {"name": "s", "creationTimestamp": "hunter2"}}),
        json!({"metadata": {"name": "s", "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": "{\"stringData\":{\"p\":\"hunter2\"}}",
            "note": "hunter2",
            "kubernetes.io/service-account.name": "ci",
        }}}),
        json!({"metadata": {"name": "s", "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": {"stringData": "hunter2"},
        }}}),
        json!({"metadata": {"name": "s", "stringData": {"p": "hunter2"}}}),
    ];
    let mut texts = Vec::new();
    for fields in odd {
        let mut object = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}});
        for (key, value) in fields.as_object().unwrap() {
            object[key] = value.clone();
        }
        texts.extend(forms(&object));
    }
    let head = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n";
    for rest in [
        "data: {p: !!binary '%%%hunter2'}\n",
        "data: {p: !!int hunter2}\n",
        "stringData:\n  p: *hunter2\n",
        "stringData:\n  p: \"hunter2\n",
        "stringData:\n  p: hunter2: x\n",
        "stringData:\n  p: @hunter2\n",
        "stringData:\n\tp: hunter2\n",
        "stringData:\n  p: a\n  p: hunter2\n",
        "stringData: |\n  hunter2\n hunter2\n",
        "type: !!float hunter2\n",
    ] {
        texts.push(("broken.yaml", format!("{head}{rest}")));
        texts.push(("second.yaml", format!("{head}---\n{head}{rest}---\n{head}")));
    }
    let json = r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"#;
    for rest in [
        r#""data":{"p":"hunter2"}"#,
        r#""data":{"p":"a","p":"hunter2"}}"#,
        r#""data":{"p":hunter2}}"#,
        r#""type":"a","type":["hunter2"]}"#,
        r#""data":{"p":"\ud800hunter2"}}"#,
    ] {
        texts.push(("broken.json", format!("{json}{rest}")));
    }
    texts
}

#[test]
fn what_a_secret_keeps_comes_out_nowhere() {
    let (mut read_all, mut refused) = (0, 0);
    for (name, text) in secrets() {
        let manifest = read(name, &text);
        let shown = format!("{:?} {:?}", manifest.objects, manifest.diagnostics);
        assert!(!shown.contains("hunter2"), "{name}: {text}\n{shown}");
        let snapshot = Snapshot::new(Files::default(), manifest.clone(), Defaults::None);
        assert!(!format!("{snapshot:?}").contains("hunter2"), "{text}");
        let count = manifest.objects.of::<Secret>().len();
        // Nothing is lost in silence.
        assert!(count > 0 || !manifest.diagnostics.is_empty(), "{text}");
        read_all += count;
        refused += manifest.diagnostics.len();
    }
    assert!(
        read_all > 40 && refused > 40,
        "{read_all} read, {refused} refused"
    );
}

#[test]
fn a_secret_is_its_name_labels_type_and_account() {
    let object = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "ci-token",
            "namespace": "a",
            "labels": {"kubernetes.io/legacy-token-last-used": "2024-01-01"},
            "annotations": {
                "kubernetes.io/service-account.name": "ci",
                "kubernetes.io/service-account.uid": "1",
                "other": "x",
            },
        },
        "type": "kubernetes.io/service-account-token",
        "data": {"token": "aHVudGVyMg=="},
    });
    let secret: Secret = one(&object);
    assert_eq!(secret.token_account(), Some("ci"));
    assert_eq!(secret.annotations.len(), 2);
    assert_eq!(secret.annotation("other"), None);
    assert_eq!(secret.labels.len(), 1);
    let mut opaque = object.clone();
    opaque.as_object_mut().unwrap().remove("type");
    let secret: Secret = one(&opaque);
    assert_eq!(
        (&*secret.secret_type, secret.token_account()),
        ("Opaque", None)
    );
    let mut nobody = object;
    nobody["metadata"]["annotations"]["kubernetes.io/service-account.name"] = json!("");
    assert_eq!(one::<Secret>(&nobody).token_account(), None);
}

#[test]
fn the_names_of_secrets_are_told_where_they_are_at_fault() {
    let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: '${NAME}'}\n";
    let told = told("a.yaml", text);
    assert!(
        matches!(&*told, [told] if told.contains("metadata.name: invalid value `${NAME}`")),
        "{told:?}"
    );
}

#[test]
fn accounts_say_whether_tokens_are_mounted_where_pods_are_asked_about() {
    let account = |automount: Value| {
        json!({
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "x", "namespace": "a", "annotations": {"azure.workload.identity/client-id": "1"}},
            "automountServiceAccountToken": automount,
            "secrets": [{"name": "s"}],
        })
    };
    let off: ServiceAccount = one(&account(json!(false)));
    assert_eq!(off.automount, Some(false));
    assert_eq!(
        off.annotation("azure.workload.identity/client-id"),
        Some("1")
    );
    assert_eq!(one::<ServiceAccount>(&account(json!(null))).automount, None);
    let wrong = told("a.json", &account(json!("no")).to_string());
    assert!(
        matches!(&*wrong, [told] if told.contains("automountServiceAccountToken: the string `no`")),
        "{wrong:?}"
    );

    let texts = [true, false].map(|on| source("a.json", &account(json!(on)).to_string()));
    let collide = |registry: &Registry, texts: &[SourceText]| {
        let mut files = Files::default();
        let manifest = kube::parse_with(registry, &mut files, texts);
        let snapshot = Snapshot::new(files, manifest, Defaults::None);
        let twice = snapshot.diagnostics().iter();
        let twice = twice.filter(|told| told.code == &codes::DEFINED_TWICE);
        let account = snapshot.objects().of::<ServiceAccount>()[0].value.clone();
        (twice.count(), account.automount)
    };
    // Nothing of RBAC depends on it, so nobody is told who asks about that alone.
    assert_eq!(collide(&Registry::standard(), &texts), (0, None));
    // Else the definition counts that gives a token, whichever comes last.
    let registry = Registry::with_workloads();
    assert_eq!(collide(&registry, &texts), (1, Some(true)));
    let [on, off] = texts;
    assert_eq!(collide(&registry, &[off, on]), (1, Some(true)));
    let same = [json!(null), json!(true)].map(|on| source("a.json", &account(on).to_string()));
    assert_eq!(collide(&registry, &same).0, 0);
}

#[test]
fn nodes_have_taints_where_pods_are_asked_about() {
    let object = json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": "n", "labels": {"node-role.kubernetes.io/control-plane": ""}},
        "spec": {"taints": [
            {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"},
            {"key": "gpu", "value": "true", "effect": "NoExecute", "timeAdded": "2024-01-01T00:00:00Z"},
        ]},
        "status": {"nodeInfo": {"kubeletVersion": "v1.34.1"}},
    });
    let node: Node = one(&object);
    let taints = node.taints.unwrap();
    let taints: Vec<(&str, Option<&str>, &str)> = taints
        .iter()
        .map(|taint| (&*taint.key, taint.value.as_deref(), &*taint.effect))
        .collect();
    assert_eq!(
        taints,
        [
            ("node-role.kubernetes.io/control-plane", None, "NoSchedule"),
            ("gpu", Some("true"), "NoExecute"),
        ]
    );
    let text = source("a.json", &object.to_string());
    let manifest = kube::parse(&mut Files::default(), &[text]);
    assert_eq!(manifest.objects.of::<Node>()[0].taints, None);
}

#[test]
fn volumes_and_claims_say_what_they_open() {
    let volume = |source: Value| {
        let mut object = json!({
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": "v", "namespace": "ignored"},
            "spec": {
                "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "volumeMode": "Filesystem",
                "persistentVolumeReclaimPolicy": "Retain", "storageClassName": "manual",
                "claimRef": {"kind": "PersistentVolumeClaim", "namespace": "a", "name": "c"},
            },
        });
        for (key, value) in source.as_object().unwrap() {
            object["spec"][key] = value.clone();
        }
        one::<PersistentVolume>(&object)
    };
    let host = volume(json!({"hostPath": {"path": "/etc"}}));
    assert_eq!(
        (host.node_path(), &*host.namespace, &*host.storage_class),
        (Some("/etc"), "", "manual")
    );
    let claim = host.claim_ref.unwrap();
    assert_eq!((&*claim.namespace, &*claim.name), ("a", "c"));
    assert_eq!(
        volume(json!({"local": {"path": "/mnt"}})).node_path(),
        Some("/mnt")
    );
    let csi = volume(json!({"csi": {"driver": "disk.csi.azure.com", "volumeHandle": "h"}}));
    assert_eq!(
        csi.source,
        PersistentVolumeSource::Csi {
            driver: "disk.csi.azure.com".into()
        }
    );
    let nfs = volume(json!({"nfs": {"server": "s", "path": "/"}}));
    assert_eq!(nfs.source, PersistentVolumeSource::Other("nfs".into()));
    assert_eq!(nfs.node_path(), None);
    let none = json!({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "v"}, "spec": {}});
    assert!(told("a.json", &none.to_string())[0].contains("must specify a volume type"));

    let claim = |spec: Value| {
        one::<PersistentVolumeClaim>(&json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": {"name": "c", "namespace": "a"}, "spec": spec,
        }))
    };
    let bound = claim(json!({"volumeName": "v", "storageClassName": "", "accessModes": []}));
    assert_eq!(bound.volume_name.as_deref(), Some("v"));
    assert_eq!(bound.storage_class.as_deref(), Some(""));
    let free = claim(json!({"resources": {}}));
    assert_eq!((free.volume_name, free.storage_class), (None, None));
}

#[test]
fn webhooks_say_whom_they_ask_about_what() {
    let object = |kind: &str, version: &str| {
        json!({
            "apiVersion": format!("admissionregistration.k8s.io/{version}"),
            "kind": kind,
            "metadata": {"name": "w"},
            "webhooks": [
                {
                    "name": "pods.example.com",
                    "clientConfig": {"service": {"namespace": "a", "name": "svc", "path": "/"}, "caBundle": "LS0t"},
                    "rules": [{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"],
                               "resources": ["pods"], "scope": "Namespaced"}],
                    "namespaceSelector": {"matchExpressions": [{"key": "skip", "operator": "DoesNotExist"}]},
                    "objectSelector": {"matchLabels": {"a": "b"}},
                    "failurePolicy": "Ignore", "sideEffects": "None", "admissionReviewVersions": ["v1"],
                },
                {"name": "all.example.com", "clientConfig": {"url": "https://h"},
                 "rules": [{"operations": ["*"], "apiGroups": ["*"], "resources": ["*/*"], "scope": "*"}]},
            ],
        })
    };
    for (kind, expected) in [
        ("MutatingWebhookConfiguration", WebhookKind::Mutating),
        ("ValidatingWebhookConfiguration", WebhookKind::Validating),
    ] {
        let found: WebhookConfiguration = one(&object(kind, "v1"));
        assert_eq!(found.kind, expected);
        let [first, second] = &*found.webhooks else {
            panic!("{found:?}");
        };
        assert_eq!(
            first.client,
            WebhookClient::Service {
                namespace: "a".into(),
                name: "svc".into()
            }
        );
        assert_eq!(first.failure_policy, FailurePolicy::Ignore);
        assert_eq!(first.rules[0].resources, ["pods"]);
        assert_eq!(first.rules[0].scope.as_deref(), Some("Namespaced"));
        assert!(
            !first
                .namespace_selector
                .matches(&[("skip".to_owned(), "x".to_owned())])
        );
        assert!(!first.object_selector.matches(&[]));
        assert_eq!(second.client, WebhookClient::Url("https://h".into()));
        assert_eq!(second.failure_policy, FailurePolicy::Fail);
        assert!(second.namespace_selector.matches(&[]));
        assert_eq!(second.rules[0].scope, None);
        // Where nobody answers, the older version goes on.
        let old = read("a.json", &object(kind, "v1beta1").to_string());
        let [found] = old.objects.of::<WebhookConfiguration>() else {
            panic!("{old:?}");
        };
        assert_eq!(found.webhooks[1].failure_policy, FailurePolicy::Ignore);
        assert!(old.diagnostics[0].message.contains("1.22 dropped"));
    }
    let mut odd = object("MutatingWebhookConfiguration", "v1");
    odd["webhooks"][1]["failurePolicy"] = json!("Never");
    assert!(told("a.json", &odd.to_string())[0].contains("webhooks[1].failurePolicy: unsupported"));
    odd["webhooks"][0]["clientConfig"] = json!({});
    assert!(told("a.json", &odd.to_string())[0].contains("exactly one of url or service"));
}

#[test]
fn policies_say_what_they_may_refuse_as_far_as_plain_fields_tell() {
    let constraint = json!({
        "apiVersion": "constraints.gatekeeper.sh/v1beta1", "kind": "K8sPSPPrivilegedContainer",
        "metadata": {"name": "no-privileged"},
        "spec": {"enforcementAction": "deny", "match": {
            "kinds": [{"apiGroups": [""], "kinds": ["Pod"]}],
            "namespaces": ["team-*"], "excludedNamespaces": ["kube-system"],
        }, "parameters": {"any": {"thing": [1]}}},
    });
    let found: PolicyObject = one(&constraint);
    assert_eq!(found.engine, PolicyEngine::Gatekeeper);
    assert_eq!(
        found.object_ref().to_string(),
        "K8sPSPPrivilegedContainer no-privileged"
    );
    assert_eq!(found.kinds[0].api_groups, [""]);
    assert_eq!(found.kinds[0].kinds, ["Pod"]);
    assert_eq!(found.namespaces, ["team-*"]);
    assert_eq!(found.excluded_namespaces, ["kube-system"]);
    assert!(found.may_refuse() && !found.is_narrowed);
    for (action, expected) in [
        (json!("dryrun"), false),
        (json!("warn"), false),
        (json!("scoped"), true),
        (json!(null), true),
    ] {
        let mut object = constraint.clone();
        object["spec"]["enforcementAction"] = action;
        object["spec"]["match"] = json!({"labelSelector": {}});
        let found: PolicyObject = one(&object);
        assert_eq!(found.may_refuse(), expected, "{object}");
        assert!(found.is_narrowed && found.kinds.is_empty());
    }
    // Two constraints of one name are two; the same one twice is one.
    let mut other = constraint.clone();
    other["kind"] = json!("K8sPSPHostFilesystem");
    let mut files = Files::default();
    let texts = [&constraint, &other, &constraint].map(|text| source("a.json", &text.to_string()));
    let manifest = kube::parse_with(&Registry::with_workloads(), &mut files, &texts);
    let snapshot = Snapshot::new(files, manifest, Defaults::None);
    assert_eq!(snapshot.objects().of::<PolicyObject>().len(), 2);
    assert_eq!(snapshot.diagnostics(), []);

    let kyverno = |kind: &str, spec: Value| {
        one::<PolicyObject>(&json!({
            "apiVersion": "kyverno.io/v1", "kind": kind,
            "metadata": {"name": "k", "namespace": "a"}, "spec": spec,
        }))
    };
    let rule =
        |resources: Value| json!({"name": "r", "match": {"any": [{"resources": resources}]}});
    let found = kyverno(
        "ClusterPolicy",
        json!({"validationFailureAction": "Enforce", "rules": [rule(json!({"kinds": ["Pod", "apps/v1/Deployment"]}))]}),
    );
    assert!(found.may_refuse() && found.namespace.is_empty() && !found.is_narrowed);
    assert_eq!(found.kinds[0].kinds, ["Pod", "apps/v1/Deployment"]);
    let found = kyverno(
        "Policy",
        json!({"rules": [rule(json!({"kinds": ["Pod"], "names": ["x"]})), {"name": "all"}]}),
    );
    assert_eq!(found.object_ref().to_string(), "Policy a/k");
    assert!(!found.may_refuse() && found.is_narrowed && found.kinds.is_empty());
    let by_rule = json!({"rules": [{"match": {"resources": {"kinds": ["Pod"]}}, "validate": {"failureAction": "Enforce"}}]});
    assert!(kyverno("ClusterPolicy", by_rule).may_refuse());
    let by_override = json!({"validationFailureAction": "Audit", "validationFailureActionOverrides": [{"action": "Enforce", "namespaces": ["a"]}]});
    assert!(kyverno("ClusterPolicy", by_override).may_refuse());

    let binding = |actions: Value| {
        one::<PolicyObject>(&json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": "b"}, "spec": {"policyName": "p", "validationActions": actions},
        }))
    };
    assert!(binding(json!(["Deny", "Audit"])).may_refuse());
    assert!(!binding(json!(["Warn"])).may_refuse());
}

#[test]
fn kinds_of_other_groups_are_passed_over_without_a_word() {
    for (api_version, kind) in [
        ("audit.k8s.io/v1", "Policy"),
        ("network.example.com/v1", "Policy"),
        ("kyverno.io/v2", "PolicyException"),
        ("templates.gatekeeper.sh/v1", "ConstraintTemplate"),
        ("v1", "ConfigMap"),
    ] {
        let object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"},
                            "note": "constraints.gatekeeper.sh kyverno.io"});
        for (name, text) in forms(&object) {
            let manifest = read(name, &text);
            assert!(manifest.objects.is_empty(), "{text}");
            assert_eq!((manifest.diagnostics.len(), manifest.skipped), (0, 1));
        }
    }
}

/// What `kubectl get pods -A -o yaml` prints of a pod, with all that a server fills in.
const PRINTED: &str = r#"apiVersion: v1
items:
- apiVersion: v1
  kind: Pod
  metadata:
    annotations:
      kubernetes.io/config.seen: "2024-05-01T10:00:00.000000000Z"
    creationTimestamp: "2024-05-01T10:00:00Z"
    generateName: web-5d4f8c7b9-
    labels:
      app: web
      pod-template-hash: 5d4f8c7b9
    name: web-5d4f8c7b9-x2x7k
    namespace: shop
    ownerReferences:
    - apiVersion: apps/v1
      blockOwnerDeletion: true
      controller: true
      kind: ReplicaSet
      name: web-5d4f8c7b9
      uid: 0b1c2d3e-0000-4000-8000-000000000001
    resourceVersion: "123456"
    uid: 0b1c2d3e-0000-4000-8000-000000000002
  spec:
    containers:
    - image: web:1
      imagePullPolicy: IfNotPresent
      livenessProbe:
        failureThreshold: 3
        httpGet:
          path: /
          port: http
          scheme: HTTP
      name: web
      ports:
      - containerPort: 8080
        name: http
        protocol: TCP
      resources:
        limits:
          cpu: 500m
          memory: 128Mi
      terminationMessagePath: /dev/termination-log
      terminationMessagePolicy: File
      volumeMounts:
      - mountPath: /var/run/secrets/kubernetes.io/serviceaccount
        name: kube-api-access-abcde
        readOnly: true
    dnsPolicy: ClusterFirst
    enableServiceLinks: true
    nodeName: aks-1
    preemptionPolicy: PreemptLowerPriority
    priority: 0
    restartPolicy: Always
    schedulerName: default-scheduler
    securityContext: {}
    serviceAccount: web
    serviceAccountName: web
    terminationGracePeriodSeconds: 30
    tolerations:
    - effect: NoExecute
      key: node.kubernetes.io/not-ready
      operator: Exists
      tolerationSeconds: 300
    volumes:
    - name: kube-api-access-abcde
      projected:
        defaultMode: 420
        sources:
        - serviceAccountToken:
            expirationSeconds: 3607
            path: token
        - configMap:
            items:
            - key: ca.crt
              path: ca.crt
            name: kube-root-ca.crt
        - downwardAPI:
            items:
            - fieldRef:
                apiVersion: v1
                fieldPath: metadata.namespace
              path: namespace
  status:
    conditions:
    - lastProbeTime: null
      lastTransitionTime: "2024-05-01T10:00:05Z"
      status: "True"
      type: Ready
    containerStatuses:
    - containerID: containerd://abc
      image: docker.io/library/web:1
      imageID: docker.io/library/web@sha256:abc
      lastState: {}
      name: web
      ready: true
      restartCount: 0
      started: true
      state:
        running:
          startedAt: "2024-05-01T10:00:04Z"
    hostIP: 10.240.0.4
    hostIPs:
    - ip: 10.240.0.4
    phase: Running
    podIP: 10.244.0.12
    podIPs:
    - ip: 10.244.0.12
    qosClass: Burstable
    startTime: "2024-05-01T10:00:00Z"
kind: List
metadata:
  resourceVersion: ""
"#;

#[test]
fn what_kubectl_prints_of_pods_is_read() {
    let manifest = read("pods.yaml", PRINTED);
    assert_eq!(manifest.diagnostics, []);
    let [pod] = manifest.objects.of::<Pod>() else {
        panic!("{manifest:?}");
    };
    assert!(pod.is_printed_by_server() && !pod.is_finished());
    assert_eq!(pod.spec.service_account(), "web");
    assert_eq!(pod.spec.node_name.as_deref(), Some("aks-1"));
    assert_eq!(pod.owner.as_ref().unwrap().name, "web-5d4f8c7b9");
    assert!(matches!(
        &pod.spec.volumes[0].source,
        VolumeSource::Projected(sources)
            if sources[0] == ProjectedSource::ServiceAccountToken { audience: None }
    ));
}

#[test]
fn different_definitions_of_one_pod_stay_side_by_side() {
    let with = |account: &str| {
        let spec =
            json!({"serviceAccountName": account, "containers": [{"name": "c", "image": "i"}]});
        source("a.json", &pod(&spec).to_string())
    };
    let mut files = Files::default();
    let texts = [with("x"), with("y"), with("y")];
    let manifest = kube::parse_with(&Registry::with_workloads(), &mut files, &texts);
    let snapshot = Snapshot::new(files, manifest, Defaults::None);
    let accounts = snapshot.objects().of::<Pod>().iter();
    let mut accounts: Vec<&str> = accounts.map(|pod| pod.spec.service_account()).collect();
    accounts.sort_unstable();
    assert_eq!(accounts, ["x", "y"]);
    let told = snapshot.diagnostics().iter();
    let told: Vec<_> = told.map(|told| told.code).collect();
    assert_eq!(told, [&codes::DEFINED_TWICE]);
}

#[test]
fn the_standard_registry_asks_for_none_of_it() {
    let registry = Registry::standard();
    for kind in Pod::KINDS
        .iter()
        .chain(Workload::KINDS)
        .chain(Secret::KINDS)
        .chain(PersistentVolume::KINDS)
        .chain(PersistentVolumeClaim::KINDS)
        .chain(WebhookConfiguration::KINDS)
    {
        assert!(!registry.wants(kind), "{kind}");
        assert!(Registry::with_workloads().wants(kind), "{kind}");
    }
    assert!(Registry::with_workloads().wants(Role::KINDS[0]));
}

#[test]
fn every_recorded_cluster_is_read_without_a_refusal() {
    let mut folders: Vec<_> = support::cases();
    if let Some(cases) = support::shared("conformance/paths/cases") {
        let found = fs::read_dir(cases).unwrap();
        folders.extend(found.map(|entry| entry.unwrap().path()));
    }
    let (mut pods, mut workloads, mut secrets) = (0, 0, 0);
    for folder in &folders {
        for name in ["dump.json", "cluster.yaml"] {
            let path = folder.join(name);
            let text = fs::read_to_string(&path).unwrap();
            let manifest = read(name, &text);
            // Some manifests hold accounts called `y` without quotes, which kubectl doesn't take for a
            // name: no matter who reads them.
            let accounts = kube::parse(&mut Files::default(), &[source(name, &text)]);
            let refused = |manifest: &Manifest| {
                let refused = manifest.diagnostics.iter();
                let refused = refused.filter(|told| told.is_unjudged());
                refused.map(|told| told.message.clone()).collect::<Vec<_>>()
            };
            let known = refused(&accounts);
            let is_odd = |told: &String| told.contains("`metadata.name` holds the boolean");
            assert!(known.iter().all(is_odd), "{}: {known:?}", path.display());
            assert!(name == "cluster.yaml" || known.is_empty());
            assert_eq!(refused(&manifest), known, "{}", path.display());
            let objects = &manifest.objects;
            pods += objects.of::<Pod>().len();
            workloads += objects.of::<Workload>().len();
            secrets += objects.of::<Secret>().len();
            // As many as the text has by its own words.
            if name == "dump.json" {
                let dump: Value = serde_json::from_str(&text).unwrap();
                let items = dump["items"].as_array().unwrap().iter();
                let of = |kind: &str| items.clone().filter(|item| item["kind"] == kind).count();
                assert_eq!(of("Pod"), objects.of::<Pod>().len(), "{}", path.display());
                assert_eq!(of("Secret"), objects.of::<Secret>().len());
                assert_eq!(of("Deployment"), objects.of::<Workload>().len());
            }
        }
    }
    let has_paths = folders.iter().any(|folder| folder.ends_with("hand-001"));
    assert!(
        !has_paths || pods > 50 && workloads > 50 && secrets > 50,
        "{pods} pods, {workloads} workloads, {secrets} secrets"
    );
}
