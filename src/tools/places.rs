//! From an object that was rendered to the one of a source file that it was made from.
//!
//! A program says nothing of where its objects come from that could be relied on. So an object's source is
//! that of the same group, kind and name, prefixes and suffixes of the kustomizations applied; a rule,
//! subject or roleRef is looked for in all objects of that name, patches included. Where several fit, or
//! none does, nothing is guessed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::sources::{Layer, Sources};
use super::strays::OF_CHARTS;
use crate::text::yaml::{self, Limits, Scalar, View, YamlNode};
use crate::text::{Origin, Origins};

/// The group of the objects that give something.
const RBAC: &str = "rbac.authorization.k8s.io";

/// How many ways through the kustomizations are followed to an object's name.
const MAX_WAYS: usize = 1000;

/// Parts of objects that have places of their own.
const LISTS: [&str; 2] = ["rules", "subjects"];
const ROLE_REF: &str = "roleRef";

/// What of the sources is in what was rendered.
#[derive(Debug, Default)]
pub(super) struct Places {
    pub(super) origins: Origins,
    /// Files with objects of RBAC of which nothing was rendered.
    pub(super) left_out: BTreeSet<PathBuf>,
}

/// An object of a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct TextObject {
    group: String,
    kind: String,
    namespace: String,
    name: String,
    line: u32,
    /// Rules, subjects and the roleRef, with their lines.
    parts: Vec<(String, u32)>,
    /// The lines of the other fields.
    fields: Vec<u32>,
}

/// The objects of a text, up to where it can't be read.
fn objects(text: &str) -> Vec<TextObject> {
    let mut objects = Vec::new();
    for document in yaml::documents(text, Limits::default().as_deep_as_kubectl()) {
        let Ok(document) = document else {
            break;
        };
        take(document.root(), &mut objects);
    }
    objects
}

/// Takes an object, or those of a list.
fn take(root: YamlNode<'_>, objects: &mut Vec<TextObject>) {
    let mut left = vec![root];
    while let Some(node) = left.pop() {
        let Some(object) = object(node) else {
            continue;
        };
        match node.get("items").and_then(YamlNode::items) {
            Some(items) if object.kind.ends_with("List") => left.extend(items.rev()),
            _ => objects.push(object),
        }
    }
}

fn object(node: YamlNode<'_>) -> Option<TextObject> {
    let mut object = TextObject {
        line: node.span().line,
        ..TextObject::default()
    };
    for (key, value) in node.entries()? {
        let Ok(name) = key.as_key() else {
            continue;
        };
        let text = || value.as_str().unwrap_or_default().to_owned();
        match &*name {
            "apiVersion" => {
                let version = text();
                let group = version.split_once('/').map(|(group, _)| group.to_owned());
                object.group = group.unwrap_or_default();
            }
            "kind" => object.kind = text(),
            "metadata" => {
                let string = |name| {
                    let value = value.get(name);
                    value
                        .and_then(YamlNode::as_str)
                        .unwrap_or_default()
                        .to_owned()
                };
                object.name = string("name");
                object.namespace = string("namespace");
            }
            _ => {}
        }
        object.fields.push(key.span().line);
        if LISTS.contains(&&*name) {
            for item in value.items().into_iter().flatten() {
                object.parts.push((canonical(item), item.span().line));
            }
        } else if name == ROLE_REF {
            object.parts.push((canonical(value), key.span().line));
        }
    }
    Some(object)
}

/// The deepest part of an object that is compared: a rule is a mapping of lists.
const MAX_DEPTH: usize = 8;

/// A node as a text that doesn't depend on how it is written.
fn canonical(node: YamlNode<'_>) -> String {
    let mut text = String::new();
    write_canonical(node, MAX_DEPTH, &mut text);
    text
}

fn write_canonical(node: YamlNode<'_>, depth: usize, text: &mut String) {
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    match node.view() {
        View::Scalar(Scalar::String(string)) => text.push_str(&format!("{string:?}")),
        View::Scalar(scalar) => text.push_str(&format!("{scalar:?}")),
        View::Sequence(items) => {
            text.push('[');
            for item in items {
                write_canonical(item, depth, text);
                text.push(',');
            }
            text.push(']');
        }
        View::Mapping(entries) => {
            let mut fields = BTreeMap::new();
            for (key, value) in entries {
                let mut field = String::new();
                write_canonical(value, depth, &mut field);
                fields.insert(key.as_key().unwrap_or_default().into_owned(), field);
            }
            text.push_str(&format!("{fields:?}"));
        }
    }
}

/// A way from the rendered folder to a file of objects.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct NameWay {
    prefix: String,
    suffix: String,
}

impl NameWay {
    /// The way that goes on through a kustomization.
    fn then(&self, layer: &Layer) -> Self {
        NameWay {
            prefix: format!("{}{}", self.prefix, layer.prefix),
            suffix: format!("{}{}", layer.suffix, self.suffix),
        }
    }
}

/// An object of a source file, with the names that it may be rendered under.
struct SourceObject {
    object: TextObject,
    file: PathBuf,
    is_resource: bool,
    ways: BTreeSet<NameWay>,
}

