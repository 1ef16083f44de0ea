//! Which version of a tool rendered something, as the tool itself says it.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::run::{self, Program, RunRules};
use crate::text::yaml;

/// How long a tool may take to say its version.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// The most bytes of what it says.
const BYTES: u64 = 64 << 10;

/// The longest version that is told.
const MAX_CHARS: usize = 60;

/// A tool that rendered something.
#[derive(Debug, Clone)]
pub struct ToolUse {
    name: &'static str,
    program: Program,
}

/// A tool and its version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ToolVersion {
    /// The tool: `kubectl`, `kustomize` or `helm`.
    pub name: &'static str,
    /// Its version, as in `v1.34.1`; none where it doesn't say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

impl ToolUse {
    pub(super) fn new(name: &'static str, program: Program) -> Self {
        ToolUse { name, program }
    }

    /// The tool.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Asks for the versions: the tool's own, and that of kustomize where kubectl holds it.
    pub fn versions(&self) -> Vec<ToolVersion> {
        let args: &[&str] = match self.name {
            "kubectl" => &["version", "--client", "-o", "json"],
            "helm" => &["version", "--short"],
            _ => &["version"],
        };
        let printed = self.ask(args).unwrap_or_default();
        if self.name != "kubectl" {
            let mut words = printed.split_whitespace();
            return vec![ToolVersion {
                name: self.name,
                version: words.next().and_then(version),
            }];
        }
        let document = yaml::document(&printed).ok();
        let string = |path: &[&str]| {
            let mut node = document.as_ref()?.root();
            for name in path {
                node = node.get(name)?;
            }
            version(node.as_str()?)
        };
        let mut versions = vec![ToolVersion {
            name: self.name,
            version: string(&["clientVersion", "gitVersion"]),
        }];
        if let Some(version) = string(&["kustomizeVersion"]) {
            versions.push(ToolVersion {
                name: "kustomize",
                version: Some(version),
            });
        }
        versions
    }

    fn ask(&self, args: &[&str]) -> Option<String> {
        let home = tempfile::tempdir().ok()?;
        let rules = RunRules {
            working_folder: Path::new(home.path()),
            home: home.path(),
            time: TIME_LIMIT,
            bytes: BYTES,
        };
        let args: Vec<OsString> = args.iter().map(OsString::from).collect();
        let ran = run::run(&self.program, &args, rules).ok()?;
        let is_good = ran.status.success();
        is_good
            .then(|| String::from_utf8(ran.stdout).ok())
            .flatten()
    }
}

/// What looks like a version.
fn version(word: &str) -> Option<String> {
    let digits = word.strip_prefix('v').unwrap_or(word);
    let is_version = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.contains('.')
        && word.chars().count() <= MAX_CHARS
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || ".-+_".contains(c));
    is_version.then(|| word.to_owned())
}
