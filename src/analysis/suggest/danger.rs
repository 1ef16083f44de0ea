//! Whether a role gives too much to be bound for the sake of one request.

use std::cmp::Reverse;

use crate::analysis::diff::{Change, Direction};
use crate::analysis::risk::{WeighedRisk, weigh};
use crate::authn::{Principal, UserInfo};
use crate::authz::rbac::rules::is_every;
use crate::authz::rbac::{RbacAuthorizer, TooLarge};
use crate::cluster::{Defaults, Snapshot};
use crate::kube::{
    Binding, BindingKind, Manifest, Metadata, Objects, OtherDefinitions, PolicyRule, Role,
    RoleKind, RoleRef, Subject,
};
use crate::object::Scope;
use crate::text::{Files, Located, Span};

/// Whether a rule is for every verb on everything, or on every URL.
pub(super) fn is_everything(rule: &PolicyRule) -> bool {
    let everything =
        is_every(&rule.api_groups) && is_every(&rule.resources) && rule.resource_names.is_empty();
    let every_url = |url: &str| url.ends_with('*') && matches!(url.trim_end_matches('*'), "" | "/");
    is_every(&rule.verbs) && (everything || rule.non_resource_urls.iter().any(|url| every_url(url)))
}

/// What someone may do already, alone in a cluster of their own: of it and of a role more all risks are
/// weighed.
pub(super) struct OwnGrants {
    principal: Principal,
    scope: Scope,
    roles: Vec<(Scope, Vec<PolicyRule>)>,
    base: RbacAuthorizer,
}

impl OwnGrants {
    /// Those of a user; new ones are for the principal in the scope.
    pub(super) fn of(
        rbac: &RbacAuthorizer,
        user: &UserInfo,
        principal: &Principal,
        scope: Scope,
    ) -> Result<Self, TooLarge> {
        let mut applied: Vec<(Scope, usize, Vec<PolicyRule>)> = Vec::new();
        let mut seen = hashbrown::HashSet::new();
        for one in rbac.applied_anywhere(user) {
            let scope = rbac.snapshot().binding(one.binding).scope();
            if let Some(role) = one.role
                && seen.insert((scope.clone(), role))
            {
                let rules = rbac.effective_rules(role);
                let rules = rules.map(|rule| rule.rule.value.clone()).collect();
                applied.push((scope, role.index(), rules));
            }
        }
        applied.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
        let roles: Vec<(Scope, Vec<PolicyRule>)> = applied
            .into_iter()
            .map(|(scope, _, rules)| (scope, rules))
            .collect();
        Ok(OwnGrants {
            base: alone(principal, &roles, None)?,
            principal: principal.clone(),
            scope,
            roles,
        })
    }

    /// The risks that these rules bring, each at its gravest, the most severe first.
    pub(super) fn risks(&self, rules: &[PolicyRule]) -> Result<Vec<WeighedRisk>, TooLarge> {
        let head = alone(&self.principal, &self.roles, Some((&self.scope, rules)))?;
        let changes = rules.iter().map(|rule| Change {
            direction: Direction::Gained,
            subject: self.principal.clone(),
            scope: self.scope.clone(),
            rule: rule.clone(),
            except: Vec::new(),
            causes: Vec::new(),
        });
        let weighed = weigh(changes.collect(), &self.base, &head);
        let mut risks: Vec<WeighedRisk> = weighed.into_iter().flat_map(|one| one.risks).collect();
        risks.sort_by_key(|risk| (risk.code.id, Reverse(risk.severity)));
        risks.dedup_by_key(|risk| risk.code.id);
        risks.sort_by_key(|risk| (Reverse(risk.severity), risk.code.id));
        Ok(risks)
    }
}

/// A cluster in which these rules are all that there is.
fn alone(
    principal: &Principal,
    roles: &[(Scope, Vec<PolicyRule>)],
    more: Option<(&Scope, &[PolicyRule])>,
) -> Result<RbacAuthorizer, TooLarge> {
    let mut files = Files::default();
    let span = Span::whole(files.add("suggestion"));
    let mut objects = Objects::default();
    let all = roles.iter().map(|(scope, rules)| (scope, &**rules));
    for (number, (scope, rules)) in all.chain(more).enumerate() {
        let name = format!("r{number}");
        let rules = rules.iter();
        objects.push(Located::new(
            Role {
                kind: RoleKind::ClusterRole,
                metadata: Metadata::new("", &*name),
                rules: rules.map(|rule| Located::new(rule.clone(), span)).collect(),
                aggregation_rule: None,
                others: OtherDefinitions::default(),
            },
            span,
        ));
        let subject = Subject {
            kind: principal.kind,
            namespace: (&*principal.namespace).into(),
            name: (&*principal.name).into(),
        };
        objects.push(Located::new(
            Binding {
                kind: match scope {
                    Scope::Cluster => BindingKind::ClusterRoleBinding,
                    Scope::Namespace(_) => BindingKind::RoleBinding,
                },
                metadata: Metadata::new(scope.namespace().unwrap_or_default(), &*name),
                subjects: vec![Located::new(subject, span)],
                role_ref: RoleRef {
                    kind: RoleKind::ClusterRole,
                    name: (&*name).into(),
                },
            },
            span,
        ));
    }
    let manifest = Manifest {
        objects,
        ..Manifest::default()
    };
    RbacAuthorizer::new(Snapshot::new(files, manifest, Defaults::None))
}