impl SourceObject {
    fn may_become(&self, rendered: &TextObject) -> bool {
        let is_kind = (&self.object.group, &self.object.kind) == (&rendered.group, &rendered.kind);
        is_kind
            && (self.object.name == rendered.name
                || self.ways.iter().any(|way| {
                    let rest = rendered.name.strip_prefix(&*way.prefix);
                    rest.and_then(|rest| rest.strip_suffix(&*way.suffix)) == Some(&self.object.name)
                }))
    }
}

/// Where the objects of what kustomize printed come from. `shown` names a file as a user would.
pub(super) fn of_kustomize(
    rendered: &str,
    sources: &Sources,
    shown: impl Fn(&Path) -> String,
) -> Places {
    let known = source_objects(sources);
    let rendered = objects(rendered);
    let is_left_out = |known: &&SourceObject| {
        known.object.group == RBAC
            && sources.applied.contains(&known.file)
            && !rendered.iter().any(|object| known.may_become(object))
    };
    let left_out = known.iter().filter(is_left_out);
    let left_out = left_out.map(|known| known.file.clone()).collect();
    let mut origins = Vec::new();
    for object in &rendered {
        let fitting: Vec<&SourceObject> = known
            .iter()
            .filter(|known| known.may_become(object))
            .collect();
        let origin = the_one(object, &fitting);
        let at = |from, line: Option<(&Path, u32)>| match line {
            Some((file, line)) => Origin {
                from,
                file: shown(file),
                line,
            },
            None => Origin {
                from,
                file: sources
                    .layers
                    .first()
                    .map_or_else(String::new, |layer| shown(&layer.file)),
                line: 0,
            },
        };
        let whole = origin.map(|origin| (&*origin.file, origin.object.line));
        origins.push(at(object.line, whole));
        origins.extend(object.fields.iter().map(|&line| at(line, whole)));
        for (part, line) in &object.parts {
            let of_part = |from: &'_ &SourceObject| {
                let mut parts = from.object.parts.iter();
                parts
                    .find(|(known, _)| known == part)
                    .map(|(_, line)| *line)
            };
            let in_origin = origin.and_then(|origin| Some((&*origin.file, of_part(&origin)?)));
            let elsewhere = || {
                let mut others = fitting.iter().filter(|other| !other.is_resource);
                others.find_map(|other| Some((&*other.file, of_part(other)?)))
            };
            origins.push(at(*line, in_origin.or_else(elsewhere).or(whole)));
        }
    }
    Places {
        origins: Origins::new(origins),
        left_out,
    }
}

/// The one object of a file of objects that was rendered to this one; none where several may be.
fn the_one<'s>(rendered: &TextObject, fitting: &[&'s SourceObject]) -> Option<&'s SourceObject> {
    let resources = || fitting.iter().filter(|one| one.is_resource);
    let only = |mut found: Vec<&'s SourceObject>| {
        found.dedup_by(|a, b| (&a.file, a.object.line) == (&b.file, b.object.line));
        match *found {
            [one] => Some(one),
            _ => None,
        }
    };
    let all: Vec<&SourceObject> = resources().copied().collect();
    let alike = all
        .iter()
        .filter(|one| one.object.namespace == rendered.namespace);
    only(alike.copied().collect()).or_else(|| only(all))
}

/// The objects of all files that the kustomizations draw on.
fn source_objects(sources: &Sources) -> Vec<SourceObject> {
    let ways = NameWays::of(sources);
    let all: BTreeSet<NameWay> = ways.of_folders.values().flatten().cloned().collect();
    let mut known = Vec::new();
    for layer in &sources.layers {
        let own = ways.of_folders.get(&*layer.folder).cloned();
        let own = own.unwrap_or_default();
        for (files, is_resource) in [(&layer.resources, true), (&layer.others, false)] {
            for file in files {
                let text = sources.files.get(file).map(|bytes| str::from_utf8(bytes));
                let Some(Ok(text)) = text else {
                    continue;
                };
                known.extend(objects(text).into_iter().map(|object| SourceObject {
                    object,
                    file: file.clone(),
                    is_resource,
                    // A patch names an object as some layer below has it.
                    ways: if is_resource {
                        own.clone()
                    } else {
                        all.clone()
                    },
                }));
            }
        }
    }
    known
}

/// The ways from the rendered folder to each that it draws on.
struct NameWays<'s> {
    layers: BTreeMap<&'s Path, &'s Layer>,
    of_folders: BTreeMap<&'s Path, BTreeSet<NameWay>>,
    followed: usize,
}

impl<'s> NameWays<'s> {
    fn of(sources: &'s Sources) -> Self {
        let layers = sources.layers.iter();
        let mut ways = NameWays {
            layers: layers.map(|layer| (&*layer.folder, layer)).collect(),
            of_folders: BTreeMap::new(),
            followed: 0,
        };
        if let Some(first) = sources.layers.first() {
            ways.follow(first, &NameWay::default());
        }
        ways
    }

