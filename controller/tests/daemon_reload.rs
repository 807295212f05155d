//! A changed file, in place and under load: applied whole, or refused whole with the reason.

use std::fs;
use std::sync::Arc;

use canary_controller::api::{Change, Changed, Reloaded};
use canary_controller::rollout::PhaseName;

use crate::support::{Canaryd, Client, Inside, Load, Origin, SLOW, Site, free_address};

/// The site's file without one of the releases.
fn without(config: &str, service: &str, release: &str) -> String {
    let begin = config.find(&format!("[services.{service}.releases.{release}]")).expect("it is declared");
    let end = config[begin + 1..].find("[services").map(|at| begin + 1 + at).expect("more comes after it");
    format!("{}{}", &config[..begin], &config[end..])
}

async fn reloaded(canaryd: &Canaryd) -> Reloaded {
    canaryd.api.reload().await.good()
}

#[tokio::test]
async fn services_and_backends_come_and_go_under_load_without_a_failed_request() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    let load = Load::on(canaryd.web().await);
    let plain = site.config(SLOW);
    let other = Origin::start("other").await;
    let more = format!(
        "{plain}\n[services.other]\nrule = \"PathPrefix(`/other`)\"\nprobe = {{ path = \"/healthz\", interval = \"20ms\" }}\n\
         [services.other.releases.o1]\nbackends = [\"{}\"]\n",
        other.address
    );
    let mut client = Client::tcp(canaryd.web().await).await.expect("a connection");
    for _ in 0..5 {
        site.write(&more);
        assert_eq!(reloaded(&canaryd).await.changed, [changed("other", Change::Added)]);
        canaryd.api.until_ready().await;
        assert_eq!(client.get("/other").await.expect("an answer").header("x-release"), "other");
        site.write(&plain);
        assert_eq!(reloaded(&canaryd).await.changed, [changed("other", Change::Removed)]);
        assert_eq!(client.get("/other").await.expect("an answer").header("x-release"), "v1");
    }
    load.more(200).await;
    load.so_far().assert_only("v1");
}

#[tokio::test]
async fn a_backend_moves_under_load_without_a_failed_request() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    let load = Load::on(canaryd.web().await);
    let (plain, moved) = (site.config(SLOW), Origin::start("v1 moved").await);
    let both = plain
        .replace(&format!("\"{}\"]", site.v1.address), &format!("\"{}\", \"{}\"]", site.v1.address, moved.address));
    site.write(&both);
    assert_eq!(reloaded(&canaryd).await.changed, [changed("web", Change::Changed)]);
    canaryd.api.until("two ready backends", |status| status.tracks[0].ready == 2).await;
    load.more(200).await;
    assert!(moved.served() > 0, "the new backend got nothing");
    site.write(&plain.replace(&site.v1.address.to_string(), &moved.address.to_string()));
    reloaded(&canaryd).await;
    Client::sample(canaryd.web().await, 50).await.assert_only("v1 moved");
    load.more(200).await;
    load.so_far().assert_flawless();
}

#[tokio::test]
async fn nothing_changed_is_said_to_be_nothing() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    assert_eq!(reloaded(&canaryd).await, Reloaded::default());
}

#[tokio::test]
async fn a_hang_up_reloads_too_and_a_bad_file_changes_nothing() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    site.write(&site.config(SLOW).replace("PathPrefix(`/`)", "PathPrefix(`/new`)"));
    canaryd.signal("HUP");
    canaryd.until_said("services.web changed").await;
    assert_eq!(canaryd.api.status().await.rule, "PathPrefix(`/new`)");
    site.write(&site.config("steps = [10, 5, 100]"));
    canaryd.signal("HUP");
    canaryd.until_said("5% does not exceed the step before it (10%); weights must rise").await;
    assert_eq!(canaryd.api.status().await.rule, "PathPrefix(`/new`)");
}

