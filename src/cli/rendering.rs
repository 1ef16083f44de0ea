//! Folders that kustomize or Helm renders, rendered and put among the texts that were read.

use std::collections::{BTreeMap, BTreeSet};

use crate::files::{ReadLimits, Reading, shown};
use crate::kube::{self, Binding, Role, ToolComment};
use crate::text::{FileId, Files, Fingerprint, Origins, SourceText, UnreadableFile, WhyUnread};
use crate::tools::{Plan, Stray, ToolUse};

use super::exit::Failure;
use super::settings::Settings;

/// What is told of files in a rendered folder that it doesn't draw on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strays {
    /// That they aren't judged: nobody named the folder, so they may be applied by themselves.
    Told,
    /// Nothing: who names a folder means what it renders to.
    PassedOver,
}

/// What was read, with what was rendered among its texts.
#[derive(Debug, Default)]
pub(super) struct RenderedReading {
    pub(super) reading: Reading,
    /// Where the objects of texts come from, by the numbers of the texts.
    origins: Vec<(usize, Origins)>,
    /// Where objects without a namespace are put, by the numbers of the texts.
    namespaces: BTreeMap<usize, String>,
    /// What rendered them.
    pub(super) tools: Vec<ToolUse>,
    /// The folders that are rendered.
    folders: BTreeMap<String, RenderedAs>,
    /// The files of objects and patches that the folders draw on.
    drawn_on: BTreeMap<String, Fingerprint>,
    /// What was asked for and isn't judged by itself, since a folder that is rendered draws on it.
    part_of_others: BTreeSet<String>,
    /// Rendered texts, by their numbers, whose comments don't count, since their sources' do.
    comments_elsewhere: BTreeSet<usize>,
    /// These sources.
    commented: Vec<SourceText>,
    /// Templates of which what they make may differ from one rendering to the next.
    may_differ: Vec<UnreadableFile>,
}

/// How a folder is rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
struct RenderedAs {
    marker: String,
    is_chart: bool,
}

impl RenderedAs {
    fn of(plan: &Plan) -> Self {
        RenderedAs {
            marker: plan.marker(),
            is_chart: plan.is_chart(),
        }
    }
}

impl RenderedReading {
    /// Says of each rendered text what it was made from, once the texts are numbered.
    pub(super) fn set_origins(&mut self, files: &mut Files) {
        for (number, origins) in std::mem::take(&mut self.origins) {
            if let Some(file) = files.nth(number) {
                files.set_origins(file, origins);
            }
        }
    }

    /// Puts the comments of files that folders were rendered from in place of those of what was rendered.
    pub(super) fn set_comments(&mut self, files: &mut Files, comments: &mut Vec<ToolComment>) {
        let elsewhere = std::mem::take(&mut self.comments_elsewhere).into_iter();
        let elsewhere: BTreeSet<FileId> = elsewhere.filter_map(|at| files.nth(at)).collect();
        comments.retain(|comment| !elsewhere.contains(&comment.span.file));
        let mut known = BTreeSet::new();
        for text in std::mem::take(&mut self.commented) {
            // Several folders may draw on one file.
            if known.insert(text.name.clone())
                && let Ok(content) = str::from_utf8(&text.bytes)
                && kube::may_hold_comments(content)
            {
                comments.extend(kube::comments(files.add(text.name), content));
            }
        }
    }

    /// Where objects of a text are put that have no namespace, if that is said of the text alone.
    pub(super) fn namespace(&self, number: usize) -> Option<&str> {
        self.namespaces.get(&number).map(String::as_str)
    }

    /// Tells of folders that the sides of a comparison, of which this is HEAD, don't hold in one way.
    pub(super) fn tell_of_changes(&mut self, base: &RenderedReading) {
        let mut told = Vec::new();
        let mut tell = |one: &RenderedReading, other: &RenderedReading, side| {
            for (name, how) in &one.folders {
                let absent = &other.reading.absent;
                let is_absent = absent.iter().any(|path| shown(path) == *name);
                let same = other.folders.get(name);
                if is_absent || same.is_some_and(|same| same.is_chart == how.is_chart) {
                    continue;
                }
                told.push(UnreadableFile {
                    name: name.clone(),
                    why: WhyUnread::RenderedOnOneSide {
                        by: how.marker.clone(),
                        side,
                    },
                    content: None,
                });
            }
        };
        tell(self, base, "HEAD");
        tell(base, self, "BASE");
        // Else what is applied by itself could be hidden by what draws on it, and changes it.
        let part_of_others = self.part_of_others.difference(&base.part_of_others);
        told.extend(part_of_others.map(|name| UnreadableFile {
            name: name.clone(),
            why: WhyUnread::DrawnOnInHead,
            content: None,
        }));
        let may_differ = std::mem::take(&mut self.may_differ);
        let is_new = |one: &UnreadableFile| !base.may_differ.contains(one);
        told.extend(may_differ.into_iter().filter(is_new));
        // What BASE renders and HEAD doesn't is a loss, and no new file.
        self.reading.unreadable.retain(|file| {
            let was_drawn_on = base.drawn_on.get(&file.name).copied();
            let is_left = matches!(
                file.why,
                WhyUnread::NotDrawnOn { .. } | WhyUnread::LeftOut { .. }
            );
            !is_left || was_drawn_on.is_none() || was_drawn_on != file.content
        });
        self.reading.unreadable.extend(told);
    }
}

