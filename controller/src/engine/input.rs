//! What reaches the engine from outside, and the handle that the outside holds.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use canary_config::daemon::Config;
use canary_config::name::{ReleaseId, ServiceName};
use canary_config::plan::{OnBusy, Strategy};
use tokio::sync::{mpsc, oneshot};

use crate::api::{Done, Freezes, Overview, Parked, Problem, ProblemKind, Reloaded, ServiceStatus, Why};
use crate::engine::accounts::Told;
use crate::engine::containers::DeployWord;
use crate::engine::traffic::Prospect;
use crate::idempotency::IdempotencyKey;
use crate::rollout::{Again, Generation, Stride};

/// Something that the engine is asked or told.
#[derive(Debug)]
pub enum Input {
    /// An operator's order.
    Order {
        /// About which service.
        service: ServiceName,
        /// What to do.
        order: Order,
        /// Of which rollout, if it must be that one.
        generation: Option<Generation>,
        /// Who wants it, and why.
        author: Author,
        /// The client's name for the command: the same one again is answered as before and not done again.
        key: Option<IdempotencyKey>,
        /// Where the answer goes.
        reply: oneshot::Sender<Result<Accepted, Problem>>,
    },
    /// An operator's word about freezes.
    Freeze {
        /// About which service; nothing for all of them.
        service: Option<ServiceName>,
        /// What.
        word: FreezeWord,
        /// Who wants it, and why.
        author: Author,
        /// The client's name for the command.
        key: Option<IdempotencyKey>,
        /// Where the answer goes, once it is stored.
        reply: oneshot::Sender<Result<Freezes, Problem>>,
    },
    /// An operator's word about whether a service's requests wait.
    Park {
        /// About which service.
        service: ServiceName,
        /// What.
        word: ParkWord,
        /// Who wants it, and why.
        author: Author,
        /// The client's name for the command.
        key: Option<IdempotencyKey>,
        /// Where the answer goes, once it is in force.
        reply: oneshot::Sender<Result<Parked, Problem>>,
    },
    /// Who would serve a request.
    Why(Box<Asked>, oneshot::Sender<Result<Why, Problem>>),
    /// Everything at a glance.
    Overview(oneshot::Sender<Overview>),
    /// One service.
    Status(ServiceName, oneshot::Sender<Result<ServiceStatus, Problem>>),
    /// The account of a rollout of a service; of the one that is under way or was the last, if none is named.
    Account(ServiceName, Option<Generation>, oneshot::Sender<Result<Told, Problem>>),
    /// What the forecast of a service is made from.
    Prospect(ServiceName, oneshot::Sender<Result<Prospect, Problem>>),
    /// A changed configuration, valid in itself.
    Reload(Box<Config>, oneshot::Sender<Result<Reloaded, Problem>>),
    /// The page that Prometheus reads.
    Page(oneshot::Sender<Result<String, Problem>>),
    /// The services that have no ready backend.
    Unready(oneshot::Sender<Vec<ServiceName>>),
    /// What a deployment says.
    Deployment(DeployWord),
    /// The process ends: decide nothing more, and keep that it was orderly.
    Stop(oneshot::Sender<()>),
}

/// What an operator can order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Bring in a release.
    Start(StartOrder),
    /// Try the release again that was sent back last.
    Retry,
    /// Go on without waiting for the evidence.
    Promote(Stride),
    /// Stay at this step.
    Pause,
    /// Go on by the evidence again.
    Resume,
    /// Take the canary's share away.
    Abort,
    /// Take back a release that has reached 100 %.
    Undo,
    /// Make a release stable without a trial.
    Adopt(ReleaseId),
    /// Bring a release back whose containers are kept.
    Rollback(RollbackOrder),
}

/// What is to be begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartOrder {
    /// The release.
    pub release: ReleaseId,
    /// The releases of the services that move with it, by its plan.
    pub peers: BTreeMap<ServiceName, ReleaseId>,
    /// Whether a release may have been sent back before.
    pub again: Again,
    /// What becomes of it while another rollout is under way; as the plan says, if nothing is said.
    pub on_busy: Option<OnBusy>,
    /// The shape of the rollout; as the plan says, if nothing is said.
    pub strategy: Option<Strategy>,
}

/// What is to be brought back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollbackOrder {
    /// The release; the one that was stable before, if none is named.
    pub to: Option<ReleaseId>,
    /// Whether it may have been sent back before.
    pub again: Again,
    /// What becomes of it while another rollout is under way; as the plan says, if nothing is said.
    pub on_busy: Option<OnBusy>,
    /// The shape of the rollout; as the plan says, if nothing is said.
    pub strategy: Option<Strategy>,
}

/// What an operator says about freezes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FreezeWord {
    /// Nothing is started or raised, for so long, or until somebody lifts it.
    Freeze(Option<Duration>),
    /// Whatever freezes it now does so no longer; a window of the configuration counts again the next time.
    Unfreeze,
}

/// What an operator says about a service's requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParkWord {
    /// They wait, for so long, or until somebody unparks it.
    Park(Option<Duration>),
    /// They wait no longer.
    Unpark,
}

/// A request that might be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The host, without port.
    pub host: String,
    /// The path, as it would be sent.
    pub path: String,
    /// The query, without its question mark.
    pub query: Option<String>,
    /// The method.
    pub method: http::Method,
    /// The header fields.
    pub headers: http::HeaderMap,
    /// Whom it would come from.
    pub client: IpAddr,
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
    /// As the audit trail and the log name it, given for this service.
    #[must_use]
    pub fn text(&self, service: &ServiceName) -> String {
        match self {
            Self::Start(start) => start.text(service),
            Self::Retry => "retry".into(),
            Self::Promote(Stride::Next) => "promote".into(),
            Self::Promote(Stride::Full) => "promote --full".into(),
            Self::Pause => "pause".into(),
            Self::Resume => "resume".into(),
            Self::Abort => "abort".into(),
            Self::Undo => "undo".into(),
            Self::Adopt(release) => format!("adopt {release}"),
            Self::Rollback(rollback) => rollback.text(),
        }
    }
}

// === impl StartOrder ===

impl StartOrder {
    fn text(&self, service: &ServiceName) -> String {
        let Self { release, peers, .. } = self;
        let mut text = if peers.is_empty() { format!("start {release}") } else { format!("start {service}={release}") };
        for (peer, release) in peers {
            text += &format!(" {peer}={release}");
        }
        text + &terms(self.strategy, self.on_busy, self.again)
    }
}

// === impl RollbackOrder ===

impl RollbackOrder {
    fn text(&self) -> String {
        let to = self.to.as_ref().map(|to| format!(" --to {to}")).unwrap_or_default();
        format!("rollback{to}{}", terms(self.strategy, self.on_busy, self.again))
    }
}

/// On which terms a rollout is to begin, as they are written on a command line.
fn terms(strategy: Option<Strategy>, on_busy: Option<OnBusy>, again: Again) -> String {
    let strategy = strategy.map(|strategy| format!(" --strategy {strategy}")).unwrap_or_default();
    let on_busy = on_busy.map(|on_busy| format!(" --on-busy {on_busy}")).unwrap_or_default();
    let force = if again == Again::Force { " --force" } else { "" };
    format!("{strategy}{on_busy}{force}")
}

// === impl EngineHandle ===

impl EngineHandle {
    pub(super) fn new(inbox: mpsc::Sender<Input>) -> Self {
        Self(inbox)
    }

    /// Tells the engine something that has no answer. One that has ended needs to know no more.
    pub async fn tell(&self, input: Input) {
        let _ = self.0.send(input).await;
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
