//! The API server's refusals in its own words (apimachinery `pkg/api/errors/errors.go`), and as kubectl prints them.

use serde_json::{Map, Value, json};

use crate::eviction::EvictionRefused;
use crate::make::Refused;
use crate::object::Kind;
use crate::store::Conflict;
use crate::validation::FieldFault;

/// What a write says that came too late (`registry.OptimisticLockErrorMsg`).
const MODIFIED: &str = "the object has been modified; please apply your changes to the latest version and try again";

/// Why a request was refused (`metav1.StatusReason`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The request itself makes no sense.
    BadRequest,
    /// Admission did not allow it.
    Forbidden,
    /// Something that it needs is not there.
    NotFound,
    /// The resource does not take such requests.
    MethodNotAllowed,
    /// An answer in none of the forms asked for can be given.
    NotAcceptable,
    /// An object of this name is there.
    AlreadyExists,
    /// The object has changed since it was read.
    Conflict,
    /// What was asked for is no longer known.
    Gone,
    /// The same, of a resource version.
    Expired,
    /// The body is too large.
    RequestEntityTooLarge,
    /// The body is in a form that is not known.
    UnsupportedMediaType,
    /// The object breaks the rules of its kind.
    Invalid,
    /// Not now.
    TooManyRequests,
    /// The server itself could not decide.
    InternalError,
    /// The server does not take requests now.
    ServiceUnavailable,
    /// It took too long.
    Timeout,
    /// A plain error.
    Unknown,
}

impl Reason {
    /// The status code of HTTP that goes with it.
    pub fn code(self) -> u16 {
        match self {
            Reason::BadRequest => 400,
            Reason::Forbidden => 403,
            Reason::NotFound => 404,
            Reason::MethodNotAllowed => 405,
            Reason::NotAcceptable => 406,
            Reason::AlreadyExists | Reason::Conflict => 409,
            Reason::Gone | Reason::Expired => 410,
            Reason::RequestEntityTooLarge => 413,
            Reason::UnsupportedMediaType => 415,
            Reason::Invalid => 422,
            Reason::TooManyRequests => 429,
            Reason::InternalError | Reason::Unknown => 500,
            Reason::ServiceUnavailable => 503,
            Reason::Timeout => 504,
        }
    }
}

/// A group and a name in it: of a kind (`Deployment.apps`) or of a resource (`deployments.apps`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupName {
    /// The API group; empty for the core one.
    pub group: String,
    /// The kind or the resource.
    pub name: String,
}

impl GroupName {
    /// A name in the group of an API version.
    pub fn new(api_version: &str, name: &str) -> Self {
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        Self { group: group.to_owned(), name: name.to_owned() }
    }

    /// The kind itself.
    pub fn kind(kind: Kind) -> Self {
        Self::new(kind.api_version(), kind.name())
    }
}

/// The resource of a kind: what most errors name.
impl From<Kind> for GroupName {
    fn from(kind: Kind) -> Self {
        Self::new(kind.api_version(), kind.plural())
    }
}

impl std::fmt::Display for GroupName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)?;
        if self.group.is_empty() { Ok(()) } else { write!(f, ".{}", self.group) }
    }
}

/// One of several reasons (`metav1.StatusCause`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cause {
    /// The kind of cause, e.g. `FieldValueInvalid`.
    pub reason: String,
    /// What is wrong.
    pub message: String,
    /// The field it is about.
    pub field: String,
}

/// What a refusal is about (`metav1.StatusDetails`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    /// The object's name.
    pub name: String,
    /// The API group.
    pub group: String,
    /// The resource, or the kind where the object is invalid.
    pub kind: String,
    /// The reasons in full.
    pub causes: Vec<Cause>,
    /// After how many seconds to ask again; 0 when nothing is said of it.
    pub retry_after_seconds: i32,
}

/// A refused request. It prints as the server's message, which is what controllers put into their events.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// Why.
    pub reason: Reason,
    /// The server's message.
    pub message: String,
    /// What it is about.
    pub details: Option<Box<Details>>,
    /// Whether the namespace is being deleted: then any create would fail, and controllers keep quiet.
    pub namespace_terminates: bool,
}

