//! A webhook: JSON that is posted over http or https. Who it is posted to is a secret but for the host.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, HOST, USER_AGENT};
use http::uri::Scheme;
use http::{Request, Uri};
use http_body_util::Full;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::docker::host::tail;
use crate::hooks::exchange::{self, Answer};
use crate::hooks::{Report, too_late};

/// Posts JSON there, within a deadline.
pub(super) async fn post(url: &Uri, json: String, deadline: Duration) -> Report {
    let host = url.host().unwrap_or_default().to_owned();
    match timeout(deadline, send(url, &host, json)).await {
        Ok(Ok(Answer { status, body })) if status.is_success() => Report::passed(tail(&body)),
        Ok(Ok(Answer { status, body })) => {
            Report::failed(format!("{host} answered with {status}, and not with 200 to 299"), tail(&body))
        }
        Ok(Err(why)) => Report::failed(format!("{host}: {why}"), Vec::new()),
        Err(_) => Report::failed(format!("{host}: {}", too_late(deadline)), Vec::new()),
    }
}

async fn send(url: &Uri, host: &str, json: String) -> Result<Answer, String> {
    let is_https = url.scheme() == Some(&Scheme::HTTPS);
    let port = url.port_u16().unwrap_or(if is_https { 443 } else { 80 });
    // An IPv6 address stands in brackets in a URL, and nowhere else.
    let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let target = url.path_and_query().map_or("/", |target| target.as_str());
    let request = Request::post(target)
        .header(HOST, url.authority().map_or(host, |authority| authority.as_str()))
        .header(USER_AGENT, "canaryd-hook")
        .header(CONTENT_TYPE, "application/json")
        .header(CONNECTION, "close")
        .body(Full::<Bytes>::from(json))
        .map_err(|why| format!("no request: {why}"))?;
    let stream = TcpStream::connect((bare.as_str(), port)).await.map_err(|why| format!("no connection: {why}"))?;
    if !is_https {
        return exchange::ask(stream, request).await;
    }
    let name = ServerName::try_from(bare).map_err(|why| format!("no name of a server: {why}"))?;
    let connector = tokio::task::spawn_blocking(connector).await.map_err(|why| why.to_string())??;
    let stream = connector.connect(name, stream).await.map_err(|why| format!("no TLS: {why}"))?;
    exchange::ask(stream, request).await
}

/// Trusts whom this machine trusts, as of now.
fn connector() -> Result<TlsConnector, String> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let why = found.errors.first().map(|error| format!(": {error}")).unwrap_or_default();
        let remedy = "install ca-certificates, or name a file of them in SSL_CERT_FILE";
        return Err(format!("this machine trusts no certificate authority{why}; {remedy}"));
    }
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
