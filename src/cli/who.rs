//! The arguments that say who asks.

use crate::ask::{ResolvedUser, Resolver, Who};
use clap::Args;

use super::completion::Completes;
use super::exit::Failure;

/// Who asks.
#[derive(Debug, Args)]
pub(super) struct WhoArgs {
    /// The user who asks: a name, system:serviceaccount:NAMESPACE:NAME, or an object ID
    #[arg(long = "as", value_name = "USER", add = Completes::User)]
    user: Option<String>,

    /// A group of that user, by name or object ID; may be repeated
    #[arg(long = "as-group", value_name = "GROUP", add = Completes::Group)]
    groups: Vec<String>,

    /// The user's uid; taken, but RBAC doesn't look at it
    #[arg(long = "as-uid", value_name = "UID")]
    _uid: Option<String>,
}

impl WhoArgs {
    /// The name given with `--as`.
    pub(super) fn require(&self) -> Result<&str, Failure> {
        self.user
            .as_deref()
            .filter(|name| !name.is_empty())
            .ok_or_else(|| {
                Failure::message(
                    "name who is asking with `--as USER`, and their groups with `--as-group \
                     GROUP`: offline, there is no current user",
                )
            })
    }

    /// Whether `--as-group` was given.
    pub(super) fn names_groups(&self) -> bool {
        !self.groups.is_empty()
    }

    /// Whether `--as` was given.
    pub(super) fn is_given(&self) -> bool {
        self.user.is_some()
    }

    /// The user as the cluster sees them, with what a reader should know of names that nothing knows.
    pub(super) fn resolve(&self, resolver: &Resolver<'_>) -> Result<ResolvedUser, Failure> {
        let who = Who {
            name: self.require()?.to_owned(),
            groups: self.groups.clone(),
        };
        let mut asker = resolver
            .user(&who)
            .map_err(|error| Failure::message(format!("`--as-group {}`: {error}", error.name)))?;
        asker.notes.extend(resolver.doubts_of(&who));
        Ok(asker)
    }
}
