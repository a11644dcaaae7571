//! Where calls go and which limits they keep: host, timeouts, retries, sizes.

use std::time::Duration;

use crate::auth::Credentials;
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
            max_body_bytes,
            max_event_bytes,
        })
    }

    /// Reads `DATABRICKS_HOST` and `DATABRICKS_TOKEN` through a lookup, such as the process
    /// environment or a worker's bindings. An empty value counts as absent, as in Databricks' own
    /// SDKs; without a token the credentials are none.
    ///
    /// # Errors
    /// `InvalidInput` naming the variable that is absent or cannot be used.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<(Self, Credentials)> {
        let given = |name| lookup(name).filter(|value| !value.is_empty());
        let Some(host) = given("DATABRICKS_HOST") else {
            return Err(invalid(
                "No workspace is named: set DATABRICKS_HOST to its address, such as https://my-workspace.cloud.databricks.com.",
            ));
        };
        let credentials = given("DATABRICKS_TOKEN").map_or_else(Credentials::none, Credentials::token);
        credentials.check()?;
        Ok((Self::new(&host)?, credentials))
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

/// The address of a workspace, checked and brought to one form.
///
/// ```
/// use lakewire::config::Host;
/// assert_eq!(Host::parse("X.cloud.databricks.com/?o=7")?.as_str(), "https://x.cloud.databricks.com");
/// assert!(Host::parse("http://x.cloud.databricks.com").is_err());
/// # Ok::<(), lakewire::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host(String);

impl Host {
    /// Reads a workspace address: `https://…`, or a bare name, which means the same.
    ///
    /// Path and query are dropped, as the Databricks SDK for Go does, so that an address copied from
    /// a browser works. `http://` is taken only for this machine, where an emulator runs. In a page
    /// a path such as `/databricks` means the page's own origin, whose server adds the token.
    ///
    /// # Errors
    /// `InvalidInput`, saying what to write instead: user names, `#`, `\`, spaces, control or
    /// non-ASCII characters, a trailing dot, a bad port, any other scheme.
    pub fn parse(text: &str) -> Result<Self> {
        if text.starts_with('/') {
            return Self::same_origin(text);
        }
        if text.is_empty() {
            return Err(invalid(
                "The host is empty: give the address of the workspace, such as https://my-workspace.cloud.databricks.com.",
            ));
        }
        if text.bytes().any(|byte| !(0x21..=0x7e).contains(&byte) || matches!(byte, b'#' | b'\\')) {
            return Err(refused("holds a space, a control or non-ASCII character, `#` or `\\`"));
        }
        let (secure, rest) = match text.split_once("://") {
            None => (true, text),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            Some(_) => return Err(refused("has a scheme other than https")),
        };
        let authority = rest.split(['/', '?']).next().unwrap_or("");
        if authority.contains('@') {
            return Err(refused("holds a user name"));
        }
        let (name, port) = split_port(authority)?;
        let name = name.to_ascii_lowercase();
        check_name(&name)?;
        if !secure && !is_loopback(&name) {
            return Err(refused("would send the token unencrypted: only this machine is reached by http"));
        }
        let mut host = String::from(if secure { "https://" } else { "http://" });
        host.push_str(&name);
        if let Some(port) = port.filter(|port| *port != if secure { 443 } else { 80 }) {
            host.push(':');
            host.push_str(&port.to_string());
        }
        Ok(Self(host))
    }

    fn same_origin(text: &str) -> Result<Self> {
        if !IN_PAGE {
            return Err(refused("is a path, which only a page can resolve"));
        }
        let prefix = text.trim_end_matches('/');
        check_path(if prefix.is_empty() { "/" } else { prefix })?;
        if prefix.contains('?') {
            return Err(refused("is a path with a query"));
        }
        Ok(Self(prefix.to_owned()))
    }

    /// The address without a trailing slash: scheme, name and port, or the path prefix in a page.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a path on the page's own origin.
    #[must_use]
    pub fn is_same_origin(&self) -> bool {
        !self.0.starts_with("http")
    }

    /// The URL of a path on this host.
    ///
    /// # Errors
    /// `InvalidInput` when the path is a whole URL, starts with `//`, or is one that a URL parser
    /// would rewrite (`..`, `%2e`, `\`, spaces): the token must only go where the call says.
    pub fn join(&self, path: &str) -> Result<String> {
        check_path(path)?;
        let mut url = String::with_capacity(self.0.len() + path.len());
        url.push_str(&self.0);
        url.push_str(path);
        Ok(url)
    }
}

impl std::fmt::Display for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>)> {
    let after_name = authority.rfind(']').map_or(0, |at| at + 1);
    let Some(colon) = authority.get(after_name..).and_then(|rest| rest.find(':')) else {
        return Ok((authority, None));
    };
    let name = authority.get(..after_name + colon).unwrap_or("");
    let digits = authority.get(after_name + colon + 1..).unwrap_or("");
    // `parse` alone would take a sign
    match digits.parse() {
        Ok(port) if port != 0 && digits.bytes().all(|byte| byte.is_ascii_digit()) => Ok((name, Some(port))),
        _ => Err(refused("has a port that is not a number from 1 to 65535")),
    }
}

fn check_name(name: &str) -> Result<()> {
    if let Some(inner) = name.strip_prefix('[') {
        let inner = inner.strip_suffix(']').unwrap_or("");
        let plausible = inner.contains(':') && inner.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.'));
        return if plausible { Ok(()) } else { Err(refused("is not an IPv6 address")) };
    }
    if name.ends_with('.') {
        return Err(refused("ends with a dot"));
    }
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if name.len() <= 253 && name.split('.').all(label) { Ok(()) } else { Err(refused("is not a host name")) }
}

/// Whether the name can only mean this machine. Shortened forms such as `127.1` are not taken.
fn is_loopback(name: &str) -> bool {
    if name == "localhost" || name.ends_with(".localhost") || name == "[::1]" {
        return true;
    }
    let mut parts = name.split('.');
    let plain = |part: &str| part.parse::<u8>().is_ok() && (part == "0" || !part.starts_with('0'));
    parts.next() == Some("127") && parts.clone().count() == 3 && parts.all(plain)
}

fn check_path(path: &str) -> Result<()> {
    let before_query = path.split('?').next().unwrap_or("");
    let relative = before_query.split('/').any(|segment| {
        let dots = segment.replace("%2e", ".").replace("%2E", ".");
        dots == "." || dots == ".."
    });
    let foreign = path.bytes().any(|byte| !(0x21..=0x7e).contains(&byte) || matches!(byte, b'#' | b'\\'));
    if !path.starts_with('/') || path.starts_with("//") || relative || foreign {
        return Err(invalid(
            "The path of the call cannot be used: it must start with one `/`, be percent-encoded, and hold neither `..` nor `#` nor `\\`. The host comes from the client alone.",
        ));
    }
    Ok(())
}

fn refused(why: &str) -> Error {
    invalid(&format!(
        "The host {why}: give the address of the workspace, such as https://my-workspace.cloud.databricks.com."
    ))
}

fn invalid(sentence: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, sentence)
}
