//! A raw HTTP/1.1 client: the tests must see bytes, chunk borders and abrupt ends, which real clients hide.

// every test file takes the part it needs
#![allow(
    dead_code,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use lakewire_emulator::{Config, Emulator, listen};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub const LLAMA: &str = "/serving-endpoints/databricks-meta-llama-3-3-70b-instruct/invocations";
pub const CLAUDE: &str = "/serving-endpoints/databricks-claude-sonnet-4/invocations";
pub const EXTERNAL: &str = "/serving-endpoints/team-chat/invocations";
pub const GPT_OSS: &str = "/serving-endpoints/databricks-gpt-oss-20b/invocations";

pub struct Server {
    pub address: String,
    pub emulator: Emulator,
}

/// What came back on the wire.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    /// The body without chunk framing.
    pub body: Vec<u8>,
    /// The sizes of the HTTP chunks.
    pub chunks: Vec<usize>,
    /// Whether the body ended as HTTP says it must.
    pub whole: bool,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn header(&self, name: &str) -> Option<String> {
        self.headers(name).into_iter().next()
    }

    pub fn headers(&self, name: &str) -> Vec<String> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).collect()
    }

    /// The payloads of the `data:` lines.
    pub fn events(&self) -> Vec<String> {
        self.text().lines().filter_map(|line| line.strip_prefix("data: ")).map(str::to_owned).collect()
    }

    /// The parsed chunks of a stream, without the sentinel.
    pub fn chunk_values(&self) -> Vec<Value> {
        let events = self.events();
        events.iter().filter(|event| *event != "[DONE]").map(|event| serde_json::from_str(event).unwrap()).collect()
    }
}

pub async fn start() -> Server {
    start_with(Config { endpoint_delay_ms: 0, ..Config::default() }).await
}

pub async fn start_with(config: Config) -> Server {
    let listening = listen(Config { port: 0, token_delay_ms: 0, ..config }).await.unwrap();
    let server = Server { address: listening.address().to_string(), emulator: listening.emulator() };
    tokio::spawn(listening.run());
    server
}

impl Server {
    pub async fn open(&self, method: &str, path: &str, headers: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        let host = if headers.starts_with("host:") { String::new() } else { format!("host: {}\r\n", self.address) };
        let head = format!(
            "{method} {path} HTTP/1.1\r\n{host}{headers}connection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        // the server may refuse and close before it has read everything
        let _ = stream.write_all(body.as_bytes()).await;
        stream
    }

    pub async fn raw(&self, method: &str, path: &str, headers: &str, body: &str) -> Option<Answer> {
        let mut stream = self.open(method, path, headers, body).await;
        let mut bytes = Vec::new();
        let clean = stream.read_to_end(&mut bytes).await.is_ok();
        parse(&bytes, clean)
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.raw("GET", path, "authorization: Bearer dapi-emulator\r\n", "").await.unwrap()
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.raw("POST", path, "authorization: Bearer dapi-emulator\r\n", &body.to_string()).await.unwrap()
    }

    pub async fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.raw(method, path, "authorization: Bearer dapi-emulator\r\n", &body.to_string()).await.unwrap()
    }

    pub async fn faulty(&self, path: &str, fault: &Value, body: &Value) -> Option<Answer> {
        let headers = format!("authorization: Bearer dapi-emulator\r\nx-lakewire-fault: {fault}\r\n");
        self.raw("POST", path, &headers, &body.to_string()).await
    }
}

fn parse(bytes: &[u8], clean: bool) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let raw = &bytes[end + 4..];
    let lower = head.to_lowercase();
    let mut answer = Answer { status, head, body: Vec::new(), chunks: Vec::new(), whole: false };
    if !lower.contains("transfer-encoding: chunked") {
        let length =
            lower.lines().find_map(|line| line.strip_prefix("content-length: ")).and_then(|n| n.trim().parse().ok());
        answer.body = raw.to_vec();
        answer.whole = clean && length.is_none_or(|length: usize| length == raw.len());
        return Some(answer);
    }
    let mut rest = raw;
    while let Some(line) = rest.windows(2).position(|window| window == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).unwrap(), 16).unwrap();
        rest = &rest[line + 2..];
        if size == 0 {
            answer.whole = true;
            break;
        }
        if rest.len() < size {
            answer.body.extend_from_slice(rest);
            break;
        }
        answer.body.extend_from_slice(&rest[..size]);
        answer.chunks.push(size);
        rest = rest.get(size + 2..).unwrap_or_default();
    }
    Some(answer)
}
