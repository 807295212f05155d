//! What the watcher sees of an Engine: nothing is missed, and what goes away counts at once.

use std::time::Duration;

use canary_config::docker::DockerHost;
use canary_config::origin::Discovered;
use canary_controller::docker::sighting::{ContainerId, Sighting, Sightings, State};
use canary_controller::docker::wanted::Wanted;
use canary_controller::docker::watch::{Pace, Watcher};
use http::Method;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::support::{FakeContainer, FakeEngine, PATIENCE};

/// So long that it is no part of what is tested.
const NEVER: Duration = Duration::from_secs(3_600);

/// A watcher at work.
struct Watching {
    engine: FakeEngine,
    wanted: watch::Sender<Wanted>,
    seen: watch::Receiver<Sightings>,
    _task: JoinSet<()>,
}

/// Lists once and never again, unless the Engine is lost.
fn pace() -> Pace {
    let backoff = (Duration::from_millis(1), Duration::from_millis(10));
    Pace { list_interval: NEVER, backoff, ..Pace::default() }
}

fn wanted(names: &[&str]) -> Wanted {
    Wanted(names.iter().map(|name| (name.parse().unwrap(), Discovered::default())).collect())
}

fn web(name: &str, address: &str) -> FakeContainer {
    FakeContainer::new(name).label("canary.service", "web").network("edge", address)
}

impl Watching {
    fn begin(engine: FakeEngine, pace: Pace) -> Self {
        Self::of(engine, pace, Vec::new())
    }

    fn of(engine: FakeEngine, pace: Pace, own_candidates: Vec<ContainerId>) -> Self {
        let (wanted, receiver) = watch::channel(wanted(&["web"]));
        let (watcher, seen) = Watcher::new(DockerHost::Unix(engine.socket()), receiver);
        let mut task = JoinSet::new();
        task.spawn(watcher.with_pace(pace).with_own_candidates(own_candidates).run());
        Self { engine, wanted, seen, _task: task }
    }

    /// Waits until what is seen is so.
    async fn until(&mut self, what: &str, is_so: impl Fn(&Sightings) -> bool) -> Sightings {
        let found = timeout(PATIENCE, self.seen.wait_for(is_so)).await.map(|found| found.unwrap().clone());
        found.unwrap_or_else(|_| panic!("waited for {what}; seen last: {:?}", self.seen.borrow()))
    }

    /// Waits until the Engine is seen, and these containers run at these addresses, and no others.
    async fn until_running(&mut self, running: &[(&str, &str)]) {
        let what = format!("{running:?}");
        self.until(&what, |seen| {
            seen.trouble.is_none()
                && self::running(seen).iter().map(|(name, address)| (*name, &**address)).eq(running.iter().copied())
        })
        .await;
    }

    async fn until_state(&mut self, name: &str, is_so: impl Fn(&State) -> bool) {
        self.until(name, |seen| find(seen, name).is_some_and(|found| is_so(&found.state))).await;
    }

    fn faults(&self) -> Vec<String> {
        self.seen.borrow().faults.iter().map(ToString::to_string).collect()
    }
}

fn find<'a>(seen: &'a Sightings, name: &str) -> Option<&'a Sighting> {
    seen.containers.iter().find(|sighting| &*sighting.name == name)
}

fn running(seen: &Sightings) -> Vec<(&str, String)> {
    let running = seen.containers.iter().filter_map(|found| Some((&*found.name, found.state.address()?.to_string())));
    let mut running: Vec<_> = running.collect();
    running.sort();
    running
}

