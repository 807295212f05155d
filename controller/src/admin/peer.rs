//! Who is at the other end of a connection.

use std::net::{IpAddr, Ipv4Addr};

use tokio::net::{TcpStream, UnixStream};

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum Peer {
    /// A process of this host, as the kernel says.
    Local { uid: Option<u32> },
    /// Whoever has the token.
    Remote {
        /// Where it comes from.
        address: IpAddr,
        /// Where it found us.
        found_at: IpAddr,
    },
}

// === impl Peer ===

impl Peer {
    pub(super) fn of_unix(stream: &UnixStream) -> Self {
        Self::Local { uid: stream.peer_cred().ok().map(|peer| peer.uid()) }
    }

    pub(super) fn of_tcp(stream: &TcpStream) -> Self {
        // A peer that is gone already is told nothing, whatever its name.
        let unknown = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        Self::Remote {
            address: stream.peer_addr().map_or(unknown, |peer| peer.ip().to_canonical()),
            found_at: stream.local_addr().map_or(unknown, |local| local.ip().to_canonical()),
        }
    }

    /// As the audit trail names it.
    pub(super) fn name(self) -> String {
        match self {
            Self::Local { uid: Some(uid) } => format!("uid {uid}"),
            Self::Local { uid: None } => "unknown".into(),
            Self::Remote { address, .. } => format!("token {address}"),
        }
    }
}
