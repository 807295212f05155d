//! What a plan makes of thin evidence.

use canary_config::plan::{OnThinEvidence, Plan};

use super::scenario::{
    FAVOURABLE, OPEN, PASS, Scenario, aborted, given, held, in_probation, judged, progressing, unchanged,
};
use super::{MAX, manual, on_thin, plan};
use crate::rollout::Reason;

fn overdue(choice: OnThinEvidence, plan: Plan) -> Scenario {
    given(on_thin(choice, plan)).at(10).later(MAX)
}

#[test]
fn a_plan_that_holds_waits_for_evidence_as_long_as_it_takes() {
    let thin = overdue(OnThinEvidence::Hold, plan(&[10, 25]));
    let waiting = thin.when(judged(FAVOURABLE)).then(held(10, Reason::ThinEvidence));
    let waiting = waiting.later(MAX).when(judged(FAVOURABLE)).then(unchanged());
    waiting.when(judged(PASS)).then(progressing(25, Reason::Certificate));
}

#[test]
fn a_plan_that_gives_up_does_so_whatever_the_inclination() {
    for judgement in [FAVOURABLE, OPEN] {
        let thin = overdue(OnThinEvidence::Abort, plan(&[10]));
        thin.when(judged(judgement)).then(aborted(Reason::ThinEvidence));
    }
}

#[test]
fn a_plan_that_promotes_goes_on_if_nothing_speaks_against_it() {
    let thin = overdue(OnThinEvidence::Promote, plan(&[10, 25]));
    thin.when(judged(FAVOURABLE)).then(progressing(25, Reason::Policy));
}

#[test]
fn a_plan_that_promotes_waits_while_something_speaks_against_it() {
    let thin = overdue(OnThinEvidence::Promote, plan(&[10]));
    let waiting = thin.when(judged(OPEN)).then(held(10, Reason::ThinEvidence));
    waiting.when(judged(FAVOURABLE)).then(in_probation(Reason::Policy));
}

#[test]
fn a_policy_does_not_replace_a_humans_word() {
    let thin = overdue(OnThinEvidence::Promote, manual(plan(&[10])));
    let waiting = thin.when(judged(FAVOURABLE)).then(held(10, Reason::ThinEvidence));
    let waiting = waiting.when(judged(FAVOURABLE)).then(unchanged());
    let waiting = waiting.when(judged(PASS)).then(held(10, Reason::Approval));
    waiting.when(judged(PASS)).then(unchanged());
}
