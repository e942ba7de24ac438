//! Tables as the API server makes them (`meta.k8s.io/v1 Table`) and kubectl aligns them (cli-runtime
//! `printers/tableprinter.go`).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Value, json};
use tabwriter::TabWriter;

use super::context::PrintContext;

/// A table of `kubectl get`, or one in its style.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// Its columns, those of `-o wide` too.
    pub columns: Vec<Column>,
    rows: Vec<Row>,
}

/// A column as the API server describes it (`TableColumnDefinition`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name, which kubectl shows in capitals.
    pub name: Cow<'static, str>,
    /// The type its cells are said to have, in OpenAPI's words.
    pub type_: Cow<'static, str>,
    /// Whether it is the object's name: kubectl puts the kind before it where it shows several.
    pub is_name: bool,
    /// Whether only `-o wide` shows it (priority 1).
    pub is_wide: bool,
}

impl Column {
    /// The column with the object's name.
    pub(super) const NAME: Self =
        Self { name: Cow::Borrowed("Name"), type_: Cow::Borrowed("string"), is_name: true, is_wide: false };
    /// The column with the object's age.
    pub(super) const AGE: Self = Self::text("Age");

    pub(super) const fn text(name: &'static str) -> Self {
        Self { name: Cow::Borrowed(name), type_: Cow::Borrowed("string"), is_name: false, is_wide: false }
    }

    pub(super) const fn integer(name: &'static str) -> Self {
        Self { name: Cow::Borrowed(name), type_: Cow::Borrowed("integer"), is_name: false, is_wide: false }
    }

    pub(super) const fn boolean(name: &'static str) -> Self {
        Self { name: Cow::Borrowed(name), type_: Cow::Borrowed("boolean"), is_name: false, is_wide: false }
    }

    /// The same, shown by `-o wide` only.
    pub(super) fn wide(self) -> Self {
        Self { is_wide: true, ..self }
    }
}

/// What stands in a row under a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// A text.
    Text(String),
    /// A number.
    Integer(i64),
    /// True or false.
    Boolean(bool),
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<i32> for Cell {
    fn from(number: i32) -> Self {
        Self::Integer(number.into())
    }
}

impl From<usize> for Cell {
    fn from(number: usize) -> Self {
        Self::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<bool> for Cell {
    fn from(truth: bool) -> Self {
        Self::Boolean(truth)
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Integer(number) => number.fmt(f),
            Self::Boolean(truth) => truth.fmt(f),
        }
    }
}

/// Cells of whatever types.
macro_rules! cells {
    ($($cell:expr),* $(,)?) => { vec![$($crate::print::table::Cell::from($cell)),*] };
}
pub(super) use cells;

#[derive(Debug, Clone, Default)]
struct Row {
    namespace: String,
    labels: BTreeMap<String, String>,
    cells: Vec<Cell>,
}

/// How a table is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableOptions {
    /// With the columns of `-o wide`.
    pub wide: bool,
    /// With the namespace first, as for `--all-namespaces`.
    pub with_namespace: bool,
    /// Without the headers.
    pub no_headers: bool,
    /// Labels that get a column each.
    pub label_columns: Vec<String>,
    /// With all labels last.
    pub show_labels: bool,
    /// Put before each name, with a slash, where several kinds are shown.
    pub kind_prefix: Option<String>,
}

