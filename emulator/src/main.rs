//! The command `lakewire-emulator`: reads its arguments, listens, and says where.

use std::process::ExitCode;

use lakewire_emulator::cli::{self, Command};

#[tokio::main]
async fn main() -> ExitCode {
    let config = match cli::parse(std::env::args_os().skip(1), |name| std::env::var(name).ok()) {
        Ok(Command::Run(config)) => *config,
        Ok(Command::Help) => {
            println!("{}", cli::HELP);
            return ExitCode::SUCCESS;
        }
        Err(sentence) => {
            eprintln!("{sentence}\nRun with --help to see every option.");
            return ExitCode::from(2);
        }
    };
    let listening = match lakewire_emulator::listen(config).await {
        Ok(listening) => listening,
        Err(sentence) => {
            eprintln!("{sentence}");
            return ExitCode::FAILURE;
        }
    };
    // Scripts wait for exactly this line to learn the port.
    println!("lakewire-emulator listening on http://{}", listening.address());
    tokio::select! {
        () = listening.run() => ExitCode::SUCCESS,
        _ = tokio::signal::ctrl_c() => ExitCode::SUCCESS,
    }
}
