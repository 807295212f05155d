//! What an operator is shown of the containers of a service.

use std::time::{Duration, SystemTime};

use crate::api::{ComposeStatus, ContainerStatus, DockerHealth};
use crate::clock;
use crate::docker::sighting::{ComposeOrigin, Doubt, Sighting, Sightings, State};
use crate::engine::managed::Managed;

// === impl Managed ===

impl Managed {
    /// Every container of the service, those of one release together.
    pub(in crate::engine) fn container_statuses(&self) -> Vec<ContainerStatus> {
        let mut all: Vec<_> = self.containers.iter().collect();
        all.sort_by(|a, b| (&a.release, a.created, &a.container).cmp(&(&b.release, b.created, &b.container)));
        all.into_iter().map(|container| self.container_status(container)).collect()
    }

    fn container_status(&self, container: &Sighting) -> ContainerStatus {
        let (state, detail) = in_words(&container.state);
        let detail = detail.or_else(|| container.told_to_stop.map(told_to_stop));
        let doubts = container.doubts.iter().map(|doubt| self.doubt_in_words(doubt));
        ContainerStatus {
            id: container.container.to_string(),
            name: container.name.to_string(),
            release: container.release.clone(),
            image: container.image.to_string(),
            compose: container.compose.as_ref().map(origin),
            state: state.to_owned(),
            address: container.state.address().map(|address| address.to_string()),
            open: self.pools.open_at(&container.container),
            restarts: container.restarts,
            detail,
            trouble: self.failed_act(&container.container).or_else(|| self.failed_service_act(container)),
            drift: self.drift_of(container),
            usage: self.usages.status(&container.container, clock::now()),
            doubts: doubts.chain(self.substitution_in_words(container)).collect(),
        }
    }

    fn doubt_in_words(&self, doubt: &Doubt) -> String {
        match doubt {
            Doubt::NoHealthCheck => {
                "it has no health check, so that canaryd's probe alone says how it is; add HEALTHCHECK \
                                     to its Dockerfile, or `healthcheck` to its service in Compose"
                    .to_owned()
            }
            Doubt::AnonymousVolume(at) => format!(
                "a volume without a name is mounted at {at}, and a new release gets another one; give it a name, or say \
                 what is meant by services.{}.docker.anonymous_volumes",
                self.declared.name
            ),
        }
    }

    /// Why a container that runs gets no request.
    fn drift_of(&self, container: &Sighting) -> Option<String> {
        let (release, service) = (&container.release, &self.declared.name);
        let rollout = &self.rollout;
        let is_up = !matches!(container.state, State::Leaving | State::Stopped { .. });
        let has_part = release == rollout.stable() || Some(release) == rollout.canary();
        if !is_up || has_part {
            return None;
        }
        if let Some(first) = self.becomes_stable(container) {
            return Some(format!("Swarm replaces it, as {first} becomes {}", rollout.stable()));
        }
        if let Some(why) = self.why_unadopted(release) {
            return Some(why);
        }
        if rollout.stable().is_none() {
            return Some(format!("nothing is stable yet; `canaryctl adopt {service} {release}` makes it stable"));
        }
        let is_old = rollout.sent_back(release).is_some();
        let what = if is_old { "was sent back" } else { "is neither stable nor on trial" };
        let remedy = match &container.compose {
            Some(origin) if container.managed.is_none() => self.line_to_change(origin),
            _ => None,
        };
        let bring_in = format!("`canaryctl start {service} {release}` brings it in");
        Some(format!("{release} {what}; {}", remedy.unwrap_or(bring_in)))
    }

    /// What to write in a file of Compose, so that it does not start this again.
    fn line_to_change(
        &self,
        ComposeOrigin { service, working_dir, config_files, .. }: &ComposeOrigin,
    ) -> Option<String> {
        let stable = self.containers.iter().find(|container| container.release == *self.rollout.stable())?;
        let file = config_files.as_deref().and_then(|files| files.split(',').next()).unwrap_or("docker-compose.yml");
        let file = match working_dir {
            Some(folder) if !file.starts_with('/') => format!("{folder}/{file}"),
            _ => file.to_owned(),
        };
        Some(format!("in {file} write `image: {}` for the service {service}", stable.image))
    }
}

/// How the Engine is seen.
pub(in crate::engine) fn docker_health(sightings: &Sightings) -> DockerHealth {
    let faults = sightings.faults.iter().map(ToString::to_string).collect();
    DockerHealth { trouble: sightings.trouble.clone(), faults }
}

fn origin(ComposeOrigin { project, service, working_dir, config_files, env_files }: &ComposeOrigin) -> ComposeStatus {
    let files = |list: &Option<Box<str>>| {
        let files = list.as_deref().unwrap_or_default().split(',').filter(|file| !file.is_empty());
        files.map(str::to_owned).collect()
    };
    ComposeStatus {
        project: project.to_string(),
        service: service.to_string(),
        working_dir: working_dir.as_ref().map(ToString::to_string),
        config_files: files(config_files),
        env_files: files(env_files),
    }
}

/// That a container still runs that was told to stop then.
fn told_to_stop(at: SystemTime) -> String {
    // The Engine's clock may be ahead of ours.
    let passed = clock::today().duration_since(at).unwrap_or_default();
    let passed = humantime::format_duration(Duration::from_secs(passed.as_secs()));
    format!("told to stop {passed} ago and still running")
}

/// What a container does, and why.
pub(in crate::engine) fn in_words(state: &State) -> (&'static str, Option<String>) {
    match state {
        State::Starting => ("starting", None),
        State::Running { .. } => ("running", None),
        State::Unhealthy { why } => ("unhealthy", Some(why.clone())),
        State::Adrift => ("unhealthy", Some("it has left the network on which it was reached".to_owned())),
        State::Leaving => ("leaving", None),
        State::Paused => ("paused", None),
        State::Stopped { out_of_memory: true, exit_code, .. } => {
            ("stopped", Some(format!("ran out of memory (exit code {exit_code})")))
        }
        State::Stopped { exit_code: 0, .. } => ("stopped", None),
        State::Stopped { exit_code, .. } => ("stopped", Some(format!("exit code {exit_code}"))),
    }
}
