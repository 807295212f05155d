//! A unix socket that somebody serves, and that can be shut, broken and put up again.

use std::fs;
use std::os::unix::net::UnixListener as StdUnixListener;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::net::{UnixListener, UnixStream};
use tokio::task::{AbortHandle, JoinSet};

type Serve = dyn Fn(UnixStream) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync;

/// Open, until it is shut or dropped.
pub(crate) struct Door {
    pub(crate) path: PathBuf,
    serve: Arc<Serve>,
    accepting: Mutex<Option<AbortHandle>>,
    connections: Arc<Mutex<JoinSet<()>>>,
}

// === impl Door ===

impl Door {
    pub(crate) fn open<F>(path: PathBuf, serve: impl Fn(UnixStream) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let serve = Arc::new(move |stream| Box::pin(serve(stream)) as Pin<Box<dyn Future<Output = ()> + Send>>);
        let door = Self { path, serve, accepting: Mutex::default(), connections: Arc::default() };
        door.reopen();
        door
    }

    /// Breaks all connections. New ones are taken.
    pub(crate) fn cut(&self) {
        lock(&self.connections).abort_all();
    }

    /// Breaks all connections, and the socket is gone.
    pub(crate) fn shut(&self) {
        if let Some(accepting) = lock(&self.accepting).take() {
            accepting.abort();
            fs::remove_file(&self.path).expect("it was bound");
        }
        self.cut();
    }

    /// Is there again, at a new socket of the same name.
    pub(crate) fn reopen(&self) {
        let listener = StdUnixListener::bind(&self.path).expect("nobody is there");
        listener.set_nonblocking(true).expect("a new socket takes it");
        let listener = UnixListener::from_std(listener).expect("within a runtime");
        let accepting = tokio::spawn(accept(listener, Arc::clone(&self.serve), Arc::clone(&self.connections)));
        *lock(&self.accepting) = Some(accepting.abort_handle());
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.shut();
    }
}

async fn accept(listener: UnixListener, serve: Arc<Serve>, connections: Arc<Mutex<JoinSet<()>>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let mut connections = lock(&connections);
        // Those that have ended are forgotten.
        while connections.try_join_next().is_some() {}
        connections.spawn(serve(stream));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nobody panics who holds it")
}
