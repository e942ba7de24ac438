//! Secrets in input: what they hold is not needed to simulate anything, and does not belong into what is shown and saved.

use std::sync::Arc;

use serde_json::Value;
use sim_cluster::Object;

/// kubectl keeps a copy of the whole manifest here.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Empties the values of all Secrets; keys stay, since pods ask for them. Says how many Secrets had any.
pub(crate) fn drop_data(objects: &mut [Object]) -> Option<String> {
    let mut dropped = 0;
    for object in objects {
        let Object::Secret(secret) = object else { continue };
        let secret = Arc::make_mut(secret);
        let mut had = secret.metadata.annotations.as_mut().is_some_and(|kept| kept.remove(LAST_APPLIED).is_some());
        for values in [&mut secret.data, &mut secret.string_data].into_iter().flatten() {
            for value in values.values_mut().filter(|value| value.as_str() != Some("")) {
                *value = Value::String(String::new());
                had = true;
            }
        }
        dropped += usize::from(had);
    }
    (dropped > 0).then(|| {
        let (secrets, have) = if dropped == 1 { ("Secret", "was") } else { ("Secrets", "were") };
        format!("the data of {dropped} {secrets} {have} dropped; --keep-secrets keeps it")
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;
    use sim_cluster::{Kind, Object};

    use super::drop_data;

    #[test]
    fn values_go_and_keys_stay() {
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "type": "Opaque",
            "metadata": {"name": "s", "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "a": "b"}},
            "data": {"password": "aHVudGVyMg=="}, "stringData": {"user": "me"}});
        let other = json!({"apiVersion": "example.com/v1", "kind": "Secret", "data": {"a": "b"}});
        let mut objects = vec![
            Object::read(Kind::Secret, secret).unwrap(),
            Object::Other(Arc::new(serde_json::from_value(other).unwrap())),
        ];
        assert_eq!(drop_data(&mut objects).unwrap(), "the data of 1 Secret was dropped; --keep-secrets keeps it");
        let left = objects[0].to_value();
        assert_eq!(left["data"], json!({"password": ""}));
        assert_eq!(left["stringData"], json!({"user": ""}));
        assert_eq!(left["metadata"]["annotations"], json!({"a": "b"}));
        assert_eq!(objects[1].to_value()["data"], json!({"a": "b"}));
        assert_eq!(drop_data(&mut objects), None);
    }
}
