//! Answers about one input, or about several environments.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use crate::authz::rbac::RbacAuthorizer;
use crate::entra::Directory;
use crate::render::sarif;
use crate::render::table::{BesideNames, Headers};
use crate::tools::ToolUse;

use super::exit::{Exit, Failure};
use super::input::{self, Input, InputArgs, Loaded, Stdin};
use super::out::{self, AnswerDocument, DocumentFormat};

/// The least bytes of a comment that an environment gets.
const LEAST_SHARE: usize = 2000;

/// How many environments a comment names at once.
const MOST_NAMES: usize = 20;

/// An answer about one input.
pub(super) struct Answered<V> {
    pub(super) view: V,
    /// What rendered folders of the input.
    pub(super) tools: Vec<ToolUse>,
    pub(super) exit: Exit,
}

/// An answer, and which environment it is about.
struct EnvironmentAnswer<V> {
    environment: Option<String>,
    answered: Answered<V>,
}

/// Environments whose answers are alike.
struct AlikeAnswers<'a, V> {
    environments: Vec<&'a str>,
    exit: Exit,
    view: &'a V,
    text: String,
}

/// The answers about all inputs.
pub(super) struct Answers<V> {
    answers: Vec<EnvironmentAnswer<V>>,
    /// How many inputs there are, those without an answer among them.
    inputs: usize,
    /// How many of them nothing was asked of.
    passed_over: usize,
}

