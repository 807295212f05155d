//! The restart policy, which changes in a container's life: none while it is judged, its own once it is promoted.

use bollard::models::{ContainerInspectResponse, RestartPolicy, RestartPolicyNameEnum};

use super::{label, labels};

/// What the Engine never restarts.
#[must_use]
pub fn never() -> RestartPolicy {
    RestartPolicy { name: Some(RestartPolicyNameEnum::NO), maximum_retry_count: None }
}

/// The policy that a container has, or is to have once it is promoted.
#[must_use]
pub fn of(container: &ContainerInspectResponse) -> RestartPolicy {
    let kept = label(container, labels::MANAGED).and(label(container, labels::RESTART)).and_then(read);
    let given = || container.host_config.as_ref()?.restart_policy.clone();
    // What was never asked for is `no`, which can be written down.
    kept.or_else(given).and_then(|policy| read(&written(&policy))).unwrap_or_else(never)
}

/// As `docker run --restart` takes it: `on-failure:3`.
#[must_use]
pub fn written(policy: &RestartPolicy) -> String {
    let name = match policy.name {
        Some(RestartPolicyNameEnum::ALWAYS) => "always",
        Some(RestartPolicyNameEnum::UNLESS_STOPPED) => "unless-stopped",
        Some(RestartPolicyNameEnum::ON_FAILURE) => "on-failure",
        Some(RestartPolicyNameEnum::NO | RestartPolicyNameEnum::EMPTY) | None => "no",
    };
    match policy.maximum_retry_count {
        Some(count) if count > 0 && name == "on-failure" => format!("{name}:{count}"),
        _ => name.into(),
    }
}

/// The policy of a text that [`written`] wrote.
#[must_use]
pub fn read(text: &str) -> Option<RestartPolicy> {
    let (name, count) = text.split_once(':').map_or((text, None), |(name, count)| (name, Some(count)));
    let name = match (name, count) {
        ("no", None) => RestartPolicyNameEnum::NO,
        ("always", None) => RestartPolicyNameEnum::ALWAYS,
        ("unless-stopped", None) => RestartPolicyNameEnum::UNLESS_STOPPED,
        ("on-failure", _) => RestartPolicyNameEnum::ON_FAILURE,
        _ => return None,
    };
    let maximum_retry_count = count.map(str::parse).transpose().ok()?;
    Some(RestartPolicy { name: Some(name), maximum_retry_count })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_that_was_written_is_read_again() {
        for text in ["no", "always", "unless-stopped", "on-failure", "on-failure:3"] {
            assert_eq!(read(text).map(|policy| written(&policy)).as_deref(), Some(text));
        }
        assert_eq!([read(""), read("always:3"), read("on-failure:x")], [None, None, None]);
    }
}
