//! The requests to Hugging Face as values. Pure, and on text, for both faces.

use crate::error::{Error, ErrorKind, Result};
use crate::hugging_face::types::{Provider, TextGenerationParameters};
use crate::wire::answer;
use crate::wire::call::{Call, Repeat, StreamCall};
use crate::wire::find::{find, split_once};
use crate::wire::json::{Json, Raw, push_string};
use crate::wire::request::{Method, Path, Request};

/// Where the router stands.
pub const ROUTER: &str = "https://router.huggingface.co";

/// Which model is asked, and where.
#[derive(Clone, Copy, Debug)]
pub struct Route<'a> {
    /// The path of the base URL, see [`prefix`].
    pub prefix: &'a str,
    /// Who runs the model.
    pub provider: &'a Provider,
    /// The model, `org/name`; a server of your own has but one and needs no name.
    pub model: Option<&'a str>,
}

/// The path of a base URL, which all routes begin with: empty for most. An address copied from
/// another client may end with `/v1` or `/v1/chat/completions`, which is left out.
///
/// ```
/// use lakewire::hugging_face::calls::prefix;
/// assert_eq!(prefix("https://router.huggingface.co"), "");
/// assert_eq!(prefix("http://127.0.0.1:8787/hf/v1/"), "/hf");
/// ```
#[must_use]
pub fn prefix(base: &str) -> &str {
    let Some((_, rest)) = split_once(base, "://").or_else(|| (!base.starts_with('/')).then_some(("", base))) else {
        // a path on the page's own origin is the host itself
        return "";
    };
    let rest = rest.split(['?', '#']).next().unwrap_or("");
    let path = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("").trim_end_matches('/');
    path.strip_suffix("/chat/completions").unwrap_or(path).strip_suffix("/v1").unwrap_or(path)
}

impl Route<'_> {
    /// Whether a server of one's own is asked, which speaks but of its own model.
    fn is_own(&self) -> bool {
        *self.provider == Provider::Tgi || (self.model.is_none() && *self.provider == Provider::Auto)
    }

    fn model(&self) -> Result<&str> {
        self.model.filter(|model| !model.is_empty()).ok_or_else(|| {
            invalid("A model is needed, such as databricks/dolly-v2-12b; only a Text Generation Inference server of your own needs none.")
        })
    }

    fn model_path(&self) -> Result<Path> {
        let mut path = Path::literal(self.prefix).then("/hf-inference/models");
        for piece in self.model()?.split('/') {
            path = path.then("/").segment("model", piece)?;
        }
        Ok(path)
    }

    /// The address of text generation.
    ///
    /// # Errors
    /// `InvalidInput` without a model, and for providers that have no such route.
    pub fn text_generation(&self, stream: bool) -> Result<String> {
        if self.is_own() {
            return Ok(Path::literal(self.prefix).then(if stream { "/generate_stream" } else { "/generate" }).finish());
        }
        match self.provider {
            Provider::Named(_) => Err(invalid(
                "Text generation is served by hf-inference and by Text Generation Inference servers: leave the provider out, or use chat().",
            )),
            _ => self.model_path().map(Path::finish),
        }
    }

    /// The address of chat, and the model's name in its body.
    ///
    /// # Errors
    /// `InvalidInput` without a model.
    pub fn chat(&self) -> Result<(String, String)> {
        let path = Path::literal(self.prefix).then("/v1/chat/completions").finish();
        if self.is_own() {
            // such a server takes any name
            return Ok((path, self.model.unwrap_or("tgi").to_owned()));
        }
        let mut model = self.model()?.to_owned();
        match self.provider {
            Provider::HfInference => return Ok((self.model_path()?.then("/v1/chat/completions").finish(), model)),
            Provider::Named(name) if !model.contains(':') => {
                model.push(':');
                model.push_str(name);
            }
            _ => {}
        }
        Ok((path, model))
    }
}

fn invalid(sentence: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, sentence)
}

