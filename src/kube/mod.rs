//! Text → typed objects, each with its place, and diagnostics for what couldn't be used.
//!
//! The reader's law: of any file, the objects that are read are those that `kubectl create -f` would
//! send, with kubectl's values, or a [`Diagnostic`] that is [unjudged](Diagnostic::is_unjudged) says
//! that something wasn't read or used. `encoding` makes a text of bytes, `stream` takes it apart into
//! the documents that kubectl takes, and stops where kubectl stops: what is before that place counts,
//! what is after it is unjudged. YAML, JSON, JSON Lines, and any list of them are read into
//! [`Objects`], each kind by its own decoder in the [`Registry`]. Objects of other kinds are passed
//! over, mostly without parsing them, where their lines prove what the parser would find
//! (`block_style`). Each object is held against the API server's own validation; one that a server
//! would refuse isn't used.
//!
//! Source: `k8s.io/cli-runtime/pkg/resource`, `k8s.io/apimachinery/pkg/util/yaml`,
//! `k8s.io/apimachinery/pkg/apis/meta/v1/unstructured` and `sigs.k8s.io/yaml` of kubectl 1.33.
//!
//! This module never looks across objects: what two of them mean together is the
//! business of [`authz`](crate::authz).
//!
//! # Speed
//!
//! The parsers take most of a load, so they are given little: lists in YAML are split by their lines,
//! other kinds are passed over unparsed, and what is left is parsed on all cores. Strings are short and many, so
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

pub mod aks;
mod aliases;
mod block_style;
mod comments;
mod container;
mod custom_resource;
mod decode;
pub mod default_policy;
pub mod discovery;
mod encoding;
mod fields;
mod json;
mod json_value;
mod metadata;
mod namespace;
mod node;
mod objects;
mod persistent_volume;
mod persistent_volume_claim;
mod piece;
mod pod;
mod pod_spec;
mod policy_object;
mod rbac;
mod secret;
mod selector;
mod service_account;
mod shape;
mod split;
mod stream;
mod unrendered;
mod version;
mod volume;
mod webhook;
mod wording;
mod workload;
mod yaml;

use std::borrow::Cow;

use memchr::memmem;

use crate::diagnostic::{Diagnostic, NoManifest, Problem};
use crate::parallel;
use crate::text::{
    FileId, Files, Fingerprint, LineIndex, SourceText, Span, TextTooLarge, UnreadableFile,
    check_size,
};

use aliases::AliasBudget;
use decode::NonObjects;
use json::{JsonReader, JsonText};
use stream::{Stream, Taken};
use yaml::{Stumble, YamlReader};

pub use crate::object::{ObjectRef, Scope};
pub use aliases::ALIASED_IN_ALL;
pub use comments::{Beside, MARKER, ToolComment, comments, may_hold_comments};
pub use compact_str::CompactString;
pub use container::{
    Container, ContainerRole, ContainerSecurity, EnvironmentKind, EnvironmentSource, VolumeMount,
};
pub use custom_resource::CustomResourceDefinition;
pub use decode::{
    Decode, Extent, FoundPlaceholder, GroupVersion, Registry, Served, Source, United,
};
pub use fields::{Invalid, is_dns_label};
pub use metadata::{Metadata, RawMetadata};
pub use namespace::Namespace;
pub use node::{Node, Taint};
pub(crate) use objects::Column;
pub use objects::{ObjectKey, Objects};
pub use persistent_volume::{ClaimRef, PersistentVolume, PersistentVolumeSource};
pub use persistent_volume_claim::PersistentVolumeClaim;
pub use piece::Part;
pub use pod::{ControllerRef, Pod, PodPhase};
pub use pod_spec::PodSpec;
pub use policy_object::{PolicyEngine, PolicyKinds, PolicyObject};
pub use rbac::{
    AggregationRule, Binding, BindingKind, OtherDefinitions, PolicyRule, Role, RoleKind, RoleRef,
    Subject, SubjectKind,
};
pub use secret::Secret;
pub use selector::{LabelOperator, LabelSelector, LabelSelectorRequirement};
pub(crate) use selector::{check_label, check_values};
pub use service_account::ServiceAccount;
pub use shape::Text;
pub use unrendered::{PlaceholderField, placeholder};
pub use version::Minor;
pub use volume::{ProjectedSource, Volume, VolumeSource};
pub use webhook::{
    FailurePolicy, Webhook, WebhookClient, WebhookConfiguration, WebhookKind, WebhookRule,
};
pub use workload::{TemplateMetadata, Workload, WorkloadKind};

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
    /// Comments that speak to this program, in the order of the input.
    pub comments: Vec<ToolComment>,
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
            self.comments.extend(other.comments);
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
/// use rbac_eval::kube::{self, Registry};
/// use rbac_eval::text::{SourceText, Files};
///
/// let text = SourceText {
///     name: "pod.yaml".into(),
///     bytes: b"kind: Pod\n".to_vec(),
///     named: true,
/// };
/// let done = AtomicUsize::new(0);
/// kube::parse_with_progress(&Registry::standard(), &mut Files::default(), &[text], &|bytes| {
///     done.fetch_add(bytes, Ordering::Relaxed);
/// });
/// assert_eq!(done.into_inner(), 10);
/// ```
pub fn parse_with_progress(
    registry: &Registry,
    files: &mut Files,
    texts: &[SourceText],
    on_progress: &OnProgress<'_>,
) -> Manifest {
    read_all(registry, files, texts, on_progress)
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
    let aliases = AliasBudget::new();
    let read = |aliases: &AliasBudget, on_progress: &OnProgress<'_>| {
        let parsed: Vec<Manifest> = parallel::map(&numbered, |(file, text)| {
            parse_text(*file, text, registry, aliases, on_progress)
        });
        let mut whole = Manifest::default();
        whole.extend(parsed);
        whole
    };
    let whole = read(&aliases, on_progress);
    if aliases.is_spent() {
        return read(&AliasBudget::spent(), &|_| {});
    }
    whole
}

