//! Asks an Engine and a registry for what is to be known before a deployment. It judges nothing.

use canary_config::plan::Strategy;
use futures_util::FutureExt as _;
use futures_util::future::join_all;

use crate::deploy::facts::{Facts, Found, Model, Served};
use crate::deploy::{Image, Wanted, name};
use crate::docker::clone::{self, Original, labels};
use crate::docker::host::{Capacity, Host, Resolved};
use crate::docker::reference::Reference;
use crate::docker::registry::{Credentials, Registries, RegistryError};
use crate::docker::sighting::{Sighting, State};
use crate::engine::Subject;

/// All that is to be known of each of these services, which are one Engine's. None waits for another.
pub(super) async fn all(subjects: Vec<Subject>, wanted: &Wanted) -> Vec<Facts> {
    let first = subjects.first().map(|subject| (subject.service.plan.strategy, subject.docker.host.clone()));
    let Some((planned, host)) = first else { return Vec::new() };
    let strategy = wanted.strategy.unwrap_or(planned);
    let capacity = async move {
        let host = Host::connect(&host).await.map_err(|error| error.to_string())?;
        host.capacity().await.map_err(|error| error.to_string())
    };
    let capacity = capacity.shared();
    join_all(subjects.into_iter().map(|subject| facts(subject, wanted, strategy, capacity.clone()))).await
}

/// All that is to be known of one service.
async fn facts(
    subject: Subject,
    wanted: &Wanted,
    strategy: Strategy,
    capacity: impl Future<Output = Result<Capacity, String>>,
) -> Facts {
    // What an Engine says of a container is large.
    let found = Box::pin(found(&subject, &wanted.image, capacity)).await;
    let reference = found.as_ref().ok().and_then(|model| model.reference().as_ref().ok());
    let asked = match (reference, &wanted.image) {
        (Some(reference), _) => reference.to_string(),
        (None, Image::Reference(text)) => text.clone(),
        (None, Image::Tag(tag)) => format!(":{tag}"),
    };
    let pinned = found.as_ref().ok().and_then(|found| found.resolved().as_ref().ok()).map(|resolved| &resolved.image);
    let spec = name::Spec { seed: &subject.seed, env: &wanted.env, maker: &wanted.maker };
    let plain = pinned.and_then(|pinned| spec.release(pinned, None));
    // What is stable is made once more under another name.
    let again = (wanted.force && plain.as_ref() == Some(&subject.stable)).then(name::deployment);
    let release = match &again {
        Some(again) => pinned.and_then(|pinned| spec.release(pinned, Some(again))),
        None => plain,
    };
    let declared = subject.service.origin.discovered().and_then(|discovered| discovered.instances);
    let running = stable(&subject).filter(|one| matches!(one.state, State::Running { .. })).count();
    let running = found.as_ref().ok().and_then(Model::tasks).unwrap_or(running);
    Facts {
        instances: declared.map_or(running.max(1), std::num::NonZeroUsize::get),
        asked,
        overrides: wanted.env.iter().map(|(name, _)| name.clone()).collect(),
        maker: wanted.maker.clone(),
        strategy,
        force: wanted.force,
        release,
        found,
        subject,
    }
}

/// The containers of stable, those that run first.
fn stable(subject: &Subject) -> impl Iterator<Item = &Sighting> {
    subject.containers.iter().filter(|container| container.release == subject.stable)
}

/// What is copied: one that runs, and of several the one that was made first.
fn model(subject: &Subject) -> Option<&Sighting> {
    let rank = |state: &State| match state {
        State::Running { .. } => 0,
        State::Starting | State::Unhealthy { .. } | State::Adrift | State::Paused => 1,
        State::Leaving | State::Stopped { .. } => 2,
    };
    stable(subject).min_by_key(|container| (rank(&container.state), container.created))
}

