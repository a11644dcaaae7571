//! The answer as text. It is written by hand, because how the numbers are written is what differs between servers.

use std::fmt::Write;

use axum::body::Body;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, header};
use serde_json::Value;

/// How the numbers of a vector are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The shortest digits that give the same `f32`: at most nine.
    Single,
    /// The digits of the `f32` taken as a double, as Python writes them: up to seventeen.
    Double,
    /// Base64 of the little-endian `f32` bytes.
    Base64,
}

/// The whole body.
pub(super) fn body(id: &str, model: &str, rows: &[(usize, Vec<f32>)], form: Form, used: usize) -> String {
    let mut body =
        format!("{{\"id\":{},\"object\":\"list\",\"model\":{},\"data\":[", Value::from(id), Value::from(model));
    for (position, (index, row)) in rows.iter().enumerate() {
        if position > 0 {
            body.push(',');
        }
        let _ = write!(body, "{{\"object\":\"embedding\",\"index\":{index},\"embedding\":");
        vector(&mut body, row, form);
        body.push('}');
    }
    let _ = write!(body, "],\"usage\":{{\"prompt_tokens\":{used},\"total_tokens\":{used}}}}}");
    body
}

/// The body as an answer.
pub(super) fn response(body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn vector(out: &mut String, row: &[f32], form: Form) {
    if form == Form::Base64 {
        let bytes: Vec<u8> = row.iter().flat_map(|value| value.to_le_bytes()).collect();
        out.push('"');
        STANDARD.encode_string(bytes, out);
        out.push('"');
        return;
    }
    out.push('[');
    for (position, value) in row.iter().enumerate() {
        if position > 0 {
            // Python's json.dumps puts a space there
            out.push_str(if form == Form::Double { ", " } else { "," });
        }
        match form {
            Form::Double => python(out, f64::from(*value)),
            _ => {
                let _ = write!(out, "{value}");
            }
        }
    }
    out.push(']');
}

/// A number as Python's `repr` writes it.
fn python(out: &mut String, value: f64) {
    if value != 0.0 && value.abs() < 1e-4 {
        let text = format!("{value:e}");
        if let Some((digits, exponent)) = text.split_once("e-") {
            let _ = write!(out, "{digits}e-{exponent:0>2}");
        }
    } else if value.fract() == 0.0 {
        let _ = write!(out, "{value:.1}");
    } else {
        let _ = write!(out, "{value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: [f32; 8] = [0.1, -0.012_345_678, 1e-6, -3.4e-9, 0.0, -0.0, 1.0, 0.000_123_456_79];

    fn read(form: Form) -> Value {
        serde_json::from_str(&body("id", "m \"q\"", &[(0, VALUES.to_vec()), (1, vec![0.5])], form, 7)).unwrap()
    }

    #[test]
    fn both_number_forms_give_the_same_floats_back() {
        for form in [Form::Single, Form::Double] {
            let read = read(form);
            assert_eq!(read["model"], "m \"q\"");
            assert_eq!(read["usage"], serde_json::json!({"prompt_tokens": 7, "total_tokens": 7}));
            let row = read["data"][0]["embedding"].as_array().unwrap();
            let bits: Vec<u32> = row.iter().map(|n| (n.as_f64().unwrap() as f32).to_bits()).collect();
            assert_eq!(bits, VALUES.map(f32::to_bits));
        }
    }

    #[test]
    fn h11_base64_is_little_endian_f32() {
        let read = read(Form::Base64);
        let bytes = STANDARD.decode(read["data"][0]["embedding"].as_str().unwrap()).unwrap();
        let floats: Vec<u32> =
            bytes.chunks(4).map(|four| f32::from_le_bytes(four.try_into().unwrap()).to_bits()).collect();
        assert_eq!(floats, VALUES.map(f32::to_bits));
    }

    #[test]
    fn numbers_are_written_as_python_does() {
        let written = |value: f32| {
            let mut text = String::new();
            python(&mut text, f64::from(value));
            text
        };
        assert_eq!(written(0.1), "0.10000000149011612");
        assert_eq!(written(1e-6), "9.999999974752427e-07");
        assert_eq!(written(1.0), "1.0");
        assert_eq!(written(-0.0), "-0.0");
        let mut short = String::new();
        vector(&mut short, &[0.1, -0.012_345_678], Form::Single);
        assert_eq!(short, "[0.1,-0.012345678]");
    }
}
