//! A deployment: what it asks, what it shows, and how far it is followed.

mod asked;
mod begun;

use crate::api::{Deploy, DeployProblem};
use crate::client::{Client, Error};
use crate::clock;
use crate::ctl::args::DeployArgs;
use crate::ctl::exit_code::Exit;
use crate::ctl::failure::Failure;
use crate::ctl::output::Output;
use crate::ctl::wait::{self, Limit};
use crate::ctl::watch::Watch;
use crate::render;

pub(super) use self::asked::deploy_of;
use self::asked::together;
use self::begun::Begun;

/// Begins a deployment, and follows it.
pub(super) async fn deploy(args: DeployArgs, client: &Client, output: &Output) -> Result<Exit, Failure> {
    let DeployArgs { services, what, on_busy, detach, wait, said } = args;
    let key = said.key();
    let since = clock::now();
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
    let left = || wait.timeout.saturating_sub(clock::now().saturating_duration_since(since));
    let mut begun = Begun::new(&answer.value, prepared.as_ref(), client, output);
    let watches = begun.rollouts(wait.wait.then(|| Limit { whole: wait.timeout, left: left() })).await?;
    if wait.wait {
        return wait::follow_all(watches, Limit { whole: wait.timeout, left: left() }, client, output).await;
    }
    let Some(service) = watches.first().map(Watch::service) else { return Ok(Exit::Done) };
    let status = client.service(service).await?;
    output.document(&status.document)?;
    Ok(Exit::Done)
}

/// What the checks say, who forbid it.
fn forbidden(problem: &DeployProblem, output: &Output) -> Result<Exit, Failure> {
    output.report(problem, &render::refused(&problem.services, output.color()))?;
    Ok(Exit::Preflight)
}
