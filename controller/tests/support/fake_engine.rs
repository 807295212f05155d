//! An Engine of Docker that is none: it says what a test tells it to say, at the moment that the test chooses.
//!
//! What it holds is listed and inspected in the shapes that Engine 20.10 (API 1.41) has; `tests/docker/recorded` has
//! them. What writes is answered with a yes, or as the test has scripted, and changes nothing: the test changes what
//! it holds, and tells of it. Everything that was asked is written down.

mod container;
mod holdings;

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::{Method, Request, Response};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::UnixStream;
use tokio::sync::{mpsc, watch};

pub(crate) use self::container::FakeContainer;
use self::container::{set_address, set_status};
use self::holdings::Holdings;
use super::manner::Body;
use super::{Door, until};

/// An Engine at a socket of its own, until it is dropped.
pub(crate) struct FakeEngine {
    door: Door,
    state: Arc<State>,
    _folder: TempDir,
}

struct State {
    holdings: Mutex<Holdings>,
    asked: Mutex<Vec<Asked>>,
    scripts: Mutex<Vec<Script>>,
    /// The beginnings of those paths whose requests wait.
    held: watch::Sender<Vec<String>>,
}

/// What was asked, as it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    /// With what follows the question mark, and without a version.
    pub(crate) path: String,
    /// `null` where it was none.
    pub(crate) body: Value,
}

/// How one request is answered.
struct Script {
    method: Method,
    path: String,
    status: u16,
    body: Value,
}

/// What is sent: all of it, or what comes as it comes.
pub(crate) enum Said {
    Whole(u16, String),
    Events(mpsc::UnboundedReceiver<Bytes>),
}

// === impl FakeEngine ===

impl FakeEngine {
    /// One that holds the three networks which every Engine has, and nothing else.
    pub(crate) fn start() -> Self {
        let state = State {
            holdings: Mutex::new(Holdings::new()),
            asked: Mutex::default(),
            scripts: Mutex::default(),
            held: watch::Sender::new(Vec::new()),
        };
        let (folder, state) = (tempfile::tempdir().expect("a temporary folder"), Arc::new(state));
        let served = Arc::clone(&state);
        let door = Door::open(folder.path().join("docker.sock"), move |stream| serve(stream, Arc::clone(&served)));
        Self { door, state, _folder: folder }
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.door.path.clone()
    }

