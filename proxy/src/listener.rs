//! The sockets on which clients are accepted. They are bound before anything else starts, so that an address that cannot
//! be had stops the start instead of leaving half an edge running. What is accepted is in `accept`.

pub(crate) mod accept;

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};

use canary_config::daemon;
use canary_config::name::ListenerName;
use socket2::SockRef;

/// How many connections the kernel holds ready for us. The 128 of the standard library overflow when the clients of a
/// restarted edge all come back at once, and each that does not fit waits a second for its next try.
const BACKLOG: i32 = 4096;

/// A listener of the configuration, bound to its address. The kernel already takes connections for it.
#[derive(Debug)]
pub struct Bound {
    name: ListenerName,
    listener: TcpListener,
    address: SocketAddr,
}

/// Which listener a proxy is made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerInfo {
    /// Its place among the listeners given to [`crate::worker::Workers::start`].
    pub index: usize,
    /// Its name in the configuration.
    pub name: ListenerName,
    /// The address that it has, with the port that the kernel chose if the configuration says 0.
    pub address: SocketAddr,
}

/// Why a listener cannot have its address.
#[derive(Debug, thiserror::Error)]
#[error("listener `{name}`: cannot listen on {address}: {}", explain(.name, .source))]
pub struct BindError {
    name: ListenerName,
    address: SocketAddr,
    source: io::Error,
}

// === impl Bound ===

impl Bound {
    /// Binds the address with `SO_REUSEADDR`, so that a restart need not wait for old connections to be forgotten.
    pub fn bind(listener: &daemon::Listener) -> Result<Self, BindError> {
        let error = |source| BindError { name: listener.name.clone(), address: listener.address, source };
        let socket = TcpListener::bind(listener.address).map_err(error)?;
        // The standard library has no say in the backlog; listening again changes it.
        SockRef::from(&socket).listen(BACKLOG).map_err(error)?;
        socket.set_nonblocking(true).map_err(error)?;
        let address = socket.local_addr().map_err(error)?;
        Ok(Self { name: listener.name.clone(), listener: socket, address })
    }

    /// The address that clients connect to.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// What a proxy for this listener is told about it.
    pub(crate) fn info(&self, index: usize) -> ListenerInfo {
        ListenerInfo { index, name: self.name.clone(), address: self.address }
    }

    /// Another handle of the same socket. New connections are refused only when the last one is gone.
    pub(crate) fn try_clone(&self) -> io::Result<TcpListener> {
        self.listener.try_clone()
    }
}

fn explain(name: &ListenerName, source: &io::Error) -> String {
    match source.kind() {
        ErrorKind::AddrInUse => {
            format!("address already in use: another process listens there; stop it or change listen.{name}.address")
        }
        ErrorKind::AddrNotAvailable => {
            format!("address not available: no interface of this host has it; change listen.{name}.address")
        }
        ErrorKind::PermissionDenied => format!(
            "permission denied: a port below 1024 needs CAP_NET_BIND_SERVICE; grant it or change listen.{name}.address"
        ),
        _ => source.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listener(address: SocketAddr) -> daemon::Listener {
        daemon::Listener { name: "web".parse().unwrap(), address, trusted_proxies: Vec::new(), health_path: None }
    }

    #[test]
    fn port_zero_is_replaced_by_the_one_that_was_given() {
        let bound = Bound::bind(&listener("127.0.0.1:0".parse().unwrap())).unwrap();
        assert_ne!(bound.local_addr().port(), 0);
        assert_eq!(bound.info(3).address, bound.local_addr());
    }

    #[test]
    fn an_address_in_use_is_said_to_be_so_with_what_to_do() {
        let first = Bound::bind(&listener("127.0.0.1:0".parse().unwrap())).unwrap();
        let error = Bound::bind(&listener(first.local_addr())).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "listener `web`: cannot listen on {}: address already in use: another process listens there; \
                 stop it or change listen.web.address",
                first.local_addr()
            )
        );
    }

    #[test]
    fn an_address_of_somebody_else_is_said_to_be_so() {
        // 192.0.2.0/24 is reserved for documents, so no host has it.
        let error = Bound::bind(&listener("192.0.2.1:0".parse().unwrap())).unwrap_err();
        assert!(error.to_string().contains("no interface of this host has it"), "{error}");
    }
}
