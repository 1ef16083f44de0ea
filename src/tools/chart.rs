//! What a chart of Helm draws on: everything below its folder, and charts that it depends on.
//!
//! Source: `pkg/chart/loader` and `pkg/action/dependency.go` of Helm 3.

use std::path::{Path, PathBuf};

use super::kustomization::{KustomizationFault, each, fields};
use super::refusal::{NamedAt, Refusal};
use super::sources::Gathering;
use crate::files::{FoundEntry, ReadError};
use crate::text::{WhyUnread, excerpt, yaml};

/// The file that makes a folder a chart.
pub(super) const CHART: &str = "Chart.yaml";

/// Where charts of version 1 name those that they depend on.
const REQUIREMENTS: &str = "requirements.yaml";

/// What a chart's values are held against.
const SCHEMA: &str = "values.schema.json";

/// How a schema names another.
const REFERENCES: [&str; 3] = ["$ref", "$dynamicRef", "$recursiveRef"];

/// How a schema names the one that it is held against itself.
const META_SCHEMA: &str = "$schema";

/// Where those are that Helm holds, of `http` or `https`.
const KNOWN_META_SCHEMAS: &str = "://json-schema.org/";

/// The folder of a chart's templates.
pub(super) const TEMPLATES: &str = "templates";

/// The folder of the charts that a chart depends on.
pub(super) const CHARTS: &str = "charts";

/// How the name of a packed chart ends.
pub(super) const PACKED: &str = "tgz";

/// How a chart names another of the same repository.
const LOCAL: &str = "file://";

/// How deep charts may stand in each other.
const MAX_DEPTH: usize = 20;

/// What a chart says of itself.
#[derive(Debug, Default)]
struct ChartFile {
    name: String,
    dependencies: Vec<Dependency>,
}

/// A chart that another depends on.
#[derive(Debug, Default)]
struct Dependency {
    name: String,
    alias: String,
    repository: String,
    line: u32,
    column: u32,
}

