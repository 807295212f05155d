//! Orders: what changes something. Each has a name (`Idempotency-Key`), so that canaryd does it once however often it
//! is sent. Therefore it is sent again, at most [`RETRY_PAUSES`] times, when the connection breaks before an answer:
//! nobody knows then whether it was done. What was sent first may still be on its way; that is waited out, at most
//! [`IN_PROGRESS_PAUSES`] times.

use std::time::Duration;

use canary_config::name::ServiceName;
use http::header::CONTENT_TYPE;
use http::{HeaderName, Method};
use http_body_util::Full;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::sleep;

use crate::api::{
    Adopt, Deploy, DeployTogether, Deploying, Done, Freeze, Freezes, Instruction, Made, Park, Parked, Preflight,
    Promote, Reloaded, RollBack, Start, StartTogether, Unfreeze, Unpark,
};
use crate::client::{ANSWER_TIMEOUT, Answer, CHECKS_TIMEOUT, Client, Error};
use crate::idempotency::IdempotencyKey;

/// How long to wait before an order is sent again, and how often that is.
const RETRY_PAUSES: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(1)];

/// How long to wait before it is asked again what becomes of an order that is on its way, and how often that is.
const IN_PROGRESS_PAUSES: [Duration; 5] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// An order that says nothing but which rollout it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Take the canary's share away.
    Abort,
    /// Take back a release in probation.
    Undo,
    /// Stay at this step.
    Pause,
    /// Go on.
    Resume,
    /// Try the release again that was aborted last.
    Retry,
}

// === impl Client ===

/// Each of these fails as every request does: see [`Error`].
impl Client {
    /// Begins a rollout.
    pub async fn start(
        &self,
        service: &ServiceName,
        start: &Start,
        key: &IdempotencyKey,
    ) -> Result<Answer<Done>, Error> {
        self.order(&format!("/v1/services/{service}/start"), start, key).await
    }

    /// Begins a rollout of several services.
    pub async fn start_together(&self, start: &StartTogether, key: &IdempotencyKey) -> Result<Answer<Done>, Error> {
        self.order("/v1/rollouts", start, key).await
    }

    /// Goes on without waiting for evidence.
    pub async fn promote(
        &self,
        service: &ServiceName,
        promote: &Promote,
        key: &IdempotencyKey,
    ) -> Result<Answer<Done>, Error> {
        self.order(&format!("/v1/services/{service}/promote"), promote, key).await
    }

    /// Makes a release stable without a trial.
    pub async fn adopt(
        &self,
        service: &ServiceName,
        adopt: &Adopt,
        key: &IdempotencyKey,
    ) -> Result<Answer<Done>, Error> {
        self.order(&format!("/v1/services/{service}/adopt"), adopt, key).await
    }

    /// Does what the verb says.
    pub async fn instruct(
        &self,
        verb: Verb,
        service: &ServiceName,
        instruction: &Instruction,
        key: &IdempotencyKey,
    ) -> Result<Answer<Done>, Error> {
        self.order(&format!("/v1/services/{service}/{}", verb.as_str()), instruction, key).await
    }

    /// Freezes a service, or all of them.
    pub async fn freeze(
        &self,
        service: Option<&ServiceName>,
        freeze: &Freeze,
        key: &IdempotencyKey,
    ) -> Result<Answer<Freezes>, Error> {
        self.order(&format!("{}/freeze", page_of(service)), freeze, key).await
    }

    /// Lifts the freezes of a service, or those of all of them.
    pub async fn unfreeze(
        &self,
        service: Option<&ServiceName>,
        unfreeze: &Unfreeze,
        key: &IdempotencyKey,
    ) -> Result<Answer<Freezes>, Error> {
        self.order(&format!("{}/unfreeze", page_of(service)), unfreeze, key).await
    }

    /// Parks a service.
    pub async fn park(
        &self,
        service: &ServiceName,
        park: &Park,
        key: &IdempotencyKey,
    ) -> Result<Answer<Parked>, Error> {
        self.order(&format!("/v1/services/{service}/park"), park, key).await
    }

    /// Serves a parked service again.
    pub async fn unpark(
        &self,
        service: &ServiceName,
        unpark: &Unpark,
        key: &IdempotencyKey,
    ) -> Result<Answer<Parked>, Error> {
        self.order(&format!("/v1/services/{service}/unpark"), unpark, key).await
    }

