//! Deployments: a new release's containers are made beside stable's, and their rollout is begun.
//!
//! What there is to be known is gathered by `gather` and judged by [`preflight`], which is pure. What passes is reserved
//! with the engine and made by `task`, beside everything else. Nothing here decides about requests: that is the affair
//! of the rollout, once it has begun.

mod awaited;
mod facts;
mod gather;
mod hooks;
mod known;
mod name;
pub mod preflight;
mod task;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use canary_config::name::ServiceName;
use canary_config::plan::{OnBusy, Strategy};
use canary_config::secret::Secret;
use tokio::task::JoinSet;
use tokio::time::timeout;

use self::awaited::Awaited;
use self::known::Known;
use self::task::Task;
use crate::api::{DeployProblem, Deploying, Preflight, Problem, ProblemKind, ShadowOrder};
use crate::docker::clone::labels;
use crate::engine::{Author, DeployWord, EngineHandle, Input, Part, Stock, Subject};
use crate::idempotency::IdempotencyKey;

pub use self::facts::{Facts, Found, Maker, Model, Served};

/// How long the checks may take in all. An Engine that is slower would not do what follows in time.
const CHECKS_TIMEOUT: Duration = Duration::from_secs(50);
/// So many services are deployed as one.
const SERVICES_MAX: usize = 32;

/// What is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Of which services; all follow the plan of the first one.
    pub services: Vec<ServiceName>,
    /// Which image.
    pub image: Image,
    /// Variables that are set over those of stable.
    pub env: Vec<(String, Secret)>,
    /// Who makes its containers.
    pub maker: Maker,
    /// The shape of the rollout.
    pub strategy: Option<Strategy>,
    /// What becomes of it while another rollout is under way.
    pub on_busy: Option<OnBusy>,
    /// Whether it may be what is stable, or have been sent back before.
    pub force: bool,
}

/// Which image is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Image {
    /// This one.
    Reference(String),
    /// The one that is called as stable's is, with this tag.
    Tag(String),
}

/// Makes deployments. Cheap to clone; those under way end with the last clone.
#[derive(Clone, Debug)]
pub struct Deployer {
    engine: EngineHandle,
    under_way: Arc<Mutex<JoinSet<()>>>,
    awaited: Awaited,
    known: Arc<Mutex<Known>>,
}

// === impl Deployer ===

impl Deployer {
    /// Deploys what this engine looks after.
    #[must_use]
    pub fn new(engine: EngineHandle) -> Self {
        Self { engine, under_way: Arc::default(), awaited: Awaited::default(), known: Arc::default() }
    }

    /// Looks whether something could be deployed.
    ///
    /// # Errors
    /// When there is no such service, or it cannot be looked at.
    pub async fn preflight(&self, wanted: &Wanted) -> Result<Vec<Preflight>, Problem> {
        let facts = self.facts(wanted).await?;
        Ok(facts.iter().map(preflight::judge).collect())
    }

    /// Begins to deploy something, unless the checks forbid it. A deployment with a key that was deployed before is
    /// answered as it was then.
    ///
    /// # Errors
    /// When the checks forbid it, or it cannot be begun. Nothing has changed then.
    pub async fn deploy(
        &self,
        wanted: Wanted,
        author: Author,
        key: Option<IdempotencyKey>,
    ) -> Result<Deploying, DeployProblem> {
        if let Some(key) = &key
            && let Some(before) = self.known().recall(key, &wanted)?
        {
            return Ok(before);
        }
        let this = self.clone();
        // Whoever asks may go away; what was begun goes on.
        let begun = tokio::spawn(async move {
            let begun = this.begin(wanted, author).await;
            if let Some(key) = key {
                this.known().note(&key, begun.as_ref().ok());
            }
            begun
        });
        begun.await.map_err(|why| Problem::new(ProblemKind::Internal, why.to_string()))?
    }

    /// Says that Compose has made what a deployment waits for, or why it has not: then the deployment is over.
    ///
    /// # Errors
    /// When it does not wait for that, or not any more.
    pub fn made(&self, deployment: &str, result: Result<(), String>) -> Result<(), Problem> {
        self.awaited.give(deployment, result)
    }