    /// The same as a `host`.
    pub(crate) fn host(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    // --- What it holds ---

    /// Holds a container besides, without a word to anybody; its image and networks too. Returns its id.
    pub(crate) fn add(&self, container: &FakeContainer) -> String {
        self.holdings().add(container)
    }

    /// Changes what an inspection of a container shows; the list follows.
    pub(crate) fn change(&self, id: &str, change: impl FnOnce(&mut Value)) {
        change(self.holdings().container_mut(id));
    }

    /// Puts a container into a state, with all that follows from it: `created`, `running`, `paused`, `restarting` or
    /// `exited`. It has no address any more when it does not run.
    pub(crate) fn set_status(&self, id: &str, status: &str) {
        set_status(self.holdings().container_mut(id), status);
    }

    /// Lets the health check of a container say `starting`, `healthy` or `unhealthy`.
    pub(crate) fn set_health(&self, id: &str, health: &str) {
        self.holdings().container_mut(id)["State"]["Health"]["Status"] = json!(health);
    }

    /// Gives a container another address in a network that it is attached to.
    pub(crate) fn set_address(&self, id: &str, network: &str, address: &str) {
        let mut holdings = self.holdings();
        let endpoint = &mut holdings.container_mut(id)["NetworkSettings"]["Networks"][network];
        set_address(endpoint, address.parse().expect("an address"));
    }

    /// Forgets a container, without a word to anybody.
    pub(crate) fn remove(&self, id: &str) {
        self.holdings().remove(id);
    }

    /// Holds an image, with these labels of its own. Returns its id.
    pub(crate) fn image(&self, name: &str, labels: &[(&str, &str)]) -> String {
        self.holdings().image(name, labels)
    }

    /// Has an image that a registry knows by this digest besides.
    pub(crate) fn push(&self, name: &str, digest: &str) {
        self.holdings().push(name, digest);
    }

    /// Has an image no more, whatever runs it.
    pub(crate) fn remove_image(&self, name: &str) {
        self.holdings().remove_image(name);
    }

    /// Holds a network. Returns its id.
    pub(crate) fn network(&self, name: &str) -> String {
        self.holdings().network(name)
    }

    /// Is a manager of a Swarm that has these services and tasks, without a word to anybody.
    pub(crate) fn manage(&self, services: &[Value], tasks: &[Value]) {
        let mut holdings = self.holdings();
        (holdings.services, holdings.tasks) = (services.to_vec(), tasks.to_vec());
        holdings.is_manager = true;
    }

    /// Is a worker of that Swarm.
    pub(crate) fn demote(&self) {
        self.holdings().is_manager = false;
    }

    // --- What it tells ---

    /// Tells of something that happened to a container: its labels, image and name are in the attributes, as these are.
    pub(crate) fn event(&self, action: &str, id: &str, attributes: &[(&str, &str)]) {
        self.holdings().tell_of_container(action, id, attributes);
    }

    /// Tells that a container has been attached to a network, or is not any more.
    pub(crate) fn network_event(&self, action: &str, network: &str, container: &str) {
        self.holdings().tell_of_network(action, network, container);
    }

    /// Tells that a service of Swarm was made, changed or removed.
    pub(crate) fn service_event(&self, action: &str, service: &str) {
        self.holdings().tell_of_service(action, service);
    }

    /// Sends these bytes to everybody who hears events.
    pub(crate) fn say(&self, bytes: &'static str) {
        self.holdings().send(&Bytes::from_static(bytes.as_bytes()));
    }

    /// Keeps events back until [`FakeEngine::resume`]; the streams stay open.
    pub(crate) fn stall(&self) {
        self.holdings().is_stalled = true;
    }

    pub(crate) fn resume(&self) {
        self.holdings().resume();
    }

    /// Ends the streams of events in order. What is told afterwards is in the ring, for whoever asks from then on.
    pub(crate) fn end_streams(&self) {
        self.holdings().end_streams();
    }

    /// Sets its clock back by so much.
    pub(crate) fn turn_back(&self, by: Duration) {
        self.holdings().turn_back(by);
    }

    /// Forgets what happened so far, as a restart does.
    pub(crate) fn forget(&self) {
        self.holdings().forget();
    }

    /// How many streams of events are open.
    pub(crate) fn streams(&self) -> usize {
        self.holdings().streams()
    }

    /// Waits until somebody hears events.
    pub(crate) async fn until_watched(&self) {
        until("a stream of events", async || match self.streams() {
            0 => Err(format!("{:?}", self.asked())),
            _ => Ok(()),
        })
        .await;
    }

    // --- How it is reached ---

    /// Breaks all connections, the streams of events with them. New ones are taken.
    pub(crate) fn cut(&self) {
        self.door.cut();
        self.end_streams();
    }

    /// Is gone: all connections break, and its socket with them.
    pub(crate) fn refuse(&self) {
        self.door.shut();
        self.end_streams();
    }

    /// Is there again, at a new socket of the same name.
    pub(crate) fn come_back(&self) {
        self.door.reopen();
    }

    /// Lets requests wait whose path begins like this, those that are under way too: `/` are all of them.
    pub(crate) fn hold(&self, path: &str) {
        self.state.held.send_modify(|held| held.push(path.to_owned()));
    }

    /// Answers all that waits.
    pub(crate) fn let_go(&self) {
        self.state.held.send_modify(Vec::clear);
    }

    // --- What it is asked ---

    /// Answers the next request of this method and path like this, whatever follows its question mark. Such words
    /// stand in a queue.
    pub(crate) fn script(&self, method: Method, path: &str, status: u16, body: Value) {
        lock(&self.state.scripts).push(Script { method, path: path.to_owned(), status, body });
    }

    /// All that it was asked, the first one first.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        lock(&self.state.asked).clone()
    }

