//! What is going on: what a hook gets to know, a command by its environment and a webhook by JSON. Pure.

use canary_config::name::{ReleaseId, ServiceName};
use canary_config::secret::Secret;
use canary_config::weight::Weight;
use serde_json::{Map, Value};

use crate::hooks::Check;
use crate::rollout::Generation;

/// What all variables begin with.
const PREFIX: &str = "CANARYD_";

/// What is going on.
#[derive(Clone, Debug, PartialEq)]
pub struct Circumstances {
    /// Whose rollout it is.
    pub service: ServiceName,
    /// The release on trial.
    pub release: ReleaseId,
    /// The stable one.
    pub stable: ReleaseId,
    /// The image of the release, as it was asked for; empty for one that the file declares.
    pub image: String,
    /// The number of the rollout; 0 before it has begun.
    pub generation: Generation,
    /// At which step it stands, counted from 1.
    pub step: Option<usize>,
    /// The release's share.
    pub weight: Weight,
    /// What the judge says: `pass`, `fail`, `shared`, `not-enough`, or `none`.
    pub verdict: &'static str,
    /// Why the rollout is where it is: the label of a reason, or nothing.
    pub reason: &'static str,
}

// === impl Circumstances ===

impl Circumstances {
    /// All that is told, by name.
    fn facts(&self, check: Check) -> [(&'static str, Value); 10] {
        [
            ("hook", check.label().into()),
            ("service", self.service.as_str().into()),
            ("release", self.release.as_str().into()),
            ("stable", self.stable.as_str().into()),
            ("image", self.image.as_str().into()),
            ("generation", self.generation.get().into()),
            ("step", self.step.map_or(Value::Null, Value::from)),
            ("weight", self.weight.to_string().into()),
            ("verdict", self.verdict.into()),
            ("reason", self.reason.into()),
        ]
    }

    /// The variables of a command.
    pub(super) fn env(&self, check: Check) -> Vec<(String, Secret)> {
        let text = |value| match value {
            Value::Null => String::new(),
            Value::String(text) => text,
            other => other.to_string(),
        };
        let facts = self.facts(check).into_iter();
        facts.map(|(name, value)| variable(&name.to_uppercase(), &text(value))).collect()
    }

    /// What is posted to a webhook.
    pub(super) fn json(&self, check: Check) -> String {
        let facts = self.facts(check).into_iter().map(|(name, value)| (name.to_owned(), value));
        Value::Object(facts.collect::<Map<_, _>>()).to_string()
    }
}

/// A variable of ours.
pub(super) fn variable(name: &str, value: &str) -> (String, Secret) {
    (format!("{PREFIX}{name}"), Secret::new(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circumstances() -> Circumstances {
        Circumstances {
            service: "web".parse().expect("a name"),
            release: "v2".parse().expect("a name"),
            stable: "v1".parse().expect("a name"),
            image: "web:v2".into(),
            generation: Generation::default(),
            step: Some(2),
            weight: Weight::from_bp(2_500).expect("a share"),
            verdict: "pass",
            reason: "certificate",
        }
    }

    #[test]
    fn a_command_and_a_webhook_are_told_the_same() {
        let env = circumstances().env(Check::PrePromote);
        let env: Vec<_> = env.iter().map(|(name, value)| format!("{name}={}", value.expose())).collect();
        let told = [
            "CANARYD_HOOK=pre_promote",
            "CANARYD_SERVICE=web",
            "CANARYD_RELEASE=v2",
            "CANARYD_STABLE=v1",
            "CANARYD_IMAGE=web:v2",
            "CANARYD_GENERATION=0",
            "CANARYD_STEP=2",
            "CANARYD_WEIGHT=25%",
            "CANARYD_VERDICT=pass",
            "CANARYD_REASON=certificate",
        ];
        assert_eq!(env, told);
        let json = r#"{"generation":0,"hook":"pre_promote","image":"web:v2","reason":"certificate","release":"v2","service":"web","stable":"v1","step":2,"verdict":"pass","weight":"25%"}"#;
        assert_eq!(circumstances().json(Check::PrePromote), json);
    }

    #[test]
    fn what_stands_at_no_step_is_told_so() {
        let nowhere = Circumstances { step: None, ..circumstances() };
        assert!(nowhere.json(Check::SmokeBefore).contains(r#""step":null"#));
        let env = nowhere.env(Check::SmokeBefore);
        assert!(env.iter().any(|(name, value)| name == "CANARYD_STEP" && value.expose().is_empty()));
        assert_eq!(env[0].1.expose(), "smoke");
    }
}
