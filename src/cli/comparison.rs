//! Both sides of a comparison, environment by environment.

use std::path::PathBuf;

use crate::analysis::lint::Baseline;
use crate::files::{AskedBy, IgnoreFiles, ReadError, Reading, Revision, Stdin, absent, read_paths};
use crate::text::{SourceText, UnreadableFile, WhyUnread};
use clap::ValueEnum;

use super::config;
use super::diagnostics::Report;
use super::exit::Failure;
use super::ignores::Ignores;
use super::input::{InputArgs, Loaded, Parsed, Wanted, parse_directory, read_texts, whole};
use super::rendering::{self, RenderedReading, Strays};
use super::settings::{self, Settings};
use super::sides::{Compared, ComparedInput};
use super::version;

/// Which side's settings a comparison is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SettingsSide {
    /// Those of BASE, which the change can't loosen
    Base,
    /// Those of HEAD, as if it were merged
    Head,
}

/// Both sides of a comparison.
pub(super) struct LoadedSides {
    pub(super) base: Loaded,
    pub(super) head: Loaded,
    /// What else the reader has to know.
    pub(super) notes: Vec<String>,
    /// Files of assertions.
    pub(super) tests: Vec<SourceText>,
    /// The known findings.
    pub(super) baseline: Option<Baseline>,
}

/// What both sides are held against, beside what the settings say.
#[derive(Debug, Clone, Copy)]
pub(super) enum HeldAgainst<'p> {
    /// Nothing: the sides are compared with each other.
    EachOther,
    /// Files of assertions, and who names them.
    Assertions(&'p [PathBuf], AskedBy),
    /// What is ignored, and the baseline of known findings, if there is one.
    Ignores(Option<&'p PathBuf>),
}

/// An environment, or the input as a whole, as both sides have it.
pub(super) struct ComparedSettings {
    /// Those that BASE is read by; none where it isn't there.
    base: Option<Settings>,
    /// The same of HEAD.
    head: Option<Settings>,
    /// How HEAD says it otherwise, if it does.
    differing: Option<UnreadableFile>,
    /// What either side ignores.
    ignores: Ignores,
    /// How HEAD ignores more, if it does.
    ignoring_more: Option<UnreadableFile>,
    /// What stands before messages, where there are several.
    label: String,
}

/// What a comparison is about, by the settings of one of its sides.
///
/// An environment that one side alone has is compared with nothing.
pub(super) fn compared_settings(
    args: &InputArgs,
    sides: &Compared,
    from: SettingsSide,
) -> Result<Vec<ComparedSettings>, Failure> {
    let are_paths = sides.are_paths() && args.env.is_empty();
    let of = |side: &ComparedInput| {
        let nearest = || match side {
            ComparedInput::Revision(revision) => config::nearest_in(revision, args.limits()),
            ComparedInput::Path(_) | ComparedInput::WorkingTree => config::nearest(),
        };
        match are_paths {
            // What is compared is said, and which environment it is of isn't.
            true => Settings::of_no_environment(args, nearest).map(|settings| vec![settings]),
            false => Settings::all(args, nearest),
        }
    };
    let (of_base, of_head) = (of(&sides.base)?, of(&sides.head)?);
    let [base_names, head_names] = [&of_base, &of_head].map(|all| settings::names(all));
    settings::check_names(args, &[&*base_names, &*head_names].concat())?;
    let has_no_names = base_names.is_empty() || head_names.is_empty();
    let differs = |base: Option<&Settings>, head: Option<&Settings>| {
        let is_alike = |base: &Settings| head.is_some_and(|head| base.judges_like(head));
        let differ = from == SettingsSide::Base && base.is_some_and(|base| !is_alike(base));
        let what = match base.and_then(|base| base.environment.as_deref()) {
            Some(environment) => format!("the settings of environment {environment}"),
            None => "the settings".to_owned(),
        };
        differ.then(|| self::differs(settings_file(base, head), &what))
    };
    let ignores = |base: Option<&Settings>, head: Option<&Settings>| match from {
        SettingsSide::Base => Ignores::of_sides(base, head),
        SettingsSide::Head => head.or(base).map(Ignores::of).unwrap_or_default(),
    };
    let ignores_more = |base: Option<&Settings>, head: Option<&Settings>| {
        let is_more = base.is_some() && ignores(base, head).hold_more_than_base();
        is_more.then(|| self::differs(settings_file(base, head), "what `check` ignores"))
    };
    let one = |base: Option<&Settings>, head: Option<&Settings>| {
        let judging = match from {
            SettingsSide::Base => base.or(head),
            SettingsSide::Head => head.or(base),
        };
        ComparedSettings {
            differing: differs(base, head),
            ignores: ignores(base, head),
            ignoring_more: ignores_more(base, head),
            base: base.and(judging).cloned(),
            head: head.and(judging).cloned(),
            label: String::new(),
        }
    };
    let find = |all: &'_ [Settings], name: &Option<String>| {
        let mut all = all.iter();
        all.find(|one| one.environment == *name).cloned()
    };
    let mut all = Vec::new();
    if has_no_names {
        // Where one side names no environments, both are read as the other says.
        let (judging, is_same) = match from {
            SettingsSide::Base => (&of_base, are_alike(&of_base, &of_head)),
            SettingsSide::Head => (&of_head, true),
        };
        // What is ignored is each side's own all the same, where no environment says it.
        let (whole_base, whole_head) = match from {
            SettingsSide::Base => (None, of_head.first()),
            SettingsSide::Head => (of_base.first(), None),
        };
        for settings in judging {
            let mut one = one(Some(settings), Some(settings));
            if !is_same {
                one.differing = differs(Some(settings), of_head.first());
            }
            let (base, head) = match from {
                SettingsSide::Base => (Some(settings), whole_head),
                SettingsSide::Head => (whole_base, Some(settings)),
            };
            one.ignores = ignores(base, head);
            one.ignoring_more = ignores_more(base, head);
            all.push(one);
        }
    } else {
        for base in &of_base {
            all.push(one(Some(base), find(&of_head, &base.environment).as_ref()));
        }
        for head in &of_head {
            if find(&of_base, &head.environment).is_none() {
                all.push(one(None, Some(head)));
            }
        }
    }
    all.retain(|one| {
        one.judging()
            .is_some_and(|settings| settings.is_asked_for(args))
    });
    let several = all.len() > 1;
    for one in &mut all {
        one.label = one
            .judging()
            .map_or_else(String::new, |settings| settings.label(several));
    }
    Ok(all)
}

