//! kubectl's table of `auth can-i --list`, and where its rows come from.

use compact_str::CompactString;
use std::borrow::Cow;
use std::fmt::Write;

use crate::analysis::rules_review::GrantedRow;
use crate::authz::rbac::RbacAuthorizer;
use crate::kube::PolicyRule;
use crate::kube::discovery::full_name;

use super::RenderError;
pub use super::table::Headers;
use super::table::{Cells, Table, TableRow};
use super::text::shown;
use super::unjudged::{self, UnjudgedView};
use super::view::{GrantView, scope_cell};

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
        rows.push(HEADER.map(str::to_owned));
    }
    rows.extend(
        rules
            .iter()
            .map(|rule| cells(rule).map(|cell| shown(&cell).into_owned())),
    );
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

/// kubectl's headings.
const HEADER: [&str; 4] = ["Resources", "Non-Resource URLs", "Resource Names", "Verbs"];

/// The cells of a rule below [`HEADER`].
fn cells(rule: &PolicyRule) -> [String; 4] {
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
}

/// A row of the list, and one rule of one binding's role that gives it or some of its verbs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantedRowView {
    cells: [String; 4],
    grant: GrantView,
}

impl GrantedRowView {
    /// The view of a row.
    pub fn new(rbac: &RbacAuthorizer, row: &GrantedRow) -> Self {
        GrantedRowView {
            cells: cells(&row.rule),
            grant: GrantView::new(rbac, &row.grant),
        }
    }
}

/// The list with what gives each row: kubectl's columns, and ours behind them.
fn granted_table(rows: &[GrantedRowView]) -> Table<'_> {
    let record = |row: &'_ GrantedRowView| {
        let GrantView {
            binding,
            role,
            rule,
            source,
            ..
        } = &row.grant;
        let ours = [
            scope_cell(binding).into_owned(),
            format!("{}/{}", role.kind, role.name),
            format!("{}/{}", binding.kind, binding.name),
            rule.to_string(),
            source.to_string(),
        ];
        let cells = row.cells.iter().cloned().chain(ours);
        TableRow::from(cells.map(Cow::Owned).collect::<Cells<'_>>())
    };
    let mut header = HEADER.to_vec();
    header.extend(["Scope", "Role", "Binding", "Rule", "Source"]);
    Table {
        header,
        records: rows.iter().map(record).collect(),
    }
}

/// The list with what gives each row, as text.
pub fn granted_rows_table(rows: &[GrantedRowView], headers: Headers) -> String {
    granted_table(rows).to_text(headers)
}

/// The same in CSV, and at the end what isn't judged.
///
/// # Errors
/// If it can't be written.
pub fn granted_rows_csv(
    rows: &[GrantedRowView],
    unjudged: &[UnjudgedView],
    headers: Headers,
) -> Result<String, RenderError> {
    let table = granted_table(rows);
    let unjudged = unjudged::rows(unjudged, table.header.len());
    table.to_csv(headers, &unjudged)
}

/// A list as Go prints it; but no value can pass for two.
fn go_list(values: &[CompactString]) -> String {
    let values: Vec<String> = values
        .iter()
        .map(|value| value.replace(' ', "\\u{20}"))
        .collect();
    format!("[{}]", values.join(" "))
}
