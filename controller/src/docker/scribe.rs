//! What writes down, beside the engine, what containers use, what they said last and how they ended. It only looks, with GET requests
//! alone, and repeats nothing.

use std::time::Instant;

use bollard::models::ContainerInspectResponse;
use canary_config::docker::DockerHost;
use canary_config::name::ServiceName;
use tokio::sync::mpsc;

use crate::api::{ContainerEnd, LastWords};
use crate::clock;
use crate::docker::host::{Ending, Host, HostError, Usage};
use crate::docker::sighting::ContainerId;
use crate::rollout::Generation;

/// Writes down what it is asked to, each thing by itself.
#[derive(Clone, Debug)]
pub struct Scribe {
    host: DockerHost,
    noted: mpsc::UnboundedSender<Noted>,
}

/// The container to listen to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speaker {
    /// Which one.
    pub container: ContainerId,
    /// Its name.
    pub name: Box<str>,
    /// Whether it has been told to stop.
    pub was_told: bool,
}

/// What was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Noted {
    /// What a container said last.
    Written(Written),
    /// What a container uses.
    Measured(Measured),
}

/// What a container used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Of which service it is.
    pub service: ServiceName,
    /// Which one.
    pub container: ContainerId,
    /// When the answer came.
    pub at: Instant,
    /// What it said.
    pub usage: Usage,
}

/// What was written down of what a container said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// For which service.
    pub service: ServiceName,
    /// For which try of it.
    pub generation: Generation,
    /// What a container said.
    pub words: LastWords,
}

// === impl Scribe ===

impl Scribe {
    /// One at this Engine, which reports there.
    #[must_use]
    pub fn new(host: DockerHost, noted: mpsc::UnboundedSender<Noted>) -> Self {
        Self { host, noted }
    }

    /// Begins to listen to these containers, one after the other.
    pub fn listen(&self, service: ServiceName, generation: Generation, speakers: Vec<Speaker>) {
        if speakers.is_empty() {
            return;
        }
        let Self { host, noted } = self.clone();
        tokio::spawn(async move {
            let host = Host::connect(&host).await;
            for speaker in speakers {
                let words = match &host {
                    Ok(host) => last_words(host, &speaker).await,
                    Err(error) => speaker.silent(error.to_string()),
                };
                // An engine that has ended needs to know no more.
                let _ = noted.send(Noted::Written(Written { service: service.clone(), generation, words }));
            }
        });
    }

    /// Begins to measure these containers, one after the other. What cannot be measured now may be the next time.
    pub fn measure(&self, service: ServiceName, containers: Vec<ContainerId>) {
        if containers.is_empty() {
            return;
        }
        let Self { host, noted } = self.clone();
        tokio::spawn(async move {
            let Ok(host) = Host::connect(&host).await else { return };
            for container in containers {
                if let Ok(usage) = host.usage(container.as_str()).await {
                    let measured = Measured { service: service.clone(), container, at: clock::now(), usage };
                    // An engine that has ended needs to know no more.
                    let _ = noted.send(Noted::Measured(measured));
                }
            }
        });
    }
}

// === impl Speaker ===

impl Speaker {
    /// What is kept of one that nothing could be learnt of.
    fn silent(&self, why: String) -> LastWords {
        let (container, name) = (self.container.to_string(), self.name.to_string());
        LastWords { container, name, trouble: Some(why), ..LastWords::default() }
    }
}

async fn last_words(host: &Host, speaker: &Speaker) -> LastWords {
    let inspected = match host.inspect(speaker.container.as_str()).await {
        Ok(inspected) => inspected,
        Err(error) => return speaker.silent(error.to_string()),
    };
    let log = host.logs(speaker.container.as_str()).await;
    written_down(speaker, &inspected, log)
}

fn written_down(
    speaker: &Speaker,
    inspected: &ContainerInspectResponse,
    log: Result<Vec<String>, HostError>,
) -> LastWords {
    let ended = Ending::of(inspected).map(|Ending { exit_code, out_of_memory, error, .. }| {
        let was_told = speaker.was_told;
        ContainerEnd { exit_code, out_of_memory, was_told, error }
    });
    let (log, trouble) = match log {
        Ok(log) => (log, None),
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    LastWords {
        ended,
        restarts: inspected.restart_count.unwrap_or_default().unsigned_abs(),
        checks: Ending::checks(inspected),
        log,
        trouble,
        container: speaker.container.to_string(),
        name: speaker.name.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use bollard::models::{ContainerState, Health, HealthcheckResult};

    use super::*;

    fn speaker() -> Speaker {
        Speaker { container: ContainerId::new(&"ab".repeat(32)), name: "web-1".into(), was_told: false }
    }

    #[test]
    fn how_it_ended_is_written_beside_what_it_said() {
        let check = HealthcheckResult { output: Some("no\n".into()), ..HealthcheckResult::default() };
        let state = ContainerState {
            running: Some(false),
            oom_killed: Some(true),
            exit_code: Some(137),
            started_at: Some("2026-01-01T00:00:00Z".into()),
            health: Some(Health { log: Some(vec![check]), ..Health::default() }),
            ..ContainerState::default()
        };
        let inspected = ContainerInspectResponse {
            state: Some(state),
            restart_count: Some(2),
            ..ContainerInspectResponse::default()
        };
        let words = written_down(&speaker(), &inspected, Ok(vec!["last".into()]));
        let ended = Some(ContainerEnd { exit_code: 137, out_of_memory: true, was_told: false, error: None });
        let (container, name) = ("abababababab".to_owned(), "web-1".to_owned());
        let (checks, log) = (vec!["no".to_owned()], vec!["last".to_owned()]);
        assert_eq!(words, LastWords { container, name, ended, restarts: 2, checks, log, trouble: None });
    }

    #[test]
    fn a_log_that_cannot_be_read_is_no_empty_one() {
        let no_logs = HostError::NoLogs { container: "web-1".into(), driver: "syslog".into() };
        let words = written_down(&speaker(), &ContainerInspectResponse::default(), Err(no_logs.clone()));
        assert_eq!((words.trouble, words.ended), (Some(no_logs.to_string()), None));
    }
}
