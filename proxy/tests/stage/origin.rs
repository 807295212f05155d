//! A backend that does as it is told, and remembers what it was asked.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use socket2::{Domain, Socket, Type};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;

use super::{Message, Peer, until};

/// What an origin does when it has read a request.
pub(crate) enum Act {
    /// Answers, and keeps the connection.
    Say(Vec<u8>),
    /// Says this and closes.
    Close(Vec<u8>),
    /// Says this and breaks the connection.
    Reset(Vec<u8>),
    /// Nothing, for as long as the connection lasts.
    Silence,
    /// The same, once there is a permit.
    After(Arc<Semaphore>, Box<Act>),
}

type Behaviour = Arc<dyn Fn(&Message) -> Act + Send + Sync>;

pub(crate) struct Origin {
    pub(crate) address: SocketAddr,
    memory: Arc<Memory>,
    task: AbortHandle,
}

#[derive(Default)]
struct Memory {
    connections: AtomicUsize,
    requests: Mutex<Vec<Message>>,
}

/// An address at which nobody listens, for as long as this is held.
pub(crate) struct Dead {
    pub(crate) address: SocketAddr,
    socket: Socket,
}

// === impl Act ===

impl Act {
    pub(crate) fn after(self, gate: &Arc<Semaphore>) -> Self {
        Self::After(Arc::clone(gate), Box::new(self))
    }
}

// === impl Origin ===

impl Origin {
    pub(crate) async fn start(behaviour: impl Fn(&Message) -> Act + Send + Sync + 'static) -> Self {
        Self::at(TcpListener::bind("127.0.0.1:0").await.unwrap(), behaviour)
    }

    /// Takes the place of one whose address this was, and whose open connections go on.
    pub(crate) async fn after(previous: Self, behaviour: impl Fn(&Message) -> Act + Send + Sync + 'static) -> Self {
        let address = previous.address;
        drop(previous);
        loop {
            // The listener before it is closed by the runtime, soon.
            match TcpListener::bind(address).await {
                Ok(listener) => return Self::at(listener, behaviour),
                Err(_) => tokio::task::yield_now().await,
            }
        }
    }

    fn at(listener: TcpListener, behaviour: impl Fn(&Message) -> Act + Send + Sync + 'static) -> Self {
        let (address, memory) = (listener.local_addr().unwrap(), Arc::new(Memory::default()));
        let task = tokio::spawn(accept(listener, Arc::new(behaviour), Arc::clone(&memory))).abort_handle();
        Self { address, memory, task }
    }

    /// How many requests have arrived whole.
    pub(crate) fn count(&self) -> usize {
        self.memory.requests.lock().unwrap().len()
    }

    /// How many connections were opened.
    pub(crate) fn connections(&self) -> usize {
        self.memory.connections.load(SeqCst)
    }

    /// Waits until so many connections were opened.
    pub(crate) async fn connected(&self, count: usize) {
        until("a connection to the origin", || self.connections() >= count).await;
    }

    /// The requests, in the order in which they arrived.
    pub(crate) fn requests(&self) -> Vec<Message> {
        self.memory.requests.lock().unwrap().clone()
    }

    /// Waits until so many have arrived.
    pub(crate) async fn reached(&self, count: usize) {
        until("a request at the origin", || self.count() >= count).await;
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Dead {
    pub(crate) fn new() -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        Self { address: socket.local_addr().unwrap().as_socket().unwrap(), socket }
    }

    /// Somebody listens now.
    pub(crate) fn revive(self, behaviour: impl Fn(&Message) -> Act + Send + Sync + 'static) -> Origin {
        self.socket.listen(128).unwrap();
        self.socket.set_nonblocking(true).unwrap();
        Origin::at(TcpListener::from_std(self.socket.into()).unwrap(), behaviour)
    }
}

async fn accept(listener: TcpListener, behaviour: Behaviour, memory: Arc<Memory>) {
    while let Ok((stream, _)) = listener.accept().await {
        memory.connections.fetch_add(1, SeqCst);
        tokio::spawn(serve(Peer::over(stream), Arc::clone(&behaviour), Arc::clone(&memory)));
    }
}

async fn serve(mut peer: Peer, behaviour: Behaviour, memory: Arc<Memory>) {
    while let Some(request) = peer.request().await {
        let mut act = behaviour(&request);
        memory.requests.lock().unwrap().push(request);
        while let Act::After(gate, next) = act {
            gate.acquire().await.unwrap().forget();
            act = *next;
        }
        match act {
            Act::Say(bytes) => peer.send_in_vain(bytes).await,
            Act::Close(bytes) => return peer.send_in_vain(bytes).await,
            Act::Reset(bytes) => {
                peer.send_in_vain(bytes).await;
                return peer.reset();
            }
            Act::Silence | Act::After(..) => {
                peer.rest().await;
                return;
            }
        }
    }
}

/// A whole answer.
pub(crate) fn says(status: u16, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} Said\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

pub(crate) fn ok(body: &str) -> Act {
    Act::Say(says(200, body))
}

/// An origin that answers everything with its name.
pub(crate) async fn named(name: &'static str) -> Origin {
    Origin::start(move |_| ok(name)).await
}
