//! Findings sorted out: those that are ignored, those that are known, and the rest.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::baseline::{FindingKey, KnownFindings};
use super::ignoring::{CommentIgnore, HeldBy, IgnoreFault, SettingsIgnore, ignorable};
use super::{by_place, may_be_ignored};
use crate::authz::rbac::RbacAuthorizer;
use crate::diagnostic::{Code, Diagnostic};
use crate::kube::Beside;
use crate::text::{FileId, Files, Span, excerpt};

/// By what findings are sorted out.
#[derive(Debug, Clone, Copy, Default)]
pub struct SortBy<'s> {
    /// The ignores of the settings.
    pub settings: &'s [SettingsIgnore],
    /// What BASE ignores by comments, where that decides which comments count.
    pub base: Option<&'s BaseIgnores>,
    /// The findings that are known.
    pub known: Option<&'s KnownFindings>,
}

/// Findings, sorted out.
#[derive(Debug, Clone, Default)]
pub struct SortedFindings {
    /// Those that count, and what is wrong with ignores, by place.
    pub findings: Vec<Diagnostic>,
    /// Those that are ignored, by place.
    pub ignored: Vec<IgnoredFinding>,
    /// Those that are known, by place.
    pub known: Vec<Diagnostic>,
    /// How many known ones are gone.
    pub gone: usize,
    /// How many would be ignored if BASE had the same ignore.
    pub waiting: usize,
    /// The ignores of the settings, by their numbers, that match a finding.
    pub matched: HashSet<usize>,
}

/// A finding that is ignored.
#[derive(Debug, Clone)]
pub struct IgnoredFinding {
    /// What is found.
    pub finding: Diagnostic,
    /// Why it is ignored.
    pub reason: String,
    /// Where that is written.
    pub span: Span,
    /// What says it.
    pub by: IgnoredBy,
}

/// What says that a finding is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IgnoredBy {
    /// A comment beside it.
    Comment,
    /// The settings.
    Settings,
}

/// What BASE ignores by comments: a change can't silence its own findings.
#[derive(Debug, Clone, Default)]
pub struct BaseIgnores {
    findings: HashSet<FindingKey>,
    /// The codes and objects that comments at the head of objects ignore.
    objects: HashSet<(&'static str, String)>,
}

impl BaseIgnores {
    /// What comments of BASE ignore of its findings.
    pub fn of(base: &RbacAuthorizer, findings: &[Diagnostic]) -> Self {
        let files = base.snapshot().files();
        let index = CommentIndex::of(base, &mut Vec::new());
        let ignored = findings
            .iter()
            .filter(|finding| !index.groups_of(files, finding).is_empty());
        let findings = ignored.map(|finding| FindingKey::of(files, finding));
        let mut objects = HashSet::new();
        for (object, span) in base.snapshot().places() {
            let heads = index.places(files, span).into_iter();
            let heads = heads.filter_map(|at| index.object_at(at));
            for codes in heads.filter_map(|head| index.codes_of_objects.get(&head)) {
                objects.extend(codes.iter().map(|code| (code.id, object.to_string())));
            }
        }
        BaseIgnores {
            findings: findings.collect(),
            objects,
        }
    }

