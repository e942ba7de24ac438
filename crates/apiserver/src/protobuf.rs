//! Bodies in Kubernetes' protobuf, read into the JSON that Go would write of them (apimachinery
//! `runtime/serializer/protobuf/protobuf.go`). New clients send typed objects so.

mod schema;
#[cfg(test)]
mod tests;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value};

use schema::{Field, Message, Shape, Type};

/// What begins every such body.
const MAGIC: &[u8] = b"k8s\0";

/// Whether a body of this type is protobuf.
pub(crate) fn is_protobuf(content_type: &str) -> bool {
    content_type.split(';').next().unwrap_or_default().trim() == "application/vnd.kubernetes.protobuf"
}

/// Why a body was not read. Nothing is read by halves.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unread {
    /// It holds what the tables do not.
    #[error("{0}")]
    Unknown(String),
    /// It is no protobuf of what it says it is.
    #[error("{0}")]
    Malformed(String),
}

/// The object of a body, with its kind and API version.
pub(crate) fn read(body: &[u8]) -> Result<Value, Unread> {
    let unknown =
        body.strip_prefix(MAGIC).ok_or_else(|| malformed("it does not begin as Kubernetes' protobuf does"))?;
    let (mut object, mut raw) = (Map::new(), &[][..]);
    let mut wire = Wire(unknown);
    while let Some((number, item)) = wire.next()? {
        match (number, item) {
            (1, Item::Bytes(bytes)) => fields(&schema::TYPE_META, bytes, &mut object)?,
            (2, Item::Bytes(bytes)) => raw = bytes,
            // An encoding and a type of the content: none, or this one's.
            (3, Item::Bytes([])) | (4, Item::Bytes([] | b"application/vnd.kubernetes.protobuf")) => (),
            _ => return Err(Unread::Unknown(format!("field {number} of Unknown is not known"))),
        }
    }
    let said = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
    let (api_version, kind) = (said("apiVersion"), said("kind"));
    let message = schema::message_of(api_version, kind)
        .ok_or_else(|| Unread::Unknown(format!("kind {kind:?} of {api_version:?} is not known")))?;
    fields(message, raw, &mut object)?;
    Ok(Value::Object(object))
}

/// Reads a message into an object, which may hold fields of it already.
fn fields(message: &Message, bytes: &[u8], object: &mut Map<String, Value>) -> Result<(), Unread> {
    let mut wire = Wire(bytes);
    while let Some((number, item)) = wire.next()? {
        let field = message.fields.iter().find(|field| field.number == number);
        let field = field.ok_or_else(|| Unread::Unknown(format!("field {number} of {} is not known", message.name)))?;
        place(field, item, object).map_err(|why| within(field, why))?;
    }
    Ok(())
}

/// Puts what a field holds in its place.
fn place(field: &Field, item: Item<'_>, object: &mut Map<String, Value>) -> Result<(), Unread> {
    match (field.shape, field.type_) {
        (Shape::Inline, Type::Object(message)) => return fields(message, item.bytes()?, object),
        // A message that comes in parts is the sum of them.
        (Shape::One | Shape::Kept, Type::Object(message)) => {
            let whole = object.entry(field.name).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(whole) = whole {
                fields(message, item.bytes()?, whole)?;
            }
        }
        (Shape::One | Shape::Kept | Shape::Inline, type_) => {
            let value = value(type_, item)?;
            if field.shape == Shape::One && is_zero(type_, &value) {
                object.shift_remove(field.name);
            } else {
                object.insert(field.name.to_owned(), value);
            }
        }
        (Shape::List, type_) => {
            let list = object.entry(field.name).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(list) = list {
                match (type_, item) {
                    // Numbers may come packed.
                    (Type::Int32 | Type::Int64 | Type::Bool, Item::Bytes(bytes)) => {
                        let mut packed = Wire(bytes);
                        while !packed.0.is_empty() {
                            list.push(value(type_, Item::Varint(packed.varint()?))?);
                        }
                    }
                    (type_, item) => list.push(value(type_, item)?),
                }
            }
        }
        (Shape::Map, type_) => {
            let (mut key, mut found) = (String::new(), Item::Bytes(&[]));
            let mut entry = Wire(item.bytes()?);
            while let Some((number, item)) = entry.next()? {
                match number {
                    1 => key = text(item)?,
                    2 => found = item,
                    _ => return Err(Unread::Unknown(format!("field {number} of an entry is not known"))),
                }
            }
            let map = object.entry(field.name).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(map) = map {
                map.insert(key, value(type_, found)?);
            }
        }
    }
    Ok(())
}