#[tokio::test]
async fn what_is_there_is_seen_with_all_that_is_known_of_it() {
    let engine = FakeEngine::start();
    engine.image("web:v2", &[("canary.service", "web")]);
    engine.add(&web("web-1", "10.0.0.1").label("com.docker.compose.project", "shop"));
    engine.add(&web("of-image", "10.0.0.2").image("web:v2"));
    engine.add(&FakeContainer::new("db").network("edge", "10.0.0.3"));
    engine.add(&web("once", "10.0.0.4").label("com.docker.compose.oneoff", "True"));
    engine.add(&web("ended", "10.0.0.5").status("exited"));
    let mut watching = Watching::begin(engine, pace());
    watching.until_running(&[("web-1", "10.0.0.1:8080")]).await;
    let seen = watching.seen.borrow().clone();
    let names: Vec<_> = seen.containers.iter().map(|found| &*found.name).collect();
    assert_eq!(names, ["web-1", "ended"]);
    assert_eq!((&*seen.containers[0].image, seen.containers[0].restarts), ("web:v1", 0));
    assert_eq!(watching.engine.writes(), []);
    let said = "of-image: it has `canary.service` from its image alone, which is not believed; write it where the container is made";
    assert_eq!(watching.faults(), [said]);
}

#[tokio::test]
async fn a_container_whose_image_is_gone_says_nothing_that_is_believed() {
    let engine = FakeEngine::start();
    engine.add(&web("web-1", "10.0.0.1").image("web:v2"));
    engine.add(&web("web-2", "10.0.0.2"));
    engine.remove_image("web:v2");
    let mut watching = Watching::begin(engine, pace());
    watching.until_running(&[("web-2", "10.0.0.2:8080")]).await;
    let faults = watching.faults();
    assert!(
        faults.len() == 1 && faults[0].starts_with("web-1: its image is gone, so that nobody can tell"),
        "{faults:?}"
    );
}

#[tokio::test]
async fn a_stream_that_is_closed_in_good_order_is_no_loss() {
    let engine = FakeEngine::start();
    engine.add(&web("web-1", "10.0.0.1"));
    let mut watching = Watching::begin(engine, pace());
    watching.until_running(&[("web-1", "10.0.0.1:8080")]).await;
    watching.engine.until_watched().await;
    let versions = watching.engine.times("/version");
    // No event tells of it.
    watching.engine.add(&web("web-2", "10.0.0.2"));
    watching.engine.end_streams();
    watching.until_running(&[("web-1", "10.0.0.1:8080"), ("web-2", "10.0.0.2:8080")]).await;
    assert_eq!(watching.engine.times("/version"), versions, "it has connected once");
}

#[tokio::test]
async fn an_engine_whose_clock_goes_back_is_heard_all_the_same() {
    let engine = FakeEngine::start();
    let id = engine.add(&web("web-1", "10.0.0.1"));
    let mut watching = Watching::begin(engine, pace());
    watching.until_running(&[("web-1", "10.0.0.1:8080")]).await;
    watching.engine.event("rename", &id, &[]);
    let asked = format!("/containers/{id}/json");
    watching.engine.until_times(&asked, 2).await;
    watching.engine.turn_back(Duration::from_secs(3_600));
    watching.engine.end_streams();
    watching.engine.until_times("/events", 2).await;
    watching.engine.until_watched().await;
    watching.engine.event("kill", &id, &[("signal", "15")]);
    watching.until_state("web-1", |state| *state == State::Leaving).await;
}

#[tokio::test]
async fn what_happens_while_it_lists_is_not_missed() {
    let engine = FakeEngine::start();
    let id = engine.add(&web("web-1", "10.0.0.1"));
    engine.hold("/containers/json");
    let mut watching = Watching::begin(engine, pace());
    watching.engine.until_watched().await;
    watching.engine.until_times("/containers/json", 1).await;
    let late = watching.engine.add(&web("web-2", "10.0.0.2"));
    watching.engine.event("start", &late, &[]);
    watching.engine.event("kill", &id, &[("signal", "15")]);
    watching.engine.let_go();
    watching.until_running(&[("web-2", "10.0.0.2:8080")]).await;
    watching.until_state("web-1", |state| *state == State::Leaving).await;
}

