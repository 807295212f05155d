//! Orders about rollouts: what each asks, and what it shows.

use std::time::Duration;

use crate::api::{Adopt, Done, Freeze, Instruction, Park, Promote, Start, StartTogether, Unfreeze, Unpark};
use crate::client::{Answer, Client, Verb};
use crate::ctl::args::{About, FreezeArgs, RolloutCommand, StartArgs, Target, Wait, Wanted};
use crate::ctl::exit_code::Exit;
use crate::ctl::failure::Failure;
use crate::ctl::output::Output;
use crate::ctl::{deploy, preflight, rollback, wait};
use crate::render;

/// Does it, and says how it ended.
pub(super) async fn obey(command: RolloutCommand, client: &Client, output: &Output) -> Result<Exit, Failure> {
    let (verb, about) = match command {
        RolloutCommand::Deploy(args) => return deploy::deploy(args, client, output).await,
        RolloutCommand::Preflight(args) => return preflight::preflight(args, client, output).await,
        RolloutCommand::Rollback(args) => return rollback::rollback(args, client, output).await,
        RolloutCommand::Start(args) => return start(args, client, output).await,
        RolloutCommand::Promote { about, full } => {
            let About { service, generation, said } = about;
            let key = said.key();
            let promote = Promote { full, generation, reason: said.reason };
            return finish(&client.promote(&service, &promote, &key).await?, output);
        }
        RolloutCommand::Adopt { service, release, generation, said } => {
            let key = said.key();
            let adopt = Adopt { release, generation, reason: said.reason };
            return finish(&client.adopt(&service, &adopt, &key).await?, output);
        }
        RolloutCommand::Retry { about, wait } => {
            let done = instruct(Verb::Retry, about, client).await?;
            return finish_or_follow(&done, wait, client, output).await;
        }
        RolloutCommand::Freeze(FreezeArgs { of, duration, said }) => {
            let key = said.key();
            let freeze = Freeze { duration_ms: duration.map(in_ms), reason: said.reason };
            output.answer(&client.freeze(of.service.as_ref(), &freeze, &key).await?, render::freezes)?;
            return Ok(Exit::Done);
        }
        RolloutCommand::Unfreeze { of, said } => {
            let key = said.key();
            let unfreeze = Unfreeze { reason: said.reason };
            output.answer(&client.unfreeze(of.service.as_ref(), &unfreeze, &key).await?, render::freezes)?;
            return Ok(Exit::Done);
        }
        RolloutCommand::Park { service, duration, said } => {
            let key = said.key();
            let park = Park { duration_ms: duration.map(in_ms), reason: said.reason };
            output.answer(&client.park(&service, &park, &key).await?, render::parked)?;
            return Ok(Exit::Done);
        }
        RolloutCommand::Unpark { service, said } => {
            let key = said.key();
            output.answer(&client.unpark(&service, &Unpark { reason: said.reason }, &key).await?, render::parked)?;
            return Ok(Exit::Done);
        }
        RolloutCommand::Pause { about } => (Verb::Pause, about),
        RolloutCommand::Resume { about } => (Verb::Resume, about),
        RolloutCommand::Abort { about } => (Verb::Abort, about),
        RolloutCommand::Undo { about } => (Verb::Undo, about),
    };
    finish(&instruct(verb, about, client).await?, output)
}

async fn start(args: StartArgs, client: &Client, output: &Output) -> Result<Exit, Failure> {
    let StartArgs { target: Target(wanted), plan_of, on_busy, force, generation, wait, said } = args;
    let key = said.key();
    let reason = said.reason;
    let done = match wanted {
        Wanted::One(..) if plan_of.is_some() => {
            return Err(unfit("--plan-of is for several services; leave it out"));
        }
        Wanted::One(service, release) => {
            client.start(&service, &Start { release, on_busy, force, generation, reason }, &key).await?
        }
        Wanted::Together { .. } if on_busy.is_some() || generation.is_some() => {
            return Err(unfit(
                "--on-busy and --generation are for one service; several start only while all are at rest",
            ));
        }
        Wanted::Together { releases, first } => {
            let plan_of = plan_of.unwrap_or(first);
            if !releases.contains_key(&plan_of) {
                return Err(unfit(&format!("--plan-of {plan_of} is none of the services that start")));
            }
            client.start_together(&StartTogether { releases, plan_of, force, reason }, &key).await?
        }
    };
    finish_or_follow(&done, wait, client, output).await
}

async fn instruct(verb: Verb, about: About, client: &Client) -> Result<Answer<Done>, Failure> {
    let About { service, generation, said } = about;
    let key = said.key();
    Ok(client.instruct(verb, &service, &Instruction { generation, reason: said.reason }, &key).await?)
}

pub(super) async fn finish_or_follow(
    done: &Answer<Done>,
    wait: Wait,
    client: &Client,
    output: &Output,
) -> Result<Exit, Failure> {
    if !wait.wait {
        return finish(done, output);
    }
    output.remark_answer(done, render::done)?;
    wait::follow(&done.value, wait.timeout, client, output).await
}

fn finish(done: &Answer<Done>, output: &Output) -> Result<Exit, Failure> {
    output.answer(done, render::done)?;
    Ok(if done.value.durable { Exit::Done } else { Exit::NotDurable })
}

fn in_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn unfit(what: &str) -> Failure {
    Failure::new(Exit::Usage, what, "see `canaryctl start --help`")
}
