//! What is reached, and from which no step goes on.

use super::model::Area;

/// What is reached, and from which no step goes on: it is worth something, but nothing of the input says to
/// whom it leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Sink {
    /// Requests of someone, of some kinds only (constrained impersonation).
    SomeRequests,
    /// What other authorizers read of someone: `extra` and the `uid`.
    Attributes,
    /// What a Secret signs in to, by its number: another cluster, a registry.
    Elsewhere(u32),
    /// The identities that a cloud gives its machines.
    MachineIdentities,
    /// Logs and specs of the pods of nodes.
    Kubelets,
    /// What policies are asked about.
    Policies,
    /// Requests to an API group, and who makes them.
    Requests,
    /// Objects of a type, as they are stored and read.
    Conversions,
    /// What is sent to Services.
    Traffic(Area),
    /// The addresses that names stand for.
    Names,
    /// Whom others trust.
    Trust,
}