#[tokio::test]
async fn a_bad_file_is_refused_with_its_place() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    let path = site.config_path.display().to_string();
    let cases = [
        (site.config("steps = [10, 5, 100]"), "5% does not exceed"),
        (site.config("stepps = [10, 100]"), "stepps"),
        (site.config(SLOW).replace("127.0.0.1:0", "nowhere"), "nowhere"),
        ("this is no TOML".to_owned(), "1:6"),
        (String::new(), "there is no"),
    ];
    for (config, word) in cases {
        site.write(&config);
        let message = canaryd.api.reload().await.problem(409).message;
        let places = message.lines().filter_map(|line| line.strip_prefix(&format!("{path}:")));
        let is_placed = |place: &str| place.split(':').take(2).all(|number| number.parse::<u32>().is_ok());
        assert!(places.into_iter().any(is_placed), "no file:line:col in {message}");
        assert!(message.contains(word), "`{word}` is missing: {message}");
    }
    fs::remove_file(&site.config_path).expect("our own file");
    assert!(canaryd.api.reload().await.problem(409).message.contains(&path));
    Client::sample(canaryd.web().await, 20).await.assert_only("v1");
}

#[tokio::test]
async fn what_a_rollout_needs_cannot_be_removed() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    canaryd.api.start("v2").await.done();
    canaryd.api.until_step(1).await;
    let plain = site.config(SLOW);
    let other = format!("{}{}", site.daemon(), site.service("else", "PathPrefix(`/`)", SLOW));
    let cases = [
        (without(&plain, "web", "v2"), "services.web.releases: v2 is on trial and cannot be removed; declare it again"),
        (
            without(&plain, "web", "v1").replace("stable = \"v1\"", "stable = \"v3\""),
            "services.web.releases: v1 is stable and cannot be removed; declare it again",
        ),
        (other, "services.web: a rollout of v2 is under way; abort it before removing the service"),
    ];
    for (config, message) in cases {
        // Another change of the same file is not made either.
        site.write(&config.replace("interval = \"20ms\"", "interval = \"30ms\""));
        assert_eq!(canaryd.api.reload().await.problem(409).message, message);
    }
    assert_eq!(canaryd.api.overview().await.services.len(), 1);
    assert_eq!(canaryd.api.status().await.weight.bp(), 1_000);
    site.write(&without(&plain, "web", "v3"));
    assert_eq!(reloaded(&canaryd).await.changed, [changed("web", Change::Changed)]);
    assert_eq!(canaryd.api.status().await.weight.bp(), 1_000);
}

#[tokio::test]
async fn a_running_rollout_keeps_its_plan() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    canaryd.api.start("v2").await.done();
    canaryd.api.until_step(1).await;
    site.write(&site.config(&SLOW.replace("[10, 25, 100]", "[40, 100]")));
    reloaded(&canaryd).await;
    assert_eq!(canaryd.api.promote().await.done().transition.weight.bp(), 2_500);
    canaryd.api.abort().await.done();
    canaryd.api.start_again("v2").await.done();
    canaryd.api.until("the new plan", |status| status.weight.bp() == 4_000).await;
}

#[tokio::test]
async fn what_needs_a_restart_is_said_and_not_done() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    let (plain, free) = (site.config(SLOW), free_address());
    let cases = [
        (plain.replacen("127.0.0.1:0", &free.to_string(), 1), "listen"),
        (plain.replace("/socket", "/other"), "admin"),
        (plain.replace("[metrics]\naddress = \"127.0.0.1:0\"", &format!("[metrics]\naddress = \"{free}\"")), "metrics"),
        (plain.replace("canaryd.db", "other.db"), "store"),
        (format!("{plain}\n[limits]\nconnections = 17\n"), "limits"),
        (format!("{plain}\n[docker]\n"), "docker"),
    ];
    for (config, table) in cases {
        site.write(&config);
        // The second answer is the first: what was not done is still to be done.
        for _ in 0..2 {
            assert_eq!(
                reloaded(&canaryd).await,
                Reloaded { needs_restart: vec![table.to_owned()], ..Reloaded::default() }
            );
        }
    }
    Client::sample(canaryd.web().await, 20).await.assert_only("v1");
}

#[tokio::test]
async fn a_removed_service_that_comes_back_keeps_its_stable_release() {
    let site = Site::new(SLOW).await;
    let mut canaryd = Canaryd::start(&site).await;
    canaryd.api.start("v2").await.done();
    canaryd.api.until_step(1).await;
    canaryd.api.promote_full().await.done();
    canaryd.api.promote().await.done();
    let (plain, other) =
        (site.config(SLOW), format!("{}{}", site.daemon(), site.service("else", "Path(`/else`)", SLOW)));
    for _ in 0..2 {
        site.write(&other);
        assert_eq!(reloaded(&canaryd).await.changed.len(), 2);
        assert_eq!(canaryd.api.get("/v1/services/web").await.status, 404);
        site.write(&plain);
        reloaded(&canaryd).await;
        canaryd.api.until_ready().await;
        assert_eq!(canaryd.api.status().await.stable.as_str(), "v2");
        Client::sample(canaryd.web().await, 20).await.assert_only("v2");
        canaryd.kill9();
        canaryd = Canaryd::start(&site).await;
    }
    assert_eq!(canaryd.api.status().await.stable.as_str(), "v2");
}