#[tokio::test]
async fn what_leaves_is_known_while_the_engine_answers_nothing() {
    let engine = FakeEngine::start();
    let ids = ["1", "2", "3", "4"].map(|n| engine.add(&web(&format!("web-{n}"), &format!("10.0.0.{n}"))));
    let mut watching = Watching::begin(engine, pace());
    watching.until("all", |seen| running(seen).len() == 4).await;
    watching.engine.hold("/containers");
    watching.engine.event("kill", &ids[0], &[("signal", "1")]);
    watching.engine.event("kill", &ids[0], &[("signal", "15")]);
    watching.engine.event("pause", &ids[1], &[]);
    watching.engine.event("health_status: unhealthy", &ids[2], &[]);
    watching.engine.network_event("disconnect", "edge", &ids[3]);
    watching.until("none", |seen| running(seen).is_empty()).await;
    let seen = watching.seen.borrow().clone();
    assert_eq!(seen.trouble, None);
    let states: Vec<_> = ["web-1", "web-2"].iter().map(|name| &find(&seen, name).unwrap().state).collect();
    assert_eq!(states, [&State::Leaving, &State::Paused]);
}

#[tokio::test]
async fn a_reload_of_the_process_is_no_leave() {
    let engine = FakeEngine::start();
    let ids = ["1", "2"].map(|n| engine.add(&web(&format!("web-{n}"), &format!("10.0.0.{n}"))));
    let mut watching = Watching::begin(engine, pace());
    watching.until("both", |seen| running(seen).len() == 2).await;
    watching.engine.event("kill", &ids[0], &[("signal", "1")]);
    watching.engine.event("kill", &ids[1], &[("signal", "9")]);
    watching.until_running(&[("web-1", "10.0.0.1:8080")]).await;
}

#[tokio::test]
async fn an_address_that_is_used_again_is_the_next_containers() {
    let engine = FakeEngine::start();
    let first = engine.add(&web("web-1", "10.0.0.1"));
    let mut watching = Watching::begin(engine, pace());
    watching.until_running(&[("web-1", "10.0.0.1:8080")]).await;
    // The end of the first is never told.
    watching.engine.set_status(&first, "exited");
    let second = watching.engine.add(&web("web-2", "10.0.0.1"));
    watching.engine.event("start", &second, &[]);
    watching.until_running(&[("web-2", "10.0.0.1:8080")]).await;
}

#[tokio::test]
async fn an_engine_that_is_away_is_waited_for_and_looked_at_anew() {
    let engine = FakeEngine::start();
    let first = engine.add(&web("web-1", "10.0.0.1"));
    let mut watching = Watching::begin(engine, pace());
    watching.until_running(&[("web-1", "10.0.0.1:8080")]).await;
    watching.engine.refuse();
    let seen = watching.until("its loss", |seen| seen.trouble.is_some()).await;
    assert_eq!(running(&seen), [("web-1", "10.0.0.1:8080".to_owned())]);
    let why =
        watching.until("why", |seen| seen.trouble.as_ref().is_some_and(|why| why.contains("Socket not found"))).await;
    let socket = watching.engine.socket();
    assert_eq!(
        why.trouble.unwrap(),
        format!(
            "Docker at unix://{0} does not answer: Socket not found: {0}; see that it runs, and that canaryd may use it",
            socket.display()
        )
    );
    watching.engine.remove(&first);
    watching.engine.forget();
    watching.engine.add(&web("web-2", "10.0.0.2"));
    watching.engine.come_back();
    watching.until_running(&[("web-2", "10.0.0.2:8080")]).await;
}

