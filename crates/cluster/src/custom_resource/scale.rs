//! Where the replicas of a custom resource are (`CustomResourceSubresourceScale`).

use serde_json::{Value, json};

use crate::validation::field::{Faults, Path};

/// The paths of a scale subresource.
#[derive(Debug, Clone, Default)]
pub(crate) struct ScalePaths {
    wanted: String,
    present: String,
    selector: String,
}

/// What a custom resource says of its replicas.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Replicas {
    pub(crate) wanted: Option<i64>,
    pub(crate) present: i64,
    pub(crate) selector: String,
}

impl ScalePaths {
    pub(super) fn read(scale: &Value) -> Self {
        let text = |field: &str| scale[field].as_str().unwrap_or_default().to_owned();
        Self {
            wanted: text("specReplicasPath"),
            present: text("statusReplicasPath"),
            selector: text("labelSelectorPath"),
        }
    }

    /// The replicas of an object.
    pub(crate) fn replicas(&self, object: &Value) -> Replicas {
        Replicas {
            wanted: at(object, &self.wanted).and_then(Value::as_i64),
            present: at(object, &self.present).and_then(Value::as_i64).unwrap_or(0),
            selector: at(object, &self.selector).and_then(Value::as_str).unwrap_or_default().to_owned(),
        }
    }

    /// Where the wanted replicas are, as the definition says it.
    pub(crate) fn wanted(&self) -> &str {
        &self.wanted
    }

    /// Sets the wanted replicas.
    pub(crate) fn set(&self, object: &mut Value, replicas: i32) {
        let mut place = object;
        for step in steps(&self.wanted) {
            if !place.is_object() {
                *place = json!({});
            }
            place = &mut place[step];
        }
        *place = replicas.into();
    }

    /// `ValidateScaleSpec` and `ValidateScaleStatus`.
    pub(super) fn faults(&self, faults: &mut Faults, object: &Value, status_only: bool) {
        for path in [Some(&self.wanted).filter(|_| !status_only), Some(&self.present)].into_iter().flatten() {
            let Some(replicas) = at(object, path).and_then(Value::as_i64) else { continue };
            let field = Path::new(path);
            if replicas < 0 {
                faults.invalid(&field, replicas, "should be a non-negative integer");
            } else if replicas > i64::from(i32::MAX) {
                faults.invalid(&field, replicas, &format!("should be less than or equal to {}", i32::MAX));
            }
        }
    }
}

fn steps(path: &str) -> impl Iterator<Item = &str> {
    path.trim_start_matches('.').split('.').filter(|step| !step.is_empty())
}

fn at<'v>(object: &'v Value, path: &str) -> Option<&'v Value> {
    let mut steps = steps(path).peekable();
    steps.peek()?;
    steps.try_fold(object, |value, step| value.get(step))
}
