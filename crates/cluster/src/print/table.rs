//! Tables as kubectl aligns them (cli-runtime `printers/tableprinter.go`).

use std::collections::BTreeMap;
use std::io::Write;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use tabwriter::TabWriter;

use super::context::PrintContext;

/// A table of `kubectl get`, or one in its style.
#[derive(Debug, Clone, Default)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Row>,
}

#[derive(Debug, Clone)]
struct Column {
    name: String,
    wide: bool,
}

#[derive(Debug, Clone, Default)]
struct Row {
    namespace: String,
    labels: BTreeMap<String, String>,
    cells: Vec<String>,
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
    /// With the labels last.
    pub show_labels: bool,
    /// Put before each name, with a slash, where several kinds are shown.
    pub kind_prefix: Option<String>,
}

impl Table {
    /// A table of our own, in kubectl's style.
    pub fn of(columns: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Self {
        let columns = columns.iter().map(|name| Column { name: (*name).to_owned(), wide: false }).collect();
        let rows = rows.into_iter().map(|cells| Row { cells, ..Row::default() }).collect();
        Self { columns, rows }
    }

    /// A table of objects; columns whose name begins with `+` are those of `-o wide`.
    pub(super) fn of_objects<'a, T: 'a>(
        columns: &[&str],
        objects: impl IntoIterator<Item = &'a T>,
        metadata: impl Fn(&'a T) -> &'a ObjectMeta,
        cells: impl Fn(&'a T) -> Vec<String>,
    ) -> Self {
        let columns = columns.iter().map(|name| match name.strip_prefix('+') {
            Some(wide) => Column { name: wide.to_owned(), wide: true },
            None => Column { name: (*name).to_owned(), wide: false },
        });
        let rows = objects.into_iter().map(|object| {
            let metadata = metadata(object);
            Row {
                namespace: metadata.namespace.clone().unwrap_or_default(),
                labels: metadata.labels.clone().unwrap_or_default(),
                cells: cells(object),
            }
        });
        Self { columns: columns.collect(), rows: rows.collect() }
    }

    /// The table as text, a line a row.
    pub fn render(&self, options: &TableOptions) -> String {
        let shown: Vec<usize> =
            (0..self.columns.len()).filter(|index| options.wide || !self.columns[*index].wide).collect();
        let mut lines: Vec<Vec<String>> = Vec::new();
        if !options.no_headers {
            let mut header: Vec<String> = shown.iter().map(|index| self.columns[*index].name.clone()).collect();
            if options.with_namespace {
                header.insert(0, "NAMESPACE".to_owned());
            }
            if options.show_labels {
                header.push("LABELS".to_owned());
            }
            lines.push(header);
        }
        for row in &self.rows {
            let mut cells: Vec<String> =
                shown.iter().map(|index| row.cells.get(*index).cloned().unwrap_or_default()).collect();
            if let (Some(kind), Some(name)) = (&options.kind_prefix, cells.first_mut()) {
                name.insert_str(0, &format!("{kind}/"));
            }
            if options.with_namespace {
                cells.insert(0, row.namespace.clone());
            }
            if options.show_labels {
                let labels: Vec<String> = row.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
                cells.push(if labels.is_empty() { "<none>".to_owned() } else { labels.join(",") });
            }
            lines.push(cells);
        }
        let text: String = lines
            .iter()
            .map(|cells| cells.iter().map(|cell| cell.replace('\t', " ")).collect::<Vec<_>>().join("\t") + "\n")
            .collect();
        // kubectl's least width of 6 counts the padding, the crate's does not.
        align(&text, 3, 3)
    }
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