#[tokio::test]
async fn a_stream_that_is_cut_is_opened_again_and_nothing_is_missed() {
    let engine = FakeEngine::start();
    let first = engine.add(&web("web-1", "10.0.0.1"));
    let mut watching = Watching::begin(engine, pace());
    watching.until_running(&[("web-1", "10.0.0.1:8080")]).await;
    for garbage in [None, Some("{\"Type\": \"container\", \"Action\": 7}\n"), Some("<html>\n")] {
        let lists = watching.engine.times("/containers/json");
        match garbage {
            Some(garbage) => watching.engine.say(garbage),
            None => watching.engine.cut(),
        }
        watching.engine.until_times("/containers/json", lists + 1).await;
        watching.until_running(&[("web-1", "10.0.0.1:8080")]).await;
    }
    watching.engine.until_watched().await;
    watching.engine.set_status(&first, "paused");
    watching.engine.event("pause", &first, &[]);
    watching.until_state("web-1", |state| *state == State::Paused).await;
}

#[tokio::test]
async fn a_stream_that_has_gone_silent_is_found_out() {
    let engine = FakeEngine::start();
    let first = engine.add(&web("web-1", "10.0.0.1"));
    let mut watching = Watching::begin(engine, Pace { list_interval: Duration::from_millis(20), ..pace() });
    watching.until_running(&[("web-1", "10.0.0.1:8080")]).await;
    let streams = watching.engine.times("/events");
    watching.engine.stall();
    watching.engine.remove(&first);
    watching.engine.add(&web("web-2", "10.0.0.2"));
    watching.until_running(&[("web-2", "10.0.0.2:8080")]).await;
    watching.engine.until_times("/events", streams + 1).await;
}

#[tokio::test]
async fn an_engine_that_is_silent_is_found_out() {
    let engine = FakeEngine::start();
    engine.add(&web("web-1", "10.0.0.1"));
    let (deadline, list_interval) = (Duration::from_millis(200), Duration::from_millis(20));
    let mut watching = Watching::begin(engine, Pace { deadline, list_interval, ..pace() });
    watching.until_running(&[("web-1", "10.0.0.1:8080")]).await;
    watching.engine.hold("/containers/json");
    let seen = watching.until("its silence", |seen| seen.trouble.is_some()).await;
    let why = "Docker does not list its containers: no answer within 200ms; look at its log, or restart Docker";
    assert_eq!(seen.trouble.as_deref(), Some(why));
    watching.engine.let_go();
    watching.until_running(&[("web-1", "10.0.0.1:8080")]).await;
}

#[tokio::test]
async fn an_engine_that_is_too_old_is_refused_with_words() {
    let engine = FakeEngine::start();
    engine.script(Method::GET, "/version", 200, json!({ "ApiVersion": "1.40" }));
    let backoff = (NEVER, NEVER);
    let mut watching = Watching::begin(engine, Pace { backoff, ..pace() });
    let seen = watching.until("why", |seen| seen.trouble.as_ref().is_some_and(|why| why.contains("1.40"))).await;
    let why = seen.trouble.unwrap();
    let said =
        "speaks version \"1.40\" of its interface, and canaryd needs 1.41 or later; update Docker to 20.10 or later";
    assert!(why.ends_with(said), "{why}");
}

#[tokio::test]
async fn a_container_of_which_nothing_can_be_learnt_spoils_nothing_else() {
    let engine = FakeEngine::start();
    let bad = engine.add(&web("web-1", "10.0.0.1"));
    engine.add(&web("web-2", "10.0.0.2"));
    let gone = engine.add(&web("web-3", "10.0.0.3"));
    let path = format!("/containers/{bad}/json");
    engine.script(Method::GET, &path, 200, json!({ "State": 7 }));
    engine.script(Method::GET, &format!("/containers/{gone}/json"), 404, json!({ "message": "No such container" }));
    let retry_interval = Duration::from_millis(20);
    let mut watching = Watching::begin(engine, Pace { retry_interval: NEVER, ..pace() });
    watching.until_running(&[("web-2", "10.0.0.2:8080")]).await;
    let faults = watching.faults();
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].starts_with("web-1: it cannot be looked at: its answer is not understood: "), "{faults:?}");
    let mut again = Watching::begin(FakeEngine::start(), Pace { retry_interval, ..pace() });
    again.engine.until_watched().await;
    let id = again.engine.add(&web("web-1", "10.0.0.1"));
    again.engine.script(Method::GET, &format!("/containers/{id}/json"), 500, json!({ "message": "busy" }));
    again.engine.event("start", &id, &[]);
    again.until_running(&[("web-1", "10.0.0.1:8080")]).await;
}

