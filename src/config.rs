//! Where calls go and which limits they keep: host, timeouts, retries, sizes.

mod host;
pub(crate) mod world;

use std::time::Duration;

pub use self::host::Host;

use crate::auth::Credentials;
use crate::auth::settings::Settings;
use crate::error::{Error, ErrorKind, Result};
use crate::transport::IN_PAGE;
use crate::wire::retry::RetryLimits;

/// The longest time limit: what a JavaScript timer can hold. A longer one would fire at once there.
const LONGEST: Duration = Duration::from_millis(i32::MAX as u64);

/// Everything a client is told before its first call, except its credentials.
#[derive(Clone)]
pub struct Config {
    /// The workspace.
    pub host: Host,
    /// Time limits of all calls; what is absent takes the default.
    pub timeouts: Timeouts,
    /// How often and how long a failed call is tried again.
    pub retry: RetryLimits,
    /// Headers added to every request, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Whether redirects on the workspace's own origin are followed, at most five: off unless set. A
    /// redirect to another origin never is. A page's fetch hides where they lead, so there it has no
    /// effect.
    pub follow_redirects: bool,
    /// The longest answer that is read, in bytes: 64 MiB natively, 16 MiB in a page or worker.
    pub max_body_bytes: usize,
    /// The longest event of a stream, in bytes: 32 MiB natively, 8 MiB in a page or worker.
    pub max_event_bytes: usize,
}

impl Config {
    /// The defaults, for this workspace.
    ///
    /// # Errors
    /// `InvalidInput` when the host is not one, see [`Host::parse`].
    pub fn new(host: &str) -> Result<Self> {
        const MIB: usize = 1 << 20;
        let (max_body_bytes, max_event_bytes) = if IN_PAGE { (16 * MIB, 8 * MIB) } else { (64 * MIB, 32 * MIB) };
        Ok(Self {
            host: Host::parse(host)?,
            timeouts: Timeouts::default(),
            retry: RetryLimits::default(),
            headers: Vec::new(),
            follow_redirects: false,
            max_body_bytes,
            max_event_bytes,
        })
    }

    /// Names the workspace by its id in every request, for hosts that serve several.
    ///
    /// # Errors
    /// `InvalidInput` when the id is not a number.
    pub fn workspace_id(mut self, id: &str) -> Result<Self> {
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(invalid("The workspace id is not a number: give it as the workspace's address shows it."));
        }
        self.headers.push(("x-databricks-workspace-id".to_owned(), id.to_owned()));
        Ok(self)
    }

    /// Reads the variables of Databricks' own SDKs, such as `DATABRICKS_HOST` and
    /// `DATABRICKS_TOKEN`, through a lookup: the process environment or a worker's bindings. An
    /// empty value counts as absent; without any credential they are none. Profile files are not
    /// read: [`WorkspaceClient::from_env`](crate::WorkspaceClient::from_env) does that.
    ///
    /// # Errors
    /// `InvalidInput` naming the variable that is absent or cannot be used.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<(Self, Credentials)> {
        Self::from_settings(&Settings::resolve(&[], &lookup, &|| Ok(None))?)
    }

    /// The configuration and credentials that settings describe.
    ///
    /// # Errors
    /// `InvalidInput` when there is no host, or as of [`Settings::credentials`].
    pub fn from_settings(settings: &Settings) -> Result<(Self, Credentials)> {
        let config = Self::of(settings)?;
        Ok((config, settings.credentials()?))
    }

    pub(crate) fn of(settings: &Settings) -> Result<Self> {
        let Some(host) = settings.get("host") else {
            return Err(invalid(
                "No workspace is named: set DATABRICKS_HOST to its address, such as https://my-workspace.cloud.databricks.com, or add it to the profile.",
            ));
        };
        let config = Self::new(host)?;
        match settings.get("workspace_id") {
            Some(id) => config.workspace_id(id),
            None => Ok(config),
        }
    }
}

impl std::fmt::Debug for Config {
    /// Names of headers only: their values may hold secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Config")
            .field("host", &self.host)
            .field("timeouts", &self.timeouts)
            .field("retry", &self.retry)
            .field("headers", &names)
            .field("follow_redirects", &self.follow_redirects)
            .field("max_body_bytes", &self.max_body_bytes)
            .field("max_event_bytes", &self.max_event_bytes)
            .finish()
    }
}

/// Time limits. What is absent takes the default: connect 5 s, first byte 120 s, idle 60 s, total
/// 10 min for single answers and none for streams.
///
/// The limits of one call go before those of the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// For making a connection; the native transport takes it once, when it is built. `fetch` has
    /// no such phase: there the first-byte limit covers it.
    pub connect: Option<Duration>,
    /// From sending a request to the headers of its answer; the token's refresh has the same limit.
    pub first_byte: Option<Duration>,
    /// Between two reads of a body, while waiting for the peer.
    pub idle: Option<Duration>,
    /// For the whole call, retries included.
    pub total: Option<Duration>,
}