    async fn begin(&self, wanted: Wanted, author: Author) -> Result<Deploying, DeployProblem> {
        let facts = self.facts(&wanted).await?;
        let services: Vec<_> = facts.iter().map(preflight::judge).collect();
        if services.iter().any(Preflight::is_refused) {
            let message = preflight::in_words(&services);
            return Err(DeployProblem { kind: ProblemKind::Preflight, message, services });
        }
        let facts: Vec<_> = facts.into_iter().filter(|facts| !facts.is_stable()).collect();
        if facts.is_empty() {
            return Ok(Deploying { deployment: None, shadow: None, services });
        }
        let deployment = name::deployment();
        let parts = facts.iter().filter_map(part).collect();
        let (of, on_busy) = (deployment.clone(), wanted.on_busy);
        let begin = |reply| Input::Deployment(DeployWord::Begin { deployment: of.into(), parts, on_busy, reply });
        let begun = self.engine.ask(begin).await??;
        let shadow = facts.iter().find_map(|facts| shadow(facts, &deployment));
        let word = shadow.is_some().then(|| self.awaited.expect(&deployment));
        let task = Task { engine: self.engine.clone(), deployment: deployment.clone(), wanted, facts, author, word };
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that have ended need not be kept.
        while under_way.try_join_next().is_some() {}
        under_way.spawn(task.run(begun));
        Ok(Deploying { deployment: Some(deployment), shadow, services })
    }

    /// All that is to be known of each of the services.
    async fn facts(&self, wanted: &Wanted) -> Result<Vec<Facts>, Problem> {
        let subjects = self.subjects(wanted).await?;
        let late = |_elapsed| {
            let seconds = CHECKS_TIMEOUT.as_secs();
            let message =
                format!("the checks took longer than {seconds} s; see what keeps Docker or the registry busy");
            Problem::new(ProblemKind::TooSlow, message)
        };
        timeout(CHECKS_TIMEOUT, gather::all(subjects, wanted)).await.map_err(late)
    }

    async fn subjects(&self, wanted: &Wanted) -> Result<Vec<Subject>, Problem> {
        let services = wanted.services.clone();
        let mut named = services.clone();
        named.sort();
        named.dedup();
        let bad = |message| Err(Problem::new(ProblemKind::BadRequest, message));
        if named.len() < services.len() {
            return bad("a service is named twice; name each once".to_owned());
        }
        if services.is_empty() || services.len() > SERVICES_MAX {
            return bad(format!("name 1 to {SERVICES_MAX} services"));
        }
        let on_busy = wanted.on_busy;
        self.engine.ask(|reply| Input::Deployment(DeployWord::Ask { services, on_busy, reply })).await?
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        // Nothing that is done while it is held can panic.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What Compose is to make for a deployment, if it does.
fn shadow(facts: &Facts, deployment: &str) -> Option<ShadowOrder> {
    if !matches!(facts.maker, Maker::Compose { .. }) {
        return None;
    }
    let Ok(Model::Container(found)) = &facts.found else { return None };
    let (pinned, release) = (&found.resolved.as_ref().ok()?.image, facts.release.as_ref()?);
    let wish = facts.wish(release.as_str(), deployment);
    let labels = labels::of_shadow(&found.original, &wish, &facts.restart(found));
    Some(ShadowOrder { image: pinned.clone(), instances: facts.instances, labels })
}

/// What a deployment brings to a service.
fn part(facts: &Facts) -> Option<Part> {
    let stock = match facts.found.as_ref().ok()? {
        Model::Container(found) => Stock::Containers { restart: facts.restart(found) },
        Model::Service(served) => Stock::Tasks { beside: served.first.name.clone().unwrap_or_default().into() },
    };
    Some(Part {
        service: facts.subject.service.name.clone(),
        release: facts.release.clone()?,
        image: facts.asked.clone(),
        stock,
        instances: facts.instances,
    })
}
