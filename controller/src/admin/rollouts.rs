//! The tries that a service has seen, as the audit trail remembers them.

use std::num::NonZeroUsize;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;

use crate::admin::Admin;
use crate::admin::history::limit_of;
use crate::admin::named::{Named, NamedRollout};
use crate::admin::query::Asked;
use crate::api::{Problem, ProblemKind, RolloutStory, Rollouts};
use crate::store::{HISTORY_LIMIT_MAX, HistoryQuery, Order};

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Written {
    /// At most so many rollouts; 50 if nothing is said.
    #[param(value_type = u32, required = false, minimum = 1, maximum = 1000)]
    limit: Option<NonZeroUsize>,
}

/// The rollouts of a service, the newest first.
#[utoipa::path(get, path = "/services/{name}/rollouts", tag = "questions", params(Named, Written), responses(
    (status = OK, body = Rollouts)))]
pub(super) async fn rollouts(
    State(admin): State<Admin>,
    Named(service): Named,
    Asked(Written { limit }): Asked<Written>,
) -> Result<Json<Rollouts>, Problem> {
    let limit = limit_of(limit)?;
    let rollouts = admin.stored(|done| admin.store.rollouts(service.clone(), limit, done)).await?;
    if rollouts.is_empty() {
        admin.must_know(service).await?;
    }
    Ok(Json(Rollouts { rollouts }))
}

/// One rollout of a service: what changed in it, the oldest first.
#[utoipa::path(get, path = "/services/{name}/rollouts/{generation}", tag = "questions", params(NamedRollout),
    responses(
        (status = OK, body = RolloutStory)))]
pub(super) async fn rollout(
    State(admin): State<Admin>,
    NamedRollout(service, generation): NamedRollout,
) -> Result<Json<RolloutStory>, Problem> {
    let query = HistoryQuery {
        service: Some(service.clone()),
        generation: Some(generation),
        order: Order::After(0),
        limit: HISTORY_LIMIT_MAX,
    };
    let entries = admin.history(query).await?;
    let rollouts = admin.stored(|done| admin.store.rollouts(service.clone(), HISTORY_LIMIT_MAX, done)).await?;
    let Some(summary) = rollouts.into_iter().find(|summary| summary.generation == generation) else {
        admin.must_know(service.clone()).await?;
        let message = format!("services.{service}: there was no rollout {generation}, or it is forgotten");
        return Err(Problem::new(ProblemKind::NotFound, message));
    };
    Ok(Json(RolloutStory { summary, entries }))
}
