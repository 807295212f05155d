//! A webhook over https: whoever has a certificate of an authority that this machine trusts is told, and nobody else.

use std::fs;
use std::process::Command;
use std::sync::Arc;

use canary_controller::api::{CheckStatus, ServiceStatus};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::support::{Authority, Canaryd, Identity, SLOW, Site};

/// A server at a port of loopback, and what it is asked. Each request gets a good answer.
async fn server(own: &Identity) -> (u16, mpsc::UnboundedReceiver<String>) {
    let chain = CertificateDer::pem_file_iter(&own.cert).unwrap().collect::<Result<_, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_file(&own.key).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let acceptor = TlsAcceptor::from(Arc::new(config.with_single_cert(chain, key).unwrap()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, (sender, asked)) = (listener.local_addr().unwrap().port(), mpsc::unbounded_channel());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut head = vec![0; 16 * 1024];
            let bytes = stream.read(&mut head).await.unwrap_or_default();
            let _unheard = sender.send(String::from_utf8_lossy(&head[..bytes]).into_owned());
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await;
            let _ = stream.shutdown().await;
        }
    });
    (port, asked)
}

/// What becomes of a hook at this port, where this file says who is trusted.
async fn check(port: u16, trusted: &std::path::Path) -> CheckStatus {
    let site = Site::new(SLOW).await;
    let hook = format!("[services.web.hooks.pre_traffic]\nurl = \"https://localhost:{port}/told\"\nretries = 0\n");
    site.write(&format!("{}{hook}", fs::read_to_string(&site.config_path).unwrap()));
    let mut command = Command::new("env");
    command.arg(format!("SSL_CERT_FILE={}", trusted.display())).arg(env!("CARGO_BIN_EXE_canaryd"));
    command.arg("--config").arg(&site.config_path);
    let canaryd = Canaryd::answering(command, &site).await;
    canaryd.api.until_ready().await;
    canaryd.api.start("v2").await.done();
    let is_over = |status: &ServiceStatus| status.checks.iter().any(|check| check.outcome != "running");
    canaryd.api.until("the end of the hook", is_over).await.checks.remove(0)
}

#[tokio::test]
async fn whom_the_machine_trusts_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, another) = (Authority::new(folder.path(), "ours"), Authority::new(folder.path(), "another"));
    let (port, mut asked) = server(&ours.issue("localhost")).await;
    let told = check(port, &ours.ca).await;
    assert_eq!((told.outcome.as_str(), told.why), ("passed", None));
    let asked_for = asked.recv().await.unwrap();
    assert!(asked_for.starts_with("POST /told HTTP/1.1\r\n"), "{asked_for}");
    let untold = check(port, &another.ca).await;
    let why = untold.why.unwrap_or_default();
    assert!(untold.outcome == "failed" && why.starts_with("localhost: no TLS: "), "{} {why}", untold.outcome);
    assert!(asked.try_recv().is_err(), "nothing is said to a stranger");
}
