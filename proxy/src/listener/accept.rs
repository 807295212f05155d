//! Accepting: caps before anything else, then a task for each connection, until the drain begins.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::Duration;

use pingora::protocols::{GetSocketDigest, SocketDigest, Stream, l4};
use pingora::proxy::ProxyHttp;
use tokio::net::{TcpListener, TcpStream};

use crate::caps::{Caps, Permit};
use crate::connection::ConnectionLoop;
use crate::drain::{Draining, InFlight};

/// How long to wait when the host has no room for another connection. Whoever waits in the backlog waits with us.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(100);

/// How many connections are still taken from the backlog when the drain begins.
const LAST_ACCEPTS_MAX: usize = 4096;

/// Accepts for one worker and listener.
pub(crate) struct AcceptLoop<P> {
    pub(crate) connections: Arc<ConnectionLoop<P>>,
    pub(crate) caps: Arc<Caps>,
    pub(crate) draining: Draining,
    /// The connections of this worker.
    pub(crate) open: InFlight,
}

impl<P> AcceptLoop<P>
where
    P: ProxyHttp + Send + Sync + 'static,
    P::CTX: Send + Sync,
{
    /// Accepts until the drain begins, then closes this handle of the socket.
    pub(crate) async fn run(mut self, listener: TcpListener) {
        let mut failing = false;
        loop {
            let accepted = tokio::select! {
                () = self.draining.begun() => break,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, client)) => {
                    failing = false;
                    self.admit(stream, client);
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    if !std::mem::replace(&mut failing, true) {
                        tracing::warn!(%error, "cannot accept connections; trying again until it works");
                    }
                    tokio::time::sleep(ACCEPT_BACKOFF).await;
                }
            }
        }
        self.accept_rest(listener);
    }

    /// Takes what the kernel has accepted for us already: to close the socket would reset it, requests included.
    fn accept_rest(&self, listener: TcpListener) {
        let Ok(listener) = listener.into_std() else { return };
        for _ in 0..LAST_ACCEPTS_MAX {
            let Ok((stream, client)) = listener.accept() else { return };
            if stream.set_nonblocking(true).is_ok()
                && let Ok(stream) = TcpStream::from_std(stream)
            {
                self.admit(stream, client);
            }
        }
    }

    fn admit(&self, stream: TcpStream, client: SocketAddr) {
        if let Some(permit) = self.caps.admit(client.ip()) {
            tokio::spawn(self.connection(stream, client, permit));
        }
    }

    /// The task of one connection. Not async itself: what is large is boxed before the future begins.
    fn connection(
        &self,
        stream: TcpStream,
        client: SocketAddr,
        permit: Permit,
    ) -> impl Future<Output = ()> + Send + use<P> {
        // An answer is gathered into one write already; Nagle's algorithm would only delay it. A socket that refuses is
        // broken, which the first read will tell.
        let _ = stream.set_nodelay(true);
        let mut stream = l4::stream::Stream::from(stream);
        let digest = SocketDigest::from_raw_fd(stream.as_raw_fd());
        let _ = digest.peer_addr.set(Some(client.into()));
        stream.set_socket_digest(digest);
        let stream: Stream = Box::new(stream);
        let connections = Arc::clone(&self.connections);
        let open = self.open.enter();
        async move {
            connections.serve(stream).await;
            drop((permit, open));
        }
    }
}

/// Whether the error is about a connection that was gone before it was accepted. The next one may be fine.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::tests::Server;
    use crate::head::tests::limits;

    /// What the task of an idle connection may take, in bytes. The stream, its wire and the socket come on top.
    const CONNECTION_TASK_BYTES_MAX: usize = 1024;

    #[tokio::test]
    async fn the_task_of_a_connection_is_small() {
        let server = Server::new();
        let accept = AcceptLoop {
            connections: Arc::clone(&server.connections),
            caps: Caps::new(&limits()),
            draining: server.drain.draining(),
            open: InFlight::default(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (_client, (stream, client)) =
            tokio::try_join!(TcpStream::connect(address), async { listener.accept().await }).unwrap();
        let permit = accept.caps.admit(client.ip()).unwrap();
        let task = accept.connection(stream, client, permit);
        let bytes = size_of_val(&task);
        assert!(bytes < CONNECTION_TASK_BYTES_MAX, "{bytes} bytes");
    }

    #[test]
    fn only_an_error_of_the_host_makes_us_wait() {
        assert!(is_of_one_connection(&ErrorKind::ConnectionAborted.into()));
        const TOO_MANY_OPEN_FILES: i32 = 24;
        assert!(!is_of_one_connection(&io::Error::from_raw_os_error(TOO_MANY_OPEN_FILES)));
    }
}
