//! The Engine that is none speaks as a real one does, to the client that canaryd has.

use bollard::errors::Error;
use bollard::models::{ContainerStateStatusEnum, EventMessage, HealthStatusEnum};
use bollard::query_parameters::{EventsOptions, InspectContainerOptions, ListContainersOptions, StopContainerOptions};
use bollard::{API_DEFAULT_VERSION, Docker};
use futures_util::{Stream, StreamExt as _};
use http::Method;
use serde_json::json;
use tokio::time::timeout;

use crate::support::{FakeContainer, FakeEngine, PATIENCE};

fn client(engine: &FakeEngine) -> Docker {
    Docker::connect_with_unix(&engine.host(), 120, API_DEFAULT_VERSION).unwrap()
}

fn web_1() -> FakeContainer {
    FakeContainer::new("web-1").label("canary.service", "web").network("shop", "172.18.0.2")
}

/// Those events of containers that have these names.
fn options(names: &[&str]) -> EventsOptions {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    let filters = [("type".to_owned(), vec!["container".to_owned()]), ("event".to_owned(), names)];
    EventsOptions { filters: Some(filters.into()), ..EventsOptions::default() }
}

async fn next(events: &mut (impl Stream<Item = Result<EventMessage, Error>> + Unpin)) -> Option<EventMessage> {
    timeout(PATIENCE, events.next()).await.unwrap().map(Result::unwrap)
}

#[tokio::test]
async fn what_it_holds_is_listed_and_inspected() {
    let engine = FakeEngine::start();
    engine.image("web:v1", &[("of.the.image", "1")]);
    let id = engine.add(&web_1().health("starting"));
    engine.add(&FakeContainer::new("stopped").label("canary.service", "web").status("exited"));
    engine.add(&FakeContainer::new("stranger"));
    let docker = client(&engine);
    let labelled = [("label".to_owned(), vec!["canary.service".to_owned()])];
    let options = ListContainersOptions { filters: Some(labelled.into()), ..ListContainersOptions::default() };
    let listed = docker.list_containers(Some(options)).await.unwrap();
    assert_eq!(listed.iter().map(|one| one.id.as_deref().unwrap()).collect::<Vec<_>>(), [&id]);
    let inspected = docker.inspect_container(&id[..12], None::<InspectContainerOptions>).await.unwrap();
    let endpoint = &inspected.network_settings.unwrap().networks.unwrap()["shop"];
    assert_eq!(endpoint.ip_address.as_deref(), Some("172.18.0.2"));
    assert_eq!(inspected.state.unwrap().status, Some(ContainerStateStatusEnum::RUNNING));
    let labels = inspected.config.unwrap().labels.unwrap();
    assert_eq!((&*labels["canary.service"], &*labels["of.the.image"]), ("web", "1"));
    let image = docker.inspect_image("web:v1").await.unwrap();
    assert_eq!(image.id, inspected.image);
    assert_eq!(engine.times("/containers/json"), 1);
}

#[tokio::test]
async fn events_pass_the_filters_and_the_missed_ones_are_in_the_ring() {
    let engine = FakeEngine::start();
    let id = engine.add(&web_1());
    let mut events = client(&engine).events(Some(options(&["kill", "health_status"]))).boxed();
    let heard = tokio::spawn(async move {
        let heard = (next(&mut events).await.unwrap(), next(&mut events).await.unwrap());
        (heard, next(&mut events).await)
    });
    engine.until_watched().await;
    engine.event("start", &id, &[]);
    engine.event("kill", &id, &[("signal", "15")]);
    engine.stall();
    engine.event("health_status: unhealthy", &id, &[]);
    engine.resume();
    engine.end_streams();
    let ((kill, health), end) = heard.await.unwrap();
    assert_eq!(kill.actor.unwrap().attributes.unwrap()["signal"], "15");
    assert_eq!(health.action.as_deref(), Some("health_status: unhealthy"));
    assert_eq!(end, None);

    let since = format!("{}.{:09}", kill.time.unwrap(), kill.time_nano.unwrap() % 1_000_000_000);
    let options = EventsOptions { since: Some(since), ..options(&["kill"]) };
    let mut events = client(&engine).events(Some(options)).boxed();
    assert_eq!(next(&mut events).await.unwrap().time_nano, kill.time_nano);
}

