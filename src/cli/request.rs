//! The arguments that say what is asked, and where.

use crate::ask::{AskedScope, ResolvedRequest, Resolver, Target};
use clap::Args;

use super::completion::Completes;
use super::exit::Failure;
use super::input::Input;

/// Where, and of which subresource.
#[derive(Debug, Args)]
pub(super) struct ScopeArgs {
    /// The namespace to ask about [default: default]
    #[arg(short = 'n', long, value_name = "NAMESPACE", add = Completes::Namespace)]
    namespace: Option<String>,

    /// Ask about all namespaces at once
    #[arg(short = 'A', long)]
    pub(super) all_namespaces: bool,

    /// The subresource, such as `log` or `scale`
    #[arg(
        long,
        value_name = "SUBRESOURCE",
        default_value = "",
        hide_default_value = true,
        add = Completes::Subresource
    )]
    pub(super) subresource: String,
}

impl ScopeArgs {
    /// The namespace that is meant where one is. As for kubectl, an empty one is none said.
    ///
    /// Source: `Namespace` of client-go's `DirectClientConfig`.
    pub(super) fn namespace(&self) -> &str {
        let given = self.namespace.as_deref();
        given.filter(|name| !name.is_empty()).unwrap_or("default")
    }

    /// The namespace, or all of them.
    pub(super) fn place(&self) -> AskedScope<'_> {
        if self.all_namespaces {
            AskedScope::AllNamespaces
        } else {
            AskedScope::Namespace(self.namespace())
        }
    }
}

/// The request of VERB and TYPE, TYPE/NAME or NONRESOURCEURL; kubectl's warnings are printed. Its
/// notes tell as well which names nothing knows.
pub(super) fn request(
    resolver: &Resolver<'_>,
    verb: &str,
    target: &str,
    scope: &ScopeArgs,
    input: &Input<'_>,
) -> Result<ResolvedRequest, Failure> {
    let target = Target::parse(target, &scope.subresource)
        .map_err(|error| Failure::message(error.to_string()))?;
    let mut request = resolver.request(verb, &target, scope.place());
    let doubts = resolver.doubts_of_request(verb, &target, scope.place());
    request.notes.extend(doubts);
    for warning in &request.warnings {
        input.warning(&warning.to_string());
    }
    Ok(request)
}
