//! The questions that the watcher has for an Engine. They are GET requests all, so that a proxy that lets nothing else
//! pass is enough; each has a deadline, and its own words for what went wrong.

mod images;
pub(in crate::docker) mod raw;
mod words;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use bollard::Docker;
use bollard::errors::Error;
use bollard::models::{ContainerInspectResponse, EventMessage, HostConfig, LocalNodeState};
use bollard::query_parameters::{EventsOptions, InspectContainerOptions, ListContainersOptions};
use canary_config::docker::DockerHost;
use futures_util::Stream;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use self::words::is_forbidden;
use crate::docker::book::{Learnt, Listed};
use crate::docker::facts::{Facts, ImageFacts};
use crate::docker::happening::EVENTS;
use crate::docker::host::{HostError, endpoint};
use crate::docker::inspected::connection;
use crate::docker::label::SERVICE;
use crate::docker::network::{Connection, Reach};
use crate::docker::sighting::ContainerId;
use crate::docker::swarm::answer::{Service, Task};
use crate::docker::swarm::roll::Roll;
use crate::docker::swarm::tasks::{Membership, NoRoll};
use crate::docker::version::ApiVersion;

pub(super) use self::images::Images;
pub(super) use self::words::words;

/// The client counts in whole seconds; its limit is that of an answer's head, and ours that of the whole.
const CLIENT_LIMIT_MIN: Duration = Duration::from_secs(1);

/// An Engine that can be asked.
#[derive(Clone)]
pub(super) struct Asker {
    docker: Docker,
    deadline: Duration,
    images: Images,
}

/// The container that canaryd is, if it is one, and what it reaches.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) own: Option<ContainerId>,
    pub(super) reach: Reach,
}

// === impl Asker ===

impl Asker {
    /// Finds the Engine, and that it understands the questions.
    pub(super) async fn connect(host: &DockerHost, deadline: Duration, images: Images) -> Result<Self, String> {
        let (host, name, limit) = (host.clone(), endpoint::shown(host), deadline.max(CLIENT_LIMIT_MIN));
        // It reads certificates.
        let docker = spawn_blocking(move || endpoint::client(&host, limit)).await.map_err(|error| error.to_string())?;
        let asker = Self { docker: docker.map_err(|error| error.to_string())?, deadline, images };
        let version = asker.within(asker.docker.version()).await;
        let version = version.map_err(|why| format!("Docker at {name} does not answer: {why}"))?;
        let found = version.api_version.unwrap_or_default();
        match found.parse::<ApiVersion>() {
            Ok(version) if version >= ApiVersion::OLDEST => Ok(asker),
            Ok(_) | Err(_) => Err(HostError::TooOld { at: name, found }.to_string()),
        }
    }

    /// What happens from that moment on, in nanoseconds of Unix.
    pub(super) fn events(&self, since_ns: i64) -> impl Stream<Item = Result<EventMessage, Error>> + use<> {
        const SECOND_NS: i64 = 1_000_000_000;
        let since = format!("{}.{:09}", since_ns.div_euclid(SECOND_NS), since_ns.rem_euclid(SECOND_NS));
        let filters = HashMap::from([
            ("type".to_owned(), ["container", "network", "service"].map(str::to_owned).to_vec()),
            ("event".to_owned(), EVENTS.map(str::to_owned).to_vec()),
        ]);
        self.docker.events(Some(EventsOptions {
            since: Some(since),
            filters: Some(filters),
            ..EventsOptions::default()
        }))
    }

    /// All containers that say whose they are, whether or not they run.
    pub(super) async fn list(&self) -> Result<BTreeMap<ContainerId, Listed>, String> {
        let filters = HashMap::from([("label".to_owned(), vec![SERVICE.to_owned()])]);
        let options = ListContainersOptions { all: true, filters: Some(filters), ..ListContainersOptions::default() };
        let listed = self.within(self.docker.list_containers(Some(options))).await;
        let listed = listed.map_err(|why| format!("Docker does not list its containers: {why}"))?;
        let named = listed.into_iter().filter_map(|container| {
            let names = container.names.unwrap_or_default();
            let name = names.first().map_or("", |name| name.trim_start_matches('/')).into();
            let service = container.labels.unwrap_or_default().remove(SERVICE).unwrap_or_default().into();
            Some((ContainerId::new(&container.id?), Listed { name, service }))
        });
        Ok(named.collect())
    }

    /// What a container is.
    pub(super) async fn learn(&self, id: &ContainerId) -> Learnt {
        let inspected = match self.inspect(id).await {
            Ok(Some(inspected)) => inspected,
            Ok(None) => return Learnt::Gone,
            Err(why) => return Learnt::Nothing(why),
        };
        let facts = Facts::of(inspected);
        match self.image(&facts.image_id).await {
            Ok(image) => Learnt::Facts(Box::new(facts), image),
            Err(why) => Learnt::Nothing(format!("its image: {why}")),
        }
    }

    /// Which of these containers canaryd is, and what it reaches from there. Nothing else tells.
    pub(super) async fn place(&self, candidates: &[ContainerId]) -> Result<Place, String> {
        for candidate in candidates {
            let inspected = self.inspect(candidate).await;
            let inspected = inspected.map_err(|why| format!("Docker does not say what canaryd reaches: {why}"))?;
            let Some(inspected) = inspected else { continue };
            let own = Some(inspected.id.as_deref().map_or_else(|| candidate.clone(), ContainerId::new));
            return Ok(Place { own, reach: self.reach_of(inspected).await? });
        }
        Ok(Place { own: None, reach: Reach::Host })
    }

