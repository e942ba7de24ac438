//! The query of a request: what upstream's `ListOptions`, `CreateOptions` and their like say.

use std::collections::BTreeMap;

use sim_cluster::FieldSelector;
use sim_core::model::LabelSelector;

use crate::answer::Failure;

/// The parameters of a request by name; of one given twice the first counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(BTreeMap<String, String>);

impl Query {
    pub(crate) fn parse(text: &str) -> Self {
        let mut all = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            all.entry(name.into_owned()).or_insert_with(|| value.into_owned());
        }
        Self(all)
    }

    /// A parameter; one that is empty is not given.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A switch (`conversion.Convert_Slice_string_To_bool`): anything but `false` and `0` turns it on.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !["false", "0"].contains(&value.to_lowercase().as_str()))
    }

    /// A number.
    ///
    /// # Errors
    /// When it is none, in the server's words.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, Failure> {
        let Some(text) = self.get(name) else { return Ok(None) };
        text.parse()
            .map(Some)
            .map_err(|_| Failure::bad_request(format!("strconv.ParseInt: parsing {text:?}: invalid syntax")))
    }

    /// A resource version.
    ///
    /// # Errors
    /// When it is no number.
    pub(crate) fn resource_version(&self) -> Result<Option<u64>, Failure> {
        let Some(text) = self.get("resourceVersion") else { return Ok(None) };
        text.parse().map(Some).map_err(|_| {
            Failure::bad_request(format!(
                "invalid resource version {text:?}: strconv.ParseUint: parsing {text:?}: invalid syntax"
            ))
        })
    }

    pub(crate) fn labels(&self) -> Result<Option<LabelSelector>, Failure> {
        let parsed = self.get("labelSelector").map(LabelSelector::parse).transpose();
        parsed.map_err(|bad| Failure::bad_request(bad.to_string()))
    }

    pub(crate) fn fields(&self) -> Result<Option<FieldSelector>, Failure> {
        self.get("fieldSelector").map(FieldSelector::parse).transpose().map_err(Failure::bad_request)
    }

    /// Whether nothing is to be kept (`dryRun=All`).
    ///
    /// # Errors
    /// When it asks for another kind of dry run.
    pub(crate) fn dry_run(&self) -> Result<bool, Failure> {
        match self.get("dryRun") {
            None => Ok(false),
            Some("All") => Ok(true),
            Some(other) => Err(Failure::bad_request(format!("Invalid value: {other:?}: dryRun must be All"))),
        }
    }
}
