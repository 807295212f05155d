//! Deployments by `canaryctl deploy --from-compose`: what is only in a Compose file is in the new release, and the
//! user's own project stays as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Output, Stdio};

use bollard::models::ContainerInspectResponse;
use bollard::query_parameters::DownloadFromContainerOptions;
use canary_controller::api::ServiceStatus;
use canary_controller::rollout::PhaseName;
use futures_util::TryStreamExt as _;
use tokio::task::spawn_blocking;

use super::deploy::served;
use super::real::REQUESTS;
use super::yard::Yard;
use crate::support::{Compose, Dockerd, Project, QUICK, SLOW, with_engine};

/// The old release leaves first.
const RECREATE: &str = "strategy = \"recreate\"\nprobation = \"1s\"";
/// What nobody may see.
const MARKER: &str = "hunter2-hunter2";

/// A file whose service has what no copy can pick up: variables of another file, beside a network and a volume.
fn file(image: &str) -> String {
    format!(
        "services:
  web:
    image: {image}
    env_file: app.env
    restart: unless-stopped
    depends_on: [db]
    ports: ['8080']
    labels:
      canary.service: web
      team: shop
    networks: [default, back]
    volumes: ['data:/data']
  db:
    image: {image}
networks:
  back: {{}}
volumes:
  data: {{}}
version: '3.8'
"
    )
}

/// A project that is up, and a canaryd that provides for its service.
async fn yard<'a>(engine: &'a Dockerd, compose: Compose, plan: &str) -> Option<(Project, Yard<'a>)> {
    let v1 = engine.image("v1", &[]).await;
    let project = Project::new(engine, compose, &file(&v1))?;
    project.write("app.env", "GREETING=old\n");
    project.run(&["up", "--detach"]).await;
    let yard = Yard::found(engine, 1, &format!("{plan}\n[services.web.docker]\nnetwork = \"back\"")).await;
    Some((project, yard))
}

/// The user's command, to its end.
async fn canaryctl(yard: &Yard<'_>, project: &Project, words: &[&str]) -> Output {
    let command = command(yard, project, words);
    let output = spawn_blocking(move || { command }.output()).await.unwrap().unwrap();
    let said = said(&output);
    assert!(!said.contains(MARKER), "{said}");
    output
}

fn command(yard: &Yard<'_>, project: &Project, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_canaryctl"));
    command.arg("--socket").arg(&yard.site.socket).args(words).env_remove("CANARYD_URL");
    project.known_to(&mut command);
    command
}

fn said(output: &Output) -> String {
    [String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)].concat()
}

/// The only container that canaryd had made, however it ended.
async fn made(yard: &Yard<'_>) -> ContainerInspectResponse {
    let seen = yard.containers().await;
    let names: Vec<_> = seen.iter().filter(|one| one.is_made).map(|one| one.name.clone()).collect();
    let [name] = names.as_slice() else { panic!("{seen:?}") };
    yard.engine.docker.inspect_container(name, None).await.unwrap()
}

fn takes_the_place(compose: Compose, plan: &str) {
    with_engine(async |engine| {
        let Some((project, yard)) = yard(engine, compose, plan).await else { return };
        let v2 = engine.image("v2", &[]).await;
        project.write("docker-compose.yml", &file(&v2));
        project.write("app.env", &format!("GREETING=new $$x\nTOKEN={MARKER}\n"));
        let old = yard.canaryd.api.status().await.stable;

        let load = yard.load().await;
        load.more(REQUESTS / 3).await;
        let output = canaryctl(&yard, &project, &["deploy", "web", "--from-compose"]).await;
        assert!(output.status.success(), "{}", said(&output));
        let is_over = |status: &ServiceStatus| status.phase == PhaseName::Idle && status.stable != old;
        let stable = yard.until("the new release to be stable", is_over).await.stable;
        yard.until_alone(Some(stable.as_str()), 1).await;
        assert_eq!(served(load).await, BTreeSet::from(["v1".to_owned(), "v2".to_owned()]));

        looks_right(&made(&yard).await, &project);
        // Of the user's project there is what was there, stopped.
        assert_eq!(project.containers(engine, "web").await, Vec::<String>::new());
        assert_eq!(project.containers(engine, "db").await.len(), 1);

        let again = canaryctl(&yard, &project, &["deploy", "web", "--from-compose"]).await;
        assert!(again.status.success() && said(&again).contains("stable already"), "{}", said(&again));
    });
}

