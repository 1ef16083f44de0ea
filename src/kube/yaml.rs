//! The YAML reader: from a document to objects.
//!
//! A document is what kubectl takes for one (see [`stream`](super::stream)). One that is proved to be
//! of another kind isn't parsed ([`block_style`]); a list as kubectl prints it is read item by item,
//! on all cores ([`split`]); all others are parsed as they are.

use super::block_style::{self, Stands};
use super::decode::{self, Inherited, NonObjects, Registry, Told};
use super::piece::{Piece, Within};
use super::split::{self, Item, List};
use super::{AliasBudget, Manifest, OnProgress};
use crate::diagnostic::{Diagnostic, Problem};
use crate::object::ObjectRef;
use crate::parallel;
use crate::text::yaml::{self, Document, Error, Limits, Size, YamlNode};
use crate::text::{FileId, Fingerprint, Span};

/// How many items of a list are parsed at once.
const AT_ONCE: usize = 32;

/// What items of a list gave.
#[derive(Default)]
struct Run {
    manifest: Manifest,
    /// How large those are that were parsed.
    size: Size,
}

/// How large the aliases of a list's stretches are all together; nothing where what kubectl's library
/// says of them depends on where exactly they stand.
fn all_aliases(stretches: &[Size]) -> Option<Size> {
    let mut whole = Size::default();
    for size in stretches {
        let own = size.nodes.saturating_sub(size.aliased);
        // At worst, aliases come before all else.
        let worst = Size {
            nodes: whole.nodes.saturating_add(size.aliased),
            aliased: whole.aliased.saturating_add(size.aliased),
            ..whole
        };
        if size.aliased > 0 && (size.aliased > own || worst.is_mostly_aliased()) {
            return None;
        }
        whole = whole.plus(*size);
        // The list of the stretch isn't in the document.
        whole.nodes = whole.nodes.saturating_sub(1);
    }
    Some(whole)
}

/// What reads the documents of a file.
#[derive(Clone, Copy)]
pub(super) struct YamlReader<'a> {
    pub(super) file: FileId,
    pub(super) registry: &'a Registry,
    pub(super) non_objects: NonObjects,
    pub(super) aliases: &'a AliasBudget,
    pub(super) on_progress: &'a OnProgress<'a>,
}

/// What kubectl stumbles over: a text that can't be read, and where.
pub(super) struct Stumble {
    pub(super) span: Span,
    pub(super) message: String,
}

