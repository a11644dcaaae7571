//! Faults queued for the requests to come.

use serde::{Deserialize, Serialize};

use super::Fault;

/// Which requests a scripted fault happens to.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Match {
    /// Text the path must contain.
    pub path: Option<String>,
    /// The method it must have.
    pub method: Option<String>,
}

fn once() -> u64 {
    1
}

/// One line of a script.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptedFault {
    /// Which requests it is for; every request if left out.
    #[serde(default, rename = "match")]
    pub matches: Match,
    /// How many requests it happens to; 0 means without end.
    #[serde(default = "once")]
    pub times: u64,
    /// How many matching requests it lets pass first.
    #[serde(default)]
    pub skip: u64,
    /// What happens.
    pub fault: Fault,
}

/// The queued faults, in order; the first that matches a request happens to it.
#[derive(Debug, Default)]
pub struct FaultScript {
    lines: Vec<ScriptedFault>,
}

impl FaultScript {
    /// Adds lines at the end.
    pub fn extend(&mut self, lines: Vec<ScriptedFault>) {
        self.lines.extend(lines);
    }

    /// Removes every line.
    pub fn clear(&mut self) {
        self.lines.clear();
    }

    /// The lines still waiting.
    #[must_use]
    pub fn lines(&self) -> &[ScriptedFault] {
        &self.lines
    }

    /// The fault for this request, counted down.
    pub fn take(&mut self, method: &str, path: &str) -> Option<Fault> {
        let index = self.lines.iter_mut().position(|line| {
            let matches = line.matches.path.as_deref().is_none_or(|part| path.contains(part))
                && line.matches.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method));
            if matches && line.skip > 0 {
                line.skip -= 1;
                return false;
            }
            matches
        })?;
        let line = self.lines.get_mut(index)?;
        let fault = line.fault.clone();
        match line.times {
            0 => {}
            1 => {
                self.lines.remove(index);
            }
            _ => line.times -= 1,
        }
        Some(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r1_a_script_skips_counts_and_ends() {
        let mut script = FaultScript::default();
        script.extend(
            serde_json::from_str(
                r#"[{"match":{"path":"/invocations","method":"post"},"skip":1,"times":2,"fault":{"status":503}}]"#,
            )
            .unwrap(),
        );
        assert!(script.take("GET", "/a/invocations").is_none());
        assert!(script.take("POST", "/a/invocations").is_none(), "skipped once");
        assert_eq!(script.take("POST", "/a/invocations").unwrap().status, Some(503));
        assert!(script.take("POST", "/other").is_none());
        assert_eq!(script.take("POST", "/a/invocations").unwrap().status, Some(503));
        assert!(script.take("POST", "/a/invocations").is_none());
        assert!(script.lines().is_empty());
    }
}