/// It is what the file says, beside what is there.
fn looks_right(container: &ContainerInspectResponse, project: &Project) {
    let config = container.config.as_ref().unwrap();
    let env = config.env.as_deref().unwrap();
    let has = |text: &str| env.iter().any(|pair| pair == text);
    assert!(has(&format!("TOKEN={MARKER}")), "it has the variables of the file");
    let labels: BTreeMap<_, _> = config.labels.clone().unwrap().into_iter().collect();
    let label = |key: &str| labels.get(key).map(String::as_str);
    let folder = project.path("").display().to_string();
    assert_eq!(label("canary.restart"), Some("unless-stopped"));
    assert_eq!(label("canary.compose.project"), Some("canaryd-test"));
    assert_eq!(label("canary.compose.working_dir"), Some(folder.trim_end_matches('/')));
    assert_eq!(label("team"), Some("shop"));
    let shadow = format!("canaryd-test--{}", label("canary.deployment").unwrap());
    assert_eq!(label("com.docker.compose.project"), Some(shadow.as_str()));
    assert!(!format!("{labels:?}").contains(MARKER), "{labels:?}");
    let networks: BTreeSet<_> =
        container.network_settings.as_ref().unwrap().networks.as_ref().unwrap().keys().collect();
    assert_eq!(
        networks.into_iter().map(String::as_str).collect::<Vec<_>>(),
        ["canaryd-test_back", "canaryd-test_default"]
    );
    let mounts: Vec<_> = container.mounts.iter().flatten().filter_map(|mount| mount.name.as_deref()).collect();
    assert_eq!(mounts, ["canaryd-test_data"]);
    let host = container.host_config.as_ref().unwrap();
    assert!(host.port_bindings.as_ref().is_none_or(std::collections::HashMap::is_empty), "{:?}", host.port_bindings);
}

#[test]
fn a_shadow_of_the_compose_of_debian_takes_the_place_of_stable_and_no_request_fails() {
    takes_the_place(Compose::Debian, QUICK);
}

#[test]
fn a_shadow_of_the_compose_of_today_takes_the_place_of_stable_and_no_request_fails() {
    takes_the_place(Compose::Today, QUICK);
}

#[test]
fn a_shadow_of_the_compose_of_today_takes_the_place_of_what_has_to_stop_first() {
    takes_the_place(Compose::Today, RECREATE);
}

#[test]
fn what_the_compose_of_debian_has_to_start_takes_the_place_of_nothing_that_has_to_stop_first() {
    with_engine(async |engine| {
        let Some((project, yard)) = yard(engine, Compose::Debian, RECREATE).await else { return };
        project.write("app.env", "GREETING=new\n");
        let output = canaryctl(&yard, &project, &["deploy", "web", "--from-compose"]).await;
        assert_eq!(output.status.code(), Some(5), "{}", said(&output));
        assert!(said(&output).contains("Compose completes these containers as it starts them"), "{}", said(&output));
    });
}

#[test]
fn contents_and_volumes_that_no_copy_has_are_in_the_shadow() {
    with_engine(async |engine| {
        let Some((project, yard)) = yard(engine, Compose::Today, QUICK).await else { return };
        let contents =
            format!("configs:\n  conf:\n    content: {MARKER}\nsecrets:\n  key:\n    file: ./key\nnetworks:\n  back");
        let own = "    configs: [{source: conf, target: /web.conf}]\n    secrets: [key]\n    restart";
        let file = file(&engine.image("v2", &[]).await).replacen("networks:\n  back", &contents, 1);
        let file = file.replacen("    restart", own, 1).replacen("'data:/data'", "'data:/data', /cache", 1);
        project.write("docker-compose.yml", &file);
        project.write("key", "of a file");
        let load = yard.load().await;
        let output = canaryctl(&yard, &project, &["deploy", "web", "--from-compose"]).await;
        assert!(output.status.success(), "{}", said(&output));
        let made = made(&yard).await;
        let id = made.id.unwrap();
        assert!(content(engine, &id, "/web.conf").await.contains(MARKER));
        assert!(content(engine, &id, "/run/secrets/key").await.contains("of a file"));
        let named = |at: &str| {
            let mut own = made.mounts.iter().flatten().filter(|mount| mount.destination.as_deref() == Some(at));
            own.next().and_then(|mount| mount.name.clone())
        };
        assert_eq!(named("/data").as_deref(), Some("canaryd-test_data"));
        assert_eq!(named("/cache").map(|name| name.len()), Some(64), "it has no name of its own");
        served(load).await;
    });
}

