//! How many connections there may be, in all and from one client. Asked once per connection, at accept.
//!
//! The lock is held for a few instructions and never across an await; nothing on the way of a request comes here.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use canary_config::daemon::Limits;

/// The caps on connections, shared by every listener and worker.
#[derive(Debug)]
pub struct Caps {
    connections: usize,
    connections_per_ip: usize,
    open: Mutex<Open>,
    refused_in_all: AtomicU64,
    refused_per_ip: AtomicU64,
}

/// How many connections were turned away since the start, by the cap that did it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// There were too many connections in all.
    pub in_all: u64,
    /// There were too many from one client.
    pub per_ip: u64,
}

/// The right to have one connection. It is given back when this is dropped.
#[derive(Debug)]
pub struct Permit {
    caps: Arc<Caps>,
    client: IpAddr,
}

#[derive(Debug, Default)]
struct Open {
    in_all: usize,
    /// Only clients that have a connection are in it, so it is never larger than the cap on all connections.
    per_ip: HashMap<IpAddr, usize>,
}

// === impl Caps ===

impl Caps {
    /// Caps with no connection yet.
    #[must_use]
    pub fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            connections: limits.connections,
            connections_per_ip: limits.connections_per_ip,
            open: Mutex::default(),
            refused_in_all: AtomicU64::new(0),
            refused_per_ip: AtomicU64::new(0),
        })
    }

    /// Admits a connection from `ip`, or counts it as refused.
    ///
    /// An IPv6 client is its /64, since that is what one subscriber is given; an IPv4 address mapped into IPv6 is itself.
    pub fn admit(self: &Arc<Self>, ip: IpAddr) -> Option<Permit> {
        let client = client(ip);
        let mut open = self.open();
        if open.in_all >= self.connections {
            self.refused_in_all.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        let of_client = open.per_ip.get(&client).copied().unwrap_or(0);
        if of_client >= self.connections_per_ip {
            self.refused_per_ip.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        open.in_all += 1;
        open.per_ip.insert(client, of_client + 1);
        Some(Permit { caps: Arc::clone(self), client })
    }

    /// How many connections are open now.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.open().in_all
    }

    /// How many connections were refused.
    #[must_use]
    pub fn refused(&self) -> Refused {
        Refused {
            in_all: self.refused_in_all.load(Ordering::Relaxed),
            per_ip: self.refused_per_ip.load(Ordering::Relaxed),
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        // Nothing panics while it is held; and if it did, two counts off by one are better than no more connections.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Permit ===

impl Drop for Permit {
    fn drop(&mut self) {
        let mut open = self.caps.open();
        open.in_all -= 1;
        if let Some(of_client) = open.per_ip.get_mut(&self.client) {
            *of_client -= 1;
            if *of_client == 0 {
                open.per_ip.remove(&self.client);
            }
        }
    }
}

/// Whom a connection is counted against.
fn client(ip: IpAddr) -> IpAddr {
    const SUBSCRIBER: u128 = !(u64::MAX as u128);
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & SUBSCRIBER)),
        ip => ip,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caps(connections: usize, connections_per_ip: usize) -> Arc<Caps> {
        Caps::new(&Limits { connections, connections_per_ip, ..crate::head::tests::limits() })
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_cap_on_all_connections_refuses_and_counts() {
        let caps = caps(2, 2);
        let _permits = [caps.admit(ip("10.0.0.1")), caps.admit(ip("10.0.0.2"))].map(Option::unwrap);
        assert!(caps.admit(ip("10.0.0.3")).is_none());
        assert_eq!(caps.refused(), Refused { in_all: 1, per_ip: 0 });
    }

    #[test]
    fn a_client_cannot_take_the_share_of_another() {
        let caps = caps(10, 1);
        let _first = caps.admit(ip("10.0.0.1")).unwrap();
        assert!(caps.admit(ip("10.0.0.1")).is_none());
        assert!(caps.admit(ip("10.0.0.2")).is_some());
        assert_eq!(caps.refused(), Refused { in_all: 0, per_ip: 1 });
    }

    #[test]
    fn a_dropped_permit_makes_room_and_leaves_nothing_behind() {
        let caps = caps(1, 1);
        for last in 0..=255 {
            assert!(caps.admit(ip(&format!("10.0.0.{last}"))).is_some());
        }
        assert_eq!(caps.connections(), 0);
        assert!(caps.open().per_ip.is_empty());
    }

    #[test]
    fn an_ipv6_client_is_its_subscriber_and_a_mapped_ipv4_itself() {
        assert_eq!(client(ip("2001:db8:1:2:3::4")), client(ip("2001:db8:1:2:ffff::")));
        assert_ne!(client(ip("2001:db8:1:2::")), client(ip("2001:db8:1:3::")));
        assert_eq!(client(ip("::ffff:10.0.0.1")), ip("10.0.0.1"));
    }
}