impl Gathering<'_> {
    /// Gathers what a chart draws on.
    pub(super) fn chart(&mut self, folder: &Path) -> Result<(), ReadError> {
        self.chart_below(folder, "", 0)
    }

    /// The same of a chart that another holds, which Helm calls so.
    fn chart_below(&mut self, folder: &Path, within: &str, depth: usize) -> Result<(), ReadError> {
        if depth > MAX_DEPTH {
            let file = self.tree.shown(folder);
            let why = WhyUnread::LinkCycle { limit: MAX_DEPTH };
            self.refuse(Refusal::Unread { file, why });
            return Ok(());
        }
        self.take_links(folder)?;
        let Some(chart) = self.chart_file(folder, CHART)? else {
            return Ok(());
        };
        let name = match within {
            "" => chart.name.clone(),
            within => format!("{within}/{CHARTS}/{}", chart.name),
        };
        self.sources.charts.insert(name.clone(), folder.to_owned());
        self.schema(folder)?;
        let charts = folder.join(CHARTS);
        let held = self.held_charts(&charts);
        let mut dependencies = vec![(CHART, chart.dependencies)];
        if let Some(more) = self.chart_file(folder, REQUIREMENTS)? {
            dependencies.push((REQUIREMENTS, more.dependencies));
        }
        for (file, dependencies) in dependencies {
            for dependency in dependencies {
                if let Some((_, at)) = held.iter().find(|(held, _)| *held == dependency.name) {
                    if !dependency.alias.is_empty() {
                        let alias = format!("{name}/{CHARTS}/{}", dependency.alias);
                        self.sources.charts.insert(alias, at.clone());
                    }
                    continue;
                }
                if self.is_packed(&charts, &dependency.name)
                    || self.bring_in(folder, &charts, &dependency)?
                {
                    continue;
                }
                let at = NamedAt {
                    file: self.tree.shown(&folder.join(file)),
                    line: dependency.line,
                    column: dependency.column,
                    field: "dependencies",
                };
                let refusal = Refusal::MissingChart {
                    at,
                    name: excerpt(&dependency.name).into_owned(),
                    charts: self.tree.shown(&charts),
                    chart: self.tree.shown(folder),
                };
                self.refuse(refusal);
            }
        }
        for (_, at) in self.held_charts(&charts) {
            self.chart_below(&at, &name, depth + 1)?;
        }
        Ok(())
    }

    /// Refuses a schema of values that names others: Helm would fetch them.
    fn schema(&mut self, folder: &Path) -> Result<(), ReadError> {
        let path = folder.join(SCHEMA);
        let Ok(FoundEntry::File(file)) = self.tree.find(&path)? else {
            return Ok(());
        };
        let text = self.text(&file).unwrap_or_default();
        let names_others = yaml::document(&text).map(|schema| refers_elsewhere(schema.root()));
        match names_others {
            Ok(None) => {}
            Ok(Some((field, line, column))) => {
                let at = NamedAt {
                    file: self.tree.shown(&file),
                    line,
                    column,
                    field,
                };
                self.refuse(Refusal::SchemaElsewhere { at });
            }
            Err(error) => self.refuse_fault(&file, error.into()),
        }
        Ok(())
    }

    /// Takes everything below a folder, and what links there lead to: Helm follows them.
    fn take_links(&mut self, folder: &Path) -> Result<(), ReadError> {
        let mut left = self.take_below(folder)?;
        let mut known = std::collections::BTreeSet::new();
        while let Some(link) = left.pop() {
            match self.tree.find(&link)? {
                Ok(FoundEntry::File(file)) => {
                    if let Err(why) = self.take(&file)? {
                        let file = self.tree.shown(&link);
                        self.refuse(Refusal::Unread { file, why });
                    }
                }
                Ok(FoundEntry::Folder(at)) => {
                    if known.insert(at.clone()) {
                        left.extend(self.take_below(&at)?);
                    }
                }
                Err(why) => {
                    let file = self.tree.shown(&link);
                    self.refuse(Refusal::Unread { file, why });
                }
            }
        }
        Ok(())
    }

    /// What a file says of a chart; none where there is no such file, or it is refused.
    fn chart_file(&mut self, folder: &Path, name: &str) -> Result<Option<ChartFile>, ReadError> {
        let path = folder.join(name);
        let file = match self.tree.find(&path)? {
            Ok(FoundEntry::File(file)) => file,
            Ok(FoundEntry::Folder(_)) | Err(WhyUnread::Missing) => return Ok(None),
            Err(why) => {
                let file = self.tree.shown(&path);
                self.refuse(Refusal::Unread { file, why });
                return Ok(None);
            }
        };
        if let Err(why) = self.take(&file)? {
            let file = self.tree.shown(&file);
            self.refuse(Refusal::Unread { file, why });
            return Ok(None);
        }
        match self.text(&file).and_then(|text| read(&text)) {
            Ok(chart) => Ok(Some(chart)),
            Err(fault) => {
                self.refuse_fault(&file, fault);
                Ok(None)
            }
        }
    }

    /// The charts that stand in a folder as folders, with the names that they give themselves.
    fn held_charts(&self, charts: &Path) -> Vec<(String, PathBuf)> {
        let mut held = Vec::new();
        for (path, _) in self.sources.below(charts) {
            let folder = path.parent().unwrap_or(Path::new(""));
            if path.file_name().is_some_and(|name| name == CHART) && folder.parent() == Some(charts)
            {
                let chart = self.text(path).and_then(|text| read(&text));
                held.push((chart.unwrap_or_default().name, folder.to_owned()));
            }
        }
        held
    }

    /// Whether a folder holds a chart as one packed file, as in `name-1.2.3.tgz`.
    fn is_packed(&self, charts: &Path, name: &str) -> bool {
        let begin = format!("{name}-");
        self.sources.below(charts).any(|(path, _)| {
            let file = path.file_name().and_then(|name| name.to_str());
            let rest = file.and_then(|file| file.strip_prefix(&begin)?.strip_suffix(".tgz"));
            path.parent() == Some(charts)
                && rest.is_some_and(|rest| {
                    rest.trim_start_matches('v')
                        .starts_with(|c: char| c.is_ascii_digit())
                })
        })
    }

    /// Lays a chart of the same tree into the folder where it is missing, as `helm dependency build`
    /// does. False where it isn't there.
    fn bring_in(
        &mut self,
        folder: &Path,
        charts: &Path,
        dependency: &Dependency,
    ) -> Result<bool, ReadError> {
        let Some(path) = dependency.repository.strip_prefix(LOCAL) else {
            return Ok(false);
        };
        let is_name = !dependency.name.is_empty()
            && !dependency.name.starts_with('.')
            && !dependency.name.contains(['/', '\\']);
        let Ok(FoundEntry::Folder(at)) = self.tree.find(&folder.join(path))? else {
            return Ok(false);
        };
        // It would hold itself.
        if !is_name || folder.starts_with(&at) {
            return Ok(false);
        }
        self.take_links(&at)?;
        match self.chart_file(&at, CHART)? {
            Some(chart) if chart.name == dependency.name => {}
            _ => return Ok(false),
        }
        let below: Vec<(PathBuf, Vec<u8>)> = self
            .sources
            .below(&at)
            .filter_map(|(path, bytes)| {
                let rest = path.strip_prefix(&at).ok()?;
                Some((charts.join(&dependency.name).join(rest), bytes.clone()))
            })
            .collect();
        self.sources.files.extend(below);
        self.sources
            .brought_in
            .push((charts.join(&dependency.name), at));
        Ok(true)
    }
}