    /// What the Engine is to a Swarm. One that may not be asked is outside: who has services in a Swarm lets it be.
    pub(super) async fn membership(&self) -> Result<Membership, String> {
        let info = match timeout(self.deadline, self.docker.info()).await {
            Ok(Ok(info)) => info,
            Ok(Err(error)) if is_forbidden(&error) => return Ok(Membership::Outside),
            Ok(Err(error)) => return Err(format!("Docker does not say what it is: {}", words(&error))),
            Err(_) => return Err(format!("Docker does not say what it is: {}", self.no_answer())),
        };
        let swarm = info.swarm.unwrap_or_default();
        Ok(match swarm.local_node_state {
            None | Some(LocalNodeState::EMPTY | LocalNodeState::INACTIVE) => Membership::Outside,
            Some(_) if swarm.control_available == Some(true) => Membership::Manager,
            // One that is locked, or has left without its state, knows no more than a worker does.
            Some(_) => Membership::Worker,
        })
    }

    /// The services of a Swarm that say whose they are, with their tasks.
    pub(super) async fn roll(&self) -> Result<Roll, NoRoll> {
        let mut services: Vec<Service> = self.raw("services", &[]).await?;
        services.retain(Service::is_labelled);
        let ids: Vec<&str> = services.iter().map(|service| &*service.id).collect();
        // No filter at all would be all tasks.
        let tasks: Vec<Task> = if ids.is_empty() { Vec::new() } else { self.raw("tasks", &ids).await? };
        Ok(Roll::of(services, tasks))
    }

    async fn raw<T: serde::de::DeserializeOwned>(&self, what: &str, services: &[&str]) -> Result<T, NoRoll> {
        match timeout(self.deadline, raw::get(&self.docker, what, services)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) if is_forbidden(&error) => Err(NoRoll::Forbidden(format!(
                "its {what} may not be looked at; let the socket proxy allow GET of services and tasks, if canaryd is to \
                 know of them"
            ))),
            Ok(Err(error)) => Err(NoRoll::Failed(format!("Swarm does not list its {what}: {}", words(&error)))),
            Err(_) => Err(NoRoll::Failed(format!("Swarm does not list its {what}: {}", self.no_answer()))),
        }
    }

    /// What a container reaches.
    async fn reach_of(&self, inspected: ContainerInspectResponse) -> Result<Reach, String> {
        let mut inspected = inspected;
        // It may use the network of another, but that one has its own.
        if let Some(lender) = inspected.host_config.as_ref().and_then(lender)
            && let Some(lending) = self.inspect(&lender).await?
        {
            inspected = lending;
        }
        let networks = inspected.network_settings.and_then(|settings| settings.networks).unwrap_or_default();
        Ok(match connection(&inspected.host_config.unwrap_or_default(), networks) {
            Connection::Networks(networks) => Reach::Networks(networks.into_keys().collect()),
            Connection::Host => Reach::Host,
            Connection::Shared => Reach::Networks(BTreeSet::new()),
        })
    }

    async fn inspect(&self, id: &ContainerId) -> Result<Option<ContainerInspectResponse>, String> {
        let asked = self.docker.inspect_container(id.as_str(), None::<InspectContainerOptions>);
        match timeout(self.deadline, asked).await {
            Ok(Ok(inspected)) => Ok(Some(inspected)),
            Ok(Err(Error::DockerResponseServerError { status_code: 404, .. })) => Ok(None),
            Ok(Err(error)) => Err(words(&error)),
            Err(_) => Err(self.no_answer()),
        }
    }

    async fn image(&self, id: &str) -> Result<Arc<ImageFacts>, String> {
        if let Some(known) = self.images.get(id) {
            return Ok(known);
        }
        let image = match timeout(self.deadline, self.docker.inspect_image(id)).await {
            Ok(Ok(inspected)) => ImageFacts::of(inspected),
            // Someone has removed it by force, as can be done while a container of it is stopped. What it said of
            // itself is not known.
            Ok(Err(Error::DockerResponseServerError { status_code: 404, .. })) => return Ok(Arc::default()),
            Ok(Err(error)) => return Err(words(&error)),
            Err(_) => return Err(self.no_answer()),
        };
        let image = Arc::new(image);
        self.images.insert(id, &image);
        Ok(image)
    }

    async fn within<T>(&self, asked: impl Future<Output = Result<T, Error>>) -> Result<T, String> {
        // The client's own deadline ends with the head of the answer.
        match timeout(self.deadline, asked).await {
            Ok(answer) => answer.map_err(|error| words(&error)),
            Err(_) => Err(self.no_answer()),
        }
    }

    fn no_answer(&self) -> String {
        format!("no answer within {}; look at its log, or restart Docker", humantime::format_duration(self.deadline))
    }
}

/// The container whose network one uses, if it does that.
fn lender(host_config: &HostConfig) -> Option<ContainerId> {
    host_config.network_mode.as_deref()?.strip_prefix("container:").map(ContainerId::new)
}
