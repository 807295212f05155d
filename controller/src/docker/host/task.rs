//! A command that runs to its end in a container of its own, such as a migration.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use bollard::errors::Error;
use bollard::models::ContainerSummary;
use bollard::query_parameters::WaitContainerOptions;
use canary_config::name::ServiceName;
use futures_util::StreamExt as _;
use tokio::time::{sleep, timeout};
use tracing::warn;

use super::{Ending, Host, HostError, Verb, Volumes};
use crate::clock;
use crate::docker::clone::{Copy, labels};
use crate::docker::owner::Owner;

/// How long is waited before an Engine is asked again that has not said how a task ended.
const PAUSE: Duration = Duration::from_secs(1);

/// What a task did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskReport {
    /// How it ended.
    pub end: TaskEnd,
    /// The last lines that it wrote.
    pub logs: Vec<String>,
}

/// How a task ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskEnd {
    /// By itself, with this.
    Exited(Ending),
    /// It was killed at its deadline.
    OutOfTime,
}

/// A task that is still there.
#[derive(Clone, Debug)]
pub(crate) struct LeftTask {
    id: String,
    pub(crate) name: String,
    pub(crate) service: String,
    pub(crate) check: String,
    /// When its time is over; nothing if that is not known.
    until: Option<SystemTime>,
}

// === impl LeftTask ===

impl LeftTask {
    fn of(container: ContainerSummary) -> Option<Self> {
        let labels = container.labels.unwrap_or_default();
        let label = |key: &str| labels.get(key).cloned().unwrap_or_default();
        let name = container.names.unwrap_or_default().into_iter().next().unwrap_or_default();
        Some(Self {
            id: container.id?,
            name: name.trim_start_matches('/').to_owned(),
            service: label(labels::TASK),
            check: label(labels::CHECK),
            until: humantime::parse_rfc3339(&label(labels::UNTIL)).ok(),
        })
    }

    /// Whether it was made for this check of this service.
    pub(crate) fn is_of(&self, service: &ServiceName, check: &str) -> bool {
        self.service == service.as_str() && self.check == check
    }
}

// === impl Host ===

impl Host {
    /// Creates a container for a task, runs it to its end or its deadline, and removes it. What is left of one when canaryd
    /// dies meanwhile carries the label [`TASK`](labels::TASK).
    ///
    /// # Errors
    /// When it cannot be created or started, or the Engine is lost. A task that fails is no error.
    pub async fn run(&self, copy: &Copy, deadline: Duration) -> Result<TaskReport, HostError> {
        let id = self.create(copy).await?;
        let report = self.run_created(&id, deadline).await;
        if let Err(left) = self.remove(&id, Volumes::Remove).await {
            warn!(container = copy.name, "the container of a task is left: {left}");
        }
        report
    }

    /// The containers of tasks that this canaryd has made and that are still there.
    pub(crate) async fn tasks(&self, owner: &Owner) -> Result<Vec<LeftTask>, HostError> {
        let labels = vec![format!("{}={}", labels::MANAGED, owner.as_str()), labels::TASK.to_owned()];
        let containers = self.list(Some(HashMap::from([("label".into(), labels)]))).await?;
        Ok(containers.into_iter().filter_map(LeftTask::of).collect())
    }

    /// Waits for the end of a task that nobody waits for any more, or kills it when its time is over, and removes it.
    pub(crate) async fn end_task(&self, left: &LeftTask) -> Result<(), HostError> {
        let time = left.until.and_then(|until| until.duration_since(clock::today()).ok()).unwrap_or_default();
        match timeout(time, self.ended(&left.id)).await {
            // One that is gone has ended.
            Ok(Err(HostError::NoContainer(_))) => return Ok(()),
            Ok(ended) => ended?,
            Err(_) => warn!(container = left.name, "its time is over; it is killed"),
        }
        self.remove(&left.id, Volumes::Remove).await
    }

    async fn run_created(&self, id: &str, deadline: Duration) -> Result<TaskReport, HostError> {
        self.begin(id).await?;
        let ended = timeout(deadline, self.ended(id)).await;
        let is_in_time = ended.is_ok();
        match ended {
            Ok(ended) => ended?,
            // Not to be killed is one that ended in this very moment, or whose Engine is lost, which the next question
            // shows.
            Err(_) => drop(self.kill(id).await),
        }
        let inspected = self.inspect(id).await?;
        let logs = self.logs(id).await.unwrap_or_else(|error| vec![error.to_string()]);
        let end = match Ending::of(&inspected) {
            Some(ending) if is_in_time => TaskEnd::Exited(ending),
            _ => TaskEnd::OutOfTime,
        };
        Ok(TaskReport { end, logs })
    }

    /// Starts a task. One whose answer was lost may have begun all the same.
    async fn begin(&self, id: &str) -> Result<(), HostError> {
        let Err(error) = self.start(id).await else { return Ok(()) };
        let state = self.inspect(id).await.ok().and_then(|inspected| inspected.state);
        if state.is_some_and(|state| state.running == Some(true)) { Ok(()) } else { Err(error) }
    }

    /// Waits for the end of a container that was started. A connection that breaks meanwhile ends nothing: to remove
    /// the container then would break off what it does, and a second one would do it again.
    async fn ended(&self, id: &str) -> Result<(), HostError> {
        loop {
            let lost = self.waited(id).await.err();
            match self.inspect(id).await {
                Ok(inspected) if Ending::of(&inspected).is_some() => return Ok(()),
                Err(error @ HostError::NoContainer(_)) => return Err(error),
                Ok(_) | Err(_) => {}
            }
            if let Some(error) = lost {
                warn!(container = id, "the end of a task is waited for again: {error}");
            }
            sleep(PAUSE).await;
        }
    }

    /// Waits until an Engine says that a container has ended, or says nothing any more.
    async fn waited(&self, id: &str) -> Result<(), HostError> {
        let options = WaitContainerOptions { condition: "not-running".into() };
        let mut waiting = Box::pin(self.docker.wait_container(id, Some(options)));
        match waiting.next().await {
            // To the client, leaving with another code than zero is an error; here it is an end like any other.
            None | Some(Ok(_) | Err(Error::DockerContainerWaitError { .. })) => Ok(()),
            Some(Err(error)) => Err(HostError::of(&self.at, Verb { what: "wait for", subject: id }, &error)),
        }
    }
}
