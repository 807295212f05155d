//! Deployments: looked at beforehand, and begun. Each is answered when it has begun; `status` says what becomes of it.

use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::response::{IntoResponse, Response};
use canary_config::name::ServiceName;
use canary_config::secret::Secret;

use crate::admin::Admin;
use crate::admin::body::Body;
use crate::admin::command::{Answer, Sender, again, order};
use crate::admin::key::Key;
use crate::admin::named::Named;
use crate::admin::peer::Peer;
use crate::api::{
    ByCompose, Deploy, DeployProblem, DeployTogether, Deploying, Done, Made, Preflight, Problem, ProblemKind, RollBack,
    Variables,
};
use crate::deploy::{Image, Maker, Wanted};
use crate::docker::clone::restart;
use crate::engine::{Order, RollbackOrder};

/// The longest name and value of a variable, in bytes.
const VARIABLE_BYTES_MAX: usize = 32 * 1024;
/// The longest mark of a file of Compose, in bytes.
const SPEC_BYTES_MAX: usize = 128;
/// The longest reason why Compose has made nothing, in bytes.
const FAILURE_BYTES_MAX: usize = 1024;

/// Looks whether an image could be deployed.
#[utoipa::path(post, path = "/services/{name}/preflight", tag = "questions", params(Named), request_body = Deploy,
    responses((status = OK, body = Preflight)))]
pub(super) async fn preflight(
    State(admin): State<Admin>,
    Named(service): Named,
    Body(deploy): Body<Deploy>,
) -> Result<Json<Preflight>, Problem> {
    let checked = admin.deployer.preflight(&wanted(service, deploy)?.0).await?;
    let only = checked.into_iter().next();
    only.map(Json).ok_or_else(|| Problem::new(ProblemKind::Internal, "the checks said nothing"))
}

/// Makes containers of an image beside those of stable, and begins their rollout.
#[utoipa::path(post, path = "/services/{name}/deploy", tag = "commands", params(Named, Key), request_body = Deploy,
    responses((status = OK, body = Deploying), (status = CONFLICT, body = DeployProblem,
        description = "The checks forbid it, or it is not allowed now.")))]
pub(super) async fn deploy(
    State(admin): State<Admin>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Named(service): Named,
    Key(key): Key,
    Body(deploy): Body<Deploy>,
) -> Result<Json<Deploying>, DeployProblem> {
    let (wanted, reason) = wanted(service, deploy)?;
    let Sender { author, key } = Sender::new(peer, reason, key)?;
    admin.deployer.deploy(wanted, author, key).await.map(Json)
}

/// The same for several services, as one rollout.
#[utoipa::path(post, path = "/deployments", tag = "commands", params(Key), request_body = DeployTogether,
    responses((status = OK, body = Deploying), (status = CONFLICT, body = DeployProblem,
        description = "The checks forbid it, or it is not allowed now.")))]
pub(super) async fn deploy_together(
    State(admin): State<Admin>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Key(key): Key,
    Body(deploy): Body<DeployTogether>,
) -> Result<Json<Deploying>, DeployProblem> {
    let DeployTogether { services, tag, env, strategy, force, reason } = deploy;
    let env = variables(env)?;
    let image = Image::Tag(tag);
    let wanted = Wanted { services, image, env, maker: Maker::Copy, strategy, on_busy: None, force };
    let Sender { author, key } = Sender::new(peer, reason, key)?;
    admin.deployer.deploy(wanted, author, key).await.map(Json)
}

/// Says that Compose has made the containers that a deployment waits for, or why it has not.
#[utoipa::path(post, path = "/services/{name}/made", tag = "commands", params(Named), request_body = Made,
    responses((status = OK, body = Made)))]
pub(super) async fn made(
    State(admin): State<Admin>,
    Named(_service): Named,
    Body(made): Body<Made>,
) -> Result<Json<Made>, Problem> {
    if made.failure.as_ref().is_some_and(|why| why.len() > FAILURE_BYTES_MAX) {
        return Err(Problem::bad_request(format!("body: failure: write at most {FAILURE_BYTES_MAX} bytes")));
    }
    admin.deployer.made(&made.deployment, made.failure.clone().map_or(Ok(()), Err))?;
    Ok(Json(made))
}

/// Brings a release back whose containers are kept.
#[utoipa::path(post, path = "/services/{name}/rollback", tag = "commands", params(Named, Key), request_body = RollBack,
    responses((status = OK, body = Done)))]
pub(super) async fn rollback(
    State(admin): State<Admin>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Named(service): Named,
    Key(key): Key,
    Body(RollBack { to, strategy, on_busy, force, reason }): Body<RollBack>,
) -> Answer {
    let rollback = RollbackOrder { to, again: again(force), on_busy, strategy };
    order(&admin, service, Order::Rollback(rollback), None, Sender::new(peer, reason, key)?).await
}

fn wanted(service: ServiceName, deploy: Deploy) -> Result<(Wanted, Option<String>), Problem> {
    let Deploy { image, tag, env, compose, strategy, on_busy, force, reason } = deploy;
    let image = match (image, tag) {
        (Some(image), None) => Image::Reference(image),
        (None, Some(tag)) => Image::Tag(tag),
        (None, None) | (Some(_), Some(_)) => {
            let message = "body: name the image by `image`, or by the `tag` that stable's would have";
            return Err(Problem::new(ProblemKind::Unprocessable, message));
        }
    };
    let (env, maker) = (variables(env)?, maker(compose)?);
    if maker != Maker::Copy && !env.is_empty() {
        let message = "body: env: Compose makes the containers; the variables belong into what it reads";
        return Err(Problem::new(ProblemKind::Unprocessable, message));
    }
    Ok((Wanted { services: vec![service], image, env, maker, strategy, on_busy, force }, reason))
}

/// Who makes the containers.
fn maker(compose: Option<ByCompose>) -> Result<Maker, Problem> {
    let Some(ByCompose { spec, restart, is_started }) = compose else { return Ok(Maker::Copy) };
    if restart::read(&restart).is_none() || spec.len() > SPEC_BYTES_MAX {
        let message = "body: compose: write a policy such as `on-failure:3` for `restart`, and a short `spec`";
        return Err(Problem::bad_request(message));
    }
    Ok(Maker::Compose { spec: Secret::new(&spec), restart, is_started })
}

/// The variables, whose names can be names of some.
fn variables(Variables(env): Variables) -> Result<Vec<(String, Secret)>, Problem> {
    let is_bad = |name: &str| name.is_empty() || name.contains(['=', '\0']) || name.contains(char::is_whitespace);
    if let Some(name) = env.keys().find(|name| is_bad(name)) {
        let message = format!("body: env: `{}` is no name of a variable", name.escape_debug());
        return Err(Problem::bad_request(message));
    }
    let is_wrong =
        |(name, value): &(&String, &String)| name.len() + value.len() > VARIABLE_BYTES_MAX || value.contains('\0');
    if let Some((name, _)) = env.iter().find(is_wrong) {
        let message = format!("body: env: the value of {name} is longer than an environment takes, or has a NUL in it");
        return Err(Problem::bad_request(message));
    }
    Ok(env.into_iter().map(|(name, value)| (name, Secret::new(&value))).collect())
}

// === impl DeployProblem ===

impl IntoResponse for DeployProblem {
    fn into_response(self) -> Response {
        (self.kind.status(), Json(self)).into_response()
    }
}
