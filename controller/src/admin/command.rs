//! Orders. Each is answered when it is in force and stored, or says that it is not.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Json;
use axum::extract::{ConnectInfo, State};
use canary_config::daemon::Config;
use canary_config::name::ServiceName;
use serde::Deserialize;
use tokio::time::timeout;

use crate::admin::Admin;
use crate::admin::body::Body;
use crate::admin::named::Named;
use crate::admin::peer::Peer;
use crate::api::{Done, Instruction, Problem, ProblemKind, Promote, Reloaded, Start};
use crate::engine::{Author, Input, Order, StartOrder};
use crate::rollout::{Again, Generation, Stride};

/// How long an order that is in force waits for the store before it says that it is not durable.
const DURABLE_WITHIN: Duration = Duration::from_secs(1);

/// The longest reason that is kept, in bytes.
const NOTE_LENGTH_MAX: usize = 1024;

type Answer = Result<Json<Done>, Problem>;

pub(super) async fn start(
    State(admin): State<Admin>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Named(service): Named,
    Body(Start { release, on_busy, force, generation, reason }): Body<Start>,
) -> Answer {
    let again = if force { Again::Force } else { Again::Refuse };
    let start = StartOrder { release, peers: BTreeMap::new(), again, on_busy };
    order(&admin, peer, service, Order::Start(start), generation, reason).await
}

pub(super) async fn promote(
    State(admin): State<Admin>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Named(service): Named,
    Body(Promote { full, generation, reason }): Body<Promote>,
) -> Answer {
    let stride = if full { Stride::Full } else { Stride::Next };
    order(&admin, peer, service, Order::Promote(stride), generation, reason).await
}

pub(super) async fn abort(
    State(admin): State<Admin>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Named(service): Named,
    Body(Instruction { generation, reason }): Body<Instruction>,
) -> Answer {
    order(&admin, peer, service, Order::Abort, generation, reason).await
}

pub(super) async fn undo(
    State(admin): State<Admin>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Named(service): Named,
    Body(Instruction { generation, reason }): Body<Instruction>,
) -> Answer {
    order(&admin, peer, service, Order::Undo, generation, reason).await
}

/// Nothing can be said with a reload but that it is wanted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Empty {}

pub(super) async fn reload(State(admin): State<Admin>, Body(Empty {}): Body<Empty>) -> Result<Json<Reloaded>, Problem> {
    admin.reload().await.map(Json)
}

async fn order(
    admin: &Admin,
    peer: Peer,
    service: ServiceName,
    order: Order,
    generation: Option<Generation>,
    note: Option<String>,
) -> Answer {
    if note.as_ref().is_some_and(|note| note.len() > NOTE_LENGTH_MAX) {
        return Err(Problem::bad_request(format!("body: reason is longer than {NOTE_LENGTH_MAX} bytes; shorten it")));
    }
    let author = Author { name: peer.name(), note };
    let accepted =
        admin.engine.ask(|reply| Input::Order { service, order, generation, author, key: None, reply }).await??;
    let stored = timeout(DURABLE_WITHIN, accepted.stored).await;
    Ok(Json(Done { durable: matches!(stored, Ok(Ok(true))), ..accepted.done }))
}

// === impl Admin ===

impl Admin {
    /// Reads the configuration again and applies it.
    ///
    /// # Errors
    /// When the file is bad, or takes away what is needed. Nothing has changed then.
    pub async fn reload(&self) -> Result<Reloaded, Problem> {
        let path = self.config_path.clone();
        let read = tokio::task::spawn_blocking(move || Config::load(&path)).await;
        let config = match read {
            Ok(Ok(config)) => Box::new(config),
            Ok(Err(errors)) => return Err(Problem { kind: ProblemKind::Refused, message: errors.to_string() }),
            Err(error) => {
                return Err(Problem {
                    kind: ProblemKind::Internal,
                    message: format!("the file was not read: {error}"),
                });
            }
        };
        self.engine.ask(|reply| Input::Reload(config, reply)).await?
    }
}
