//! The verbs on containers that there are.

use std::collections::HashMap;
use std::time::Duration;

use bollard::models::{ContainerInspectResponse, ContainerSummary, ContainerUpdateBody, RestartPolicy};
use bollard::query_parameters::{
    InspectContainerOptions, KillContainerOptions, ListContainersOptions, RemoveContainerOptions,
    StartContainerOptions, StopContainerOptions,
};

use super::{Host, HostError, REQUEST_TIMEOUT, Verb};
use crate::docker::clone::labels;

/// How long an Engine gives a container to end by itself.
pub const GRACE: Duration = Duration::from_secs(10);
/// How long a stop is waited for where the grace is endless. The Engine waits on, and it is asked again then.
const ENDLESS_GRACE: Duration = Duration::from_hours(1);
/// What an Engine may take to kill one after its grace.
const KILL_TIMEOUT: Duration = Duration::from_secs(30);
/// What an Engine may take to start one: it mounts, connects and runs hooks.
const START_TIMEOUT: Duration = Duration::from_secs(120);

/// What becomes of the volumes without a name of a container that is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Volumes {
    /// They are removed, too, unless another container has them.
    Remove,
    /// They stay.
    Keep,
}

// === impl Host ===

impl Host {
    /// All that the Engine knows of a container.
    ///
    /// # Errors
    /// When there is none.
    pub async fn inspect(&self, container: &str) -> Result<ContainerInspectResponse, HostError> {
        let verb = Verb { what: "inspect", subject: container };
        let request = self.docker.inspect_container(container, None::<InspectContainerOptions>);
        self.within(REQUEST_TIMEOUT, verb, request).await
    }

    /// All containers, those that do not run included.
    ///
    /// # Errors
    /// When the Engine does not answer.
    pub async fn containers(&self) -> Result<Vec<ContainerSummary>, HostError> {
        self.list(None).await
    }

    /// All containers that canaryd created, those that do not run included.
    ///
    /// # Errors
    /// When the Engine does not answer.
    pub async fn managed(&self) -> Result<Vec<ContainerSummary>, HostError> {
        self.list(Some(HashMap::from([("label".into(), vec![labels::MANAGED.into()])]))).await
    }

    pub(super) async fn list(
        &self,
        filters: Option<HashMap<String, Vec<String>>>,
    ) -> Result<Vec<ContainerSummary>, HostError> {
        let verb = Verb { what: "list", subject: "containers" };
        let options = ListContainersOptions { all: true, filters, ..ListContainersOptions::default() };
        self.within(REQUEST_TIMEOUT, verb, self.docker.list_containers(Some(options))).await
    }

    /// Starts a container; one that runs is left alone.
    ///
    /// # Errors
    /// When it cannot start. It is still there then.
    pub async fn start(&self, container: &str) -> Result<(), HostError> {
        let verb = Verb { what: "start", subject: container };
        let request = self.docker.start_container(container, None::<StartContainerOptions>);
        self.within(START_TIMEOUT, verb, request).await
    }

    /// Stops a container by its own signal and within its own grace, and kills it then. One that does not run is left
    /// alone.
    ///
    /// # Errors
    /// When there is none, or it cannot be killed.
    pub async fn stop(&self, container: &str) -> Result<(), HostError> {
        let inspected = self.inspect(container).await?;
        let grace = grace(inspected.config.and_then(|config| config.stop_timeout));
        let verb = Verb { what: "stop", subject: container };
        let request = self.docker.stop_container(container, None::<StopContainerOptions>);
        self.within(grace + KILL_TIMEOUT, verb, request).await
    }

    /// Kills a container at once.
    ///
    /// # Errors
    /// When it does not run.
    pub async fn kill(&self, container: &str) -> Result<(), HostError> {
        let verb = Verb { what: "kill", subject: container };
        let request = self.docker.kill_container(container, None::<KillContainerOptions>);
        self.within(KILL_TIMEOUT, verb, request).await
    }

    /// Freezes a container with its memory.
    ///
    /// # Errors
    /// When it does not run, or is paused.
    pub async fn pause(&self, container: &str) -> Result<(), HostError> {
        let verb = Verb { what: "pause", subject: container };
        self.within(REQUEST_TIMEOUT, verb, self.docker.pause_container(container)).await
    }

    /// Lets a paused container go on.
    ///
    /// # Errors
    /// When it is not paused.
    pub async fn unpause(&self, container: &str) -> Result<(), HostError> {
        let verb = Verb { what: "unpause", subject: container };
        self.within(REQUEST_TIMEOUT, verb, self.docker.unpause_container(container)).await
    }

    /// Sets what the Engine does when a container ends.
    ///
    /// # Errors
    /// When there is none.
    pub async fn set_restart(&self, container: &str, policy: RestartPolicy) -> Result<(), HostError> {
        let verb = Verb { what: "set the restart policy of", subject: container };
        let update = ContainerUpdateBody { restart_policy: Some(policy), ..ContainerUpdateBody::default() };
        self.within(REQUEST_TIMEOUT, verb, self.docker.update_container(container, update)).await
    }

    /// Removes a container, running or not; one that is gone is gone.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub async fn remove(&self, container: &str, volumes: Volumes) -> Result<(), HostError> {
        let verb = Verb { what: "remove", subject: container };
        let v = volumes == Volumes::Remove;
        let options = RemoveContainerOptions { v, force: true, ..RemoveContainerOptions::default() };
        match self.within(KILL_TIMEOUT, verb, self.docker.remove_container(container, Some(options))).await {
            Err(HostError::NoContainer(_)) => Ok(()),
            result => result,
        }
    }
}

/// How long an Engine waits before it kills a container of this stop timeout, in seconds; a negative one is endless.
fn grace(stop_timeout: Option<i64>) -> Duration {
    stop_timeout.map_or(GRACE, |seconds| u64::try_from(seconds).map_or(ENDLESS_GRACE, Duration::from_secs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negative_grace_is_an_endless_one() {
        let seconds = [None, Some(0), Some(90), Some(-1)].map(|seconds| grace(seconds).as_secs());
        assert_eq!(seconds, [10, 0, 90, 3_600]);
    }
}
