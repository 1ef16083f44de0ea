//! Who asks: what a request carries once it has authenticated, and who a subject of a binding is.
//!
//! This room knows no roles and no rules, and nothing of Entra ID.

mod implied_group;
mod principal;
mod user;

pub use implied_group::ImpliedGroup;
pub use principal::Principal;
pub use user::{
    ANONYMOUS, AUTHENTICATED, MASTERS, SERVICE_ACCOUNTS, UNAUTHENTICATED, UserInfo,
    is_group_of_everyone, service_account_name, split_service_account,
};
