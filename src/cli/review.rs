//! `rbac-eval review`: reviews in, reviews out.

use crate::authz::chain;
use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::authz::Authorizer;
use crate::review::{Encoding, ReviewError, ReviewText, Reviews, answer};
use clap::Args;
use rayon::prelude::*;

use super::exit::{Exit, Failure};
use super::input::{self, InputArgs, Loaded, Stdin};
use super::out;

/// How many reviews are answered at once. Memory grows with this, not with their number.
const BATCH: usize = 4096;

/// Fill in the status of SubjectAccessReviews, as an API server would.
///
/// Takes SubjectAccessReview and LocalSubjectAccessReview objects (YAML documents, JSON, JSON
/// Lines) and prints them with `status`, in the same format and order. Users and groups are taken
/// literally: no group is implied. Exits with 2 where a review couldn't be answered, since a server
/// wouldn't take it; the others are.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rbac-eval review reviews.jsonl -f cluster.yaml
  kubectl get --raw … | rbac-eval review -f cluster.yaml")]
pub(super) struct ReviewArgs {
    /// The reviews: a file, or `-` for standard input
    #[arg(value_name = "FILE", default_value = "-")]
    reviews: PathBuf,

    #[command(flatten)]
    input: InputArgs,
}

pub(super) fn run(args: &ReviewArgs) -> Result<Exit, Failure> {
    let from_stdin = args.reviews.as_os_str() == "-";
    let stdin = if from_stdin {
        Stdin::Taken
    } else {
        Stdin::Free
    };
    let inputs = input::inputs(&args.input)?;
    let [input] = &*inputs else {
        let names = inputs.iter().filter_map(|input| input.environment());
        let names: Vec<&str> = names.collect();
        return Err(Failure::message(format!(
            "reviews are answered for one environment; say which with `--env`: {}",
            names.join(", ")
        )));
    };
    let Loaded { rbac, .. } = input.load(stdin)?;
    let authorizer = chain(&rbac);
    let name = args.reviews.display().to_string();
    let mut stdout = BufWriter::new(std::io::stdout().lock());
    let all_answered = if from_stdin {
        let reader = Reviews::new(BufReader::new(std::io::stdin()));
        stream(&authorizer, &name, reader, &mut stdout)?
    } else {
        let file = open(&args.reviews)?;
        stream(
            &authorizer,
            &name,
            Reviews::new(BufReader::new(file)),
            &mut stdout,
        )?
    };
    stdout.flush()?;
    Ok(if all_answered { Exit::Yes } else { Exit::Error })
}

fn open(path: &Path) -> Result<File, Failure> {
    let why = match File::open(path) {
        Ok(_) if path.is_dir() => "it is a folder; name a file".to_owned(),
        Ok(file) => return Ok(file),
        Err(error) if error.kind() == ErrorKind::NotFound => "no such file or folder".to_owned(),
        Err(error) => error.to_string(),
    };
    let path = path.display();
    Err(Failure::message(format!("cannot read `{path}`: {why}")))
}

fn stream<R: std::io::BufRead + Send>(
    authorizer: &dyn Authorizer,
    name: &str,
    mut reader: Reviews<R>,
    out: &mut impl Write,
) -> Result<bool, Failure> {
    let mut all_answered = true;
    let mut batch = next_batch(&mut reader, name)?;
    while !batch.is_empty() {
        // The next reviews are read while these are answered.
        let (answers, next) = rayon::join(
            || -> Vec<Result<String, ReviewError>> {
                batch
                    .par_iter()
                    .map(|piece| answer(authorizer, piece))
                    .collect()
            },
            || next_batch(&mut reader, name),
        );
        for (piece, answer) in batch.iter().zip(answers) {
            match answer {
                Ok(answer) => {
                    out.write_all(answer.as_bytes())?;
                    if piece.format == Encoding::Json {
                        out.write_all(b"\n")?;
                    }
                }
                Err(error) => {
                    all_answered = false;
                    out::error(&format!("{name}:{}: {}", error.line, error.message));
                }
            }
        }
        batch = next?;
    }
    Ok(all_answered)
}

/// The next reviews; none at the end.
fn next_batch<R: std::io::BufRead>(
    reader: &mut Reviews<R>,
    name: &str,
) -> Result<Vec<ReviewText>, Failure> {
    let mut batch = Vec::with_capacity(BATCH);
    while batch.len() < BATCH {
        let piece = reader
            .next_piece()
            .map_err(|error| Failure::message(format!("cannot read `{name}`: {error}")))?;
        match piece {
            Some(piece) => batch.push(piece),
            None => break,
        }
    }
    Ok(batch)
}
