//! How canaryd ends, what it says of a file, and how little it does when there is nothing to do.

use std::fs;
use std::process::Command;

use tokio::net::TcpStream;

use crate::support::{Canaryd, Client, SLOW, Site, until};

/// A request to the slow path that is with the origin now.
async fn slow_request(
    canaryd: &Canaryd,
    site: &Site,
) -> tokio::task::JoinHandle<Result<crate::support::Answer, String>> {
    let mut client = Client::tcp(canaryd.web().await).await.expect("a connection");
    let request = tokio::spawn(async move { client.get("/slow").await });
    until("the request at the origin", async || if site.v1.waiting() > 0 { Ok(()) } else { Err(String::new()) }).await;
    request
}

async fn until_closed(address: std::net::SocketAddr) {
    until("no more connections", async || match TcpStream::connect(address).await {
        Ok(_) => Err("a connection".into()),
        Err(_) => Ok(()),
    })
    .await;
}

#[tokio::test]
async fn the_first_signal_lets_requests_end() {
    let site = Site::new(SLOW).await;
    let mut canaryd = Canaryd::start(&site).await;
    let request = slow_request(&canaryd, &site).await;
    canaryd.signal("TERM");
    until_closed(canaryd.web().await).await;
    assert!(canaryd.is_running(), "{}", canaryd.said());
    site.v1.let_go(1);
    let answer = request.await.expect("no panic").expect("an answer");
    assert_eq!((answer.status, answer.header("x-release"), answer.header("connection")), (200, "v1", "close"));
    assert_eq!(canaryd.ended().await.code(), Some(0));
    assert!(!site.socket.exists());
}

#[tokio::test]
async fn the_second_signal_stops_at_once() {
    let site = Site::new(SLOW).await;
    let mut canaryd = Canaryd::start(&site).await;
    let request = slow_request(&canaryd, &site).await;
    canaryd.signal("TERM");
    until_closed(canaryd.web().await).await;
    canaryd.signal("INT");
    assert_eq!(canaryd.ended().await.code(), Some(0), "{}", canaryd.said());
    canaryd.until_said("stopped at once").await;
    request.await.expect("no panic").expect_err("nobody is left to answer");
}

#[tokio::test]
async fn idle_connections_do_not_hold_up_the_end() {
    let site = Site::new(SLOW).await;
    let mut canaryd = Canaryd::start(&site).await;
    let mut clients = Vec::new();
    for _ in 0..5 {
        let mut client = Client::tcp(canaryd.web().await).await.expect("a connection");
        client.get("/").await.expect("an answer");
        clients.push(client);
    }
    assert_eq!(canaryd.terminate().await.code(), Some(0));
    canaryd.until_said("drained").await;
}

#[tokio::test]
async fn nothing_new_is_decided_while_it_ends() {
    let site = Site::new(SLOW).await;
    let mut canaryd = Canaryd::start(&site).await;
    let request = slow_request(&canaryd, &site).await;
    canaryd.signal("TERM");
    until_closed(canaryd.web().await).await;
    canaryd.until_said("draining").await;
    let refused = until("a refusal", async || {
        let answer = canaryd.api.start("v2").await;
        if answer.status == 409 { Ok(answer) } else { Err(answer.text) }
    })
    .await;
    assert_eq!(refused.problem(409).message, "canaryd is about to end; nothing was done");
    site.v1.let_go(1);
    request.await.expect("no panic").expect("an answer");
    assert_eq!(canaryd.ended().await.code(), Some(0));
}

fn check(site: &Site) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_canaryd"));
    let output = command.args(["check", "--config"]).arg(&site.config_path).output().expect("canaryd can be run");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[tokio::test]
async fn check_says_that_a_good_file_is_good_and_does_nothing_else() {
    let site = Site::new(SLOW).await;
    let path = site.config_path.display().to_string();
    assert_eq!(check(&site), (Some(0), format!("{path}: good\n")));
    assert!(!site.socket.exists() && !site.store.exists());
    let canaryd = Canaryd::start(&site).await;
    assert_eq!(check(&site).0, Some(0), "a running canaryd is not in the way");
    Client::sample(canaryd.web().await, 10).await.assert_only("v1");
}

#[tokio::test]
async fn check_says_what_is_hardly_meant_in_a_good_file() {
    let site = Site::new(SLOW).await;
    let path = site.config_path.display().to_string();
    site.write(&site.config("steps = [10, 100]\nprobation = \"0s\""));
    let (code, said) = check(&site);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!((code, lines.len(), lines[1]), (Some(0), 2, format!("{path}: good").as_str()), "{said}");
    assert!(
        lines[0].starts_with(&format!("{path}:")) && lines[0].contains(" warning: services.web.rollout.probation: ")
    );
}

#[tokio::test]
async fn check_says_everything_that_is_wrong_with_a_bad_file() {
    let site = Site::new(SLOW).await;
    let path = site.config_path.display().to_string();
    site.write(&site.config("steps = [10, 5, 100]\nprobation = \"soon\""));
    let (code, said) = check(&site);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.starts_with(&format!("error: {path}:")), "{said}");
    assert!(said.contains("soon") || said.contains("5% does not exceed"), "{said}");
    fs::remove_file(&site.config_path).expect("our own file");
    let (code, said) = check(&site);
    assert!(code == Some(2) && said.contains("cannot be read"), "{said}");
    let mut canaryd = Canaryd::spawn(Canaryd::command(&site), &site);
    assert_eq!(canaryd.ended().await.code(), Some(2));
}

/// How often the thread of the control plane went to sleep by itself.
fn naps(canaryd: &Canaryd) -> u64 {
    let pid = canaryd.pid();
    let status = fs::read_to_string(format!("/proc/{pid}/task/{pid}/status")).expect("it runs");
    let line =
        status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")).expect("Linux counts them");
    line.trim().parse().expect("a number")
}

/// Naps of the control plane while so many requests are answered one after the other.
async fn naps_over(canaryd: &Canaryd, requests: u64) -> u64 {
    let before = naps(canaryd);
    Client::sample(canaryd.web().await, requests).await;
    naps(canaryd) - before
}

#[tokio::test]
async fn requests_do_not_wake_a_control_plane_that_has_nothing_on_trial() {
    let site = Site::new(SLOW).await;
    site.write(&site.config(SLOW).replace("interval = \"20ms\"", "interval = \"10m\""));
    let canaryd = Canaryd::start(&site).await;
    let idle = naps_over(&canaryd, 2_000).await;
    assert!(idle < 5, "{idle} wake-ups over 2000 requests with nothing on trial");
    // The measure works: a trial is looked at ten times a second.
    canaryd.api.start("v2").await.done();
    let before = naps(&canaryd);
    until(
        "the engine's turns",
        async || if naps(&canaryd) > before + 5 { Ok(()) } else { Err(naps(&canaryd).to_string()) },
    )
    .await;
}
