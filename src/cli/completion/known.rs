//! What the input of a command line knows, read without a word: what can't be had so is left out.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::slice;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use crate::ask::{Offer, Offered, Resolver};
use crate::cli::exit::Failure;
use crate::cli::input::{self, Input, InputArgs, Stdin};
use crate::cli::settings::Settings;
use crate::cluster::{Assumed, ClusterVersion, Defaults, Snapshot};
use crate::entra::Directory;
use crate::files::{AskedBy, IgnoreFiles, ReadLimits, is_stream};
use crate::kube::{self, Manifest, Minor, Registry};
use crate::text::{Files, SourceText};

use super::typed::Typed;

/// So much is read of one input, less where the command line says so: what takes a second, in YAML.
const MOST: ReadLimits = ReadLimits {
    bytes: 32 << 20,
    files: 5000,
};

/// How long an input is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// What an input can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OfInput {
    Verbs,
    Urls,
    Types,
    Subresources,
    Namespaces,
    Users,
    Groups,
    Subjects,
}

impl OfInput {
    fn of(self, snapshot: &Snapshot, directory: &Directory, typed: &Typed) -> Vec<Offer> {
        let resolver = Resolver::new(snapshot, directory);
        match self {
            OfInput::Verbs => resolver.offered_verbs(),
            OfInput::Urls => resolver.offered_urls(),
            OfInput::Types => resolver.offered_types(),
            OfInput::Subresources => {
                let target = typed.target.as_deref();
                resolver.offered_subresources(target.and_then(|target| target.split('/').next()))
            }
            OfInput::Namespaces => resolver.offered_namespaces(),
            OfInput::Users => resolver.offered_users(),
            OfInput::Groups => resolver.offered_groups(),
            OfInput::Subjects => resolver.offered_subjects(),
        }
    }

    /// The same of what every cluster has.
    fn of_built_in(self, typed: &Typed) -> Vec<Offer> {
        let said = typed.input.kubernetes_version.as_deref();
        let assumed = Assumed {
            version: said.and_then(Minor::parse).map(ClusterVersion::said),
            defaults: Defaults::Auto,
        };
        let built_in = Snapshot::new(Files::default(), Manifest::default(), assumed);
        self.of(&built_in, &Directory::default(), typed)
    }
}

/// What is offered from the input of a command line; from what is built in, where the input can't be read
/// in time.
pub(super) fn offers(typed: &Arc<Typed>, wanted: OfInput) -> Vec<Offer> {
    let (send, receive) = mpsc::channel();
    let of_input = Arc::clone(typed);
    // What it takes too long to read is left to the end of the process.
    let reader = std::thread::Builder::new().spawn(move || {
        // Nobody may be waiting any more.
        let _ = send.send(of_all(&of_input, wanted));
    });
    let found = reader
        .ok()
        .and_then(|_| receive.recv_timeout(PATIENCE).ok());
    found.unwrap_or_else(|| wanted.of_built_in(typed))
}

/// What all inputs offer, each word once.
fn of_all(typed: &Typed, wanted: OfInput) -> Vec<Offer> {
    // A shell that completes has nowhere to tell of broken settings.
    let inputs = input::inputs(&typed.input).unwrap_or_default();
    if inputs.is_empty() {
        return wanted.of_built_in(typed);
    }
    let mut known = HashSet::new();
    let mut offers = Vec::new();
    for input in &inputs {
        let (snapshot, directory) = glance(input, &typed.input);
        let more = wanted.of(&snapshot, &directory, typed).into_iter();
        offers.extend(more.filter(|offer| known.insert(offer.word.clone())));
    }
    // Of several inputs, too, these come last.
    offers.sort_by_key(|offer| matches!(offer.about, Offered::OffByDefault { .. }));
    offers
}

/// What one input holds, as far as it can be read within bounds, without standard input, and without
/// anything that kustomize or Helm would have to render.
fn glance(input: &Input<'_>, args: &InputArgs) -> (Snapshot, Directory) {
    let settings = &input.settings;
    let mut bounded = Bounded::new(args);
    let mut texts = Vec::new();
    if settings.files.is_empty() {
        texts = bounded.read(|args| read_texts_of(args, settings));
    } else {
        for path in &settings.files {
            if settings.config.is_none() && is_no_file(path) {
                continue;
            }
            // One by one, so that what is too large hides nothing of the others.
            let alone = settings.of_path(path);
            texts.extend(bounded.read(|args| read_texts_of(args, &alone)));
        }
    }
    let mut own = |paths: &[PathBuf], asked_by| -> Vec<SourceText> {
        let files = paths.iter().filter(|path| !is_no_file(path));
        let read = |path: &PathBuf| {
            bounded.read(|args| {
                let rules = args.rules(asked_by, IgnoreFiles::NotRead, Stdin::NotMeant);
                input::read_texts(slice::from_ref(path), rules)
            })
        };
        files.flat_map(read).collect()
    };
    let directory = own(&settings.directory, settings.directory_asked_by);
    let with = own(&settings.with, AskedBy::Repository);
    let mut files = Files::default();
    let mut parse = |registry: &Registry, texts: &[SourceText]| {
        kube::parse_with_progress(registry, &mut files, texts, &|_| ())
    };
    let mut manifest = parse(&settings.registry(None), &texts);
    let beside = parse(&Registry::standard(), &with);
    manifest.extend(vec![beside]);
    let assumed = settings.assumed().unwrap_or_default();
    let directory = input::parse_directory(&directory).unwrap_or_default();
    (Snapshot::new(files, manifest, assumed), directory)
}

/// Whether a path means standard input, or a pipe that would have to be read.
fn is_no_file(path: &Path) -> bool {
    path == Path::new("-") || is_stream(path)
}

/// The texts that settings name. What would have to be rendered is none of them.
fn read_texts_of(args: &InputArgs, settings: &Settings) -> Result<Vec<SourceText>, Failure> {
    input::read_one(args, settings, Stdin::NotMeant).map(|reading| reading.texts)
}

/// What may still be read.
struct Bounded<'a> {
    args: &'a InputArgs,
    left: ReadLimits,
}

impl<'a> Bounded<'a> {
    fn new(args: &'a InputArgs) -> Self {
        let limits = args.limits();
        Bounded {
            args,
            left: ReadLimits {
                bytes: limits.bytes.min(MOST.bytes),
                files: limits.files.min(MOST.files),
            },
        }
    }

    /// Reads so much of what is left; nothing where it doesn't suffice, or nothing can be read.
    fn read(
        &mut self,
        read: impl FnOnce(&InputArgs) -> Result<Vec<SourceText>, Failure>,
    ) -> Vec<SourceText> {
        let texts = read(&self.args.within(self.left)).unwrap_or_default();
        let bytes = texts.iter().map(|text| text.bytes.len() as u64).sum();
        // Reading has kept to it.
        self.left.bytes = self.left.bytes.saturating_sub(bytes);
        self.left.files = self.left.files.saturating_sub(texts.len());
        texts
    }
}