    /// Looks whether something could be deployed.
    pub async fn preflight(&self, service: &ServiceName, deploy: &Deploy) -> Result<Answer<Preflight>, Error> {
        let body = serde_json::to_vec(deploy).expect("a request has text keys only");
        let request = self.endpoint.request(Method::POST, &format!("/v1/services/{service}/preflight"));
        let request = request.header(CONTENT_TYPE, "application/json").body(Full::from(body));
        self.ask_within(CHECKS_TIMEOUT, request.expect("names are part of a request")).await
    }

    /// Begins a deployment.
    pub async fn deploy(
        &self,
        service: &ServiceName,
        deploy: &Deploy,
        key: &IdempotencyKey,
    ) -> Result<Answer<Deploying>, Error> {
        self.order_within(CHECKS_TIMEOUT, &format!("/v1/services/{service}/deploy"), deploy, key).await
    }

    /// Begins a deployment of several services.
    pub async fn deploy_together(
        &self,
        deploy: &DeployTogether,
        key: &IdempotencyKey,
    ) -> Result<Answer<Deploying>, Error> {
        self.order_within(CHECKS_TIMEOUT, "/v1/deployments", deploy, key).await
    }

    /// Says that Compose has made what a deployment waits for.
    pub async fn made(&self, service: &ServiceName, made: &Made, key: &IdempotencyKey) -> Result<Answer<Made>, Error> {
        self.order(&format!("/v1/services/{service}/made"), made, key).await
    }

    /// Brings a release back whose containers are kept.
    pub async fn rollback(
        &self,
        service: &ServiceName,
        rollback: &RollBack,
        key: &IdempotencyKey,
    ) -> Result<Answer<Done>, Error> {
        self.order(&format!("/v1/services/{service}/rollback"), rollback, key).await
    }

    /// Reads the configuration again.
    pub async fn reload(&self, key: &IdempotencyKey) -> Result<Answer<Reloaded>, Error> {
        self.order("/v1/reload", &serde_json::Map::new(), key).await
    }

    async fn order<T: DeserializeOwned>(
        &self,
        target: &str,
        body: &impl Serialize,
        key: &IdempotencyKey,
    ) -> Result<Answer<T>, Error> {
        self.order_within(ANSWER_TIMEOUT, target, body, key).await
    }

    async fn order_within<T: DeserializeOwned>(
        &self,
        limit: Duration,
        target: &str,
        body: &impl Serialize,
        key: &IdempotencyKey,
    ) -> Result<Answer<T>, Error> {
        let body = serde_json::to_vec(body).expect("a request has text keys only");
        let mut result = self.send(limit, target, &body, key).await;
        let (mut retries, mut waits) = (RETRY_PAUSES.into_iter(), IN_PROGRESS_PAUSES.into_iter());
        loop {
            let pause = match &result {
                Err(error) if error.is_cut() => retries.next(),
                Err(error) if error.is_in_progress() => waits.next(),
                _ => None,
            };
            let Some(pause) = pause else { return result };
            sleep(pause).await;
            match self.send(limit, target, &body, key).await {
                // That nobody is there now says nothing of what became of the order.
                Err(Error::Unreachable { .. }) => {}
                answer => result = answer,
            }
        }
    }

    async fn send<T: DeserializeOwned>(
        &self,
        limit: Duration,
        target: &str,
        body: &[u8],
        key: &IdempotencyKey,
    ) -> Result<Answer<T>, Error> {
        let request = self.endpoint.request(Method::POST, target).header(CONTENT_TYPE, "application/json");
        let request = request.header(IDEMPOTENCY_KEY, key.as_str());
        self.ask_within(limit, request.body(Full::from(body.to_vec())).expect("names and keys are part of a request"))
            .await
    }
}

// === impl Verb ===

impl Verb {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Abort => "abort",
            Self::Undo => "undo",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Retry => "retry",
        }
    }
}

/// The page of a service, or of all of them.
fn page_of(service: Option<&ServiceName>) -> String {
    service.map_or_else(|| "/v1".to_owned(), |service| format!("/v1/services/{service}"))
}
