//! What may be written only once, or not in two places that contradict each other.

use std::fmt::Display;
use std::net::SocketAddr;

use super::address::takes;
use super::problems::{Placed, Section};
use crate::quoted::Quoted;
use crate::rule::Rule;

// === impl Section ===

impl Section<'_, '_> {
    /// Two sockets cannot be bound to one address.
    pub(super) fn bound_once(&mut self, sockets: &[&Placed<SocketAddr>]) {
        self.each_repeated(sockets, collide, "is taken by", "give each its own address");
    }

    /// Nor can this socket and one of the others.
    pub(super) fn bound_apart(&mut self, socket: &Placed<SocketAddr>, others: &[Placed<SocketAddr>]) {
        let collides = |other: &&Placed<SocketAddr>| collide(&other.value, &socket.value);
        if let Some(other) = others.iter().find(collides) {
            self.report_twin(socket, other, "is taken by", "give each its own address");
        }
    }

    /// A backend that is named twice would get twice its share.
    pub(super) fn backend_once(&mut self, backends: &[&Placed<SocketAddr>]) {
        self.each_repeated(backends, |a, b| a == b, "is already in", "remove one of them");
    }

    /// A request that goes to our own listener comes round again.
    pub(super) fn no_loop(&mut self, backends: &[Placed<SocketAddr>], listeners: &[Placed<SocketAddr>]) {
        for backend in backends {
            if let Some(listener) = listeners.iter().find(|listener| takes(&listener.value, &backend.value)) {
                self.report_twin(backend, listener, "would send requests back to", "write the backend's own address");
            }
        }
    }

    /// Of two services with one rule, one would never see a request.
    pub(super) fn rule_once(&mut self, rules: &[&Placed<Rule>]) {
        let same = |a: &Rule, b: &Rule| a.matcher() == b.matcher();
        self.each_repeated(rules, same, "is already the rule of", "change one of them");
    }

    /// Of two windows with one name, nobody could say which is in force.
    pub(super) fn window_once(&mut self, names: &[&Placed<String>]) {
        self.each_repeated(names, |a, b| a == b, "is already", "give each its own name");
    }

    fn each_repeated<T: Display>(
        &mut self,
        all: &[&Placed<T>],
        same: impl Fn(&T, &T) -> bool,
        relation: &str,
        instead: &str,
    ) {
        let mut ordered = all.to_vec();
        ordered.sort_by_key(|placed| placed.span.start);
        for (index, later) in ordered.iter().enumerate() {
            if let Some(first) = ordered[..index].iter().find(|first| same(&first.value, &later.value)) {
                self.report_twin(later, first, relation, instead);
            }
        }
    }

    fn report_twin<T: Display, U>(&mut self, later: &Placed<T>, first: &Placed<U>, relation: &str, instead: &str) {
        let text = later.value.to_string();
        let (text, at) = (Quoted(&text), self.source().position(first.span.start));
        let place = if first.span.is_empty() { "its default".into() } else { format!("{}:{}", at.line, at.column) };
        let message = format!("{text} {relation} {} ({place}); {instead}", first.key);
        self.report_at(&later.key, &later.span, message);
    }
}

/// Whether two sockets cannot be bound at the same time.
fn collide(a: &SocketAddr, b: &SocketAddr) -> bool {
    let is_same_family = a.is_ipv4() == b.is_ipv4();
    let is_everywhere = is_same_family && (a.ip().is_unspecified() || b.ip().is_unspecified());
    // The system gives every port 0 a port of its own.
    a.port() == b.port() && a.port() != 0 && (a.ip() == b.ip() || is_everywhere)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_collide_when_one_address_includes_the_other() {
        let collide = |a: &str, b: &str| collide(&a.parse().unwrap(), &b.parse().unwrap());
        assert!(collide("10.0.0.1:80", "10.0.0.1:80"));
        assert!(collide("0.0.0.0:80", "10.0.0.1:80"));
        assert!(collide("[::1]:80", "[::]:80"));
        assert!(!collide("0.0.0.0:80", "[::]:80"));
        assert!(!collide("0.0.0.0:80", "0.0.0.0:81"));
        assert!(!collide("0.0.0.0:0", "0.0.0.0:0"));
    }
}
