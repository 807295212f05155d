//! Deployments and rollbacks: what each asks, what it shows, and how far it is followed.

use canary_config::name::{ReleaseId, ServiceName};
use canary_config::secret::Secret;
use tokio::time::{MissedTickBehavior, interval};

use crate::api::{
    AWAITS_COMPOSE, Deploy, DeployProblem, DeployTogether, Deploying, RollBack, ServiceStatus, Variables,
};
use crate::client::{Client, Error};
use crate::ctl::args::{DeployArgs, DeployWhat, PreflightArgs, RollbackArgs};
use crate::ctl::env_file;
use crate::ctl::exit_code::Exit;
use crate::ctl::failure::Failure;
use crate::ctl::interrupt::unless_interrupted;
use crate::ctl::order::finish_or_follow;
use crate::ctl::output::Output;
use crate::ctl::sealed::{self, Asked};
use crate::ctl::shadow::Prepared;
use crate::ctl::silence::Silence;
use crate::ctl::wait::{self, POLL_INTERVAL};
use crate::ctl::watch::Watch;
use crate::render;

/// Says what the checks say.
pub(super) async fn preflight(args: PreflightArgs, client: &Client, output: &Output) -> Result<Exit, Failure> {
    let PreflightArgs { service, what } = args;
    let (deploy, _prepared) = deploy_of(what, std::slice::from_ref(&service), client, output).await?;
    let answer = client.preflight(&service, &deploy).await?;
    output.answer(&answer, render::preflight)?;
    Ok(if answer.value.is_refused() { Exit::Preflight } else { Exit::Done })
}

/// Begins a deployment, and follows it.
pub(super) async fn deploy(args: DeployArgs, client: &Client, output: &Output) -> Result<Exit, Failure> {
    let DeployArgs { services, what, on_busy, detach, wait, said } = args;
    let key = said.key();
    let (deploy, prepared) = deploy_of(what, &services, client, output).await?;
    let deploy = Deploy { on_busy, reason: said.reason, ..deploy };
    let answer = match services.as_slice() {
        [service] => client.deploy(service, &deploy, &key).await,
        _ => client.deploy_together(&together(services, deploy)?, &key).await,
    };
    let answer = match answer {
        Ok(answer) => answer,
        Err(Error::Preflight(problem)) => return forbidden(&problem, output),
        Err(error) => return Err(error.into()),
    };
    let is_over = detach || answer.value.deployment.is_none();
    if is_over {
        output.answer(&answer, render::deploying)?;
        return Ok(Exit::Done);
    }
    output.remark_answer(&answer, render::deploying)?;
    let begun = unless_interrupted(begun(&answer.value, prepared.as_ref(), client, output)).await?;
    let watches = begun.unwrap_or_else(|| Err(interrupted(&answer.value)))?;
    if wait.wait {
        return wait::follow_all(watches, wait.timeout, client, output).await;
    }
    let Some(service) = watches.first().map(Watch::service) else { return Ok(Exit::Done) };
    let status = client.service(service).await?;
    output.document(&status.document)?;
    Ok(Exit::Done)
}

/// Brings a release back whose containers are kept.
pub(super) async fn rollback(args: RollbackArgs, client: &Client, output: &Output) -> Result<Exit, Failure> {
    let RollbackArgs { service, to, strategy, on_busy, force, wait, said } = args;
    let service = match service {
        Some(service) => service,
        None => only_service(client).await?,
    };
    let key = said.key();
    let rollback = RollBack { to, strategy, on_busy, force, reason: said.reason };
    let done = client.rollback(&service, &rollback, &key).await?;
    finish_or_follow(&done, wait, client, output).await
}

async fn only_service(client: &Client) -> Result<ServiceName, Failure> {
    let overview = client.overview().await?.value;
    match overview.services.as_slice() {
        [only] => Ok(only.name.clone()),
        several => {
            let names: Vec<_> = several.iter().map(|service| service.name.to_string()).collect();
            let what = format!("there are several services; name one of {}", names.join(", "));
            Err(Failure::new(Exit::Usage, what, "see `canaryctl rollback --help`"))
        }
    }
}

/// What is asked for, with what there is to say of its files; and what Compose is to make, if it is to.
async fn deploy_of(
    what: DeployWhat,
    services: &[ServiceName],
    client: &Client,
    output: &Output,
) -> Result<(Deploy, Option<Prepared>), Failure> {
    let Variables(env) = variables(&what, client, output).await?;
    let DeployWhat { image, tag, from_compose, file, strategy, force, .. } = what;
    let deploy = Deploy { image, tag, strategy, force, ..Deploy::default() };
    if !from_compose {
        return Ok((Deploy { env: Variables(env), ..deploy }, None));
    }
    let [service] = services else {
        return Err(Failure::new(Exit::Usage, "--from-compose is for one service", "deploy one after the other"));
    };
    let env: Vec<_> = env.iter().map(|(name, value)| (name.clone(), Secret::new(value))).collect();
    let prepared = Prepared::of(service, &file, &env, client, output).await?;
    let image = match (deploy.image, &deploy.tag) {
        (None, None) => Some(prepared.image()?),
        (image, _) => image,
    };
    Ok((Deploy { image, compose: Some(prepared.by_compose()), ..deploy }, Some(prepared)))
}

