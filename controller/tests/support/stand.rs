//! An engine in this process without sockets: orders go to its handle, and requests are picked from its table.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use canary_config::daemon::Config;
use canary_config::plan::Plan;
use canary_controller::api::{Done, Freezes, Overview, Problem, Reloaded, ServiceStatus};
use canary_controller::engine::{
    Author, Engine, EngineHandle, FreezeWord, Input, Order, PageSources, StartError, StartOrder, Started, Starting,
};
use canary_controller::idempotency::IdempotencyKey;
use canary_controller::rollout::{Again, Generation, PhaseName, Stop, Stride};
use canary_controller::store::Keeper;
use canary_proxy::access_log::AccessLog;
use canary_proxy::caps::Caps;
use canary_proxy::outcome::Outcome;
use canary_proxy::pool::Backend;
use canary_proxy::routes::{self, RouteReader};
use canary_proxy::rules;
use canary_proxy::table::{Asker, Route, RoutingTable};
use canary_proxy::track::Track;
use http::{HeaderMap, Method};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::{SLOW, Shelf, Site, until};

/// An engine with two services, `web` and `api`, that runs until this is dropped.
pub(crate) struct Stand {
    pub(crate) site: Site,
    pub(crate) shelf: Shelf,
    pub(crate) engine: EngineHandle,
    pub(crate) config: Config,
    reader: RouteReader,
    running: Running,
    keeper: Keeper,
}

/// The engine's task, which ends when this is dropped.
struct Running {
    task: AbortHandle,
    shelf: Shelf,
}

// === impl Stand ===

impl Stand {
    /// One whose services have a plan that goes nowhere by itself, but for what is changed.
    pub(crate) async fn start(change: impl FnOnce(&mut Config)) -> Self {
        let site = Site::new(SLOW).await;
        let web = site.service("web", "PathPrefix(`/`)", SLOW);
        site.write(&format!("{}{web}{}", site.daemon(), site.service("api", "PathPrefix(`/api`)", SLOW)));
        let mut config = Config::load(&site.config_path).expect("a good file");
        change(&mut config);
        let stand = Self::on(site, Shelf::default(), config).expect("an empty store");
        stand.until_ready().await;
        stand
    }

    /// One whose services all have a plan that is changed like this.
    pub(crate) async fn with_plan(change: impl Fn(&mut Plan)) -> Self {
        Self::start(|config| config.services.values_mut().for_each(|service| change(&mut service.plan))).await
    }

    fn on(site: Site, shelf: Shelf, config: Config) -> Result<Self, StartError> {
        let (routes, reader) = routes::cell();
        let page =
            PageSources { unrouted: Arc::default(), access_log: AccessLog::off(), caps: Caps::new(&config.limits) };
        let loaded = shelf.store().load().expect("it can be read");
        let starting = Starting { config: config.clone(), routes, store: shelf.store(), loaded, page };
        let Started { engine, handle, keeper, .. } = Engine::start(starting)?;
        let running = Running { task: tokio::spawn(engine.run()).abort_handle(), shelf: shelf.clone() };
        Ok(Self { site, shelf, engine: handle, config, reader, running, keeper })
    }

    /// Ends in this way, and begins again on the same store, with a changed file.
    pub(crate) async fn restart_with(self, stop: Stop, change: impl FnOnce(&mut Config)) -> Result<Self, StartError> {
        if stop == Stop::Orderly {
            self.engine.ask(Input::Stop).await.expect("it stops");
        }
        let Self { site, shelf, mut config, running, keeper, .. } = self;
        drop(running);
        // What the engine has given to the store before is kept.
        tokio::task::spawn_blocking(|| keeper.stop()).await.expect("the store ends");
        change(&mut config);
        Self::on(site, shelf, config)
    }

    pub(crate) async fn restart(self, stop: Stop) -> Self {
        self.restart_with(stop, |_| {}).await.expect("the same file")
    }

    pub(crate) async fn until_ready(&self) {
        until("readiness", async || {
            let unready = self.engine.ask(Input::Unready).await.expect("it runs");
            if unready.is_empty() { Ok(()) } else { Err(format!("{unready:?}")) }
        })
        .await;
    }

