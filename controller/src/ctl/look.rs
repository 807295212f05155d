//! Looks: what each asks, and what it shows.

use canary_config::name::ServiceName;

use crate::api::ServiceStatus;
use crate::client::{Client, WhatIf};
use crate::ctl::args::{LookCommand, StatusArgs};
use crate::ctl::exit_code::Exit;
use crate::ctl::failure::Failure;
use crate::ctl::output::Output;
use crate::ctl::{events, follow, wait};
use crate::render;
use crate::rollout::PhaseName;

/// Does it, and says how it ended.
pub(super) async fn obey(command: LookCommand, client: &Client, output: &Output) -> Result<Exit, Failure> {
    match command {
        LookCommand::Status(StatusArgs { service, watch: true, .. }) => {
            return follow::until_interrupted(service.as_ref(), client, output).await;
        }
        LookCommand::Status(StatusArgs { service, exit_code, .. }) => {
            let exit = status(service.as_ref(), client, output).await?;
            return Ok(if exit_code { exit } else { Exit::Done });
        }
        LookCommand::Watch { service } => return wait::take_up(&service, client, output).await,
        LookCommand::Events { after } => return events::tell(after, client, output).await,
        LookCommand::Rollouts { service, limit } => {
            let rollouts = client.rollouts(&service, limit).await?;
            if rollouts.value.rollouts.is_empty() {
                be_known(&service, client).await?;
            }
            output.answer(&rollouts, render::rollouts)?;
        }
        LookCommand::History { service: Some(service), rollout: Some(generation), .. } => {
            output.answer(&client.rollout(&service, generation).await?, render::story)?;
        }
        LookCommand::History { service, limit, .. } => history(service.as_ref(), limit, client, output).await?,
        LookCommand::Explain { service, generation } => {
            output.answer(&client.account(&service, generation).await?, render::account)?;
        }
        LookCommand::Plan { service, rate, error_rate } => {
            let what_if = WhatIf { rate, error_rate };
            output.answer(&client.forecast(&service, what_if).await?, render::forecast)?;
        }
        LookCommand::Doctor { service } => return doctor(service.as_ref(), client, output).await,
        LookCommand::Why(request) => output.answer(&client.why(&request.into_question()?).await?, render::why)?,
    }
    Ok(Exit::Done)
}

async fn status(service: Option<&ServiceName>, client: &Client, output: &Output) -> Result<Exit, Failure> {
    match service {
        None => {
            let overview = client.overview().await?;
            output.answer(&overview, render::overview)?;
            Ok(urgency(&overview.value.services, overview.value.store.healthy))
        }
        Some(service) => {
            let status = client.service(service).await?;
            output.answer(&status, render::status)?;
            Ok(urgency(std::slice::from_ref(&status.value), status.value.store_trouble.is_none()))
        }
    }
}

/// Everything that is wrong or doubtful.
async fn doctor(service: Option<&ServiceName>, client: &Client, output: &Output) -> Result<Exit, Failure> {
    let overview = client.overview().await?;
    if let Some(service) = service.filter(|name| overview.value.services.iter().all(|service| service.name != **name)) {
        be_known(service, client).await?;
    }
    let findings = render::Findings::of(&overview.value, service.map(ServiceName::as_str));
    output.report(&findings, &render::doctor(&findings, output.color()))?;
    Ok(if findings.findings.is_empty() { Exit::Done } else { Exit::Held })
}

/// What needs a human most: something that waits for one now or is out of order, else something that was sent back.
fn urgency(services: &[ServiceStatus], is_store_healthy: bool) -> Exit {
    let is_any = |phases: &[PhaseName]| services.iter().any(|service| phases.contains(&service.phase));
    let is_any_down = services.iter().any(|service| service.is_down() || service.parked.is_some());
    if is_any(&[PhaseName::Held, PhaseName::Paused]) || is_any_down || !is_store_healthy {
        Exit::Held
    } else if is_any(&[PhaseName::Aborted]) {
        Exit::Aborted
    } else {
        Exit::Done
    }
}

async fn history(service: Option<&ServiceName>, limit: u32, client: &Client, output: &Output) -> Result<(), Failure> {
    let history = client.history(service, limit).await?;
    if let Some(service) = service.filter(|_| history.value.entries.is_empty()) {
        be_known(service, client).await?;
    }
    output.answer(&history, render::history)
}

/// A service without a history may be a slip of the pen. One that was removed has its history still.
async fn be_known(service: &ServiceName, client: &Client) -> Result<(), Failure> {
    client.service(service).await?;
    Ok(())
}
