//! `[listen.NAME]`: where clients are accepted.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use serde::Deserialize;
use serde_spanned::Spanned;

use super::address::Purpose;
use super::problems::{Placed, Section};
use crate::daemon::Listener;
use crate::quoted::Quoted;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct WrittenListen {
    address: Option<Spanned<String>>,
    #[serde(default)]
    trusted_proxies: Vec<Spanned<String>>,
    health_path: Option<Spanned<String>>,
}

/// The listeners, and what else of the file is about them.
#[derive(Default)]
pub(super) struct Listen {
    pub(super) listeners: Vec<Listener>,
    pub(super) addresses: Vec<Placed<SocketAddr>>,
    pub(super) health_paths: Vec<Placed<Box<str>>>,
}

/// The listeners by name.
pub(super) fn meant(written: BTreeMap<Spanned<String>, WrittenListen>, section: &mut Section<'_, '_>) -> Listen {
    if written.is_empty() {
        let message =
            format!("nobody is listened to; write [listen.web] with address = \"{}\"", Purpose::Listen.example());
        section.report_self(&(0..0), message);
    }
    let mut all = Listen::default();
    for (name, listen) in written {
        let mut section = section.child(name.get_ref());
        let trusted_proxies = section.trusted_proxies(&listen.trusted_proxies);
        let listener_name = section.name(&name);
        let address = match &listen.address {
            Some(address) => section.address("address", address, Purpose::Listen),
            None => {
                let example = Purpose::Listen.example();
                section.report_self(&name.span(), format_args!("`address` is missing; write address = \"{example}\""));
                None
            }
        };
        let health_path = section.health_path(listen.health_path);
        all.addresses.extend(address.clone());
        all.health_paths.extend(health_path.clone());
        if let (Some(name), Some(address)) = (listener_name, address) {
            let health_path = health_path.map(|path| path.value);
            all.listeners.push(Listener { name, address: address.value, trusted_proxies, health_path });
        }
    }
    section.bound_once(&all.addresses.iter().collect::<Vec<_>>());
    all
}

// === impl Section ===

impl Section<'_, '_> {
    fn health_path(&mut self, written: Option<Spanned<String>>) -> Option<Placed<Box<str>>> {
        let span = written.as_ref()?.span();
        let value = self.target("health_path", written?)?;
        if value.contains('?') {
            let message =
                format!("{} has a query, and only the path is compared; write the path alone", Quoted(&value));
            self.report("health_path", &span, message);
        }
        Some(Placed { key: self.key().child("health_path"), span, value })
    }

    fn trusted_proxies(&mut self, written: &[Spanned<String>]) -> Vec<IpNet> {
        let mut trusted = Vec::new();
        for (index, text) in written.iter().enumerate() {
            match network(text.get_ref()) {
                Ok(network) => trusted.push(network),
                Err(message) => {
                    let key = self.key().child("trusted_proxies").item(index);
                    self.report_at(&key, &text.span(), message);
                }
            }
        }
        trusted
    }
}

fn network(text: &str) -> Result<IpNet, String> {
    let quoted = Quoted(text);
    let Some(network) = text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from)) else {
        return Err(format!("{quoted} is not a network; write one such as \"10.0.0.0/8\", or an IP address"));
    };
    if network != network.trunc() {
        return Err(format!("{quoted} has bits behind its prefix; write \"{}\"", network.trunc()));
    }
    Ok(network)
}
