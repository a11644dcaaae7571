//! Text that may be a secret: a reference is shown, anything else is not.

use std::fmt;

/// A `{{secrets/scope/key}}` reference, or a secret itself. Printing shows references only.
///
/// ```
/// use lakewire::serving_endpoints::SecretText;
/// assert_eq!(format!("{:?}", SecretText::reference("llm", "openai")), "{{secrets/llm/openai}}");
/// assert_eq!(format!("{:?}", SecretText::from("sk-123")), "[redacted]");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(String);

impl SecretText {
    /// The reference to a secret of the workspace, which the service looks up itself.
    #[must_use]
    pub fn reference(scope: &str, key: &str) -> Self {
        Self(["{{secrets/", scope, "/", key, "}}"].concat())
    }

    /// Whether it is a reference.
    #[must_use]
    pub fn is_reference(&self) -> bool {
        is_reference(&self.0)
    }

    /// The text itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Whether a text is `{{secrets/scope/key}}`.
pub(crate) fn is_reference(text: &str) -> bool {
    let inner = text.strip_prefix("{{secrets/").and_then(|rest| rest.strip_suffix("}}"));
    let part = |part: &str| !part.is_empty() && !part.contains(['/', '{', '}']);
    inner.and_then(|inner| inner.split_once('/')).is_some_and(|(scope, key)| part(scope) && part(key))
}

impl<T: Into<String>> From<T> for SecretText {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_reference() { &self.0 } else { "[redacted]" })
    }
}

impl serde::Serialize for SecretText {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for SecretText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

impl crate::macros::WireField for SecretText {}

#[cfg(test)]
impl crate::typescript::Typescript for SecretText {
    fn reference() -> String {
        "string".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l11_only_references_are_shown() {
        for good in ["{{secrets/a/b}}", "{{secrets/my.scope@x/my-key_1}}"] {
            assert!(is_reference(good), "{good}");
        }
        for bad in [
            "",
            "sk-1",
            "{{secrets/a}}",
            "{{secrets/a/}}",
            "{{secrets//b}}",
            "{{secrets/a/b/c}}",
            "{{secrets/a/b}} ",
            "{{secrets/{a/b}}",
            "{secrets/a/b}",
        ] {
            assert!(!is_reference(bad), "{bad}");
            assert_eq!(format!("{:?}", SecretText::from(bad)), "[redacted]");
        }
    }
}
