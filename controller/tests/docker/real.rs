//! The Engine of the tests is a real one, it does what it is told, and nothing is left of it.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc;

use bollard::models::{ContainerStateStatusEnum, HealthStatusEnum, HostConfig, RestartPolicy, RestartPolicyNameEnum};
use bollard::query_parameters::{EventsOptions, StopContainerOptions};
use futures_util::StreamExt as _;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::timeout;

use crate::support::{Client, Dockerd, HEALTHCHECK, PATIENCE, Steady, until, with_engine, with_own_engine};

/// Requests of one load, which is a second of it.
pub(super) const REQUESTS: usize = 300;

/// Waits until a container answers, and asks it once.
pub(super) async fn ask(engine: &Dockerd, container: &str, path: &str) -> String {
    until("an answer of the container", async || {
        let mut client = Client::tcp(engine.address(container).await).await?;
        client.get(path).await.map(|answer| answer.text.trim_end().to_owned())
    })
    .await
}

#[test]
fn two_containers_answer_every_request_from_within_their_network() {
    with_engine(async |engine| {
        let (v1, v2) = (engine.image("v1", &[]).await, engine.image("v2", &["ENV FAIL=50"]).await);
        engine.network("shop").await;
        let first = engine.run("web-1", &v1, |_| {}).await;
        let second = engine
            .run("web-2", &v2, |body| {
                body.host_config = Some(HostConfig { network_mode: Some("shop".into()), ..HostConfig::default() });
            })
            .await;
        assert_eq!([ask(engine, "web-1", "/").await, ask(engine, "web-2", "/").await], ["v1", "v2"]);
        let (good, bad) = (Steady::on(first.address, u32::MAX), Steady::on(second.address, u32::MAX));
        good.more(REQUESTS).await;
        bad.more(REQUESTS).await;
        let (good, bad) = (good.stop().await.gets, bad.stop().await.gets);
        assert!(good.values().all(|end| end.is_good()), "{good:?}");
        let failed = bad.values().filter(|end| !end.is_good()).count();
        assert!((bad.len() / 2).abs_diff(failed) <= 1, "{failed} of {}", bad.len());
        assert!(engine.logs("web-1").await.contains("GET /300 200 OK"));
    });
}

#[test]
fn a_container_is_healthy_sickens_and_stops_at_once() {
    with_engine(async |engine| {
        let image = engine.image("v1", &[HEALTHCHECK, "LABEL of.the.image=1"]).await;
        let web = engine.run("web-1", &image, |_| {}).await;
        let says = |wanted| {
            move |inspected: &bollard::models::ContainerInspectResponse| {
                let health = inspected.state.as_ref().and_then(|state| state.health.as_ref());
                health.and_then(|health| health.status) == Some(wanted)
            }
        };
        engine.until("health", &web.id, says(HealthStatusEnum::HEALTHY)).await;
        assert_eq!(ask(engine, "web-1", "/do/sicken").await, "sicken");
        engine.until("sickness", &web.id, says(HealthStatusEnum::UNHEALTHY)).await;
        engine.docker.stop_container("web-1", None::<StopContainerOptions>).await.unwrap();
        let state = engine.inspect("web-1").await.state.unwrap();
        assert_eq!((state.status, state.exit_code), (Some(ContainerStateStatusEnum::EXITED), Some(143)));
    });
}