/// Renders the folders that were asked for. What one of them draws on isn't read by itself, too.
pub(super) fn render(
    mut reading: Reading,
    settings: &Settings,
    limits: ReadLimits,
    strays: Strays,
) -> Result<RenderedReading, Failure> {
    let mut plans = Vec::with_capacity(reading.folders.len());
    let mut known = BTreeSet::new();
    for folder in std::mem::take(&mut reading.folders) {
        // A folder that is named twice is rendered once, or as often as it is installed.
        if !known.insert(folder.name()) {
            continue;
        }
        for options in settings.helm_options(&folder.name()) {
            let plan = Plan::new(folder.clone(), options);
            plans.push(plan.map_err(|error| Failure::message(error.to_string()))?);
        }
    }
    check_kinds(settings, &reading, &plans)?;
    let drawn_on_folders: BTreeSet<String> = plans.iter().flat_map(Plan::folders).collect();
    let drawn_on: BTreeMap<String, Fingerprint> = plans.iter().flat_map(Plan::contents).collect();
    // A patch that is named is read: what it patches may be nothing.
    let resources: BTreeSet<String> = plans.iter().flat_map(Plan::resources).collect();
    let texts = std::mem::take(&mut reading.texts);
    let (parts, texts): (Vec<SourceText>, Vec<SourceText>) = texts
        .into_iter()
        .partition(|text| resources.contains(&text.name));
    reading.texts = texts;
    // One that is rendered with another is rendered all the same.
    let folders = plans.iter().map(|plan| (plan.name(), RenderedAs::of(plan)));
    let folders = folders.collect();
    let mut part_of_others = drawn_on_folders;
    part_of_others.retain(|folder| plans.iter().any(|plan| plan.name() == *folder));
    plans.retain(|plan| !part_of_others.contains(&plan.name()));
    let mut rendered = RenderedReading {
        reading,
        folders,
        drawn_on,
        part_of_others,
        ..RenderedReading::default()
    };
    let mut left_out = BTreeSet::new();
    for plan in plans {
        let how = RenderedAs::of(&plan);
        if strays == Strays::Told {
            let told = plan
                .strays()
                .into_iter()
                .filter_map(|stray| told_of(stray, &how));
            rendered.reading.unreadable.extend(told);
        }
        let changed = plan.changed_by_checkout().iter().cloned();
        rendered.reading.unreadable.extend(changed);
        rendered.reading.unreadable.extend(plan.unknowns());
        rendered.may_differ.extend(plan.may_differ());
        let namespace = plan.namespace().map(str::to_owned);
        match plan.render(limits) {
            Ok(text) => {
                for one in text.left_out {
                    if strays == Strays::Told && one.is_below {
                        let why = WhyUnread::LeftOut {
                            by: how.marker.clone(),
                        };
                        rendered.reading.unreadable.push(unread(&one.text, why));
                    }
                    left_out.insert(one.text.name);
                }
                let number = rendered.reading.texts.len();
                rendered.origins.push((number, text.origins));
                if let Some(commented) = text.commented {
                    rendered.comments_elsewhere.insert(number);
                    rendered.commented.extend(commented);
                }
                if let Some(namespace) = namespace {
                    rendered.namespaces.insert(number, namespace);
                }
                rendered.reading.texts.push(text.text);
                rendered.tools.push(text.tool);
            }
            Err(unread) => rendered.reading.unreadable.extend(unread),
        }
    }
    // Who names a file means it, though a rendered folder takes it away.
    for part in parts {
        match left_out.contains(&part.name) {
            true => rendered.reading.texts.push(part),
            false => drop(rendered.part_of_others.insert(part.name)),
        }
    }
    Ok(rendered)
}

/// That what the settings say is rendered is such a folder, where it is there at all.
fn check_kinds(settings: &Settings, reading: &Reading, plans: &[Plan]) -> Result<(), Failure> {
    let charts = settings.charts.iter().map(|chart| &chart.chart);
    let kinds = [
        ("kustomize", "kustomization", false),
        ("helm", "chart", true),
    ];
    let paths = settings.kustomizations.iter().map(|path| (path, kinds[0]));
    for (path, (field, what, is_chart)) in paths.chain(charts.map(|path| (path, kinds[1]))) {
        let name = shown(path);
        let is_such = |plan: &Plan| plan.name() == name && plan.is_chart() == is_chart;
        if reading.absent.contains(path) || plans.iter().any(is_such) {
            continue;
        }
        return Err(Failure::message(format!(
            "`{name}` of `{field}` holds no {what}; name such a folder, or name it in `files`"
        )));
    }
    Ok(())
}

fn unread(text: &SourceText, why: WhyUnread) -> UnreadableFile {
    UnreadableFile {
        name: text.name.clone(),
        why,
        content: Some(Fingerprint::of(&text.bytes)),
    }
}

/// What is told of something that a rendered folder doesn't draw on: nothing of a manifest that is read
/// and gives nobody anything.
fn told_of(stray: Stray, how: &RenderedAs) -> Option<UnreadableFile> {
    match stray {
        Stray::Folder(folder) => Some(folder),
        Stray::Manifest(text) => gives_something(&text).then(|| {
            let by = how.marker.clone();
            unread(&text, WhyUnread::NotDrawnOn { by })
        }),
    }
}

fn gives_something(text: &SourceText) -> bool {
    let manifest = kube::parse(&mut Files::default(), std::slice::from_ref(text));
    !manifest.objects.of::<Role>().is_empty()
        || !manifest.objects.of::<Binding>().is_empty()
        || manifest.diagnostics.iter().any(|one| one.is_unjudged())
}