/// Who is told how many bytes more are done.
pub type OnProgress<'w> = dyn Fn(usize) + Sync + 'w;

fn parse_text(
    file: FileId,
    input: &SourceText,
    registry: &Registry,
    aliases: &AliasBudget,
    on_progress: &OnProgress<'_>,
) -> Manifest {
    let text = encoding::text_of(&input.bytes);
    let non_objects = if input.named {
        NonObjects::Told
    } else {
        NonObjects::PassedOver
    };
    let reader = TextReader {
        file,
        registry,
        non_objects,
        aliases,
        on_progress,
        is_called_json: [".json", ".jsonl", ".ndjson"]
            .iter()
            .any(|ending| input.name.to_ascii_lowercase().ends_with(ending)),
    };
    let read = reader.read(&text);
    let mut manifest = read.unwrap_or_else(|error| {
        let problem = Problem::Unreadable {
            message: error.to_string(),
        };
        Manifest::broken(Span::whole(file), problem, &input.bytes)
    });
    let sort = match manifest.diagnostics.is_empty() {
        true => None,
        false => NonManifest::of(&text),
    };
    for diagnostic in &mut manifest.diagnostics {
        diagnostic.named = input.named;
        let sort = sort.filter(|sort| sort.explains(diagnostic));
        diagnostic.no_manifest = sort.map(|sort| sort.sort);
    }
    manifest
}

/// A text that is no manifest as it stands.
#[derive(Clone, Copy)]
struct NonManifest {
    sort: NoManifest,
    may_have_kind: bool,
}

impl NonManifest {
    fn of(text: &str) -> Option<Self> {
        let has = |word: &str| memmem::find(text.as_bytes(), word.as_bytes()).is_some();
        // The word could be written otherwise.
        let may_have_kind = has("kind") || has("\\") || has("!!binary");
        let is_template = has("{{") && has("}}");
        let sort = match (is_template, may_have_kind) {
            (true, _) => NoManifest::Template,
            (false, false) => NoManifest::NoObject,
            (false, true) => return None,
        };
        Some(NonManifest {
            sort,
            may_have_kind,
        })
    }

    /// Whether it is why something of the text isn't judged. An object that a server would refuse is one.
    fn explains(self, diagnostic: &Diagnostic) -> bool {
        diagnostic.is_unreadable() || diagnostic.is_unjudged() && !self.may_have_kind
    }
}

/// What reads a file.
struct TextReader<'a> {
    file: FileId,
    registry: &'a Registry,
    non_objects: NonObjects,
    aliases: &'a AliasBudget,
    on_progress: &'a OnProgress<'a>,
    /// Whether the file's name says that it holds JSON.
    is_called_json: bool,
}

