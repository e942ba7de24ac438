//! The bodies of requests.

use serde_json::Value;

use crate::answer::Failure;
use crate::protobuf::{self, Unread};

/// The object of a body, which is JSON or protobuf.
pub(crate) fn object(content_type: &str, body: &[u8], kind: &str) -> Result<Value, Failure> {
    let read = if protobuf::is_protobuf(content_type) {
        protobuf::read(body)
    } else {
        serde_json::from_slice(body).map_err(|error| Unread::Malformed(error.to_string()))
    };
    read.map_err(|unread| match unread {
        Unread::Unknown(what) => Failure::new(415, "UnsupportedMediaType", what),
        Unread::Malformed(why) => {
            Failure::bad_request(format!("the object provided is unrecognized (must be of type {kind}): {why}"))
        }
    })
}