    pub(crate) async fn give(
        &self,
        service: &str,
        order: Order,
        generation: Option<Generation>,
        key: Option<&str>,
    ) -> Result<Done, Problem> {
        let service = service.parse().expect("a good name");
        let author = Author { name: "a test".into(), note: None };
        let key: Option<IdempotencyKey> = key.map(|key| key.parse().expect("a good key"));
        let accepted =
            self.engine.ask(|reply| Input::Order { service, order, generation, author, key, reply }).await??;
        let stored = timeout(Duration::from_millis(200), accepted.stored).await;
        Ok(Done { durable: matches!(stored, Ok(Ok(true))), ..accepted.done })
    }

    pub(crate) async fn order(&self, service: &str, order: Order) -> Result<Done, Problem> {
        self.give(service, order, None, None).await
    }

    /// Starts v2 of both services as one rollout.
    pub(crate) async fn start_both(&self) -> Done {
        self.order("web", together("v2", &[("api", "v2")])).await.expect("both are free")
    }

    pub(crate) async fn start_one(&self, service: &str, release: &str) -> Done {
        self.order(service, start(release)).await.expect("it is free")
    }

    pub(crate) async fn promote(&self, service: &str) -> Done {
        self.order(service, Order::Promote(Stride::Next)).await.expect("it can go on")
    }

    pub(crate) async fn abort(&self, service: &str) -> Done {
        self.order(service, Order::Abort).await.expect("there is something to abort")
    }

    pub(crate) async fn freeze(&self, service: Option<&str>, word: FreezeWord) -> Result<Freezes, Problem> {
        self.give_freeze(service, word, None).await
    }

    pub(crate) async fn give_freeze(
        &self,
        service: Option<&str>,
        word: FreezeWord,
        key: Option<&str>,
    ) -> Result<Freezes, Problem> {
        let service = service.map(|service| service.parse().expect("a good name"));
        let author = Author { name: "a test".into(), note: Some("to see".into()) };
        let key = key.map(|key| key.parse().expect("a good key"));
        self.engine.ask(|reply| Input::Freeze { service, word, author, key, reply }).await?
    }

    pub(crate) async fn overview(&self) -> Overview {
        self.engine.ask(Input::Overview).await.expect("it runs")
    }

    pub(crate) async fn reload(&self, change: impl FnOnce(&mut Config)) -> Result<Reloaded, Problem> {
        let mut config = self.config.clone();
        change(&mut config);
        self.engine.ask(|reply| Input::Reload(Box::new(config), reply)).await?
    }

    pub(crate) async fn status(&self, service: &str) -> ServiceStatus {
        let service = service.parse().expect("a good name");
        self.engine.ask(|reply| Input::Status(service, reply)).await.expect("it runs").expect("there is such a service")
    }

    pub(crate) async fn until(
        &self,
        service: &str,
        what: &str,
        is_so: impl Fn(&ServiceStatus) -> bool,
    ) -> ServiceStatus {
        until(&format!("{what} of {service}"), async || {
            let status = self.status(service).await;
            if is_so(&status) { Ok(status) } else { Err(format!("{status:?}")) }
        })
        .await
    }

    pub(crate) async fn until_phase(&self, service: &str, phase: PhaseName) -> ServiceStatus {
        self.until(service, phase.label(), |status| status.phase == phase).await
    }

    /// Waits until the service stands at this step, counted from 1.
    pub(crate) async fn until_step(&self, service: &str, number: usize) -> ServiceStatus {
        let is_there = |status: &ServiceStatus| status.step.as_ref().is_some_and(|step| step.number == number);
        self.until(service, &format!("step {number}"), is_there).await
    }

    /// What the store was told of a service, as `phase reason`, the oldest first.
    pub(crate) fn story(&self, service: &str) -> Vec<String> {
        let entries = self.shelf.records().into_iter().flat_map(|record| record.entries);
        let of_service = entries.filter(|entry| entry.service.as_ref().is_some_and(|own| own.as_str() == service));
        let changes = of_service.filter_map(|entry| entry.transition);
        changes.map(|change| format!("{} {}", change.to.label(), change.reason.label())).collect()
    }