impl TextReader<'_> {
    fn read(&self, text: &str) -> Result<Manifest, TextTooLarge> {
        check_size(text.len())?;
        if let Some(manifest) = self.dump(text)? {
            return Ok(manifest);
        }
        let Stream { taken, no_json } = stream::take(text);
        // Only JSON is asked for places in the whole text, and what can't be told apart.
        let needs_lines = |taken: &Taken<'_>| !matches!(taken, Taken::Yaml(..));
        let lines = match no_json.is_some() || taken.iter().any(needs_lines) {
            true => LineIndex::new(text)?,
            false => LineIndex::new("")?,
        };
        let json = self.json_reader(text, &lines);
        let yaml = YamlReader {
            file: self.file,
            registry: self.registry,
            non_objects: self.non_objects,
            aliases: self.aliases,
            on_progress: self.on_progress,
        };
        let parts: Vec<Result<Manifest, Stumble>> = parallel::map(&taken, |taken| match taken {
            Taken::Json(value) => Ok(json.value(value)),
            Taken::Yaml(document, line) => {
                // kubectl's reader ends each line.
                let ended: Cow<'_, str> = match document.ends_with('\n') {
                    true => Cow::Borrowed(document),
                    false => Cow::Owned(format!("{document}\n")),
                };
                yaml.document(&ended, *line)
            }
            Taken::Stumble(at, message) => Err(Stumble {
                span: lines.span(self.file, text, *at),
                message: message.clone(),
            }),
        });
        let mut read = Vec::with_capacity(parts.len());
        let count = parts.len();
        for (part, (number, taken)) in parts.into_iter().zip((1..).zip(&taken)) {
            match part {
                Ok(mut part) => {
                    if let Taken::Yaml(document, line) = taken {
                        let found = comments::of_taken(self.file, text, document, *line);
                        part.comments.extend(found);
                    }
                    read.push(part);
                }
                Err(mut stumble) => {
                    // In a file that is said to be JSON, people want to know why it isn't.
                    if let Some((first, at, message)) = no_json
                        && self.is_called_json
                        && number == first + 1
                    {
                        stumble = Stumble {
                            span: lines.span(self.file, text, at),
                            message: message.to_owned(),
                        };
                    }
                    read.push(self.stumbled(text, taken, stumble, number < count));
                    break;
                }
            }
        }
        let mut whole = Manifest::default();
        whole.extend(read);
        Ok(whole)
    }

    /// What is told where kubectl stops reading. What is after it is a part of what wasn't judged.
    fn stumbled(&self, text: &str, at: &Taken<'_>, stumble: Stumble, more: bool) -> Manifest {
        let begin = match at {
            Taken::Json(piece) | Taken::Yaml(piece, _) => {
                (piece.as_ptr() as usize).saturating_sub(text.as_ptr() as usize)
            }
            Taken::Stumble(at, _) => *at,
        };
        let mut message = stumble.message;
        if more {
            message.push_str("; kubectl stops here, so what follows in the file isn't read");
        }
        let rest = text.get(begin..).unwrap_or(text);
        Manifest::broken(
            stumble.span,
            Problem::Unreadable { message },
            rest.as_bytes(),
        )
    }

    fn json_reader<'a>(&'a self, text: &'a str, lines: &'a LineIndex) -> JsonReader<'a> {
        JsonReader {
            text: JsonText {
                file: self.file,
                text,
                lines,
            },
            registry: self.registry,
            non_objects: self.non_objects,
            on_progress: self.on_progress,
        }
    }

    /// Reads a text that is one list in JSON; nothing where it is anything else.
    fn dump(&self, text: &str) -> Result<Option<Manifest>, TextTooLarge> {
        let trimmed = text.trim_ascii();
        if !stream::begins_as_json(text) || !trimmed.starts_with('{') || !trimmed.ends_with('}') {
            return Ok(None);
        }
        let (lines, dump) = parallel::join(|| LineIndex::new(text), || json::dump(trimmed));
        let lines = lines?;
        let Some(dump) = dump else {
            return Ok(None);
        };
        Ok(self.json_reader(text, &lines).dump(&dump, trimmed))
    }
}

impl Manifest {
    fn broken(span: Span, problem: Problem, content: &[u8]) -> Self {
        let mut manifest = Manifest::default();
        let diagnostic = Diagnostic::new(span, problem);
        manifest
            .diagnostics
            .push(diagnostic.with_content(Fingerprint::of(content)));
        manifest
    }
}
