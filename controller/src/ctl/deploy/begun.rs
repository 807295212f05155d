//! A deployment that canaryd has begun, followed until its rollout begins. What Compose is to make for it is made here,
//! and called off here, if whoever called has had enough before.

use std::time::Duration;

use canary_config::name::{ReleaseId, ServiceName};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::api::{AWAITS_COMPOSE, Deploying, ServiceStatus, ShadowOrder};
use crate::client::Client;
use crate::ctl::exit_code::Exit;
use crate::ctl::failure::Failure;
use crate::ctl::interrupt::unless_interrupted;
use crate::ctl::output::Output;
use crate::ctl::shadow::Prepared;
use crate::ctl::silence::Silence;
use crate::ctl::wait::{self, Limit, POLL_INTERVAL};
use crate::ctl::watch::Watch;
use crate::render;

/// A deployment that is followed.
pub(super) struct Begun<'a> {
    deploying: &'a Deploying,
    /// What Compose has yet to make.
    unmade: Option<(&'a Prepared, &'a ShadowOrder)>,
    client: &'a Client,
    output: &'a Output,
}

// === impl Begun ===

impl<'a> Begun<'a> {
    pub(super) fn new(
        deploying: &'a Deploying,
        prepared: Option<&'a Prepared>,
        client: &'a Client,
        output: &'a Output,
    ) -> Self {
        Self { deploying, unmade: prepared.zip(deploying.shadow.as_ref()), client, output }
    }

    /// Follows it until its rollout has begun, and tells which that is; for so long, if there is a limit, and until the
    /// user has had enough.
    pub(super) async fn rollouts(&mut self, limit: Option<Limit>) -> Result<Vec<Watch>, Failure> {
        let followed = unless_interrupted(self.follow());
        let end = match limit {
            None => followed.await?,
            Some(Limit { whole, left }) => match timeout(left, followed).await {
                Ok(end) => end?,
                Err(_) => return Err(self.late(whole).await),
            },
        };
        match end {
            Some(end) => end,
            None => Err(self.interrupted().await),
        }
    }

    async fn follow(&mut self) -> Result<Vec<Watch>, Failure> {
        let id = self.id();
        let awaited = self.deploying.services.iter().filter(|preflight| !preflight.is_stable);
        let awaited: Vec<(&ServiceName, Option<&ReleaseId>)> =
            awaited.map(|preflight| (&preflight.service, preflight.release.as_ref())).collect();
        let Some((first, _)) = awaited.first() else { return Ok(Vec::new()) };
        let (mut silence, mut told) = (Silence::default(), String::new());
        let mut polls = interval(POLL_INTERVAL);
        polls.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            polls.tick().await;
            let Some(answer) = silence.bridge(self.client.service(first).await)? else { continue };
            let status = &answer.value;
            let Some(own) = status.deployment.as_ref().filter(|own| own.id == id) else {
                return Err(forgotten(status));
            };
            let line = render::stage(status);
            if line != told {
                self.output.remark(&line)?;
                told = line;
            }
            if own.stage == AWAITS_COMPOSE
                && let Some((prepared, order)) = self.unmade
            {
                prepared.make(order, first, id, self.client).await?;
                self.unmade = None;
            }
            if let Some(why) = &own.failure {
                let hint = format!("nothing of it is left; stable serves as before, see `canaryctl status {first}`");
                return Err(Failure::new(Exit::Aborted, format!("the deployment came to nothing: {why}"), hint));
            }
            if own.stage == "done" {
                break;
            }
        }
        let mut watches = Vec::new();
        for (service, release) in awaited {
            let status = self.client.service(service).await?.value;
            watches.extend(release.map(|release| Watch::of_release(&status, release)));
        }
        Ok(watches)
    }

    fn id(&self) -> &'a str {
        self.deploying.deployment.as_deref().unwrap_or_default()
    }

    fn service(&self) -> Option<&'a ServiceName> {
        self.deploying.services.first().map(|one| &one.service)
    }

    /// Calls it off while nothing has been made, as nobody else would make it; what is left of it then.
    async fn call_off(&self) -> Option<String> {
        let (prepared, order) = self.unmade?;
        prepared.call_off(order, self.service()?, self.id(), self.client).await
    }

    async fn interrupted(&self) -> Failure {
        if let Some(left) = self.call_off().await {
            return Failure::new(Exit::Interrupted, "interrupted: the deployment is called off", left);
        }
        let service = self.service().map(|service| format!(" {service}")).unwrap_or_default();
        let hint =
            format!("the deployment goes on; `canaryctl status{service}` shows it, `abort{service}` calls it off");
        Failure::new(Exit::Interrupted, "interrupted", hint)
    }

    async fn late(&self, limit: Duration) -> Failure {
        let what = format!("the rollout has not begun within {}", humantime::format_duration(limit));
        match (self.call_off().await, self.service()) {
            (Some(left), _) => Failure::new(Exit::TimedOut, format!("{what}: the deployment is called off"), left),
            (None, Some(service)) => Failure::new(Exit::TimedOut, what, wait::goes_on(service)),
            (None, None) => Failure::plain(Exit::TimedOut, what),
        }
    }
}

fn forgotten(status: &ServiceStatus) -> Failure {
    let service = &status.name;
    let what = "canaryd does not know the deployment any more; it was started anew, or another one has begun";
    let hint = format!("see `canaryctl status {service}`; what was made for it is cleared away");
    Failure::new(Exit::Aborted, what, hint)
}
