//! The arguments that say how a table looks.

use clap::Args;

use crate::analysis::owner::Owners;
use crate::ask::nearest;
use crate::render::table::{Headers, Layout};

use super::exit::Failure;

/// How a table looks.
#[derive(Debug, Args)]
pub(super) struct TableArgs {
    /// Sort by this column, named as its heading; numbers in it count as numbers
    #[arg(long, value_name = "COLUMN")]
    sort_by: Option<String>,

    /// Leave out the headings of a table or of CSV
    #[arg(long)]
    no_headers: bool,
}

/// What shows the rows that every cluster has.
#[derive(Debug, Args)]
pub(super) struct SystemArgs {
    /// Show Kubernetes' and AKS' own as well, which tables fold into a line
    #[arg(long)]
    pub(super) system: bool,
}

/// What an answer is printed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A table as text.
    Table,
    /// CSV.
    Csv,
    /// A table in Markdown, which needs its headings.
    Markdown,
    /// Anything else, by the name that `-o` has for it.
    Other(&'static str),
}

impl Form {
    fn name(self) -> &'static str {
        match self {
            Form::Table => "table",
            Form::Csv => "csv",
            Form::Markdown => "markdown",
            Form::Other(name) => name,
        }
    }
}

impl TableArgs {
    /// The layout of a table with these headings. What can't have an effect is refused.
    pub(super) fn layout(
        &self,
        form: Form,
        headings: impl IntoIterator<Item = &'static str>,
    ) -> Result<Layout, Failure> {
        let has_records = !matches!(form, Form::Other(_));
        if self.sort_by.is_some() && !has_records {
            return Err(refused("--sort-by", "sorts tables and CSV", form));
        }
        if self.no_headers && (!has_records || form == Form::Markdown) {
            return Err(refused(
                "--no-headers",
                "leaves out those of tables and CSV",
                form,
            ));
        }
        let sort_by = match &self.sort_by {
            Some(word) => Some(heading(word, headings)?),
            None => None,
        };
        Ok(Layout {
            headers: headers(self.no_headers),
            sort_by,
        })
    }

    /// Refuses all of these arguments, with a reason.
    pub(super) fn refuse(&self, why: &str) -> Result<(), Failure> {
        let given = [
            (self.sort_by.is_some(), "--sort-by"),
            (self.no_headers, "--no-headers"),
        ];
        match given.iter().find(|(given, _)| *given) {
            Some((_, flag)) => Err(Failure::message(format!("`{flag}` {why}"))),
            None => Ok(()),
        }
    }
}

impl SystemArgs {
    /// What every cluster has, where the rows of that are folded.
    pub(super) fn folded(&self, form: Form) -> Option<Owners> {
        (form == Form::Table && !self.system).then(Owners::new)
    }
}

/// Whether headers are shown.
pub(super) fn headers(hidden: bool) -> Headers {
    match hidden {
        true => Headers::Hidden,
        false => Headers::Shown,
    }
}

/// That a flag has no effect on what is printed.
fn refused(flag: &str, does: &str, form: Form) -> Failure {
    let output = form.name();
    Failure::message(format!(
        "`{flag}` {does}, which `-o {output}` isn't; leave it out, or use `-o csv`"
    ))
}

/// The heading that is meant by a word, in any letter case.
fn heading(
    word: &str,
    headings: impl IntoIterator<Item = &'static str>,
) -> Result<&'static str, Failure> {
    let headings: Vec<&'static str> = headings.into_iter().collect();
    // A heading of two words is one on the command line, if someone wants it.
    let wanted = word.replace('-', " ");
    let known = headings
        .iter()
        .find(|known| known.eq_ignore_ascii_case(&wanted));
    if let Some(known) = known {
        return Ok(known);
    }
    let offer = match nearest(word, headings.iter().copied()) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => String::new(),
    };
    Err(Failure::message(format!(
        "`--sort-by {word}` names no column of this table, which has {}{offer}",
        headings.join(", ")
    )))
}
