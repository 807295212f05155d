//! What `docker compose` does to a service on its own: another image, and an end in the midst of a trial.

use std::collections::BTreeSet;

use canary_controller::rollout::PhaseName;

use super::deploy::served;
use super::lookout::{Lookout, attached};
use super::real::REQUESTS;
use crate::support::{Compose, Dockerd, Project, SLOW, with_engine};

/// Brings a project up, in the background.
const UP: [&str; 2] = ["up", "--detach"];

fn file(image: &str) -> String {
    format!("services:\n  web:\n    image: {image}\n    labels:\n      canary.service: web\n")
}

/// A project with so many containers, and whoever looks at it; nothing, if there is no such Compose.
async fn project(engine: &Dockerd, compose: Compose, containers: usize) -> Option<(Project, Lookout)> {
    let v1 = engine.image("v1", &[]).await;
    let project = Project::new(engine, compose, &file(&v1))?;
    project.run(&[&UP[..], &["--scale", &format!("web={containers}")]].concat()).await;
    let lookout = Lookout::at_ready(&engine.host, SLOW, containers).await;
    Some((project, lookout))
}

/// An image is changed in the file, and the project brought up again: with one container, and with two.
async fn changes(engine: &Dockerd, compose: Compose) {
    let Some((project, lookout)) = project(engine, compose, 1).await else { return };
    let load = lookout.load().await;
    for (image, containers) in [("v2", 1), ("v3", 2)] {
        let scale = format!("web={containers}");
        project.run(&[&UP[..], &["--scale", &scale]].concat()).await;
        lookout.until_ready(containers).await;
        let (stable, image) = (lookout.canaryd.api.status().await.stable, engine.image(image, &[]).await);
        project.write("docker-compose.yml", &file(&image));
        project.run(&[&UP[..], &["--scale", &scale]].concat()).await;
        lookout.until("the other release", |status| status.stable != stable).await;
        lookout.until_ready(containers).await;
        load.more(REQUESTS / 3).await;
    }
    // A command of a service's image is none of its instances.
    project.run(&["run", "--rm", "--no-deps", "web", "sleep", "100"]).await;
    assert_eq!(served(load).await, ["v1", "v2", "v3"].map(str::to_owned).into());
    assert_eq!(lookout.canaryd.api.story().await, ["idle replaced"; 3]);
}

#[test]
fn another_image_costs_no_request_with_the_compose_of_debian() {
    with_engine(async |engine| changes(engine, Compose::Debian).await);
}

#[test]
fn another_image_costs_no_request_with_the_compose_of_today() {
    with_engine(async |engine| changes(engine, Compose::Today).await);
}

/// A service that says nothing of its probes is made anew from another image, as `compose up` does it.
#[test]
fn a_service_with_the_probes_of_the_default_is_made_anew_and_no_request_fails() {
    with_engine(async |engine| {
        let v1 = engine.image("v1", &[]).await;
        let Some(project) = Project::new(engine, Compose::Today, &file(&v1)) else { return };
        project.run(&UP).await;
        let lookout = Lookout::at(&engine.host, "", SLOW).await;
        let (stable, v2) = (lookout.until_ready(1).await.stable, engine.image("v2", &[]).await);
        let load = lookout.load().await;
        project.write("docker-compose.yml", &file(&v2));
        project.run(&UP).await;
        lookout.until("the other release", |status| status.stable != stable).await;
        lookout.until_ready(1).await;
        project.run(&[&UP[..], &["--force-recreate"]].concat()).await;
        lookout.until_ready(1).await;
        load.more(REQUESTS).await;
        assert!(served(load).await.contains("v2"));
    });
}

/// A release is on trial that is none of the project's.
async fn ends_in_the_midst(engine: &Dockerd, compose: Compose) {
    let Some((project, lookout)) = project(engine, compose, 1).await else { return };
    let v2 = engine.image("v2", &[]).await;
    engine.run("new", &v2, attached).await;
    let release = lookout.until_seen("new", "running").await;
    lookout.canaryd.api.start(release.as_str()).await.done();
    lookout.canaryd.api.until_step(1).await;
    let load = lookout.load().await;
    load.more(REQUESTS / 3).await;
    project.run(&[&UP[..], &["--remove-orphans"]].concat()).await;
    load.more(REQUESTS / 3).await;
    let status = lookout.canaryd.api.status().await;
    assert_eq!((status.phase, status.canary, status.tracks[0].ready), (PhaseName::Progressing, Some(release), 1));
    project.run(&["down"]).await;
    let status = lookout.canaryd.api.until_phase(PhaseName::Paused).await;
    assert_eq!(status.pause.as_deref(), Some("stable-unready"));
    load.more(REQUESTS / 3).await;
    project.run(&UP).await;
    lookout.canaryd.api.until_step(1).await;
    lookout.canaryd.api.until_phase(PhaseName::Progressing).await;
    assert_eq!(served(load).await, BTreeSet::from(["v1".to_owned(), "v2".to_owned()]));
}

#[test]
fn a_project_that_goes_down_leaves_the_canary_to_serve_with_the_compose_of_debian() {
    with_engine(async |engine| ends_in_the_midst(engine, Compose::Debian).await);
}

#[test]
fn a_project_that_goes_down_leaves_the_canary_to_serve_with_the_compose_of_today() {
    with_engine(async |engine| ends_in_the_midst(engine, Compose::Today).await);
}
