//! `rbac-eval man`: the manual pages, made of the help texts.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Command, ValueHint};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::ask::{did_you_mean, nearest};
use crate::text::excerpt;

use super::completion::Completes;
use super::config::{FILE_NAME, WHAT_IT_SAYS};
use super::exit::{Exit, Failure};
use super::out;

/// Print the manual page of the program, or of a subcommand.
///
/// The page is in roff, for man(1). With --out a page is written for the program and for each subcommand,
/// or for the one that is named.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rbac-eval man > rbac-eval.1 && man ./rbac-eval.1
  rbac-eval man can-i | groff -man -Tutf8 | less -R
  rbac-eval man --out ~/.local/share/man/man1")]
pub(super) struct ManArgs {
    /// The subcommand; without it, the program as a whole
    #[arg(value_name = "SUBCOMMAND", add = Completes::Subcommand)]
    subcommand: Option<String>,

    /// Write the pages into this folder instead, which is made where it isn't there
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    out: Option<PathBuf>,
}

/// A manual page.
struct ManPage {
    file_name: String,
    text: String,
}

pub(super) fn run(args: &ManArgs, program: Command) -> Result<Exit, Failure> {
    // Nobody looks for a manual page of `help`.
    let mut program = program.disable_help_subcommand(true);
    program.build();
    let commands = match &args.subcommand {
        Some(name) => vec![subcommand(&program, name)?],
        None if args.out.is_none() => vec![&program],
        None => std::iter::once(&program).chain(visible(&program)).collect(),
    };
    let pages = commands.into_iter().map(|command| page(command, &program));
    let pages = pages.collect::<io::Result<Vec<ManPage>>>()?;
    match &args.out {
        Some(folder) => write(&pages, folder)?,
        None => {
            let mut stdout = io::stdout().lock();
            for page in &pages {
                stdout.write_all(page.text.as_bytes())?;
            }
            stdout.flush()?;
        }
    }
    Ok(Exit::Yes)
}

fn visible(program: &Command) -> impl Iterator<Item = &Command> {
    program.get_subcommands().filter(|one| !one.is_hide_set())
}

fn subcommand<'c>(program: &'c Command, name: &str) -> Result<&'c Command, Failure> {
    let found = visible(program).find(|one| one.get_name() == name);
    found.ok_or_else(|| {
        let known: Vec<&str> = visible(program).map(Command::get_name).collect();
        let near = did_you_mean(nearest(name, known.iter().copied()));
        Failure::message(format!(
            "`{}` is no subcommand{}; there are {}",
            excerpt(name),
            near.trim_end_matches('?'),
            known.join(", ")
        ))
    })
}

/// The page of the program or of one of its subcommands.
fn page(command: &Command, program: &Command) -> io::Result<ManPage> {
    let name = program.get_name();
    let man = Man::new(command.clone())
        .source(format!(
            "{name} {}",
            program.get_version().unwrap_or_default()
        ))
        .manual("Kubernetes RBAC, offline");
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    let is_program = command.has_subcommands();
    if is_program {
        man.render_subcommands_section(&mut text)?;
    }
    let mut more = Roff::default();
    if let Some(examples) = command.get_after_help() {
        more.control("SH", ["EXAMPLES"]);
        // As they stand.
        more.control("nf", []);
        for line in examples.to_string().lines().skip(1) {
            more.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
        }
        more.control("fi", []);
    }
    more.control("SH", ["EXIT STATUS"]);
    for exit in Exit::ALL {
        more.control("TP", []);
        more.text([bold(exit.code().to_string())]);
        more.text([roman(exit.meaning())]);
    }
    more.control("SH", ["FILES"]);
    more.control("TP", []);
    more.text([bold(FILE_NAME)]);
    more.text([roman(WHAT_IT_SAYS)]);
    more.control("SH", ["SEE ALSO"]);
    let others = match is_program {
        true => visible(program)
            .map(|one| format!("{name}-{}(1)", one.get_name()))
            .collect(),
        false => vec![format!("{name}(1)")],
    };
    more.text([roman(format!("{}, kubectl(1)", others.join(", ")))]);
    more.to_writer(&mut text)?;
    Ok(ManPage {
        file_name: man.get_filename(),
        text: in_ascii(&String::from_utf8_lossy(&text)),
    })
}

/// The same in ASCII. What reads roff takes other letters for those of a code page unless it is told.
fn in_ascii(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter.is_ascii() {
            true => ascii.push(letter),
            false => ascii.push_str(&format!("\\[u{:04X}]", u32::from(letter))),
        }
    }
    ascii
}

/// Writes the pages into a folder. Pages of before are replaced; what isn't a regular file is left alone,
/// and then none is written.
fn write(pages: &[ManPage], folder: &Path) -> Result<(), Failure> {
    let cannot = |path: &Path, why: &dyn std::fmt::Display| {
        Failure::message(format!("cannot write `{}`: {why}", path.display()))
    };
    fs::create_dir_all(folder).map_err(|error| cannot(folder, &error))?;
    let paths: Vec<PathBuf> = pages
        .iter()
        .map(|page| folder.join(&page.file_name))
        .collect();
    for path in &paths {
        match fs::symlink_metadata(path) {
            Ok(found) if !found.is_file() => {
                let why = "it is there already and isn't a regular file; move it away";
                return Err(cannot(path, &why));
            }
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(cannot(path, &error)),
            Ok(_) | Err(_) => {}
        }
    }
    for (page, path) in pages.iter().zip(&paths) {
        replace(path, page.text.as_bytes()).map_err(|error| cannot(path, &error))?;
    }
    let pages = match pages.len() {
        1 => "1 page".to_owned(),
        count => format!("{count} pages"),
    };
    out::note(&format!("wrote {pages} into `{}`", folder.display()));
    Ok(())
}

/// Writes a file anew, so that neither a link that took its place nor another name of it is written to.
fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text)
}