#[tokio::test]
async fn a_proxy_that_lets_too_little_pass_is_named() {
    let engine = FakeEngine::start();
    let id = engine.add(&web("web-1", "10.0.0.1"));
    let image = engine.image("web:v1", &[]);
    engine.script(Method::GET, &format!("/images/{image}/json"), 403, json!(null));
    let mut watching = Watching::begin(engine, Pace { retry_interval: NEVER, ..pace() });
    watching.until("a fault", |seen| !seen.faults.is_empty()).await;
    assert_eq!(
        watching.faults(),
        [
            "web-1: it cannot be looked at: its image: refused with 403; let the socket proxy allow GET of _ping, version, \
          events, containers, images and networks"
        ]
    );
    assert_eq!(watching.seen.borrow().faults[0].container.as_str(), id);
}

#[tokio::test]
async fn a_burst_of_events_ends_in_what_is() {
    let engine = FakeEngine::start();
    let ids: Vec<_> = (1..=10).map(|n| engine.add(&web(&format!("web-{n}"), &format!("10.0.0.{n}")))).collect();
    let mut watching = Watching::begin(engine, pace());
    watching.until("all", |seen| running(seen).len() == 10).await;
    let last = watching.engine.add(&web("last", "10.0.1.1"));
    for round in 0..100 {
        for id in &ids {
            watching.engine.event(if round % 2 == 0 { "pause" } else { "unpause" }, id, &[]);
        }
    }
    watching.engine.event("start", &last, &[]);
    watching.until("all and the last", |seen| running(seen).len() == 11).await;
}

#[tokio::test]
async fn of_two_networks_the_shared_one_is_taken_and_follows_canaryd() {
    let engine = FakeEngine::start();
    engine.add(&web("web-1", "10.0.0.1").network("back", "10.1.0.1"));
    let own = engine.add(&FakeContainer::new("canaryd").network("back", "10.1.0.9"));
    let mut watching = Watching::of(engine, pace(), vec![ContainerId::new(&own[..12])]);
    watching.until_running(&[("web-1", "10.1.0.1:8080")]).await;
    watching.engine.change(&own, |inspected| {
        let networks = inspected["NetworkSettings"]["Networks"].as_object_mut().unwrap();
        let back = networks.remove("back").unwrap();
        networks.insert("edge".to_owned(), back);
    });
    watching.engine.network_event("connect", "edge", &own);
    watching.until_running(&[("web-1", "10.0.0.1:8080")]).await;
    let mut on_host = Watching::begin(FakeEngine::start(), pace());
    on_host.engine.until_watched().await;
    let id = on_host.engine.add(&web("web-1", "10.0.0.1").network("back", "10.1.0.1"));
    on_host.engine.event("start", &id, &[]);
    on_host.until("a fault", |seen| !seen.faults.is_empty()).await;
    assert_eq!(
        on_host.faults(),
        ["web-1: it can be reached on several networks: `back`, `edge`; add the label canary.network or the key \
          docker.network of its service"]
    );
}

