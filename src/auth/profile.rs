//! The profile file (`~/.databrickscfg`): INI text to sections, and which section is meant. Pure.

use std::fmt;

use crate::error::{Error, ErrorKind, Result};

/// The section that holds no profile but settings of the file itself.
const SETTINGS: &str = "__settings__";
/// The profile that is meant when none is named. The others inherit nothing from it.
const DEFAULT: &str = "DEFAULT";

/// The sections of a profile file, in order.
#[derive(Clone, Default)]
pub struct Profiles {
    sections: Vec<Section>,
}

#[derive(Clone)]
struct Section {
    name: String,
    values: Vec<(String, String)>,
}

impl Profiles {
    /// Reads the text of a profile file.
    ///
    /// ```
    /// use lakewire::auth::profile::Profiles;
    /// let file = Profiles::parse("[robot]\nhost = https://x.example\n")?;
    /// assert_eq!(file.choose(Some("robot"))?.unwrap().get("host"), Some("https://x.example"));
    /// # Ok::<(), lakewire::Error>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` with the number of the line that is neither a section, a comment nor
    /// `key = value`, or that gives a section or key a second time. Its text is not repeated: it
    /// may hold a secret.
    pub fn parse(text: &str) -> Result<Self> {
        let mut sections: Vec<Section> = Vec::new();
        for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let wrong = |what: &str| {
                invalid(format!("Line {} of the profile file {what}: correct it, or name another file.", at + 1))
            };
            let line = line.trim();
            if line.is_empty() || line.starts_with(['#', ';']) {
                continue;
            }
            if let Some(rest) = line.strip_prefix('[') {
                let name = rest.strip_suffix(']').map(str::trim).filter(|name| !name.is_empty());
                let name = name.ok_or_else(|| wrong("begins a section without a name in brackets"))?;
                if sections.iter().any(|section| section.name == name) {
                    return Err(wrong("begins a section that stands in the file already"));
                }
                sections.push(Section { name: name.to_owned(), values: Vec::new() });
                continue;
            }
            let section = sections.last_mut().ok_or_else(|| wrong("stands before the first section"))?;
            let (key, value) = line.split_once(['=', ':']).ok_or_else(|| wrong("is not `key = value`"))?;
            let key = key.trim().to_ascii_lowercase();
            if section.values.iter().any(|(known, _)| *known == key) {
                return Err(wrong("gives a key that its section has already"));
            }
            section.values.push((key, value.trim().to_owned()));
        }
        Ok(Self { sections })
    }

    /// The profile that is meant: the named one, else the one that `default_profile` in
    /// `[__settings__]` names, else `[DEFAULT]` if it holds anything.
    ///
    /// # Errors
    /// `InvalidInput` when the named profile is not in the file, or is `__settings__`.
    pub fn choose(&self, named: Option<&str>) -> Result<Option<Profile<'_>>> {
        let by_file = || self.section(SETTINGS).and_then(|settings| settings.get("default_profile"));
        match named.or_else(by_file).filter(|name| !name.is_empty()) {
            Some(SETTINGS) => Err(invalid(format!(
                "`{SETTINGS}` is not a profile: it holds settings of the profile file. Name another profile."
            ))),
            Some(name) => match self.section(name) {
                Some(profile) => Ok(Some(profile)),
                None if named.is_none() && name == DEFAULT => Ok(None),
                None => Err(missing(name)),
            },
            None => Ok(self.section(DEFAULT).filter(|profile| !profile.0.values.is_empty())),
        }
    }

    fn section(&self, name: &str) -> Option<Profile<'_>> {
        self.sections.iter().find(|section| section.name == name).map(Profile)
    }
}

/// The error of a profile that no file holds.
pub(super) fn missing(name: &str) -> Error {
    let shown = if name.len() <= 64 && !name.chars().any(char::is_control) { name } else { "…" };
    invalid(format!(
        "The profile `{shown}` is not in the profile file: name one that is, or add a section `[{shown}]` with its host."
    ))
}

fn invalid(sentence: String) -> Error {
    Error::new(ErrorKind::InvalidInput, sentence)
}

/// One profile: the keys and values of a section.
#[derive(Clone, Copy)]
pub struct Profile<'a>(&'a Section);

impl<'a> Profile<'a> {
    /// The profile's name.
    #[must_use]
    pub fn name(self) -> &'a str {
        &self.0.name
    }

    /// The value of a key; an empty one counts as absent.
    #[must_use]
    pub fn get(self, key: &str) -> Option<&'a str> {
        let found = self.0.values.iter().find(|(known, _)| known == key)?;
        Some(found.1.as_str()).filter(|value| !value.is_empty())
    }
}

impl fmt::Debug for Profile<'_> {
    /// Keys only: values may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.values.iter().map(|(key, _)| key)).finish()
    }
}

impl fmt::Debug for Profiles {
    /// Names only: values may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.sections.iter().map(|section| &section.name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FILE: &str = "\u{feff}# comment\r\n[DEFAULT]\r\nhost  = https://a.example\r\ntoken = CANARY\r\n\r\n; more\r\n[robot]\r\n  Host: https://b.example/\r\nclient_id=1=1\r\n[empty]\r\n[__settings__]\r\ndefault_profile = robot\r\n";

    #[test]
    fn profiles_are_chosen_as_databricks_does() {
        let file = Profiles::parse(FILE).unwrap();
        let chosen = |name| file.choose(name).unwrap().unwrap();
        assert_eq!(chosen(None).name(), "robot");
        assert_eq!(chosen(Some("DEFAULT")).get("token"), Some("CANARY"));
        // DEFAULT is inherited by nobody
        assert_eq!(
            (chosen(Some("robot")).get("token"), chosen(Some("robot")).get("host")),
            (None, Some("https://b.example/"))
        );
        assert_eq!(chosen(Some("robot")).get("client_id"), Some("1=1"));
        assert!(file.choose(Some("nobody")).unwrap_err().message().contains("`nobody`"));
        assert!(file.choose(Some("__settings__")).unwrap_err().message().contains("not a profile"));

        let plain = Profiles::parse("[DEFAULT]\nhost=x\n").unwrap();
        assert_eq!(plain.choose(None).unwrap().unwrap().name(), "DEFAULT");
        for none in ["", "[DEFAULT]\n", "[other]\nhost=x\n"] {
            assert!(Profiles::parse(none).unwrap().choose(None).unwrap().is_none());
        }
        let gone = Profiles::parse("[__settings__]\ndefault_profile = gone\n").unwrap();
        assert!(gone.choose(None).is_err());
    }

    #[test]
    fn faulty_files_name_the_line_and_never_its_text() {
        for (text, line) in [
            ("host = CANARY", "Line 1"),
            ("[a]\nCANARY", "Line 2"),
            ("[a\n", "Line 1"),
            ("[]\n", "Line 1"),
            ("[a]\n\n[a]\n", "Line 3"),
            ("[a]\ntoken = CANARY\ntoken = CANARY2\n", "Line 3"),
        ] {
            let error = Profiles::parse(text).unwrap_err();
            assert!(error.message().starts_with(line) && !error.to_string().contains("CANARY"), "{error}");
        }
        assert!(!format!("{:?}", Profiles::parse(FILE).unwrap()).contains("CANARY"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[\\[\\]a=:# \n]{0,40}") {
            if let Ok(file) = Profiles::parse(&text) {
                let _ = file.choose(None);
            }
        }
    }
}