impl ApiError {
    /// A request that makes no sense.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(Reason::BadRequest, message.into())
    }

    /// Admission refuses a request for an object: `pods "x" is forbidden: …`.
    pub fn forbidden(resource: impl Into<GroupName>, name: &str, why: impl std::fmt::Display) -> Self {
        Self::about(Reason::Forbidden, resource, name, |what| format!("{what} is forbidden: {why}"))
    }

    /// There is no such object: `pods "x" not found`.
    pub fn not_found(resource: impl Into<GroupName>, name: &str) -> Self {
        Self::about(Reason::NotFound, resource, name, |what| format!("{what} not found"))
    }

    /// There is such an object already.
    pub fn already_exists(resource: impl Into<GroupName>, name: &str) -> Self {
        Self::about(Reason::AlreadyExists, resource, name, |what| format!("{what} already exists"))
    }

    /// Somebody else wrote the object since it was read.
    pub fn conflict(resource: impl Into<GroupName>, name: &str) -> Self {
        Self::conflict_because(resource, name, MODIFIED)
    }

    /// The object is not in the state that the request takes it to be in.
    pub fn conflict_because(resource: impl Into<GroupName>, name: &str, why: impl std::fmt::Display) -> Self {
        Self::about(Reason::Conflict, resource, name, |what| format!("Operation cannot be fulfilled on {what}: {why}"))
    }

    /// Others own fields that were applied.
    pub fn apply_conflict(message: String, causes: Vec<Cause>) -> Self {
        let details = Details { causes, ..Details::default() };
        Self { details: Some(Box::new(details)), ..Self::new(Reason::Conflict, message) }
    }

    /// The resource does not take this verb.
    pub fn method_not_supported(resource: impl Into<GroupName>, action: &str) -> Self {
        let resource = resource.into();
        let message = format!("{action} is not supported on resources of kind \"{resource}\"");
        Self::about(Reason::MethodNotAllowed, resource, "", |_| message)
    }

    /// The object breaks the rules of its kind.
    pub fn invalid(kind: GroupName, name: &str, faults: &[FieldFault]) -> Self {
        let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
        let message = format!("{kind} \"{name}\" is invalid: {}", aggregate(&said));
        let causes = faults.iter().map(|fault| Cause {
            reason: fault.type_.to_owned(),
            message: fault.why.clone(),
            field: fault.path.clone(),
        });
        let GroupName { group, name: kind } = kind;
        let details = Details { name: name.to_owned(), group, kind, causes: causes.collect(), ..Details::default() };
        Self { details: Some(Box::new(details)), ..Self::new(Reason::Invalid, message) }
    }

    /// The body cannot be used, for a reason that upstream keeps to itself (`NewGenericServerResponse` with 422).
    pub fn unprocessable() -> Self {
        let message = "the server rejected our request due to an error in our request".to_owned();
        Self { details: Some(Box::default()), ..Self::new(Reason::Invalid, message) }
    }

    /// The body is in a form that this resource does not take.
    pub fn unsupported_media_type(accepted: &[&str]) -> Self {
        let accepted = accepted.join(", ");
        let message =
            format!("the body of the request was in an unknown format - accepted media types include: {accepted}");
        Self::new(Reason::UnsupportedMediaType, message)
    }

    /// The body, or what it asks for, is too large.
    pub fn too_large(why: &str) -> Self {
        Self::new(Reason::RequestEntityTooLarge, format!("Request entity too large: {why}"))
    }

    /// Not now; a cause says why.
    pub fn too_many_requests(message: String, causes: Vec<Cause>, retry_after_seconds: i32) -> Self {
        let details = Details { causes, retry_after_seconds, ..Details::default() };
        Self { details: Some(Box::new(details)), ..Self::new(Reason::TooManyRequests, message) }
    }

    /// The resource version asked for is no longer, or not yet, known.
    pub fn expired(message: String) -> Self {
        Self::new(Reason::Expired, message)
    }

    /// The server could not decide.
    pub fn internal(why: &str) -> Self {
        let causes = vec![Cause { message: why.to_owned(), ..Cause::default() }];
        let details = Details { causes, ..Details::default() };
        let message = format!("Internal error occurred: {why}");
        Self { details: Some(Box::new(details)), ..Self::new(Reason::InternalError, message) }
    }

    /// A refusal with nothing more to say than its message.
    pub fn new(reason: Reason, message: String) -> Self {
        Self { reason, message, details: None, namespace_terminates: false }
    }

    /// A refusal about one object, or about all of a resource when the name is empty.
    fn about(
        reason: Reason,
        resource: impl Into<GroupName>,
        name: &str,
        message: impl FnOnce(String) -> String,
    ) -> Self {
        let resource = resource.into();
        let what = if name.is_empty() && reason == Reason::Forbidden {
            resource.to_string()
        } else {
            format!("{resource} \"{name}\"")
        };
        let GroupName { group, name: kind } = resource;
        let details = Details { name: name.to_owned(), group, kind, ..Details::default() };
        Self { details: Some(Box::new(details)), ..Self::new(reason, message(what)) }
    }

    /// The status code of HTTP.
    pub fn code(&self) -> u16 {
        self.reason.code()
    }

    /// The refusal as the server answers it: a whole `metav1.Status`.
    pub fn status(&self) -> Value {
        let mut status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"});
        status["message"] = self.message.clone().into();
        if self.reason != Reason::Unknown {
            status["reason"] = format!("{:?}", self.reason).into();
        }
        if let Some(details) = &self.details {
            status["details"] = details.value();
        }
        status["code"] = self.code().into();
        status
    }

    /// The refusal as kubectl prints it (`kubectl/pkg/cmd/util`, `checkErr`).
    pub fn printed(&self) -> String {
        if self.reason == Reason::Unknown {
            return format!("Error from server: {}", self.message);
        }
        if self.reason != Reason::Invalid {
            return format!("Error from server ({:?}): {}", self.reason, self.message);
        }
        let Some(details) = &self.details else { return format!("The request is invalid: {}", self.message) };
        let named = !details.kind.is_empty() || !details.name.is_empty();
        let what = match named {
            true => format!("The {} \"{}\" is invalid", details.kind, details.name),
            false if details.causes.is_empty() => format!("The request is invalid: {}", self.message),
            false => "The request is invalid".to_owned(),
        };
        let mut causes: Vec<String> = Vec::new();
        for cause in &details.causes {
            let cause = format!("{}: {}", cause.field, cause.message);
            if !causes.contains(&cause) {
                causes.push(cause);
            }
        }
        match causes.as_slice() {
            [] => what,
            [one] => format!("{what}: {one}"),
            several => {
                let lines: Vec<String> = several.iter().map(|cause| format!("* {cause}")).collect();
                format!("{what}: \n{}", lines.join("\n"))
            }
        }
    }
}

