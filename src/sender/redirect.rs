//! Redirects on the workspace's own origin, for clients that follow them.

use crate::config::Host;
use crate::transport::HttpRequest;
use crate::wire::answer::Headers;
use crate::wire::find::split_once;
use crate::wire::request::Method;

/// Turns a request into the one a redirect asks for; `false` leaves it as it is, for the redirect
/// leads somewhere else, or nowhere.
///
/// As fetch does it: 303 asks with GET, so do 301 and 302 after a POST, and what asks with GET
/// leaves the body behind; 307 and 308 send the same again.
pub(super) fn follow(host: &Host, status: u16, headers: &Headers, request: &mut HttpRequest) -> bool {
    if !matches!(status, 301 | 302 | 303 | 307 | 308) || host.is_same_origin() {
        return false;
    }
    let Some(location) = headers.get("location") else { return false };
    let location = location.split('#').next().unwrap_or("");
    let path = match split_once(location, "://") {
        // a text before a path's own query is no scheme
        Some((scheme, rest)) if !scheme.contains(['/', '?']) => {
            if Host::parse(location).ok().as_ref() != Some(host) {
                return false;
            }
            match rest.find(['/', '?']) {
                Some(at) => rest.get(at..).unwrap_or("/"),
                None => "/",
            }
        }
        _ => location,
    };
    let Ok(url) = host.join(path) else { return false };
    request.url = url;
    if status == 303 || (matches!(status, 301 | 302) && request.method == Method::Post) {
        request.method = Method::Get;
        request.body = None;
        request.headers.retain(|(name, _)| !name.starts_with("content-"));
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn go(status: u16, method: Method, location: &str) -> Option<String> {
        let mut request = HttpRequest {
            method,
            url: "https://x.example/a".into(),
            headers: vec![("content-type".into(), "application/json".into()), ("x".into(), "y".into())],
            body: Some(std::sync::Arc::from(&b"{}"[..])),
        };
        let host = Host::parse("x.example").unwrap();
        let followed = follow(&host, status, &Headers::new([("location", location)]), &mut request);
        let content = if request.body.is_some() { " body" } else { "" };
        assert_eq!(request.body.is_some(), request.headers.len() == 2);
        followed.then(|| format!("{} {}{content}", request.method.as_str(), request.url))
    }

    #[test]
    fn k12_methods_and_bodies_change_as_the_standard_says() {
        for (status, method, expected) in [
            (301, Method::Post, "GET https://x.example/b"),
            (302, Method::Post, "GET https://x.example/b"),
            (303, Method::Put, "GET https://x.example/b"),
            (301, Method::Put, "PUT https://x.example/b body"),
            (302, Method::Delete, "DELETE https://x.example/b body"),
            (307, Method::Post, "POST https://x.example/b body"),
            (308, Method::Patch, "PATCH https://x.example/b body"),
        ] {
            assert_eq!(go(status, method, "/b").as_deref(), Some(expected), "{status}");
        }
        for status in [300, 304, 305, 306, 399] {
            assert_eq!(go(status, Method::Get, "/b"), None, "{status}");
        }
    }

    #[test]
    fn k11_k12_only_the_own_origin_is_followed() {
        for (location, expected) in [
            ("/b?q=https://evil.example/", "https://x.example/b?q=https://evil.example/"),
            ("https://X.example:443/b#part", "https://x.example/b"),
        ] {
            assert_eq!(go(307, Method::Get, location), Some(format!("GET {expected} body")), "{location}");
        }
        for bad in [
            "https://evil.example/b",
            "http://x.example/b",
            "https://x.example:8443/b",
            "https://x.example@evil.example/b",
            "//evil.example/b",
            "/\\evil.example",
            "b",
            "../b",
            "/a/../b",
            "",
            "javascript://x.example/",
        ] {
            assert_eq!(go(307, Method::Get, bad), None, "{bad}");
        }
    }
}
