//! [`Policy`]: the shortest way from text to answers.

use crate::analysis::who_can::{WhoCan, who_can};
use crate::authn::UserInfo;
use crate::authz::rbac::{Grant, RbacAuthorizer, TooLarge};
use crate::authz::{Attributes, Authorizer, Decision, Response, Status, chain};
use crate::cluster::{Defaults, Reach, Snapshot};
use crate::diagnostic::Diagnostic;
use crate::kube;
use crate::text::{Files, SourceText};

/// The policy of one cluster: its roles and bindings, ready to be asked.
///
/// It answers as an API server with the RBAC authorizer does: `system:masters` first, then RBAC.
///
/// ```
/// use rbac_eval::{Authorizer, Defaults, Policy, ResourceAttributes, SourceText, UserInfo};
///
/// let text = SourceText {
///     name: "rbac.yaml".into(),
///     bytes: br#"
/// apiVersion: rbac.authorization.k8s.io/v1
/// kind: RoleBinding
/// metadata: {name: viewers, namespace: default}
/// roleRef: {kind: ClusterRole, name: view}
/// subjects: [{kind: Group, name: a1b2c3d4-aaaa-bbbb-cccc-123456789abc}]
/// "#.to_vec(),
///     named: true,
/// };
/// // The role `view` isn't in the input; it is part of every cluster's default policy.
/// let policy = Policy::new(&[text], Defaults::Auto)?;
/// assert!(policy.diagnostics().is_empty());
///
/// let alice = UserInfo::impersonated(
///     "alice@contoso.com",
///     ["a1b2c3d4-aaaa-bbbb-cccc-123456789abc".to_owned()],
/// );
/// let get_pods = ResourceAttributes::new("get", "pods");
/// let response = policy.authorize(&alice, &get_pods.clone().in_namespace("default").into());
/// let grant = response.grants().next().unwrap();
/// assert_eq!(
///     policy.reason(grant),
///     "RBAC: allowed by RoleBinding \"viewers/default\" of ClusterRole \"view\" \
///      to Group \"a1b2c3d4-aaaa-bbbb-cccc-123456789abc\"",
/// );
/// assert!(!policy.authorize(&alice, &get_pods.in_namespace("kube-system").into()).is_allowed());
/// # Ok::<(), rbac_eval::TooLarge>(())
/// ```
#[derive(Debug, Clone)]
pub struct Policy {
    rbac: RbacAuthorizer,
}

impl Policy {
    /// Reads texts: YAML, JSON or JSON Lines, any number of objects each.
    ///
    /// What can't be read or used is told by [`diagnostics`](Policy::diagnostics).
    ///
    /// # Errors
    /// If the texts hold more than the index can number.
    pub fn new(texts: &[SourceText], defaults: Defaults) -> Result<Self, TooLarge> {
        let mut files = Files::default();
        let manifest = kube::parse(&mut files, texts);
        let rbac = RbacAuthorizer::new(Snapshot::new(files, manifest, defaults))?;
        Ok(Policy { rbac })
    }

    /// Reads one text, with the default policy that fits it.
    ///
    /// # Errors
    /// If the text holds more than the index can number.
    pub fn parse(name: impl Into<String>, text: impl Into<Vec<u8>>) -> Result<Self, TooLarge> {
        let text = SourceText {
            name: name.into(),
            bytes: text.into(),
            named: true,
        };
        Policy::new(&[text], Defaults::Auto)
    }

    /// Everyone whom a binding lets do something.
    ///
    /// ```
    /// use rbac_eval::{Policy, Reach, ResourceAttributes};
    ///
    /// let policy = Policy::parse("rbac.yaml", include_str!("../testdata/quickstart/rbac.yaml"))?;
    /// let get_pods = ResourceAttributes::new("get", "pods").in_namespace("default").into();
    /// let found = policy.who_can(&get_pods, Reach::Request)?;
    /// assert!(found.able.iter().any(|able| able.principal.name == "alice"));
    /// # Ok::<(), rbac_eval::TooLarge>(())
    /// ```
    ///
    /// # Errors
    /// If the answer has more grants than the limit that the error names.
    pub fn who_can(&self, attributes: &Attributes, reach: Reach) -> Result<WhoCan, TooLarge> {
        who_can(&self.rbac, attributes, reach)
    }

    /// The RBAC authorizer, for questions beyond one request.
    pub fn rbac(&self) -> &RbacAuthorizer {
        &self.rbac
    }

    /// What was wrong with the input, in the order of its places.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        self.rbac.diagnostics()
    }

    /// Why a grant allows, in the API server's words.
    pub fn reason(&self, grant: &Grant) -> String {
        self.rbac.reason(grant)
    }
}

impl Authorizer for Policy {
    fn authorize(&self, user: &UserInfo, attributes: &Attributes) -> Response {
        chain(&self.rbac).authorize(user, attributes)
    }

    fn decide(&self, user: &UserInfo, attributes: &Attributes) -> Decision {
        chain(&self.rbac).decide(user, attributes)
    }

    fn status(&self, user: &UserInfo, attributes: &Attributes) -> Status {
        chain(&self.rbac).status(user, attributes)
    }
}
