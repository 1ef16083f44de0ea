//! What shells offer for the word that is being typed.
//!
//! `rbac-eval completions SHELL` prints a script. The script calls the program with `COMPLETE` set to the
//! name of the shell and the words of the line behind `--`, and gets a line for each word that is offered.
//! Where a path belongs, the exit code is [`WANTS_PATH`] and the shell offers what is on the disk.
//!
//! What is offered comes from the input that the line names, found as the commands themselves find it.
//! Nothing is told, rendered, written or taken from standard input, and what is read is bounded.

mod known;
mod script;
mod typed;
mod words;

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use clap::builder::ArgExt;
use clap::{Arg, Command, ValueEnum, ValueHint};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, complete};

use crate::ask::{Offer, Offered};
use crate::kube::default_policy::DefaultPolicy;
use crate::kube::discovery::OFF_BY_DEFAULT;
use crate::text::{escaped, misleads};

use super::config;
use known::OfInput;
use typed::Typed;
use words::{BashLine, Quote, TypedWords, quoted_for_bash, quoted_for_powershell};

pub(super) use script::script;

/// The variable by which a script asks for what to offer.
const ASKED: &str = "COMPLETE";

/// The variable with the number, from 0, of the word that is completed; the last one without it.
const INDEX: &str = "_CLAP_COMPLETE_INDEX";

/// The variable with what parts the words that are offered; a line break without it.
const SEPARATOR: &str = "_CLAP_IFS";

/// The exit code where a path belongs.
const WANTS_PATH: u8 = 3;

/// The tag of what stands for any path.
const PATH: &str = "path";

/// What a word of the command line is, so that it can be completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Completes {
    /// A verb, and then a type or URL.
    Request,
    /// A verb.
    Verb,
    /// A type or URL.
    Target,
    /// A type.
    Type,
    /// A subresource of the type that is asked about.
    Subresource,
    /// A namespace.
    Namespace,
    /// A user, by the name that the cluster knows.
    User,
    /// A group, by its name there or in the directory.
    Group,
    /// Anyone, by any name.
    Subject,
    /// An environment of the settings.
    Environment,
    /// A default policy.
    Defaults,
    /// A version of Kubernetes.
    KubernetesVersion,
    /// A subcommand.
    Subcommand,
}

impl ArgExt for Completes {}

/// The shells that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Shell {
    /// GNU Bash
    Bash,
    /// Z shell
    Zsh,
    /// fish
    Fish,
    /// PowerShell, on all systems
    Powershell,
    /// kubectl's own completion, for `kubectl rbac-eval`
    Kubectl,
}

