//! The host of a workspace: many ways to write it, one form, and nowhere else for the token to go.

use super::invalid;
use crate::error::Result;
use crate::transport::IN_PAGE;
use crate::wire::find::{replace, split_once, whole};

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
        Self::read(text, false)
    }

    /// Like [`parse`](Self::parse), and takes `http://` for any machine. For servers that ask for no
    /// credential, such as a gateway of your own in your own network: everything that is sent there
    /// can be read on the way, and a client refuses to send a credential to it.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_unencrypted(text: &str) -> Result<Self> {
        Self::read(text, true)
    }

    fn read(text: &str, unencrypted: bool) -> Result<Self> {
        if text.starts_with('/') {
            return if IN_PAGE {
                Self::same_origin(text)
            } else {
                Err(refused("is a path, which only a page can resolve"))
            };
        }
        if text.is_empty() {
            return Err(invalid(
                "The host is empty: give the address of the workspace, such as https://my-workspace.cloud.databricks.com.",
            ));
        }
        if text.bytes().any(|byte| !(0x21..=0x7e).contains(&byte) || matches!(byte, b'#' | b'\\')) {
            return Err(refused("holds a space, a control or non-ASCII character, `#` or `\\`"));
        }
        let (secure, rest) = match split_once(text, "://") {
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
        if !secure && !unencrypted && !is_loopback(&name) {
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

    /// Whether what is sent there can be read on the way: plain `http` to another machine.
    #[must_use]
    pub fn is_unencrypted(&self) -> bool {
        let name = self.0.strip_prefix("http://").and_then(|authority| split_port(authority).ok());
        name.is_some_and(|(name, _)| !is_loopback(name))
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
    match whole(digits).and_then(|port| u16::try_from(port).ok()) {
        Some(port) if port != 0 && digits.bytes().all(|byte| byte.is_ascii_digit()) => Ok((name, Some(port))),
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
    let plain = |part: &str| whole(part).is_some_and(|number| number <= 255) && (part == "0" || !part.starts_with('0'));
    parts.next() == Some("127") && parts.clone().count() == 3 && parts.all(plain)
}

fn check_path(path: &str) -> Result<()> {
    let before_query = path.split('?').next().unwrap_or("");
    let relative = before_query.split('/').any(|segment| {
        let dots = replace(&replace(segment, "%2e", "."), "%2E", ".");
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

fn refused(why: &str) -> crate::error::Error {
    invalid(&format!(
        "The host {why}: give the address of the workspace, such as https://my-workspace.cloud.databricks.com."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use proptest::prelude::*;

    fn host(text: &str) -> Option<String> {
        Host::parse(text).ok().map(|host| host.0)
    }

    #[test]
    fn hosts_come_to_one_form() {
        for (given, expected) in [
            ("x.cloud.databricks.com", "https://x.cloud.databricks.com"),
            ("https://X.cloud.Databricks.com/", "https://x.cloud.databricks.com"),
            ("HTTPS://adb-1.2.azuredatabricks.net/?o=12#", ""),
            ("https://adb-1.2.azuredatabricks.net/?o=12", "https://adb-1.2.azuredatabricks.net"),
            ("https://x.example/browse/folders/1?o=2", "https://x.example"),
            ("https://x.example?o=2", "https://x.example"),
            ("https://x.example:443", "https://x.example"),
            ("https://x.example:8443/", "https://x.example:8443"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://localhost:80/", "http://localhost"),
            ("http://[::1]:3000", "http://[::1]:3000"),
            ("https://[2001:db8::1]", "https://[2001:db8::1]"),
        ] {
            assert_eq!(host(given).unwrap_or_default(), expected, "{given}");
        }
    }

    #[test]
    fn b8_plain_http_only_reaches_this_machine() {
        for bad in [
            "http://x.cloud.databricks.com",
            "http://127.0.0.1.evil.example",
            "http://localhost.evil.example",
            "http://128.0.0.1",
            "http://127.1",
            "http://0177.0.0.1",
            "http://127.0.0.01",
            "http://2130706433",
            "http://0.0.0.0:1",
            "http://[::]:1",
            "http://[::ffff:127.0.0.1]",
        ] {
            assert_eq!(host(bad), None, "{bad}");
        }
        assert!(host("http://app.localhost:5173").is_some());
    }

    #[test]
    fn k14_strange_hosts_are_refused() {
        for bad in [
            "",
            " ",
            "evil.example#.cloud.databricks.com",
            "https://user@x.example",
            "https://user:p@x.example/",
            "https://x .example",
            "https://x.example ",
            "\u{feff}https://x.example",
            "https://b\u{fc}cher.example",
            "https://x.example.",
            "https://x..example",
            "https://.x.example",
            "https://x.example:",
            "https://x.example:0",
            "https://x.example:65536",
            "https://x.example:+1",
            "https://x.example:1:2",
            "ftp://x.example",
            "https://x.example\\@evil.example",
            "https://evil.example\\x",
            "https://x.example\n",
            "https://",
            "https:///x",
            "https://-x.example",
            "https://x_y.example",
            "https://[::1",
            "https://[zz]",
            "https://[]",
            "javascript://x",
            "//x.example",
            "https:x.example",
            "/databricks",
        ] {
            let error = Host::parse(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{bad}");
            assert!(bad.len() < 12 || !error.message().contains(bad), "the host is not repeated: {bad}");
        }
    }

    #[test]
    fn k13_k14_a_page_may_name_a_path_of_its_own_origin() {
        for (given, expected) in [("/databricks", "/databricks"), ("/a/b//", "/a/b"), ("/", "")] {
            let host = Host::same_origin(given).unwrap();
            assert_eq!(host.as_str(), expected);
            assert!(host.is_same_origin());
            assert_eq!(host.join("/api").unwrap(), format!("{expected}/api"));
        }
        for bad in ["//evil.example", "/a/../b", "/\\evil.example", "/a?b", "/a#b", "/a b", "/%2e%2e/b"] {
            assert!(Host::same_origin(bad).is_err(), "{bad}");
        }
        assert!(!Host::parse("x.example").unwrap().is_same_origin());
    }

    #[test]
    fn k13_only_paths_are_joined() {
        let host = Host::parse("https://x.example").unwrap();
        assert_eq!(host.join("/api/2.0/x?y=%2e%2e").unwrap(), "https://x.example/api/2.0/x?y=%2e%2e");
        for bad in [
            "",
            "api",
            "//evil.example/x",
            "https://evil.example/",
            "@evil.example",
            "/\\evil.example",
            "/a/../b",
            "/a/%2e%2e/b",
            "/a/.%2E/b",
            "/./a",
            "/a/..",
            "/a b",
            "/a#b",
            "/a\r\nx: y",
            "/\u{e4}",
            ":8080/x",
        ] {
            assert_eq!(host.join(bad).unwrap_err().kind(), ErrorKind::InvalidInput, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn k14_a_host_that_is_taken_has_the_shape_of_one(text in "(https?://)?[a-z0-9.:@#/\\\\\\[\\] -]{0,24}") {
            if let Some(host) = host(&text) {
                let rest = host.strip_prefix("https://").or_else(|| host.strip_prefix("http://")).unwrap();
                prop_assert!(!rest.is_empty() && !rest.contains(['@', '#', '/', '\\', ' ', '?']), "{}", host);
                prop_assert_eq!(Host::parse(&host).unwrap().0, host);
            }
        }
    }
}
