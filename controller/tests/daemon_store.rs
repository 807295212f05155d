//! Whatever happens to the store, traffic goes on: by the real binary, on real file systems.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use canary_controller::api::Done;
use canary_controller::rollout::PhaseName;

use crate::support::{Canaryd, Client, Load, SLOW, Site, until};

/// What the folder of the store is before canaryd starts, in a name space of its own.
const SMALL: &str = "mount -t tmpfs -o size=256k tmpfs \"$1\"";
const FULL: &str = "mount -t tmpfs -o size=64k tmpfs \"$1\" && ! head -c 1m /dev/zero > \"$1/filler\"";
const READ_ONLY: &str = "mount --bind \"$1\" \"$1\" && mount -o remount,ro,bind \"$1\"";

/// A canaryd whose folder of the store is mounted so. It must be possible: a test that was not made has shown nothing.
async fn mounted(site: &Site, mount: &str) -> Canaryd {
    let probe = Command::new("unshare").args(["-rm", "true"]).stderr(Stdio::inherit()).status();
    let is_possible = probe.as_ref().is_ok_and(std::process::ExitStatus::success);
    assert!(is_possible, "`unshare -rm true` failed ({probe:?}); allow user name spaces, or run the tests as root");
    let mut command = Command::new("unshare");
    let script = format!("{mount} && exec \"$2\" --config \"$3\"");
    let folder = site.path("state");
    command.args(["-rm", "sh", "-c", &script, "sh"]).arg(folder).arg(env!("CARGO_BIN_EXE_canaryd"));
    Canaryd::answering(
        {
            command.arg(&site.config_path);
            command
        },
        site,
    )
    .await
}

/// A file of the store's folder, as that canaryd sees it.
fn inside(canaryd: &Canaryd, site: &Site, name: &str) -> PathBuf {
    let folder = site.path("state");
    let seen = folder.strip_prefix("/").expect("an absolute path");
    PathBuf::from(format!("/proc/{}/root", canaryd.pid())).join(seen).join(name)
}

/// Writes until nothing more goes in.
fn fill_up(path: &PathBuf) {
    let mut filler = File::create(path).expect("there is a little room");
    let page = [0_u8; 4_096];
    let pages = (0..1_000).take_while(|_| filler.write_all(&page).is_ok()).count();
    assert!(pages < 1_000, "the file system is not small");
}

/// Traffic is served by this release, a start is refused, and everybody is told why.
async fn assert_serves_without_store(canaryd: &Canaryd, stable: &str, words: &[&str]) {
    canaryd.api.until_ready().await;
    let store = until("an unhealthy store", async || {
        let store = canaryd.api.overview().await.store;
        if store.healthy { Err(format!("{store:?}")) } else { Ok(store) }
    })
    .await;
    let message = store.message.expect("it says why");
    for word in words {
        assert!(message.contains(word), "`{word}` is missing: {message}");
    }
    assert!(canaryd.page().await.value("canaryd_store_healthy", &[]).abs() < f64::EPSILON);
    canaryd.api.start("v3").await.problem(503);
    assert_ne!(canaryd.api.status().await.phase, PhaseName::Preparing);
    Client::sample(canaryd.web().await, 100).await.assert_only(stable);
    canaryd.until_said("store").await;
}

/// The store takes things again: a rollout can be begun, and is kept.
async fn assert_works(canaryd: &Canaryd, stable: &str) {
    canaryd.api.until_ready().await;
    until("a healthy store", async || {
        let store = canaryd.api.overview().await.store;
        if store.healthy { Ok(()) } else { Err(format!("{store:?}")) }
    })
    .await;
    assert_eq!(canaryd.api.status().await.stable.as_str(), stable);
    assert!((canaryd.page().await.value("canaryd_store_healthy", &[]) - 1.0).abs() < f64::EPSILON);
    canaryd.api.start("v3").await.done();
    canaryd.api.until_step(1).await;
    canaryd.api.abort().await.done();
    assert_eq!(canaryd.api.transitions().await.last().map(|change| change.to), Some(PhaseName::Aborted));
}

/// A site whose store says that v2 is stable, and whose file says that it was v1.
async fn moved_on() -> Site {
    let site = Site::new(SLOW).await;
    let mut canaryd = Canaryd::start(&site).await;
    canaryd.api.start("v2").await.done();
    canaryd.api.until_step(1).await;
    canaryd.api.promote_full().await.done();
    canaryd.api.promote().await.done();
    assert!(canaryd.terminate().await.success());
    site
}

