//! The codes, as data. Each has a heading of its id in `docs/checks.md`.

use super::Level;

/// A kind of finding.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// The stable id.
    pub id: &'static str,
    /// A short name.
    pub title: &'static str,
    /// How much it usually matters.
    pub level: Level,
}

macro_rules! codes {
    ($( $name:ident = $id:literal, $level:ident, $title:literal; )*) => {
        $( pub(super) static $name: Code = Code {
            id: $id,
            title: $title,
            level: Level::$level,
        }; )*

        /// All codes, by id.
        pub static CODES: &[&Code] = &[ $( &$name ),* ];
    };
}

codes! {
    ROLE_NOT_FOUND = "RBAC001", Error, "binding to a role that doesn't exist";
    NO_SUBJECTS = "RBAC002", Warning, "binding without subjects";
    NO_SUCH_SERVICE_ACCOUNT = "RBAC003", Warning, "service account that doesn't exist";
    GROUP_BY_NAME = "RBAC004", Error, "group bound by display name or e-mail";
    UNKNOWN_OBJECT_ID = "RBAC005", Warning, "object ID that the directory doesn't know";
    NOT_A_GROUP = "RBAC006", Error, "user or service principal bound as Group";
    WRONG_USER_NAME = "RBAC007", Error, "user bound by the name that the cluster doesn't see";
    LETTER_CASE = "RBAC008", Warning, "name that differs from a known one by case alone";
    CLUSTER_SCOPED_IN_NAMESPACE = "RBAC009", Warning, "cluster-scoped type granted in a namespace";
    URL_IN_NAMESPACE = "RBAC010", Warning, "non-resource URL granted in a namespace";
    NAMES_ON_NAMELESS_VERBS = "RBAC011", Warning, "resourceNames with verbs that carry no name";
    SUBRESOURCE_WILDCARD = "RBAC012", Warning, "subresource wildcard that is none";
    WRONG_API_GROUP = "RBAC013", Warning, "known type under the wrong API group";
    UNKNOWN_VERB = "RBAC014", Warning, "unknown verb";
    UNKNOWN_TYPE = "RBAC015", Warning, "unknown type or subresource";
    AGGREGATED_BY_HAND = "RBAC016", Warning, "rules of an aggregated role written by hand";
    UNUSED_ROLE = "RBAC017", Info, "role that nothing binds or aggregates";
    SAME_GRANT_TWICE = "RBAC018", Info, "two bindings that grant the same";
    REFUSED = "RBAC019", Error, "object that an API server refuses";
    OVERRIDDEN = "RBAC020", Warning, "object that a later one overrides";
    OLD_VERSION = "RBAC021", Warning, "object in a dropped API version";
    STALE_AGGREGATION = "RBAC022", Warning, "aggregated role with rules that nothing gives";
    UNREADABLE = "RBAC023", Error, "document that doesn't parse";
    NO_NAMESPACE = "RBAC024", Info, "namespaced object without a namespace";
}