    /// Those that were to change something.
    pub(crate) fn writes(&self) -> Vec<Asked> {
        self.asked().into_iter().filter(|asked| asked.method != Method::GET && asked.method != Method::HEAD).collect()
    }

    /// How often it was asked for what is at a path, whatever follows its question mark.
    pub(crate) fn times(&self, path: &str) -> usize {
        self.asked().iter().filter(|asked| asked.place() == path).count()
    }

    /// Waits until it has been asked so often for what is at a path.
    pub(crate) async fn until_times(&self, path: &str, times: usize) {
        until(&format!("{times} requests for {path}"), async || {
            if self.times(path) >= times { Ok(()) } else { Err(format!("{:?}", self.asked())) }
        })
        .await;
    }

    fn holdings(&self) -> MutexGuard<'_, Holdings> {
        lock(&self.state.holdings)
    }
}

// === impl Asked ===

impl Asked {
    /// The path alone.
    pub(crate) fn place(&self) -> &str {
        self.path.split_once('?').map_or(&*self.path, |(place, _)| place)
    }

    fn query(&self) -> &str {
        self.path.split_once('?').map_or("", |(_, query)| query)
    }
}

// --- The server ---

async fn serve(stream: UnixStream, state: Arc<State>) {
    let answer = service_fn(|request| answer(&state, request));
    // A client that goes away is no affair of an Engine.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
}

async fn answer(state: &State, request: Request<Incoming>) -> io::Result<Response<Body>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let path = without_version(path).to_owned();
    let asked = Asked { method: head.method, path, body: serde_json::from_slice(&body).unwrap_or(Value::Null) };
    lock(&state.asked).push(asked.clone());
    let mut held = state.held.subscribe();
    let is_let_go = |held: &Vec<String>| !held.iter().any(|path| asked.path.starts_with(path));
    held.wait_for(is_let_go).await.map_err(io::Error::other)?;
    let said = state.say(&asked);
    let (status, body) = match said {
        Said::Whole(status, text) => (status, whole(text)),
        Said::Events(events) => (200, as_they_come(events)),
    };
    let answer = Response::builder().status(status).header("api-version", "1.41").header("ostype", "linux");
    Ok(answer.header("content-type", "application/json").body(body).expect("a plain answer"))
}

/// `/v1.41/info` is `/info`.
fn without_version(path: &str) -> &str {
    let Some(rest) = path.strip_prefix("/v") else { return path };
    match rest.find('/') {
        Some(end) if rest[..end].chars().all(|c| c.is_ascii_digit() || c == '.') => &rest[end..],
        _ => path,
    }
}

fn whole(text: String) -> Body {
    let body = StreamBody::new(stream::iter([Ok(Frame::data(Bytes::from(text)))]));
    body.boxed_unsync()
}

fn as_they_come(events: mpsc::UnboundedReceiver<Bytes>) -> Body {
    let next = async |mut events: mpsc::UnboundedReceiver<Bytes>| {
        let bytes = events.recv().await?;
        Some((Ok(Frame::data(bytes)), events))
    };
    StreamBody::new(stream::unfold(events, next)).boxed_unsync()
}

// === impl State ===

impl State {
    fn say(&self, asked: &Asked) -> Said {
        let mut scripts = lock(&self.scripts);
        let is_meant = |script: &Script| script.method == asked.method && script.path == asked.place();
        if let Some(index) = scripts.iter().position(is_meant) {
            let script = scripts.remove(index);
            return Said::Whole(script.status, text_of(&script.body));
        }
        drop(scripts);
        if asked.method == Method::GET || asked.method == Method::HEAD {
            return lock(&self.holdings).answer(asked.place(), asked.query());
        }
        match asked.place() {
            "/containers/create" => Said::Whole(201, json!({ "Id": "c".repeat(64), "Warnings": [] }).to_string()),
            "/images/create" => Said::Whole(200, String::new()),
            _ => Said::Whole(204, String::new()),
        }
    }
}

fn text_of(body: &Value) -> String {
    if body.is_null() { String::new() } else { body.to_string() }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nobody panics who holds it")
}