#[tokio::test]
async fn a_disk_that_fills_up_under_a_rollout_stops_no_traffic_and_no_abort() {
    let site = Site::new(SLOW).await;
    let canaryd = mounted(&site, SMALL).await;
    canaryd.api.until_ready().await;
    let load = Load::on(canaryd.web().await);
    canaryd.api.start("v2").await.done();
    canaryd.api.until_step(1).await;
    let filler = inside(&canaryd, &site, "filler");
    fill_up(&filler);
    canaryd.api.promote().await.problem(503);
    assert_eq!(canaryd.api.status().await.weight.bp(), 1_000);
    let done: Done = canaryd.api.abort().await.good();
    assert!(!done.durable);
    assert_serves_without_store(&canaryd, "v1", &["cannot be written", "full"]).await;
    load.so_far().assert_flawless();
    fs::remove_file(&filler).expect("our own file");
    canaryd.api.story_to("aborted command").await;
    assert_works(&canaryd, "v1").await;
    load.so_far().assert_flawless();
}

#[tokio::test]
async fn a_start_on_a_full_disk_serves_the_configured_release() {
    let site = Site::new(SLOW).await;
    let mut canaryd = mounted(&site, FULL).await;
    assert_serves_without_store(&canaryd, "v1", &["canaryd.db"]).await;
    canaryd.api.abort().await.problem(409);
    canaryd.kill9();
    assert_works(&Canaryd::start(&site).await, "v1").await;
}

#[tokio::test]
async fn a_read_only_store_serves_what_it_says() {
    let site = moved_on().await;
    let mut canaryd = mounted(&site, READ_ONLY).await;
    assert_serves_without_store(&canaryd, "v2", &["canaryd.db"]).await;
    canaryd.kill9();
    assert_works(&Canaryd::start(&site).await, "v2").await;
}

#[tokio::test]
async fn a_read_only_folder_without_a_store_serves_the_configured_release() {
    let site = Site::new(SLOW).await;
    let mut canaryd = mounted(&site, READ_ONLY).await;
    assert_serves_without_store(&canaryd, "v1", &["canaryd.db"]).await;
    canaryd.kill9();
    assert_works(&Canaryd::start(&site).await, "v1").await;
}

/// Does something to the store of a site, and looks how canaryd lives with it, and without it.
async fn survives(damage: impl FnOnce(&Site)) {
    let site = moved_on().await;
    damage(&site);
    let mut canaryd = Canaryd::start(&site).await;
    assert_serves_without_store(&canaryd, "v2", &["canaryd.db", "restart canaryd"]).await;
    canaryd.api.abort().await.problem(409);
    assert!(canaryd.terminate().await.success(), "{}", canaryd.said());
    // What was damaged is kept under another name; if it could not be moved, the operator does it.
    if site.store.is_dir() {
        fs::remove_dir_all(&site.store).expect("our own folder");
    }
    assert_works(&Canaryd::start(&site).await, "v2").await;
}

#[tokio::test]
async fn garbage_in_place_of_the_store_is_set_aside() {
    survives(|site| fs::write(&site.store, "this is no database ".repeat(1_000)).expect("our own file")).await;
}

#[tokio::test]
async fn an_empty_file_is_a_damaged_store_and_no_new_one() {
    survives(|site| fs::write(&site.store, "").expect("our own file")).await;
}

#[tokio::test]
async fn half_a_store_is_set_aside() {
    survives(|site| {
        let bytes = fs::read(&site.store).expect("our own file");
        fs::write(&site.store, &bytes[..bytes.len() / 2]).expect("our own file");
    })
    .await;
}

#[tokio::test]
async fn a_folder_in_place_of_the_store_stops_no_traffic() {
    survives(|site| {
        fs::remove_file(&site.store).expect("our own file");
        fs::create_dir(&site.store).expect("our own folder");
    })
    .await;
}

#[tokio::test]
async fn a_store_that_goes_away_under_a_rollout_stops_no_abort() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    canaryd.api.start("v2").await.done();
    canaryd.api.until_step(1).await;
    let load = Load::on(canaryd.web().await);
    fs::write(&site.store, "garbage").expect("our own file");
    canaryd.api.promote().await.problem(503);
    let done: Done = canaryd.api.abort().await.good();
    assert!(!done.durable);
    Client::sample(canaryd.web().await, 100).await.assert_only("v1");
    load.so_far().assert_flawless();
}

#[tokio::test]
async fn a_store_that_somebody_holds_locked_holds_up_neither_an_abort_nor_the_end() {
    let site = Site::new(SLOW).await;
    let mut canaryd = Canaryd::start(&site).await;
    canaryd.api.start("v2").await.done();
    canaryd.api.until_step(1).await;
    let holder = rusqlite::Connection::open(&site.store).expect("a store");
    holder.execute_batch("BEGIN EXCLUSIVE").expect("nobody else writes now");
    canaryd.api.promote().await.problem(503);
    let done: Done = canaryd.api.abort().await.good();
    assert!(!done.durable);
    Client::sample(canaryd.web().await, 100).await.assert_only("v1");
    assert_eq!(canaryd.terminate().await.code(), Some(0), "{}", canaryd.said());
    drop(holder);
    // What was said not to be durable is forgotten, and a restart never raises.
    let canaryd = Canaryd::start(&site).await;
    let status = canaryd.api.until_step(1).await;
    assert_eq!((status.stable.as_str(), status.weight.bp()), ("v1", 1_000));
}
