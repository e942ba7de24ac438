//! What a list or a watch may ask for together (`ValidateListOptions` and `SetListOptionsDefaults` of apimachinery's
//! `meta/internalversion`).

use sim_cluster::{ApiError, FieldFault, GroupName};

use crate::answer::Failure;
use crate::behaviour::{Behaviour, ListRules};
use crate::query::Query;

const EXACT: &str = "Exact";
const NOT_OLDER: &str = "NotOlderThan";
const NOT_ENABLED: &str = "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled";

/// Whether a watch is to begin with what is there, where it says so (`sendInitialEvents`). Where watches can do that, one
/// that says nothing of it and nothing of a version is taken to ask for it.
pub(crate) fn sends_initial(query: &Query, behaviour: &Behaviour) -> Option<bool> {
    if behaviour.list_rules != ListRules::Split {
        return None;
    }
    let asked = query.get("sendInitialEvents").map(|_| query.is_set("sendInitialEvents"));
    let is_legacy = matches!(query.get("resourceVersion"), None | Some("0"));
    let is_implied = behaviour.watches_lists && is_legacy && query.get("resourceVersionMatch").is_none();
    asked.or(is_implied.then_some(true))
}

/// # Errors
/// 422, when the options do not go together.
pub(crate) fn check(query: &Query, behaviour: &Behaviour, watches: bool) -> Result<(), Failure> {
    let mut faults = Faults(Vec::new());
    let matched = query.get("resourceVersionMatch");
    if watches && behaviour.list_rules != ListRules::Split && query.get("sendInitialEvents").is_some() {
        // A server that does not know the option passes over it, and a client of today waits for ever for the end of what
        // is there. It is told instead, so that it lists.
        faults.forbidden("sendInitialEvents", NOT_ENABLED);
    }
    match behaviour.list_rules {
        ListRules::None => {}
        ListRules::Split if watches => {
            let initial = query.get("sendInitialEvents");
            if initial.is_some() {
                if matched != Some(NOT_OLDER) {
                    faults.matching(&format!("sendInitialEvents requires setting resourceVersionMatch to {NOT_OLDER}"));
                }
                if !behaviour.watches_lists {
                    faults.forbidden("sendInitialEvents", NOT_ENABLED);
                }
            }
            if let Some(matched) = matched {
                if initial.is_none() {
                    faults.matching("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
                }
                faults.supported(matched, &[NOT_OLDER]);
                faults.not_with_continue(query);
            }
        }
        rules => {
            if let Some(matched) = matched {
                if watches && rules == ListRules::Joint {
                    faults.matching("resourceVersionMatch is forbidden for watch");
                }
                let version = query.get("resourceVersion");
                if version.is_none() {
                    faults.matching("resourceVersionMatch is forbidden unless resourceVersion is provided");
                }
                faults.not_with_continue(query);
                faults.supported(matched, &[EXACT, NOT_OLDER, ""]);
                if matched == EXACT && version == Some("0") {
                    faults.matching("resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
                }
            }
            if rules == ListRules::Split && query.get("sendInitialEvents").is_some() {
                faults.forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list");
            }
        }
    }
    match faults.0.as_slice() {
        [] => Ok(()),
        faults => Err(ApiError::invalid(GroupName::new("meta.k8s.io/v1", "ListOptions"), "", faults).into()),
    }
}

struct Faults(Vec<FieldFault>);

impl Faults {
    fn forbidden(&mut self, field: &str, why: &str) {
        let why = format!("Forbidden: {why}");
        self.0.push(FieldFault { path: field.to_owned(), why, type_: "FieldValueForbidden" });
    }

    fn matching(&mut self, why: &str) {
        self.forbidden("resourceVersionMatch", why);
    }

    fn not_with_continue(&mut self, query: &Query) {
        if query.get("continue").is_some() {
            self.matching("resourceVersionMatch is forbidden when continue is provided");
        }
    }

    fn supported(&mut self, matched: &str, known: &[&str]) {
        if !known.contains(&matched) {
            let known: Vec<String> = known.iter().map(|known| format!("{known:?}")).collect();
            let why = format!("Unsupported value: {matched:?}: supported values: {}", known.join(", "));
            let type_ = "FieldValueNotSupported";
            self.0.push(FieldFault { path: "resourceVersionMatch".to_owned(), why, type_ });
        }
    }
}
