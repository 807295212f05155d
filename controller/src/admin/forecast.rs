//! What the next rollout of a service will need, and what it would find.
//!
//! The engine says what is known; the figures are made here, where nobody waits for them but who asked.

mod made;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use tokio::task::spawn_blocking;

use self::made::Forecaster;
use crate::admin::Admin;
use crate::admin::named::Named;
use crate::admin::query::Asked;
use crate::api::{Forecast, Problem, ProblemKind};
use crate::engine::Input;
use crate::traffic::{Proportion, Rate};

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Written {
    /// Requests per second (with keyed assignment: new clients), instead of those of the last hours. At most a million.
    #[param(value_type = f64, required = false, minimum = 0, maximum = 1_000_000, example = 40)]
    requests_per_second: Option<f64>,
    /// Stable's error rate, 0 to 1, instead of that of the last hours.
    #[param(value_type = f64, required = false, minimum = 0, maximum = 1, example = 0.001)]
    error_rate: Option<f64>,
}

/// What the next rollout of a service will need at its traffic of the last hours, what it would find, and whether
/// another plan would do better. An estimate: the middle rollout of many takes between half and twice as long.
#[utoipa::path(get, path = "/services/{name}/forecast", tag = "questions", params(Named, Written), responses(
    (status = OK, body = Forecast),
    (status = UNPROCESSABLE_ENTITY, body = Problem, description = "No service could have such traffic.")))]
pub(super) async fn forecast(
    State(admin): State<Admin>,
    Named(service): Named,
    Asked(written): Asked<Written>,
) -> Result<Json<Forecast>, Problem> {
    let Written { requests_per_second, error_rate } = written;
    let rate = requests_per_second.map(|rate| Rate::per_second(rate).map_err(|why| wrong("requests_per_second", &why)));
    let error_rate = error_rate.map(|part| Proportion::new(part).map_err(|why| wrong("error_rate", &why)));
    let (rate, error_rate) = (rate.transpose()?, error_rate.transpose()?);
    let asked = service.clone();
    let prospect = admin.engine.ask(|reply| Input::Prospect(asked, reply)).await??;
    // A plan with many steps takes a while, in which this thread has others to answer.
    let made = spawn_blocking(move || Forecaster::new(prospect, rate, error_rate).forecast(service)).await;
    made.map(Json).map_err(|_| Problem::new(ProblemKind::Internal, "the forecast could not be made; see the log"))
}

fn wrong(name: &str, why: &impl ToString) -> Problem {
    Problem::new(ProblemKind::Unprocessable, format!("query: {name}: {}", why.to_string()))
}
