//! The story of a rollout's verdict: from the engine while it is not told to its end, else from the store.

use axum::Json;
use axum::extract::State;
use canary_config::name::ServiceName;

use crate::admin::Admin;
use crate::admin::named::{Named, NamedRollout};
use crate::api::{Account, Problem, ProblemKind};
use crate::engine::{Input, Told};
use crate::rollout::Generation;
use crate::store::ACCOUNTS_MAX;

/// What convicted or certified the release of a rollout: the evidence's course, and the very requests.
#[utoipa::path(get, path = "/services/{name}/rollouts/{generation}/account", tag = "questions", params(NamedRollout),
    responses(
        (status = OK, body = Account)))]
pub(super) async fn account(
    State(admin): State<Admin>,
    NamedRollout(service, generation): NamedRollout,
) -> Result<Json<Account>, Problem> {
    admin.account(service, Some(generation)).await.map(Json)
}

/// The same of the rollout that is under way, or was the last.
#[utoipa::path(get, path = "/services/{name}/account", tag = "questions", params(Named), responses(
    (status = OK, body = Account)))]
pub(super) async fn last_account(State(admin): State<Admin>, Named(service): Named) -> Result<Json<Account>, Problem> {
    admin.account(service, None).await.map(Json)
}

// === impl Admin ===

impl Admin {
    async fn account(&self, service: ServiceName, generation: Option<Generation>) -> Result<Account, Problem> {
        let asked = service.clone();
        let told = self.engine.ask(|reply| Input::Account(asked, generation, reply)).await??;
        let (generation, last) = match told {
            Told::Whole(account) => return Ok(*account),
            Told::Stored { generation, last } => (generation, last),
        };
        let body = self.stored(|done| self.store.account(service.clone(), generation, done)).await?;
        let read = body.as_deref().map(serde_json::from_str).transpose();
        let nothing = |why: String| {
            let message = format!("services.{service}: there is no account of rollout {generation}: {why}");
            Problem::new(ProblemKind::NotFound, message)
        };
        let read = read.map_err(|error| nothing(format!("what was kept cannot be read: {error}")))?;
        read.ok_or_else(|| {
            nothing(format!("those of the last {ACCOUNTS_MAX} are kept, and the last rollout is {last}"))
        })
    }
}
