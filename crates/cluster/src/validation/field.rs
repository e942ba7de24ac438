//! Faults of fields as the API server words them (apimachinery `pkg/util/validation/field`): the path, the kind of fault,
//! the value as Go prints it, and what is asked for.

use std::fmt;

/// A path to a field. Its text is put together only when there is something to tell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    step: Step<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Child(&'a str),
    Index(usize),
    Key(&'a str),
}

impl<'a> Path<'a> {
    /// A path of one field.
    pub(crate) fn new(name: &'a str) -> Self {
        Self { parent: None, step: Step::Child(name) }
    }

    /// A field below.
    pub(crate) fn child(&'a self, name: &'a str) -> Self {
        Self { parent: Some(self), step: Step::Child(name) }
    }

    /// An item of a list.
    pub(crate) fn index(&'a self, index: usize) -> Self {
        Self { parent: Some(self), step: Step::Index(index) }
    }

    /// An entry of a map.
    pub(crate) fn key(&'a self, key: &'a str) -> Self {
        Self { parent: Some(self), step: Step::Key(key) }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            write!(f, "{parent}")?;
        }
        match self.step {
            Step::Child(name) if self.parent.is_some() => write!(f, ".{name}"),
            Step::Child(name) => f.write_str(name),
            Step::Index(index) => write!(f, "[{index}]"),
            Step::Key(key) => write!(f, "[{key}]"),
        }
    }
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFault {
    /// Its path, e.g. `spec.containers[0].image`.
    pub path: String,
    /// What is wrong, e.g. `Required value`.
    pub why: String,
    /// The kind of fault, as a status tells it, e.g. `FieldValueRequired` (`field.ErrorType`).
    pub type_: &'static str,
}

impl fmt::Display for FieldFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.why)
    }
}

/// All that is wrong with an object.
#[derive(Debug, Default)]
pub(crate) struct Faults(pub(crate) Vec<FieldFault>);

impl Faults {
    /// Something is missing.
    pub(crate) fn required(&mut self, path: &Path<'_>, detail: &str) {
        self.add(path, "FieldValueRequired", "Required value", detail);
    }

    /// A value that is wrong, as Go prints it.
    pub(crate) fn invalid(&mut self, path: &Path<'_>, value: impl fmt::Display, detail: &str) {
        self.add(path, "FieldValueInvalid", &format!("Invalid value: {value}"), detail);
    }

    /// The same of a whole object, of which no path can be told.
    pub(crate) fn invalid_whole(&mut self, value: &str, detail: &str) {
        let why = format!("Invalid value: {value}: {detail}");
        self.0.push(FieldFault { path: "<nil>".to_owned(), why, type_: "FieldValueInvalid" });
    }

    /// A word that is none of those known.
    pub(crate) fn unsupported(&mut self, path: &Path<'_>, value: &str, known: &[&str]) {
        let known: Vec<String> = known.iter().map(|known| format!("{known:?}")).collect();
        let what = format!("Unsupported value: {value:?}");
        self.add(path, "FieldValueNotSupported", &what, &format!("supported values: {}", known.join(", ")));
    }

    /// A word that is none of those known, if it is there.
    pub(crate) fn one_of(&mut self, path: &Path<'_>, value: Option<&str>, known: &[&str]) {
        if let Some(value) = value
            && !known.contains(&value)
        {
            self.unsupported(path, value, known);
        }
    }

    /// A value that is there already.
    pub(crate) fn duplicate(&mut self, path: &Path<'_>, value: &str) {
        self.add(path, "FieldValueDuplicate", &format!("Duplicate value: {value:?}"), "");
    }

    /// The same of what is no word, as Go prints it.
    pub(crate) fn duplicate_value(&mut self, path: &Path<'_>, value: impl fmt::Display) {
        self.add(path, "FieldValueDuplicate", &format!("Duplicate value: {value}"), "");
    }

    /// A name that means nothing here.
    pub(crate) fn not_found(&mut self, path: &Path<'_>, value: &str) {
        self.add(path, "FieldValueNotFound", &format!("Not found: {value:?}"), "");
    }

    /// Something that may not be.
    pub(crate) fn forbidden(&mut self, path: &Path<'_>, detail: &str) {
        self.add(path, "FieldValueForbidden", "Forbidden", detail);
    }

    /// More bytes than are allowed.
    pub(crate) fn too_long(&mut self, path: &Path<'_>, most: usize) {
        self.add(path, "FieldValueTooLong", "Too long", &format!("may not be more than {most} bytes"));
    }

    /// A number that is less than nothing.
    pub(crate) fn non_negative(&mut self, path: &Path<'_>, value: Option<impl Into<i64>>) {
        let value: Option<i64> = value.map(Into::into);
        if let Some(value @ ..0) = value {
            self.invalid(path, value, "must be greater than or equal to 0");
        }
    }

    fn add(&mut self, path: &Path<'_>, type_: &'static str, what: &str, detail: &str) {
        let why = if detail.is_empty() { what.to_owned() } else { format!("{what}: {detail}") };
        self.0.push(FieldFault { path: path.to_string(), why, type_ });
    }
}
