//! On which of its networks a container is reached, and by which address. Pure.
//!
//! Never by a random one: an address on a network that canaryd is not connected to answers nobody, and one of several
//! would change from one start to the next.

use core::net::{IpAddr, Ipv4Addr};
use std::collections::{BTreeMap, BTreeSet};

use canary_config::quoted::Quoted;

/// The networks on which canaryd reaches containers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// All of this machine: canaryd is no container, or one that uses the host's network.
    Host,
    /// Those that its own container is connected to.
    Networks(BTreeSet<Box<str>>),
}

/// How a container is connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connection {
    /// It uses the host's network.
    Host,
    /// It uses the network of another container.
    Shared,
    /// It has these networks, by name. An address is missing while it is being connected.
    Networks(BTreeMap<Box<str>, Option<IpAddr>>),
}

// === impl Connection ===

impl Connection {
    /// The address by which the container is reached; nothing, while its network has not given it one. `named` is the
    /// network that the operator has chosen, and `project` the one of Compose, in which networks have shorter names.
    ///
    /// # Errors
    /// When it cannot be reached, or could be in several ways, with what to do.
    pub fn address(&self, named: Option<&str>, project: Option<&str>, reach: &Reach) -> Result<Option<IpAddr>, String> {
        let networks = match (self, reach) {
            (Self::Host, Reach::Host) => return Ok(Some(Ipv4Addr::LOCALHOST.into())),
            (Self::Host, Reach::Networks(_)) => {
                return Err("it uses the host's network, which canaryd cannot reach from its own container; let both \
                            use it, or give both a network"
                    .into());
            }
            (Self::Shared, _) => {
                return Err(
                    "it uses the network of another container and has no address; move the labels to that one".into()
                );
            }
            (Self::Networks(networks), _) => networks,
        };
        match named {
            Some(named) => of_named(named, project, networks, reach),
            None => of_only(networks, reach),
        }
    }
}

/// The address on the network that the operator has chosen.
fn of_named(
    named: &str,
    project: Option<&str>,
    networks: &BTreeMap<Box<str>, Option<IpAddr>>,
    reach: &Reach,
) -> Result<Option<IpAddr>, String> {
    let whole = project.map(|project| format!("{project}_{named}"));
    let found = networks.get_key_value(named).or_else(|| networks.get_key_value(whole?.as_str()));
    let shown = Quoted(named);
    match (found, reach) {
        (None, _) => Err(format!(
            "it is not connected to the network {shown}, but to {}; connect it, or name another",
            listed(networks.keys())
        )),
        (Some((name, _)), Reach::Networks(ours)) if !ours.contains(name) => Err(format!(
            "canaryd is not connected to the network {}; connect it: docker network connect {name} CANARYD",
            Quoted(name)
        )),
        (Some((_, address)), _) => Ok(*address),
    }
}

/// The address on the only network that canaryd reaches.
fn of_only(networks: &BTreeMap<Box<str>, Option<IpAddr>>, reach: &Reach) -> Result<Option<IpAddr>, String> {
    let is_reached = |name: &str| match reach {
        Reach::Host => true,
        Reach::Networks(ours) => ours.contains(name),
    };
    let reached: Vec<_> = networks.iter().filter(|(name, _)| is_reached(name)).collect();
    match *reached {
        [(_, address)] => Ok(*address),
        [] if networks.is_empty() => Err("it is connected to no network; connect it to one".into()),
        [] => {
            let ours = match reach {
                Reach::Networks(ours) => listed(ours),
                Reach::Host => listed([]),
            };
            Err(format!(
                "it shares no network with canaryd: it is connected to {}, and canaryd to {ours}; connect both to one",
                listed(networks.keys())
            ))
        }
        [..] => Err(format!(
            "it can be reached on several networks: {}; add the label canary.network or the key docker.network of its \
             service",
            listed(reached.iter().map(|(name, _)| *name))
        )),
    }
}

/// Networks as a sentence lists them.
fn listed<'a>(names: impl IntoIterator<Item = &'a Box<str>>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| Quoted(name).to_string()).collect();
    match names.is_empty() {
        true => "none".into(),
        false => names.join(", "),
    }
}

#[cfg(test)]
mod tests;