fn value(type_: Type, item: Item<'_>) -> Result<Value, Unread> {
    Ok(match type_ {
        Type::Text => text(item)?.into(),
        Type::Int32 => int32(item)?.into(),
        Type::Int64 => item.varint()?.cast_signed().into(),
        Type::Bool => (item.varint()? != 0).into(),
        Type::Bytes => STANDARD.encode(item.bytes()?).into(),
        Type::Object(message) => {
            let mut object = Map::new();
            fields(message, item.bytes()?, &mut object)?;
            object.into()
        }
        Type::Quantity => {
            let mut quantity = "0".to_owned();
            parts(item, |part| match part {
                (1, item) => text(item).map(|text| quantity = text),
                other => Err(unknown_part("Quantity", &other)),
            })?;
            quantity.into()
        }
        Type::Time => time(item)?.map_or(Value::Null, |(seconds, _)| seconds.to_string().into()),
        Type::MicroTime => time(item)?.map_or(Value::Null, |(_, exact)| format!("{exact:.6}").into()),
        Type::IntOrString => {
            let (mut is_text, mut number, mut word) = (false, 0, String::new());
            parts(item, |part| match part {
                (1, item) => match item.varint()? {
                    kind @ (0 | 1) => {
                        is_text = kind == 1;
                        Ok(())
                    }
                    other => Err(malformed(&format!("{other} is no type of an IntOrString"))),
                },
                (2, item) => int32(item).map(|read| number = read),
                (3, item) => text(item).map(|read| word = read),
                other => Err(unknown_part("IntOrString", &other)),
            })?;
            if is_text { word.into() } else { number.into() }
        }
        Type::Raw => {
            let mut raw = Value::Null;
            parts(item, |part| match part {
                (1, Item::Bytes([])) => Ok(()),
                (1, item) => {
                    raw = serde_json::from_slice(item.bytes()?).map_err(|error| malformed(&error.to_string()))?;
                    Ok(())
                }
                other => Err(unknown_part("RawExtension", &other)),
            })?;
            raw
        }
        Type::Texts => {
            let mut texts = Vec::new();
            parts(item, |part| match part {
                (1, item) => text(item).map(|text| texts.push(Value::from(text))),
                other => Err(unknown_part("ExtraValue", &other)),
            })?;
            texts.into()
        }
    })
}

/// Whether Go's JSON leaves this out with `omitempty`: numbers, flags and texts that say nothing, but no messages.
fn is_zero(type_: Type, value: &Value) -> bool {
    match type_ {
        Type::Quantity | Type::IntOrString => false,
        _ => match value {
            Value::Null | Value::Bool(false) => true,
            Value::Number(number) => number.as_i64() == Some(0),
            Value::String(text) => text.is_empty(),
            _ => false,
        },
    }
}

/// A time by the second, and exactly; nothing when it is Go's zero.
fn time(item: Item<'_>) -> Result<Option<(Timestamp, Timestamp)>, Unread> {
    if item.bytes()?.is_empty() {
        return Ok(None);
    }
    let (mut seconds, mut nanos) = (0, 0);
    parts(item, |part| match part {
        (1, item) => item.varint().map(|read| seconds = read.cast_signed()),
        (2, item) => int32(item).map(|read| nanos = read),
        other => Err(unknown_part("Time", &other)),
    })?;
    // From the year 1 on, as RFC 3339 can say it.
    const FIRST: i64 = -62_135_596_800;
    let of = |nanos| Timestamp::new(seconds, nanos).ok().filter(|_| seconds >= FIRST);
    match (of(0), of(nanos), nanos >= 0) {
        (Some(second), Some(exact), true) => Ok(Some((second, exact))),
        _ => Err(malformed(&format!("{seconds}.{nanos:09} s is no time"))),
    }
}

fn text(item: Item<'_>) -> Result<String, Unread> {
    String::from_utf8(item.bytes()?.to_vec()).map_err(|_| malformed("it is not UTF-8"))
}

fn int32(item: Item<'_>) -> Result<i32, Unread> {
    let number = item.varint()?.cast_signed();
    i32::try_from(number).map_err(|_| malformed(&format!("{number} does not fit into 32 bits")))
}

/// Goes through the fields of a message that is no object in JSON.
fn parts<'a>(item: Item<'a>, mut part: impl FnMut((u32, Item<'a>)) -> Result<(), Unread>) -> Result<(), Unread> {
    let mut wire = Wire(item.bytes()?);
    while let Some(found) = wire.next()? {
        part(found)?;
    }
    Ok(())
}

fn unknown_part(message: &str, (number, _): &(u32, Item<'_>)) -> Unread {
    Unread::Unknown(format!("field {number} of {message} is not known"))
}

fn malformed(why: &str) -> Unread {
    Unread::Malformed(why.to_owned())
}

/// Says where something is malformed; what is unknown names its message itself.
fn within(field: &Field, why: Unread) -> Unread {
    match why {
        Unread::Malformed(why) => Unread::Malformed(format!("{}: {why}", field.name)),
        Unread::Unknown(why) => Unread::Unknown(why),
    }
}

/// What a field holds on the wire.
#[derive(Clone, Copy)]
enum Item<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    /// Four or eight bytes; no field of these tables is one.
    Fixed,
}

impl<'a> Item<'a> {
    fn varint(self) -> Result<u64, Unread> {
        match self {
            Self::Varint(value) => Ok(value),
            _ => Err(malformed("wrong wire type")),
        }
    }

    fn bytes(self) -> Result<&'a [u8], Unread> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            _ => Err(malformed("wrong wire type")),
        }
    }
}

/// What is left to be read of a message.
struct Wire<'a>(&'a [u8]);

impl<'a> Wire<'a> {
    /// The next field; nothing at the end.
    fn next(&mut self) -> Result<Option<(u32, Item<'a>)>, Unread> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3).map_err(|_| malformed("the number of a field is too large"))?;
        let item = match tag & 7 {
            0 => Item::Varint(self.varint()?),
            1 => self.take(8).map(|_| Item::Fixed)?,
            2 => {
                let length = self.varint()?;
                Item::Bytes(self.take(usize::try_from(length).unwrap_or(usize::MAX))?)
            }
            5 => self.take(4).map(|_| Item::Fixed)?,
            _ => return Err(malformed("wrong wire type")),
        };
        Ok(Some((number, item)))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Unread> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or_else(|| malformed("unexpected EOF"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn varint(&mut self) -> Result<u64, Unread> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = u64::from(self.take(1)?[0]);
            let bits = byte & 0x7f;
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(malformed("integer overflow"))
    }
}
