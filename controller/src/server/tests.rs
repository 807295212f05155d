//! Every limit of the server, with a clock that the tests turn.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use axum::serve::Listener;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::server::{HEAD_TIMEOUT, STALL_TIMEOUT, serve};

/// So many connections are served at once here.
const PLACES: usize = 2;

/// What the pipe between the two ends holds.
const PIPE_BYTES: usize = 1024;

/// Larger than all that lies between the two ends.
const LARGE: usize = 4 << 20;

const REQUEST: &[u8] = b"GET /small HTTP/1.1\r\nhost: a\r\n\r\n";

/// A listener whose connections are made here.
struct Connections(mpsc::UnboundedReceiver<DuplexStream>);

impl Listener for Connections {
    type Io = DuplexStream;
    type Addr = ();

    async fn accept(&mut self) -> (DuplexStream, ()) {
        match self.0.recv().await {
            Some(stream) => (stream, ()),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<()> {
        Ok(())
    }
}

/// A server, and what its tests hold of it.
struct Served {
    connect: mpsc::UnboundedSender<DuplexStream>,
    stop: watch::Sender<bool>,
    gate: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Served {
    fn start() -> Self {
        let (connect, connections) = mpsc::unbounded_channel();
        let (stop, stopped) = watch::channel(false);
        let gate = Arc::<Notify>::default();
        let held = Arc::clone(&gate);
        let app = Router::new()
            .route("/small", get(async || "small"))
            .route("/large", get(async || "x".repeat(LARGE)))
            .route("/held", get(async move || held.notified().await));
        let task = tokio::spawn(serve(Connections(connections), app, PLACES, |_| (), stopped));
        Self { connect, stop, gate, task }
    }

    fn connect(&self) -> DuplexStream {
        let (ours, theirs) = duplex(PIPE_BYTES);
        self.connect.send(theirs).expect("it accepts");
        ours
    }
}

/// Reads to the end of the connection, and says how long that took.
async fn until_end(stream: &mut DuplexStream) -> Duration {
    let begin = Instant::now();
    // A connection may end in an error; it has ended all the same.
    let _ = stream.read_to_end(&mut Vec::new()).await;
    begin.elapsed()
}

async fn is_answered(stream: &mut DuplexStream) -> bool {
    let mut start = [0; 15];
    stream.write_all(REQUEST).await.expect("the pipe has room");
    stream.read_exact(&mut start).await.is_ok() && start == *b"HTTP/1.1 200 OK"
}

fn is_about(elapsed: Duration, limit: Duration) -> bool {
    elapsed >= limit && elapsed < limit + Duration::from_secs(1)
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_says_nothing_is_closed_at_the_deadline() {
    let served = Served::start();
    assert!(is_about(until_end(&mut served.connect()).await, HEAD_TIMEOUT));
}

#[tokio::test(start_paused = true)]
async fn a_head_that_drips_is_cut_at_the_deadline() {
    let served = Served::start();
    let (mut reader, mut writer) = tokio::io::split(served.connect());
    let begin = Instant::now();
    let drip = async {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if writer.write_all(b"G").await.is_err() {
                return;
            }
        }
    };
    let end = async {
        let _ = reader.read_to_end(&mut Vec::new()).await;
    };
    tokio::select! { () = drip => {}, () = end => {} }
    assert!(begin.elapsed() <= HEAD_TIMEOUT + Duration::from_secs(1), "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_connection_between_two_requests_is_closed_at_the_deadline_too() {
    let served = Served::start();
    let mut stream = served.connect();
    assert!(is_answered(&mut stream).await);
    assert!(is_about(until_end(&mut stream).await, HEAD_TIMEOUT));
}

#[tokio::test(start_paused = true)]
async fn the_connection_that_is_idle_for_longest_makes_room() {
    let served = Served::start();
    let (mut oldest, mut asked) = (served.connect(), served.connect());
    let begin = Instant::now();
    assert!(is_answered(&mut asked).await);
    let mut late = served.connect();
    assert!(is_answered(&mut late).await);
    until_end(&mut oldest).await;
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
    assert!(is_about(until_end(&mut asked).await, HEAD_TIMEOUT), "it was not in the way");
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_idle_connections_keeps_nobody_out() {
    let served = Served::start();
    let mut flood = Vec::new();
    for _ in 0..50 {
        flood.extend((0..2 * PLACES).map(|_| served.connect()));
        let begin = Instant::now();
        assert!(is_answered(&mut served.connect()).await);
        assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_being_answered_is_never_sent_away() {
    let served = Served::start();
    let mut busy = Vec::new();
    for _ in 0..PLACES {
        let mut stream = served.connect();
        stream.write_all(b"GET /held HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.expect("room");
        busy.push(stream);
    }
    // Until their heads are read they are idle like any other.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut late = served.connect();
    late.write_all(REQUEST).await.expect("the pipe has room");
    assert!(timeout(4 * HEAD_TIMEOUT, late.read_u8()).await.is_err(), "it waits for its turn");
    served.gate.notify_waiters();
    for stream in &mut busy {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    }
    assert_eq!(late.read_u8().await.expect("an answer"), b'H');
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_nobody_reads_is_given_up() {
    let served = Served::start();
    let mut stream = served.connect();
    let begin = Instant::now();
    stream.write_all(b"GET /large HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("the pipe has room");
    stream.read_exact(&mut [0; 100]).await.expect("it begins");
    tokio::time::sleep(STALL_TIMEOUT + Duration::from_secs(1)).await;
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    assert!(rest.len() < LARGE, "it was cut off after {:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_read_slowly_comes_whole() {
    let served = Served::start();
    let mut stream = served.connect();
    stream.write_all(b"GET /large HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.expect("room");
    let mut all = Vec::new();
    for _ in 0..4 {
        tokio::time::sleep(STALL_TIMEOUT / 2).await;
        let mut some = vec![0; LARGE / 8];
        stream.read_exact(&mut some).await.expect("it goes on");
        all.append(&mut some);
    }
    stream.read_to_end(&mut all).await.expect("it goes on");
    assert!(all.len() > LARGE);
}

#[tokio::test(start_paused = true)]
async fn the_end_waits_for_answers_and_not_for_idle_connections() {
    let served = Served::start();
    let (mut idle, mut busy) = (served.connect(), served.connect());
    assert!(is_answered(&mut idle).await);
    busy.write_all(b"GET /held HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("the pipe has room");
    assert!(timeout(Duration::from_secs(1), busy.read_u8()).await.is_err(), "it is held");
    served.stop.send_replace(true);
    assert!(until_end(&mut idle).await < Duration::from_secs(1));
    assert!(!served.task.is_finished());
    served.gate.notify_waiters();
    let mut answer = String::new();
    busy.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    served.task.await.expect("it ends");
}