impl ComparedSettings {
    /// The environment that it is, if it is one.
    pub(super) fn environment(&self) -> Option<&str> {
        self.judging()?.environment.as_deref()
    }

    /// What stands before messages, where there are several.
    pub(super) fn label(&self) -> &str {
        &self.label
    }

    /// Files of assertions that the settings name.
    pub(super) fn tests(&self) -> &[PathBuf] {
        self.judging().map_or(&[], |settings| &settings.tests)
    }

    /// What either side ignores.
    pub(super) fn ignores(&self) -> &Ignores {
        &self.ignores
    }

    /// Whether HEAD says otherwise how it is judged.
    pub(super) fn differs(&self) -> bool {
        self.differing.is_some()
    }

    fn judging(&self) -> Option<&Settings> {
        self.base.as_ref().or(self.head.as_ref())
    }

    /// Reads both sides, and what they are held against, which are settings too.
    ///
    /// A side may hold nothing, and what can't be read of it is told: history can't be mended.
    pub(super) fn load(
        &self,
        args: &InputArgs,
        sides: &Compared,
        from: SettingsSide,
        against: HeldAgainst<'_>,
    ) -> Result<LoadedSides, Failure> {
        let Some(settings) = self.judging() else {
            return Err(Failure::message("there is nothing to compare"));
        };
        let side_texts = |paths: &[PathBuf], asked_by| side_texts(args, sides, paths, asked_by);
        let directory = side_texts(&settings.directory, settings.directory_asked_by)?;
        let with = side_texts(&settings.with, AskedBy::Repository)?;
        let tests = match against {
            HeldAgainst::Assertions(paths, asked_by) => side_texts(paths, asked_by)?,
            HeldAgainst::EachOther | HeldAgainst::Ignores(_) => Vec::new(),
        };
        let mut differing: Vec<UnreadableFile> = self.differing.iter().cloned().collect();
        let mut baseline = None;
        let report = match against {
            HeldAgainst::EachOther | HeldAgainst::Assertions(..) => Report::Everything,
            HeldAgainst::Ignores(path) => {
                differing.extend(self.ignoring_more.clone());
                if let Some(path) = path {
                    let texts = side_texts(std::slice::from_ref(path), AskedBy::User)?;
                    let (judging, more) = baseline_of(&texts, from)?;
                    differing.extend(more);
                    baseline = Some(judging);
                }
                Report::ErrorsOnly
            }
        };
        for (texts, what) in [
            (&directory, "this directory"),
            (&with, "what the cluster has beside"),
            (&tests, "these assertions"),
        ] {
            let differing_texts = texts.iter().filter(|texts| !texts.are_alike());
            differing.extend(differing_texts.map(|texts| differs(texts.name.clone(), what)));
        }
        let of_side = |texts: Vec<SideTexts>| -> Vec<SourceText> {
            let texts = texts.into_iter();
            let texts = texts.flat_map(|texts| match from {
                SettingsSide::Base => texts.base,
                SettingsSide::Head => texts.head,
            });
            texts.collect()
        };
        let (directory, with) = (of_side(directory), of_side(with));
        let mut notes = Vec::new();
        let mut read = |side: &ComparedInput, settings: Option<&Settings>| {
            let Some(settings) = settings else {
                let name = self.environment().unwrap_or_default();
                notes.push(format!("{side} has no environment {name}"));
                return Ok(RenderedReading::default());
            };
            let reading = read_side(args, settings, side)?;
            notes.extend(reading.absent.iter().map(|path| {
                let path = path.display();
                format!("{side} has no `{path}`")
            }));
            let limits = args.limits();
            match side {
                ComparedInput::Path(path) => {
                    rendering::render(reading, &settings.of_path(path), limits, Strays::PassedOver)
                }
                ComparedInput::Revision(_) | ComparedInput::WorkingTree => {
                    rendering::render(reading, settings, limits, settings.strays())
                }
            }
        };
        let before = read(&sides.base, self.base.as_ref())?;
        let mut after = read(&sides.head, self.head.as_ref())?;
        // Paths that the user compares may be held in whatever way each, and what one side alone has is
        // compared with nothing.
        let are_both = self.base.is_some() && self.head.is_some();
        if are_both && !sides.base.is_path() && !sides.head.is_path() {
            after.tell_of_changes(&before);
        }
        if from == SettingsSide::Base {
            after.reading.unreadable.extend(differing);
        }
        let parse = |reading, assumed| {
            let wanted = Wanted {
                reading,
                with: &with,
                settings,
                settings_file: self
                    .ignores
                    .are_said()
                    .then_some(())
                    .and(settings.config.as_ref()),
                assumed,
                directory: parse_directory(&directory)?,
            };
            Ok::<Parsed, Failure>(wanted.parse())
        };
        let assumed = settings.assumed()?;
        let (mut before, mut after) = (parse(before, assumed)?, parse(after, assumed)?);
        before.lay_under(Some(&after));
        after.lay_under(Some(&before));
        let base = self.build(args, before, &sides.base, report)?;
        notes.extend(version::notes(base.rbac.snapshot()));
        // BASE decides for both: HEAD could switch the defaults off for itself, or be of a version that
        // hides what it gives.
        after.assumed = base.rbac.snapshot().assumed();
        let head = self.build(args, after, &sides.head, report)?;
        let tests = tests.into_iter().flat_map(|texts| match from {
            // What BASE doesn't have yet is told to differ; until it is merged HEAD's is the only one.
            SettingsSide::Base if texts.base.is_empty() => texts.head,
            SettingsSide::Base => texts.base,
            SettingsSide::Head => texts.head,
        });
        Ok(LoadedSides {
            base,
            head,
            notes,
            tests: tests.collect(),
            baseline,
        })
    }