    /// The same, once this is the last of it: what takes a share away is in force before it is stored.
    pub(crate) async fn story_to(&self, service: &str, last: &str) -> Vec<String> {
        until(&format!("`{last}` in the store"), async || {
            let story = self.story(service);
            if story.last().is_some_and(|entry| entry == last) { Ok(story) } else { Err(format!("{story:?}")) }
        })
        .await
    }

    pub(crate) fn route(&self, service: &str) -> Arc<Route> {
        route_of(&self.reader.load(), service)
    }

    /// The canary's share in the table, in basis points.
    pub(crate) fn weight(&self, service: &str) -> u16 {
        self.route(service).canary.as_ref().map_or(0, |canary| canary.weight().bp())
    }

    /// Those of both services, in one table.
    pub(crate) fn weights(&self) -> [u16; 2] {
        let table = self.reader.load();
        ["web", "api"].map(|service| route_of(&table, service).canary.as_ref().map_or(0, |one| one.weight().bp()))
    }

    /// Who may be picked in a role.
    pub(crate) fn ready(&self, service: &str, track: Track) -> Vec<Arc<Backend>> {
        self.route(service).pool(track).map(|pool| pool.ready.clone()).unwrap_or_default()
    }

    pub(crate) fn addresses(&self, service: &str, track: Track) -> Vec<SocketAddr> {
        self.ready(service, track).iter().map(|backend| backend.address).collect()
    }

    /// Sends requests until the canary is sent back for them, as one in so many of its own fails.
    pub(crate) async fn until_convicted(&self, service: &str, canary_fails_every: u64) {
        until("a verdict", async || {
            if self.weight(service) == 0 {
                return Ok(());
            }
            self.request(service, 500, canary_fails_every);
            // The page is no older than the question for it: the ledgers have been read.
            self.engine.ask(Input::Page).await.expect("it runs").map_err(|problem| problem.message)?;
            Err("none".into())
        })
        .await;
    }

    /// So many requests of a service; of those that a canary is scored for, one in so many fails.
    pub(crate) fn request(&self, service: &str, requests: u64, canary_fails_every: u64) {
        let rng = &mut StdRng::seed_from_u64(requests);
        let route = self.route(service);
        for request in 1..=requests {
            let mut pick = route.pick(&Asker::default(), rng).expect("somebody is ready");
            let is_bad = pick.track == Track::Canary && request.is_multiple_of(canary_fails_every);
            let outcome = if is_bad { Outcome::ServerError } else { Outcome::Success };
            pick.score(outcome, Duration::from_millis(5));
        }
    }
}

// === impl Running ===

impl Drop for Running {
    fn drop(&mut self) {
        // So that the store's thread does not hang on.
        self.shelf.take();
        self.task.abort();
    }
}

fn route_of(table: &RoutingTable, service: &str) -> Arc<Route> {
    let (path, headers) = (if service == "web" { "/" } else { "/api" }, HeaderMap::new());
    let asked = rules::Asked::new("edge.test", path, None, &Method::GET, &headers, None);
    Arc::clone(table.route(&asked).expect("the rules take every path"))
}

/// An order to start a release, also if it was sent back before.
pub(crate) fn forced(release: &str) -> Order {
    let release = release.parse().expect("a good name");
    Order::Start(StartOrder { release, peers: [].into(), again: Again::Force, on_busy: None, strategy: None })
}

/// An order to start a release, and nothing said beside it.
pub(crate) fn start(release: &str) -> Order {
    together(release, &[])
}

/// The same with other services.
pub(crate) fn together(release: &str, peers: &[(&str, &str)]) -> Order {
    let peers =
        peers.iter().map(|(service, release)| (service.parse().expect("a name"), release.parse().expect("a name")));
    let release = release.parse().expect("a good name");
    Order::Start(StartOrder { release, peers: peers.collect(), again: Again::Refuse, on_busy: None, strategy: None })
}
