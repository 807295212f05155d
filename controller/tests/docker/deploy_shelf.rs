//! What canaryd knows of containers that it has put away, whatever becomes of them and of its file meanwhile.

use bollard::query_parameters::{RemoveContainerOptions, StartContainerOptions};
use serde_json::json;

use super::deploy::{BLUE_GREEN, served};
use super::yard::Yard;
use crate::support::{Canaryd, with_engine};

#[test]
fn an_old_release_that_somebody_brought_back_is_stopped_like_any_other() {
    with_engine(async |engine| {
        let yard = Yard::open(engine, 1, BLUE_GREEN).await;
        let v1 = yard.canaryd.api.status().await.stable.to_string();
        let v2 = engine.image("v2", &[]).await;
        let release = yard.deploy(&v2).await;
        yard.until_stable(&release).await;
        let made = yard.until_alone(Some(&release), 1).await.into_iter().find(|one| one.is_made).expect("it runs").name;
        engine.docker.start_container("web-1", None::<StartContainerOptions>).await.unwrap();
        let forced = RemoveContainerOptions { force: true, ..RemoveContainerOptions::default() };
        engine.docker.remove_container(&made, Some(forced)).await.unwrap();
        yard.until_stable(&v1).await;
        yard.until("stable", |status| status.tracks.first().is_some_and(|track| track.ready == 1)).await;
        let v3 = engine.image("v3", &[]).await;
        let release = yard.deploy(&v3).await;
        yard.until_stable(&release).await;
        yard.until_alone(Some(&release), 1).await;
    });
}

#[test]
fn a_service_that_was_not_declared_for_a_while_goes_back_to_what_it_had() {
    with_engine(async |engine| {
        let mut yard = Yard::open(engine, 1, BLUE_GREEN).await;
        let v1 = yard.canaryd.api.status().await.stable.to_string();
        let v2 = engine.image("v2", &[]).await;
        let release = yard.deploy(&v2).await;
        yard.until_stable(&release).await;
        yard.until_alone(Some(&release), 1).await;
        let with = std::fs::read_to_string(&yard.site.config_path).unwrap();
        let without = with.replace("services.web", "services.other");

        for is_killed in [false, true] {
            yard.site.write(&without);
            if is_killed {
                yard.canaryd.kill9();
                yard.canaryd = Canaryd::up(&yard.site).await;
            } else {
                assert_eq!(yard.canaryd.api.reload().await.status, 200);
            }
            yard.site.write(&with);
            let reloaded = yard.canaryd.api.reload().await;
            assert_eq!(reloaded.status, 200, "{}", reloaded.text);
            let kept = yard.until("what is kept", |status| !status.kept.is_empty()).await.kept;
            assert_eq!((kept[0].release.as_str(), kept[0].was_stable), (v1.as_str(), true), "killed: {is_killed}");
        }
        yard.until("stable", |status| status.tracks.first().is_some_and(|track| track.ready == 1)).await;
        let load = yard.load().await;
        let back = yard.post("rollback", json!({})).await;
        assert_eq!(back.status, 200, "{}", back.text);
        yard.until_stable(&v1).await;
        yard.until_alone(None, 1).await;
        served(load).await;
    });
}
