//! The page that Prometheus reads. It shows the counters that requests were booked on and the ledgers that the judge
//! reads, not copies of them.

mod family;
mod services;

use std::collections::BTreeMap;
use std::sync::Arc;

use canary_config::name::ServiceName;
use canary_proxy::access_log::AccessLog;
use canary_proxy::caps::Caps;
use canary_proxy::meter::Answers;
use prometheus::process_collector::ProcessCollector;
use prometheus::{IntCounterVec, Opts, Registry, TextEncoder};

use self::family::Families;
use crate::api::{Problem, ProblemKind, StoreHealth};
use crate::engine::managed::Managed;
use crate::rollout::Transition;

/// The value of a label that does not apply: no name of ours can be it.
const NOT_APPLICABLE: &str = "-";

/// What the data plane counts beside its services.
#[derive(Clone, Debug)]
pub struct PageSources {
    /// Answers to requests that no rule wants.
    pub unrouted: Arc<Answers>,
    /// The access log, for what it dropped.
    pub access_log: AccessLog,
    /// The connection limits, for what they refused.
    pub caps: Arc<Caps>,
}

/// Makes the page.
#[derive(Debug)]
pub(super) struct Page {
    sources: PageSources,
    registry: Registry,
    transitions: IntCounterVec,
}

// === impl Page ===

impl Page {
    pub(super) fn new(sources: PageSources) -> Self {
        let registry = Registry::new();
        let opts = Opts::new("canaryd_transitions_total", "Changes of phase, by where to and why.");
        let transitions =
            IntCounterVec::new(opts, &["service", "to", "reason"]).expect("the name and labels above are valid");
        let collectors: [Box<dyn prometheus::core::Collector>; 2] =
            [Box::new(transitions.clone()), Box::new(ProcessCollector::for_self())];
        for collector in collectors {
            registry.register(collector).expect("a new registry holds neither of the two");
        }
        Self { sources, registry, transitions }
    }

    /// Counts a transition.
    pub(super) fn count(&self, service: &ServiceName, transition: &Transition) {
        let labels = [service.as_str(), transition.to.label(), transition.reason.label()];
        self.transitions.with_label_values(&labels).inc();
    }

    /// The page as text.
    pub(super) fn render(
        &self,
        services: &BTreeMap<ServiceName, Managed>,
        health: &StoreHealth,
    ) -> Result<String, Problem> {
        let mut families = Families::default();
        self.whole(&mut families, health);
        for managed in services.values() {
            managed.show(&mut families);
        }
        let mut families = families.into_vec();
        families.extend(self.registry.gather());
        families.sort_by(|a, b| a.name().cmp(b.name()));
        TextEncoder::new().encode_to_string(&families).map_err(|error| Problem {
            kind: ProblemKind::Internal,
            message: format!("the metrics page cannot be made: {error}"),
        })
    }

    /// What is counted of canaryd as a whole.
    fn whole(&self, families: &mut Families, health: &StoreHealth) {
        let none = [("service", NOT_APPLICABLE), ("release", NOT_APPLICABLE), ("track", NOT_APPLICABLE)];
        families.answers(&none, &self.sources.unrouted);
        families.gauge(
            "canaryd_build_info",
            "Always 1; the labels say what is running.",
            &[("version", env!("CARGO_PKG_VERSION"))],
            1.0,
        );
        families.gauge(
            "canaryd_store_healthy",
            "Whether decisions can be kept: 1, or 0 while they cannot and rollouts stand still.",
            &[],
            f64::from(u8::from(health.healthy)),
        );
        families.counter(
            "canaryd_access_log_dropped_total",
            "Lines of the access log that were lost because its writer could not keep up.",
            &[],
            self.sources.access_log.dropped(),
        );
        let refused = self.sources.caps.refused();
        for (limit, count) in [("connections", refused.in_all), ("connections_per_ip", refused.per_ip)] {
            let help = "Connections closed at once because too many were open, by the limit.";
            families.counter("canaryd_connections_refused_total", help, &[("limit", limit)], count);
        }
    }
}
