//! An Engine that is not at a socket of this machine: over TLS, and behind a proxy that lets pass who only looks.

use std::fs;
use std::path::Path;

use bollard::models::ContainerCreateBody;
use canary_controller::api::ServiceStatus;
use canary_controller::rollout::PhaseName;

use super::deploy::BLUE_GREEN;
use super::lookout::{Lookout, PROBED, attached};
use super::yard::Yard;
use crate::support::{Authority, Canaryd, Doorman, Identity, SLOW, free_address, until, with_engine, with_own_engine};

/// How `[docker]` names an Engine that wants to be shown a certificate.
fn docker(address: &str, ca: &Path, own: &Identity) -> String {
    let [ca, cert, key] = [ca, &own.cert, &own.key].map(|path| path.display());
    format!("host = \"tcp://{address}\"\ntls = {{ ca = \"{ca}\", cert = \"{cert}\", key = \"{key}\" }}")
}

#[test]
fn an_engine_is_looked_at_and_deployed_to_over_tls() {
    with_own_engine(async |engine| {
        let folder = tempfile::tempdir().unwrap();
        let (authority, stranger) = (Authority::new(folder.path(), "ours"), Authority::new(folder.path(), "another"));
        let (server, client) = (authority.issue("127.0.0.1"), authority.issue("canaryd"));
        let address = free_address().to_string();
        engine.listen_also(&address, &authority.ca, &server).await;
        let mut yard = Yard::open(engine, 1, BLUE_GREEN).await;
        let text = fs::read_to_string(&yard.site.config_path).unwrap();
        let plain = format!("host = \"{}\"", engine.host);
        assert!(text.contains(&plain), "{text}");

        yard.canaryd.terminate().await;
        yard.site.write(&text.replace(&plain, &docker(&address, &stranger.ca, &client)));
        yard.canaryd = Canaryd::up(&yard.site).await;
        until("an Engine that is not believed", async || {
            let docker = yard.canaryd.api.overview().await.docker.expect("an Engine is looked for");
            let trouble = docker.trouble.unwrap_or_default();
            let is_so = trouble.contains(&address) && trouble.contains("certificate");
            if is_so { Ok(()) } else { Err(trouble) }
        })
        .await;

        yard.canaryd.terminate().await;
        yard.site.write(&text.replace(&plain, &docker(&address, &authority.ca, &client)));
        yard.canaryd = Canaryd::up(&yard.site).await;
        let ready = |status: &ServiceStatus| status.tracks.iter().any(|track| track.ready == 1);
        yard.until("stable", ready).await;
        let v2 = engine.image("v2", &[]).await;
        let release = yard.deploy(&v2).await;
        yard.until_stable(&release).await;
        yard.until_alone(Some(&release), 1).await;
    });
}

#[test]
fn who_only_looks_needs_nothing_but_get() {
    with_engine(async |engine| {
        let (v1, v2) = (engine.image("v1", &[]).await, engine.image("v2", &[]).await);
        engine.run("web-1", &v1, attached).await;
        let doorman = Doorman::before(engine.socket()).await;
        let lookout =
            Lookout::at(&format!("tcp://{}", doorman.address), &PROBED.replace("fall = 2", "fall = 10"), SLOW).await;
        lookout.until_ready(1).await;
        let crash = |body: &mut ContainerCreateBody| {
            attached(body);
            body.env = Some(vec!["CRASH_AFTER=4000".into()]);
        };
        engine.run("new", &v2, crash).await;
        let release = lookout.until_seen("new", "running").await;
        lookout.canaryd.api.start(release.as_str()).await.done();
        // The probes let the Engine tell first what has ended.
        let is_measured = |status: &ServiceStatus| {
            status.containers.iter().filter(|container| container.usage.is_some()).count() == 2
        };
        lookout.until("what both use", is_measured).await;
        let status = lookout.canaryd.api.until_phase(PhaseName::Aborted).await;
        assert_eq!(status.reason.as_deref(), Some("container-died"));
        lookout.until("its last words", |status| !status.last_words.is_empty()).await;
        assert_eq!(doorman.refused(), Vec::<String>::new());
    });
}
