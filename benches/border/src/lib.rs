//! One fetch and one bag of options, each done in two ways. See `benches/border.mjs`.

use wasm_bindgen::prelude::*;

/// Sends a small request and gives its status.
#[cfg(feature = "gloo")]
#[wasm_bindgen]
pub async fn send(url: String, body: String) -> Result<u16, JsValue> {
    let request = gloo_net::http::Request::post(&url)
        .header("content-type", "application/json")
        .header("accept", "text/event-stream")
        .redirect(web_sys::RequestRedirect::Manual)
        .body(body)
        .map_err(|fault| JsValue::from_str(&fault.to_string()))?;
    let response = request.send().await.map_err(|fault| JsValue::from_str(&fault.to_string()))?;
    Ok(response.status())
}

/// Sends a small request and gives its status.
#[cfg(not(feature = "gloo"))]
#[wasm_bindgen]
pub async fn send(url: String, body: String) -> Result<u16, JsValue> {
    #[wasm_bindgen]
    extern "C" {
        #[wasm_bindgen(js_name = fetch, catch)]
        fn fetch(url: &str, init: &web_sys::RequestInit) -> Result<js_sys::Promise, JsValue>;
    }
    let init = web_sys::RequestInit::new();
    init.set_method("POST");
    init.set_redirect(web_sys::RequestRedirect::Manual);
    let pair = |name: &str, value: &str| js_sys::Array::of2(&name.into(), &value.into());
    init.set_headers(&js_sys::Array::of2(&pair("content-type", "application/json"), &pair("accept", "text/event-stream")));
    init.set_body(&JsValue::from_str(&body));
    let response = wasm_bindgen_futures::JsFuture::from(fetch(&url, &init)?).await?;
    Ok(response.unchecked_into::<web_sys::Response>().status())
}

/// Reads the options of one call and adds them up.
#[cfg(feature = "serde")]
#[wasm_bindgen]
pub fn options(value: JsValue) -> Result<f64, JsValue> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    #[derive(Default)]
    struct Timeouts {
        first_byte_ms: Option<f64>,
        idle_ms: Option<f64>,
        total_ms: Option<f64>,
    }
    #[derive(serde::Deserialize, Default)]
    #[serde(rename_all = "camelCase", default)]
    struct Options {
        timeouts: Option<Timeouts>,
        headers: Option<Vec<(String, String)>>,
        max_attempts: Option<f64>,
    }
    let options: Options = serde_wasm_bindgen::from_value(value).map_err(|fault| JsValue::from_str(&fault.to_string()))?;
    let timeouts = options.timeouts.unwrap_or_default();
    let limits = [timeouts.first_byte_ms, timeouts.idle_ms, timeouts.total_ms, options.max_attempts];
    Ok(limits.into_iter().flatten().sum::<f64>() + options.headers.map_or(0.0, |headers| headers.len() as f64))
}

/// Reads the options of one call and adds them up.
#[cfg(not(feature = "serde"))]
#[wasm_bindgen]
pub fn options(value: JsValue) -> Result<f64, JsValue> {
    let get = |object: &JsValue, name: &str| js_sys::Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED);
    let number = |object: &JsValue, name: &str| get(object, name).as_f64().unwrap_or(0.0);
    let timeouts = get(&value, "timeouts");
    let mut sum = number(&value, "maxAttempts");
    if timeouts.is_object() {
        sum += number(&timeouts, "firstByteMs") + number(&timeouts, "idleMs") + number(&timeouts, "totalMs");
    }
    let headers = get(&value, "headers");
    if let Ok(headers) = headers.dyn_into::<js_sys::Array>() {
        sum += f64::from(headers.length());
    }
    Ok(sum)
}
