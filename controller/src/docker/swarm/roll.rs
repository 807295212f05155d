//! One look at the services that say whose they are, and at their tasks.

use core::net::{IpAddr, SocketAddr};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZeroU16;
use std::time::SystemTime;

use canary_config::quoted::{Excerpt, Quoted};

use crate::docker::label::{Attachment, DEPLOYMENT, Labelled, MANAGED, ORIGIN_PROJECT, RELEASE, SERVICE};
use crate::docker::network::{Connection, Reach};
use crate::docker::sighting::{ContainerId, Fault, Managed, Sighting, State, SwarmOrigin, SwarmService};
use crate::docker::signal::Signal;
use crate::docker::swarm::answer::{EndpointSpec, Network, Service, ServiceSpec, Task};
use crate::docker::swarm::refusal::Manner;
use crate::docker::wanted::Wanted;

/// In the stack of this name a service's networks have shorter names.
pub(super) const STACK: &str = "com.docker.stack.namespace";

/// Services, and their tasks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Roll {
    services: BTreeMap<Box<str>, Service>,
    tasks: Vec<Task>,
}

/// From where a roll is read.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The services of canaryd.
    pub wanted: &'a Wanted,
    /// What canaryd reaches.
    pub reach: &'a Reach,
    /// Containers that were told to stop, or have ended.
    pub leaving: &'a BTreeSet<ContainerId>,
}

// === impl Roll ===

impl Roll {
    /// Of these services and tasks.
    #[must_use]
    pub fn of(services: Vec<Service>, tasks: Vec<Task>) -> Self {
        Self { services: services.into_iter().map(|service| (service.id.clone(), service)).collect(), tasks }
    }

    /// The containers of tasks, with the signals that tell them to stop.
    pub fn containers(&self) -> impl Iterator<Item = (ContainerId, Signal)> {
        self.tasks.iter().filter_map(|task| {
            let signal = task.spec.container_spec.stop_signal.as_deref().and_then(Signal::read);
            Some((task.container()?, signal.unwrap_or(Signal::TERM)))
        })
    }

    /// The tasks that are instances of services, by the ids of their containers, and what is wrong.
    #[must_use]
    pub fn read(&self, view: View<'_>) -> (Vec<Sighting>, Vec<Fault>) {
        let (mut sightings, mut faults) = (Vec::new(), Vec::new());
        for service in self.services.values() {
            let fault =
                |what| Fault { container: ContainerId::new(&service.id), name: service.spec.name.clone(), what };
            let present = service.spec.attachment(&service.spec, view.wanted);
            let before = service.previous_spec.as_ref().map(|before| before.attachment(&service.spec, view.wanted));
            faults.extend(present.as_ref().err().into_iter().flatten().cloned().map(fault));
            for task in self.tasks.iter().filter(|task| task.service_id == service.id && !self.is_replaced(task)) {
                // What a service's labels say holds for tasks of the spec that has them; a task shows no labels.
                let belongs = match (&before, &service.previous_spec) {
                    _ if service.spec.is_of(task) => &present,
                    (Some(before), Some(spec)) if spec.is_of(task) => before,
                    // Of a spec that Swarm has forgotten.
                    _ => &service.spec.attachment_of(task, view.wanted),
                };
                let attachment = match belongs {
                    Ok(Some(attachment)) => attachment,
                    Ok(None) => continue,
                    // What is wrong with the present spec is said once, and of the service.
                    Err(_) if service.spec.is_of(task) => continue,
                    Err(wrong) => {
                        let (container, name) = (ContainerId::new(&task.id), task.name(service));
                        let of_task = |what| Fault { container: container.clone(), name: name.clone(), what };
                        faults.extend(wrong.iter().cloned().map(of_task));
                        continue;
                    }
                };
                let (sighting, faulty) = task.sighting(service, attachment, view);
                sightings.extend(sighting);
                let (container, name) = (ContainerId::new(&task.id), task.name(service));
                faults.extend(faulty.map(|what| Fault { container, name, what }));
            }
        }
        sightings.sort_by(|a, b| a.container.cmp(&b.container));
        (sightings, faults)
    }

    /// The services whose tasks are instances, or would be.
    #[must_use]
    pub fn services(&self, wanted: &Wanted) -> Vec<SwarmService> {
        let read = |Service { spec, .. }: &Service| {
            let Attachment { service, release, .. } = spec.attachment(spec, wanted).ok()??;
            let label = |name: &str| spec.labels.as_ref()?.get(name).map(|value| value.as_str().into());
            let managed =
                label(MANAGED).zip(label(DEPLOYMENT)).map(|(owner, deployment)| Managed { owner, deployment });
            let replicated = spec.mode.replicated.as_ref();
            let tasks = replicated.map_or(0, |replicated| replicated.replicas.unwrap_or(1));
            Some(SwarmService { service, release, name: spec.name.clone(), managed, tasks })
        };
        let mut services: Vec<_> = self.services.values().filter_map(read).collect();
        services.sort_by(|a, b| a.name.cmp(&b.name));
        services
    }

