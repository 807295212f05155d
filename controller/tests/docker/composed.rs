//! Compose and canaryd are where the Engine of a test is.

use crate::support::{Canaryd, Compose, Dockerd, Project, SLOW, Site, Steady, with_engine};

use super::real::{REQUESTS, ask};

/// A Compose file with one service, of this image.
fn file(image: &str) -> String {
    format!("services:\n  web:\n    image: {image}\n    labels:\n      canary.service: web\n")
}

/// Brings a project up, and again with another image.
async fn comes_up_and_changes(engine: &Dockerd, compose: Compose) {
    let (v1, v2) = (engine.image("v1", &[]).await, engine.image("v2", &[]).await);
    let Some(project) = Project::new(engine, compose, &file(&v1)) else { return };
    for (version, image) in [("v1", v1), ("v2", v2)] {
        project.write("docker-compose.yml", &file(&image));
        project.run(&["up", "--detach"]).await;
        let containers = project.containers(engine, "web").await;
        assert_eq!(containers.len(), 1);
        assert_eq!(ask(engine, &containers[0], "/").await, version);
    }
}

#[test]
fn a_project_of_the_compose_of_debian_comes_up_and_changes() {
    with_engine(async |engine| comes_up_and_changes(engine, Compose::Debian).await);
}

#[test]
fn a_project_of_the_compose_of_today_comes_up_and_changes() {
    with_engine(async |engine| comes_up_and_changes(engine, Compose::Today).await);
}

#[test]
fn canaryd_reaches_containers_from_within_their_network() {
    with_engine(async |engine| {
        let v1 = engine.image("v1", &[]).await;
        let (one, two) = (engine.run("web-1", &v1, |_| {}).await, engine.run("web-2", &v1, |_| {}).await);
        let site = Site::new(SLOW).await;
        let (one, two) = (one.address, two.address);
        let web = format!(
            r#"
[services.web]
rule = "PathPrefix(`/`)"
stable = "v1"
probe = {{ path = "/healthz", interval = "20ms", timeout = "5s", rise = 1, fall = 2 }}
[services.web.releases.v1]
backends = ["{one}", "{two}"]
[services.web.rollout]
{SLOW}
"#
        );
        site.write(&format!("{}{web}", site.daemon()));
        let canaryd = Canaryd::start(&site).await;
        let load = Steady::on(canaryd.web().await, u32::MAX);
        load.more(REQUESTS).await;
        let ends = load.stop().await.gets;
        assert!(ends.values().all(|end| end.is_good()), "{ends:?}");
        assert!(engine.logs("web-1").await.contains("GET") && engine.logs("web-2").await.contains("GET"));
    });
}
