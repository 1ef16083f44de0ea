//! The answer of `paths`.

use serde::Serialize;

use crate::analysis::paths::{Certainty, EdgeText, FoundPath, Goal, Hop, HopRequest, PathArea};
use crate::analysis::unjudged::unjudged as unjudged_parts;
use crate::authz::Attributes;
use crate::authz::rbac::RbacAuthorizer;
use crate::object::ObjectRef;

use super::table::{Layout, Table};
use super::text::{marked, shown, with_place, wrapped};
use super::view::{AttributesView, GrantView, SourceView, SubjectView};
use super::words::{count, describe_object, describe_request};
use super::{API_VERSION, UnjudgedView, unjudged};

/// The answer of `paths`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PathsView {
    /// `rbac-eval/v1`
    pub api_version: &'static str,
    /// `Paths`
    pub kind: &'static str,
    /// The best way from each subject to each goal.
    pub paths: Vec<PathView>,
    /// What of the input isn't judged, so that there may be more.
    pub unjudged: Vec<UnjudgedView>,
    /// How many goals were reached that give nothing more, and aren't told.
    #[serde(skip)]
    held_back: usize,
    /// How many are there from the start, or are Kubernetes' own, and aren't told one by one.
    #[serde(skip)]
    owners: usize,
    #[serde(skip)]
    question: PathsQuestion,
}

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathsQuestion {
    /// From whom, in words; none for everyone.
    pub from: Option<String>,
    /// To what; none where nothing was named.
    pub goals: Vec<Goal>,
    /// How sure steps were to be.
    pub certainty: Certainty,
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct PathsFound {
    /// The ways, each with where it begins.
    pub paths: Vec<(SubjectView, Vec<String>, FoundPath)>,
    /// How many goals were reached that give nothing more, and aren't told.
    pub held_back: usize,
    /// How many are there from the start, or are Kubernetes' own, and aren't told one by one.
    pub owners: usize,
}

/// A way from a subject to a goal.
#[derive(Debug, Clone, Serialize)]
pub struct PathView {
    /// Where it begins.
    pub from: StartView,
    /// What is reached, as `--to` takes it.
    pub goal: String,
    /// How sure the least sure step is.
    pub certainty: &'static str,
    /// The steps, in an order in which they can be taken.
    pub hops: Vec<HopView>,
}

/// Where a way begins.
#[derive(Debug, Clone, Serialize)]
pub struct StartView {
    /// The subject.
    #[serde(flatten)]
    pub subject: SubjectView,
    /// The groups that were given with `--as-group`, and those of the directory.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
}

/// A step.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HopView {
    /// Of which kind; `docs/edges.md` has a section on each.
    pub edge: &'static str,
    /// How sure it is.
    pub certainty: &'static str,
    /// Who takes it.
    pub from: String,
    /// What it gives.
    pub to: String,
    /// The requests that are made.
    pub requests: Vec<HopRequestView>,
    /// What allows the requests.
    pub grants: Vec<GrantView>,
    /// The objects that it rests on besides.
    pub evidence: Vec<EvidenceView>,
    /// What may forbid it and can't be judged.
    pub blocked_by: Vec<String>,
    /// How the way is closed there, and where it is explained.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub close: Option<&'static str>,
    /// The section of the documentation on this kind of step.
    pub docs: String,
}

/// A request of a step.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HopRequestView {
    /// Who makes it.
    pub by: String,
    /// What is asked.
    #[serde(flatten)]
    pub request: AttributesView,
    /// The step before that allows it, where no binding of the input does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_by: Option<String>,
    #[serde(skip)]
    in_words: String,
    #[serde(skip)]
    grant: Option<GrantView>,
}

/// An object that a step rests on.
#[derive(Debug, Clone, Serialize)]
pub struct EvidenceView {
    /// The object.
    pub object: ObjectRef,
    /// Where it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceView>,
}

impl HopRequestView {
    fn new(rbac: &RbacAuthorizer, request: &HopRequest) -> Option<Self> {
        let attributes = Attributes::Resource(request.asked.clone()?);
        Some(HopRequestView {
            by: request.by.to_string(),
            request: AttributesView::new(&attributes),
            given_by: request.given_by.as_ref().map(ToString::to_string),
            in_words: match &request.area {
                PathArea::EveryNamespace => {
                    let words = describe_request(&attributes);
                    let words = words.strip_suffix(WHOLE_CLUSTER).unwrap_or(&words);
                    format!("{words} in every namespace")
                }
                PathArea::Cluster => {
                    let words = describe_request(&attributes);
                    words
                        .strip_suffix(WHOLE_CLUSTER)
                        .unwrap_or(&words)
                        .to_owned()
                }
                PathArea::Namespace(_) => describe_request(&attributes),
            },
            grant: request
                .grant
                .filter(|grant| grant.rule > 0)
                .map(|grant| GrantView::new(rbac, &grant)),
        })
    }
}

