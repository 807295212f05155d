use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use pingora::http::ResponseHeader;
use pingora::prelude::{Error, HttpPeer, Result};
use pingora::proxy::{Session, http_proxy};
use pingora::server::configuration::ServerConf;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::*;
use crate::drain::Drain;
use crate::head::tests::limits;

/// Answers every request with its method, path and body, except that `/early` is answered before its body is read.
#[derive(Clone, Default)]
pub(crate) struct Echo {
    seen: Arc<Mutex<Vec<String>>>,
}

#[async_trait]
impl ProxyHttp for Echo {
    type CTX = ();

    fn new_ctx(&self) {}

    async fn request_filter(&self, session: &mut Session, (): &mut ()) -> Result<bool> {
        let path = session.req_header().uri.path().to_owned();
        let mut said = format!("{} {path} ", session.req_header().method);
        while path != "/early"
            && let Some(bytes) = session.as_downstream_mut().read_request_body().await?
        {
            said.push_str(&String::from_utf8_lossy(&bytes));
        }
        self.seen.lock().unwrap().push(said.clone());
        let mut head = ResponseHeader::build(200, None)?;
        head.insert_header("Content-Length", said.len().to_string())?;
        session.write_response_header(Box::new(head), false).await?;
        session.write_response_body(Some(said.into()), true).await?;
        Ok(true)
    }

    async fn upstream_peer(&self, _: &mut Session, (): &mut ()) -> Result<Box<HttpPeer>> {
        Error::err(pingora::ErrorType::InternalError)
    }
}

/// What serves the connections of a test.
pub(crate) struct Server {
    pub(crate) connections: Arc<ConnectionLoop<Echo>>,
    app: Echo,
    pub(crate) drain: Drain,
}

/// A client at the other end of a connection that is being served.
struct Client {
    stream: DuplexStream,
    served: JoinHandle<()>,
    seen: Arc<Mutex<Vec<String>>>,
    drain: Drain,
}

#[derive(Debug, PartialEq, Eq)]
struct Answer {
    status: u16,
    closes: bool,
    body: String,
}

impl Server {
    pub(crate) fn new() -> Self {
        let (drain, app) = (Drain::new(), Echo::default());
        let proxy = http_proxy(&Arc::new(ServerConf::default()), app.clone());
        let connections = Arc::new(ConnectionLoop::new(proxy, &limits(), drain.draining()));
        Self { connections, app, drain }
    }

    fn connect(&self, buffer_bytes: usize) -> Client {
        let (stream, ours) = duplex(buffer_bytes);
        let connections = Arc::clone(&self.connections);
        let served = tokio::spawn(async move { connections.serve(Box::new(ours)).await });
        Client { stream, served, seen: Arc::clone(&self.app.seen), drain: self.drain.clone() }
    }
}

fn connect() -> Client {
    Server::new().connect(64 * 1024)
}

impl Client {
    async fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
    }

    /// The next answer; `None` at the end of the connection.
    async fn answer(&mut self) -> Option<Answer> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match self.stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) if head.is_empty() => return None,
                Err(error) => panic!("{error} in {head:?}"),
            }
        }
        let head = String::from_utf8(head).unwrap();
        let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        let mut body = vec![0; field("Content-Length: ").parse().unwrap()];
        self.stream.read_exact(&mut body).await.unwrap();
        let closes = field("Connection: ") == "close";
        Some(Answer { status: head[9..12].parse().unwrap(), closes, body: String::from_utf8(body).unwrap() })
    }

    async fn assert_says(&mut self, body: &str) {
        assert_eq!(self.answer().await.unwrap(), Answer { status: 200, closes: false, body: body.into() });
    }

    async fn assert_refused(&mut self, status: u16) {
        let answer = self.answer().await.unwrap();
        assert_eq!((answer.status, answer.closes), (status, true), "{}", answer.body);
        assert_eq!(self.answer().await, None);
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a.test\r\n\r\n")
}

