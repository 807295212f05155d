//! How a container ended, or that it did not.

use bollard::models::ContainerInspectResponse;

/// The last checks of a container's health that are kept.
const CHECKS_MAX: usize = 5;

/// How a container ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// What it left with. 137 is also what one leaves with that did not obey its stop signal.
    pub exit_code: i64,
    /// Whether the kernel killed it for its memory.
    pub out_of_memory: bool,
    /// What kept it from starting, as Docker says it.
    pub error: Option<String>,
}

// === impl Ending ===

impl Ending {
    /// How an inspected container ended; `None` of one that runs or never ran.
    #[must_use]
    pub fn of(container: &ContainerInspectResponse) -> Option<Self> {
        let state = container.state.as_ref()?;
        let has_run = state.started_at.as_deref().is_some_and(|at| !at.starts_with("0001-"));
        let error = state.error.clone().filter(|error| !error.is_empty());
        if state.running == Some(true) || state.restarting == Some(true) || !(has_run || error.is_some()) {
            return None;
        }
        Some(Self {
            exit_code: state.exit_code.unwrap_or_default(),
            out_of_memory: state.oom_killed == Some(true),
            error,
        })
    }

    /// The last line of each of a container's last health checks, the oldest first.
    #[must_use]
    pub fn checks(container: &ContainerInspectResponse) -> Vec<String> {
        let health = container.state.as_ref().and_then(|state| state.health.as_ref());
        let log = health.and_then(|health| health.log.as_deref()).unwrap_or_default();
        let last = &log[log.len().saturating_sub(CHECKS_MAX)..];
        let said = last.iter().filter_map(|check| check.output.as_deref());
        said.flat_map(|said| super::logs::tail(said.as_bytes()).pop()).collect()
    }
}
