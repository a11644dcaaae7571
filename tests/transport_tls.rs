//! The native transport against certificates it must not trust.
#![cfg(all(feature = "native", not(target_arch = "wasm32")))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lakewire::auth::Credentials;
use lakewire::config::Config;
use lakewire::sender::{CallOptions, Meta, Sender};
use lakewire::transport::reqwest::ReqwestTransport;
use lakewire::wire::call::{Call, Repeat};
use lakewire::{Error, ErrorKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls").join(name)
}

/// Serves `answer` under this certificate, then drops the connection without a goodbye. Gives the
/// port, and for each connection how many bytes of a request were read.
async fn server(certificate: &str, answer: &'static [u8]) -> (u16, UnboundedReceiver<usize>) {
    let chain = vec![CertificateDer::from_pem_file(fixture(certificate)).unwrap()];
    let key = PrivateKeyDer::from_pem_file(fixture("leaf.key")).unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, told) = unbounded_channel();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let mut buffer = [0; 4096];
            let mut read = 0;
            if let Ok(mut tls) = acceptor.accept(socket).await {
                read = tls.read(&mut buffer).await.unwrap_or(0);
                let _ = tls.write_all(answer).await;
                let _ = tls.flush().await;
            }
            let _ = tell.send(read);
        }
    });
    (port, told)
}

async fn send(port: u16, trusting: bool) -> Result<Meta, Error> {
    let transport = if trusting {
        let authority = std::fs::read(fixture("authority.pem")).unwrap();
        let authority = reqwest::Certificate::from_pem(&authority).unwrap();
        let client = reqwest::Client::builder().tls_certs_only([authority]).no_proxy().build().unwrap();
        ReqwestTransport::with_client(client)
    } else {
        ReqwestTransport::new().unwrap()
    };
    let config = Config::new(&format!("https://localhost:{port}")).unwrap();
    let sender = Sender::new(config, Credentials::token("dapiCANARY"), Arc::new(transport)).unwrap();
    let call = Call::get("/api/2.0/serving-endpoints").with_repeat(Repeat::Never);
    let options = CallOptions::default();
    let result = tokio::time::timeout(Duration::from_secs(30), sender.send(&call, &options)).await;
    result.expect("it ends").map(|(_, meta)| meta)
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

#[tokio::test]
async fn b3_an_authority_of_ones_own_can_be_added() {
    let (port, _) = server("good.pem", OK).await;
    assert_eq!(send(port, true).await.unwrap().status, 200);
}

#[tokio::test]
async fn b1_b2_b3_b9_a_certificate_not_to_be_trusted_gets_no_request() {
    for (certificate, trusting, advice) in [
        ("expired.pem", true, "clock"),
        ("not_yet_valid.pem", true, "clock"),
        ("other_host.pem", true, "another host"),
        ("good.pem", false, "authority"),
    ] {
        let (port, mut told) = server(certificate, OK).await;
        let error = send(port, trusting).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Tls, 1), "{certificate}: {error}");
        assert!(!error.maybe_processed() && !error.is_retryable());
        assert!(error.message().contains(advice), "{certificate}: {error}");
        assert_eq!(told.recv().await, Some(0), "{certificate}: no byte of the request left");
    }
}

#[tokio::test]
async fn b7_a_connection_cut_without_goodbye_is_no_end() {
    for answer in [
        &b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n"[..],
        // framed by the connection's end alone: only TLS can tell a cut
        &b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}"[..],
    ] {
        let (port, _) = server("good.pem", answer).await;
        let error = send(port, true).await.unwrap_err();
        assert_eq!((error.kind(), error.maybe_processed()), (ErrorKind::Truncated, true), "{error}");
    }
}
