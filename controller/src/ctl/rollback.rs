//! A rollback: what it asks, and how far it is followed.

use canary_config::name::ServiceName;

use crate::api::RollBack;
use crate::client::Client;
use crate::ctl::args::RollbackArgs;
use crate::ctl::exit_code::Exit;
use crate::ctl::failure::Failure;
use crate::ctl::order::finish_or_follow;
use crate::ctl::output::Output;

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