/// The body of text generation; `parameters` is the JSON text of an object.
///
/// # Errors
/// `InvalidInput` with a sentence that says which parameter and what to write instead.
///
/// ```
/// use lakewire::hugging_face::calls::body;
/// let text = body("Say hi", r#"{"max_new_tokens":20}"#, false)?;
/// assert_eq!(text, r#"{"inputs":"Say hi","parameters":{"return_full_text":false,"max_new_tokens":20}}"#);
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn body(inputs: &str, parameters: &str, stream: bool) -> Result<String> {
    let given = Raw::parse(parameters)
        .map_err(|fault| invalid(&format!("The parameters cannot be sent: {}", fault.message())))?;
    if !given.is_object() {
        return Err(invalid("The parameters must be an object, such as { max_new_tokens: 100 }."));
    }
    let extra = given.get_some("extra_params");
    if extra.is_some_and(|extra| !extra.is_object()) {
        return Err(invalid("`extra_params` must be an object of parameters."));
    }
    let mut out = String::from("{\"inputs\":");
    push_string(&mut out, inputs);
    out.push_str(",\"parameters\":{");
    let mut put = |name: &str, value: &str| {
        if !out.ends_with('{') {
            out.push(',');
        }
        push_string(&mut out, name);
        out.push(':');
        out.push_str(value);
    };
    let in_extra = |name: &str| extra.is_some_and(|extra| extra.get(name).is_some());
    if given.get_some("return_full_text").is_none() && !in_extra("return_full_text") {
        // one of the two back ends repeats the prompt unless told not to
        put("return_full_text", "false");
    }
    for (name, value) in given.fields().filter(|(_, value)| !value.is_null()) {
        match &*name {
            "extra_params" => {}
            "stream" => return Err(invalid("Leave `stream` out: there are methods of their own for streams.")),
            _ if !TextGenerationParameters::FIELDS.contains(&name.as_ref()) => {
                return Err(invalid(&format!(
                    "`{name}` is not a parameter of text generation. If the server takes it, put it into `extra_params`."
                )));
            }
            _ if in_extra(&name) => {}
            "stop" | "stop_sequences" => {
                if name == "stop_sequences" && given.get_some("stop").is_some() {
                    return Err(invalid("`stop` and `stop_sequences` are the same: give one of them."));
                }
                if value.is_string() {
                    let mut list = String::from("[");
                    list.push_str(value.text());
                    list.push(']');
                    put("stop", &list);
                } else if value.is_array() && value.items().all(Raw::is_string) {
                    put("stop", value.text());
                } else {
                    return Err(invalid("`stop` must be a text or a list of texts."));
                }
            }
            _ => put(&name, value.text()),
        }
    }
    for (name, value) in extra.into_iter().flat_map(Raw::fields) {
        put(&name, value.text());
    }
    out.push('}');
    if stream {
        out.push_str(",\"stream\":true");
    }
    out.push('}');
    Ok(out)
}

/// The text of an answer: an object, or a list of one.
///
/// It is given as it came: [`body`] tells the server to leave the prompt out, and what begins with the prompt's
/// words all the same may be the answer's own.
///
/// # Errors
/// `Decode` when there is no text.
pub fn generated(answer: Raw<'_>) -> Result<String> {
    let object = answer.at(0).unwrap_or(answer);
    let text = object.get_some("generated_text").and_then(Raw::as_str).ok_or_else(|| {
        Error::new(
            ErrorKind::Decode,
            "The answer has no `generated_text`: check that the model is one of text generation.",
        )
    })?;
    Ok(text.into_owned())
}

/// Asks for a text.
///
/// # Errors
/// As [`Route::text_generation`].
///
/// ```
/// use lakewire::hugging_face::{Provider, calls::{self, Route}};
/// let route = Route { prefix: "", provider: &Provider::Auto, model: Some("databricks/dolly-v2-12b") };
/// let call = calls::text_generation(route, calls::body("Hi", "{}", false)?)?;
/// assert_eq!(call.request().path, "/hf-inference/models/databricks/dolly-v2-12b");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /hf-inference/models/{model}` or `POST /generate`
pub fn text_generation(route: Route<'_>, body: String) -> Result<Call<Json<()>>> {
    let request = Request::new(Method::Post, route.text_generation(false)?).json(body);
    Ok(Call::new(request, Repeat::Billed, answer::json).explained_by(explain))
}

