//! One random order, as it is sent.

use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use serde_json::{Value, json};

use super::SERVICES;

/// What is ordered, of which service.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) verb: &'static str,
    pub(super) service: &'static str,
    /// The rollout that is meant, if one is.
    pub(super) generation: Option<u64>,
    body: Value,
}

// === impl Order ===

impl Order {
    /// An order of any kind. What is known of the present rollout is said with some.
    pub(super) fn random(rng: &mut StdRng, known: Option<u64>) -> Self {
        let service = *SERVICES.choose(rng).expect("there are services");
        let verb = *VERBS.choose(rng).expect("there are verbs");
        let takes_generation = !matches!(verb, "freeze" | "unfreeze");
        let generation = known.filter(|_| takes_generation && rng.random_bool(0.3));
        let mut body = match verb {
            "start" => json!({
                "release": format!("v{}", rng.random_range(1..=3)),
                "force": rng.random_bool(0.7),
                "on_busy": *["reject", "supersede", "queue"].choose(rng).expect("there are choices"),
            }),
            "promote" => json!({ "full": rng.random_bool(0.3) }),
            "freeze" => json!({ "duration_ms": rng.random_range(5..100) }),
            _ => json!({}),
        };
        if let Some(generation) = generation {
            body["generation"] = generation.into();
        }
        Self { verb, service, generation, body }
    }

    /// An order that says nothing but its verb.
    #[cfg(test)]
    pub(super) fn named(verb: &'static str, service: &'static str) -> Self {
        Self { verb, service, generation: None, body: json!({}) }
    }

    pub(super) fn path(&self) -> String {
        format!("/v1/services/{}/{}", self.service, self.verb)
    }

    /// Its body, with the name by which it is found again.
    pub(super) fn body(&self, name: &str) -> Value {
        let mut body = self.body.clone();
        body["reason"] = name.into();
        body
    }
}

/// Often what is obeyed often, so that rollouts go somewhere.
const VERBS: [&str; 16] = [
    "start", "start", "start", "start", "promote", "promote", "promote", "promote", "abort", "abort", "undo", "pause",
    "resume", "retry", "freeze", "unfreeze",
];