/// Answers a script that asks what to offer. None where the command line asks for something else: a
/// variable alone, which may be set by chance, changes no answer.
pub(super) fn answer(command: Command) -> Option<ExitCode> {
    let shell = std::env::var(ASKED).ok()?;
    let shell = Shell::from_str(&shell, false).ok()?;
    let mut words = std::env::args_os().skip(1);
    // No command line of a user begins so.
    if words.next()? != "--" {
        return None;
    }
    let reply = Reply::new(command, shell, words.collect());
    let exit = if reply.wants_path { WANTS_PATH } else { 0 };
    // A shell that has gone away wants nothing more.
    let _ = std::io::stdout().write_all(reply.text.as_bytes());
    Some(ExitCode::from(match shell {
        Shell::Kubectl => 0,
        Shell::Bash | Shell::Zsh | Shell::Fish | Shell::Powershell => exit,
    }))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn number(name: &str) -> Option<usize> {
    variable(name)?.parse().ok()
}

/// What is printed for a shell.
struct Reply {
    text: String,
    wants_path: bool,
}

/// A word that is offered, and what is shown beside it.
struct ShownWord {
    word: String,
    about: Option<String>,
}

impl Reply {
    fn new(command: Command, shell: Shell, words: Vec<OsString>) -> Self {
        let typed = typed_words(shell, words);
        let (words, current) = (typed.words, typed.current);
        let word = words.get(current).map(|word| word.to_string_lossy());
        let word = word.unwrap_or_default().into_owned();
        let said = Arc::new(Typed::new(&command, &words, current));
        let mut command = offering(command, &said);
        let folder = std::env::current_dir().ok();
        // A line that can't be understood has nothing to complete.
        let found = complete(&mut command, words, current, folder.as_deref()).unwrap_or_default();
        let is_path =
            |one: &CompletionCandidate| one.get_tag().is_some_and(|tag| tag.to_string() == PATH);
        if found.iter().any(is_path) {
            return Reply::of_path(shell, &word, &typed.kept);
        }
        let mut candidates: Vec<ShownWord> = found.iter().filter_map(ShownWord::new).collect();
        // Flags are offered where one is begun, or nothing else can follow.
        let is_flag = |one: &ShownWord| one.word.starts_with('-');
        if word.is_empty() && !candidates.iter().all(is_flag) {
            candidates.retain(|one| !is_flag(one));
        }
        let lines = candidates.into_iter();
        let lines = lines.filter_map(|one| one.line(shell, &typed.kept, typed.quote));
        let separator = variable(SEPARATOR).unwrap_or_else(|| "\n".to_owned());
        let mut text = lines.collect::<Vec<_>>().join(&separator);
        if shell == Shell::Kubectl {
            text.push_str("\n:4\n");
        }
        Reply {
            text: text.trim_start_matches('\n').to_owned(),
            wants_path: false,
        }
    }

    fn of_path(shell: Shell, word: &str, kept: &str) -> Self {
        let own = word.strip_prefix(kept).unwrap_or_default();
        Reply {
            text: match shell {
                Shell::Bash if !own.contains(misleads) => own.to_owned(),
                Shell::Kubectl => ":0\n".to_owned(),
                Shell::Bash | Shell::Zsh | Shell::Fish | Shell::Powershell => String::new(),
            },
            wants_path: true,
        }
    }
}

impl ShownWord {
    /// A candidate of clap's. What steers a terminal, breaks a line or passes for something else isn't
    /// offered: it couldn't be told from what it isn't.
    fn new(found: &CompletionCandidate) -> Option<Self> {
        let word = found.get_value().to_str()?;
        if word.is_empty() || word.contains(misleads) {
            return None;
        }
        let about = found.get_help().map(ToString::to_string);
        let about = about.and_then(|about| Some(escaped(about.lines().next()?).into_owned()));
        Some(ShownWord {
            word: word.to_owned(),
            about: about.filter(|about| !about.is_empty()),
        })
    }

    /// The line for a shell; none where it can't have the word.
    fn line(self, shell: Shell, kept: &str, quote: Quote) -> Option<String> {
        let ShownWord { word, about } = self;
        let with_tab = |word: &str| match &about {
            Some(about) => format!("{word}\t{about}"),
            None => word.to_owned(),
        };
        match shell {
            Shell::Bash => {
                let reply = quoted_for_bash(word.strip_prefix(kept)?, quote)?;
                // A list that only shows may tell more, as kubectl's does.
                let only_shows = variable("_CLAP_COMPLETE_COMP_TYPE").as_deref() == Some("63");
                match about.filter(|about| only_shows && about.contains(OFF_BY_DEFAULT)) {
                    Some(about) => Some(format!("{reply}  ({about})")),
                    None => Some(reply),
                }
            }
            Shell::Zsh | Shell::Fish => Some(with_tab(&word)),
            Shell::Powershell => {
                let about = about.as_deref().unwrap_or(&word);
                Some(format!("{}\t{word}\t{about}", quoted_for_powershell(&word)))
            }
            // Its scripts hand words to several shells.
            Shell::Kubectl => {
                let reply = quoted_for_bash(&word, Quote::None).filter(|reply| *reply == word)?;
                Some(with_tab(&reply))
            }
        }
    }
}

/// The words as the command would get them.
fn typed_words(shell: Shell, words: Vec<OsString>) -> WordsOfLine {
    let last = words.len().saturating_sub(1);
    let current = number(INDEX).unwrap_or(last);
    let breaks = variable("_RBAC_EVAL_WORDBREAKS");
    let as_text = || -> Option<Vec<String>> {
        let words = words.iter().map(|word| word.to_str().map(str::to_owned));
        words.collect()
    };
    if let (Shell::Bash, Some(breaks), Some(pieces)) = (shell, breaks, as_text()) {
        let text = variable("_RBAC_EVAL_TEXT");
        let typed = BashLine {
            words: &pieces,
            current,
            breaks: &breaks,
            line: &variable("_RBAC_EVAL_LINE").unwrap_or_default(),
            point: number("_RBAC_EVAL_POINT"),
            // An empty one is another thing than none.
            text: text.as_deref().and_then(|text| text.strip_prefix('=')),
        }
        .typed();
        return WordsOfLine::from(typed).at_home();
    }
    let mut words = words;
    // An empty word at the end is none for some shells.
    if words.len() == current {
        words.push(OsString::new());
    }
    // Others have taken off the quotes of whole words.
    if let (Shell::Fish | Shell::Powershell, Some(word)) = (shell, words.get_mut(current))
        && let Some(text) = word.to_str()
    {
        *word = words::unquoted(text).0.into();
    }
    WordsOfLine {
        words,
        current,
        kept: String::new(),
        quote: Quote::None,
    }
    .at_home()
}

/// The words of a line.
struct WordsOfLine {
    words: Vec<OsString>,
    current: usize,
    /// So much of the current one isn't the shell's to complete.
    kept: String,
    quote: Quote,
}

impl From<TypedWords> for WordsOfLine {
    fn from(typed: TypedWords) -> Self {
        WordsOfLine {
            words: typed.words.into_iter().map(OsString::from).collect(),
            current: typed.current,
            kept: typed.kept,
            quote: typed.quote,
        }
    }
}

impl WordsOfLine {
    /// The same, with the user's folder where shells would put it.
    fn at_home(mut self) -> Self {
        let Some(home) = std::env::var_os("HOME") else {
            return self;
        };
        let words = self.words.iter_mut().enumerate();
        for (_, word) in words.filter(|(at, _)| *at != self.current) {
            if let Some(rest) = word.to_str().and_then(|text| text.strip_prefix("~/")) {
                *word = std::path::Path::new(&home).join(rest).into();
            }
        }
        self
    }
}

/// The command line with what each of its words offers.
fn offering(command: Command, typed: &Arc<Typed>) -> Command {
    let visible = command.get_subcommands().filter(|one| !one.is_hide_set());
    let names: Arc<[String]> = visible.map(|one| one.get_name().to_owned()).collect();
    command.mut_subcommands(|subcommand| {
        subcommand.mut_args(|arg| match arg.get::<Completes>().copied() {
            Some(what) => arg.add(completer(what, typed, &names)),
            None if is_path(&arg) => arg.add(ArgValueCompleter::new(|_: &OsStr| {
                vec![CompletionCandidate::new(PATH).tag(Some(PATH.into()))]
            })),
            None => arg,
        })
    })
}

fn is_path(arg: &Arg) -> bool {
    matches!(
        arg.get_value_hint(),
        ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath
    )
}

fn completer(what: Completes, typed: &Arc<Typed>, names: &Arc<[String]>) -> ArgValueCompleter {
    let (typed, names) = (Arc::clone(typed), Arc::clone(names));
    ArgValueCompleter::new(move |begin: &OsStr| {
        // No name that is known has other bytes.
        let Some(begin) = begin.to_str() else {
            return Vec::new();
        };
        let offers = offers(what, &typed, &names, begin);
        let offers = offers.into_iter().filter(|one| is_offered(one, begin));
        offers.map(candidate).collect()
    })
}

/// Whether a word begins so, and isn't taken for a flag.
fn is_offered(offer: &Offer, begin: &str) -> bool {
    let is_wanted = match offer.about {
        // They are other names of what is offered already.
        Offered::ShortName { .. } | Offered::UserName => !begin.is_empty(),
        Offered::FullName { .. } => begin.contains('.'),
        _ => true,
    };
    is_wanted && offer.word.starts_with(begin) && !offer.word.starts_with('-')
}

fn candidate(offer: Offer) -> CompletionCandidate {
    let about = offer.about.to_string();
    let about = Some(about).filter(|about| !about.is_empty());
    CompletionCandidate::new(offer.word).help(about.map(Into::into))
}

/// What may stand at such a place of the line.
fn offers(what: Completes, typed: &Arc<Typed>, names: &[String], begin: &str) -> Vec<Offer> {
    let of_input = match what {
        Completes::Request => match typed.request.len() {
            0 => OfInput::Verbs,
            1 => return offers(Completes::Target, typed, names, begin),
            _ => return Vec::new(),
        },
        Completes::Verb => OfInput::Verbs,
        Completes::Target if begin.starts_with('/') => OfInput::Urls,
        Completes::Target | Completes::Type => OfInput::Types,
        Completes::Subresource => OfInput::Subresources,
        Completes::Namespace => OfInput::Namespaces,
        Completes::User => OfInput::Users,
        Completes::Group => OfInput::Groups,
        Completes::Subject => OfInput::Subjects,
        Completes::Environment => return environments(),
        Completes::Defaults => {
            let words = ["auto", "none"].into_iter();
            let words = words.map(Offer::itself);
            return words.chain(kubernetes_versions()).collect();
        }
        Completes::KubernetesVersion => return kubernetes_versions().collect(),
        Completes::Subcommand => {
            return names.iter().map(|name| Offer::itself(&**name)).collect();
        }
    };
    known::offers(typed, of_input)
}

/// The versions of Kubernetes that are built in.
fn kubernetes_versions() -> impl Iterator<Item = Offer> {
    let versions = DefaultPolicy::all().map(|policy| policy.version.to_string());
    versions.map(|version| Offer::itself(&*version))
}

/// The environments of the settings.
fn environments() -> Vec<Offer> {
    // A shell that completes has nowhere to tell of broken settings.
    let Ok(Some(found)) = config::nearest() else {
        return Vec::new();
    };
    let names = found.config.environments.into_iter();
    names.map(|one| Offer::itself(one.name)).collect()
}