/// The field by which a schema names another that isn't a part of it, and its place.
fn refers_elsewhere(schema: yaml::YamlNode<'_>) -> Option<(&'static str, u32, u32)> {
    let mut left = vec![schema];
    while let Some(node) = left.pop() {
        for (key, value) in node.entries().into_iter().flatten() {
            let key = key.as_key().unwrap_or_default();
            let named = value.as_str();
            let reference = REFERENCES.into_iter().find(|known| *known == key);
            let elsewhere = match reference {
                Some(field) => named.is_none_or(|to| !to.starts_with('#')).then_some(field),
                None => {
                    let is_known = |to: &str| {
                        let rest = to.strip_prefix("http");
                        let rest = rest.map(|rest| rest.strip_prefix('s').unwrap_or(rest));
                        rest.is_some_and(|rest| rest.starts_with(KNOWN_META_SCHEMAS))
                    };
                    let is_unknown = named.is_some_and(|to| !is_known(to));
                    (key == META_SCHEMA && is_unknown).then_some(META_SCHEMA)
                }
            };
            if let Some(field) = elsewhere {
                return Some((field, value.span().line, value.span().column));
            }
            left.push(value);
        }
        left.extend(node.items().into_iter().flatten());
    }
    None
}

fn read(text: &str) -> Result<ChartFile, KustomizationFault> {
    let document = yaml::document(text)?;
    let root = document.root();
    let mut chart = ChartFile::default();
    if root.is_null() {
        return Ok(chart);
    }
    for (key, value) in fields(root)? {
        match &*key {
            "name" => chart.name = value.as_str().unwrap_or_default().to_owned(),
            "dependencies" => each(value, |one| {
                let span = one.span();
                let mut dependency = Dependency {
                    line: span.line,
                    column: span.column,
                    ..Dependency::default()
                };
                for (key, value) in fields(one)? {
                    let text = value.as_str().unwrap_or_default().to_owned();
                    match &*key {
                        "name" => dependency.name = text,
                        "alias" => dependency.alias = text,
                        "repository" => dependency.repository = text,
                        _ => {}
                    }
                }
                chart.dependencies.push(dependency);
                Ok(())
            })?,
            _ => {}
        }
    }
    Ok(chart)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_helm_would_fetch_for_a_schema_is_seen() {
        let refers = |text: &str| refers_elsewhere(yaml::document(text).unwrap().root()).is_some();
        for text in [
            "{$ref: 'http://localhost/x'}",
            "{allOf: [{$ref: 'file:///etc/passwd'}]}",
            "{$dynamicRef: 'https://example.com/x#a'}",
            "{$schema: 'https://example.com/meta'}",
            "{$schema: 'http://json-schema.org.example.com/schema#'}",
            "{$ref: [a]}",
        ] {
            assert!(refers(text), "{text}");
        }
        for text in [
            "{$schema: 'http://json-schema.org/draft-07/schema#', $ref: '#/definitions/a'}",
            "{$schema: 'https://json-schema.org/draft/2020-12/schema', properties: {$schema: {}}}",
        ] {
            assert!(!refers(text), "{text}");
        }
    }
}
