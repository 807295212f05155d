//! What is run on the way of a deployment, before it makes its first container: the hook `pre_deploy`, and the smoke
//! tests of stable. Where stable has to stop first, both are the engine's affair.

use bollard::models::ImageInspect;
use canary_config::hooks::OnFailure;
use canary_config::plan::Strategy;
use canary_config::secret::Secret;
use canary_config::weight::Weight;

use crate::deploy::facts::{Facts, Found};
use crate::docker::host::Host;
use crate::docker::sighting::State;
use crate::hooks::{Check, Circumstances, Deed, Job, Model, Report, Room, Target, Turns};
use crate::rollout::Generation;

/// What is run before a deployment makes its first container.
#[derive(Debug)]
pub(super) struct Hooks<'a> {
    pub(super) facts: &'a Facts,
    /// Whose turn it is to run a command.
    pub(super) turns: &'a Turns,
    /// Where a command is run, if it can be.
    pub(super) like: Option<Like<'a>>,
}

/// A container of the new release as it would be made, in whose like a command is run.
#[derive(Debug)]
pub(super) struct Like<'a> {
    pub(super) found: &'a Found,
    pub(super) host: &'a Host,
    /// The new image, which is on the machine.
    pub(super) image: &'a ImageInspect,
    pub(super) deployment: &'a str,
    /// Variables that are set over those of stable.
    pub(super) env: &'a [(String, Secret)],
}

// === impl Hooks ===

impl Hooks<'_> {
    /// What the new release needs before its first container, such as a migration. It goes on to its end, even if the
    /// deployment is called off meanwhile.
    ///
    /// # Errors
    /// Why there is to be no deployment.
    pub(super) async fn pre_deploy(&self) -> Result<(), String> {
        let Some(hook) = self.facts.subject.service.hooks.pre_deploy.clone().filter(|_| self.is_beside()) else {
            return Ok(());
        };
        let on_failure = hook.on_failure;
        let room = match &self.like {
            Some(like) => Room::Known(like.host.clone(), Box::new(like.model(self.facts)?)),
            None => Room::None,
        };
        match (self.run(Check::PreDeploy, Deed::Hook(Box::new(hook), room)).await, on_failure) {
            (Err(why), OnFailure::Ignore) => {
                tracing::warn!(service = %self.facts.subject.service.name, why, "ignored");
                Ok(())
            }
            (result, _) => result,
        }
    }

    /// Whether stable still is as it should be after that: if not, what was done was not backward compatible.
    ///
    /// # Errors
    /// Why there is to be no deployment.
    pub(super) async fn smoke_stable(&self) -> Result<(), String> {
        let subject = &self.facts.subject;
        let has_run = subject.service.hooks.pre_deploy.is_some() && self.is_beside();
        let Some(smoke) = subject.service.smoke.clone().filter(|_| has_run) else { return Ok(()) };
        let own = subject.containers.iter().filter(|container| container.release == subject.stable);
        let targets = own.filter_map(|container| {
            let State::Running { address, .. } = container.state else { return None };
            let room = Room::Like {
                docker: subject.docker.host.clone(),
                container: container.container.clone(),
                service: subject.service.name.clone(),
                release: subject.stable.clone(),
            };
            Some(Target { address, room })
        });
        let tested = self.run(Check::SmokeBefore, Deed::Smoke(smoke, targets.collect())).await;
        tested.map_err(|why| format!("after pre_deploy, stable fails its tests; {why}"))
    }

    /// Whether stable goes on meanwhile.
    fn is_beside(&self) -> bool {
        self.facts.strategy != Strategy::Recreate
    }

    async fn run(&self, check: Check, deed: Deed) -> Result<(), String> {
        let job = Job { check, deed, circumstances: self.circumstances()? };
        let turns = self.turns.clone();
        // A task of its own: whoever waits for it may be told to wait no longer.
        let ran = tokio::spawn(async move { job.run(&turns).await }).await;
        let Report { result, said, .. } = ran.map_err(|error| error.to_string())?;
        let said = said.last().map(|said| format!("; it said last: {said}")).unwrap_or_default();
        result.map_err(|why| format!("the {} failed: {why}{said}", check.in_words()))
    }

    fn circumstances(&self) -> Result<Circumstances, String> {
        let subject = &self.facts.subject;
        Ok(Circumstances {
            service: subject.service.name.clone(),
            release: self.facts.release.clone().ok_or("its release has no name")?,
            stable: subject.stable.clone(),
            image: self.facts.asked.clone(),
            // Its rollout has yet to begin.
            generation: Generation::default(),
            step: None,
            weight: Weight::ZERO,
            verdict: "none",
            reason: "",
        })
    }
}

// === impl Like ===

impl Like<'_> {
    fn model(&self, facts: &Facts) -> Result<Model, String> {
        Ok(Model {
            original: self.found.original.clone(),
            image: self.image.clone(),
            reference: self.found.resolved.as_ref().map_err(Clone::clone)?.image.clone(),
            tag: facts.asked.clone(),
            carried: self.found.injected.carried.clone(),
            env: self.env.to_vec(),
            service: facts.subject.service.name.clone(),
            release: facts.release.clone().ok_or("its release has no name")?,
            deployment: self.deployment.to_owned(),
        })
    }
}