impl<V> Answers<V> {
    /// Answers about each input. Where one of several leaves no answer, that is told and the others are
    /// answered.
    pub(super) fn of_inputs(
        inputs: Vec<Input<'_>>,
        mut answer: impl FnMut(&Input<'_>) -> Result<Answered<V>, Failure>,
    ) -> Result<Self, Failure> {
        let mut answers = Answers::new(inputs.len());
        for input in inputs {
            let found = answer(&input);
            answers.add(input.environment(), found, |failure| input.error(failure))?;
        }
        Ok(answers)
    }

    /// The same of a question that is put to what was read.
    pub(super) fn of_questions(
        args: &InputArgs,
        mut answer: impl FnMut(&Input<'_>, &RbacAuthorizer, &Directory) -> Result<(V, Exit), Failure>,
    ) -> Result<Self, Failure> {
        Answers::of_inputs(input::inputs(args)?, |input| {
            let Loaded {
                rbac,
                directory,
                tools,
                ..
            } = input.load(Stdin::Free)?;
            let (view, exit) = answer(input, &rbac, &directory)?;
            Ok(Answered { view, tools, exit })
        })
    }

    pub(super) fn new(inputs: usize) -> Self {
        Answers {
            answers: Vec::with_capacity(inputs),
            inputs,
            passed_over: 0,
        }
    }

    /// Adds the answer about an environment; the failure of one among several is told.
    pub(super) fn add(
        &mut self,
        environment: Option<&str>,
        found: Result<Answered<V>, Failure>,
        tell: impl FnOnce(&str),
    ) -> Result<(), Failure> {
        match found {
            Ok(answered) => self.answers.push(EnvironmentAnswer {
                environment: environment.map(str::to_owned),
                answered,
            }),
            Err(Failure::Message(message)) if self.inputs > 1 => tell(&message),
            Err(failure) => return Err(failure),
        }
        Ok(())
    }

    /// Counts one input less, of which nothing was asked.
    pub(super) fn pass_over(&mut self) {
        self.passed_over += 1;
    }

    /// The gravest exit of all.
    pub(super) fn exit(&self) -> Exit {
        let exits = self.answers.iter().map(|about| about.answered.exit);
        let gravest = exits.max().unwrap_or(Exit::Error);
        match self.answers.len() + self.passed_over < self.inputs {
            true => Exit::Error,
            false => gravest,
        }
    }

    /// Whether all inputs have an answer.
    pub(super) fn are_all(&self) -> bool {
        self.answers.len() + self.passed_over == self.inputs
    }

    /// Changes answers once all are there, with their exits.
    pub(super) fn change(&mut self, mut change: impl FnMut(&mut V, &mut Exit)) {
        for about in &mut self.answers {
            let Answered { view, exit, .. } = &mut about.answered;
            change(view, exit);
        }
    }

    /// The views, each with its environment where there are several.
    pub(super) fn views(&self) -> impl Iterator<Item = (Option<&str>, &V)> {
        let several = self.inputs > 1;
        self.answers.iter().map(move |about| {
            let environment = about.environment.as_deref().filter(|_| several);
            (environment, &about.answered.view)
        })
    }

    /// Prints the answers as text, equal ones once, each below a line that says which environments it is
    /// about.
    pub(super) fn text(&self, text: impl Fn(&V) -> Result<String, Failure>) -> Result<(), Failure> {
        self.grouped(Heading::Text, text, out::answer)
    }

    /// The same of answers whose first line is `yes` or `no`.
    pub(super) fn verdicts(&self, text: impl Fn(&V) -> String) -> Result<(), Failure> {
        self.grouped(Heading::Text, |view| Ok(text(view)), out::verdict)
    }

    /// Prints the answers as one comment of about so many bytes. Where they don't fit each gets a share, and
    /// those that still don't, the least grave ones, are named at the top.
    pub(super) fn comment(
        &self,
        most: usize,
        text: impl Fn(&V, usize) -> String,
    ) -> Result<(), Failure> {
        let mut groups = self.alike(|view| Ok(text(view, most)))?;
        if self.inputs == 1 {
            return groups.iter().try_for_each(|one| out::answer(&one.text));
        }
        let heading = |group: &AlikeAnswers<'_, V>| Heading::Markdown.of(&group.environments);
        let whole = groups
            .iter()
            .map(|group| heading(group).len() + group.text.len());
        if whole.sum::<usize>() > most {
            let share = (most / groups.len().max(1)).max(LEAST_SHARE);
            for group in &mut groups {
                group.text = text(group.view, share);
            }
            groups.sort_by_key(|group| Reverse(group.exit));
        }
        let (mut shown, mut left_out) = (Vec::new(), Vec::new());
        let mut length = 0;
        for group in &groups {
            let part = format!("{}\n{}", heading(group), group.text);
            length += part.len() + 1;
            match length > most && !shown.is_empty() {
                true => left_out.extend_from_slice(&group.environments),
                false => shown.push(part),
            }
        }
        if !left_out.is_empty() {
            out::answer(&format!(
                "**What changes in {} doesn't fit here; `rbac-eval diff` shows all.**\n\n",
                Heading::Markdown.words(&left_out)
            ))?;
        }
        out::answer(&shown.join("\n"))
    }

    /// The same in Markdown.
    pub(super) fn markdown(&self, text: impl Fn(&V) -> String) -> Result<(), Failure> {
        self.grouped(Heading::Markdown, |view| Ok(text(view)), out::answer)
    }

    fn grouped(
        &self,
        heading: Heading,
        text: impl Fn(&V) -> Result<String, Failure>,
        print: impl Fn(&str) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        for (number, group) in self.alike(text)?.iter().enumerate() {
            let apart = if number == 0 { "" } else { "\n" };
            if self.inputs > 1 {
                out::answer(&format!("{apart}{}\n", heading.of(&group.environments)))?;
            }
            print(&group.text)?;
        }
        Ok(())
    }

    /// The answers as texts, those that read the same together, in their order.
    fn alike(
        &self,
        text: impl Fn(&V) -> Result<String, Failure>,
    ) -> Result<Vec<AlikeAnswers<'_, V>>, Failure> {
        let mut groups: Vec<AlikeAnswers<'_, V>> = Vec::new();
        for about in &self.answers {
            let Answered { view, exit, .. } = &about.answered;
            let text = text(view)?;
            let environment = about.environment.as_deref();
            match groups.iter_mut().find(|group| group.text == text) {
                Some(group) => {
                    group.environments.extend(environment);
                    group.exit = group.exit.max(*exit);
                }
                None => groups.push(AlikeAnswers {
                    environments: environment.into_iter().collect(),
                    exit: *exit,
                    view,
                    text,
                }),
            }
        }
        Ok(groups)
    }

    /// Prints the answers as CSV, with a column for the environment before the others.
    pub(super) fn csv(
        &self,
        headers: Headers,
        text: impl Fn(&V) -> Result<String, Failure>,
    ) -> Result<(), Failure> {
        for (number, (environment, view)) in self.views().enumerate() {
            let text = text(view)?;
            let Some(environment) = environment else {
                return out::answer(&text);
            };
            // A record is one line, and no name of an environment needs quotes.
            let lines = text.lines().enumerate().filter_map(|(at, line)| {
                match headers == Headers::Shown && at == 0 {
                    true if number > 0 => None,
                    true => Some(format!("ENVIRONMENT,{line}\n")),
                    false => Some(format!("{environment},{line}\n")),
                }
            });
            out::answer(&lines.collect::<String>())?;
        }
        Ok(())
    }

    /// Prints names of all answers, each once, and beside them what names can't say.
    pub(super) fn names<'a>(
        &'a self,
        names: impl Fn(&V) -> Vec<String>,
        beside: impl Fn(&'a V) -> BesideNames<'a>,
    ) -> Result<(), Failure> {
        let mut known = HashSet::new();
        let mut lines = String::new();
        for (environment, view) in self.views() {
            let label = environment.map_or_else(String::new, |name| format!("{name}: "));
            let BesideNames { warnings, notes } = beside(view);
            for warning in warnings {
                out::warning(&format!("{label}{warning}"));
            }
            for note in notes {
                out::note(&format!("{label}{note}"));
            }
            for name in names(view) {
                if !known.contains(&name) {
                    lines.push_str(&name);
                    lines.push('\n');
                    known.insert(name);
                }
            }
        }
        out::answer(&lines)
    }

    /// Prints SARIF logs, as one with a run for each environment.
    pub(super) fn sarif(&self, log: impl Fn(&V) -> Result<String, Failure>) -> Result<(), Failure> {
        let mut logs = Vec::with_capacity(self.answers.len());
        for (environment, view) in self.views() {
            let log = log(view)?;
            match environment {
                None => return out::answer(&log),
                Some(environment) => logs.push((environment, log)),
            }
        }
        out::answer(&sarif::of_runs(&logs)?)
    }

    /// Prints GitHub's workflow commands, equal ones once.
    pub(super) fn commands(&self, text: impl Fn(&V) -> String) -> Result<(), Failure> {
        let mut lines: Vec<(String, Vec<&str>)> = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        for (environment, view) in self.views() {
            let text = text(view);
            let Some(environment) = environment else {
                return out::commands(&text);
            };
            for line in text.lines() {
                match known.get(line).and_then(|&at| lines.get_mut(at)) {
                    Some((_, environments)) if environments.last() == Some(&environment) => {}
                    Some((_, environments)) => environments.push(environment),
                    None => {
                        known.insert(line.to_owned(), lines.len());
                        lines.push((line.to_owned(), vec![environment]));
                    }
                }
            }
        }
        let all = self.answers.len();
        let lines = lines
            .into_iter()
            .map(|(line, environments)| match environments.len() == all {
                true => format!("{line}\n"),
                false => format!("{line} ({})\n", Heading::Text.words(&environments)),
            });
        out::commands(&lines.collect::<String>())
    }
}

impl<V: serde::Serialize> Answers<V> {
    /// Prints the answers as a document; several as the items of a list.
    pub(super) fn document(&self, format: DocumentFormat) -> Result<(), Failure> {
        let documents = self.answers.iter().map(|about| AnswerDocument {
            view: &about.answered.view,
            environment: about.environment.as_deref(),
            tools: &about.answered.tools,
        });
        let documents: Vec<AnswerDocument<'_, V>> = documents.collect();
        match &*documents {
            [one] if self.inputs == 1 => out::document(one, format),
            all => out::documents(all, format),
        }
    }
}

/// How the environments of an answer are said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heading {
    Text,
    Markdown,
}

impl Heading {
    fn of(self, environments: &[&str]) -> String {
        let words = self.words(environments);
        match self {
            Heading::Text => format!("{words}:"),
            Heading::Markdown => format!("## {words}\n"),
        }
    }

    fn words(self, environments: &[&str]) -> String {
        let names: Vec<String> = match self {
            Heading::Text => environments.iter().map(|name| (*name).to_owned()).collect(),
            Heading::Markdown => environments
                .iter()
                .map(|name| format!("`{name}`"))
                .collect(),
        };
        match (&*names, self) {
            ([one], _) => format!("environment {one}"),
            // A comment has an end.
            (many, Heading::Markdown) if many.len() > MOST_NAMES => format!(
                "environments {} and {} more",
                many.get(..MOST_NAMES).unwrap_or_default().join(", "),
                many.len() - MOST_NAMES
            ),
            (many, _) => format!("environments {}", many.join(", ")),
        }
    }
}
