//! OTLP's protobuf, read into what its JSON form would say.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// How deep values of attributes may nest, as in JSON.
const MAX_DEPTH: usize = 100;

/// One field of a message.
enum Field<'b> {
    Number(u64),
    Bytes(&'b [u8]),
}

impl<'b> Field<'b> {
    fn bytes(&self) -> Option<&'b [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Number(_) => None,
        }
    }

    fn text(&self) -> Option<Value> {
        std::str::from_utf8(self.bytes()?).ok().map(Value::from)
    }

    fn number(&self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Bytes(_) => None,
        }
    }
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..70).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn take<'b>(bytes: &mut &'b [u8], count: usize) -> Option<&'b [u8]> {
    let (taken, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(taken)
}

/// The fields of a message with their numbers, in order.
fn fields(mut bytes: &[u8]) -> Option<Vec<(u64, Field<'_>)>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes)?;
        let field = match tag & 7 {
            0 => Field::Number(varint(&mut bytes)?),
            1 => Field::Number(u64::from_le_bytes(take(&mut bytes, 8)?.try_into().ok()?)),
            2 => {
                let length = usize::try_from(varint(&mut bytes)?).ok()?;
                Field::Bytes(take(&mut bytes, length)?)
            }
            5 => Field::Number(u64::from(u32::from_le_bytes(take(&mut bytes, 4)?.try_into().ok()?))),
            _ => return None,
        };
        fields.push((tag >> 3, field));
    }
    Some(fields)
}

/// The messages of a repeated field, each read.
fn each(bytes: &[u8], number: u64, read: impl Fn(&[u8]) -> Option<Value>) -> Option<Value> {
    let all = fields(bytes)?;
    let wanted = all.iter().filter(|(found, _)| *found == number);
    wanted.map(|(_, field)| read(field.bytes()?)).collect::<Option<Vec<Value>>>().map(Value::Array)
}

/// An `ExportTraceServiceRequest`.
pub(super) fn request(bytes: &[u8]) -> Option<Value> {
    Some(json!({ "resourceSpans": each(bytes, 1, resource_spans)? }))
}

fn resource_spans(bytes: &[u8]) -> Option<Value> {
    let all = fields(bytes)?;
    let resource = all.iter().find(|(number, _)| *number == 1).and_then(|(_, field)| field.bytes()).unwrap_or_default();
    let scopes = each(bytes, 2, |scope| Some(json!({ "spans": each(scope, 2, span)? })))?;
    Some(json!({ "resource": { "attributes": each(resource, 1, |pair| key_value(pair, 0))? }, "scopeSpans": scopes }))
}

fn hex(field: &Field<'_>) -> Option<Value> {
    Some(Value::String(field.bytes()?.iter().map(|byte| format!("{byte:02x}")).collect()))
}

fn span(bytes: &[u8]) -> Option<Value> {
    let mut span = json!({
        "attributes": each(bytes, 9, |pair| key_value(pair, 0))?,
        "events": each(bytes, 11, event)?,
    });
    for (number, field) in fields(bytes)? {
        let (name, value) = match number {
            1 => ("traceId", hex(&field)?),
            2 => ("spanId", hex(&field)?),
            4 => ("parentSpanId", hex(&field)?),
            5 => ("name", field.text()?),
            7 => ("startTimeUnixNano", json!(field.number()?.to_string())),
            8 => ("endTimeUnixNano", json!(field.number()?.to_string())),
            15 => ("status", status(field.bytes()?)?),
            _ => continue,
        };
        crate::json::set(&mut span, name, value);
    }
    Some(span)
}

fn status(bytes: &[u8]) -> Option<Value> {
    let mut status = json!({});
    for (number, field) in fields(bytes)? {
        match number {
            2 => crate::json::set(&mut status, "message", field.text()?),
            3 => crate::json::set(&mut status, "code", field.number()?),
            _ => {}
        }
    }
    Some(status)
}

fn event(bytes: &[u8]) -> Option<Value> {
    let mut event = json!({ "attributes": each(bytes, 3, |pair| key_value(pair, 0))? });
    for (number, field) in fields(bytes)? {
        match number {
            1 => crate::json::set(&mut event, "timeUnixNano", field.number()?.to_string()),
            2 => crate::json::set(&mut event, "name", field.text()?),
            _ => {}
        }
    }
    Some(event)
}

fn key_value(bytes: &[u8], depth: usize) -> Option<Value> {
    let mut pair = json!({ "key": "" });
    for (number, field) in fields(bytes)? {
        match number {
            1 => crate::json::set(&mut pair, "key", field.text()?),
            2 => crate::json::set(&mut pair, "value", any_value(field.bytes()?, depth)?),
            _ => {}
        }
    }
    Some(pair)
}

fn any_value(bytes: &[u8], depth: usize) -> Option<Value> {
    if depth > MAX_DEPTH {
        return None;
    }
    let Some((number, field)) = fields(bytes)?.pop() else { return Some(json!({})) };
    Some(match number {
        1 => json!({ "stringValue": field.text()? }),
        2 => json!({ "boolValue": field.number()? != 0 }),
        3 => json!({ "intValue": i64::from_le_bytes(field.number()?.to_le_bytes()).to_string() }),
        4 => json!({ "doubleValue": f64::from_bits(field.number()?) }),
        5 => json!({ "arrayValue": { "values": each(field.bytes()?, 1, |value| any_value(value, depth + 1))? } }),
        6 => json!({ "kvlistValue": { "values": each(field.bytes()?, 1, |pair| key_value(pair, depth + 1))? } }),
        7 => json!({ "bytesValue": STANDARD.encode(field.bytes()?) }),
        _ => json!({}),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field of bytes.
    fn of(number: u8, bytes: &[u8]) -> Vec<u8> {
        let mut all = vec![number << 3 | 2, u8::try_from(bytes.len()).unwrap()];
        all.extend_from_slice(bytes);
        all
    }

    #[test]
    fn a_request_says_what_its_json_would() {
        let int = [vec![3 << 3], vec![0xff; 9], vec![1]].concat();
        let attribute = [of(1, b"n"), of(2, &int)].concat();
        let start = [vec![7 << 3 | 1], 1_772_360_430_123_000_001_u64.to_le_bytes().to_vec()].concat();
        let span = [of(1, &[0xab; 16]), of(2, &[1; 8]), of(5, b"root"), start, of(9, &attribute), of(15, &[3 << 3, 2])]
            .concat();
        let body = of(1, &of(2, &of(2, &span)));
        let read = request(&body).unwrap();
        let span = read.pointer("/resourceSpans/0/scopeSpans/0/spans/0").unwrap();
        assert_eq!(span["traceId"], json!("ab".repeat(16)));
        assert_eq!(span["startTimeUnixNano"], json!("1772360430123000001"));
        assert_eq!(span["attributes"], json!([{"key": "n", "value": {"intValue": "-1"}}]));
        assert_eq!(span["status"], json!({"code": 2}));
        for cut in 1..body.len() {
            assert!(request(&body[..cut]).is_none(), "{cut}");
        }
        assert!(request(b"nonsense").is_none());
    }
}