fn post(path: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: a.test\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

#[tokio::test(start_paused = true)]
async fn a_connection_serves_request_after_request() {
    let mut client = connect();
    for _ in 0..3 {
        client.send(&get("/a")).await;
        client.assert_says("GET /a ").await;
        client.send(&post("/b", "body")).await;
        client.assert_says("POST /b body").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_dripping_head_is_answered_408_at_the_deadline_of_its_first_byte() {
    let client = connect();
    tokio::time::sleep(limits().keep_alive / 2).await;
    let started = Instant::now();
    let (mut reader, mut writer) = tokio::io::split(client.stream);
    let drip = tokio::spawn(async move {
        for byte in get("/a").bytes() {
            writer.write_all(&[byte]).await.unwrap();
            tokio::time::sleep(Duration::from_millis(999)).await;
        }
        writer
    });
    let mut answer = [0; 28];
    reader.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer[..], b"HTTP/1.1 408 Request Timeout");
    assert_eq!(started.elapsed(), limits().head_timeout);
    drip.abort();
    client.served.await.unwrap();
    assert_eq!(*client.seen.lock().unwrap(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_without_a_word() {
    let mut client = connect();
    let started = Instant::now();
    assert_eq!(client.answer().await, None);
    assert_eq!(started.elapsed(), limits().keep_alive);

    let mut client = connect();
    client.send(&get("/a")).await;
    client.assert_says("GET /a ").await;
    let started = Instant::now();
    assert_eq!(client.answer().await, None);
    assert_eq!(started.elapsed(), limits().keep_alive);
}

#[tokio::test(start_paused = true)]
async fn pipelined_requests_are_answered_in_order_however_they_are_cut() {
    let sent = [get("/a"), post("/b", "GET /x HTTP/1.1\r\n\r\n"), post("/c", ""), get("/d")].concat();
    let server = Server::new();
    for cut in 1..sent.len() {
        let mut client = server.connect(64 * 1024);
        client.send(&sent[..cut]).await;
        tokio::time::sleep(Duration::from_millis(1)).await;
        client.send(&sent[cut..]).await;
        client.assert_says("GET /a ").await;
        client.assert_says("POST /b GET /x HTTP/1.1\r\n\r\n").await;
        client.assert_says("POST /c ").await;
        client.assert_says("GET /d ").await;
        assert_eq!(client.seen().len(), 4 * cut, "cut at {cut}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_pipelined_head_is_looked_at_as_strictly_as_the_first() {
    let mut client = connect();
    client.send(&(get("/a") + "GET /b HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1, 1\r\n\r\n")).await;
    client.assert_says("GET /a ").await;
    client.assert_refused(400).await;
    assert_eq!(client.seen(), ["GET /a "]);
}

#[tokio::test(start_paused = true)]
async fn what_follows_a_chunked_body_is_not_served() {
    let mut client = connect();
    let chunked = "POST /a HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
    client.send(chunked).await;
    client.assert_says("POST /a hi").await;
    client.send(&(chunked.to_owned() + &get("/b"))).await;
    client.assert_says("POST /a hi").await;
    assert_eq!(client.answer().await, None);
    assert_eq!(client.seen(), ["POST /a hi", "POST /a hi"]);
}

#[tokio::test(start_paused = true)]
async fn the_body_of_a_request_that_is_answered_early_is_never_a_request() {
    let sent = post("/early", &get("/smuggled"));
    for cut in [sent.len(), sent.len() - 1] {
        let mut client = connect();
        client.send(&sent[..cut]).await;
        let answer = client.answer().await.unwrap();
        assert_eq!((answer.status, answer.closes), (200, true));
        client.send(&sent[cut..]).await;
        client.send(&get("/b")).await;
        assert_eq!(client.answer().await, None);
        assert_eq!(client.seen(), ["POST /early "]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_within_a_head_gets_no_answer() {
    let mut client = connect();
    client.send("GET / HTTP/1.1\r\nHo").await;
    client.stream.shutdown().await.unwrap();
    assert_eq!(client.answer().await, None);
    client.served.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_client_that_only_stops_sending_gets_its_answers() {
    let mut client = connect();
    client.send(&(get("/a") + &get("/b"))).await;
    client.stream.shutdown().await.unwrap();
    client.assert_says("GET /a ").await;
    client.assert_says("GET /b ").await;
    assert_eq!(client.answer().await, None);
    client.served.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn http_1_0_is_closed_after_its_answer_unless_it_asks_otherwise() {
    let mut client = connect();
    client.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").await;
    client.assert_says("GET /a ").await;
    client.send("GET /b HTTP/1.0\r\n\r\n").await;
    let closing = Answer { status: 200, closes: true, body: "GET /b ".into() };
    assert_eq!(client.answer().await, Some(closing));
    assert_eq!(client.answer().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_take_its_answer_is_given_up() {
    let client = Server::new().connect(512);
    let started = Instant::now();
    // The answer repeats the body, and is more than the client has room for.
    let (mut reader, mut writer) = tokio::io::split(client.stream);
    let sends = tokio::spawn(async move {
        let _ = writer.write_all(post("/a", &"x".repeat(4096)).as_bytes()).await;
        writer
    });
    client.served.await.unwrap();
    let waited = started.elapsed();
    assert!(waited >= limits().body_idle && waited < limits().body_idle * 2, "{waited:?}");
    let mut rest = Vec::new();
    drop(sends.await.unwrap());
    reader.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest.len(), 512);
}

#[tokio::test(start_paused = true)]
async fn a_drain_ends_an_idle_connection_at_once() {
    let mut client = connect();
    client.send(&get("/a")).await;
    client.assert_says("GET /a ").await;
    let started = Instant::now();
    client.drain.begin(Duration::from_secs(30));
    assert_eq!(client.answer().await, None);
    client.served.await.unwrap();
    assert_eq!(started.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_has_begun_before_the_drain_is_the_last_that_is_served() {
    let mut client = connect();
    client.send("GET /a HTTP/1.1\r\n").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    client.drain.begin(Duration::from_secs(30));
    client.send("Host: a.test\r\n\r\n").await;
    let closing = Answer { status: 200, closes: true, body: "GET /a ".into() };
    assert_eq!(client.answer().await, Some(closing));
    assert_eq!(client.answer().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_connection_brings_only_so_many_requests() {
    let mut client = connect();
    for _ in 1..REQUESTS_PER_CONNECTION_MAX {
        client.send("GET /a HTTP/1.1\r\nHost: a.test\r\n\r\n").await;
        assert!(!client.answer().await.unwrap().closes);
    }
    client.send(&get("/a")).await;
    assert!(client.answer().await.unwrap().closes);
    assert_eq!(client.answer().await, None);
}
