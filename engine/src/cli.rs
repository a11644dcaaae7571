//! The command's arguments.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::{Arg, Parser, ValueExt as _};

use crate::engine::Config;

/// What `--help` prints.
pub const HELP: &str = "\
lakewire-engine: real SQL in Databricks' dialect on loopback, for the emulator's warehouse

  --port N       the port to listen on; 0, the default, takes a free one
  --scale S      the scale of samples.tpch; 0.01 is the default, 1 is a gigabyte
  --data DIR     keeps what statements change, and brings it back at the next start
  --help         this text";

/// What was asked for.
#[derive(Debug)]
pub enum Command {
    /// Listen on the port.
    Run(u16, Config),
    /// Print [`HELP`].
    Help,
}

/// Reads the arguments.
///
/// # Errors
/// A sentence about the argument that is not understood.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, String> {
    let mut parser = Parser::from_args(args.into_iter().collect::<Vec<_>>());
    let (mut port, mut config) = (0, Config::default());
    while let Some(arg) = parser.next().map_err(|error| error.to_string())? {
        let value = |parser: &mut Parser| parser.value().map_err(|error| error.to_string());
        match arg {
            Arg::Long("port") => port = value(&mut parser)?.parse().map_err(|error| error.to_string())?,
            Arg::Long("scale") => {
                config.scale = value(&mut parser)?.parse().map_err(|error| error.to_string())?;
                if !(config.scale > 0.0 && config.scale <= 10.0) {
                    return Err("--scale is above 0 and at most 10".to_owned());
                }
            }
            Arg::Long("data") => config.data = Some(PathBuf::from(value(&mut parser)?)),
            Arg::Long("help") | Arg::Short('h') => return Ok(Command::Help),
            other => return Err(other.unexpected().to_string()),
        }
    }
    Ok(Command::Run(port, config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read_and_mistakes_are_said() {
        let words = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
        let Ok(Command::Run(port, config)) = parse(words("--port 8123 --scale 0.1 --data /tmp/x")) else { panic!() };
        assert_eq!((port, config.scale, config.data), (8123, 0.1, Some(PathBuf::from("/tmp/x"))));
        assert!(parse(words("--scale 0")).unwrap_err().contains("--scale"));
        assert!(parse(words("--frob")).unwrap_err().contains("frob"));
    }
}
