//! What a chain that MLflow shall serve is made of. Pure.

use std::borrow::Cow;

use crate::error::{Error, ErrorKind, Result};
use crate::prompts::messages::Messages;
use crate::prompts::prompt::names;
use crate::prompts::template::Template;
use crate::wire::json::{Raw, string};

/// What makes the model's input out of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Prompt {
    /// One text; the chat gets it as what the user says.
    Text(String),
    /// Messages: the JSON text that `Messages::parse` reads.
    Messages(String),
}

/// What reads the model's answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Output {
    /// Nothing: the answer is a message.
    #[default]
    Message,
    /// Its text.
    Text,
    /// The JSON in its text.
    Json,
    /// The items of its comma separated list.
    List,
}

/// Where passages for the prompt come from: the rows of a vector search index that are nearest to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retriever {
    pub(crate) index: String,
    pub(crate) text_column: Option<String>,
    pub(crate) embedding_endpoint: Option<String>,
    pub(crate) columns: Vec<String>,
    pub(crate) k: u64,
    pub(crate) query_type: Option<String>,
    pub(crate) filters: Option<String>,
    pub(crate) question: String,
    pub(crate) context: String,
}

impl Retriever {
    /// Passages of an index (`catalog.schema.index`): the input `question` finds four, and the prompt's variable `context`
    /// becomes their texts.
    #[must_use]
    pub fn new(index: impl Into<String>) -> Self {
        Self {
            index: index.into(),
            text_column: None,
            embedding_endpoint: None,
            columns: Vec::new(),
            k: 4,
            query_type: None,
            filters: None,
            question: "question".to_owned(),
            context: "context".to_owned(),
        }
    }

    /// For an index whose embeddings are one's own: the endpoint that embeds questions, and the column of the passages.
    #[must_use]
    pub fn embedded_by(mut self, endpoint: impl Into<String>, text_column: impl Into<String>) -> Self {
        self.embedding_endpoint = Some(endpoint.into());
        self.text_column = Some(text_column.into());
        self
    }

    /// More columns that documents carry.
    #[must_use]
    pub fn columns<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.columns = columns.into_iter().map(Into::into).collect();
        self
    }

    /// How many passages, 1 or more.
    #[must_use]
    pub fn k(mut self, k: u64) -> Self {
        self.k = k;
        self
    }

    /// `ANN`, `HYBRID` or `FULL_TEXT`.
    #[must_use]
    pub fn query_type(mut self, query_type: impl Into<String>) -> Self {
        self.query_type = Some(query_type.into());
        self
    }

    /// Which input finds the passages, and which variable of the prompt they become.
    #[must_use]
    pub fn between(mut self, question: impl Into<String>, context: impl Into<String>) -> Self {
        self.question = question.into();
        self.context = context.into();
        self
    }
}

/// A chain as MLflow can serve it: a prompt, a chat endpoint, and what stands around them.
///
/// ```
/// use lakewire::mlflow::models::ChainModel;
/// let model = ChainModel::from_json(
///     r#"{"prompt":{"text":"Explain {thing}."},"chat":{"endpoint":"llama","temperature":0},"output":"text"}"#,
/// )?;
/// assert!(model.source()?.contains("chain = prompt | model | StrOutputParser()"));
/// # Ok::<(), lakewire::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainModel {
    pub(crate) prompt: Option<Prompt>,
    /// Names with JSON texts.
    pub(crate) values: Vec<(String, String)>,
    pub(crate) endpoint: String,
    /// The JSON text of an object.
    pub(crate) params: String,
    pub(crate) functions: Vec<String>,
    pub(crate) retriever: Option<Retriever>,
    pub(crate) output: Output,
    /// The JSON text of an object.
    pub(crate) example: Option<String>,
}

/// One input of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) messages: bool,
    pub(crate) required: bool,
}

impl ChainModel {
    /// A chat endpoint alone: messages in, a message out.
    #[must_use]
    pub fn new(endpoint: impl Into<String>) -> Self {
        Self {
            prompt: None,
            values: Vec::new(),
            endpoint: endpoint.into(),
            params: "{}".to_owned(),
            functions: Vec::new(),
            retriever: None,
            output: Output::Message,
            example: None,
        }
    }