impl Timeouts {
    /// Limits from milliseconds as JavaScript gives them.
    ///
    /// # Errors
    /// `InvalidInput` for zero, a negative number, `NaN`, infinity, and more than 2³¹−1.
    pub fn from_millis(
        connect: Option<f64>,
        first_byte: Option<f64>,
        idle: Option<f64>,
        total: Option<f64>,
    ) -> Result<Self> {
        let limit = |name, millis: Option<f64>| match millis {
            None => Ok(None),
            Some(millis) => duration_from_millis(name, millis).map(Some),
        };
        Ok(Self {
            connect: limit("connect", connect)?,
            first_byte: limit("first byte", first_byte)?,
            idle: limit("idle", idle)?,
            total: limit("total", total)?,
        })
    }

    /// These limits, with those of `fallback` where one is absent.
    #[must_use]
    pub fn or(self, fallback: Self) -> Self {
        Self {
            connect: self.connect.or(fallback.connect),
            first_byte: self.first_byte.or(fallback.first_byte),
            idle: self.idle.or(fallback.idle),
            total: self.total.or(fallback.total),
        }
    }

    /// Checks that every limit can be kept.
    ///
    /// # Errors
    /// `InvalidInput` for zero and for more than 2³¹−1 milliseconds (24 days).
    pub fn check(&self) -> Result<()> {
        let limits =
            [("connect", self.connect), ("first byte", self.first_byte), ("idle", self.idle), ("total", self.total)];
        for (name, limit) in limits {
            if limit.is_some_and(|limit| limit.is_zero() || limit > LONGEST) {
                return Err(bad_timeout(name));
            }
        }
        Ok(())
    }
}

/// A time limit from milliseconds as JavaScript gives them; `name` is used in the error.
///
/// # Errors
/// `InvalidInput` for zero, a negative number, `NaN`, infinity, and more than 2³¹−1.
pub fn duration_from_millis(name: &str, millis: f64) -> Result<Duration> {
    // NaN fails both comparisons; below one microsecond a timer would not wait at all
    if millis >= 0.001 && millis <= f64::from(i32::MAX) {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked above")]
        let micros = (millis * 1000.0) as u64;
        return Ok(Duration::from_micros(micros));
    }
    Err(bad_timeout(name))
}

fn bad_timeout(name: &str) -> Error {
    invalid(&format!(
        "The {name} timeout cannot be kept: give a positive number of milliseconds, at most 2147483647 (24 days)."
    ))
}

fn invalid(sentence: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c7_timeouts_that_cannot_be_kept_are_refused() {
        for bad in [0.0, -0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e12, 2_147_483_648.0, 1e-9] {
            let error = Timeouts::from_millis(None, Some(bad), None, None).unwrap_err();
            assert!(error.message().starts_with("The first byte timeout"), "{bad}: {error}");
        }
        let good = Timeouts::from_millis(Some(0.5), Some(1.0), None, Some(2_147_483_647.0)).unwrap();
        assert_eq!(good.connect, Some(Duration::from_micros(500)));
        assert_eq!(good.check().map_err(|error| error.to_string()), Ok(()));
        assert!(Timeouts { idle: Some(Duration::ZERO), ..Timeouts::default() }.check().is_err());
        assert!(Timeouts { total: Some(Duration::MAX), ..Timeouts::default() }.check().is_err());
    }

    #[test]
    fn configuration_comes_from_a_lookup() {
        let lookup = |host: &'static str, token: &'static str| {
            move |name: &str| match name {
                "DATABRICKS_HOST" => Some(host.to_owned()),
                "DATABRICKS_TOKEN" => Some(token.to_owned()),
                _ => None,
            }
        };
        let (config, _) = Config::from_lookup(lookup("x.example", "dapi-canary")).unwrap();
        assert_eq!(config.host.as_str(), "https://x.example");
        assert!(Config::from_lookup(|_| None).unwrap_err().message().contains("DATABRICKS_HOST"));
        assert!(Config::from_lookup(lookup("", "t")).unwrap_err().message().contains("DATABRICKS_HOST"));
        let error = Config::from_lookup(lookup("x.example", "dapi\u{e4}canary\n")).unwrap_err();
        assert!(!error.to_string().contains("canary"));
    }

    #[test]
    fn l1_debug_shows_no_header_value() {
        let mut config = Config::new("x.example").unwrap();
        config.headers.push(("x-canary".into(), "CANARY".into()));
        assert!(!format!("{config:?}").contains("CANARY"));
    }
}