#[test]
fn a_container_drains_crashes_or_is_killed_for_its_memory_as_it_is_told() {
    with_engine(async |engine| {
        let image = engine.image("v1", &[]).await;
        engine.run("drains", &image, |body| body.env = Some(vec!["ON_TERM=drain".into()])).await;
        assert_eq!(ask(engine, "drains", "/").await, "v1");
        let mut client = Client::tcp(engine.address("drains").await).await.unwrap();
        let slow = tokio::spawn(async move { client.get("/slow/500").await });
        until("a request under way", async || {
            let state = ask(engine, "drains", "/state").await;
            if state.contains(r#""under_way":1"#) { Ok(()) } else { Err(state) }
        })
        .await;
        engine.docker.stop_container("drains", None::<StopContainerOptions>).await.unwrap();
        assert_eq!(slow.await.unwrap().unwrap().status, 200);

        let little = HostConfig { memory: Some(64 << 20), ..HostConfig::default() };
        engine.run("hogs", &image, |body| body.host_config = Some(little)).await;
        assert_eq!(ask(engine, "hogs", "/").await, "v1");
        let mut client = Client::tcp(engine.address("hogs").await).await.unwrap();
        client.get("/do/hog/256").await.unwrap_err();
        engine.start("crashes", &image, |body| body.env = Some(vec!["CRASH_AFTER=1".into()])).await;
        let mut ends = Vec::new();
        for name in ["drains", "hogs", "crashes"] {
            engine.until("its end", name, |inspected| inspected.state.as_ref().unwrap().running == Some(false)).await;
            let state = engine.inspect(name).await.state.unwrap();
            ends.push((state.exit_code.unwrap(), state.oom_killed.unwrap()));
        }
        assert_eq!(ends, [(0, false), (137, true), (3, false)]);
        assert!(engine.logs("crashes").await.contains("v1 crashes, as it was told"));
    });
}

#[test]
fn an_engine_ends_and_comes_back_with_what_it_had() {
    with_own_engine(async |engine| {
        let image = engine.image("v1", &[]).await;
        let always = RestartPolicy { name: Some(RestartPolicyNameEnum::ALWAYS), ..RestartPolicy::default() };
        let always = HostConfig { restart_policy: Some(always), ..HostConfig::default() };
        engine.run("web-1", &image, |body| body.host_config = Some(always)).await;
        engine.run("web-2", &image, |_| {}).await;
        engine.restart().await;
        assert_eq!(ask(engine, "web-1", "/").await, "v1");
        assert_eq!(engine.inspect("web-2").await.state.unwrap().running, Some(false));
        let address = engine.address("web-1").await;
        engine.kill9().await;
        engine.docker.ping().await.unwrap_err();
        assert_eq!(Client::tcp(address).await.unwrap().get("/").await.unwrap().status, 200);
        engine.come_back().await;
        assert_eq!(ask(engine, "web-1", "/").await, "v1");
    });
}

#[test]
fn a_stream_of_events_is_cut_on_its_way_and_the_socket_taken_away() {
    with_engine(async |engine| {
        let relay = engine.relay();
        let docker = bollard::Docker::connect_with_unix(&relay.host(), 60, bollard::API_DEFAULT_VERSION).unwrap();
        let mut events = docker.events(None::<EventsOptions>).boxed();
        let image = engine.image("v1", &[]).await;
        let (sender, mut heard) = unbounded_channel();
        tokio::spawn(async move {
            while let Some(event) = events.next().await {
                let _unheard = sender.send(event);
            }
        });
        until("the stream", async || {
            let info = engine.docker.info().await.unwrap();
            if info.n_events_listener == Some(1) { Ok(()) } else { Err(format!("{info:?}")) }
        })
        .await;
        engine.create("web-1", &image, |_| {}).await;
        let created = timeout(PATIENCE, heard.recv()).await.unwrap().unwrap().unwrap();
        assert_eq!(created.action.as_deref(), Some("create"));
        relay.cut();
        let then = timeout(PATIENCE, heard.recv()).await.unwrap();
        assert!(then.is_none_or(|event| event.is_err()));
        docker.ping().await.unwrap();
        relay.take_away();
        docker.ping().await.unwrap_err();
        relay.put_back();
        docker.ping().await.unwrap();
    });
}

#[test]
fn nothing_is_left_of_an_engine_whose_test_fails() {
    let (sender, homes) = mpsc::channel();
    let failed = catch_unwind(AssertUnwindSafe(|| {
        with_own_engine(async |engine| {
            let image = engine.image("v1", &[]).await;
            engine.run("web-1", &image, |_| {}).await;
            let network = fs::read_link("/proc/thread-self/ns/net").unwrap();
            assert!(!traces(&engine.home(), &network).is_empty());
            sender.send((engine.home(), network)).unwrap();
            panic!("a test fails");
        });
    }));
    // Where there can be none, there is nothing to leave.
    let Ok((home, network)) = homes.try_recv() else { return };
    assert!(failed.is_err());
    assert_eq!(traces(&home, &network), Vec::<String>::new());
}

/// All that there is of an Engine: its folder, mounts, control groups, and the processes of its own and of its network.
fn traces(home: &Path, network: &Path) -> Vec<String> {
    let name = home.file_name().unwrap().to_str().unwrap();
    let mut traces: Vec<String> = home.exists().then(|| home.display().to_string()).into_iter().collect();
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    traces.extend(mounts.lines().filter(|mount| mount.contains(name)).map(str::to_owned));
    let hierarchies = fs::read_dir("/sys/fs/cgroup").unwrap().map(|entry| entry.unwrap().path());
    let groups = hierarchies.chain(["/sys/fs/cgroup".into()]).map(|hierarchy| hierarchy.join(name));
    traces.extend(groups.filter(|group| group.exists()).map(|group| group.display().to_string()));
    for process in fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path()) {
        let command = fs::read_to_string(process.join("cmdline")).unwrap_or_default();
        if command.contains(name) || fs::read_link(process.join("ns/net")).is_ok_and(|its| its == network) {
            traces.push(command);
        }
    }
    traces
}