impl HopView {
    fn new(rbac: &RbacAuthorizer, hop: &Hop) -> Self {
        let files = rbac.snapshot().files();
        let requests = hop.requests.iter();
        let requests: Vec<HopRequestView> = requests
            .filter_map(|request| HopRequestView::new(rbac, request))
            .collect();
        let had = hop
            .requests
            .iter()
            .filter(|request| request.asked.is_none());
        let bindings = had.filter_map(|request| {
            let grant = request.grant.map(|grant| grant.binding);
            grant.or(request.through.map(|(binding, _)| binding))
        });
        let bindings = bindings.map(|id| {
            let binding = rbac.snapshot().binding(id);
            EvidenceView {
                object: binding.object_ref(),
                source: Some(SourceView::new(files, binding.span)),
            }
        });
        let objects = hop.evidence.iter().map(|(object, span)| EvidenceView {
            object: object.clone(),
            source: span.map(|span| SourceView::new(files, span)),
        });
        HopView {
            edge: hop.edge.as_str(),
            certainty: hop.certainty.as_str(),
            from: hop.from.to_string(),
            to: hop.to.to_string(),
            grants: requests
                .iter()
                .filter_map(|request| request.grant.clone())
                .collect(),
            requests,
            evidence: bindings.chain(objects).collect(),
            blocked_by: Vec::new(),
            close: EdgeText::of(hop.edge.as_str()).map(|text| text.close),
            docs: format!("docs/edges.md#{}", hop.edge.as_str()),
        }
    }

    /// The step in a line: what is asked, and what it gives.
    fn in_a_line(&self) -> String {
        let asked: Vec<&str> = self.requests.iter().map(|one| &*one.in_words).collect();
        match &*asked {
            [] => format!("{} → {}", self.edge, self.to),
            asked => format!("{} → {}", asked.join(" and "), self.to),
        }
    }

    fn to_text(&self, number: usize, before: &str) -> String {
        let mut out = String::new();
        let mut mark = format!("{number:>3}  ");
        if self.requests.is_empty() {
            let from = format!("{} ({})", self.from, self.edge);
            out.push_str(&marked(0, &mark, &from, ""));
            out.push('\n');
        }
        for request in &self.requests {
            let by = match request.by == before {
                true => String::new(),
                false => format!("as {}: ", request.by),
            };
            let text = format!("{by}{} ({})", request.in_words, self.edge);
            out.push_str(&marked(0, &mark, &text, ""));
            out.push('\n');
            mark = "     ".to_owned();
            if let Some(grant) = &request.grant {
                let text = format!(
                    "{} → {}, rule {}",
                    describe_object(&grant.binding),
                    describe_object(&grant.role),
                    grant.rule
                );
                out.push_str(&with_place(7, &text, &grant.source.to_string()));
                out.push('\n');
            } else if let Some(given) = &request.given_by {
                out.push_str(&wrapped(7, &format!("by what was gained: {given}")));
                out.push('\n');
            }
        }
        for evidence in &self.evidence {
            let place = evidence.source.as_ref().map(ToString::to_string);
            let text = describe_object(&evidence.object);
            out.push_str(&with_place(7, &text, &place.unwrap_or_default()));
            out.push('\n');
        }
        let doubt = match self.certainty {
            "definite" => String::new(),
            "state" => ", if the cluster's state allows it".to_owned(),
            "somebody" => ", once someone else acts".to_owned(),
            _ => ", by facts outside of the cluster".to_owned(),
        };
        out.push_str(&marked(5, "→ ", &format!("{}{doubt}", self.to), ""));
        out.push('\n');
        if let Some(close) = self.close {
            let close = close.replace('`', "");
            out.push_str(&marked(7, "to close it: ", &close, ""));
            out.push('\n');
        }
        out
    }
}

