//! A deployment of an image that only a registry has, and that the registry gives to nobody who does not show a password.

use std::fs;
use std::process::Command;

use canary_controller::api::Preflight;
use serde_json::json;

use super::deploy::BLUE_GREEN;
use super::yard::Yard;
use crate::support::{Canaryd, Registry, with_own_engine};

#[test]
fn an_image_comes_by_its_tag_from_a_registry_that_wants_a_password() {
    with_own_engine(async |engine| {
        let folder = tempfile::tempdir().unwrap();
        let Some(registry) = Registry::start(folder.path()).await else { return };
        let mut yard = Yard::open(engine, 1, BLUE_GREEN).await;
        let image = registry.take(engine, &engine.image("v2", &[]).await, "v2").await;
        let config = folder.path().join("config.json");
        registry.write_config(&config, &Registry::PASSWORD.replace('?', "!"));
        let text = fs::read_to_string(&yard.site.config_path).unwrap();
        yard.site.write(&text.replace("[docker]", &format!("[docker]\nregistry_auth_file = \"{}\"", config.display())));
        yard.canaryd.terminate().await;
        let mut command = Command::new("env");
        command.args(["CANARYD_LOG=debug", env!("CARGO_BIN_EXE_canaryd"), "--config"]).arg(&yard.site.config_path);
        yard.canaryd = Canaryd::answering(command, &yard.site).await;
        yard.until("stable", |status| status.tracks.first().is_some_and(|track| track.ready == 1)).await;

        let refused = yard.post("deploy", json!({ "image": image })).await;
        assert_ne!(refused.status, 200, "{}", refused.text);
        assert!(refused.text.contains("me/web"), "{}", refused.text);
        let checked: Preflight = yard.post("preflight", json!({ "image": image })).await.good();
        let shown = format!("{checked:?}");
        assert!(shown.contains("unauthorized") || shown.contains("authentication"), "{shown}");

        registry.write_config(&config, Registry::PASSWORD);
        let release = yard.deploy(&image).await;
        yard.until_stable(&release).await;
        let seen = yard.until_alone(Some(&release), 1).await;
        let made = seen.iter().find(|one| one.is_made).unwrap();
        let inspected = engine.docker.inspect_container(&made.name, None).await.unwrap();
        let pinned = inspected.config.unwrap().image.unwrap();
        assert!(pinned.starts_with(&format!("{}/me/web@sha256:", registry.address)), "{pinned}");
        for text in [refused.text, shown, yard.canaryd.all_said()] {
            assert!(!text.contains("hunter2"), "{text}");
        }
    });
}
