//! Places in an object: as a person writes them, and as a JSON patch does.

use json_patch::jsonptr::PointerBuf;
use json_patch::{AddOperation, PatchOperation, RemoveOperation, ReplaceOperation};
use serde_json::Value;

/// A field, by the way to it.
#[derive(Debug, Clone)]
pub(super) struct Place(Vec<String>);

impl Place {
    /// The field at the end of the way; numbers are places in lists.
    pub(super) fn of<'a>(way: impl IntoIterator<Item = &'a str>) -> Self {
        Self(way.into_iter().map(str::to_owned).collect())
    }

    /// What is under a field of it.
    pub(super) fn at(&self, field: impl ToString) -> Self {
        let mut way = self.0.clone();
        way.push(field.to_string());
        Self(way)
    }

    fn pointer(&self) -> PointerBuf {
        PointerBuf::from_tokens(self.0.iter().map(String::as_str))
    }

    pub(super) fn add(&self, value: impl Into<Value>) -> PatchOperation {
        PatchOperation::Add(AddOperation { path: self.pointer(), value: value.into() })
    }

    pub(super) fn replace(&self, value: impl Into<Value>) -> PatchOperation {
        PatchOperation::Replace(ReplaceOperation { path: self.pointer(), value: value.into() })
    }

    pub(super) fn remove(&self) -> PatchOperation {
        PatchOperation::Remove(RemoveOperation { path: self.pointer() })
    }
}

impl std::fmt::Display for Place {
    /// As kubectl's JSONPath names it: `spec.containers[0].resources.requests["example.com/gpu"]`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, part) in self.0.iter().enumerate() {
            let is_plain = part.chars().all(|letter| letter.is_alphanumeric() || letter == '-' || letter == '_');
            if !part.is_empty() && part.chars().all(|letter| letter.is_ascii_digit()) {
                write!(f, "[{part}]")?;
            } else if !is_plain {
                write!(f, "[\"{part}\"]")?;
            } else if index == 0 {
                f.write_str(part)?;
            } else {
                write!(f, ".{part}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn a_place_reads_as_a_json_path_and_patches_as_a_pointer() {
        let place = Place::of(["spec", "containers"]).at(0).at("resources").at("example.com/gpu");
        assert_eq!(place.to_string(), "spec.containers[0].resources[\"example.com/gpu\"]");
        assert_eq!(place.remove().path().as_str(), "/spec/containers/0/resources/example.com~1gpu");
    }
}