/// A file of a container, with what an archive puts around it.
async fn content(engine: &Dockerd, container: &str, path: &str) -> String {
    let options = DownloadFromContainerOptions { path: path.to_owned() };
    let archive: Vec<_> =
        engine.docker.download_from_container(container, Some(options)).try_collect().await.expect("an archive");
    String::from_utf8_lossy(&archive.concat()).into_owned()
}

#[test]
fn a_shadow_that_is_sent_back_leaves_stable_as_it_was() {
    with_engine(async |engine| {
        let Some((project, yard)) = yard(engine, Compose::Debian, SLOW).await else { return };
        let before = project.containers(engine, "web").await;
        let v2 = engine.image("v2", &[]).await;
        let load = yard.load().await;
        let output = canaryctl(&yard, &project, &["deploy", "web", "--from-compose", "--image", &v2]).await;
        assert!(output.status.success(), "{}", said(&output));
        yard.canaryd.api.until_step(1).await;
        yard.canaryd.api.abort().await.good::<serde_json::Value>();
        yard.until_alone(None, 1).await;
        assert_eq!(project.containers(engine, "web").await, before);
        served(load).await;
    });
}

#[test]
fn what_compose_cannot_make_leaves_nothing() {
    with_engine(async |engine| {
        let Some((project, yard)) = yard(engine, Compose::Debian, SLOW).await else { return };
        let v2 = engine.image("v2", &[]).await;
        // A network that is not there before Compose is called by its user.
        let more = file(&v2).replace("  back: {}\n", "  back: {}\n  new: {}\n").replace("[default, back]", "[new]");
        project.write("docker-compose.yml", &more);
        project.write("app.env", &format!("TOKEN={MARKER}\n"));
        let output = canaryctl(&yard, &project, &["deploy", "web", "--from-compose"]).await;
        assert_eq!(output.status.code(), Some(10), "{}", said(&output));
        assert!(said(&output).contains("Compose cannot make the containers"), "{}", said(&output));
        yard.until_containers("stable alone", |seen| seen.iter().all(|one| !one.is_made)).await;
        let failed = |status: &ServiceStatus| status.deployment.as_ref().is_some_and(|own| own.failure.is_some());
        yard.until("its end", failed).await;
    });
}

#[test]
fn a_file_that_compose_does_not_accept_is_refused_before_anything_is_made() {
    with_engine(async |engine| {
        let Some((project, yard)) = yard(engine, Compose::Debian, SLOW).await else { return };
        project
            .write("docker-compose.yml", &file("x").replace("restart: unless-stopped", &format!("nonsense: {MARKER}")));
        for verb in ["deploy", "preflight"] {
            let output = canaryctl(&yard, &project, &[verb, "web", "--from-compose"]).await;
            assert_eq!(output.status.code(), Some(5), "{}", said(&output));
            assert!(said(&output).contains("`docker-compose config` does not accept"), "{}", said(&output));
        }
        assert!(yard.canaryd.api.status().await.deployment.is_none());
    });
}

#[test]
fn a_shadow_has_the_variables_that_stable_was_made_with_whatever_its_profile() {
    with_engine(async |engine| {
        let file = |image: &str| {
            let more = "    profiles: [shop]\n    environment: {FROM: '${FROM}', NONE: '${NONE}'}\n    restart";
            file(image).replacen("    restart", more, 1)
        };
        let Some(project) = Project::new(engine, Compose::Today, &file(&engine.image("v1", &[]).await)) else { return };
        project.write("app.env", "GREETING=old\n");
        project.write("shop.env", "FROM=shop\n");
        project.run(&["--env-file", "shop.env", "--profile", "shop", "up", "--detach"]).await;
        let yard = Yard::found(engine, 1, &format!("{SLOW}\n[services.web.docker]\nnetwork = \"back\"")).await;
        project.write("docker-compose.yml", &file(&engine.image("v2", &[]).await));
        let output = canaryctl(&yard, &project, &["deploy", "web", "--from-compose"]).await;
        assert!(output.status.success(), "{}", said(&output));
        let warning = "variables of the Compose file are not set, and are empty: NONE";
        assert!(said(&output).contains(warning), "{}", said(&output));
        let env = made(&yard).await.config.and_then(|config| config.env).unwrap();
        assert!(env.contains(&"FROM=shop".to_owned()), "{env:?}");
    });
}

