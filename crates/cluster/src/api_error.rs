//! The API server's refusals in its own words (apimachinery `pkg/api/errors/errors.go`), and as kubectl prints them.

use crate::make::Refused;
use crate::object::Kind;

/// Why a request was refused (`metav1.StatusReason`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Admission did not allow it.
    Forbidden,
    /// Something that it needs is not there.
    NotFound,
    /// An object of this name is there.
    AlreadyExists,
    /// The object has changed since it was read.
    Conflict,
    /// The object breaks the rules of its kind.
    Invalid,
    /// The server itself could not decide.
    InternalError,
    /// A plain error.
    Unknown,
}

/// A refused request. It prints as the server's message, which is what controllers put into their events.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// Why.
    pub reason: Reason,
    /// The server's message.
    pub message: String,
    /// Of an invalid object: its kind and name, and what is wrong with it, one fault each.
    pub(crate) invalid: Option<(String, Vec<String>)>,
    /// Whether the namespace is being deleted: then any create would fail, and controllers keep quiet.
    pub namespace_terminates: bool,
}

impl ApiError {
    /// Admission refuses a request for an object: `pods "x" is forbidden: …`.
    pub fn forbidden(kind: Kind, name: &str, why: impl std::fmt::Display) -> Self {
        Self::new(Reason::Forbidden, format!("{} \"{name}\" is forbidden: {why}", resource(kind)))
    }

    /// There is no such object: `pods "x" not found`.
    pub fn not_found(kind: Kind, name: &str) -> Self {
        Self::new(Reason::NotFound, format!("{} \"{name}\" not found", resource(kind)))
    }

    /// There is such an object already.
    pub fn already_exists(kind: Kind, name: &str) -> Self {
        Self::new(Reason::AlreadyExists, format!("{} \"{name}\" already exists", resource(kind)))
    }

    /// Somebody else wrote the object since it was read (`registry.OptimisticLockErrorMsg`).
    pub fn conflict(kind: Kind, name: &str) -> Self {
        let why =
            "the object has been modified; please apply your changes to the latest version and try again".to_owned();
        Self::new(Reason::Conflict, format!("Operation cannot be fulfilled on {} \"{name}\": {why}", resource(kind)))
    }

    /// The object breaks the rules of its kind; each fault begins with the path of the field.
    pub fn invalid(kind: Kind, name: &str, faults: Vec<String>) -> Self {
        let qualified = match kind.api_version().split_once('/') {
            Some((group, _)) => format!("{}.{group}", kind.name()),
            None => kind.name().to_owned(),
        };
        let message = format!("{qualified} \"{name}\" is invalid: {}", aggregate(&faults));
        let invalid = Some((format!("{} \"{name}\"", kind.name()), faults));
        Self { invalid, ..Self::new(Reason::Invalid, message) }
    }

    pub(crate) fn new(reason: Reason, message: String) -> Self {
        Self { reason, message, invalid: None, namespace_terminates: false }
    }

    /// The refusal as kubectl prints it (`kubectl/pkg/cmd/util`, `StandardErrorMessage`).
    pub fn printed(&self) -> String {
        match &self.invalid {
            Some((object, faults)) => match faults.as_slice() {
                [one] => format!("The {object} is invalid: {one}"),
                several => {
                    let lines: Vec<String> = several.iter().map(|fault| format!("* {fault}")).collect();
                    format!("The {object} is invalid: \n{}", lines.join("\n"))
                }
            },
            None if self.reason == Reason::Unknown => format!("Error from server: {}", self.message),
            None => format!("Error from server ({:?}): {}", self.reason, self.message),
        }
    }
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        Refused(error.printed())
    }
}

/// Several errors as one (`utilerrors.Aggregate`): in brackets when there are more than one, each said once.
pub(crate) fn aggregate(errors: &[String]) -> String {
    let mut said: Vec<&str> = Vec::new();
    for error in errors {
        if !said.contains(&error.as_str()) {
            said.push(error);
        }
    }
    match said.as_slice() {
        [one] => (*one).to_owned(),
        several => format!("[{}]", several.join(", ")),
    }
}

/// A kind as errors name it: its resource and group, `deployments.apps`.
pub(crate) fn resource(kind: Kind) -> String {
    match kind.api_version().split_once('/') {
        Some((group, _)) => format!("{}.{group}", kind.plural()),
        None => kind.plural().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::ApiError;
    use crate::object::Kind;

    #[test]
    fn refusals_read_as_upstream() {
        let forbidden = ApiError::forbidden(Kind::Pod, "web-", "no");
        assert_eq!(forbidden.to_string(), "pods \"web-\" is forbidden: no");
        assert_eq!(forbidden.printed(), "Error from server (Forbidden): pods \"web-\" is forbidden: no");
        let exists = ApiError::already_exists(Kind::Deployment, "web");
        assert_eq!(exists.printed(), "Error from server (AlreadyExists): deployments.apps \"web\" already exists");
        let faults = vec!["a: Required value".to_owned(), "b: Required value".to_owned()];
        let invalid = ApiError::invalid(Kind::Deployment, "web", faults);
        let message = "Deployment.apps \"web\" is invalid: [a: Required value, b: Required value]";
        assert_eq!(invalid.to_string(), message);
        let printed = "The Deployment \"web\" is invalid: \n* a: Required value\n* b: Required value";
        assert_eq!(invalid.printed(), printed);
    }
}
