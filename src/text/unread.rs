//! What of an input isn't read, and why.

use super::Fingerprint;

/// The program that makes manifests of charts.
pub(crate) const HELM: &str = "Helm";

/// What isn't read of what was to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableFile {
    /// The path of a file or folder.
    pub name: String,
    /// Why.
    pub why: WhyUnread,
    /// What it is, where that can be compared with another reading of the same paths. It covers where
    /// it stands too, so that another one of the same content is another one.
    pub content: Option<Fingerprint>,
}

/// Why something isn't read.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum WhyUnread {
    /// There is nothing of this name.
    #[error("no such file or folder")]
    Missing,
    /// The operating system forbids it.
    #[error("permission denied")]
    Forbidden,
    /// The operating system or git fails, in its words.
    #[error("{0}")]
    Failed(String),
    /// A link to what lies outside of the folder or repository that is read.
    #[error("it is a link to `{target}`, out of what may be read; name the file itself with `-f`")]
    LinkOut {
        /// What the link says.
        target: String,
    },
    /// A link to nothing.
    #[error("it is a link to `{target}`, which doesn't exist")]
    DeadLink {
        /// What the link says.
        target: String,
    },
    /// A link that leads to itself, or through too many others.
    #[error("it is a link that leads through more than {limit} others, or to itself")]
    LinkCycle {
        /// How many links are followed.
        limit: usize,
    },
    /// Another repository: a submodule, or one that lies in this one.
    #[error("{}", submodule(.commit.as_deref()))]
    Submodule {
        /// The commit that the repository around it names.
        commit: Option<String>,
    },
    /// A device, FIFO or socket, or a file that the kernel makes up.
    #[error("it is {0}, not a regular file")]
    NotAFile(&'static str),
    /// It is larger than what is read of one file.
    #[error("it is larger than {limit} bytes; `--max-bytes` raises the limit")]
    TooLarge {
        /// The most bytes that are read.
        limit: u64,
    },
    /// A folder whose manifests another program makes.
    #[error(
        "it holds {by}, so {program} makes its manifests; nothing below it is judged until they are \
         rendered: name this very folder with `-f`, or an environment for it (`rbac-eval init` does), or give \
         what `{command}` prints"
    )]
    Rendered {
        /// The file that says so.
        by: String,
        /// The program.
        program: &'static str,
        /// What renders it.
        command: &'static str,
    },
    /// A folder whose manifests another program makes, which could not be had of it.
    #[error("it holds {by}, and isn't rendered, so nothing of it is judged: {why}")]
    NotRendered {
        /// The file that says that it is rendered.
        by: String,
        /// Why not, and what to do.
        why: String,
    },
    /// A folder that is rendered on one side of a comparison, and read file by file on the other.
    #[error(
        "it holds {by} in {side} alone, so it is rendered there, and not on the other side; what is \
         applied isn't known: compare the two texts that are applied, as in `diff BEFORE AFTER`"
    )]
    RenderedOnOneSide {
        /// The file that says that it is rendered.
        by: String,
        /// The side: `BASE` or `HEAD`.
        side: &'static str,
    },
    /// A folder or file that is judged by itself in BASE, and as a part of a rendered folder in HEAD.
    #[error(
        "a rendered folder draws on it in HEAD alone, so it isn't judged by itself there; if both are \
         applied, compare each: name one at a time with `-f`"
    )]
    DrawnOnInHead,
    /// A template whose outcome depends on what a cluster holds.
    #[error(
        "it asks the cluster (`lookup`), which isn't there when it is rendered; what it makes of the answer \
         isn't judged: judge a dump of the cluster instead"
    )]
    AsksCluster,
    /// A template whose outcome depends on what isn't known where it is rendered.
    #[error(
        "it asks for `{what}`, which may be another where it is applied; what it makes of that isn't \
         judged: judge a dump of the cluster instead"
    )]
    MayDiffer {
        /// What it asks for.
        what: &'static str,
    },
    /// A chart whose templates can't be seen.
    #[error(
        "it is a packed chart, so it isn't seen whether its templates ask for the cluster, the time or \
         chance; unpack it"
    )]
    PackedChart,
    /// A manifest that a rendered folder draws on, and of which nothing is rendered.
    #[error(
        "{by} draws on it, and an object of RBAC that it holds isn't rendered under its name; if it is \
         applied by itself, name it with `-f`"
    )]
    LeftOut {
        /// The file that says what is rendered.
        by: String,
    },
    /// A manifest of a rendered folder that what is rendered doesn't hold.
    #[error(
        "{by} doesn't draw on it, so it is no part of what is rendered; if it is applied by itself, name it \
         with `-f`"
    )]
    NotDrawnOn {
        /// The file that says what is rendered.
        by: String,
    },
    /// The commit has it, and git changes it when it checks it out.
    #[error(
        "git changes it when it checks it out (`{attribute}` in .gitattributes), so that what is applied \
         may be another text than the commit has; compare with the working tree, or apply it unchanged"
    )]
    ChangedByCheckout {
        /// The attribute that says so.
        attribute: &'static str,
    },
    /// Git is too old to say whether it changes files when it checks them out.
    #[error(
        "git may change files when it checks them out, as `{by}` says, and before 2.40 it doesn't tell \
         which; compare with the working tree, or use a newer git"
    )]
    MayChange {
        /// The file that says so.
        by: String,
    },
    /// What says how to judge was changed by what is judged.
    #[error("{0}")]
    SettingsDiffer(String),
}

impl WhyUnread {
    /// Whether it is a folder whose manifests Helm makes, and that nobody asked to be rendered.
    pub fn is_chart(&self) -> bool {
        matches!(self, WhyUnread::Rendered { program, .. } if *program == HELM)
    }
}

fn submodule(commit: Option<&str>) -> String {
    match commit {
        Some(commit) => {
            let short = commit.get(..12).unwrap_or(commit);
            format!("it is a submodule (at commit {short}), which isn't read")
        }
        None => "it is another git repository, which isn't read; name it with `-f`".to_owned(),
    }
}
