//! Parking by an operator's word. It is answered when it is in force.

use axum::Json;
use axum::extract::{ConnectInfo, State};
use canary_config::name::ServiceName;

use crate::admin::Admin;
use crate::admin::body::Body;
use crate::admin::command::Sender;
use crate::admin::freeze::duration;
use crate::admin::key::Key;
use crate::admin::named::Named;
use crate::admin::peer::Peer;
use crate::api::{PARK_MAX, Park, Parked, Problem, Unpark};
use crate::engine::{Input, ParkWord};

type Answer = Result<Json<Parked>, Problem>;

/// Lets the requests of a service wait, its previews apart, although it has ready backends.
#[utoipa::path(post, path = "/services/{name}/park", tag = "commands", params(Named, Key), request_body = Park,
    responses((status = OK, body = Parked)))]
pub(super) async fn park(
    State(admin): State<Admin>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Named(service): Named,
    Key(key): Key,
    Body(Park { duration_ms, reason }): Body<Park>,
) -> Answer {
    let word = ParkWord::Park(duration(duration_ms, PARK_MAX)?);
    say(&admin, service, word, Sender::new(peer, reason, key)?).await
}

/// Serves the requests of a service again.
#[utoipa::path(post, path = "/services/{name}/unpark", tag = "commands", params(Named, Key), request_body = Unpark,
    responses((status = OK, body = Parked)))]
pub(super) async fn unpark(
    State(admin): State<Admin>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Named(service): Named,
    Key(key): Key,
    Body(Unpark { reason }): Body<Unpark>,
) -> Answer {
    say(&admin, service, ParkWord::Unpark, Sender::new(peer, reason, key)?).await
}

async fn say(admin: &Admin, service: ServiceName, word: ParkWord, Sender { author, key }: Sender) -> Answer {
    admin.engine.ask(|reply| Input::Park { service, word, author, key, reply }).await?.map(Json)
}
