//! The command line: names and values to a [`Config`], or a sentence saying what is wrong.

use std::ffi::OsString;
use std::net::IpAddr;

use lexopt::{Arg, Parser, ValueExt};

use crate::loopback::Loopback;
use crate::state::Config;
use crate::upstream::Upstream;

/// What `--help` prints.
pub const HELP: &str = "\
lakewire-emulator: a Databricks workspace on loopback

USAGE
    lakewire-emulator [OPTIONS]

OPTIONS
    --port N              port to listen on; 0 picks a free one (default 8787)
    --host ADDRESS        address to bind (default 127.0.0.1)
    --allow-remote        permit an address that other machines can reach
    --token TOKEN         a personal access token to accept; repeatable (default dapi-emulator)
    --upstream URL        pass chat to an OpenAI-compatible server (Ollama, llama.cpp, vLLM), http:// only
    --upstream-model M    the model name to ask that server for (default: the first it lists)
    --upstream-embedding-model M  the model to ask there for embeddings (default: the one of chat)
    --seed N              seed of everything random (default 0); same seed, same bytes
    --token-delay-ms N    pause between streamed tokens (default 15)
    --endpoint-delay-ms N how long a created or changed endpoint takes to be ready (default 3000)
    --token-ttl-s N       how long OAuth tokens live, in seconds (default 3600)
    --expired-token-status N  status of an answer to a token that is over: 403, or 401 (default 403)
    --engine URL          a running lakewire-engine, which runs SQL statements and has Unity Catalog, such as http://127.0.0.1:8790
    --mlflow URL          a real MLflow server on loopback, to which MLflow's paths are passed on
    --mlflow-server       let MLflow's paths be those of a self-hosted server: no credential, any names, artifacts through it
    --link-ttl-s N        how long links to results and artifacts live, in seconds, up to 900 (default 900)
    --data DIR            keep endpoints, secrets, permissions, warehouses and vector indexes in DIR across restarts
    --custom NAME=URL     a custom-model endpoint, and every endpoint that serves a registered model of this name, answered by an
                          MLflow scoring server on loopback; repeatable
    --driver-proxy C/PORT let /driver-proxy-api/o/ORG/C/PORT reach 127.0.0.1:PORT; repeatable
    --help                this text

ENVIRONMENT
    LAKEWIRE_UPSTREAM_KEY  bearer key for --upstream, if it wants one";

/// What the arguments ask for.
#[derive(Debug)]
pub enum Command {
    /// Serve until interrupted.
    Run(Box<Config>),
    /// Print [`HELP`] and stop.
    Help,
}

/// Reads arguments (without the program name); `env` looks up environment variables.
///
/// # Errors
/// A sentence naming the argument and what it must be.
pub fn parse<I>(arguments: I, env: impl Fn(&str) -> Option<String>) -> Result<Command, String>
where
    I: IntoIterator<Item = OsString>,
{
    let mut parser = Parser::from_args(arguments);
    let mut config = Config::default();
    let mut tokens = Vec::new();
    let mut upstream_url: Option<String> = None;
    let mut upstream_model: Option<String> = None;
    let mut embedding_model: Option<String> = None;
    let mut allow_remote = false;
    while let Some(argument) = parser.next().map_err(sentence)? {
        match argument {
            Arg::Long("port") => config.port = number(&mut parser, "--port")?,
            Arg::Long("host") => {
                let text = value(&mut parser, "--host")?;
                config.host = address(&text)?;
            }
            Arg::Long("allow-remote") => allow_remote = true,
            Arg::Long("token") => tokens.push(value(&mut parser, "--token")?),
            Arg::Long("upstream") => upstream_url = Some(value(&mut parser, "--upstream")?),
            Arg::Long("upstream-model") => upstream_model = Some(value(&mut parser, "--upstream-model")?),
            Arg::Long("upstream-embedding-model") => {
                embedding_model = Some(value(&mut parser, "--upstream-embedding-model")?);
            }
            Arg::Long("seed") => config.seed = number(&mut parser, "--seed")?,
            Arg::Long("token-delay-ms") => config.token_delay_ms = number(&mut parser, "--token-delay-ms")?,
            Arg::Long("endpoint-delay-ms") => config.endpoint_delay_ms = number(&mut parser, "--endpoint-delay-ms")?,
            Arg::Long("token-ttl-s") => config.token_ttl_s = number(&mut parser, "--token-ttl-s")?,
            Arg::Long("expired-token-status") => {
                let status = number(&mut parser, "--expired-token-status")?;
                if !matches!(status, 401 | 403) {
                    return Err(format!("--expired-token-status is 401 or 403, not {status}."));
                }
                config.expired_token_status = status;
            }
            Arg::Long("engine") => {
                let url = value(&mut parser, "--engine")?;
                config.engine = Some(Loopback::new(&url).map_err(|sentence| format!("--engine: {sentence}"))?);
            }
            Arg::Long("mlflow") => {
                let url = value(&mut parser, "--mlflow")?;
                config.mlflow = Some(Loopback::new(&url).map_err(|sentence| format!("--mlflow: {sentence}"))?);
            }
            Arg::Long("mlflow-server") => config.mlflow_server = true,
            Arg::Long("link-ttl-s") => {
                config.link_ttl_s = number(&mut parser, "--link-ttl-s")?;
                if config.link_ttl_s > 900 {
                    return Err("--link-ttl-s is at most 900: links to results live 15 minutes at most.".to_owned());
                }
            }
            Arg::Long("data") => config.data = Some(parser.value().map_err(sentence)?.into()),
            Arg::Long("custom") => config.custom.push(custom(&value(&mut parser, "--custom")?)?),
            Arg::Long("driver-proxy") => config.driver_proxy.push(proxied(&value(&mut parser, "--driver-proxy")?)?),
            Arg::Long("help") | Arg::Short('h') => return Ok(Command::Help),
            other => return Err(sentence(other.unexpected())),
        }
    }
    if !tokens.is_empty() {
        config.tokens = tokens;
    }
    config.allow_remote = allow_remote;
    if !config.host.is_loopback() && !allow_remote {
        return Err(format!(
            "--host {} can be reached by other machines, and anyone who reaches the emulator may read its history; \
             add --allow-remote if that is intended.",
            config.host
        ));
    }
    if config.mlflow.is_some() && config.mlflow_server {
        return Err(
            "--mlflow and --mlflow-server exclude each other: a real server answers, or the emulator does.".to_owned()
        );
    }
    if (upstream_model.is_some() || embedding_model.is_some()) && upstream_url.is_none() {
        return Err("--upstream-model names a model of an upstream server: give --upstream URL too.".to_owned());
    }
    if let Some(url) = upstream_url {
        let upstream = Upstream::new(&url, upstream_model, env("LAKEWIRE_UPSTREAM_KEY"))?;
        config.upstream = Some(upstream.with_embedding_model(embedding_model));
    }
    Ok(Command::Run(Box::new(config)))
}