    /// Whether a task has ended, and another has its place: a Swarm remembers some that are over.
    fn is_replaced(&self, task: &Task) -> bool {
        let place = |task: &Task| (task.slot, if task.slot == 0 { task.node_id.clone() } else { Box::default() });
        let is_after = |other: &&Task| {
            other.service_id == task.service_id && place(other) == place(task) && other.created() > task.created()
        };
        task.has_ended() && self.tasks.iter().any(|other| is_after(&other))
    }
}

// === impl Service ===

impl Service {
    /// Whether it, or a task of it, may say whose it is.
    #[must_use]
    pub fn is_labelled(&self) -> bool {
        self.spec.is_labelled() || self.previous_spec.as_ref().is_some_and(ServiceSpec::is_labelled)
    }
}

// === impl ServiceSpec ===

impl ServiceSpec {
    fn is_labelled(&self) -> bool {
        let of_tasks = &self.task_template.container_spec.labels;
        [&self.labels, of_tasks].into_iter().flatten().any(|labels| labels.contains_key(SERVICE))
    }

    /// Whether a task is of this spec, as far as a release depends on it.
    fn is_of(&self, task: &Task) -> bool {
        let (own, its) = (&self.task_template, &task.spec);
        let (ours, theirs) = (&own.container_spec, &its.container_spec);
        ours.image == theirs.image && ours.env == theirs.env && own.force_update == its.force_update
    }

    /// How tasks of this spec belong to a service; the ports are those that are published now.
    fn attachment(&self, present: &Self, wanted: &Wanted) -> Result<Option<Attachment>, Vec<String>> {
        let container = &self.task_template.container_spec;
        let mut labels = self.labels.clone().unwrap_or_default();
        labels.extend(container.labels.clone().unwrap_or_default());
        let (image_labels, exposed) = (HashMap::new(), present.endpoint_spec.as_ref().map(EndpointSpec::exposed));
        let digest = container.image.rsplit_once('@').map(|(_, digest)| digest);
        if labels.contains_key(SERVICE) && digest.is_none() && !labels.contains_key(RELEASE) {
            return Err(vec![format!(
                "its image {} has no digest, so that its release has no name; add the label {RELEASE}, or make the \
                 service with an image that a registry knows",
                Quoted(&container.image)
            )]);
        }
        let (exposed, digest) = (&exposed.unwrap_or_default(), digest.unwrap_or_default());
        Labelled { labels: &labels, image_labels: Some(&image_labels), exposed, digest }.attachment(wanted)
    }

    /// How a task of neither this spec nor the one before belongs to a service: whatever release a label names is another's,
    /// and its image alone says which is its own.
    fn attachment_of(&self, task: &Task, wanted: &Wanted) -> Result<Option<Attachment>, Vec<String>> {
        let image = &task.spec.container_spec.image;
        let mut own = self.clone();
        for labels in [&mut own.labels, &mut own.task_template.container_spec.labels].into_iter().flatten() {
            labels.remove(RELEASE);
        }
        own.task_template.container_spec.image = image.clone();
        own.attachment(self, wanted).map_err(|wrong| {
            if image.contains('@') {
                return wrong;
            }
            vec![format!(
                "it is of a spec that Swarm has forgotten, and its image {} has no digest that names its release; wait \
                 until it is replaced",
                Quoted(image)
            )]
        })
    }

    fn manner(&self) -> Manner {
        let ports = self.endpoint_spec.iter().flat_map(|endpoint| endpoint.ports.iter().flatten());
        let mut of_host = ports.filter(|port| &*port.publish_mode == "host");
        if self.mode.global.is_some() || self.mode.global_job.is_some() {
            Manner::Global
        } else if let Some(port) = of_host.next() {
            Manner::HostPort(port.target_port)
        } else {
            Manner::Replicated
        }
    }
}

// === impl EndpointSpec ===