    /// Reads a description: `{prompt: {text} | {messages}, values, chat: {endpoint, …parameters}, functions, retriever:
    /// {index, text_column, embedding_endpoint, columns, k, query_type, filters, question, context}, output: "text" | "json" |
    /// "list", example}`; all but `chat` may be left out.
    ///
    /// # Errors
    /// `InvalidInput` for what no chain can have, naming it.
    pub fn from_json(text: &str) -> Result<Self> {
        let root =
            object(Raw::parse(text).map_err(|_| invalid("The chain's description is not JSON."))?, "description")?;
        const KNOWN: &[&str] = &["prompt", "values", "chat", "functions", "retriever", "output", "example"];
        only(root, KNOWN, "The chain's description")?;
        let chat = object(root.get_some("chat").ok_or_else(|| invalid("The chain has no chat endpoint."))?, "chat")?;
        let mut model = Self::new(word(chat, "endpoint")?.unwrap_or_default());
        model.params = chat.text().to_owned();
        if let Some(prompt) = root.get_some("prompt") {
            model.prompt = Some(match (word(prompt, "text")?, prompt.get_some("messages")) {
                (Some(text), None) => Prompt::Text(text),
                (None, Some(messages)) => Prompt::Messages(messages.text().to_owned()),
                _ => return Err(invalid("The prompt has `text`, or `messages`.")),
            });
        }
        for (name, value) in root.get_some("values").into_iter().flat_map(Raw::fields) {
            model.values.push((name.into_owned(), value.text().to_owned()));
        }
        model.functions = words(root, "functions")?;
        model.retriever = root.get_some("retriever").map(retriever).transpose()?;
        model.output = match word(root, "output")?.as_deref() {
            None => Output::Message,
            Some("text") => Output::Text,
            Some("json") => Output::Json,
            Some("list") => Output::List,
            Some(_) => return Err(invalid("`output` must be text, json or list; leave it out for messages.")),
        };
        let example = root.get_some("example").map(|example| object(example, "example")).transpose()?;
        model.example = example.map(|example| example.text().to_owned());
        model.check()?;
        Ok(model)
    }

    /// The model may ask for these functions of Unity Catalog (`catalog.schema.function`) until it answers.
    #[must_use]
    pub fn functions<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.functions = names.into_iter().map(Into::into).collect();
        self
    }

    /// Fetches passages for the prompt first.
    #[must_use]
    pub fn retriever(mut self, retriever: Retriever) -> Self {
        self.retriever = Some(retriever);
        self
    }

    /// Sets the input that is stored as an example: the JSON text of an object.
    ///
    /// # Errors
    /// `InvalidInput` when it is none.
    pub fn example(mut self, json: &str) -> Result<Self> {
        let example = Raw::parse(json).map_err(|_| invalid("The example is not JSON."))?;
        self.example = Some(object(example, "example")?.text().to_owned());
        Ok(self)
    }

    /// What the chain takes.
    pub(crate) fn inputs(&self) -> Result<Vec<Input>> {
        let mut inputs: Vec<Input> = Vec::new();
        let given = |name: &str| self.values.iter().any(|(known, _)| known == name);
        let fetched = self.retriever.as_ref();
        let mut add = |name: &str, messages: bool, required: bool| {
            let inside = given(name) || fetched.is_some_and(|retriever| retriever.context == name);
            if !inside && !inputs.iter().any(|input| input.name == name) {
                inputs.push(Input { name: name.to_owned(), messages, required });
            }
        };
        if let Some(retriever) = fetched {
            add(&retriever.question, false, true);
        }
        match &self.prompt {
            None => add("messages", true, true),
            Some(Prompt::Text(text)) => names(&Template::parse(text)?).iter().for_each(|name| add(name, false, true)),
            Some(Prompt::Messages(spec)) => {
                let messages = Messages::parse(spec)?;
                let places = placeholders(Raw::parse(spec)?);
                for name in messages.variables() {
                    add(&name, places.iter().any(|place| *place == name), true);
                }
                messages.optional().for_each(|name| add(name, true, false));
            }
        }
        Ok(inputs)
    }

    pub(crate) fn check(&self) -> Result<()> {
        if self.endpoint.is_empty() {
            return Err(invalid("The chain's chat needs the endpoint's name."));
        }
        for name in &self.functions {
            full_name("function", name)?;
        }
        let inputs = self.inputs()?;
        let Some(retriever) = &self.retriever else { return Ok(()) };
        full_name("index", &retriever.index)?;
        if retriever.k == 0 {
            return Err(invalid("The retriever's `k` must be 1 or more."));
        }
        if inputs.iter().any(|input| input.name == retriever.question && input.messages) {
            return Err(invalid("The retriever's question must be a text of the prompt, not a place for messages."));
        }
        let used = match &self.prompt {
            None => false,
            Some(Prompt::Text(text)) => names(&Template::parse(text)?).contains(&retriever.context),
            Some(Prompt::Messages(spec)) => Messages::parse(spec)?.variables().contains(&retriever.context),
        };
        if !used {
            let sentence = ["The prompt has no variable `", &retriever.context, "` for what the retriever finds."];
            return Err(invalid(sentence.concat()));
        }
        Ok(())
    }

    /// The stored example of an input: what was given, or a text that says where the value goes.
    pub(crate) fn input_example(&self) -> Result<String> {
        if let Some(example) = &self.example {
            return Ok(example.clone());
        }
        let mut out = String::from("{");
        for input in self.inputs()?.iter().filter(|input| input.required) {
            out.push_str(if out.len() == 1 { "" } else { ", " });
            out.push_str(&string(&input.name));
            out.push_str(": ");
            if input.messages {
                out.push_str("[{\"role\": \"user\", \"content\": \"Hello\"}]");
            } else {
                out.push_str(&string(&input.name));
            }
        }
        out.push('}');
        Ok(out)
    }
}

