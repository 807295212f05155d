//! Containers are found by their labels: which one becomes stable, and which are none of a service's.

use std::collections::BTreeSet;

use bollard::models::NetworkConnectRequest;

use super::deploy::served;
use super::lookout::{Lookout, PROBED, attached, labelled, remove, start};
use super::real::REQUESTS;
use crate::support::{Dockerd, SLOW, until, with_engine};

/// Nobody waits for long.
const IMPATIENT: &str = r#"parking = { timeout = "300ms" }"#;

async fn connect(engine: &Dockerd, network: &str, container: &str) {
    let request = NetworkConnectRequest { container: container.to_owned(), ..NetworkConnectRequest::default() };
    engine.docker.connect_network(network, request).await.expect("it is connected");
}

#[test]
fn the_first_container_of_all_is_found_and_whoever_waited_for_it_is_served() {
    with_engine(async |engine| {
        let v1 = engine.image("v1", &[]).await;
        let lookout = Lookout::at(&engine.host, PROBED, SLOW).await;
        lookout.until_sight(true).await;
        let load = lookout.load().await;
        lookout.until("requests that wait", |status| status.waiting > 10).await;
        engine.run("web-1", &v1, attached).await;
        lookout.until_ready(1).await;
        load.more(REQUESTS).await;
        assert_eq!(served(load).await, BTreeSet::from(["v1".to_owned()]));
        assert_eq!(lookout.canaryd.api.story().await, ["idle replaced"]);
        assert_eq!(lookout.docker().await.faults, Vec::<String>::new());
    });
}

#[test]
fn of_two_releases_none_is_stable_before_one_is_adopted() {
    with_engine(async |engine| {
        for version in ["v1", "v2"] {
            let image = engine.image(version, &[]).await;
            engine.run(version, &image, attached).await;
        }
        let lookout = Lookout::at(&engine.host, &format!("{PROBED}\n{IMPATIENT}"), SLOW).await;
        let release = lookout.until_seen("v2", "running").await;
        assert_eq!(lookout.ask().await.0, 503);
        let said = lookout.ctl(&["status", "web"]).await;
        let word = format!("`canaryctl adopt web {release}` makes it stable");
        assert!(said.contains("nothing is stable yet") && said.contains(&word), "{said}");
        lookout.ctl(&["adopt", "web", release.as_str()]).await;
        lookout.until_ready(1).await;
        let load = lookout.load().await;
        load.more(REQUESTS / 3).await;
        assert_eq!(served(load).await, BTreeSet::from(["v2".to_owned()]));
        let said = lookout.ctl(&["status", "web"]).await;
        assert!(said.contains("is neither stable nor on trial"), "{said}");
    });
}

#[test]
fn what_is_labelled_wrongly_is_said_and_spoils_nothing_else() {
    with_engine(async |engine| {
        let v1 = engine.image("v1", &[]).await;
        let inherits = engine.image("inherits", &["LABEL canary.service=web"]).await;
        engine.network("back").await;
        engine.run("inherits", &inherits, |_| {}).await;
        engine.run("misspelt", &v1, |body| labelled(body, "canary.service", "wbe")).await;
        let one_off = |body: &mut _| {
            attached(body);
            labelled(body, "com.docker.compose.oneoff", "True");
        };
        engine.run("one-off", &v1, one_off).await;
        let portless = |body: &mut _| {
            attached(body);
            labelled(body, "canary.port", "http");
        };
        engine.run("portless", &v1, portless).await;
        engine.create("torn", &v1, attached).await;
        connect(engine, "back", "torn").await;
        start(engine, "torn").await;
        let chosen = |body: &mut _| {
            attached(body);
            labelled(body, "canary.network", "back");
        };
        engine.create("chosen", &v1, chosen).await;
        connect(engine, "back", "chosen").await;
        start(engine, "chosen").await;
        let lookout = Lookout::at_ready(&engine.host, SLOW, 1).await;
        assert_eq!(lookout.ask().await, (200, "v1".to_owned()));
        let said = lookout.ctl(&["status", "web"]).await;
        let mut faults = lookout.docker().await.faults;
        faults.sort_unstable();
        let wanted = [
            "inherits: it has `canary.service` from its image alone, which is not believed; write it where",
            "misspelt: the label canary.service is `wbe`, and canaryd.toml declares no such service without releases",
            "portless: the label canary.port is `http`; write a port, such as canary.port=8080",
            "torn: it can be reached on several networks: `back`, `bridge`; add the label canary.network",
        ];
        assert_eq!(faults.len(), wanted.len(), "{faults:?}");
        for (fault, wanted) in faults.iter().zip(wanted) {
            assert!(fault.starts_with(wanted), "{fault}");
        }
        let seen: BTreeSet<_> =
            lookout.canaryd.api.status().await.containers.into_iter().map(|seen| seen.name).collect();
        assert_eq!(seen, BTreeSet::from(["chosen".to_owned(), "torn".to_owned()]));
        assert!(said.contains("torn") && !said.contains("inherits") && !said.contains("one-off"), "{said}");
        remove(engine, "torn").await;
        until("fewer faults", async || {
            let faults = lookout.docker().await.faults;
            if faults.len() == 3 { Ok(()) } else { Err(format!("{faults:?}")) }
        })
        .await;
    });
}