/// Asks for a text, token by token.
///
/// # Errors
/// As [`Route::text_generation`].
///
/// ```
/// use lakewire::hugging_face::{Provider, calls::{self, Route}};
/// let route = Route { prefix: "", provider: &Provider::Tgi, model: None };
/// let call = calls::text_generation_stream(route, calls::body("Hi", "{}", true)?)?;
/// assert_eq!(call.request().path, "/generate_stream");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /hf-inference/models/{model}` or `POST /generate_stream`
pub fn text_generation_stream(route: Route<'_>, body: String) -> Result<StreamCall<()>> {
    let request = Request::new(Method::Post, route.text_generation(true)?).json(body);
    Ok(StreamCall::new(request, Repeat::Billed).explained_by(explain))
}

/// Adds what is known about refusals of Hugging Face and of Text Generation Inference.
pub(crate) fn explain(error: Error) -> Error {
    let code = error.error_code().unwrap_or("");
    let advice = match (error.status(), code) {
        (Some(401), _) => {
            let error = error.without_advice("Check that the token is valid for this workspace and has not expired.");
            return error.with_advice("Check that the token is a Hugging Face token (or the key of your own server) with the permission for Inference Providers.");
        }
        (Some(402), _) => {
            "The month's included credits are used up: buy more, or set `billTo` (bill_to in Rust) to an organisation that has some."
        }
        (Some(410), _) => {
            "This address of the Inference API is gone: use the router (https://router.huggingface.co, the default) or a server of your own."
        }
        (_, "model_not_supported") => NOT_SERVED,
        (Some(400), _) if find(error.message(), "not supported by").is_some() => NOT_SERVED,
        (_, "template_error" | "missing_template_variable") => {
            "The model has no chat template: use text generation with a prompt in its own words, such as dollyPrompt() (dolly_prompt() in Rust)."
        }
        _ => return error,
    };
    error.with_advice(advice)
}

