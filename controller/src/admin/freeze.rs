//! Freezes by an operator's word. Each is answered when it is stored.

use std::time::Duration;

use axum::Json;
use axum::extract::{ConnectInfo, State};
use canary_config::name::ServiceName;

use crate::admin::Admin;
use crate::admin::body::Body;
use crate::admin::command::Sender;
use crate::admin::key::Key;
use crate::admin::named::Named;
use crate::admin::peer::Peer;
use crate::api::{FREEZE_MAX, Freeze, Freezes, Problem, Unfreeze};
use crate::engine::{FreezeWord, Input};

type Answer = Result<Json<Freezes>, Problem>;

/// Nothing is started or raised, whatever the service.
#[utoipa::path(post, path = "/freeze", tag = "commands", params(Key), request_body = Freeze,
    responses((status = OK, body = Freezes)))]
pub(super) async fn freeze_all(
    State(admin): State<Admin>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Key(key): Key,
    Body(Freeze { duration_ms, reason }): Body<Freeze>,
) -> Answer {
    say(&admin, None, FreezeWord::Freeze(duration(duration_ms, FREEZE_MAX)?), Sender::new(peer, reason, key)?).await
}

/// Nothing of this service is started or raised.
#[utoipa::path(post, path = "/services/{name}/freeze", tag = "commands", params(Named, Key), request_body = Freeze,
    responses((status = OK, body = Freezes)))]
pub(super) async fn freeze(
    State(admin): State<Admin>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Named(service): Named,
    Key(key): Key,
    Body(Freeze { duration_ms, reason }): Body<Freeze>,
) -> Answer {
    say(&admin, Some(service), FreezeWord::Freeze(duration(duration_ms, FREEZE_MAX)?), Sender::new(peer, reason, key)?)
        .await
}

/// Lifts the freezes of all services, and the windows of the configuration that are open now.
#[utoipa::path(post, path = "/unfreeze", tag = "commands", params(Key), request_body = Unfreeze,
    responses((status = OK, body = Freezes)))]
pub(super) async fn unfreeze_all(
    State(admin): State<Admin>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Key(key): Key,
    Body(Unfreeze { reason }): Body<Unfreeze>,
) -> Answer {
    say(&admin, None, FreezeWord::Unfreeze, Sender::new(peer, reason, key)?).await
}

/// Lifts the freezes of this service.
#[utoipa::path(post, path = "/services/{name}/unfreeze", tag = "commands", params(Named, Key),
    request_body = Unfreeze, responses((status = OK, body = Freezes)))]
pub(super) async fn unfreeze(
    State(admin): State<Admin>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Named(service): Named,
    Key(key): Key,
    Body(Unfreeze { reason }): Body<Unfreeze>,
) -> Answer {
    say(&admin, Some(service), FreezeWord::Unfreeze, Sender::new(peer, reason, key)?).await
}

async fn say(admin: &Admin, service: Option<ServiceName>, word: FreezeWord, Sender { author, key }: Sender) -> Answer {
    admin.engine.ask(|reply| Input::Freeze { service, word, author, key, reply }).await?.map(Json)
}

/// For how long something is to last, at most so long; until it is taken back, if nothing is said.
pub(super) fn duration(ms: Option<u64>, max: Duration) -> Result<Option<Duration>, Problem> {
    let duration = ms.map(Duration::from_millis);
    if duration.is_some_and(|duration| duration.is_zero() || duration > max) {
        let message = format!("body: duration_ms is 1 to {}; leave it out for no end", max.as_millis());
        return Err(Problem::bad_request(message));
    }
    Ok(duration)
}