impl YamlReader<'_> {
    /// Reads a document that begins on this line.
    pub(super) fn document(&self, text: &str, line: u32) -> Result<Manifest, Stumble> {
        let mut manifest = Manifest::default();
        let list = split::list(text, line);
        if list.is_some_and(|list| self.list(&list, text, line, &mut manifest)) {
            return Ok(manifest);
        }
        let progress = || (self.on_progress)(text.len());
        let is_wanted = |kind: &str| self.registry.wants(kind) || self.registry.may_want_of(text);
        if block_style::prove(text, Stands::Document, is_wanted).is_some() {
            manifest.skipped += 1;
            progress();
            return Ok(manifest);
        }
        let limits = Limits::default().as_deep_as_kubectl();
        let document =
            yaml::first_document(text, limits).map_err(|error| self.stumble(text, line, &error))?;
        let piece = self.piece(text, line, &document, document.root());
        if let Some(problem) = self.aliases.refuse(document.size()) {
            let diagnostic = Diagnostic::new(piece.span(), problem);
            manifest
                .diagnostics
                .push(diagnostic.with_content(Fingerprint::of(text.as_bytes())));
        } else {
            decode::value(piece, self.non_objects, self.registry, &mut manifest);
            self.tell_repeated(&document, &piece, &mut manifest);
            self.tell_after(&document, text, &piece, &mut manifest);
        }
        progress();
        Ok(manifest)
    }

    fn piece<'a>(
        &self,
        text: &'a str,
        line: u32,
        document: &Document<'_>,
        node: YamlNode<'a>,
    ) -> Piece<'a> {
        let begin = Span {
            file: self.file,
            line,
            column: 1,
        };
        let within = Within {
            text,
            begin,
            unaliased: document.size().aliased == 0,
        };
        Piece::Yaml { node, within }
    }

    /// Reads a list by its items, if they can be read so.
    fn list(&self, list: &List<'_>, text: &str, line: u32, manifest: &mut Manifest) -> bool {
        let Some(head) = list.head() else {
            return false;
        };
        let around = self.piece("", line, &head, head.root());
        let Ok(inherited) = Inherited::read(around) else {
            return false;
        };
        let runs = parallel::map_chunks(&list.items, AT_ONCE, |run| {
            let read = self.run(text, run, list.dash, &inherited);
            (self.on_progress)(run.iter().map(|item| item.text.len()).sum());
            read
        });
        let mut found = Vec::with_capacity(runs.len());
        let mut sizes = Vec::with_capacity(runs.len());
        for run in runs {
            let Some(run) = run else {
                return false;
            };
            found.push(run.manifest);
            sizes.push(run.size);
        }
        let Some(size) = all_aliases(&sizes) else {
            return false;
        };
        if let Some(problem) = self.aliases.refuse(size) {
            let told = Diagnostic::new(around.span(), problem);
            let content = Fingerprint::of(text.as_bytes());
            manifest.diagnostics.push(told.with_content(content));
            return true;
        }
        let told = || Told {
            content: Fingerprint::of(text.as_bytes()),
            ..around.told()
        };
        decode::add_items(told, &inherited, found, manifest);
        true
    }

    /// Reads items of a list; none where they have to be read with the rest of it.
    fn run(&self, text: &str, run: &[Item<'_>], dash: usize, inherited: &Inherited) -> Option<Run> {
        let is_other = |item: &Item<'_>| {
            let is_wanted =
                |kind: &str| self.registry.wants(kind) || self.registry.may_want_of(item.text);
            block_style::prove(item.text, Stands::Item(dash), is_wanted).is_some()
        };
        let mut read = Run::default();
        let mut rest = run;
        while let Some(first) = rest.first() {
            if is_other(first) {
                read.manifest.skipped += 1;
                rest = &rest[1..];
                continue;
            }
            // What follows is parsed with it, since a parser takes its time to begin.
            let more = rest[1..].iter().position(is_other);
            let count = 1 + more.unwrap_or(rest.len() - 1);
            self.stretch(text, &rest[..count], inherited, &mut read)?;
            // The one that ended the stretch has been looked at.
            read.manifest.skipped += usize::from(more.is_some());
            rest = &rest[(count + usize::from(more.is_some()))..];
        }
        Some(read)
    }

    /// Reads items of a list that follow one another; nothing where they have to be read with the rest
    /// of it.
    fn stretch(
        &self,
        text: &str,
        items: &[Item<'_>],
        inherited: &Inherited,
        read: &mut Run,
    ) -> Option<()> {
        let (first, last) = (items.first()?, items.last()?);
        let begin = (first.text.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
        let end = (last.text.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
        let text = text.get(begin..end + last.text.len())?;
        let document = yaml::first_document(text, Limits::default()).ok()?;
        let nodes = document.root().items()?;
        if nodes.len() != items.len() || document.end().range().end != text.len() {
            return None;
        }
        let before = read.manifest.objects.len();
        for (node, item) in nodes.zip(items) {
            let piece = self.piece(text, first.line, &document, node);
            // A quote that one item opens might end in another.
            let begins = first.line + (node.place().line - 1) >= item.line;
            if !begins || !piece.is_null() && !piece.is_mapping() {
                return None;
            }
            decode::item(piece, inherited, self.registry, &mut read.manifest).ok()?;
        }
        if read.manifest.objects.len() > before {
            let Piece::Yaml { within, .. } =
                self.piece(text, first.line, &document, document.root())
            else {
                return None;
            };
            tell_repeated(&document, &within, &mut read.manifest);
        }
        read.size = read.size.plus(document.size());
        Some(())
    }

    /// Tells of keys that stand twice in what gave objects.
    fn tell_repeated(&self, document: &Document<'_>, piece: &Piece<'_>, manifest: &mut Manifest) {
        let (Piece::Yaml { within, .. }, false) = (piece, manifest.objects.is_empty()) else {
            return;
        };
        tell_repeated(document, within, manifest);
    }

    /// Tells of what follows the end of a document in the same text, if it is more than comments.
    fn tell_after(
        &self,
        document: &Document<'_>,
        text: &str,
        piece: &Piece<'_>,
        manifest: &mut Manifest,
    ) {
        let (Piece::Yaml { within, .. }, NonObjects::Told) = (piece, self.non_objects) else {
            return;
        };
        let end = document.end();
        let rest = text.get(end.range().start..).unwrap_or_default();
        let is_nothing = |line: &str| {
            let line = line.trim();
            line.is_empty() || line.starts_with('#') || line == "..." || line == "---"
        };
        if !rest.lines().all(is_nothing) {
            let problem = Diagnostic::new(within.span(end), Problem::AfterEnd);
            manifest.diagnostics.push(problem);
        }
    }

    fn stumble(&self, text: &str, line: u32, error: &Error) -> Stumble {
        let mut message = unreadable(error, text, self.registry);
        if text.contains("{{") {
            message.push_str(" (a template? render it first)");
        }
        let begin = Span {
            file: self.file,
            line,
            column: 1,
        };
        let within = Within {
            text,
            begin,
            unaliased: false,
        };
        Stumble {
            span: within.span(error.span()),
            message,
        }
    }
}

/// What is told of a text that can't be read. Where it may be a Secret, none of it is quoted.
pub(super) fn unreadable(error: &Error, text: &str, registry: &Registry) -> String {
    if registry.wants("Secret") && text.contains("Secret") {
        return error.without_values();
    }
    error.to_string()
}

/// Tells of keys that stand twice.
pub(super) fn tell_repeated(document: &Document<'_>, within: &Within<'_>, manifest: &mut Manifest) {
    for repeated in document.repeated() {
        let problem = Problem::RepeatedKey {
            key: crate::text::excerpt(&repeated.key).into_owned(),
            first: within.span(repeated.first).line,
        };
        let span = within.span(repeated.again);
        manifest.diagnostics.push(Diagnostic::new(span, problem));
    }
}

/// What an object may be called whose shape isn't known: its kind and name, where it says them.
pub(super) fn title(object: YamlNode<'_>) -> ObjectRef {
    let kind = object.get("kind").and_then(YamlNode::as_str);
    let name = object
        .get("metadata")
        .and_then(|metadata| metadata.get("name"))
        .and_then(YamlNode::as_str);
    ObjectRef::new(kind.unwrap_or_default(), "", name.unwrap_or_default())
}