impl Details {
    fn value(&self) -> Value {
        let mut details = Map::new();
        for (field, text) in [("name", &self.name), ("group", &self.group), ("kind", &self.kind)] {
            if !text.is_empty() {
                details.insert(field.to_owned(), text.clone().into());
            }
        }
        if !self.causes.is_empty() {
            details.insert("causes".to_owned(), self.causes.iter().map(Cause::value).collect());
        }
        if self.retry_after_seconds != 0 {
            details.insert("retryAfterSeconds".to_owned(), self.retry_after_seconds.into());
        }
        details.into()
    }
}

impl Cause {
    fn value(&self) -> Value {
        let fields = [("reason", &self.reason), ("message", &self.message), ("field", &self.field)];
        let said = fields.into_iter().filter(|(_, text)| !text.is_empty());
        said.map(|(field, text)| (field.to_owned(), Value::from(text.clone()))).collect::<Map<_, _>>().into()
    }
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        Refused(error.printed())
    }
}

impl From<Conflict> for ApiError {
    fn from(conflict: Conflict) -> Self {
        Self::conflict(conflict.kind, &conflict.name)
    }
}

/// As the eviction subresource answers (pkg/registry/core/pod/storage/eviction.go).
impl From<EvictionRefused> for ApiError {
    fn from(refused: EvictionRefused) -> Self {
        let message = refused.to_string();
        match refused {
            EvictionRefused::NotFound(name) => Self::not_found(Kind::Pod, &name),
            EvictionRefused::TooManyRequests { cause, retry_after_seconds, .. } => {
                let cause = Cause { reason: "DisruptionBudget".to_owned(), message: cause, field: String::new() };
                Self::too_many_requests(message, vec![cause], retry_after_seconds)
            }
            EvictionRefused::Forbidden { budget, why } => {
                Self::forbidden(GroupName::new("policy/v1", "poddisruptionbudget"), &budget.name, why)
            }
            EvictionRefused::Failed(_) => Self::new(Reason::Unknown, message),
        }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ApiError, GroupName};
    use crate::object::Kind;
    use crate::validation::FieldFault;

    #[test]
    fn refusals_read_as_upstream() {
        let forbidden = ApiError::forbidden(Kind::Pod, "web-", "no");
        assert_eq!(forbidden.to_string(), "pods \"web-\" is forbidden: no");
        assert_eq!(forbidden.printed(), "Error from server (Forbidden): pods \"web-\" is forbidden: no");
        let exists = ApiError::already_exists(Kind::Deployment, "web");
        assert_eq!(exists.printed(), "Error from server (AlreadyExists): deployments.apps \"web\" already exists");
        let required = |path: &str| FieldFault {
            path: path.to_owned(),
            why: "Required value".to_owned(),
            type_: "FieldValueRequired",
        };
        let invalid = ApiError::invalid(GroupName::kind(Kind::Deployment), "web", &[required("a"), required("b")]);
        let message = "Deployment.apps \"web\" is invalid: [a: Required value, b: Required value]";
        assert_eq!(invalid.to_string(), message);
        let printed = "The Deployment \"web\" is invalid: \n* a: Required value\n* b: Required value";
        assert_eq!(invalid.printed(), printed);
    }
    #[test]
    fn refusals_are_statuses() {
        let cause = |field: &str| json!({"reason": "FieldValueRequired", "message": "Required value", "field": field});
        let fault = FieldFault { path: "a".to_owned(), why: "Required value".to_owned(), type_: "FieldValueRequired" };
        let status = ApiError::invalid(GroupName::kind(Kind::Deployment), "web", &[fault]).status();
        let expected = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": "Deployment.apps \"web\" is invalid: a: Required value", "reason": "Invalid",
            "details": {"name": "web", "group": "apps", "kind": "Deployment", "causes": [cause("a")]}, "code": 422});
        assert_eq!(status.to_string(), expected.to_string());
        let status = ApiError::not_found(Kind::Pod, "x").status();
        assert_eq!(status["details"], json!({"name": "x", "kind": "pods"}));
        assert_eq!((&status["reason"], &status["code"]), (&json!("NotFound"), &json!(404)));
        let rejected = "The request is invalid: the server rejected our request due to an error in our request";
        assert_eq!(ApiError::unprocessable().printed(), rejected);
    }
}
