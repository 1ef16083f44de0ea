//! kubectl's table of `auth can-i --list`.

use compact_str::CompactString;
use std::fmt::Write;

use crate::kube::PolicyRule;
use crate::kube::discovery::full_name;

pub use super::table::Headers;
use super::text::shown;

/// The least width of a column, and what stands between columns, as kubectl's printer has them.
const MIN_WIDTH: usize = 6;
const PADDING: usize = 3;

/// The table, byte for byte as kubectl lays it out; but what could mislead is escaped.
///
/// Source: `printAccess` of `kubectl auth can-i` and its tab writer. No table library has its
/// layout, where a column is as wide as its widest cell and three more, but at least six.
///
/// ```
/// use rbac_eval::kube::PolicyRule;
/// use rbac_eval::render::rules_table::{Headers, rules_table};
///
/// let rule = PolicyRule {
///     verbs: vec!["get".into(), "list".into()],
///     api_groups: vec!["apps".into()],
///     resources: vec!["deployments/scale".into()],
///     ..Default::default()
/// };
/// assert_eq!(
///     rules_table(&[rule], Headers::Hidden),
///     "deployments.apps/scale   []    []    [get list]\n"
/// );
/// ```
pub fn rules_table(rules: &[PolicyRule], headers: Headers) -> String {
    let mut rows: Vec<[String; 4]> = Vec::with_capacity(rules.len() + 1);
    if headers == Headers::Shown {
        rows.push(["Resources", "Non-Resource URLs", "Resource Names", "Verbs"].map(str::to_owned));
    }
    rows.extend(rules.iter().map(|rule| {
        let group = rule.api_groups.first().map_or("", CompactString::as_str);
        let resource = rule
            .resources
            .first()
            .map_or_else(String::new, |resource| full_name(resource, group));
        [
            resource,
            go_list(&rule.non_resource_urls),
            go_list(&rule.resource_names),
            go_list(&rule.verbs),
        ]
        .map(|cell| shown(&cell).into_owned())
    }));
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count() + PADDING)
            .max()
            .unwrap_or(0)
            .max(MIN_WIDTH)
    };
    let widths = [width(0), width(1), width(2)];
    let mut table = String::new();
    for [resource, urls, names, verbs] in &rows {
        for (cell, width) in [resource, urls, names].into_iter().zip(widths) {
            // Writing to a string can't fail.
            let _ = write!(table, "{cell:width$}");
        }
        let _ = writeln!(table, "{verbs}");
    }
    table
}

/// A list as Go prints it; but no value can pass for two.
fn go_list(values: &[CompactString]) -> String {
    let values: Vec<String> = values
        .iter()
        .map(|value| value.replace(' ', "\\u{20}"))
        .collect();
    format!("[{}]", values.join(" "))
}
