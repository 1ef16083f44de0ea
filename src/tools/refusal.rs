//! Why a folder isn't rendered, each with what to do.

use std::fmt;

use crate::text::WhyUnread;

/// Where a file that says what is rendered names something.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NamedAt {
    /// The file, as a user would write it.
    pub file: String,
    /// The line, from 1; 0 for the file as a whole.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// The field.
    pub field: &'static str,
}

impl fmt::Display for NamedAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        Ok(())
    }
}

/// Why a folder isn't rendered. All but the last ones are found before any program runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// What is drawn on isn't in the tree, but somewhere on a network.
    #[error(
        "{at}: `{}` of `{}` is remote, and nothing is fetched; put it into the repository, or render the \
         folder where that may be fetched and give what is printed with `-f`", .path, .at.field
    )]
    Remote {
        /// Where it is named.
        at: NamedAt,
        /// What is named.
        path: String,
    },
    /// What is drawn on can't be had of the tree.
    #[error("{at}: `{}` of `{}`: {}", .path, .at.field, cannot_draw_on(.why))]
    CannotDrawOn {
        /// Where it is named.
        at: NamedAt,
        /// What is named.
        path: String,
        /// Why.
        why: WhyUnread,
    },
    /// A file is drawn on where a folder has to be, or the other way round.
    #[error("{at}: `{}` of `{}` is a {}, where a {} has to be; name that", .path, .at.field, .is, .wanted)]
    OtherThing {
        /// Where it is named.
        at: NamedAt,
        /// What is named.
        path: String,
        /// What it is.
        is: &'static str,
        /// What it has to be.
        wanted: &'static str,
    },
    /// A folder is drawn on that draws on the one that names it, or holds it.
    #[error(
        "{at}: `{}` of `{}` leads in a circle; a kustomization may not draw on a folder that holds it",
        .path, .at.field
    )]
    Circle {
        /// Where it is named.
        at: NamedAt,
        /// What is named.
        path: String,
    },
    /// A folder is drawn on that holds no kustomization.
    #[error("{at}: folder `{}` of `{}` holds no `kustomization.yaml`; name its files, or add one", .path, .at.field)]
    NoKustomization {
        /// Where it is named.
        at: NamedAt,
        /// What is named.
        path: String,
    },
    /// A folder holds several files of which each says how to render it.
    #[error("{folder}: it holds {}, of which there may be one; delete the others", .markers.join(" and "))]
    Several {
        /// The folder.
        folder: String,
        /// Their names.
        markers: Vec<String>,
    },
    /// A file that says what is rendered can't be read.
    #[error("{file}:{line}:{column}: {message}; mend it")]
    Unreadable {
        /// The file.
        file: String,
        /// The line.
        line: u32,
        /// The column.
        column: u32,
        /// What is wrong.
        message: String,
    },
    /// A file that is drawn on can't be had.
    #[error("{file}: {why}")]
    Unread {
        /// The file.
        file: String,
        /// Why.
        why: WhyUnread,
    },
    /// Kustomize would run Helm, which may fetch and run anything.
    #[error(
        "{at}: `{}` makes kustomize run Helm, which isn't let; render the folder with `kustomize build \
         --enable-helm` and give what is printed with `-f`", .at.field
    )]
    HelmInKustomize {
        /// Where it is asked for.
        at: NamedAt,
    },
    /// Kustomize would run a program or a container.
    #[error(
        "{at}: `{}` asks for {what}, which isn't one of kustomize's own, so kustomize would run a program \
         of others; render the folder yourself and give what is printed with `-f`", .at.field
    )]
    Plugin {
        /// Where it is asked for.
        at: NamedAt,
        /// What is asked for.
        what: String,
    },
    /// A chart needs others that `charts/` lacks.
    #[error(
        "{at}: the chart `{name}` isn't in `{charts}`; run `helm dependency build {chart}` first"
    )]
    MissingChart {
        /// Where it is named.
        at: NamedAt,
        /// Its name.
        name: String,
        /// The folder that lacks it.
        charts: String,
        /// The chart that needs it.
        chart: String,
    },
    /// A schema names another, which Helm would fetch.
    #[error(
        "{at}: this `{}` names another schema, which Helm would fetch; put that into this one, or render the \
         chart yourself and give what is printed with `-f`", .at.field
    )]
    SchemaElsewhere {
        /// Where it is named.
        at: NamedAt,
    },
    /// A name that a program would take for something else.
    #[error("the folder's name would be taken for a remote one; rename it")]
    MisleadingName,
    /// A word that can't be the name of a release or namespace.
    #[error(
        "`{name}` can't be the name of a release or namespace; use lower case letters, digits, `-` and `.`"
    )]
    NoReleaseName {
        /// The word.
        name: String,
    },
    /// Nothing on this machine renders it.
    #[error(
        "no folder of `PATH` holds {programs}; install it, or give what `{command}` prints with `-f`"
    )]
    NoProgram {
        /// The programs that were looked for, in words.
        programs: &'static str,
        /// What renders the folder.
        command: String,
    },
    /// The program can't be started, or the files can't be laid out for it.
    #[error("`{command}` can't be run: {why}; give what it prints with `-f`")]
    CannotRun {
        /// The command.
        command: String,
        /// Why.
        why: String,
    },
    /// The program fails.
    #[error("`{command}` fails{}", after_failure(.said))]
    Failed {
        /// The command.
        command: String,
        /// The beginning of what it says is wrong; empty where it says nothing, or nothing that may be
        /// shown.
        said: String,
    },
    /// The program takes too long.
    #[error(
        "`{command}` takes longer than {seconds} seconds and was ended; give what it prints with `-f`"
    )]
    TooSlow {
        /// The command.
        command: String,
        /// How long it may take.
        seconds: u64,
    },
    /// The program prints more than is read.
    #[error("`{command}` prints more than {limit} bytes; `--max-bytes` raises the limit")]
    TooLong {
        /// The command.
        command: String,
        /// The most bytes that are read.
        limit: u64,
    },
    /// What the program prints aren't Kubernetes objects.
    #[error("what `{command}` prints isn't a text of Kubernetes objects (line {line} of it)")]
    Garbage {
        /// The command.
        command: String,
        /// The line.
        line: u32,
    },
}

impl Refusal {
    /// Whether the same refusal on two sides stands for the same thing. What can't be read may differ.
    pub(super) fn can_be_compared(&self) -> bool {
        match self {
            Refusal::CannotDrawOn { why, .. } | Refusal::Unread { why, .. } => matches!(
                why,
                WhyUnread::LinkOut { .. }
                    | WhyUnread::DeadLink { .. }
                    | WhyUnread::LinkCycle { .. }
                    | WhyUnread::Missing
                    | WhyUnread::Submodule { commit: Some(_) }
            ),
            _ => true,
        }
    }
}

fn cannot_draw_on(why: &WhyUnread) -> String {
    match why {
        WhyUnread::LinkOut { target } => format!(
            "`{target}` leads out of the files that may be read; move it into the repository, or render \
             the folder yourself and give what is printed with `-f`"
        ),
        WhyUnread::Missing => {
            "no such file or folder, and nothing is fetched; add it, or take it out".to_owned()
        }
        why => why.to_string(),
    }
}

fn after_failure(said: &str) -> String {
    match said {
        "" => "; run it yourself to see why".to_owned(),
        said => format!(": {said}; mend what it names"),
    }
}