#[tokio::test]
async fn what_it_holds_can_change_while_it_is_looked_at() {
    let engine = FakeEngine::start();
    let id = engine.add(&web_1().image("web:v2").health("starting"));
    let docker = client(&engine);
    let all = EventsOptions { since: Some("0".to_owned()), ..EventsOptions::default() };
    engine.event("start", &id, &[]);
    engine.forget();
    let mut events = docker.events(Some(all)).boxed();
    let heard = tokio::spawn(async move { (next(&mut events).await.unwrap(), next(&mut events).await.unwrap()) });
    engine.until_watched().await;
    engine.network_event("disconnect", "shop", &id);
    engine.say("{\"Type\":\"container\",\"Action\":\"oom\"}\n");
    let (disconnected, said) = heard.await.unwrap();
    let network = disconnected.actor.unwrap();
    assert_eq!((network.id, &network.attributes.unwrap()["container"]), (Some(engine.network("shop")), &id));
    assert_eq!(said.action.as_deref(), Some("oom"));

    engine.set_health(&id, "healthy");
    engine.set_address(&id, "shop", "172.18.0.9");
    engine.change(&id, |inspected| inspected["RestartCount"] = json!(2));
    let inspected = docker.inspect_container(&id, None::<InspectContainerOptions>).await.unwrap();
    assert_eq!(inspected.restart_count, Some(2));
    assert_eq!(inspected.state.unwrap().health.unwrap().status, Some(HealthStatusEnum::HEALTHY));
    let listed = &docker.list_containers(None::<ListContainersOptions>).await.unwrap()[0];
    assert_eq!((listed.image.as_deref(), listed.status.as_deref()), (Some("web:v2"), Some("Up 2 seconds (healthy)")));
    engine.remove(&id);
    let gone = docker.inspect_container(&id, None::<InspectContainerOptions>).await.unwrap_err();
    assert!(matches!(gone, Error::DockerResponseServerError { status_code: 404, .. }), "{gone}");
}

#[tokio::test]
async fn it_can_break_off_go_away_and_come_back() {
    let engine = FakeEngine::start();
    let docker = client(&engine);
    let mut events = docker.events(Some(options(&["kill"]))).boxed();
    let heard = tokio::spawn(async move { events.next().await });
    engine.until_watched().await;
    engine.cut();
    assert!(timeout(PATIENCE, heard).await.unwrap().unwrap().is_none_or(|event| event.is_err()));
    docker.ping().await.unwrap();
    engine.refuse();
    docker.ping().await.unwrap_err();
    engine.come_back();
    docker.ping().await.unwrap();
}

#[tokio::test]
async fn an_answer_waits_for_as_long_as_it_is_held() {
    let engine = FakeEngine::start();
    let id = engine.add(&web_1());
    let path = format!("/containers/{id}/json");
    engine.hold(&path);
    let docker = client(&engine);
    let asked = id.clone();
    let inspected =
        tokio::spawn(async move { docker.inspect_container(&asked, None::<InspectContainerOptions>).await });
    engine.until_times(&path, 1).await;
    engine.set_status(&id, "exited");
    client(&engine).ping().await.unwrap();
    engine.let_go();
    let inspected = inspected.await.unwrap().unwrap();
    assert_eq!(inspected.state.unwrap().running, Some(false));
}

#[tokio::test]
async fn what_writes_is_written_down_and_answered_as_scripted() {
    let engine = FakeEngine::start();
    let id = engine.add(&web_1());
    let docker = client(&engine);
    let stop = format!("/containers/{id}/stop");
    engine.script(Method::POST, &stop, 500, json!({ "message": "no" }));
    let refused = docker.stop_container(&id, None::<StopContainerOptions>).await.unwrap_err();
    assert!(refused.to_string().contains("no"), "{refused}");
    docker
        .stop_container(&id, Some(StopContainerOptions { t: Some(3), ..StopContainerOptions::default() }))
        .await
        .unwrap();
    let writes = engine.writes();
    assert_eq!(writes.iter().map(|asked| &*asked.path).collect::<Vec<_>>(), [&*stop, &format!("{stop}?t=3")]);
}
