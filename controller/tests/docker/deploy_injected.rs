//! Copies of containers that Compose has put files into, and of such whose entrypoint was taken away: what a copy cannot
//! have is never missing in silence, and what was taken away does not come back.

use bollard::body_full;
use bollard::models::{ContainerConfig, ContainerCreateBody};
use bollard::query_parameters::{CommitContainerOptions, RemoveContainerOptions, UploadToContainerOptions};
use serde_json::json;

use super::deploy::served;
use super::real::REQUESTS;
use super::yard::Yard;
use crate::support::{Compose, Dockerd, Project, QUICK, SLOW, with_engine};

/// A service whose file has contents in it: a config over a file of the image, and a secret beside the usual folder.
fn file(image: &str) -> String {
    format!(
        "services:
  web:
    image: {image}
    labels:
      canary.service: web
    configs: [{{source: conf, target: /etc/app.conf}}]
    secrets: [{{source: key, target: /key}}]
configs:
  conf: {{content: of-compose}}
secrets:
  key: {{environment: KEY}}
"
    )
}

/// An image that has the file that the config is put over.
async fn image_with_config(engine: &Dockerd) -> String {
    let v1 = engine.image("v1", &[]).await;
    let id = engine.create("model", &v1, |_| {}).await;
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(8);
    header.set_mode(0o644);
    archive.append_data(&mut header, "etc/app.conf", &b"of-image"[..]).unwrap();
    let options = UploadToContainerOptions { path: "/".into(), ..UploadToContainerOptions::default() };
    let archive = body_full(archive.into_inner().unwrap().into());
    engine.docker.upload_to_container(&id, Some(options), archive).await.unwrap();
    let options = CommitContainerOptions {
        container: Some(id.clone()),
        repo: Some("canaryd-test".into()),
        tag: Some("configured".into()),
        ..CommitContainerOptions::default()
    };
    engine.docker.commit_container(options, ContainerConfig::default()).await.unwrap();
    engine.docker.remove_container(&id, None::<RemoveContainerOptions>).await.unwrap();
    "canaryd-test:configured".to_owned()
}

#[test]
fn what_compose_puts_over_files_and_beside_the_secrets_is_refused_after_every_start() {
    with_engine(async |engine| {
        let v1 = image_with_config(engine).await;
        let v2 = engine.image("v2", &[]).await;
        let Some(project) = Project::new(engine, Compose::Today, &file(&v1)) else { return };
        project.write(".env", "KEY=hunter2\n");
        project.run(&["up", "--detach"]).await;
        let yard = Yard::found(engine, 1, SLOW).await;
        let is_refused = async || {
            let answer = yard.post("preflight", json!({ "image": v2 })).await;
            let message =
                "files were put into it before it started, by `configs: content:` or by hand: /key, /etc/app.conf";
            assert!(answer.text.contains(message), "{}", answer.text);
            assert!(!answer.text.contains("hunter2"), "{}", answer.text);
        };
        is_refused().await;
        for words in [&["restart"][..], &["stop"], &["up", "--detach"]] {
            project.run(words).await;
            if words != ["stop"] {
                yard.until("stable again", |status| status.tracks.first().is_some_and(|track| track.ready == 1)).await;
                is_refused().await;
            }
        }
    });
}

#[test]
fn an_entrypoint_that_was_taken_away_is_so_in_the_next_release() {
    with_engine(async |engine| {
        let taken_away = |body: &mut ContainerCreateBody| {
            body.entrypoint = Some(vec![String::new()]);
            body.cmd = Some(vec!["/web".into()]);
        };
        let yard = Yard::with(engine, 1, QUICK, taken_away).await;
        // With it, the command would be one of its own, and the container would end.
        let v2 = engine.image("v2", &["CMD [\"/web\"]"]).await;
        let load = yard.load().await;
        load.more(REQUESTS / 3).await;
        let release = yard.deploy(&v2).await;
        yard.until_stable(&release).await;
        let made = yard.until_alone(Some(&release), 1).await.into_iter().find(|one| one.is_made).unwrap();
        let config = engine.inspect(&made.name).await.config.unwrap();
        assert_eq!(config.entrypoint.unwrap_or_default(), Vec::<String>::new());
        assert_eq!(config.cmd, Some(vec!["/web".to_owned()]));
        served(load).await;
    });
}