#[tokio::test]
async fn a_release_that_is_about_to_be_tried_cannot_be_removed_either() {
    let inside = Arc::new(Inside::start(SLOW).await);
    let asked = inside.shelf.asked();
    inside.shelf.hang();
    let plain = inside.site.config(SLOW);
    let (started, ()) = tokio::join!(inside.api.start("v3"), async {
        inside.until_asked(asked + 1).await;
        inside.site.write(&without(&plain, "web", "v3"));
        let message = inside.api.reload().await.problem(409).message;
        assert_eq!(message, "services.web.releases: v3 is on trial and cannot be removed; declare it again");
        inside.site.write(&format!("{}{}", inside.site.daemon(), inside.site.service("else", "Path(`/`)", SLOW)));
        let message = inside.api.reload().await.problem(409).message;
        assert_eq!(message, "services.web: a rollout of v3 is under way; abort it before removing the service");
        inside.shelf.take();
    });
    started.done();
    inside.api.until_phase(PhaseName::Progressing).await;
}

#[tokio::test]
async fn a_service_whose_abort_is_not_stored_yet_cannot_be_removed() {
    let inside = Inside::at_first_step(SLOW).await;
    inside.shelf.fail();
    inside.api.abort().await;
    inside.site.write(&format!("{}{}", inside.site.daemon(), inside.site.service("else", "Path(`/`)", SLOW)));
    let message = inside.api.reload().await.problem(409).message;
    assert_eq!(message, "services.web: its last change is not stored yet; mend the store before removing the service");
}

#[tokio::test]
async fn a_start_that_waits_for_the_store_is_not_made_of_a_release_that_is_gone() {
    let inside = Inside::at_first_step(SLOW).await;
    let asked = inside.shelf.asked();
    inside.shelf.hang();
    let api = inside.api.clone();
    let (_, started, ()) = tokio::join!(
        inside.api.abort(),
        async {
            inside.until_asked(asked + 1).await;
            api.start("v3").await
        },
        async {
            inside.until_asked(asked + 1).await;
            // The start is with the engine before this is answered, or finds the release gone.
            inside.api.status().await;
            inside.site.write(&without(&inside.site.config(SLOW), "web", "v3"));
            inside.api.reload().await.good::<Reloaded>();
            inside.shelf.take();
        }
    );
    assert_eq!(started.problem(404).message, "services.web.releases has no `v3`; declared are v1, v2");
}

fn changed(service: &str, change: Change) -> Changed {
    Changed { service: service.parse().expect("a name"), change }
}

#[tokio::test]
async fn a_window_that_a_reload_brings_is_told_of() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    let window = "\n[[freeze]]\nname = \"long\"\nfrom = \"2020-01-01 00:00\"\nto = \"2120-01-01 00:00\"\n";
    for (config, tables) in [(site.config(SLOW) + window, &["freeze"][..]), (site.config(SLOW) + window, &[])] {
        site.write(&config);
        let reloaded = reloaded(&canaryd).await;
        assert_eq!((reloaded.tables, reloaded.changed), (tables.iter().map(ToString::to_string).collect(), Vec::new()));
    }
}

#[tokio::test]
async fn services_that_come_together_are_kept_in_one_record() {
    let inside = Inside::start(SLOW).await;
    let asked = inside.shelf.asked();
    let more = |number: usize| inside.site.service(&format!("more-{number}"), &format!("Path(`/{number}`)"), SLOW);
    inside.site.write(&(inside.site.config(SLOW) + &(0..20).map(more).collect::<String>()));
    let reloaded: Reloaded = inside.api.reload().await.good();
    assert_eq!(reloaded.changed.len(), 20);
    inside.until_asked(asked + 1).await;
    inside.api.start("v2").await.done();
    assert_eq!(inside.shelf.records()[asked].services.len(), 20);
}
