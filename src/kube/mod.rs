//! Text → typed objects, each with its place, and diagnostics for what couldn't be used.
//!
//! YAML (many documents, anchors, merge keys), JSON, JSON Lines, and any `List` of them are read
//! into [`Objects`], each kind by its own decoder in the [`Registry`]. Objects of other kinds are
//! passed over, mostly without parsing them. Each object is held against the API server's own
//! validation; one that a server would refuse becomes a [`Diagnostic`] and isn't used. One broken
//! document doesn't lose its neighbours.
//!
//! This module never looks across objects: what two of them mean together is the
//! business of [`authz`](crate::authz).
//!
//! # Speed
//!
//! The parsers take most of a load, so they are given little: YAML is split by its lines, other kinds
//! are passed over unparsed, and what is left is parsed on all cores. Strings are short and many, so
//! nearly all are kept in place, without an allocation ([`CompactString`]).
//!
//! Tried and dropped:
//!
//! - A parser for each item of a YAML list: beginning one takes a quarter of the time of parsing.
//! - A table of all lines of a JSON text: places need but the line and column at each kilobyte.
//! - Another allocator (mimalloc): a sixth quicker with huge pages, but twice the memory; without
//!   them no quicker.
//! - One pass over all lines to find a list's items: it kept the other cores waiting.
//!
//! ```
//! use rbac_eval::kube::{self, Role};
//! use rbac_eval::text::{SourceText, Files};
//!
//! let text = SourceText {
//!     name: "role.yaml".into(),
//!     bytes: b"apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n\
//!         metadata: {name: pod-reader, namespace: default}\n\
//!         rules:\n- {apiGroups: [''], resources: [pods], verbs: [get, list]}\n".to_vec(),
//!     named: true,
//! };
//! let mut files = Files::default();
//! let manifest = kube::parse(&mut files, &[text]);
//! assert!(manifest.diagnostics.is_empty());
//! let [role] = manifest.objects.of::<Role>() else { panic!() };
//! assert_eq!(role.rules[0].verbs, ["get", "list"]);
//! assert_eq!(files.file_line(role.rules[0].span), "role.yaml:5");
//! ```

mod custom_resource;
mod decode;
pub mod default_policy;
pub mod discovery;
mod fields;
mod json;
mod metadata;
mod namespace;
mod objects;
mod piece;
mod rbac;
mod selector;
mod service_account;
mod shape;
mod split;
mod wording;
mod yaml;

use crate::diagnostic::{Diagnostic, Problem};
use crate::parallel;
use crate::text::{
    FileId, Files, LineIndex, SourceText, Span, TextTooLarge, UnreadableFile, check_size,
};

use decode::NonObjects;

pub use crate::object::{ObjectRef, Scope};
pub use compact_str::CompactString;
pub use custom_resource::CustomResourceDefinition;
pub use decode::{Decode, Extent, GroupVersion, Registry, Served, Source};
pub use fields::Invalid;
pub use metadata::{Metadata, RawMetadata};
pub use namespace::Namespace;
pub(crate) use objects::Column;
pub use objects::{ObjectKey, Objects};
pub use piece::Part;
pub use rbac::{
    AggregationRule, Binding, BindingKind, PolicyRule, Role, RoleKind, RoleRef, Subject,
    SubjectKind,
};
pub use selector::{LabelOperator, LabelSelector, LabelSelectorRequirement};
pub use service_account::ServiceAccount;
pub use shape::Text;

pub(crate) use wording::plain as plain_words;

/// What reading texts gave: the objects in the order of the input, and what was wrong.
#[derive(Debug, Clone, Default)]
pub struct Manifest {
    /// The objects of the kinds that are decoded, those of each type in the order of the input.
    pub objects: Objects,
    /// What couldn't be read or wouldn't be accepted, in the order of the input.
    pub diagnostics: Vec<Diagnostic>,
    /// How many objects of other kinds were passed over.
    pub skipped: usize,
}

impl Manifest {
    /// Adds what couldn't be read, so that it is told with whatever is answered.
    pub fn add_unreadable(&mut self, files: &mut Files, unreadable: &[UnreadableFile]) {
        for file in unreadable {
            let span = Span::whole(files.add(file.name.clone()));
            self.diagnostics.push(Diagnostic {
                named: false,
                content: file.content,
                ..Diagnostic::new(span, Problem::NotRead(file.why.clone()))
            });
        }
    }

    /// Adds what other texts gave, in their order.
    pub fn extend(&mut self, others: Vec<Manifest>) {
        let mut objects = Vec::with_capacity(others.len());
        for other in others {
            objects.push(other.objects);
            self.diagnostics.extend(other.diagnostics);
            self.skipped += other.skipped;
        }
        self.objects.extend(objects);
    }
}

/// Reads all texts, on all cores, and registers their names in `sources`.
///
/// The result doesn't depend on the number of threads.
pub fn parse(files: &mut Files, texts: &[SourceText]) -> Manifest {
    parse_with(&Registry::standard(), files, texts)
}

