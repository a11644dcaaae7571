//! A user's sign-in on this machine: a listener on loopback that the browser comes back to.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::sign_in::{Pkce, Session, SignIn, is_for};
use crate::error::{Error, ErrorKind, Result};
use crate::transport::{self, Transport};
use crate::wire::base64;

/// The ports that Databricks' own programs come back to.
const PORTS: std::ops::RangeInclusive<u16> = 8020..=8040;
/// How often the listener looks whether anyone still waits.
const TICK: Duration = Duration::from_millis(25);
/// How long a connection may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(1);
/// The longest head of a request that is read.
const LONGEST: usize = 16 * 1024;

const PAGE: &str = "<!doctype html><meta charset=utf-8><title>Signed in</title><p>The sign-in came back to the program \
                    that asked for it. You can close this page.";

/// Base64 as PKCE wants it: with `-` and `_`, without padding.
fn base64_url(bytes: &[u8]) -> String {
    base64::encode(bytes).replace('+', "-").replace('/', "_").trim_end_matches('=').to_owned()
}

impl Pkce {
    /// A new one from the machine's random numbers.
    ///
    /// # Errors
    /// `InvalidInput` when the machine gives none.
    pub fn generate() -> Result<Self> {
        let mut random = [0_u8; 48];
        getrandom::fill(&mut random)
            .map_err(|_| Error::new(ErrorKind::InvalidInput, "This machine gives no random numbers."))?;
        let (verifier, state) = random.split_at(32);
        let verifier = base64_url(verifier);
        let challenge = base64_url(&Sha256::digest(verifier.as_bytes()));
        Self::from_parts(verifier, challenge, base64_url(state))
    }
}

impl SignIn {
    /// Signs a user in through the browser of this machine: `show` gets the address to open, and
    /// the sign-in waits until the browser comes back to `http://localhost:8020` (or the next free
    /// port up to 8040). Dropping the future ends it; nothing else does.
    ///
    /// ```no_run
    /// # async fn example() -> lakewire::Result<()> {
    /// use lakewire::{WorkspaceClient, auth::SignIn};
    /// let host = "https://example.cloud.databricks.com";
    /// let session = SignIn::new(host)?.loopback(|url| println!("Open {url}")).await?;
    /// let client = WorkspaceClient::new(host, session)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Unauthenticated` when the user or the workspace refused, `TokenEndpoint` when the code
    /// could not be exchanged, `Connect` when no port is free.
    pub async fn loopback(self, show: impl FnOnce(&str)) -> Result<Session> {
        let transport = transport::platform(None)?;
        self.loopback_with(&transport, show).await
    }

    /// The same over a transport of yours.
    ///
    /// # Errors
    /// As [`loopback`](Self::loopback).
    pub async fn loopback_with(self, transport: &Arc<dyn Transport>, show: impl FnOnce(&str)) -> Result<Session> {
        let (listener, port) = listen()?;
        let sign_in = self.redirect_uri(["http://localhost:", &port.to_string()].concat());
        let pkce = Pkce::generate()?;
        let url = sign_in.begin(transport, &pkce).await?;
        let waiting = Waiting::start(listener, pkce.state.clone())?;
        show(&url);
        let callback = std::future::poll_fn(|cx| waiting.poll(cx.waker())).await;
        sign_in.complete(transport, &callback, &pkce).await
    }
}

fn listen() -> Result<(TcpListener, u16)> {
    for port in PORTS {
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            return Ok((listener, port));
        }
    }
    Err(Error::new(ErrorKind::Connect, "No port from 8020 to 8040 is free for the browser to come back to: free one."))
}

/// Waits for the browser in a thread of its own, which ends when this is dropped.
struct Waiting(Arc<Mutex<Shared>>);