/// The names of a prompt's places for messages.
fn placeholders(spec: Raw<'_>) -> Vec<Cow<'_, str>> {
    spec.items()
        .filter_map(|item| match item.get_some("placeholder") {
            Some(name) if item.get_some("role").is_none() => name.as_str(),
            _ => short_place(item).map(|(name, _)| name),
        })
        .collect()
}

/// LangChain's short form of a place: `["placeholder", "{name}"]`, or with `["{name}", optional]`.
pub(crate) fn short_place(item: Raw<'_>) -> Option<(Cow<'_, str>, bool)> {
    if item.at(0).and_then(Raw::as_str).as_deref() != Some("placeholder") {
        return None;
    }
    let given = item.at(1)?;
    let (name, optional) = match given.at(0) {
        Some(name) => (name.as_str()?, given.at(1).and_then(Raw::as_bool).unwrap_or(true)),
        None => (given.as_str()?, true),
    };
    let inner = name.strip_prefix('{')?.strip_suffix('}')?.to_owned();
    Some((Cow::Owned(inner), optional))
}

fn retriever(given: Raw<'_>) -> Result<Retriever> {
    const KNOWN: &[&str] =
        &["index", "text_column", "embedding_endpoint", "columns", "k", "query_type", "filters", "question", "context"];
    let given = object(given, "retriever")?;
    only(given, KNOWN, "The retriever")?;
    let mut out = Retriever::new(word(given, "index")?.unwrap_or_default());
    out.text_column = word(given, "text_column")?;
    out.embedding_endpoint = word(given, "embedding_endpoint")?;
    out.columns = words(given, "columns")?;
    out.query_type = word(given, "query_type")?;
    out.filters = given.get_some("filters").map(|filters| filters.text().to_owned());
    if let Some(k) = given.get_some("k") {
        let k = k.as_i64().and_then(|k| u64::try_from(k).ok());
        out.k = k.ok_or_else(|| invalid("The retriever's `k` must be a whole number, 1 or more."))?;
    }
    out.question = word(given, "question")?.unwrap_or(out.question);
    out.context = word(given, "context")?.unwrap_or(out.context);
    Ok(out)
}

fn full_name(what: &str, name: &str) -> Result<()> {
    let parts = name.split('.').filter(|part| !part.is_empty()).count();
    if parts == 3 && name.split('.').count() == 3 {
        return Ok(());
    }
    Err(invalid(["The ", what, " `", name, "` must be given as catalog.schema.name."].concat()))
}

fn object<'a>(value: Raw<'a>, what: &str) -> Result<Raw<'a>> {
    if value.is_object() { Ok(value) } else { Err(invalid(["The chain's ", what, " must be an object."].concat())) }
}

fn only(value: Raw<'_>, known: &[&str], what: &str) -> Result<()> {
    match value.fields().find(|(name, _)| !known.contains(&name.as_ref())) {
        None => Ok(()),
        Some((name, _)) => Err(invalid([what, " has no `", &name, "`: it takes ", &known.join(", "), "."].concat())),
    }
}

fn word(of: Raw<'_>, name: &str) -> Result<Option<String>> {
    let not_text = || invalid(["`", name, "` must be a text."].concat());
    of.get_some(name).map(|value| value.as_str().map(Cow::into_owned).ok_or_else(not_text)).transpose()
}

fn words(of: Raw<'_>, name: &str) -> Result<Vec<String>> {
    let Some(list) = of.get_some(name) else { return Ok(Vec::new()) };
    let texts: Option<Vec<String>> = list.items().map(|item| item.as_str().map(Cow::into_owned)).collect();
    texts.filter(|_| list.is_array()).ok_or_else(|| invalid(["`", name, "` must be a list of texts."].concat()))
}

pub(crate) fn invalid(sentence: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidInput, sentence)
}