    /// Follows the ways below a folder, which what is above it names so.
    fn follow(&mut self, layer: &'s Layer, above: &NameWay) {
        self.followed += 1;
        if self.followed > MAX_WAYS {
            return;
        }
        let own = above.then(layer);
        // A component names all that is there when its turn comes: the objects of the folder that draws
        // on it, and of the components before it.
        let components: Vec<&Layer> = layer
            .components
            .iter()
            .filter_map(|folder| self.layers.get(&**folder).copied())
            .collect();
        let mut way = own;
        for component in components.iter().rev() {
            self.follow(component, &way);
            way = way.then(component);
        }
        for folder in &layer.layers {
            if let Some(below) = self.layers.get(&**folder).copied() {
                self.follow(below, &way);
            }
        }
        self.of_folders
            .entry(&layer.folder)
            .or_default()
            .insert(way);
    }
}

/// What Helm writes before each object: its template.
const SOURCE: &str = "# Source: ";

/// Where the objects of what Helm printed come from. `shown` names a file as a user would.
pub(super) fn of_helm(
    rendered: &str,
    sources: &Sources,
    shown: impl Fn(&Path) -> String,
) -> Places {
    // A template may print such lines, too, but not where a document begins: there Helm writes its own.
    let lines = (2..).zip(rendered.lines().zip(rendered.lines().skip(1)));
    let headings: Vec<(u32, &str)> = lines
        .filter(|(_, (before, _))| before.trim_end() == "---")
        .filter_map(|(number, (_, line))| Some((number, line.strip_prefix(SOURCE)?.trim())))
        .collect();
    let used: BTreeSet<PathBuf> = headings
        .iter()
        .filter_map(|(_, path)| template(path, sources))
        .collect();
    let gives = |text: &str| objects(text).iter().any(|object| object.group == RBAC);
    let left_out = sources.in_tree().filter(|path| {
        let text = sources.files.get(*path).map(|bytes| str::from_utf8(bytes));
        let parts = || path.components().map(|part| part.as_os_str());
        !used.contains(*path)
            && parts().any(|part| OF_CHARTS.iter().any(|known| part == *known))
            && text.is_some_and(|text| text.is_ok_and(gives))
    });
    let left_out = left_out.cloned().collect();
    let mut origins = Vec::new();
    for object in objects(rendered) {
        let after = headings.partition_point(|(line, _)| *line < object.line);
        let heading = after.checked_sub(1).and_then(|at| headings.get(at));
        let file = heading.and_then(|(_, path)| template(path, sources));
        let Some(file) = file else {
            continue;
        };
        let text = sources.files.get(&file).map(|bytes| str::from_utf8(bytes));
        let line = match text {
            Some(Ok(text)) => line_of(text, &object),
            _ => None,
        };
        origins.push(Origin {
            from: heading.map_or(object.line, |(line, _)| *line),
            file: shown(&file),
            line: line.unwrap_or_default(),
        });
    }
    Places {
        origins: Origins::new(origins),
        left_out,
    }
}

/// The template that Helm calls so, as in `app/charts/sub/templates/role.yaml`.
fn template(path: &str, sources: &Sources) -> Option<PathBuf> {
    let (folder, rest) = path
        .match_indices('/')
        .filter_map(|(at, _)| {
            let folder = sources.charts.get(&path[..at])?;
            Some((folder, path.get(at + 1..)?))
        })
        .next_back()?;
    let file = folder.join(rest);
    if !sources.files.contains_key(&file) {
        return None;
    }
    // What was laid into the chart stands elsewhere.
    let mut brought_in = sources.brought_in.iter();
    let elsewhere = brought_in.find_map(|(to, from)| Some(from.join(file.strip_prefix(to).ok()?)));
    Some(elsewhere.unwrap_or(file))
}

/// The line of a template at which the document begins that makes an object of this kind; none where
/// several do.
fn line_of(template: &str, object: &TextObject) -> Option<u32> {
    let is_kind = |line: &str| {
        let value = line.strip_prefix("kind:").map(str::trim);
        value.map(|value| value.trim_matches(['"', '\''])) == Some(&*object.kind)
    };
    let is_name = |line: &str| {
        let value = line.trim_start().strip_prefix("name:").map(str::trim);
        value.map(|value| value.trim_matches(['"', '\''])) == Some(&*object.name)
    };
    // Where each document of the kind begins, and whether it names the object.
    let mut found: Vec<(u32, bool)> = Vec::new();
    let (mut begin, mut of_kind, mut of_name) = (None, false, false);
    for (number, line) in (1..).zip(template.lines().chain(["---"])) {
        if line.starts_with("---") {
            if let (Some(begin), true) = (begin, of_kind) {
                found.push((begin, of_name));
            }
            (begin, of_kind, of_name) = (None, false, false);
            continue;
        }
        let is_text = !line.trim().is_empty()
            && !line.starts_with('#')
            && !line.trim_start().starts_with("{{");
        if begin.is_none() && is_text {
            begin = Some(number);
        }
        of_kind |= is_kind(line);
        of_name |= is_name(line);
    }
    let named: Vec<u32> = found.iter().filter(|one| one.1).map(|one| one.0).collect();
    match (&*named, &*found) {
        ([line], _) | ([], [(line, _)]) => Some(*line),
        _ => None,
    }
}
