//! Label selectors.

use serde::Serialize;

use super::fields::{
    Invalid, LABEL_NAME, LABEL_VALUE, check_labels, is_label_value, is_qualified_name, map,
    no_unknown, string, strings,
};
use super::shape::{Text, TextMap, mapping};
use crate::text::excerpt;

/// A label selector: everything in it has to hold. An empty one selects everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct LabelSelector {
    /// Labels that have to be there with exactly this value.
    pub match_labels: Vec<(String, String)>,
    /// Further requirements.
    pub match_expressions: Vec<LabelSelectorRequirement>,
}

/// One requirement of a [`LabelSelector`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct LabelSelectorRequirement {
    /// The label's key.
    pub key: String,
    /// What has to be true of it.
    pub operator: LabelOperator,
    /// The values that `In` and `NotIn` speak of.
    pub values: Vec<String>,
}

/// The operator of a [`LabelSelectorRequirement`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum LabelOperator {
    /// The label is there and its value is listed.
    In,
    /// The label is absent or its value is not listed.
    NotIn,
    /// The label is there.
    Exists,
    /// The label is absent.
    DoesNotExist,
}

impl LabelOperator {
    /// The operator of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "In" => Some(LabelOperator::In),
            "NotIn" => Some(LabelOperator::NotIn),
            "Exists" => Some(LabelOperator::Exists),
            "DoesNotExist" => Some(LabelOperator::DoesNotExist),
            _ => None,
        }
    }
}

impl LabelSelector {
    /// Whether labels (sorted by key) satisfy the selector.
    ///
    /// Source: `LabelSelectorAsSelector` of apimachinery.
    ///
    /// ```
    /// use rbac_eval::kube::LabelSelector;
    ///
    /// let labels = [("tier".to_owned(), "gold".to_owned())];
    /// assert!(LabelSelector::default().matches(&labels));
    /// let selector = LabelSelector { match_labels: labels.to_vec(), ..Default::default() };
    /// assert!(selector.matches(&labels));
    /// assert!(!selector.matches(&[]));
    /// ```
    pub fn matches(&self, labels: &[(String, String)]) -> bool {
        let value = |key: &str| {
            labels
                .iter()
                .find(|(label, _)| label == key)
                .map(|(_, value)| value)
        };
        self.match_labels
            .iter()
            .all(|(key, wanted)| value(key) == Some(wanted))
            && self
                .match_expressions
                .iter()
                .all(|requirement| match requirement.operator {
                    LabelOperator::In => {
                        value(&requirement.key).is_some_and(|is| requirement.values.contains(is))
                    }
                    LabelOperator::NotIn => {
                        !value(&requirement.key).is_some_and(|is| requirement.values.contains(is))
                    }
                    LabelOperator::Exists => value(&requirement.key).is_some(),
                    LabelOperator::DoesNotExist => value(&requirement.key).is_none(),
                })
    }
}

mapping! {
    /// A label selector as it is written.
    pub(super) struct RawSelector<'a> expecting "a label selector" {
        match_labels: TextMap<'a> = "matchLabels",
        match_expressions: Vec<RawRequirement<'a>> = "matchExpressions",
    }
    keeping unknown
}

mapping! {
    /// A label selector's requirement as it is written.
    pub(super) struct RawRequirement<'a> expecting "a label selector requirement" {
        key: Text<'a> = "key",
        operator: Text<'a> = "operator",
        values: Vec<Text<'a>> = "values",
    }
    keeping unknown
}

/// The selector of a field. Source: `ValidateLabelSelector`.
pub(super) fn selector(raw: RawSelector<'_>, field: &str) -> Result<LabelSelector, Invalid> {
    no_unknown(&raw.unknown, &format!("{field}."))?;
    let requirements = raw.match_expressions.unwrap_or_default();
    let field = format!("{field}.matchExpressions");
    let requirements = requirements.into_iter().map(|raw| requirement(raw, &field));
    let match_expressions = requirements.collect::<Result<_, _>>()?;
    let field = field.replace("matchExpressions", "matchLabels");
    let match_labels = map(raw.match_labels, &field)?;
    check_labels(&match_labels, &field)?;
    Ok(LabelSelector {
        match_labels,
        match_expressions,
    })
}

fn requirement(raw: RawRequirement<'_>, field: &str) -> Result<LabelSelectorRequirement, Invalid> {
    no_unknown(&raw.unknown, &format!("{field}."))?;
    let values = strings(raw.values, "values")?;
    let operator = string(raw.operator, "operator")?;
    let Some(operator) = LabelOperator::named(&operator) else {
        let operator = excerpt(&operator);
        return Err(Invalid::new(format!(
            "{field}.operator: `{operator}` is not a valid selector operator"
        )));
    };
    let key = string(raw.key, "key")?;
    check_values(Some(operator), values.len(), field)?;
    check_label(&key, &values, field)?;
    Ok(LabelSelectorRequirement {
        key: key.into(),
        operator,
        values: values.into_iter().map(String::from).collect(),
    })
}

/// That a requirement has values where its operator speaks of some, and none where it doesn't. Of an
/// operator that isn't known, nothing is.
pub(crate) fn check_values(
    operator: Option<LabelOperator>,
    values: usize,
    field: &str,
) -> Result<(), Invalid> {
    let Some(operator) = operator else {
        return Ok(());
    };
    let lists = matches!(operator, LabelOperator::In | LabelOperator::NotIn);
    if lists && values == 0 {
        return Err(Invalid::new(format!(
            "{field}.values: must be specified when `operator` is `In` or `NotIn`"
        )));
    }
    if !lists && values > 0 {
        return Err(Invalid::new(format!(
            "{field}.values: may not be specified when `operator` is `Exists` or `DoesNotExist`"
        )));
    }
    Ok(())
}

/// That the key of a requirement may name a label, and its values may be held by one.
pub(crate) fn check_label(
    key: &str,
    values: &[impl AsRef<str>],
    field: &str,
) -> Result<(), Invalid> {
    if !is_qualified_name(key) {
        return Err(Invalid::new(format!(
            "{field}.key: invalid value `{}`: {LABEL_NAME}",
            excerpt(key)
        )));
    }
    let mut values = values.iter().map(AsRef::as_ref);
    if let Some(value) = values.find(|value| !is_label_value(value)) {
        return Err(Invalid::new(format!(
            "{field}.values: invalid value `{}`: {LABEL_VALUE}",
            excerpt(value)
        )));
    }
    Ok(())
}
