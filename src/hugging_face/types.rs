//! Requests and answers of text generation, in the words of Hugging Face's Text Generation Inference.

use serde_json::{Map, Value};

use crate::chat::types::Stop;
use crate::error::{Error, ErrorKind, Result};
use crate::macros::{setters, wire_struct};

/// Who runs the model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Provider {
    /// The router chooses for chat; text generation goes to Hugging Face's own servers.
    #[default]
    Auto,
    /// Hugging Face's own servers.
    HfInference,
    /// A Text Generation Inference server of your own; its address is the base URL.
    Tgi,
    /// A provider by the name the router knows, such as `together`. For chat only.
    Named(String),
}

impl Provider {
    /// The provider of this name: `auto`, `hf-inference`, `tgi`, or one the router knows.
    ///
    /// # Errors
    /// `InvalidInput` when no provider can have the name.
    pub fn from_name(name: &str) -> Result<Self> {
        Ok(match name {
            "" | "auto" => Self::Auto,
            "hf-inference" => Self::HfInference,
            "tgi" => Self::Tgi,
            other if other.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) => {
                Self::Named(other.to_owned())
            }
            _ => {
                return Err(Error::new(
                    ErrorKind::InvalidInput,
                    "The provider must be auto, hf-inference, tgi or the name of one of the router's providers.",
                ));
            }
        })
    }
}

wire_struct! {
    /// What text generation may be told besides its input.
    pub struct TextGenerationParameters closed {
        /// How many tokens to make at most; servers cap it, some at few.
        pub max_new_tokens: Option<u64>,
        /// Randomness, above 0: servers refuse 0. Leave it out, or set `do_sample` to false, for the likeliest words.
        pub temperature: Option<f64>,
        /// Whether to draw words instead of taking the likeliest.
        pub do_sample: Option<bool>,
        /// Texts that end the answer, at most 4 on most servers.
        pub stop: Option<Stop>,
        /// The older name of `stop`.
        pub stop_sequences: Option<Stop>,
        /// Whether the prompt stands before the text; `false` is sent when absent.
        pub return_full_text: Option<bool>,
        /// Nucleus sampling, between 0 and 1.
        pub top_p: Option<f64>,
        /// How many likely tokens to choose from.
        pub top_k: Option<u64>,
        /// Typical sampling, between 0 and 1.
        pub typical_p: Option<f64>,
        /// Above 0; more than 1 discourages repetition.
        pub repetition_penalty: Option<f64>,
        /// −2 to 2.
        pub frequency_penalty: Option<f64>,
        /// How many texts to draw the best from; needs sampling, refused with streams.
        pub best_of: Option<u64>,
        /// Keeps only so many of the prompt's last tokens.
        pub truncate: Option<u64>,
        /// Whether to mark the text as a machine's.
        pub watermark: Option<bool>,
        /// Whether the answer tells its tokens and why it ended.
        pub details: Option<bool>,
        /// Whether it tells the prompt's tokens too; refused with streams.
        pub decoder_input_details: Option<bool>,
        /// Makes sampling repeatable.
        pub seed: Option<u64>,
        /// How many alternatives to tell for each token.
        pub top_n_tokens: Option<u64>,
        /// The form the text must have: a JSON Schema or a regular expression.
        pub grammar: Option<Value>,
        /// The LoRA adapter to use.
        pub adapter_id: Option<String>,
        /// Parameters this version does not know, by name; they win over those of the same name.
        pub extra_params: Option<Map<String, Value>>,
    }
}

impl Default for TextGenerationParameters {
    fn default() -> Self {
        Self {
            max_new_tokens: None,
            temperature: None,
            do_sample: None,
            stop: None,
            stop_sequences: None,
            return_full_text: None,
            top_p: None,
            top_k: None,
            typical_p: None,
            repetition_penalty: None,
            frequency_penalty: None,
            best_of: None,
            truncate: None,
            watermark: None,
            details: None,
            decoder_input_details: None,
            seed: None,
            top_n_tokens: None,
            grammar: None,
            adapter_id: None,
            extra_params: None,
            extra: Map::new(),
        }
    }
}

impl TextGenerationParameters {
    setters! {
        /// How many tokens to make at most.
        max_new_tokens: u64,
        /// Randomness, above 0.
        temperature: f64,
        /// Whether to draw words.
        do_sample: bool,
        /// Texts that end the answer.
        stop: Stop,
        /// Whether the prompt stands before the text.
        return_full_text: bool,
        /// Nucleus sampling.
        top_p: f64,
        /// How many likely tokens to choose from.
        top_k: u64,
        /// More than 1 discourages repetition.
        repetition_penalty: f64,
        /// Whether the answer tells its tokens and why it ended.
        details: bool,
        /// Makes sampling repeatable.
        seed: u64,
        /// The form the text must have.
        grammar: Value,
        /// Parameters this version does not know.
        extra_params: Map<String, Value>,
    }
}

wire_struct! {
    /// How a text came to be, when `details` asked for it.
    pub struct TextGenerationDetails {
        /// `length`, `eos_token` or `stop_sequence`.
        pub finish_reason: Option<String>,
        /// How many tokens were made.
        pub generated_tokens: Option<u64>,
        /// How many tokens the prompt has; told at the end of streams.
        pub input_length: Option<u64>,
        /// The seed of sampling.
        pub seed: Option<u64>,
        /// The tokens of the text.
        pub tokens: Option<Vec<TextGenerationToken>>,
    }
}

wire_struct! {
    /// One token.
    pub struct TextGenerationToken {
        /// Its number in the vocabulary.
        pub id: Option<i64>,
        /// Its text.
        pub text: String,
        /// How likely it was, as a logarithm.
        pub logprob: Option<f64>,
        /// Whether it is a mark of the model's and no text.
        pub special: Option<bool>,
    }
}

wire_struct! {
    /// One event of a streamed text.
    pub struct TextGenerationEvent {
        /// Its number, from 1.
        pub index: Option<i64>,
        /// The new token.
        pub token: Option<TextGenerationToken>,
        /// The whole text; on the last event alone.
        pub generated_text: Option<String>,
        /// How it came to be; on the last event alone.
        pub details: Option<TextGenerationDetails>,
    }
}
