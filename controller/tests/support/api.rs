//! The control socket of one canaryd.

use std::path::PathBuf;

use bytes::Bytes;
use canary_controller::api::{History, HistoryEntry, Overview, ServiceStatus};
use canary_controller::rollout::{PhaseName, Transition};
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};

use super::{Answer, Client, until};

/// Asks over the unix socket, on a new connection each time.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    pub(crate) socket: PathBuf,
}

// === impl Api ===

impl Api {
    pub(crate) async fn try_send(&self, request: Request<Full<Bytes>>) -> Result<Answer, String> {
        Client::unix(&self.socket).await?.send(request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        let request = Request::get(path).body(Full::default()).expect("a plain request");
        self.try_send(request).await.expect("an answer")
    }

    pub(crate) async fn try_post(&self, path: &str, body: &Value) -> Result<Answer, String> {
        let request = Request::post(path).header("content-type", "application/json");
        self.try_send(request.body(Full::from(body.to_string())).expect("a plain request")).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.try_post(path, &body).await.expect("an answer")
    }

    pub(crate) async fn start(&self, release: &str) -> Answer {
        self.post("/v1/services/web/start", json!({ "release": release })).await
    }

    pub(crate) async fn promote(&self) -> Answer {
        self.post("/v1/services/web/promote", json!({})).await
    }

    pub(crate) async fn promote_full(&self) -> Answer {
        self.post("/v1/services/web/promote", json!({ "full": true })).await
    }

    pub(crate) async fn abort(&self) -> Answer {
        self.post("/v1/services/web/abort", json!({ "reason": "a test" })).await
    }

    pub(crate) async fn undo(&self) -> Answer {
        self.post("/v1/services/web/undo", json!({})).await
    }

    /// The same, also if the release was sent back before.
    pub(crate) async fn start_again(&self, release: &str) -> Answer {
        self.post("/v1/services/web/start", json!({ "release": release, "force": true })).await
    }

    pub(crate) async fn reload(&self) -> Answer {
        self.post("/v1/reload", json!({})).await
    }

    pub(crate) async fn overview(&self) -> Overview {
        self.get("/v1/services").await.good()
    }

    pub(crate) async fn status(&self) -> ServiceStatus {
        self.get("/v1/services/web").await.good()
    }

    /// What happened to the service, the oldest first.
    pub(crate) async fn history(&self) -> Vec<HistoryEntry> {
        let history: History = self.get("/v1/history?service=web&limit=1000").await.good();
        history.entries.into_iter().rev().collect()
    }

    /// What changed in the service's rollouts, the oldest first.
    pub(crate) async fn transitions(&self) -> Vec<Transition> {
        self.history().await.into_iter().filter_map(|entry| entry.transition).collect()
    }

    /// The reasons and ends of all transitions, the oldest first, as `phase reason`.
    pub(crate) async fn story(&self) -> Vec<String> {
        let transitions = self.transitions().await.into_iter();
        transitions.map(|change| format!("{} {}", change.to.label(), change.reason.label())).collect()
    }

    /// The same, once this is the last of it: what takes a share away is in force before it is stored.
    pub(crate) async fn story_to(&self, last: &str) -> Vec<String> {
        until(&format!("`{last}` in the store"), async || {
            let story = self.story().await;
            if story.last().is_some_and(|entry| entry == last) { Ok(story) } else { Err(format!("{story:?}")) }
        })
        .await
    }

    pub(crate) async fn until(&self, what: &str, is_so: impl Fn(&ServiceStatus) -> bool) -> ServiceStatus {
        until(what, async || {
            let status = self.status().await;
            if is_so(&status) { Ok(status) } else { Err(format!("{status:?}")) }
        })
        .await
    }

    pub(crate) async fn until_phase(&self, phase: PhaseName) -> ServiceStatus {
        self.until(phase.label(), |status| status.phase == phase).await
    }

    /// Waits until the service stands at this step, counted from 1.
    pub(crate) async fn until_step(&self, number: usize) -> ServiceStatus {
        let is_there = |status: &ServiceStatus| status.step.as_ref().is_some_and(|step| step.number == number);
        self.until(&format!("step {number}"), is_there).await
    }

    /// Waits until the stable release can serve.
    pub(crate) async fn until_ready(&self) {
        until("readiness", async || {
            let answer = self.get("/readyz").await;
            if answer.status == 200 { Ok(()) } else { Err(answer.text) }
        })
        .await;
    }
}
