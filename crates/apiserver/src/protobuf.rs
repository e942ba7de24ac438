//! As much of Kubernetes' protobuf bodies as reviews need: which kind they are of (apimachinery
//! `runtime/serializer/protobuf/protobuf.go`).

/// What begins every such body.
const MAGIC: &[u8] = b"k8s\0";

/// The kind that a body says it is of: field 1 (`typeMeta`) of `runtime.Unknown`, and therein field 2.
pub(crate) fn kind(body: &[u8]) -> Option<String> {
    let unknown = body.strip_prefix(MAGIC)?;
    let type_meta = field(unknown, 1)?;
    String::from_utf8(field(type_meta, 2)?.to_vec()).ok()
}

/// The first field of this number that has a length.
fn field(mut message: &[u8], number: u64) -> Option<&[u8]> {
    while !message.is_empty() {
        let (tag, rest) = varint(message)?;
        message = match tag & 7 {
            0 => varint(rest)?.1,
            1 => rest.get(8..)?,
            2 => {
                let (length, rest) = varint(rest)?;
                let length = usize::try_from(length).ok()?;
                let value = rest.get(..length)?;
                if tag >> 3 == number {
                    return Some(value);
                }
                &rest[length..]
            }
            5 => rest.get(4..)?,
            _ => return None,
        };
    }
    None
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0_u64;
    for (index, byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f).checked_shl(u32::try_from(index * 7).ok()?)?;
        if byte & 0x80 == 0 {
            return Some((value, &bytes[index + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::kind;

    #[test]
    fn the_kind_is_found_and_nonsense_is_not() {
        let body = b"k8s\0\n1\n\x17authorization.k8s.io/v1x\x12\x16SelfSubjectAccessRevie";
        assert_eq!(kind(body), None);
        let mut body = b"k8s\0".to_vec();
        let type_meta = [&b"\n\x02v1\x12\x03Pod"[..]].concat();
        body.extend([0x0a, type_meta.len() as u8]);
        body.extend(type_meta);
        assert_eq!(kind(&body).as_deref(), Some("Pod"));
        for nonsense in [&b""[..], b"k8s\0", b"k8s\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", b"{}"] {
            assert_eq!(kind(nonsense), None);
        }
    }
}