/// The variables that are to be sent, if they may be.
async fn variables(what: &DeployWhat, client: &Client, output: &Output) -> Result<Variables, Failure> {
    let has_secrets = what.env_file.is_some() || !what.env.is_empty() || what.from_compose;
    if has_secrets && client.is_exposed() && !what.allow_plain_secrets {
        let what = "variables would go over the network as they are: canaryd's address has no TLS";
        let hint = "use its socket, or a tunnel to a loopback address; --allow-plain-secrets sends them all the same";
        return Err(Failure::new(Exit::Usage, what, hint));
    }
    let file = match &what.env_file {
        Some(file) => Some(sealed::open(file, what.identity.as_deref(), Asked::of(what)).await?),
        None => None,
    };
    let (variables, warnings) = env_file::variables(file.as_ref(), &what.env, |name| std::env::var(name).ok())?;
    for warning in &warnings {
        output.warn(warning);
    }
    Ok(variables)
}

fn together(services: Vec<ServiceName>, deploy: Deploy) -> Result<DeployTogether, Failure> {
    let unfit = |what: &str| Failure::new(Exit::Usage, what, "see `canaryctl deploy --help`");
    let Deploy { image: _, tag, env, compose: _, strategy, on_busy, force, reason } = deploy;
    let tag = tag.ok_or_else(|| unfit("--image is for one service; give several the same --tag"))?;
    if on_busy.is_some() {
        return Err(unfit("--on-busy is for one service; several start only while all are at rest"));
    }
    Ok(DeployTogether { services, tag, env, strategy, force, reason })
}

/// What the checks say, who forbid it.
fn forbidden(problem: &DeployProblem, output: &Output) -> Result<Exit, Failure> {
    output.report(problem, &render::refused(&problem.services, output.color()))?;
    Ok(Exit::Preflight)
}

/// Follows a deployment until its rollout has begun, and tells which that is.
async fn begun(
    deploying: &Deploying,
    mut prepared: Option<&Prepared>,
    client: &Client,
    output: &Output,
) -> Result<Vec<Watch>, Failure> {
    let id = deploying.deployment.as_deref().unwrap_or_default();
    let awaited = deploying.services.iter().filter(|preflight| !preflight.is_stable);
    let awaited: Vec<(&ServiceName, Option<&ReleaseId>)> =
        awaited.map(|preflight| (&preflight.service, preflight.release.as_ref())).collect();
    let Some((first, _)) = awaited.first() else { return Ok(Vec::new()) };
    let (mut silence, mut told) = (Silence::default(), String::new());
    let mut polls = interval(POLL_INTERVAL);
    polls.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        polls.tick().await;
        let Some(answer) = silence.bridge(client.service(first).await)? else { continue };
        let status = &answer.value;
        let Some(own) = status.deployment.as_ref().filter(|own| own.id == id) else {
            return Err(forgotten(status));
        };
        let line = render::stage(status);
        if line != told {
            output.remark(&line)?;
            told = line;
        }
        if own.stage == AWAITS_COMPOSE
            && let (Some(order), Some(prepared)) = (&deploying.shadow, prepared.take())
        {
            prepared.make(order, first, id, client).await?;
        }
        if let Some(why) = &own.failure {
            let hint = format!("nothing of it is left; stable serves as before, see `canaryctl status {first}`");
            return Err(Failure::new(Exit::Aborted, format!("the deployment came to nothing: {why}"), hint));
        }
        if own.stage == "done" {
            break;
        }
    }
    let mut watches = Vec::new();
    for (service, release) in awaited {
        let status = client.service(service).await?.value;
        watches.extend(release.map(|release| Watch::of_release(&status, release)));
    }
    Ok(watches)
}

fn forgotten(status: &ServiceStatus) -> Failure {
    let service = &status.name;
    let what = "canaryd does not know the deployment any more; it was started anew, or another one has begun";
    let hint = format!("see `canaryctl status {service}`; what was made for it is cleared away");
    Failure::new(Exit::Aborted, what, hint)
}

fn interrupted(deploying: &Deploying) -> Failure {
    let service = deploying.services.first().map(|one| format!(" {}", one.service)).unwrap_or_default();
    let hint = format!("the deployment goes on; `canaryctl status{service}` shows it, `abort{service}` calls it off");
    Failure::new(Exit::Interrupted, "interrupted", hint)
}
