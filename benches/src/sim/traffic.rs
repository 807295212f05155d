//! The kinds of traffic that are studied (statistics.md, sections 4 and 5.3).

use std::time::Duration;

use canary_controller::simulation::{Behaviour, Bursts, Course, ErrorRate, Latency, Traffic};

/// The error rate beside which latencies are studied.
const USUAL_ERRORS: f64 = 0.001;

/// Where the weight changes within ten minutes.
const FIRST_CHANGE: Duration = Duration::from_secs(200);
const SECOND_CHANGE: Duration = Duration::from_secs(400);

/// What befalls both arms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Drift {
    /// Errors go from 1 to 5 % with the weight.
    Step,
    /// Errors go up and down between 0.1 and 1.9 %.
    Wave,
    /// Errors go from 0.2 over 2 to 5 % with the weights.
    Rise,
    /// Half of all requests fail, for three seconds about once a minute.
    Bursts,
    /// Everything takes twice as long.
    Latency,
}

/// Both arms fail so often.
#[must_use]
pub(super) fn twins(rate: f64, errors: f64) -> Traffic {
    Traffic::of_twins(rate, Behaviour::failing(errors))
}

/// Stable fails so often, and the canary so often.
#[must_use]
pub(super) fn errors(rate: f64, stable: f64, canary: f64) -> Traffic {
    Traffic::new(rate, Behaviour::failing(stable), Behaviour::failing(canary))
}

/// The canary is so many times as slow.
#[must_use]
pub(super) fn slower(rate: f64, factor: f64) -> Traffic {
    let stable = Behaviour::failing(USUAL_ERRORS);
    Traffic::new(rate, stable.clone(), stable.taking(Latency::USUAL.times(factor)))
}

/// Both arms drift together.
#[must_use]
pub(super) fn drift(rate: f64, drift: Drift) -> Traffic {
    let failing = |errors| Behaviour { errors, ..Behaviour::failing(0.0) };
    let steps = |first, second, third| {
        failing(ErrorRate::Steps(Course::constant(first).then(FIRST_CHANGE, second).then(SECOND_CHANGE, third)))
    };
    let usual = Behaviour::failing(USUAL_ERRORS);
    let both = match drift {
        Drift::Step => steps(0.01, 0.05, 0.05),
        Drift::Wave => failing(ErrorRate::Wave { mean: 0.01, swing: 0.9, period: Duration::from_secs(300) }),
        Drift::Rise => steps(0.002, 0.02, 0.05),
        Drift::Bursts => usual,
        Drift::Latency => {
            let latency = Course::constant(Latency::USUAL).then(FIRST_CHANGE, Latency::USUAL.times(2.0));
            Behaviour { latency, ..usual }
        }
    };
    let bursts = (drift == Drift::Bursts).then_some(Bursts {
        every: Duration::from_secs(60),
        lasts: Duration::from_secs(3),
        errors: 0.5,
    });
    Traffic { bursts, ..Traffic::of_twins(rate, both) }
}
