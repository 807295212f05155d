//! What a deployment asks for, by its command line and the files that this names.

use canary_config::name::ServiceName;
use canary_config::secret::Secret;

use crate::api::{Deploy, DeployTogether, Variables};
use crate::client::Client;
use crate::ctl::args::DeployWhat;
use crate::ctl::env_file;
use crate::ctl::exit_code::Exit;
use crate::ctl::failure::Failure;
use crate::ctl::output::Output;
use crate::ctl::sealed::{self, Asked};
use crate::ctl::shadow::Prepared;

/// What is asked for, with what there is to say of its files; and what Compose is to make, if it is to.
pub(in crate::ctl) async fn deploy_of(
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

pub(super) fn together(services: Vec<ServiceName>, deploy: Deploy) -> Result<DeployTogether, Failure> {
    let unfit = |what: &str| Failure::new(Exit::Usage, what, "see `canaryctl deploy --help`");
    let Deploy { image: _, tag, env, compose: _, strategy, on_busy, force, reason } = deploy;
    let tag = tag.ok_or_else(|| unfit("--image is for one service; give several the same --tag"))?;
    if on_busy.is_some() {
        return Err(unfit("--on-busy is for one service; several start only while all are at rest"));
    }
    Ok(DeployTogether { services, tag, env, strategy, force, reason })
}
