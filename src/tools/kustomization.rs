//! What a kustomization draws on, as its file names it.
//!
//! The file is read more strictly than kustomize does, which takes keys in any case and the last of two:
//! a key that isn't exactly one of those here is an error, so that no path hides behind one.
//!
//! Source: `api/types/kustomization.go` of kustomize 5.7.

use crate::text::yaml::{self, YamlNode};

/// How a path is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meant {
    /// A file of objects, or the folder of a kustomization.
    Resource,
    /// The folder of a component.
    Component,
    /// A file.
    File,
    /// A file of patches, or the patches themselves.
    Patch,
    /// A file of what transforms, generates or validates, or the objects themselves.
    Plugin,
}

/// Something that a kustomization draws on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DrawnOn {
    /// The field that names it.
    pub(super) field: &'static str,
    pub(super) meant: Meant,
    pub(super) path: String,
    pub(super) line: u32,
    pub(super) column: u32,
}

/// What a kustomization says, as far as it matters to what is drawn on and to names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Kustomization {
    pub(super) draws_on: Vec<DrawnOn>,
    pub(super) prefix: String,
    pub(super) suffix: String,
    /// The fields that make kustomize run Helm, with their lines and columns.
    pub(super) helm: Vec<(&'static str, u32, u32)>,
}

/// What is wrong with a kustomization, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KustomizationFault {
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) message: String,
}

impl KustomizationFault {
    pub(super) fn new(node: YamlNode<'_>, message: impl Into<String>) -> Self {
        let span = node.span();
        KustomizationFault {
            line: span.line,
            column: span.column,
            message: message.into(),
        }
    }
}

impl From<yaml::Error> for KustomizationFault {
    fn from(error: yaml::Error) -> Self {
        let span = error.span();
        KustomizationFault {
            line: span.line,
            column: span.column,
            message: error.to_string(),
        }
    }
}

/// Fields that say nothing of paths or names.
const WITHOUT_PATHS: [&str; 15] = [
    "apiVersion",
    "kind",
    "metadata",
    "namespace",
    "commonLabels",
    "labels",
    "commonAnnotations",
    "images",
    "imageTags",
    "replicas",
    "vars",
    "sortOptions",
    "generatorOptions",
    "buildMetadata",
    "inventory",
];

/// Reads the text of a kustomization.
pub(super) fn read(text: &str) -> Result<Kustomization, KustomizationFault> {
    let document = yaml::document(text)?;
    let root = document.root();
    let mut read = Kustomization::default();
    if root.is_null() {
        return Ok(read);
    }
    for (key, value) in fields(root)? {
        let list = &mut read.draws_on;
        match &*key {
            "resources" => paths(value, "resources", Meant::Resource, list)?,
            "bases" => paths(value, "bases", Meant::Resource, list)?,
            "components" => paths(value, "components", Meant::Component, list)?,
            "crds" => paths(value, "crds", Meant::File, list)?,
            "configurations" => paths(value, "configurations", Meant::File, list)?,
            "patchesStrategicMerge" => {
                paths(value, "patchesStrategicMerge", Meant::Patch, list)?;
            }
            "patches" => each(value, |patch| patch_paths(patch, "patches", list))?,
            "patchesJson6902" => {
                each(value, |patch| patch_paths(patch, "patchesJson6902", list))?;
            }
            "replacements" => each(value, |one| replacement_paths(one, list))?,
            "configMapGenerator" => {
                each(value, |one| {
                    generator_paths(one, "configMapGenerator", list)
                })?;
            }
            "secretGenerator" => {
                each(value, |one| generator_paths(one, "secretGenerator", list))?;
            }
            "openapi" => open_api_path(value, list)?,
            "generators" => paths(value, "generators", Meant::Plugin, list)?,
            "transformers" => paths(value, "transformers", Meant::Plugin, list)?,
            "validators" => paths(value, "validators", Meant::Plugin, list)?,
            "namePrefix" => read.prefix = string(value)?,
            "nameSuffix" => read.suffix = string(value)?,
            "helmCharts" => read.helm.push(at("helmCharts", value)),
            "helmChartInflationGenerator" => {
                read.helm.push(at("helmChartInflationGenerator", value));
            }
            "helmGlobals" => read.helm.push(at("helmGlobals", value)),
            known if WITHOUT_PATHS.contains(&known) => {}
            unknown => {
                let message = format!("kustomize has no field `{}`", crate::text::excerpt(unknown));
                return Err(KustomizationFault::new(value, message));
            }
        }
    }
    Ok(read)
}

fn at(field: &'static str, node: YamlNode<'_>) -> (&'static str, u32, u32) {
    let span = node.span();
    (field, span.line, span.column)
}

/// The keys of a mapping with their values.
pub(super) fn fields<'a>(
    node: YamlNode<'a>,
) -> Result<Vec<(std::borrow::Cow<'a, str>, YamlNode<'a>)>, KustomizationFault> {
    let entries = node.entries();
    let entries = entries.ok_or_else(|| KustomizationFault::new(node, "expected a mapping"))?;
    let mut fields = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        fields.push((key.as_key()?, value));
    }
    Ok(fields)
}

/// A string; empty for null.
fn string(node: YamlNode<'_>) -> Result<String, KustomizationFault> {
    if node.is_null() {
        return Ok(String::new());
    }
    let text = node.as_str();
    text.map(str::to_owned)
        .ok_or_else(|| KustomizationFault::new(node, "expected a string"))
}