#[tokio::test]
async fn a_health_check_is_waited_for_and_other_services_are_looked_for_on_request() {
    let engine = FakeEngine::start();
    let id = engine.add(&web("web-1", "10.0.0.1").health("starting"));
    engine.add(&FakeContainer::new("api-1").label("canary.service", "api").network("edge", "10.0.0.2"));
    let mut watching = Watching::begin(engine, pace());
    watching.until_state("web-1", |state| *state == State::Starting).await;
    watching.until("a fault", |seen| seen.trouble.is_none() && seen.faults.len() == 1).await;
    watching.engine.change(&id, |inspected| inspected["State"]["Health"]["Status"] = json!("healthy"));
    watching.engine.event("health_status: healthy", &id, &[]);
    watching.until_running(&[("web-1", "10.0.0.1:8080")]).await;
    watching.wanted.send(wanted(&["api", "web"])).unwrap();
    watching.until_running(&[("api-1", "10.0.0.2:8080"), ("web-1", "10.0.0.1:8080")]).await;
}

/// A service of Swarm that belongs to `web`, and its only task, whose container is this.
fn in_swarm(image: &str, container: &str) -> (Value, Value) {
    let spec = json!({ "ContainerSpec": { "Image": image } });
    let labels = json!({ "canary.service": "web", "canary.release": "v1", "canary.port": "8080" });
    let service = json!({ "ID": "web-id", "Spec": { "Name": "web", "Labels": labels, "TaskTemplate": spec } });
    let network =
        json!({ "Network": { "Spec": { "Name": "edge", "Attachable": true } }, "Addresses": ["10.0.0.9/24"] });
    let task = json!({
        "ID": "task",
        "CreatedAt": "2026-11-30T10:00:00Z",
        "Spec": spec,
        "ServiceID": "web-id",
        "Slot": 1,
        "Status": { "State": "running", "ContainerStatus": { "ContainerID": container } },
        "DesiredState": "running",
        "NetworksAttachments": [network],
    });
    (service, task)
}

/// A watcher in a container of the network `edge`.
fn on_edge(engine: FakeEngine, pace: Pace) -> Watching {
    let own = engine.add(&FakeContainer::new("canaryd").network("edge", "10.0.0.250"));
    Watching::of(engine, pace, vec![ContainerId::new(&own)])
}

#[tokio::test]
async fn a_task_of_swarm_is_seen_once_and_leaves_as_soon_as_its_container_is_killed() {
    let engine = FakeEngine::start();
    let id = engine.add(&web("web.1.task", "10.0.0.9").label("com.docker.swarm.task.id", "task"));
    let (service, task) = in_swarm("web:v1", &id);
    engine.manage(&[service], &[task]);
    let mut watching = on_edge(engine, Pace { call_intervals: (NEVER, NEVER), ..pace() });
    watching.until_running(&[("web.1", "10.0.0.9:8080")]).await;
    assert_eq!(watching.seen.borrow().containers.len(), 1);
    watching.engine.event("kill", &id, &[("signal", "15")]);
    watching.until_state("web.1", |state| *state == State::Leaving).await;
    assert_eq!((watching.engine.writes(), watching.faults()), (Vec::new(), Vec::new()));
}

#[tokio::test]
async fn a_service_of_swarm_that_changes_is_looked_at_at_once_and_else_now_and_then() {
    let engine = FakeEngine::start();
    let (service, task) = in_swarm("web:v1", "c1");
    engine.manage(&[], &[]);
    let mut watching = on_edge(engine, Pace { call_intervals: (NEVER, NEVER), ..pace() });
    watching.until_running(&[]).await;
    watching.engine.until_watched().await;
    watching.engine.manage(std::slice::from_ref(&service), &[task]);
    watching.engine.service_event("create", "web-id");
    watching.until_running(&[("web.1", "10.0.0.9:8080")]).await;

    let engine = FakeEngine::start();
    engine.manage(&[service], &[]);
    let short = Duration::from_millis(5);
    let mut watching = on_edge(engine, Pace { call_intervals: (short, short), ..pace() });
    watching.until_running(&[]).await;
    let (service, task) = in_swarm("web:v1", "c1");
    watching.engine.manage(&[service], &[task]);
    watching.until_running(&[("web.1", "10.0.0.9:8080")]).await;
}

