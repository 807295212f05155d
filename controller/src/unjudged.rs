//! Plans of which no step waits for evidence, and what judges a release all the same.

use canary_config::plan::{Gate, Plan, Strategy};
use canary_config::weight::Weight;

/// What is to be said of the plan, if no step of it waits for evidence.
pub(crate) fn remark(plan: &Plan) -> Option<&'static str> {
    let waits = plan.steps.iter().any(|step| step.weight > Weight::ZERO && step.gate != Gate::Time);
    (!waits).then(|| of(plan.strategy))
}

const fn of(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::Canary => "no step waits for evidence",
        Strategy::BlueGreen => {
            "blue-green compares nothing: the new release gets all requests at once, and is judged in probation only, by \
             an absolute limit for its error rate"
        }
        Strategy::Rolling => {
            "a rolling release goes on by time alone: no evidence is waited for, and only what is found in that time \
             sends it back"
        }
        Strategy::Recreate => {
            "recreate compares nothing, as the releases never run beside each other: the new one is judged in probation \
             only, by an absolute limit for its error rate"
        }
    }
}