#[test]
fn a_migration_has_the_variables_of_the_new_file() {
    with_engine(async |engine| {
        let plan = format!("{SLOW}\n[services.web.hooks]\npre_deploy = {{ command = [\"need\", \"NEW\"] }}");
        let Some((project, yard)) = yard(engine, Compose::Debian, &plan).await else { return };
        let v2 = engine.image("v2", &[]).await;
        // The Compose of Debian connects to a second network only what it starts.
        let file = |image: &str| file(image).replace("[default, back]", "[back]");
        project.write("docker-compose.yml", &file(&v2));
        let output = canaryctl(&yard, &project, &["deploy", "web", "--from-compose"]).await;
        assert_eq!(output.status.code(), Some(10), "{}", said(&output));
        assert!(said(&output).contains("NEW is not set"), "{}", said(&output));
        yard.until_containers("stable alone", |seen| seen.iter().all(|one| !one.is_made)).await;
        project.write("app.env", "NEW=1\n");
        let output = canaryctl(&yard, &project, &["deploy", "web", "--from-compose"]).await;
        assert!(output.status.success(), "{}", said(&output));
    });
}

#[test]
fn what_the_operator_forbids_compose_may_not_make_either() {
    with_engine(async |engine| {
        let Some((project, yard)) = yard(engine, Compose::Debian, SLOW).await else { return };
        let file = file(&engine.image("v2", &[]).await).replace("[default, back]", "[back]");
        project.write("docker-compose.yml", &file.replacen("    restart", "    privileged: true\n    restart", 1));
        let output = canaryctl(&yard, &project, &["deploy", "web", "--from-compose"]).await;
        assert_eq!(output.status.code(), Some(10), "{}", said(&output));
        assert!(said(&output).contains("may not serve: it is privileged"), "{}", said(&output));
        yard.until_containers("stable alone", |seen| seen.iter().all(|one| !one.is_made)).await;
    });
}

/// canaryctl is killed when it has called Compose, which goes on all the same, after the deployment has been called off.
fn is_killed(compose: Compose) {
    with_engine(async |engine| {
        let Some((project, yard)) = yard(engine, compose, SLOW).await else { return };
        let v2 = engine.image("v2", &[]).await;
        let before = yard.containers().await;
        project.hold();
        let mut command = Command::new(env!("CARGO_BIN_EXE_canaryctl"));
        command.arg("--socket").arg(&yard.site.socket).args(["deploy", "web", "--from-compose", "--image", &v2]);
        project.known_to(command.env_remove("CANARYD_URL").stdout(Stdio::null()).stderr(Stdio::null()));
        let mut canaryctl = command.spawn().unwrap();
        project.until_called().await;
        canaryctl.kill().unwrap();
        canaryctl.wait().unwrap();
        let waits = |status: &ServiceStatus| status.deployment.as_ref().is_some_and(|own| own.failure.is_none());
        yard.until("a deployment that waits", waits).await;
        yard.canaryd.api.abort().await.good::<serde_json::Value>();
        let is_over = |status: &ServiceStatus| status.deployment.as_ref().is_some_and(|own| own.failure.is_some());
        yard.until("its end", is_over).await;
        // What has been removed before it is started cannot be.
        let said = project.let_go().await;
        assert!(said.contains("Creat"), "{said}");
        yard.until_containers("what was there before", |seen| seen == before).await;
    });
}

#[test]
fn what_the_compose_of_debian_makes_for_a_canaryctl_that_was_killed_is_cleared_away() {
    is_killed(Compose::Debian);
}

#[test]
fn what_the_compose_of_today_makes_for_a_canaryctl_that_was_killed_is_cleared_away() {
    is_killed(Compose::Today);
}
