//! Commands of hooks, run by a real Engine.

use std::time::Duration;

use canary_config::docker::DockerHost;
use canary_config::hooks::{Hook, HookAction, OnFailure, Smoke};
use canary_config::weight::Weight;
use canary_controller::docker::host::Host;
use canary_controller::docker::owner::Owner;
use canary_controller::docker::sighting::ContainerId;
use canary_controller::hooks::{Check, Circumstances, Report, Room, Target, Turns, run_hook, run_smoke};
use canary_controller::rollout::Generation;
use canary_controller::store::Seed;

use super::real::ask;
use crate::support::{Dockerd, with_engine};

const LONG: Duration = Duration::from_secs(60);

fn circumstances() -> Circumstances {
    Circumstances {
        service: "web".parse().unwrap(),
        release: "v2".parse().unwrap(),
        stable: "v1".parse().unwrap(),
        image: "web:v2".into(),
        generation: Generation::default(),
        step: None,
        weight: Weight::ZERO,
        verdict: "none",
        reason: "command",
    }
}

fn turns() -> Turns {
    Turns::new(Owner::of(&Seed::fresh()))
}

fn words(command: &str) -> Vec<String> {
    command.split(' ').map(str::to_owned).collect()
}

fn room(engine: &Dockerd, container: &str) -> Room {
    let docker = DockerHost::Unix(engine.socket());
    let (service, release) = ("web".parse().unwrap(), "v2".parse().unwrap());
    Room::Like { docker, container: ContainerId::new(container), service, release }
}

async fn ran(room: &Room, command: &str, deadline: Duration, retries: u32) -> Report {
    let action = HookAction::Command(words(command));
    let hook = Hook { action, deadline, retries, on_failure: OnFailure::Abort, is_reversible: true };
    run_hook(Check::PreTraffic, &hook, &circumstances(), room, &turns()).await
}

#[test]
fn a_command_passes_fails_or_is_killed_at_its_deadline() {
    with_engine(async |engine| {
        let image = engine.image("v2", &[]).await;
        let web = engine.run("web-1", &image, |_| {}).await;
        let room = room(engine, &web.id);
        let told = ran(&room, "env CANARYD_", LONG, 0).await;
        let hook = ["CANARYD_GENERATION=0", "CANARYD_HOOK=pre_traffic", "CANARYD_IMAGE=web:v2"];
        assert_eq!((&told.result, &told.said[..3]), (&Ok(()), &hook.map(str::to_owned)[..]));
        let failed = ran(&room, "fail 3", LONG, 1).await;
        assert_eq!((failed.result, failed.tries), (Err("it ended with code 3".into()), 2));
        assert_eq!(failed.said, ["it fails, as it was told"]);
        let hung = ran(&room, "sleep 60000", Duration::from_millis(500), 0).await;
        assert_eq!(hung.result, Err("it was not over within 500ms, and was killed".into()));
        // Nothing is left of any of them.
        let host = Host::connect(&DockerHost::Unix(engine.socket())).await.unwrap();
        assert_eq!(host.managed().await.unwrap(), []);
    });
}

#[test]
fn a_smoke_test_reaches_the_instance_that_it_is_told() {
    with_engine(async |engine| {
        let image = engine.image("v2", &[]).await;
        let web = engine.run("web-1", &image, |_| {}).await;
        assert_eq!(ask(engine, "web-1", "/").await, "v2");
        let target = || Target { address: web.address, room: room(engine, &web.id) };
        let smoke = |command: &str| {
            let command = Some(words(command));
            Smoke { requests: Vec::new(), command, deadline: LONG, retries: 0 }
        };
        let told =
            run_smoke(Check::SmokeBefore, &smoke("env CANARYD_TARGET"), &circumstances(), &[target()], &turns()).await;
        assert_eq!((told.result, told.said), (Ok(()), vec![format!("CANARYD_TARGET=http://{}", web.address)]));
        let get = format!("get {} /", web.address);
        let reached =
            run_smoke(Check::SmokeBefore, &smoke(&get), &circumstances(), &[target(), target()], &turns()).await;
        assert_eq!(reached.result, Ok(()), "{:?}", reached.said);
    });
}