    fn build(
        &self,
        args: &InputArgs,
        parsed: Parsed,
        side: &ComparedInput,
        report: Report,
    ) -> Result<Loaded, Failure> {
        let label = match side {
            ComparedInput::Revision(revision) => format!("{}{revision}:", self.label),
            ComparedInput::Path(_) | ComparedInput::WorkingTree => self.label.clone(),
        };
        let loaded = parsed.build(args, report, &side.to_string(), &label)?;
        Ok(match self.label.is_empty() {
            true => loaded.kept(),
            false => loaded,
        })
    }
}

/// Whether two sides say the same of all environments.
fn are_alike(base: &[Settings], head: &[Settings]) -> bool {
    let mut pairs = base.iter().zip(head);
    base.len() == head.len() && pairs.all(|(base, head)| base.judges_like(head))
}

/// The file that settings stand in, preferably HEAD's.
fn settings_file(base: Option<&Settings>, head: Option<&Settings>) -> String {
    let mut files = [head, base].into_iter().flatten();
    let file = files.find_map(|settings| settings.config.as_ref());
    file.map_or_else(String::new, |path| path.display().to_string())
}

/// The baseline that counts, and how HEAD adds to it, if it does. One that knows less loosens nothing.
fn baseline_of(
    texts: &[SideTexts],
    from: SettingsSide,
) -> Result<(Baseline, Option<UnreadableFile>), Failure> {
    let read = |texts: &[SourceText]| match texts {
        [] => Ok(None),
        [one] => read_baseline(one).map(Some),
        [one, ..] => Err(no_baseline(&one.name)),
    };
    let Some(texts) = texts.first() else {
        return Ok((Baseline::default(), None));
    };
    if from == SettingsSide::Head {
        let head = read(&texts.head)?.unwrap_or_default();
        return Ok((head, None));
    }
    let base = read(&texts.base)?.unwrap_or_default();
    // One of HEAD that can't be read is another one.
    let head = read(&texts.head).map(Option::unwrap_or_default);
    let is_within = head.is_ok_and(|head| head.is_within(&base));
    let more = (!is_within).then(|| differs(texts.name.clone(), "this baseline"));
    Ok((base, more))
}