impl Table {
    /// A table of our own, in kubectl's style.
    pub fn of(columns: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Self {
        let columns =
            columns.iter().map(|name| Column { name: (*name).to_owned().into(), ..Column::text("") }).collect();
        let rows = rows.into_iter();
        let rows = rows.map(|cells| Row { cells: cells.into_iter().map(Cell::from).collect(), ..Row::default() });
        Self { columns, rows: rows.collect() }
    }

    /// A table of objects, a row each.
    pub(super) fn of_objects<'a, T: 'a>(
        columns: impl IntoIterator<Item = Column>,
        objects: impl IntoIterator<Item = &'a T>,
        metadata: impl Fn(&'a T) -> &'a ObjectMeta,
        cells: impl Fn(&'a T) -> Vec<Cell>,
    ) -> Self {
        let rows = objects.into_iter().map(|object| {
            let metadata = metadata(object);
            Row {
                namespace: metadata.namespace.clone().unwrap_or_default(),
                labels: metadata.labels.clone().unwrap_or_default(),
                cells: cells(object),
            }
        });
        Self { columns: columns.into_iter().collect(), rows: rows.collect() }
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as the API server sends it, with the metadata of the objects, which are those of the rows in their order.
    pub fn to_value<'a>(&self, resource_version: &str, objects: impl IntoIterator<Item = &'a ObjectMeta>) -> Value {
        let columns = self.columns.iter().map(|column| {
            json!({
                "name": column.name,
                "type": column.type_,
                "format": if column.is_name { "name" } else { "" },
                "description": "",
                "priority": i32::from(column.is_wide),
            })
        });
        let rows = self.rows.iter().zip(objects).map(|(row, metadata)| {
            let cells: Vec<Value> = row
                .cells
                .iter()
                .map(|cell| match cell {
                    Cell::Text(text) => json!(text),
                    Cell::Integer(number) => json!(number),
                    Cell::Boolean(truth) => json!(truth),
                })
                .collect();
            let object = json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata});
            json!({"cells": cells, "object": object})
        });
        json!({
            "kind": "Table",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": {"resourceVersion": resource_version},
            "columnDefinitions": columns.collect::<Vec<_>>(),
            "rows": rows.collect::<Vec<_>>(),
        })
    }

    /// The table as text, a line a row.
    pub fn render(&self, options: &TableOptions) -> String {
        let shown: Vec<usize> =
            (0..self.columns.len()).filter(|index| options.wide || !self.columns[*index].is_wide).collect();
        let name_column = self.columns.iter().position(|column| column.is_name);
        let mut text = String::new();
        if !options.no_headers {
            let mut header: Vec<String> = shown.iter().map(|index| self.columns[*index].name.to_uppercase()).collect();
            if options.with_namespace {
                header.insert(0, "NAMESPACE".to_owned());
            }
            let label = |label: &String| label.rsplit('/').next().unwrap_or_default().to_uppercase();
            header.extend(options.label_columns.iter().map(label));
            if options.show_labels {
                header.push("LABELS".to_owned());
            }
            push_line(&mut text, &header);
        }
        for row in &self.rows {
            let mut cells: Vec<String> = Vec::with_capacity(shown.len() + 2);
            if options.with_namespace {
                cells.push(row.namespace.clone());
            }
            for index in &shown {
                let cell = row.cells.get(*index).map(ToString::to_string).unwrap_or_default();
                cells.push(match &options.kind_prefix {
                    Some(kind) if name_column == Some(*index) => format!("{kind}/{cell}"),
                    _ => cell,
                });
            }
            let value = |label: &String| row.labels.get(label).map_or("<none>", String::as_str).to_owned();
            cells.extend(options.label_columns.iter().map(value));
            if options.show_labels {
                cells.push(format_labels(Some(&row.labels)));
            }
            push_line(&mut text, &cells);
        }
        // kubectl's least width of 6 counts the padding, the crate's does not.
        align(&text, 3, 3)
    }
}

/// Rows under headers that a person chose (`custom-columns`).
pub fn custom_columns<'a>(
    headers: impl Iterator<Item = &'a str>,
    rows: impl IntoIterator<Item = Vec<String>>,
    no_headers: bool,
) -> String {
    let mut text = String::new();
    if !no_headers {
        push_line(&mut text, &headers.map(str::to_owned).collect::<Vec<_>>());
    }
    for row in rows {
        push_line(&mut text, &row);
    }
    align(&text, 3, 3)
}

/// Cells are of one line: what follows the first is left out, and what could steer a terminal is shown.
fn push_line(text: &mut String, cells: &[String]) {
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            text.push('\t');
        }
        match cell.split_once(['\n', '\r', '\x0c']) {
            Some((line, _)) => {
                text.push_str(&line.replace('\t', " ").replace('\x1b', "^["));
                text.push_str("...");
            }
            None => text.push_str(&cell.replace('\t', " ").replace('\x1b', "^[")),
        }
    }
    text.push('\n');
}

/// Labels as `a=b,c=d`, or `<none>` (`labels.FormatLabels`).
pub(super) fn format_labels(labels: Option<&BTreeMap<String, String>>) -> String {
    let labels: Vec<String> = labels.into_iter().flatten().map(|(key, value)| format!("{key}={value}")).collect();
    if labels.is_empty() { "<none>".to_owned() } else { labels.join(",") }
}

/// What kubectl says instead of an empty table.
pub fn nothing_found(namespace: Option<&str>, context: &PrintContext) -> String {
    match namespace {
        Some(namespace) if context.layout.empty_names_namespace => {
            format!("No resources found in {namespace} namespace.")
        }
        _ if context.layout.empty_names_namespace => "No resources found".to_owned(),
        _ => "No resources found.".to_owned(),
    }
}

/// Aligns tab-separated cells with elastic tab stops, as Go's tabwriter does.
pub(super) fn align(text: &str, min_width: usize, padding: usize) -> String {
    let mut writer = TabWriter::new(Vec::new()).minwidth(min_width).padding(padding);
    // Writing to memory cannot fail.
    let _ = writer.write_all(text.as_bytes());
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
