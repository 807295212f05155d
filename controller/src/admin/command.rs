//! Orders. Each is answered when it is in force and stored, or says that it is not.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Json;
use axum::extract::{ConnectInfo, State};
use canary_config::name::ServiceName;
use tokio::time::timeout;

use crate::admin::Admin;
use crate::admin::body::Body;
use crate::admin::key::Key;
use crate::admin::named::Named;
use crate::admin::peer::Peer;
use crate::api::{Adopt, Done, Instruction, Problem, ProblemKind, Promote, Start, StartTogether};
use crate::engine::{Author, Input, Order, StartOrder};
use crate::idempotency::IdempotencyKey;
use crate::rollout::{Again, Generation, Stride};

/// How long an order that is in force waits for the store before it says that it is not durable.
const DURABLE_WITHIN: Duration = Duration::from_secs(1);

/// The longest reason that is kept, in characters.
const NOTE_LENGTH_MAX: usize = 1024;

pub(super) type Answer = Result<Json<Done>, Problem>;

/// Who gives an order, and by which name.
pub(super) struct Sender {
    pub(super) author: Author,
    pub(super) key: Option<IdempotencyKey>,
}

/// Begins a rollout of a release.
#[utoipa::path(post, path = "/services/{name}/start", tag = "commands", params(Named, Key), request_body = Start,
    responses((status = OK, body = Done)))]
pub(super) async fn start(
    State(admin): State<Admin>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Named(service): Named,
    Key(key): Key,
    Body(Start { release, on_busy, force, generation, reason }): Body<Start>,
) -> Answer {
    let start = StartOrder { release, peers: BTreeMap::new(), again: again(force), on_busy, strategy: None };
    order(&admin, service, Order::Start(start), generation, Sender::new(peer, reason, key)?).await
}

/// Begins a rollout of several services as one.
#[utoipa::path(post, path = "/rollouts", tag = "commands", params(Key), request_body = StartTogether,
    responses((status = OK, body = Done)))]
pub(super) async fn start_together(
    State(admin): State<Admin>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Key(key): Key,
    Body(StartTogether { releases: mut peers, plan_of, force, reason }): Body<StartTogether>,
) -> Answer {
    let Some(release) = peers.remove(&plan_of) else {
        let message = format!("body: plan_of: `{plan_of}` is none of the releases; name one of their services");
        return Err(Problem::new(ProblemKind::Unprocessable, message));
    };
    let start = StartOrder { release, peers, again: again(force), on_busy: None, strategy: None };
    order(&admin, plan_of, Order::Start(start), None, Sender::new(peer, reason, key)?).await
}

/// Goes on without waiting for the evidence.
#[utoipa::path(post, path = "/services/{name}/promote", tag = "commands", params(Named, Key), request_body = Promote,
    responses((status = OK, body = Done)))]
pub(super) async fn promote(
    State(admin): State<Admin>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Named(service): Named,
    Key(key): Key,
    Body(Promote { full, generation, reason }): Body<Promote>,
) -> Answer {
    let stride = if full { Stride::Full } else { Stride::Next };
    order(&admin, service, Order::Promote(stride), generation, Sender::new(peer, reason, key)?).await
}

/// Makes a release stable without a trial.
#[utoipa::path(post, path = "/services/{name}/adopt", tag = "commands", params(Named, Key), request_body = Adopt,
    responses((status = OK, body = Done)))]
pub(super) async fn adopt(
    State(admin): State<Admin>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Named(service): Named,
    Key(key): Key,
    Body(Adopt { release, generation, reason }): Body<Adopt>,
) -> Answer {
    order(&admin, service, Order::Adopt(release), generation, Sender::new(peer, reason, key)?).await
}

/// Commands that say no more than which rollout is meant, and why.
macro_rules! instruction {
    ($(#[$doc:meta])* $name:ident, $path:literal, $order:expr) => {
        $(#[$doc])*
        #[utoipa::path(post, path = $path, tag = "commands", params(Named, Key), request_body = Instruction,
            responses((status = OK, body = Done)))]
        pub(super) async fn $name(
            State(admin): State<Admin>,
            ConnectInfo(peer): ConnectInfo<Peer>,
            Named(service): Named,
            Key(key): Key,
            Body(Instruction { generation, reason }): Body<Instruction>,
        ) -> Answer {
            order(&admin, service, $order, generation, Sender::new(peer, reason, key)?).await
        }
    };
}

instruction! {
    /// Tries the release again that was sent back last.
    retry, "/services/{name}/retry", Order::Retry
}
instruction! {
    /// Stays at the present step.
    pause, "/services/{name}/pause", Order::Pause
}
instruction! {
    /// Goes on by the evidence again.
    resume, "/services/{name}/resume", Order::Resume
}
instruction! {
    /// Takes the canary's share away.
    abort, "/services/{name}/abort", Order::Abort
}
instruction! {
    /// Takes back a release that has reached 100 %.
    undo, "/services/{name}/undo", Order::Undo
}

// === impl Sender ===

impl Sender {
    /// # Errors
    /// When the reason is too long to be kept.
    pub(super) fn new(peer: Peer, note: Option<String>, key: Option<IdempotencyKey>) -> Result<Self, Problem> {
        if note.as_ref().is_some_and(|note| note.chars().count() > NOTE_LENGTH_MAX) {
            let message = format!("body: reason is longer than {NOTE_LENGTH_MAX} characters; shorten it");
            return Err(Problem::bad_request(message));
        }
        Ok(Self { author: Author { name: peer.name(), note }, key })
    }
}

pub(super) fn again(force: bool) -> Again {
    if force { Again::Force } else { Again::Refuse }
}

pub(super) async fn order(
    admin: &Admin,
    service: ServiceName,
    order: Order,
    generation: Option<Generation>,
    Sender { author, key }: Sender,
) -> Answer {
    let accepted = admin.engine.ask(|reply| Input::Order { service, order, generation, author, key, reply }).await??;
    let stored = timeout(DURABLE_WITHIN, accepted.stored).await;
    Ok(Json(Done { durable: matches!(stored, Ok(Ok(true))), ..accepted.done }))
}
