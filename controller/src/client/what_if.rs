//! Traffic that is asked about instead of the one that is measured.

use crate::traffic::{Proportion, Rate};

/// What would it be at this traffic? What is not said is as it was in the last hours.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WhatIf {
    /// The rate of requests, or of new clients.
    pub rate: Option<Rate>,
    /// Stable's error rate.
    pub error_rate: Option<Proportion>,
}

// === impl WhatIf ===

impl WhatIf {
    /// It as a query, with its question mark; nothing if nothing is asked about.
    pub(super) fn query(self) -> String {
        let rate = self.rate.map(|rate| format!("requests_per_second={}", rate.get()));
        let error_rate = self.error_rate.map(|error_rate| format!("error_rate={}", error_rate.get()));
        let said: Vec<_> = [rate, error_rate].into_iter().flatten().collect();
        if said.is_empty() { String::new() } else { format!("?{}", said.join("&")) }
    }
}
