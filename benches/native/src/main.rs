//! The native typed stream over loopback next to hand-written reqwest and borrowed serde.
//!
//! `cargo run --release` here. Interleaved rounds, medians of the process's wall time per event;
//! the server is a thread that writes bytes made before.

use std::borrow::Cow;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::pin::Pin;
use std::time::Instant;

use futures_core::Stream;

const EVENTS: usize = 20_000;
const ROUNDS: usize = 21;

fn line(at: usize, usage: bool) -> String {
    let word = ["Hello", " wor", "ld", " \\\"q\\\"", " na\u{ef}ve", "\\n\\n", " and", " more"][at % 8];
    let usage = if usage { format!(r#","usage":{{"prompt_tokens":42,"completion_tokens":{at},"total_tokens":{}}}"#, 42 + at) } else { String::new() };
    format!(
        r#"{{"id":"chatcmpl-9f8e7d6c5b4a","object":"chat.completion.chunk","created":1764000000,"model":"meta-llama-3.3-70b-instruct-121024","choices":[{{"index":0,"delta":{{"content":"{word}"}},"logprobs":null,"finish_reason":null}}]{usage}}}"#
    )
}

/// Serves the stream to every connection, in writes of `size` bytes.
fn serve(usage: bool, size: usize) -> std::io::Result<u16> {
    let mut body: String = (0..EVENTS).map(|at| format!("data: {}\n\n", line(at, usage))).collect();
    body.push_str("data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(&stream);
            let mut length = 0;
            let mut head = String::new();
            while reader.read_line(&mut head).is_ok_and(|read| read > 2) {
                if let Some(value) = head.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap_or(0);
                }
                head.clear();
            }
            let _ = std::io::copy(&mut std::io::Read::take(&mut reader, length), &mut std::io::sink());
            let mut out = &stream;
            let _ = write!(out, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            for part in body.as_bytes().chunks(size) {
                if out.write_all(part).is_err() {
                    break;
                }
            }
        }
    });
    Ok(port)
}

#[derive(serde::Deserialize)]
struct Chunk<'a> {
    #[serde(borrow)]
    choices: Vec<Choice<'a>>,
}

#[derive(serde::Deserialize)]
struct Choice<'a> {
    #[serde(borrow)]
    delta: Delta<'a>,
}

#[derive(serde::Deserialize)]
struct Delta<'a> {
    #[serde(borrow)]
    content: Option<Cow<'a, str>>,
}

/// Every field typed and borrowed, as a careful program would have it.
#[derive(serde::Deserialize)]
#[allow(dead_code)]
struct FullChunk<'a> {
    id: Option<&'a str>,
    object: Option<&'a str>,
    created: Option<i64>,
    model: Option<&'a str>,
    #[serde(borrow)]
    choices: Vec<FullChoice<'a>>,
    usage: Option<Usage>,
}

#[derive(serde::Deserialize)]
#[allow(dead_code)]
struct FullChoice<'a> {
    index: u32,
    #[serde(borrow)]
    delta: Delta<'a>,
    finish_reason: Option<&'a str>,
}

#[derive(serde::Deserialize)]
#[allow(dead_code)]
struct Usage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    total_tokens: Option<u64>,
}

async fn by_hand(client: &reqwest::Client, port: u16, read: fn(&str) -> usize) -> usize {
    let response = client.post(format!("http://127.0.0.1:{port}/")).body("{}").send().await.expect("the server answers");
    let mut body = Box::pin(response.bytes_stream());
    let mut rest: Vec<u8> = Vec::new();
    let mut said = 0;
    while let Some(bytes) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_next(cx)).await {
        rest.extend_from_slice(&bytes.expect("the body comes"));
        let mut at = 0;
        while let Some(end) = memchr::memchr(b'\n', &rest[at..]) {
            if let Some(data) = rest[at..at + end].strip_prefix(b"data: ") {
                if data != b"[DONE]" {
                    said += read(std::str::from_utf8(data).expect("UTF-8"));
                }
            }
            at += end + 1;
        }
        rest.drain(..at);
    }
    said
}

fn text_of(data: &str) -> usize {
    let chunk: Chunk = serde_json::from_str(data).expect("a chunk");
    chunk.choices.iter().filter_map(|choice| choice.delta.content.as_ref()).map(|text| text.len()).sum()
}

fn full(data: &str) -> usize {
    let chunk: FullChunk = serde_json::from_str(data).expect("a chunk");
    chunk.choices.iter().filter_map(|choice| choice.delta.content.as_ref()).map(|text| text.len()).sum()
}

async fn lakewire(chat: &lakewire::chat::Chat) -> usize {
    let mut stream = chat.stream("x").await.expect("the server answers");
    let mut said = 0;
    while let Some(chunk) = stream.next().await {
        for choice in &chunk.expect("a chunk").choices {
            if let Some(lakewire::chat::Content::Text(text)) = &choice.delta.content {
                said += text.len();
            }
        }
    }
    said
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    println!("| stream | writes | reqwest + borrowed serde, ns | every field borrowed | lakewire |\n|---|---|---|---|---|");
    for usage in [false, true] {
        for size in [16_384, 512] {
            let port = serve(usage, size)?;
            let client = reqwest::Client::new();
            let token = lakewire::Credentials::token("dapi-bench");
            let workspace = lakewire::WorkspaceClient::new(&format!("http://127.0.0.1:{port}"), token).expect("a client");
            let chat = workspace.chat("e");
            let (mut hand, mut whole, mut ours) = (Vec::new(), Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                let start = Instant::now();
                let expected = runtime.block_on(by_hand(&client, port, text_of));
                hand.push(start.elapsed().as_secs_f64());
                let start = Instant::now();
                assert_eq!(runtime.block_on(by_hand(&client, port, full)), expected);
                whole.push(start.elapsed().as_secs_f64());
                let start = Instant::now();
                assert_eq!(runtime.block_on(lakewire(&chat)), expected);
                ours.push(start.elapsed().as_secs_f64());
            }
            let (hand, whole, ours) = (median(hand), median(whole), median(ours));
            let name = if usage { "text + usage" } else { "text" };
            println!("| {name} | {size} B | {:.0} | {:.2} | {:.2} |", hand / EVENTS as f64 * 1e9, whole / hand, ours / hand);
        }
    }
    Ok(())
}
