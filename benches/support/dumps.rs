//! Dumps in YAML.

/// A list in YAML, as `kubectl get -o yaml` prints it.
pub fn as_kubectl_prints(list: &serde_json::Value) -> String {
    let mut out = String::from("apiVersion: v1\nitems:\n");
    for item in list["items"].as_array().into_iter().flatten() {
        let text = serde_yaml::to_string(item).unwrap_or_default();
        for (at, line) in text.lines().enumerate() {
            out.push_str(if at == 0 { "- " } else { "  " });
            out.push_str(line);
            out.push('\n');
        }
    }
    out.push_str("kind: List\nmetadata:\n  resourceVersion: \"\"\n");
    out
}

const POD: &str = "\
- apiVersion: v1
  kind: Pod
  metadata:
    annotations:
      description: |
        a pod of no interest
    labels:
      app: web
    name: web-0
    namespace: default
  spec:
    containers:
    - image: registry.example.com/web:1.2.3
      name: web
      ports:
      - containerPort: 8080
      resources:
        limits:
          cpu: 500m
          memory: 128Mi
  status:
    phase: Running
";

/// The same list with twenty times as much of other kinds.
pub fn full_dump(yaml: &str) -> String {
    let pods = POD.repeat(yaml.len() * 20 / POD.len());
    yaml.replacen("items:\n", &format!("items:\n{pods}"), 1)
}
