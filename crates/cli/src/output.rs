//! `-o` of `sim get`: in which form objects are printed.

use serde_json::Value;
use sim_cluster::print::{self, JsonPath};

use crate::error::CliError;

/// The form.
pub(crate) enum Output {
    Table {
        wide: bool,
    },
    Name,
    Yaml,
    Json,
    /// A template, and as it was written.
    JsonPath(JsonPath, String),
    /// What a path finds, as a JSON list.
    JsonPathAsJson(JsonPath, String),
    /// Headers and paths.
    CustomColumns(Vec<(String, JsonPath)>),
}

impl Output {
    /// Reads what was given to `-o`; nothing is a table.
    pub(crate) fn parse(text: &str) -> Result<Self, CliError> {
        let (format, template) = match text.split_once('=') {
            Some((format, template)) => (format, Some(template)),
            None => (text, None),
        };
        let of_file = |path: &str| {
            std::fs::read_to_string(path)
                .map_err(|error| CliError::new(format!("error: error reading {path}: {error}")))
        };
        let path = |template: &str| {
            JsonPath::parse(template)
                .map_err(|error| CliError::new(format!("error: error parsing jsonpath {template}, {error}")))
        };
        Ok(match (format, template.filter(|template| !template.is_empty())) {
            ("" | "table", None) => Self::Table { wide: false },
            ("wide", None) => Self::Table { wide: true },
            ("name", None) => Self::Name,
            ("yaml", None) => Self::Yaml,
            ("json", None) => Self::Json,
            ("jsonpath", Some(template)) => Self::JsonPath(path(template)?, template.to_owned()),
            ("jsonpath-as-json", Some(template)) => Self::JsonPathAsJson(path(template)?, template.to_owned()),
            ("jsonpath-file", Some(file)) => {
                let template = of_file(file)?;
                Self::JsonPath(path(&template)?, template)
            }
            ("custom-columns", Some(columns)) => Self::CustomColumns(custom_columns(columns)?),
            ("custom-columns-file", Some(file)) => Self::CustomColumns(columns_of_file(&of_file(file)?)?),
            ("jsonpath" | "jsonpath-as-json" | "jsonpath-file", None) => {
                return Err(CliError::new("error: template format specified but no template given"));
            }
            ("custom-columns" | "custom-columns-file", None) => {
                return Err(CliError::new("error: custom-columns format specified but no custom columns given"));
            }
            _ => {
                return Err(CliError::new(format!(
                    "error: unable to match a printer suitable for the output format {text:?}, allowed formats are: custom-columns,custom-columns-file,json,jsonpath,jsonpath-as-json,jsonpath-file,name,wide,yaml"
                )));
            }
        })
    }

    /// A document in this form; tables and names are made elsewhere.
    pub(crate) fn show(&self, document: &Value, no_headers: bool) -> Result<String, CliError> {
        let failed = |template: &str, error: print::BadJsonPath| {
            CliError::new(format!("error: error executing jsonpath {template:?}: Error executing template: {error}"))
        };
        Ok(match self {
            Self::Table { .. } | Self::Name => String::new(),
            Self::Yaml => sim_scenario::to_yaml(document),
            Self::Json => sim_scenario::to_json(document),
            Self::JsonPath(path, template) => path.render(document).map_err(|error| failed(template, error))?,
            Self::JsonPathAsJson(path, template) => {
                let found = path.find_all(document).map_err(|error| failed(template, error))?;
                sim_scenario::to_json(&Value::Array(found))
            }
            Self::CustomColumns(columns) => {
                let items = match document.get("items").and_then(Value::as_array) {
                    Some(items) if document["kind"] == "List" => items.as_slice(),
                    _ => std::slice::from_ref(document),
                };
                let mut rows = Vec::new();
                for item in items {
                    let cells = columns.iter().map(|(_, path)| {
                        let found = path.find_all(item).map_err(|error| CliError::new(format!("error: {error}")))?;
                        let found: Vec<String> = found.iter().map(print::go_text).collect();
                        Ok(if found.is_empty() { "<none>".to_owned() } else { found.join(",") })
                    });
                    rows.push(cells.collect::<Result<Vec<_>, CliError>>()?);
                }
                print::custom_columns(columns.iter().map(|(header, _)| header.as_str()), rows, no_headers)
            }
        })
    }
}

/// `NAME:.metadata.name,…`.
fn custom_columns(text: &str) -> Result<Vec<(String, JsonPath)>, CliError> {
    let columns = text.split(',').map(|part| {
        let (header, path) = part.split_once(':').ok_or_else(|| {
            CliError::new(format!("error: unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>"))
        })?;
        column(header, path)
    });
    columns.collect()
}

/// A line of headers and one of paths, both separated by blanks.
fn columns_of_file(text: &str) -> Result<Vec<(String, JsonPath)>, CliError> {
    let mut lines = text.lines();
    let (headers, paths) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let (headers, paths): (Vec<&str>, Vec<&str>) =
        (headers.split_whitespace().collect(), paths.split_whitespace().collect());
    if headers.len() != paths.len() {
        return Err(CliError::new(format!(
            "error: number of headers ({}) and field specifications ({}) don't match",
            headers.len(),
            paths.len()
        )));
    }
    headers.iter().zip(paths).map(|(header, path)| column(header, path)).collect()
}

fn column(header: &str, path: &str) -> Result<(String, JsonPath), CliError> {
    let path = JsonPath::relaxed(path).map_err(|error| CliError::new(format!("error: {error}")))?;
    Ok((header.to_owned(), path))
}
