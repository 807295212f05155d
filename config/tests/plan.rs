//! How a plan is kept in the store.

use canary_config::plan::{OnThinEvidence, Plan, Strategy};

use crate::support::good;

const WHOLE: &str = concat!(
    r#"{"strategy":"canary","steps":["#,
    r#"{"weight":50,"min_duration":{"secs":10,"nanos":0},"max_duration":{"secs":300,"nanos":0},"gate":"evidence"},"#,
    r#"{"weight":225,"min_duration":{"secs":0,"nanos":0},"max_duration":{"secs":3600,"nanos":0},"gate":"manual"},"#,
    r#"{"weight":5000,"min_duration":{"secs":0,"nanos":0},"max_duration":{"secs":300,"nanos":0},"gate":"evidence"}],"#,
    r#""ready_timeout":{"secs":120,"nanos":0},"on_thin_evidence":"promote","#,
    r#""probation":{"secs":0,"nanos":0},"criteria":{"alpha":0.01}}"#,
);

#[test]
fn a_plan_comes_back_from_the_store_as_it_went_in() {
    let plan = good(include_str!("support/all_keys.toml")).services.into_values().next().unwrap().plan;
    for plan in [plan, Plan::default()] {
        let stored = serde_json::to_string(&plan).unwrap();
        assert_eq!(serde_json::from_str::<Plan>(&stored).unwrap(), plan, "{stored}");
    }
}

#[test]
fn the_shape_of_a_stored_plan_does_not_change() {
    let plan = good(include_str!("support/all_keys.toml")).services.into_values().next().unwrap().plan;
    assert_eq!(serde_json::to_string(&plan).unwrap(), WHOLE);
}

#[test]
fn a_choice_is_called_the_same_in_the_file_and_in_the_store() {
    let stored = |value| serde_json::to_string(&value).unwrap();
    for choice in [OnThinEvidence::Hold, OnThinEvidence::Promote, OnThinEvidence::Abort] {
        assert_eq!(stored(choice), format!("\"{choice}\""));
    }
    assert_eq!(serde_json::to_string(&Strategy::Canary).unwrap(), format!("\"{}\"", Strategy::Canary));
}