impl PathView {
    fn new(
        rbac: &RbacAuthorizer,
        (subject, groups, path): &(SubjectView, Vec<String>, FoundPath),
    ) -> Self {
        PathView {
            from: StartView {
                subject: subject.clone(),
                groups: groups.clone(),
            },
            goal: path.goal.to_string(),
            certainty: path.certainty.as_str(),
            hops: path
                .hops
                .iter()
                .map(|hop| HopView::new(rbac, hop))
                .collect(),
        }
    }

    fn to_text(&self) -> String {
        let heading = match &*self.hops {
            [] => format!("{} is there: {}", self.from.subject, self.goal),
            hops => format!(
                "{} → {} in {}, {}",
                self.from.subject,
                self.goal,
                count(hops.len(), "step", "steps"),
                self.certainty
            ),
        };
        let mut out = format!("{}\n", wrapped(0, &heading));
        let mut before = String::new();
        for (number, hop) in (1..).zip(&self.hops) {
            if number == 1 {
                before.clone_from(&hop.from);
            }
            out.push_str(&hop.to_text(number, &before));
            before.clone_from(&hop.to);
        }
        out
    }
}

/// How a request without a namespace ends, in words.
const WHOLE_CLUSTER: &str = " in the whole cluster";

/// The headings of the table of everyone.
pub const HEADER: [&str; 5] = ["FROM", "GOAL", "STEPS", "CERTAINTY", "FIRST STEP"];

impl PathsView {
    /// The view of what was found.
    pub fn new(rbac: &RbacAuthorizer, question: PathsQuestion, found: &PathsFound) -> Self {
        let paths = found.paths.iter();
        PathsView {
            api_version: API_VERSION,
            kind: "Paths",
            paths: paths.map(|path| PathView::new(rbac, path)).collect(),
            unjudged: UnjudgedView::all(rbac.snapshot().files(), &unjudged_parts(rbac)),
            held_back: found.held_back,
            owners: found.owners,
            question,
        }
    }

    /// The ways, step by step; of everyone, or where no goal was named, one line each.
    pub fn to_text(&self, layout: Layout) -> String {
        let one_by_one = self.question.from.is_some() && !self.question.goals.is_empty();
        let mut out = match one_by_one {
            true => {
                let paths = self.paths.iter();
                let texts: Vec<String> = paths.map(PathView::to_text).collect();
                texts.join("\n")
            }
            false if self.paths.is_empty() => String::new(),
            false => self.to_table(layout),
        };
        if self.paths.is_empty() {
            out.push_str(&format!("{}\n", wrapped(0, &self.nothing())));
        }
        if self.held_back > 0 {
            let what = count(self.held_back, "more goal gives", "more goals give");
            let text = format!("{what} nothing that isn't held anyway; --all shows all");
            out.push_str(&format!("{}\n", wrapped(0, &text)));
        }
        if self.owners > 0 {
            let who = count(self.owners, "owner gets", "owners get");
            let text = format!(
                "{who} there too: who has it from the start, and Kubernetes' own; --all shows all"
            );
            out.push_str(&format!("{}\n", wrapped(0, &text)));
        }
        for line in unjudged::lines(&self.unjudged, 0, "incomplete") {
            out.push_str(&line);
            out.push('\n');
        }
        out
    }

    fn nothing(&self) -> String {
        let goals: Vec<String> = self
            .question
            .goals
            .iter()
            .map(ToString::to_string)
            .collect();
        let goals = goals.join(" or ");
        let certainty = self.question.certainty.as_str();
        match &self.question.from {
            None if self.owners > 0 => format!("nobody else gets to {goals} ({certainty})"),
            None => format!("nobody gets to {goals} ({certainty})"),
            Some(from) if goals.is_empty() => {
                format!(
                    "{} becomes and reaches nothing more ({certainty})",
                    shown(from)
                )
            }
            Some(from) => format!("no path from {} to {goals} ({certainty})", shown(from)),
        }
    }

    /// A line for each way.
    pub fn to_table(&self, layout: Layout) -> String {
        let records = self.paths.iter().map(|path| {
            let first = path
                .hops
                .first()
                .map_or_else(String::new, HopView::in_a_line);
            let cells: super::table::Cells<'_> = vec![
                path.from.subject.to_string().into(),
                path.goal.as_str().into(),
                path.hops.len().to_string().into(),
                path.certainty.into(),
                first.into(),
            ];
            cells.into()
        });
        let table = Table {
            header: HEADER.to_vec(),
            records: records.collect(),
        };
        table.sorted(layout).to_text(layout.headers)
    }
}