/// That a folder is named where a file belongs.
pub(super) fn no_baseline(name: &str) -> Failure {
    Failure::message(format!(
        "`--baseline` names a folder, with `{name}` in it; name the file of known findings itself"
    ))
}

/// Reads a baseline.
pub(super) fn read_baseline(text: &SourceText) -> Result<Baseline, Failure> {
    let content = str::from_utf8(&text.bytes)
        .map_err(|_| Failure::message(format!("{}: it is not UTF-8", text.name)))?;
    Baseline::read(&text.name, content).map_err(|error| Failure::message(error.to_string()))
}

/// Reads one side of a comparison. All sides read the same paths by the same rules.
fn read_side(
    args: &InputArgs,
    settings: &Settings,
    side: &ComparedInput,
) -> Result<Reading, Failure> {
    let read = match side {
        ComparedInput::WorkingTree => {
            let (asked_by, stdin) = if settings.files.is_empty() || settings.config.is_some() {
                (AskedBy::Repository, Stdin::NotMeant)
            } else {
                (AskedBy::User, Stdin::Free)
            };
            let rules = args.rules(asked_by, IgnoreFiles::Obeyed, stdin);
            read_paths(&settings.paths(), rules)
        }
        ComparedInput::Path(path) => {
            let rules = args.rules(AskedBy::User, IgnoreFiles::NotRead, Stdin::Free);
            let reading = read_paths(std::slice::from_ref(path), rules);
            reading.and_then(|reading| match reading.absent.first() {
                None => Ok(reading),
                Some(path) => Err(absent(path)),
            })
        }
        ComparedInput::Revision(revision) => {
            let reading = revision.read_to_apply(&settings.paths(), args.limits());
            reading.map(unnamed)
        }
    };
    read.map_err(|error| Failure::message(error.to_string()))
}