#[tokio::test]
async fn a_swarm_that_does_not_answer_keeps_its_tasks_and_says_so() {
    let engine = FakeEngine::start();
    let (service, task) = in_swarm("web:v1", "c1");
    engine.manage(&[service], &[task]);
    let short = Duration::from_millis(5);
    let mut watching = on_edge(engine, Pace { call_intervals: (short, short), ..pace() });
    watching.until_running(&[("web.1", "10.0.0.9:8080")]).await;
    watching.engine.demote();
    let seen = watching.until("trouble", |seen| seen.trouble.is_some()).await;
    assert_eq!(
        seen.trouble.as_deref(),
        Some("Swarm does not list its services: it answered 503: This node is not a swarm manager.; look at its log")
    );
    assert_eq!(running(&seen).len(), 1);
    watching.engine.manage(&[], &[]);
    watching.until_running(&[]).await;
}

#[tokio::test]
async fn a_worker_says_that_a_manager_is_needed() {
    let engine = FakeEngine::start();
    engine.add(&web("web.1.task", "10.0.0.9").label("com.docker.swarm.task.id", "task"));
    engine.add(&web("web-1", "10.0.0.1"));
    engine.manage(&[in_swarm("web:v1", "c1").0], &[]);
    engine.demote();
    let mut watching = on_edge(engine, pace());
    watching.until_running(&[("web-1", "10.0.0.1:8080")]).await;
    assert_eq!(
        watching.faults(),
        [
            "web.1.task: it is a task of a Swarm service, and this Engine is no manager; let canaryd ask one (docker.host)"
        ]
    );
}

#[tokio::test]
async fn who_may_not_look_at_services_sees_containers_all_the_same() {
    let engine = FakeEngine::start();
    engine.add(&web("web-1", "10.0.0.1"));
    engine.manage(&[], &[]);
    engine.script(Method::GET, "/services", 403, json!({ "message": "no" }));
    let mut watching = on_edge(engine, Pace { call_intervals: (NEVER, NEVER), ..pace() });
    watching.until_running(&[("web-1", "10.0.0.1:8080")]).await;
    assert_eq!(
        watching.faults(),
        ["swarm: its services may not be looked at; let the socket proxy allow GET of services and tasks, if canaryd \
          is to know of them"]
    );
    let engine = FakeEngine::start();
    engine.add(&web("web-1", "10.0.0.1"));
    engine.script(Method::GET, "/info", 403, json!({ "message": "no" }));
    let mut watching = on_edge(engine, pace());
    watching.until_running(&[("web-1", "10.0.0.1:8080")]).await;
    assert_eq!(watching.faults(), [""; 0]);
}

#[tokio::test]
async fn a_swarm_in_trouble_hides_no_container_that_is_none_of_its() {
    let engine = FakeEngine::start();
    engine.add(&web("web-1", "10.0.0.1"));
    engine.manage(&[], &[]);
    engine.script(Method::GET, "/services", 503, json!({ "message": "the swarm has no leader" }));
    let mut watching = on_edge(engine, Pace { call_intervals: (NEVER, NEVER), ..pace() });
    watching.until_running(&[("web-1", "10.0.0.1:8080")]).await;
    let said = "swarm: Swarm does not list its services: it answered 503: the swarm has no leader; look at its log";
    assert_eq!(watching.faults(), [said]);
}

#[tokio::test]
async fn an_engine_that_does_not_say_what_it_is_to_a_swarm_is_seen_all_the_same() {
    let engine = FakeEngine::start();
    engine.add(&web("web-1", "10.0.0.1"));
    engine.script(Method::GET, "/info", 500, json!({ "message": "busy" }));
    let mut watching = Watching::begin(engine, pace());
    watching.until_running(&[("web-1", "10.0.0.1:8080")]).await;
    assert_eq!(watching.faults(), ["swarm: Docker does not say what it is: it answered 500: busy; look at its log"]);
}