#[derive(Default)]
struct Shared {
    callback: Option<String>,
    over: bool,
    waker: Option<Waker>,
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Waiting {
    fn start(listener: TcpListener, state: String) -> Result<Self> {
        let failed = |_| Error::new(ErrorKind::Connect, "The listener for the browser could not be started.");
        listener.set_nonblocking(true).map_err(failed)?;
        let shared = Arc::new(Mutex::new(Shared::default()));
        let theirs = shared.clone();
        std::thread::Builder::new()
            .name("lakewire-sign-in".into())
            .spawn(move || run(&listener, &theirs, &state))
            .map_err(failed)?;
        Ok(Self(shared))
    }

    fn poll(&self, waker: &Waker) -> Poll<String> {
        let mut shared = lock(&self.0);
        shared.waker = Some(waker.clone());
        shared.callback.take().map_or(Poll::Pending, Poll::Ready)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        lock(&self.0).over = true;
    }
}

fn run(listener: &TcpListener, shared: &Mutex<Shared>, state: &str) {
    while !lock(shared).over {
        match listener.accept() {
            Ok((stream, _)) => {
                if let Some(callback) = serve(stream, state) {
                    let mut shared = lock(shared);
                    shared.callback = Some(callback);
                    shared.over = true;
                    if let Some(waker) = shared.waker.take() {
                        waker.wake();
                    }
                }
            }
            // nobody there yet, or somebody who left again
            Err(_) => std::thread::sleep(TICK),
        }
    }
}

/// Answers one request; gives its address when it is the browser coming back.
fn serve(mut stream: TcpStream, state: &str) -> Option<String> {
    stream.set_nonblocking(false).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    let mut head = Vec::new();
    let mut chunk = [0_u8; 2048];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut chunk).ok().filter(|read| *read > 0)?;
        head.extend_from_slice(chunk.get(..read)?);
        if head.len() > LONGEST {
            return None;
        }
    }
    let head = String::from_utf8_lossy(&head);
    let mut words = head.split(' ');
    let callback = match (words.next(), words.next()) {
        // anything else is not the way back: a page's icon, or what another page sends here
        (Some("GET"), Some(target)) if target.starts_with("/?") && is_for(target, state) => Some(target.to_owned()),
        _ => None,
    };
    let (status, page) = if callback.is_some() { ("200 OK", PAGE) } else { ("404 Not Found", "") };
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\nconnection: close\r\n\
         cache-control: no-store\r\nreferrer-policy: no-referrer\r\ncontent-security-policy: default-src 'none'\r\n\r\n{page}",
        page.len()
    );
    let _ = stream.write_all(answer.as_bytes());
    callback
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_the_verifiers_sha_256() {
        assert_eq!(base64_url(&[0xfb, 0xff]), "-_8");
        // the example of RFC 7636, appendix B
        let challenge = base64_url(&Sha256::digest(b"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
        assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert_ne!(format!("{:?}", Pkce::generate().unwrap()), format!("{:?}", Pkce::generate().unwrap()));
    }

    #[test]
    fn the_listener_takes_the_way_back_and_nothing_else() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let waiting = Waiting::start(listener, "b".to_owned()).unwrap();
        let ask = |request: &str| {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = String::new();
            let _ = stream.read_to_string(&mut answer);
            answer
        };
        for other in [
            "GET /favicon.ico HTTP/1.1\r\n\r\n",
            "POST /?code=a&state=b HTTP/1.1\r\n\r\n",
            "GET /?code=a&state=other HTTP/1.1\r\n\r\n",
            "GET /?error=access_denied HTTP/1.1\r\n\r\n",
            "nonsense\r\n\r\n",
        ] {
            assert!(ask(other).starts_with("HTTP/1.1 404"), "{other}");
            assert!(waiting.poll(Waker::noop()).is_pending());
        }
        assert!(ask("GET /?code=a&state=b HTTP/1.1\r\nhost: localhost\r\n\r\n").contains("You can close this page"));
        let mut found = waiting.poll(Waker::noop());
        while found.is_pending() {
            std::thread::yield_now();
            found = waiting.poll(Waker::noop());
        }
        assert_eq!(found, Poll::Ready("/?code=a&state=b".to_owned()));
    }
}
