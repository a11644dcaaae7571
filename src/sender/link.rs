//! Links that carry their own permission, such as those of large statement results.

use std::fmt;
use std::sync::Arc;

use super::exchange::{Exchange, Read};
use super::{CallOptions, Meta, Sender, TOTAL, check_headers};
use crate::auth::{Credentials, Secret};
use crate::config::Host;
use crate::error::{Error, ErrorKind, Result};
use crate::wire::request::{Method, Request};

/// A presigned link: whoever holds it may read what it leads to, so it prints as its host alone.
pub struct Link {
    origin: Host,
    url: Secret,
    headers: Vec<(String, String)>,
}

impl Link {
    /// Takes the link as the service gave it.
    ///
    /// # Errors
    /// `InvalidInput` when it is not an `https` address (`http` on this machine only).
    pub fn new(url: &str) -> Result<Self> {
        let refused = || {
            let sentence = "The external link is not a plain https address: give it exactly as the service did.";
            Error::new(ErrorKind::InvalidInput, sentence)
        };
        if !url.contains("://") {
            return Err(refused());
        }
        let origin = Host::parse(url).map_err(|_| refused())?;
        Ok(Self { origin, url: Secret::new(url), headers: Vec::new() })
    }

    /// Adds a header that the service says the download must have.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The same link and headers with more in its query, such as `comp=block`: literal text, already encoded.
    #[must_use]
    pub fn query(&self, more: &str) -> Self {
        let url = self.url.expose();
        let joint = if url.contains('?') { "&" } else { "?" };
        let url = Secret::new([url, joint, more].concat());
        Self { origin: self.origin.clone(), url, headers: self.headers.clone() }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({}/[redacted])", self.origin)
    }
}

impl Sender {
    /// Downloads what a presigned link leads to.
    ///
    /// Nothing of the client's goes along: neither its token, which the store would refuse and could
    /// keep, nor its headers. It is tried again as any read is; a link that has expired needs a fresh one.
    ///
    /// # Errors
    /// As [`send`](Self::send); `InvalidInput` for an `authorization` header. No error holds the link.
    pub async fn download(&self, link: &Link, options: &CallOptions) -> Result<(Vec<u8>, Meta)> {
        self.follow(link, Request::new(Method::Get, "external link"), options).await
    }

    /// Sends bytes where a presigned link leads to: `PUT`, or `PATCH` where the store wants it. Nothing of the client's goes
    /// along, as of [`download`](Self::download). The same bytes are sent again after a failure that passes, so the link must
    /// be one under which that changes nothing.
    ///
    /// # Errors
    /// As [`download`](Self::download).
    pub async fn upload(&self, link: &Link, method: Method, bytes: Arc<[u8]>, options: &CallOptions) -> Result<Meta> {
        let mut request = Request::new(method, "external link");
        request.body = Some(bytes);
        Ok(self.follow(link, request, options).await?.1)
    }

    async fn follow(&self, link: &Link, mut request: Request, options: &CallOptions) -> Result<(Vec<u8>, Meta)> {
        check_headers(&link.headers, &Credentials::none(), link.origin.is_unencrypted())?;
        let named =
            |headers: &[(String, String)]| headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        if named(&link.headers) || named(&options.headers) {
            let sentence = "An external link carries its own permission: leave the header `authorization` out.";
            return Err(Error::new(ErrorKind::InvalidInput, sentence));
        }
        request.headers.extend(link.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())));
        let exchange = Exchange::outside(self, link.url.expose(), &request, options, TOTAL)?;
        let (got, meta) = exchange.run(true).await?;
        let bytes = match got.body {
            Read::Whole(bytes) => bytes,
            Read::Open(_) => Vec::new(),
        };
        Ok((bytes, meta))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::Config;
    use crate::transport::scripted::{Reply, Scripted};

    const LINK: &str = "https://store.example/part-0?X-Amz-Signature=CANARY-link";

    fn sender(network: &Scripted) -> Sender {
        let mut config = Config::new("x.example").unwrap();
        config.headers.push(("x-own".into(), "CANARY-header".into()));
        config.follow_redirects = true;
        Sender::new(config, Credentials::token("CANARY-token"), Arc::new(network.clone())).unwrap()
    }

    #[test]
    fn k15_a_presigned_link_gets_nothing_of_the_clients() {
        let network = Scripted::new();
        network.push(Reply::status(503));
        network.push(Reply::status(200).bytes("col1,").bytes("col2"));
        let link = Link::new(LINK).unwrap().header("X-Encryption", "key");
        let (bytes, meta) = network.run(sender(&network).download(&link, &CallOptions::default())).unwrap().unwrap();
        assert_eq!((bytes.as_slice(), meta.attempts), (&b"col1,col2"[..], 2));
        for request in network.requests() {
            assert_eq!(request.url, LINK);
            assert_eq!(request.headers, [("x-encryption".to_owned(), "key".to_owned())]);
        }
        assert!(!format!("{link:?} {:?}", network.requests()).contains("CANARY"));
    }

    #[test]
    fn k15_a_refused_link_brings_no_refresh_and_shows_no_signature() {
        for reply in [
            Reply::status(401),
            Reply::status(403).bytes("<Error><SignatureProvided>CANARY</SignatureProvided></Error>"),
            Reply::status(307).header("location", "https://x.example/?CANARY"),
            Reply::failure(ErrorKind::Connect, true),
        ] {
            let network = Scripted::new();
            network.always(reply);
            let options = CallOptions { max_attempts: Some(1), ..CallOptions::default() };
            let link = Link::new(LINK).unwrap();
            let error = network.run(sender(&network).download(&link, &options)).unwrap().unwrap_err();
            assert_eq!(network.requests().len(), 1, "{error}");
            assert!(!format!("{error} {error:?}").contains("CANARY"), "{error:?}");
        }
    }

    #[test]
    fn k15_bytes_go_up_with_the_links_own_headers_alone() {
        let network = Scripted::new();
        network.push(Reply::status(503));
        network.push(Reply::status(201));
        let link = Link::new(LINK).unwrap().header("x-ms-blob-type", "BlockBlob").query("comp=block");
        let bytes: Arc<[u8]> = Arc::from(&b"\0\xff"[..]);
        let (sender, options) = (sender(&network), CallOptions::default());
        let sent = sender.upload(&link, Method::Put, bytes.clone(), &options);
        assert_eq!(network.run(sent).unwrap().unwrap().attempts, 2);
        for request in network.requests() {
            assert_eq!((request.method, request.url), (Method::Put, [LINK, "&comp=block"].concat()));
            assert_eq!(request.headers, [("x-ms-blob-type".to_owned(), "BlockBlob".to_owned())]);
            assert_eq!(request.body.as_deref(), Some(&bytes[..]));
        }
    }

    #[test]
    fn k13_k15_what_is_no_link_is_refused() {
        let network = Scripted::new();
        for bad in [
            "/part",
            "store.example/part",
            "http://store.example/CANARY",
            "https://u:CANARY@store.example/",
            "ftp://CANARY/",
        ] {
            assert!(!Link::new(bad).unwrap_err().to_string().contains("CANARY"), "{bad}");
        }
        let link = Link::new(LINK).unwrap().header("Authorization", "Bearer x");
        let options = CallOptions {
            timeouts: crate::config::Timeouts { total: Some(Duration::from_secs(1)), ..Default::default() },
            ..CallOptions::default()
        };
        let error = network.run(sender(&network).download(&link, &options)).unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(network.requests().is_empty());
    }
}
