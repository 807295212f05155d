//! What it costs to find the route of a request, and to publish a table: for one service, and for a thousand.

use std::fmt;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use canary_config::name::{NameError, ReleaseId, ServiceName};
use canary_config::rule::{Rule, RuleError};
use canary_proxy::pool::Pool;
use canary_proxy::routes::{RouteReader, RouteWriter, cell};
use canary_proxy::rules::Asked;
use canary_proxy::table::Route;
use http::{HeaderMap, Method};

use crate::clock;

/// How many services the larger table has.
pub const SERVICES: usize = 1_000;
/// Requests in one measurement. It takes some hundredths of a second.
const REQUESTS: u32 = 200_000;
/// Publications in one measurement.
const PUBLICATIONS: u32 = 50;
/// Of so many measurements the shortest counts: whatever else runs on a machine makes them longer, never shorter.
const ROUNDS: u32 = 15;

/// By what the services of a table differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Each has a host of its own.
    Hosts,
    /// Each has the hosts below a domain of its own.
    Wildcards,
    /// They share a host, and each has a beginning of the path.
    PathsOfOneHost,
    /// Each has a beginning of the path, on any host.
    Paths,
}

/// What was measured of one shape.
#[derive(Clone, Debug)]
pub struct Measured {
    shape: Shape,
    /// For one match, with one service and with many.
    matches: [Duration; 2],
    /// For a publication after a change of weight, and after one of rules.
    publications: [Duration; 2],
}

/// A name or a rule of this module that is none.
#[derive(Debug, thiserror::Error)]
pub enum RouteBenchError {
    /// The rule.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// The name.
    #[error(transparent)]
    Name(#[from] NameError),
}

// === impl Shape ===

impl Shape {
    /// Every shape.
    pub const ALL: [Self; 4] = [Self::Hosts, Self::Wildcards, Self::PathsOfOneHost, Self::Paths];

    const fn label(self) -> &'static str {
        match self {
            Self::Hosts => "hosts",
            Self::Wildcards => "wildcards",
            Self::PathsOfOneHost => "paths of one host",
            Self::Paths => "paths",
        }
    }

    fn rule(self, number: usize) -> String {
        match self {
            Self::Hosts => format!("Host(`shop-{number}.example.com`)"),
            Self::Wildcards => format!("Host(`*.shop-{number}.example.com`)"),
            Self::PathsOfOneHost => format!("Host(`www.example.com`) && PathPrefix(`/shop-{number}/`)"),
            Self::Paths => format!("PathPrefix(`/shop-{number}/`)"),
        }
    }

    /// A request for the service of this number.
    fn request(self, number: usize) -> (String, String) {
        match self {
            Self::Hosts => (format!("shop-{number}.example.com"), "/cart/items/17".into()),
            Self::Wildcards => (format!("www.shop-{number}.example.com"), "/cart/items/17".into()),
            Self::PathsOfOneHost | Self::Paths => ("www.example.com".into(), format!("/shop-{number}/cart/items/17")),
        }
    }

    fn routes(self, services: usize) -> Result<Vec<Arc<Route>>, RouteBenchError> {
        (0..services).map(|number| Ok(Arc::new(route(&format!("s{number}"), &self.rule(number))?))).collect()
    }

    /// Measures tables of this shape.
    ///
    /// # Errors
    /// When a name or a rule of this module is none.
    pub fn measure(self) -> Result<Measured, RouteBenchError> {
        let (mut writer, reader) = cell();
        let (one, many) = (self.routes(1)?, self.routes(SERVICES)?);
        let requests: Vec<_> = (0..SERVICES).map(|number| self.request(number)).collect();
        writer.publish(one);
        let of_one = match_each(&reader, &requests[..1]);
        writer.publish(many.clone());
        let of_many = match_each(&reader, &requests);
        let same = publish_each(&mut writer, [&many, &many]);
        let changed = publish_each(&mut writer, [&many[1..], &many]);
        Ok(Measured { shape: self, matches: [of_one, of_many], publications: [same, changed] })
    }
}

fn route(service: &str, rule: &str) -> Result<Route, RouteBenchError> {
    let rule = Rule::parse(rule)?;
    let stable = Pool { release: "v1".parse::<ReleaseId>()?, ready: Vec::new(), meter: Arc::default() };
    Ok(Route::new(service.parse::<ServiceName>()?, rule, stable))
}

/// What one match takes: from what a head gives to a route to pick from.
fn match_each(reader: &RouteReader, requests: &[(String, String)]) -> Duration {
    let headers = HeaderMap::new();
    shortest(REQUESTS, || {
        for (host, path) in requests.iter().cycle().take(REQUESTS as usize) {
            let asked = Asked::new(host, path, None, &Method::GET, &headers, None);
            black_box(reader.load().route(black_box(&asked)).cloned());
        }
    })
}

/// What one publication takes, of these routes in turn.
fn publish_each(writer: &mut RouteWriter, routes: [&[Arc<Route>]; 2]) -> Duration {
    shortest(PUBLICATIONS, || {
        for routes in routes.iter().cycle().take(PUBLICATIONS as usize) {
            writer.publish(black_box(routes).to_vec());
        }
    })
}

/// The share of one in the shortest of several runs.
fn shortest(count: u32, mut run: impl FnMut()) -> Duration {
    (0..ROUNDS).map(|_| clock::took(&mut run)).min().unwrap_or_default() / count
}

// === impl Measured ===

impl Measured {
    /// The names of the columns.
    pub const HEAD: &'static str = "services differ by  match of 1  of 1000  difference  publish 1000: weights   rules";
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ([one, many], [same, changed]) = (self.matches, self.publications);
        let difference = many.saturating_sub(one).as_nanos();
        let label = self.shape.label();
        write!(f, "{label:<18}  {:>7} ns  {:>4} ns  {difference:>7} ns", one.as_nanos(), many.as_nanos())?;
        write!(f, "  {:>18} µs  {:>4} µs", same.as_micros(), changed.as_micros())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_takes_the_route_that_is_measured() {
        for shape in Shape::ALL {
            let (mut writer, reader) = cell();
            writer.publish(shape.routes(20).expect("good rules"));
            let headers = HeaderMap::new();
            for number in 0..20 {
                let (host, path) = shape.request(number);
                let asked = Asked::new(&host, &path, None, &Method::GET, &headers, None);
                let service = reader.load().route(&asked).map(|route| route.service.to_string());
                assert_eq!(service, Some(format!("s{number}")), "{shape:?}");
            }
        }
    }
}
