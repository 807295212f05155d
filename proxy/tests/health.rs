//! What a load balancer in front is told of canaryd's health.

use crate::stage::{Origin, Setup, get, ok, stable};

const HEALTH: &str = "/canaryd/health";

fn asking() -> Setup {
    Setup { health_path: Some(HEALTH), ..Setup::default() }
}

#[tokio::test]
async fn canaryd_is_healthy_while_every_critical_service_has_a_ready_backend() {
    let origin = Origin::start(|_| ok("from the origin")).await;
    let (served, unserved) = (stable(&[origin.address]).critical().route(), stable(&[]).critical().route());
    let mut stage = asking().of(&served);
    for (route, status) in [(&served, 200), (&unserved, 503), (&served, 200)] {
        stage.publish(route);
        assert_eq!(stage.ask(&get(HEALTH)).await.status(), status);
    }
    assert_eq!(origin.count(), 0);
}

#[tokio::test]
async fn a_service_that_is_not_critical_may_be_away() {
    let stage = asking().of(&stable(&[]).route());
    assert_eq!(stage.ask(&get(HEALTH)).await.status(), 200);
    assert_eq!(stage.ask(&get("/")).await.status(), 503);
}

#[tokio::test]
async fn the_question_comes_before_every_rule_and_counts_for_no_service() {
    let origin = Origin::start(|_| ok("from the origin")).await;
    let stage = asking().of(&stable(&[origin.address]).route());
    for target in [HEALTH, "/canaryd/health?from=dns"] {
        let answer = stage.ask(&get(target)).await;
        assert!(answer.text().starts_with("200 OK"), "{}", answer.text());
    }
    assert_eq!(stage.ask(&get("/canaryd/healthy")).await.text(), "from the origin");
    stage.settled().await;
    assert_eq!((stage.edge.unrouted.codes().count(), origin.count()), (0, 1));
}

#[tokio::test]
async fn canaryd_that_drains_is_not_healthy() {
    let origin = Origin::start(|_| ok("from the origin")).await;
    let stage = asking().of(&stable(&[origin.address]).critical().route());
    let mut peer = stage.connect().await;
    assert_eq!(peer.ask(&get(HEALTH)).await.status(), 200);
    // Half of a request keeps its connection open over the beginning of the drain.
    peer.send("GET /canaryd/health HTTP/1.1\r\n").await;
    stage.drain.begin(crate::stage::PATIENCE);
    peer.send("Host: a.test\r\n\r\n").await;
    assert_eq!(peer.answer_to("GET").await.expect("an answer").status(), 503);
}
