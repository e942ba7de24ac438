//! The v2 document as protobuf (gnostic `openapiv2/OpenAPIv2.proto`): as much of it as our documents use.

use serde_json::{Map, Value};

/// `Document`.
pub(super) fn document(document: &Value) -> Vec<u8> {
    let mut wire = Wire::default();
    wire.text(1, &document["swagger"]);
    wire.message(2, |info| {
        info.text(1, &document["info"]["title"]);
        info.text(2, &document["info"]["version"]);
    });
    wire.message(8, |paths| paths.named(2, &document["paths"], path_item));
    wire.message(9, |definitions| definitions.named(1, &document["definitions"], schema));
    wire.0
}

/// `PathItem`.
fn path_item(wire: &mut Wire, item: &Value) {
    for (number, method) in [(2, "get"), (3, "put"), (4, "post"), (5, "delete"), (8, "patch")] {
        if let Some(asked) = item.get(method) {
            wire.message(number, |wire| operation(wire, asked));
        }
    }
}

/// `Operation`.
fn operation(wire: &mut Wire, operation: &Value) {
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        // ParametersItem, Parameter, NonBodyParameter, QueryParameterSubSchema.
        wire.message(8, |item| {
            item.message(1, |of| {
                of.message(2, |of| {
                    of.message(3, |query| {
                        query.text(2, &parameter["in"]);
                        query.text(4, &parameter["name"]);
                        query.text(6, &parameter["type"]);
                    });
                });
            });
        });
    }
    // Responses of Response.
    wire.message(9, |all| {
        all.named(1, &operation["responses"], |wire, response| {
            wire.message(1, |wire| wire.text(1, &response["description"]));
        });
    });
    wire.extensions(13, operation);
}

/// `Schema`.
fn schema(wire: &mut Wire, of: &Value) {
    // A reference stands for all that a type would say.
    wire.text(1, &of["$ref"]);
    wire.text(2, &of["format"]);
    wire.text(4, &of["description"]);
    for name in of["required"].as_array().into_iter().flatten() {
        wire.text(19, name);
    }
    if let Some(values) = of["additionalProperties"].as_object() {
        let values = Value::Object(values.clone());
        wire.message(21, |item| item.message(1, |wire| schema(wire, &values)));
    }
    if of["type"].is_string() {
        wire.message(22, |item| item.text(1, &of["type"]));
    }
    if of["items"].is_object() {
        wire.message(23, |item| item.message(1, |wire| schema(wire, &of["items"])));
    }
    // Whatever else a custom resource keeps is no fault in it: its fields cannot be told here.
    if of["properties"].is_object() && of["x-kubernetes-preserve-unknown-fields"] != true {
        wire.message(25, |properties| properties.named(1, &of["properties"], schema));
    }
    wire.extensions(31, of);
}

/// Bytes as they are sent.
#[derive(Default)]
struct Wire(Vec<u8>);

impl Wire {
    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            // The lowest seven bits, and that more follow.
            self.0.push(0x80 | (number & 0x7f) as u8);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    /// A text; nothing when there is none.
    fn text(&mut self, field: u64, text: &Value) {
        if let Some(text) = text.as_str() {
            self.bytes(field, text.as_bytes());
        }
    }

    fn message(&mut self, field: u64, fill: impl FnOnce(&mut Wire)) {
        let mut inner = Wire::default();
        fill(&mut inner);
        self.bytes(field, &inner.0);
    }

    /// A list of names and what they name (`NamedSchema`, `NamedPathItem` and their like).
    fn named(&mut self, field: u64, map: &Value, fill: impl Fn(&mut Wire, &Value)) {
        for (name, value) in map.as_object().into_iter().flat_map(Map::iter) {
            self.message(field, |entry| {
                entry.bytes(1, name.as_bytes());
                entry.message(2, |wire| fill(wire, value));
            });
        }
    }

    /// What begins with `x-`, each as YAML in an `Any`.
    fn extensions(&mut self, field: u64, of: &Value) {
        for (name, value) in of.as_object().into_iter().flat_map(Map::iter).filter(|(name, _)| name.starts_with("x-")) {
            self.message(field, |entry| {
                entry.bytes(1, name.as_bytes());
                entry.message(2, |any| any.bytes(2, value.to_string().as_bytes()));
            });
        }
    }
}