/// The same, with other decoders: objects of the kinds that the registry has are decoded.
pub fn parse_with(registry: &Registry, files: &mut Files, texts: &[SourceText]) -> Manifest {
    read_all(registry, files, texts, &|_| {})
}

/// The same, telling how many bytes more are done, from whatever thread did them. They come to a
/// little less than there are: what stands around a list's items isn't told of.
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// use rbac_eval::kube;
/// use rbac_eval::text::{SourceText, Files};
///
/// let text = SourceText {
///     name: "pod.yaml".into(),
///     bytes: b"kind: Pod\n".to_vec(),
///     named: true,
/// };
/// let done = AtomicUsize::new(0);
/// kube::parse_with_progress(&mut Files::default(), &[text], &|bytes| {
///     done.fetch_add(bytes, Ordering::Relaxed);
/// });
/// assert_eq!(done.into_inner(), 10);
/// ```
pub fn parse_with_progress(
    files: &mut Files,
    texts: &[SourceText],
    on_progress: &OnProgress<'_>,
) -> Manifest {
    read_all(&Registry::standard(), files, texts, on_progress)
}

fn read_all(
    registry: &Registry,
    files: &mut Files,
    texts: &[SourceText],
    on_progress: &OnProgress<'_>,
) -> Manifest {
    let numbered: Vec<(FileId, &SourceText)> = texts
        .iter()
        .map(|text| (files.add_text(text), text))
        .collect();
    let parsed: Vec<Manifest> = parallel::map(&numbered, |(file, text)| {
        parse_text(*file, text, registry, on_progress)
    });
    let mut whole = Manifest::default();
    whole.extend(parsed);
    whole
}

/// Who is told how many bytes more are done.
pub type OnProgress<'w> = dyn Fn(usize) + Sync + 'w;

fn parse_text(
    file: FileId,
    text: &SourceText,
    registry: &Registry,
    on_progress: &OnProgress<'_>,
) -> Manifest {
    let read = read_text(file, text, registry, on_progress);
    let mut manifest =
        read.unwrap_or_else(|error| Manifest::broken(Span::whole(file), error.to_string()));
    for diagnostic in &mut manifest.diagnostics {
        diagnostic.named = text.named;
    }
    manifest
}

fn read_text(
    source: FileId,
    input: &SourceText,
    registry: &Registry,
    on_progress: &OnProgress<'_>,
) -> Result<Manifest, TextTooLarge> {
    check_size(input.bytes.len())?;
    let text = match str::from_utf8(&input.bytes) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
        Err(error) => return not_utf8(source, &input.bytes, error.valid_up_to()),
    };
    if let Some(at) = memchr::memchr(0, text.as_bytes()) {
        let span = LineIndex::new(text)?.span(source, text, at);
        let message = if at < 2 {
            UTF_16
        } else {
            "a NUL byte, which no manifest may hold"
        };
        return Ok(Manifest::broken(span, message.to_owned()));
    }
    let looks_like_json = text.trim_start().starts_with(['{', '[']);
    let ends_in_json = [".json", ".jsonl", ".ndjson"]
        .iter()
        .any(|ending| input.name.to_ascii_lowercase().ends_with(ending));
    let non_objects = if input.named {
        NonObjects::Told
    } else {
        NonObjects::PassedOver
    };
    let as_yaml = || yaml::read(source, text, non_objects, registry, on_progress);
    if !looks_like_json && !ends_in_json {
        return Ok(as_yaml());
    }
    // What follows what looks like JSON may still make it YAML, of which JSON is a part: documents
    // between `---`, or comments.
    let json = json::read(source, text, registry, on_progress)?;
    if json.sound {
        return Ok(json.manifest);
    }
    if split::has_marker(text) || !ends_in_json && !json.begins_sound {
        return Ok(as_yaml());
    }
    if ends_in_json {
        return Ok(json.manifest);
    }
    let yaml = as_yaml();
    Ok(if yaml.diagnostics.iter().any(Diagnostic::is_unreadable) {
        json.manifest
    } else {
        yaml
    })
}

/// What is told of a text in the other encoding that editors save.
const UTF_16: &str = "the text is UTF-16; save it as UTF-8";

fn not_utf8(source: FileId, bytes: &[u8], valid_up_to: usize) -> Result<Manifest, TextTooLarge> {
    let valid = str::from_utf8(&bytes[..valid_up_to]).unwrap_or_default();
    let span = LineIndex::new(valid)?.span(source, valid, valid_up_to);
    let message = if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        UTF_16
    } else {
        "bytes that are not UTF-8"
    };
    Ok(Manifest::broken(span, message.to_owned()))
}

impl Manifest {
    fn broken(span: Span, message: String) -> Self {
        let mut manifest = Manifest::default();
        manifest
            .diagnostics
            .push(Diagnostic::new(span, Problem::Unreadable { message }));
        manifest
    }
}