async fn found(
    subject: &Subject,
    image: &Image,
    capacity: impl Future<Output = Result<Capacity, String>>,
) -> Result<Model, String> {
    let host = Host::connect(&subject.docker.host).await.map_err(|error| error.to_string())?;
    let model = model(subject).ok_or_else(|| {
        let service = &subject.service.name;
        format!("no container of {service} is stable, so that there is nothing to copy; start one, see `status`")
    })?;
    match &model.swarm {
        Some(origin) => served(&host, subject, image, (model, &origin.service)).await,
        None => Box::pin(copied(&host, subject, image, (model.container.as_str(), capacity))).await,
    }
}

/// What a manager says of the service that has stable's tasks.
async fn served(
    host: &Host,
    subject: &Subject,
    image: &Image,
    (task, service): (&Sighting, &str),
) -> Result<Model, String> {
    let service = host.service(service).await.map_err(|error| error.to_string())?;
    let first = service.spec.unwrap_or_default();
    let container = first.task_template.as_ref().and_then(|template| template.container_spec.as_ref());
    let given = container.and_then(|container| container.image.clone()).unwrap_or_default();
    let reference = reference(image, &given);
    let resolved = resolved(host, subject, &reference).await;
    let image = match &resolved {
        Ok(resolved) => host.image(&resolved.image).await.map_err(|error| error.to_string())?,
        Err(_) => None,
    };
    let state = service.update_status.and_then(|update| update.state).map(|state| state.to_string());
    // What has come to its end, or to its end back, changes no more.
    let is_changing = state.filter(|state| !state.is_empty() && !state.ends_with("completed"));
    let port = task.state.address().map(|address| address.port());
    Ok(Model::Service(Box::new(Served { first, is_changing, port, reference, resolved, image })))
}

/// What the Engine says of the container of stable that is copied.
async fn copied(
    host: &Host,
    subject: &Subject,
    image: &Image,
    (id, capacity): (&str, impl Future<Output = Result<Capacity, String>>),
) -> Result<Model, String> {
    let container = host.inspect(id).await.map_err(|error| error.to_string())?;
    let of = container.image.clone().unwrap_or_default();
    let image_of = host.image(&of).await.map_err(|error| error.to_string())?.unwrap_or_default();
    let injected = host.injected(&container).await.map_err(|error| error.to_string())?;
    let others = host.containers().await.map_err(|error| error.to_string())?;
    let original = Original { container, image: image_of };
    let label = clone::label(&original.container, labels::IMAGE);
    let given = || original.container.config.as_ref()?.image.as_deref();
    let reference = reference(image, label.or_else(given).unwrap_or_default());
    let (resolved, capacity, usage) = tokio::join!(resolved(host, subject, &reference), capacity, host.usage(id));
    let present = match &resolved {
        Ok(resolved) => host.image(&resolved.image).await.map_err(|error| error.to_string())?,
        Err(_) => None,
    };
    Ok(Model::Container(Box::new(Found {
        api: host.api(),
        original,
        injected,
        others,
        reference,
        resolved,
        image: present,
        capacity,
        usage: usage.ok(),
    })))
}

/// Which image is meant.
fn reference(image: &Image, of_stable: &str) -> Result<Reference, String> {
    let text = match image {
        Image::Reference(text) => text.clone(),
        Image::Tag(tag) => {
            let of_stable: Reference = of_stable.parse().map_err(|_| {
                "stable's image has no name that a tag could follow; name the new one by --image".to_owned()
            })?;
            format!("{}:{tag}", of_stable.name())
        }
    };
    text.parse().map_err(|error: crate::docker::reference::ReferenceError| error.to_string())
}

async fn resolved(host: &Host, subject: &Subject, reference: &Result<Reference, String>) -> Result<Resolved, String> {
    let reference = reference.as_ref().map_err(Clone::clone)?;
    let credentials = async || credentials(subject, reference).await;
    host.resolve(reference, credentials).await.map_err(|error| error.to_string())
}

/// What the registry of an image asks for.
pub(super) async fn credentials(
    subject: &Subject,
    reference: &Reference,
) -> Result<Option<Credentials>, RegistryError> {
    let registries = Registries::load(subject.docker.registry_auth_file.as_deref())?;
    registries.credentials(reference.registry()).await
}
