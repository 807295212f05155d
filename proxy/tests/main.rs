//! The data plane seen from outside: real workers on real sockets, clients that speak raw bytes.

#[cfg(test)]
mod alike;
#[cfg(test)]
mod assigned;
#[cfg(test)]
mod bodies;
#[cfg(test)]
mod cohorts;
#[cfg(test)]
mod connection;
#[cfg(test)]
mod draining;
#[cfg(test)]
mod eligible;
#[cfg(test)]
mod failover;
#[cfg(test)]
mod first_byte;
#[cfg(test)]
mod forwarding;
#[cfg(test)]
mod gone;
#[cfg(test)]
mod health;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod late;
#[cfg(test)]
mod listening;
#[cfg(test)]
mod logged;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod noted;
#[cfg(test)]
mod parked;
#[cfg(test)]
mod patience;
#[cfg(test)]
mod rescue;
#[cfg(test)]
mod revived;
#[cfg(test)]
mod routing;
#[cfg(test)]
mod scoring;
#[cfg(test)]
mod share;
#[cfg(test)]
mod silence;
#[cfg(test)]
mod slow_start;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tunnels;
#[cfg(test)]
mod upstream;
#[cfg(test)]
mod weights;
#[cfg(test)]
mod zero;