/// A file of a revision can't be mended, so it is told of as one below a folder.
fn unnamed(mut reading: Reading) -> Reading {
    for text in &mut reading.texts {
        text.named = false;
    }
    reading
}

/// That HEAD says differently how to judge. It counts as not judged until it is merged.
fn differs(name: String, what: &str) -> UnreadableFile {
    UnreadableFile {
        name,
        why: WhyUnread::SettingsDiffer(format!(
            "HEAD changes {what}; until it is merged that of BASE is used (`--settings head` takes \
             HEAD's)"
        )),
        content: None,
    }
}

/// A file or folder that says how to judge, as each side has it.
struct SideTexts {
    /// As it was named.
    name: String,
    base: Vec<SourceText>,
    head: Vec<SourceText>,
}

impl SideTexts {
    fn are_alike(&self) -> bool {
        let contents = |texts: &[SourceText]| -> Vec<Vec<u8>> {
            texts.iter().map(|text| text.bytes.clone()).collect()
        };
        contents(&self.base) == contents(&self.head)
    }
}

/// Reads what says how to judge, as each side has it. What neither BASE nor a commit of HEAD holds is
/// the user's own, which no change reaches: both have it as it is on the disk.
fn side_texts(
    args: &InputArgs,
    sides: &Compared,
    paths: &[PathBuf],
    asked_by: AskedBy,
) -> Result<Vec<SideTexts>, Failure> {
    let rules = args.rules(asked_by, IgnoreFiles::NotRead, Stdin::NotMeant);
    let committed = match (&sides.base, &sides.head) {
        (ComparedInput::Revision(_), ComparedInput::Revision(head)) => Some(head.clone()),
        (ComparedInput::Revision(_), ComparedInput::WorkingTree) => {
            Revision::find("HEAD").map_err(|error| Failure::message(format!("`HEAD`: {error}")))?
        }
        _ => None,
    };
    let in_revision = |revision: Option<&Revision>, path: &PathBuf| match revision {
        Some(revision) => texts_of(revision, path, args),
        None => Ok(None),
    };
    let texts = |path: &PathBuf| {
        let before = match &sides.base {
            ComparedInput::Revision(base) => in_revision(Some(base), path)?,
            ComparedInput::Path(_) | ComparedInput::WorkingTree => None,
        };
        let now = in_revision(committed.as_ref(), path)?;
        let on_disk = || read_texts(std::slice::from_ref(path), rules);
        let (base, head) = match (before, now, &sides.head) {
            (None, None, _) => {
                let own = on_disk()?;
                (own.clone(), own)
            }
            (before, now, ComparedInput::Revision(_)) => {
                (before.unwrap_or_default(), now.unwrap_or_default())
            }
            (before, _, _) if std::fs::symlink_metadata(path).is_err() => {
                (before.unwrap_or_default(), Vec::new())
            }
            (before, _, _) => (before.unwrap_or_default(), on_disk()?),
        };
        Ok(SideTexts {
            name: path.display().to_string(),
            base,
            head,
        })
    };
    paths.iter().map(texts).collect()
}

/// The files at a path of a revision; none where it lacks the path, or the path is beyond its
/// repository.
fn texts_of(
    revision: &Revision,
    path: &PathBuf,
    args: &InputArgs,
) -> Result<Option<Vec<SourceText>>, Failure> {
    let reading = match revision.read(std::slice::from_ref(path), args.limits()) {
        Err(ReadError::Outside(_)) => return Ok(None),
        reading => reading.map_err(|error| Failure::message(error.to_string()))?,
    };
    if !reading.absent.is_empty() {
        return Ok(None);
    }
    whole(reading).map(Some)
}
