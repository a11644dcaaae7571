//! The command `lakewire-engine`: reads its arguments, listens, and says where.

use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::sync::Arc;

use lakewire_engine::cli::{self, Command};
use lakewire_engine::engine::Engine;
use lakewire_engine::server;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    let (port, config) = match cli::parse(std::env::args_os().skip(1)) {
        Ok(Command::Run(port, config)) => (port, config),
        Ok(Command::Help) => {
            println!("{}", cli::HELP);
            return ExitCode::SUCCESS;
        }
        Err(sentence) => {
            eprintln!("{sentence}\nRun with --help to see every option.");
            return ExitCode::from(2);
        }
    };
    let engine = match Engine::start(&config).await {
        Ok(engine) => Arc::new(engine),
        Err(error) => {
            eprintln!("{}", error.message);
            return ExitCode::FAILURE;
        }
    };
    let listening = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    let (listener, address) =
        match listening.and_then(|listener| listener.local_addr().map(|address| (listener, address))) {
            Ok(pair) => pair,
            Err(error) => {
                eprintln!("Port {port} cannot be listened on: {error}.");
                return ExitCode::FAILURE;
            }
        };
    // scripts wait for exactly this line to learn the port
    println!("listening on http://{address}");
    tokio::select! {
        served = axum::serve(listener, server::router(engine)).into_future() => match served {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        },
        _ = tokio::signal::ctrl_c() => ExitCode::SUCCESS,
    }
}
