//! What fills a prompt: names with texts, or with lists of messages.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

use crate::chat::types::Message;
use crate::error::Result;
use crate::prompts::template::invalid;
use crate::wire::json::{Raw, string};

/// A value as a template finds it.
pub(crate) enum Given<'a> {
    /// Text, to be put in as it is.
    Text(Cow<'a, str>),
    /// Any other value, as checked JSON text.
    Json(Cow<'a, str>),
}

/// Where templates find their values.
pub(crate) trait Lookup {
    /// The value of this name.
    fn given(&self, name: &str) -> Option<Given<'_>>;
    /// The names of all values.
    fn names(&self) -> Vec<Cow<'_, str>>;
}

/// A JSON object of values, as JavaScript gives them.
impl Lookup for Raw<'_> {
    fn given(&self, name: &str) -> Option<Given<'_>> {
        let value = self.get(name)?;
        Some(match value.as_str() {
            Some(text) => Given::Text(text),
            None => Given::Json(Cow::Borrowed(value.text())),
        })
    }

    fn names(&self) -> Vec<Cow<'_, str>> {
        self.fields().map(|(name, _)| name).collect()
    }
}

/// One value of a prompt: text (numbers and booleans become text), or messages for a
/// [`MessagesPlaceholder`](crate::prompts::MessagesPlaceholder).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum PromptValue {
    /// Text.
    Text(String),
    /// Messages.
    Messages(Vec<Message>),
}

impl From<&str> for PromptValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for PromptValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<Message>> for PromptValue {
    fn from(messages: Vec<Message>) -> Self {
        Self::Messages(messages)
    }
}

impl<const N: usize> From<[Message; N]> for PromptValue {
    fn from(messages: [Message; N]) -> Self {
        Self::Messages(messages.into())
    }
}

macro_rules! plain {
    ($($kind:ty)*) => {$(
        impl From<$kind> for PromptValue {
            fn from(value: $kind) -> Self {
                Self::Text(value.to_string())
            }
        }
    )*};
}
plain!(bool char i32 i64 u32 u64 usize f32 f64);

/// The values of a prompt by name. Made from pairs, from a map, or one by one; a single text stands
/// for the only variable of a prompt that has just one.
///
/// ```
/// use lakewire::chat::Message;
/// use lakewire::prompts::PromptValues;
/// let values = PromptValues::new().with("count", 3).with("history", [Message::user("Hi")]);
/// let same: PromptValues = [("question", "What is a lakehouse?")].into();
/// let sole: PromptValues = "What is a lakehouse?".into();
/// # let _ = (values, same, sole);
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct PromptValues {
    named: Vec<(String, PromptValue)>,
    sole: Option<PromptValue>,
}

impl fmt::Debug for PromptValues {
    /// Shows the names only: values hold what people ask.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.named.iter().map(|(name, _)| name)).finish()
    }
}

impl PromptValues {
    /// No values.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value; one of the same name is replaced.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<PromptValue>) -> Self {
        self.set(name.into(), value.into());
        self
    }

    /// The value of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&PromptValue> {
        self.named.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The names of the values.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.named.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// Names with their values as JSON texts.
    pub(crate) fn texts(&self) -> Vec<(String, String)> {
        let text = |value: &PromptValue| match value {
            PromptValue::Text(text) => string(text),
            // messages hold text and JSON values: writing them cannot fail
            PromptValue::Messages(messages) => serde_json::to_string(messages).unwrap_or_else(|_| "[]".to_owned()),
        };
        self.named.iter().map(|(name, value)| (name.clone(), text(value))).collect()
    }

    /// The values as a JSON object, or the one value without a name.
    pub(crate) fn to_json(&self) -> String {
        let json = |value: &PromptValue| match value {
            PromptValue::Text(text) => string(text),
            PromptValue::Messages(messages) => serde_json::to_string(messages).unwrap_or_default(),
        };
        if let Some(value) = &self.sole {
            return json(value);
        }
        let mut out = String::from("{");
        for (name, value) in &self.named {
            out.push_str(if out.len() > 1 { "," } else { "" });
            out.push_str(&string(name));
            out.push(':');
            out.push_str(&json(value));
        }
        out.push('}');
        out
    }

    /// A text whose name only the prompt knows.
    fn of_sole(value: PromptValue) -> Self {
        Self { named: Vec::new(), sole: Some(value) }
    }

    fn set(&mut self, name: String, value: PromptValue) {
        match self.named.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.named.push((name, value)),
        }
    }

    /// These values and more; what is given later wins.
    pub(crate) fn and(mut self, more: Self) -> Self {
        for (name, value) in more.named {
            self.set(name, value);
        }
        self
    }

    /// These values over `partial` ones; a single value takes the only variable's name.
    pub(crate) fn over(mut self, partial: &Self, variables: &[String]) -> Result<Self> {
        if let Some(value) = self.sole.take() {
            match variables {
                [name] => self.set(name.clone(), value),
                // a value that no variable asks for is ignored
                [] => {}
                more => {
                    return Err(invalid(format!(
                        "A single value fills a prompt of one variable, this one has {}: give the values by name.",
                        more.len()
                    )));
                }
            }
        }
        for (name, value) in &partial.named {
            if self.get(name).is_none() {
                self.named.push((name.clone(), value.clone()));
            }
        }
        Ok(self)
    }
}

impl Lookup for PromptValues {
    fn given(&self, name: &str) -> Option<Given<'_>> {
        Some(match self.get(name)? {
            PromptValue::Text(text) => Given::Text(Cow::Borrowed(text)),
            // messages hold text, numbers and JSON values: writing them cannot fail
            PromptValue::Messages(messages) => {
                Given::Json(Cow::Owned(serde_json::to_string(messages).unwrap_or_else(|_| "null".to_owned())))
            }
        })
    }

    fn names(&self) -> Vec<Cow<'_, str>> {
        self.named.iter().map(|(name, _)| Cow::Borrowed(name.as_str())).collect()
    }
}

impl<K: Into<String>, V: Into<PromptValue>> FromIterator<(K, V)> for PromptValues {
    fn from_iter<T: IntoIterator<Item = (K, V)>>(pairs: T) -> Self {
        let mut values = Self::new();
        for (name, value) in pairs {
            values.set(name.into(), value.into());
        }
        values
    }
}

impl<K: Into<String>, V: Into<PromptValue>, const N: usize> From<[(K, V); N]> for PromptValues {
    fn from(pairs: [(K, V); N]) -> Self {
        pairs.into_iter().collect()
    }
}

impl<K: Into<String>, V: Into<PromptValue>> From<Vec<(K, V)>> for PromptValues {
    fn from(pairs: Vec<(K, V)>) -> Self {
        pairs.into_iter().collect()
    }
}

impl<K: Into<String>, V: Into<PromptValue>> From<BTreeMap<K, V>> for PromptValues {
    fn from(map: BTreeMap<K, V>) -> Self {
        map.into_iter().collect()
    }
}

impl<K: Into<String>, V: Into<PromptValue>, S> From<HashMap<K, V, S>> for PromptValues {
    fn from(map: HashMap<K, V, S>) -> Self {
        map.into_iter().collect()
    }
}

impl From<&str> for PromptValues {
    fn from(text: &str) -> Self {
        Self::of_sole(text.into())
    }
}

impl From<String> for PromptValues {
    fn from(text: String) -> Self {
        Self::of_sole(text.into())
    }
}

impl From<Vec<Message>> for PromptValues {
    fn from(messages: Vec<Message>) -> Self {
        Self::of_sole(messages.into())
    }
}
