//! What tracing adds to a chat call: `cargo run --release --bin tracing` here.
//!
//! Interleaved rounds over a loopback server, medians of the wall time per call: a plain client, one whose traces are not kept
//! (sampled out), and one that is traced, with the traces sent to the same server in the background of the same thread.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Instant;

use lakewire::mlflow::tracing::MlflowTracing;
use lakewire::{Config, Credentials, WorkspaceClient};

const CALLS: usize = 200;
const ROUNDS: usize = 15;
const ANSWER: &str = r#"{"id":"1","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"A lakehouse keeps the tables of a warehouse in the open files of a data lake."},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":17,"total_tokens":26}}"#;
const INFO: &str = r#"{"trace":{"trace_info":{"trace_id":"tr-1","tags":{"mlflow.artifactLocation":"mlflow-artifacts:/3/traces/tr-1/artifacts"}}}}"#;

fn answer(stream: &TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut length, mut path, mut line) = (0, String::new(), String::new());
        while reader.read_line(&mut line)? > 2 {
            if path.is_empty() {
                path = line.split(' ').nth(1).unwrap_or("").to_owned();
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            line.clear();
        }
        if path.is_empty() {
            return Ok(());
        }
        std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink())?;
        let body = if path.ends_with("/invocations") { ANSWER } else if path.ends_with("/mlflow/traces") { INFO } else { "{}" };
        let mut out = stream;
        write!(out, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len())?;
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let host = format!("http://127.0.0.1:{}", listener.local_addr()?.port());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = stream.set_nodelay(true);
            std::thread::spawn(move || answer(&stream));
        }
    });
    let client = WorkspaceClient::with_config(Config::new(&host)?, Credentials::none())?;
    let traced = MlflowTracing::new(&client.mlflow(), "3").with_max_queue(100_000);
    let unkept = MlflowTracing::new(&client.mlflow(), "3").with_sample_rate(0.0);
    let ways = [
        ("plain", client.chat("e")),
        ("sampled out", client.observed_by(unkept).chat("e")),
        ("traced", client.observed_by(traced.clone()).chat("e")),
    ];
    let mut times = vec![Vec::new(); ways.len()];
    let mut sending = Vec::new();
    for _ in 0..ROUNDS {
        for ((_, chat), times) in ways.iter().zip(&mut times) {
            let start = Instant::now();
            for _ in 0..CALLS {
                chat.invoke("What is a lakehouse?").await?;
            }
            times.push(start.elapsed().as_secs_f64() / CALLS as f64 * 1e6);
            let start = Instant::now();
            traced.flush().await?;
            sending.push(start.elapsed().as_secs_f64());
        }
    }
    let medians: Vec<f64> = times
        .iter_mut()
        .map(|times| {
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        })
        .collect();
    for ((name, _), median) in ways.iter().zip(&medians) {
        println!("{name:12} {median:7.1} µs per call, {:.2} of plain", median / medians[0]);
    }
    println!("{} traces sent, {} dropped; {:.0} ms of sending after the calls", traced.stats().exported, traced.stats().dropped, sending.iter().sum::<f64>() * 1e3);
    Ok(())
}