    fn allows(&self, files: &Files, finding: &Diagnostic) -> bool {
        let object = finding.object.as_ref().map(ToString::to_string);
        let object = (finding.code.id, object.unwrap_or_default());
        self.objects.contains(&object) || self.findings.contains(&FindingKey::of(files, finding))
    }
}

/// Sorts findings out.
///
/// Each finding that a comment or the settings ignore is ignored; of the others, each that is known is
/// used up. What is wrong with comments is a finding. What is wrong with entries of the settings is told
/// by [`faults_of_settings`], since an entry may be about another environment.
pub fn sort_out(
    rbac: &RbacAuthorizer,
    findings: Vec<Diagnostic>,
    by: SortBy<'_>,
) -> SortedFindings {
    let files = rbac.snapshot().files();
    let mut sorted = SortedFindings::default();
    let mut faults = Vec::new();
    let mut index = CommentIndex::of(rbac, &mut faults);
    let mut entries: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
    for (number, entry) in by.settings.iter().enumerate() {
        if ignorable(&entry.code).is_ok() && !entry.reason.trim().is_empty() {
            let key = (&*entry.code, entry.object.trim());
            entries.entry(key).or_default().push(number);
        }
    }
    let mut known = by.known.cloned().unwrap_or_default();
    for finding in findings {
        if !may_be_ignored(finding.code) {
            sorted.findings.push(finding);
            continue;
        }
        let mut ignored: Option<(String, Span, IgnoredBy)> = None;
        let mut waits = false;
        let groups = index.groups_of(files, &finding);
        let counts = by.base.is_none_or(|base| base.allows(files, &finding));
        for group in groups {
            let Some(group) = index.groups.get_mut(group) else {
                continue;
            };
            group.matches = true;
            if counts {
                ignored.get_or_insert((group.reason.clone(), group.span, IgnoredBy::Comment));
            } else {
                waits = true;
            }
        }
        let object = finding.object.as_ref().map(ToString::to_string);
        let key = (finding.code.id, object.as_deref().unwrap_or_default());
        for &number in entries.get(&key).into_iter().flatten() {
            sorted.matched.insert(number);
            let Some(entry) = by.settings.get(number) else {
                continue;
            };
            match entry.held_by {
                HeldBy::Both | HeldBy::Base => {
                    let reason = entry.reason.trim().to_owned();
                    ignored.get_or_insert((reason, entry.span, IgnoredBy::Settings));
                }
                HeldBy::Head => waits = true,
            }
        }
        if let Some((reason, span, by)) = ignored {
            sorted.ignored.push(IgnoredFinding {
                finding,
                reason,
                span,
                by,
            });
            continue;
        }
        sorted.waiting += usize::from(waits);
        match known.get_mut(&FindingKey::of(files, &finding)) {
            Some(left) if *left > 0 => {
                *left -= 1;
                sorted.known.push(finding);
            }
            _ => sorted.findings.push(finding),
        }
    }
    sorted.gone = known.values().sum();
    index.tell_unmatched(&mut faults);
    sorted.findings.extend(faults);
    sorted.findings.sort_by(by_place);
    sorted
}

/// What is wrong with the ignores of the settings, by their numbers, of which those match that are in
/// `matched`.
pub fn faults_of_settings(
    settings: &[SettingsIgnore],
    matched: &HashSet<usize>,
) -> Vec<(usize, Diagnostic)> {
    let mut faults = Vec::new();
    for (number, entry) in settings.iter().enumerate() {
        if entry.held_by == HeldBy::Base {
            continue;
        }
        let mut tell = |fault| faults.push((number, Diagnostic::new(entry.span, fault)));
        let has_reason = !entry.reason.trim().is_empty();
        if !has_reason {
            tell(IgnoreFault::NoReason {
                how: "give it a `reason`",
            });
        }
        match ignorable(&entry.code) {
            Err(fault) => tell(fault),
            Ok(code) if has_reason && !matched.contains(&number) => tell(IgnoreFault::NothingOf {
                code,
                object: excerpt(entry.object.trim()).into_owned(),
            }),
            Ok(_) => {}
        }
    }
    faults
}

/// A line of a file.
type FileLine = (FileId, u32);

/// What comments that say the same of the same thing come to.
struct CommentGroup {
    code: &'static Code,
    reason: String,
    span: Span,
    matches: bool,
    /// The others that say the same.
    others: Vec<Span>,
}

/// The comments by what they stand beside, so that each finding is looked up and no pairs are tried.
#[derive(Default)]
struct CommentIndex {
    groups: Vec<CommentGroup>,
    of_lines: HashMap<(FileLine, &'static str), usize>,
    of_objects: HashMap<(FileLine, &'static str), usize>,
    codes_of_objects: HashMap<FileLine, Vec<&'static Code>>,
    /// The first and the last lines of the objects.
    objects: HashMap<FileId, BTreeMap<u32, u32>>,
    /// The files that hold comments, by name.
    files: HashMap<String, FileId>,
}

impl CommentIndex {
    fn of(rbac: &RbacAuthorizer, faults: &mut Vec<Diagnostic>) -> Self {
        let files = rbac.snapshot().files();
        let mut index = CommentIndex::default();
        for comment in rbac.snapshot().comments() {
            let (ignore, wrong) = CommentIgnore::read(&comment.text);
            let wrong = wrong.into_iter();
            faults.extend(wrong.map(|fault| Diagnostic::new(comment.span, fault)));
            let file = comment.span.file;
            index.files.insert(files.name(file).to_owned(), file);
            for code in ignore.codes {
                let known = match comment.beside {
                    Beside::Nothing => None,
                    Beside::Line(line) => Some(index.of_lines.entry(((file, line), code.id))),
                    Beside::Object { first, last } => {
                        index.objects.entry(file).or_default().insert(first, last);
                        let codes = index.codes_of_objects.entry((file, first));
                        codes.or_default().push(code);
                        Some(index.of_objects.entry(((file, first), code.id)))
                    }
                };
                let number = index.groups.len();
                let number = known.map_or(number, |known| *known.or_insert(number));
                match index.groups.get_mut(number) {
                    Some(group) => group.others.push(comment.span),
                    None => index.groups.push(CommentGroup {
                        code,
                        reason: ignore.reason.clone(),
                        span: comment.span,
                        matches: false,
                        others: Vec::new(),
                    }),
                }
            }
        }
        index
    }

    /// The lines that a place is at: its own, and that of the file that it was made from.
    fn places(&self, files: &Files, span: Span) -> Vec<FileLine> {
        let mut places = vec![(span.file, span.line)];
        let told = files.place(span);
        if told.rendered > 0
            && told.line > 0
            && let Some(&file) = self.files.get(told.file)
        {
            places.push((file, told.line));
        }
        places
    }

    /// The object that holds a line, if comments are at its head.
    fn object_at(&self, (file, line): FileLine) -> Option<FileLine> {
        let (&first, &last) = self.objects.get(&file)?.range(..=line).next_back()?;
        (last >= line).then_some((file, first))
    }

    /// The groups of comments that ignore a finding.
    fn groups_of(&self, files: &Files, finding: &Diagnostic) -> Vec<usize> {
        if self.groups.is_empty() || !may_be_ignored(finding.code) {
            return Vec::new();
        }
        let alike = finding.related.iter();
        let alike = alike.filter(|related| related.message.is_empty());
        let spans = finding.span.into_iter();
        let spans = spans.chain(alike.map(|related| related.span));
        let mut found = Vec::new();
        for at in spans.flat_map(|span| self.places(files, span)) {
            found.extend(self.of_lines.get(&(at, finding.code.id)));
            let object = self.object_at(at);
            found.extend(object.and_then(|at| self.of_objects.get(&(at, finding.code.id))));
        }
        found.dedup();
        found
    }

    fn tell_unmatched(self, faults: &mut Vec<Diagnostic>) {
        for group in self.groups.into_iter().filter(|group| !group.matches) {
            let spans = std::iter::once(group.span).chain(group.others);
            let code = group.code;
            faults.extend(
                spans.map(|span| Diagnostic::new(span, IgnoreFault::NothingBeside { code })),
            );
        }
    }
}