const NOT_SERVED: &str = "No provider serves this model now: run it on a Text Generation Inference server of your own and give its address as the base URL, with the provider `tgi`.";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn route<'a>(provider: &'a Provider, model: Option<&'a str>) -> Route<'a> {
        Route { prefix: "/hf", provider, model }
    }

    const DOLLY: Option<&str> = Some("databricks/dolly-v2-12b");

    #[test]
    fn every_provider_has_its_addresses() {
        let named = Provider::from_name("together").unwrap();
        let text = |provider, model, stream| route(provider, model).text_generation(stream);
        let chat = |provider, model| route(provider, model).chat();
        assert_eq!(text(&Provider::Auto, DOLLY, true).unwrap(), "/hf/hf-inference/models/databricks/dolly-v2-12b");
        assert_eq!(text(&Provider::Tgi, DOLLY, false).unwrap(), "/hf/generate");
        assert_eq!(text(&Provider::Auto, None, true).unwrap(), "/hf/generate_stream");
        assert!(text(&named, DOLLY, false).unwrap_err().message().contains("chat()"));
        let router = "/hf/v1/chat/completions".to_owned();
        assert_eq!(chat(&Provider::Auto, Some("a/b")).unwrap(), (router.clone(), "a/b".into()));
        assert_eq!(chat(&named, Some("a/b")).unwrap(), (router.clone(), "a/b:together".into()));
        assert_eq!(chat(&named, Some("a/b:fastest")).unwrap(), (router.clone(), "a/b:fastest".into()));
        assert_eq!(chat(&Provider::Tgi, None).unwrap(), (router, "tgi".into()));
        let own = "/hf/hf-inference/models/a/b/v1/chat/completions".to_owned();
        assert_eq!(chat(&Provider::HfInference, Some("a/b")).unwrap(), (own, "a/b".into()));
        for bad in [None, Some(""), Some("a/../b"), Some("a//b")] {
            assert_eq!(
                text(&Provider::HfInference, bad, false).unwrap_err().kind(),
                ErrorKind::InvalidInput,
                "{bad:?}"
            );
        }
        assert!(Provider::from_name("../x").is_err());
    }

    #[test]
    fn base_urls_have_one_prefix() {
        for (base, expected) in [
            ("https://x.example/v1/chat/completions", ""),
            ("https://x.example/v1", ""),
            ("x.example/a/b/", "/a/b"),
            ("https://x.example?x=/y", ""),
            ("/same-origin", ""),
        ] {
            assert_eq!(prefix(base), expected, "{base}");
        }
    }

    #[test]
    fn parameters_are_checked_and_kept() {
        let of = |parameters: &str| -> Value { serde_json::from_str(&body("P", parameters, true).unwrap()).unwrap() };
        assert_eq!(of("{}"), json!({"inputs": "P", "parameters": {"return_full_text": false}, "stream": true}));
        let given = of(
            r#"{"return_full_text":true,"stop_sequences":"x","seed":null,"top_p":0.9,"extra_params":{"top_p":0.5,"new":1}}"#,
        );
        assert_eq!(given["parameters"], json!({"return_full_text": true, "stop": ["x"], "top_p": 0.5, "new": 1}));
        for (bad, says) in [
            (r#"{"max_tokens":1}"#, "`max_tokens`"),
            (r#"{"stream":true}"#, "`stream`"),
            (r#"{"stop":"a","stop_sequences":["b"]}"#, "the same"),
            (r#"{"stop":[1]}"#, "list of texts"),
            ("[]", "must be an object"),
        ] {
            assert!(body("P", bad, false).unwrap_err().message().contains(says), "{bad}");
        }
    }

    #[test]
    fn an_answer_is_an_object_or_a_list_of_one() {
        let of = |answer: &str| generated(Raw::parse(answer).unwrap());
        assert_eq!(of(r#"[{"generated_text":" there"}]"#).unwrap(), " there");
        assert_eq!(of(r#"{"generated_text":"Hi"}"#).unwrap(), "Hi");
        assert_eq!(of(r#"[{"summary":"x"}]"#).unwrap_err().kind(), ErrorKind::Decode);
    }

    #[test]
    fn refusals_say_what_to_do() {
        let advice = |status: u16, code: Option<&str>, message: &str| {
            let error = Error::new(ErrorKind::BadRequest, message).with_status(status);
            explain(error.with_error_code(code.map(str::to_owned))).message().to_owned()
        };
        assert!(advice(410, None, "Gone.").contains("router.huggingface.co"));
        assert!(advice(400, Some("model_not_supported"), "No.").contains("provider `tgi`"));
        assert!(
            advice(400, None, "The requested model is not supported by any provider you have enabled.")
                .contains("provider `tgi`")
        );
        assert!(advice(422, Some("template_error"), "No.").contains("dollyPrompt"));
        assert!(advice(402, None, "Pay.").contains("billTo"));
        let unauthenticated =
            advice(401, None, "No. Check that the token is valid for this workspace and has not expired.");
        assert!(unauthenticated.starts_with("No. Check that the token is a Hugging Face token"), "{unauthenticated}");
        assert_eq!(advice(400, None, "Other."), "Other.");
    }

    proptest! {
        #[test]
        fn any_prompt_arrives_and_any_answer_is_kept(inputs: String, new: String) {
            let sent: Value = serde_json::from_str(&body(&inputs, "{}", false).unwrap()).unwrap();
            prop_assert_eq!(&sent["inputs"], &json!(inputs));
            prop_assert_eq!(&sent["parameters"]["return_full_text"], &json!(false));
            let answer = json!([{"generated_text": new}]).to_string();
            prop_assert_eq!(generated(Raw::parse(&answer).unwrap()).unwrap(), new);
        }
    }
}