impl EndpointSpec {
    /// The TCP ports of a task that are published.
    fn exposed(&self) -> Vec<NonZeroU16> {
        let tcp = self.ports.iter().flatten().filter(|port| &*port.protocol == "tcp");
        tcp.filter_map(|port| NonZeroU16::new(port.target_port)).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

// === impl Task ===

impl Task {
    fn container(&self) -> Option<ContainerId> {
        let container = self.status.container_status.as_ref().map(|status| &*status.container_id);
        container.filter(|id| !id.is_empty()).map(ContainerId::new)
    }

    fn created(&self) -> Option<SystemTime> {
        humantime::parse_rfc3339(&self.created_at).ok()
    }

    /// As `docker service ps` calls it.
    fn name(&self, service: &Service) -> Box<str> {
        let place = if self.slot == 0 { self.node_id.to_string() } else { self.slot.to_string() };
        format!("{}.{place}", service.spec.name).into()
    }

    fn has_ended(&self) -> bool {
        matches!(&*self.status.state, "complete" | "shutdown" | "failed" | "rejected" | "remove" | "orphaned")
    }

    /// What is to be said of it, and what is wrong. One is seen once it has a container, so that its name never changes.
    fn sighting(
        &self,
        service: &Service,
        attachment: &Attachment,
        view: View<'_>,
    ) -> (Option<Sighting>, Option<String>) {
        let is_wanted = matches!(&*self.desired_state, "running" | "ready");
        let stuck = (is_wanted && !self.status.err.is_empty())
            .then(|| format!("Swarm does not bring it up: {}; see `docker service ps`", Excerpt(&self.status.err)));
        let Some(container) = self.container() else { return (None, stuck) };
        let (state, unreachable) = self.state(service, &container, attachment, view);
        let image = &self.spec.container_spec.image;
        let digest = image.rsplit_once('@').map_or(&**image, |(_, digest)| digest);
        let sighting = Sighting {
            service: attachment.service.clone(),
            release: attachment.release.clone(),
            also: Vec::new(),
            container,
            name: self.name(service),
            image: image.clone(),
            digest: digest.into(),
            created: self.created(),
            restarts: 0,
            told_to_stop: None,
            managed: None,
            compose: None,
            swarm: Some(SwarmOrigin { service: service.spec.name.clone(), manner: service.spec.manner() }),
            doubts: Vec::new(),
            state,
        };
        (Some(sighting), unreachable.or(stuck))
    }

    /// What it does, and why it cannot be reached if it could be otherwise. Swarm gives an address to another task only
    /// when it wants this one to run no more, so that no two have the same.
    fn state(
        &self,
        service: &Service,
        container: &ContainerId,
        attachment: &Attachment,
        view: View<'_>,
    ) -> (State, Option<String>) {
        let since = humantime::parse_rfc3339(&self.status.timestamp).ok();
        if self.has_ended() {
            let exit_code = self.status.container_status.as_ref().map(|status| status.exit_code).unwrap_or_default();
            return (State::Stopped { exit_code, out_of_memory: false, since }, None);
        }
        // It says that it runs once its health check has passed.
        match (&*self.desired_state, &*self.status.state) {
            _ if view.leaving.contains(container) => (State::Leaving, None),
            ("running" | "ready", "running") => match self.address(service, attachment, view.reach) {
                Ok(Some(ip)) => {
                    let address = SocketAddr::new(ip, attachment.port.get());
                    (State::Running { address, since }, None)
                }
                Ok(None) => (State::Starting, None),
                Err(why) => (State::Unhealthy { why: why.clone() }, Some(why)),
            },
            ("running" | "ready", _) => (State::Starting, None),
            _ => (State::Leaving, None),
        }
    }

    /// Where it is reached.
    fn address(&self, service: &Service, attachment: &Attachment, reach: &Reach) -> Result<Option<IpAddr>, String> {
        let attached = self.networks_attachments.iter().flatten().filter(|attached| !attached.network.spec.ingress);
        let own: Vec<_> = attached.collect();
        let remedy = "give it an overlay network that is attachable, and connect canaryd's container to it too";
        if own.is_empty() {
            return Err(format!("it is reached by its published ports alone, where Swarm chooses the task; {remedy}"));
        }
        let names = || own.iter().map(|attached| &*attached.network.spec.name).collect::<Vec<_>>().join(", ");
        let Reach::Networks(ours) = reach else {
            return Err(format!(
                "its network {} is reached by containers alone, and canaryd is none; run canaryd as a container on it",
                names()
            ));
        };
        let is_shared = own.iter().any(|attached| ours.contains(&attached.network.spec.name));
        if !is_shared && !own.iter().any(|attached| attached.network.spec.attachable) {
            return Err(format!("its network {} is not attachable, so that canaryd is not on it; {remedy}", names()));
        }
        let address = |texts: &Option<Vec<Box<str>>>| {
            let texts = texts.iter().flatten().filter_map(|text| text.split('/').next());
            texts.filter_map(|text| text.parse::<IpAddr>().ok()).min_by_key(IpAddr::is_ipv6)
        };
        let networks = own.iter().map(|attached| (name_of(&attached.network), address(&attached.addresses))).collect();
        // A second service that canaryd makes is in no stack; it keeps the name of that of the first.
        let label = |key| service.spec.labels.as_ref().and_then(|labels| labels.get(key));
        let stack = label(STACK).or_else(|| label(ORIGIN_PROJECT)).map(String::as_str);
        Connection::Networks(networks).address(attachment.network.as_deref(), stack, reach)
    }
}

fn name_of(network: &Network) -> Box<str> {
    network.spec.name.clone()
}

#[cfg(test)]
mod tests;
