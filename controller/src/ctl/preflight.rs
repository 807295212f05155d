//! The checks before a deployment, without one.

use crate::client::Client;
use crate::ctl::args::PreflightArgs;
use crate::ctl::deploy::deploy_of;
use crate::ctl::exit_code::Exit;
use crate::ctl::failure::Failure;
use crate::ctl::output::Output;
use crate::render;

/// Says what the checks say.
pub(super) async fn preflight(args: PreflightArgs, client: &Client, output: &Output) -> Result<Exit, Failure> {
    let PreflightArgs { service, what } = args;
    let (deploy, _prepared) = deploy_of(what, std::slice::from_ref(&service), client, output).await?;
    let answer = client.preflight(&service, &deploy).await?;
    output.answer(&answer, render::preflight)?;
    Ok(if answer.value.is_refused() { Exit::Preflight } else { Exit::Done })
}