fn address(text: &str) -> Result<IpAddr, String> {
    if text == "localhost" {
        return Ok(IpAddr::from([127, 0, 0, 1]));
    }
    text.parse().map_err(|_| format!("--host takes an IP address such as 127.0.0.1, not {text:?}."))
}

fn custom(text: &str) -> Result<(String, Loopback), String> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let Some((name, url)) = pair else {
        return Err(format!("--custom takes NAME=URL, such as my-model=http://127.0.0.1:5000, not {text:?}."));
    };
    Ok((name.to_owned(), Loopback::new(url)?))
}

fn proxied(text: &str) -> Result<(String, u16), String> {
    let refused = || format!("--driver-proxy takes CLUSTER/PORT, such as 1120-090000-abcd1234/7777, not {text:?}.");
    let (cluster, port) = text.split_once('/').filter(|(cluster, _)| !cluster.is_empty()).ok_or_else(refused)?;
    let port = port.parse().ok().filter(|port| *port != 0).ok_or_else(refused)?;
    Ok((cluster.to_owned(), port))
}

fn value(parser: &mut Parser, name: &str) -> Result<String, String> {
    parser.value().map_err(sentence)?.string().map_err(|_| format!("{name} takes text in UTF-8."))
}

fn number<T: std::str::FromStr>(parser: &mut Parser, name: &str) -> Result<T, String> {
    let text = value(parser, name)?;
    text.parse().map_err(|_| format!("{name} takes a whole number in range, not {text:?}."))
}

fn sentence(error: lexopt::Error) -> String {
    format!("The arguments could not be read: {error}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(arguments: &[&str]) -> Result<Command, String> {
        parse(arguments.iter().map(OsString::from), |_| None)
    }

    #[test]
    fn r4_a_remote_address_needs_the_flag() {
        let refused = run(&["--host", "0.0.0.0"]).unwrap_err();
        assert!(refused.contains("--allow-remote"), "{refused}");
        assert!(matches!(run(&["--host", "0.0.0.0", "--allow-remote"]), Ok(Command::Run(_))));
    }

    #[test]
    fn tokens_replace_the_default_and_repeat() {
        let Ok(Command::Run(config)) = run(&["--token", "a", "--token=b", "--port", "0"]) else { panic!() };
        assert_eq!(config.tokens, ["a", "b"]);
        assert_eq!(config.port, 0);
    }

    #[test]
    fn a_wrong_argument_is_a_sentence() {
        assert!(run(&["--port", "x"]).unwrap_err().contains("--port"));
        assert!(run(&["--nonsense"]).is_err());
        assert!(run(&["--custom", "m=http://example.com:5000"]).unwrap_err().contains("loopback"));
        assert!(run(&["--custom", "http://127.0.0.1:5000"]).unwrap_err().contains("NAME=URL"));
        assert!(run(&["--driver-proxy", "cluster"]).unwrap_err().contains("CLUSTER/PORT"));
        assert!(run(&["--engine", "http://example.com:1"]).unwrap_err().contains("loopback"));
        assert!(run(&["--mlflow", "https://example.com"]).unwrap_err().starts_with("--mlflow: "));
        assert!(
            run(&["--mlflow", "http://127.0.0.1:1", "--mlflow-server"]).unwrap_err().contains("exclude each other")
        );
        assert!(run(&["--link-ttl-s", "901"]).unwrap_err().contains("900"));
        assert!(run(&["--upstream", "https://api.example.com"]).unwrap_err().contains("http://"));
    }
}