/// Does something with each item of a list, which may be null.
pub(super) fn each(
    node: YamlNode<'_>,
    mut with: impl FnMut(YamlNode<'_>) -> Result<(), KustomizationFault>,
) -> Result<(), KustomizationFault> {
    if node.is_null() {
        return Ok(());
    }
    let items = node.items();
    let items = items.ok_or_else(|| KustomizationFault::new(node, "expected a list"))?;
    for item in items {
        with(item)?;
    }
    Ok(())
}

fn paths(
    node: YamlNode<'_>,
    field: &'static str,
    meant: Meant,
    list: &mut Vec<DrawnOn>,
) -> Result<(), KustomizationFault> {
    each(node, |item| path(item, field, meant, list))
}

pub(super) fn path(
    node: YamlNode<'_>,
    field: &'static str,
    meant: Meant,
    list: &mut Vec<DrawnOn>,
) -> Result<(), KustomizationFault> {
    let path = string(node)?;
    let span = node.span();
    list.push(DrawnOn {
        field,
        meant,
        path,
        line: span.line,
        column: span.column,
    });
    Ok(())
}

/// What a patch with a target names.
pub(super) fn patch_paths(
    patch: YamlNode<'_>,
    field: &'static str,
    list: &mut Vec<DrawnOn>,
) -> Result<(), KustomizationFault> {
    for (key, value) in fields(patch)? {
        match &*key {
            "path" if value.as_str() == Some("") => {}
            "path" => path(value, field, Meant::File, list)?,
            "patch" | "target" | "options" => {}
            unknown => return Err(unknown_field(value, field, unknown)),
        }
    }
    Ok(())
}

/// What a replacement names.
pub(super) fn replacement_paths(
    replacement: YamlNode<'_>,
    list: &mut Vec<DrawnOn>,
) -> Result<(), KustomizationFault> {
    for (key, value) in fields(replacement)? {
        match &*key {
            "path" if value.as_str() == Some("") => {}
            "path" => path(value, "replacements", Meant::File, list)?,
            "source" | "targets" => {}
            unknown => return Err(unknown_field(value, "replacements", unknown)),
        }
    }
    Ok(())
}

/// What a generator of ConfigMaps or Secrets names. A file may stand after a key, as in `KEY=PATH`.
fn generator_paths(
    generator: YamlNode<'_>,
    field: &'static str,
    list: &mut Vec<DrawnOn>,
) -> Result<(), KustomizationFault> {
    for (key, value) in fields(generator)? {
        match &*key {
            "files" | "envs" | "env" => source_paths(&key, value, field, list)?,
            "namespace" | "name" | "behavior" | "literals" | "options" | "type" => {}
            unknown => return Err(unknown_field(value, field, unknown)),
        }
    }
    Ok(())
}

/// What `files`, `envs` or `env` of a generator name.
pub(super) fn source_paths(
    key: &str,
    value: YamlNode<'_>,
    field: &'static str,
    list: &mut Vec<DrawnOn>,
) -> Result<(), KustomizationFault> {
    match key {
        "files" => {
            let first = list.len();
            paths(value, field, Meant::File, list)?;
            for one in &mut list[first..] {
                if let Some((_, path)) = one.path.split_once('=') {
                    one.path = path.to_owned();
                }
            }
            Ok(())
        }
        "env" if value.is_null() || value.as_str() == Some("") => Ok(()),
        "env" => path(value, field, Meant::File, list),
        _ => paths(value, field, Meant::File, list),
    }
}

fn open_api_path(value: YamlNode<'_>, list: &mut Vec<DrawnOn>) -> Result<(), KustomizationFault> {
    if value.is_null() {
        return Ok(());
    }
    for (key, value) in fields(value)? {
        match &*key {
            "path" => path(value, "openapi", Meant::File, list)?,
            "version" => {}
            unknown => return Err(unknown_field(value, "openapi", unknown)),
        }
    }
    Ok(())
}

fn unknown_field(node: YamlNode<'_>, field: &str, unknown: &str) -> KustomizationFault {
    let unknown = crate::text::excerpt(unknown);
    KustomizationFault::new(node, format!("`{field}` has no field `{unknown}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn_on(text: &str) -> Vec<(&'static str, String)> {
        let read = read(text).unwrap();
        let named = read.draws_on.into_iter();
        named.map(|one| (one.field, one.path)).collect()
    }

    #[test]
    fn every_field_that_names_a_path_is_seen() {
        let text = "\
resources: [a, b]
bases: [c]
components: [d]
crds: [e]
configurations: [f]
openapi: {path: g}
patchesStrategicMerge: [h]
patches: [{path: i}, {patch: x}]
patchesJson6902: [{path: j, target: {kind: Role}}]
replacements: [{path: k}, {source: {}}]
configMapGenerator: [{name: x, files: [l, key=m], envs: ['n'], env: o}]
secretGenerator: [{name: x, files: [p]}]
generators: [q]
transformers: [r]
validators: [s]
namePrefix: t-
";
        let paths: String = drawn_on(text).into_iter().map(|(_, path)| path).collect();
        assert_eq!(paths, "abcdefghijklmnopqrs");
        assert_eq!(read(text).unwrap().prefix, "t-");
    }

    #[test]
    fn no_path_hides_behind_a_key_that_kustomize_takes_in_another_case() {
        for text in [
            "Resources: [a]",
            "re\u{17f}ources: [a]",
            "resources: [a]\nresources: [b]",
            "patches: [{Path: a}]",
            "configMapGenerator: [{Files: [a]}]",
            "resources: [1]",
            "resources: a",
            "- a",
            "a: b\n---\nresources: [a]",
            "spec: {}",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn helm_is_seen() {
        for text in [
            "helmCharts: []",
            "helmChartInflationGenerator: []",
            "helmGlobals: {}",
        ] {
            assert_eq!(read(text).unwrap().helm.len(), 1, "{text}");
        }
    }
}
