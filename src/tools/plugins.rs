//! What the transformers, generators and validators of a kustomization are, and what they draw on.
//!
//! Those of kustomize's own are let; any other is a program or a container of others.
//!
//! Source: `api/internal/plugins/loader/loader.go` and `api/internal/builtins` of kustomize 5.7.

use super::kustomization::{
    DrawnOn, KustomizationFault, Meant, each, fields, patch_paths, path, replacement_paths,
    source_paths,
};
use crate::text::excerpt;
use crate::text::yaml::{self, Limits, YamlNode};

/// The `apiVersion` of kustomize's own.
const BUILT_IN: &str = "builtin";

/// Kustomize's own, but for the one that runs Helm.
const KINDS: [&str; 17] = [
    "AnnotationsTransformer",
    "ConfigMapGenerator",
    "HashTransformer",
    "IAMPolicyGenerator",
    "ImageTagTransformer",
    "LabelTransformer",
    "NamespaceTransformer",
    "PatchJson6902Transformer",
    "PatchStrategicMergeTransformer",
    "PatchTransformer",
    "PrefixTransformer",
    "PrefixSuffixTransformer",
    "ReplacementTransformer",
    "ReplicaCountTransformer",
    "SecretGenerator",
    "SuffixTransformer",
    "ValueAddTransformer",
];

/// The annotations that say which program or container to run.
const FUNCTIONS: [&str; 2] = ["config.kubernetes.io/function", "config.k8s.io/function"];

/// The fields that name paths. Kustomize takes them in any case.
const WITH_PATHS: [&str; 7] = [
    "path",
    "paths",
    "patches",
    "replacements",
    "files",
    "envs",
    "env",
];

/// What a text of plugins says.
#[derive(Debug, Default)]
pub(super) struct Plugins {
    pub(super) draws_on: Vec<DrawnOn>,
    /// What isn't kustomize's own, in words, with the lines and columns.
    pub(super) others: Vec<(String, u32, u32)>,
}

/// Whether a text says in itself what is meant, rather than naming a file. Kustomize takes for it whatever
/// reads as objects; what stands in one line without braces is a path to it in the end, and maybe a URL.
pub(super) fn is_inline(text: &str) -> bool {
    if text.contains('\n') {
        return true;
    }
    let first = yaml::documents(text, Limits::default()).next();
    let is_mapping = matches!(first, Some(Ok(first)) if first.root().entries().is_some());
    text.trim_start().starts_with('{') && is_mapping
}

/// Reads a text of plugins, of the field that names it.
pub(super) fn read(text: &str, field: &'static str) -> Result<Plugins, KustomizationFault> {
    let mut plugins = Plugins::default();
    for document in yaml::documents(text, Limits::default()) {
        let document = document?;
        let root = document.root();
        if !root.is_null() {
            plugin(root, field, &mut plugins)?;
        }
    }
    Ok(plugins)
}

fn plugin(
    root: YamlNode<'_>,
    field: &'static str,
    plugins: &mut Plugins,
) -> Result<(), KustomizationFault> {
    let fields = fields(root)?;
    let text = |name: &str| {
        let value = fields.iter().find(|(key, _)| key == name);
        value
            .and_then(|(_, value)| value.as_str())
            .unwrap_or_default()
    };
    let (version, kind) = (text("apiVersion"), text("kind"));
    let span = root.span();
    let annotations = root.get("metadata").and_then(|it| it.get("annotations"));
    let runs = FUNCTIONS
        .iter()
        .find(|name| annotations.is_some_and(|it| it.get(name).is_some()));
    if runs.is_some() || version != BUILT_IN || !KINDS.contains(&kind) {
        let what = match runs {
            Some(annotation) => format!("a function (`{annotation}`)"),
            None => format!("`{}` of `{}`", excerpt(kind), excerpt(version)),
        };
        plugins.others.push((what, span.line, span.column));
        return Ok(());
    }
    let list = &mut plugins.draws_on;
    for (key, value) in &fields {
        match (kind, &**key) {
            ("PatchTransformer" | "PatchJson6902Transformer", "path") => {
                path(*value, field, Meant::File, list)?;
            }
            ("PatchStrategicMergeTransformer", "paths") => {
                each(*value, |item| path(item, field, Meant::Patch, list))?;
            }
            // Of this kind it is a text.
            ("PatchStrategicMergeTransformer", "patches") => {}
            (_, "patches") => each(*value, |patch| patch_paths(patch, field, list))?,
            ("ReplacementTransformer", "replacements") => {
                each(*value, |one| replacement_paths(one, list))?;
            }
            ("ConfigMapGenerator" | "SecretGenerator", "files" | "envs" | "env") => {
                source_paths(key, *value, field, list)?;
            }
            // A value is added at this place of objects.
            ("ValueAddTransformer" | "ImageTagTransformer" | "ReplicaCountTransformer", "path") => {
            }
            (_, key) => {
                let lower = key.to_lowercase();
                if !key.is_ascii() || WITH_PATHS.contains(&&*lower) {
                    let message = format!("`{kind}` has no field `{}`", excerpt(key));
                    return Err(KustomizationFault::new(*value, message));
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn others(text: &str) -> usize {
        read(text, "transformers").map_or(0, |read| read.others.len())
    }

    #[test]
    fn what_runs_programs_of_others_is_seen() {
        for text in [
            "apiVersion: example.com/v1\nkind: Sed\nmetadata: {name: x}",
            "apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: x}",
            "apiVersion: builtin\nkind: List\nitems: []",
            "apiVersion: builtin\nkind: PrefixTransformer\nmetadata: {name: x, annotations: \
             {config.kubernetes.io/function: 'exec: {path: ./x}'}}",
            "apiVersion: v1\nkind: X\nmetadata: {annotations: {config.k8s.io/function: 'container: {}'}}",
        ] {
            assert_eq!(others(text), 1, "{text}");
        }
        assert_eq!(
            others("apiVersion: builtin\nkind: PrefixTransformer\nprefix: x-"),
            0
        );
    }

    #[test]
    fn what_kustomize_s_own_draw_on_is_seen() {
        let text = "\
apiVersion: builtin
kind: PatchTransformer
path: a
---
apiVersion: builtin
kind: PatchStrategicMergeTransformer
paths: [b]
---
apiVersion: builtin
kind: ReplacementTransformer
replacements: [{path: c}]
---
apiVersion: builtin
kind: SecretGenerator
files: [key=d]
envs: [e]
";
        let read = read(text, "transformers").unwrap();
        let paths: String = read.draws_on.into_iter().map(|one| one.path).collect();
        assert_eq!(paths, "abcde");
        for hidden in ["Path: a", "pa\u{fb}th: a", "FILES: [a]"] {
            let text = format!("apiVersion: builtin\nkind: PatchTransformer\n{hidden}\n");
            assert!(super::read(&text, "transformers").is_err(), "{hidden}");
        }
    }

    #[test]
    fn inline_texts_are_told_from_paths() {
        assert!(is_inline("apiVersion: builtin\nkind: X\n"));
        assert!(is_inline("{apiVersion: builtin, kind: X}"));
        for path in ["patches/role.yaml", "https://example.com/a: b", "{", "a: b"] {
            assert!(!is_inline(path), "{path}");
        }
    }
}
