//! What reaches the engine from outside, and the handle that the outside holds.

use canary_config::daemon::Config;
use canary_config::name::{ReleaseId, ServiceName};
use tokio::sync::{mpsc, oneshot};

use crate::api::{Done, Overview, Problem, ProblemKind, Reloaded, ServiceStatus};
use crate::rollout::Stride;

/// Something that the engine is asked or told.
#[derive(Debug)]
pub enum Input {
    /// An operator's order.
    Order {
        /// About which service.
        service: ServiceName,
        /// What to do.
        order: Order,
        /// Who wants it, and why.
        author: Author,
        /// Where the answer goes.
        reply: oneshot::Sender<Result<Accepted, Problem>>,
    },
    /// Everything at a glance.
    Overview(oneshot::Sender<Overview>),
    /// One service.
    Status(ServiceName, oneshot::Sender<Result<ServiceStatus, Problem>>),
    /// A changed configuration, valid in itself.
    Reload(Box<Config>, oneshot::Sender<Result<Reloaded, Problem>>),
    /// The page that Prometheus reads.
    Page(oneshot::Sender<Result<String, Problem>>),
    /// The services that have no ready backend.
    Unready(oneshot::Sender<Vec<ServiceName>>),
    /// The process ends: decide nothing more, and keep that it was orderly.
    Stop(oneshot::Sender<()>),
}

/// What an operator can order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Bring in a release.
    Start(ReleaseId),
    /// Go on without waiting for the evidence.
    Promote(Stride),
    /// Take the canary's share away.
    Abort,
    /// Take back a release that has reached 100 %.
    Undo,
}

/// Who gave an order, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// Who, as the audit trail names them.
    pub name: String,
    /// Why, in their words.
    pub note: Option<String>,
}

/// An order that was carried out.
#[derive(Debug)]
pub struct Accepted {
    /// What changed. It is in force; whether it is durable is not known yet.
    pub done: Done,
    /// Says whether it was stored, when that is known.
    pub stored: oneshot::Receiver<bool>,
}

/// Talks to the engine. Cheap to clone.
#[derive(Clone, Debug)]
pub struct EngineHandle(mpsc::Sender<Input>);

// === impl Order ===

impl Order {
    /// As the audit trail and the log name it.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Start(release) => format!("start {release}"),
            Self::Promote(Stride::Next) => "promote".into(),
            Self::Promote(Stride::Full) => "promote --full".into(),
            Self::Abort => "abort".into(),
            Self::Undo => "undo".into(),
        }
    }
}

// === impl EngineHandle ===

impl EngineHandle {
    pub(super) fn new(inbox: mpsc::Sender<Input>) -> Self {
        Self(inbox)
    }

    /// Asks or tells the engine something, and waits for its answer.
    ///
    /// # Errors
    /// When the engine has ended.
    pub async fn ask<T>(&self, input: impl FnOnce(oneshot::Sender<T>) -> Input) -> Result<T, Problem> {
        let ended =
            |()| Problem { kind: ProblemKind::Internal, message: "canaryd is about to end; nothing was done".into() };
        let (reply, answer) = oneshot::channel();
        self.0.send(input(reply)).await.map_err(|_| ended(()))?;
        answer.await.map_err(|_| ended(()))
    }
}
