//! The client's end of the control interface: one request, one connection, one answer of limited size in limited time.
//!
//! The words are in [`crate::api`]. What is done with an answer is the affair of [`crate::ctl`]; what changes something
//! is in `order`.

mod download;
mod endpoint;
mod error;
mod events;
mod exchange;
mod order;
mod question;
mod what_if;

use std::time::Duration;

use bytes::Bytes;
use canary_config::name::ServiceName;
use http::{Method, Request, StatusCode};
use http_body_util::Full;
use serde::de::DeserializeOwned;

use crate::api::{Account, Forecast, History, Overview, RolloutStory, Rollouts, ServiceStatus, Why};

pub use self::download::Download;
pub use self::endpoint::Endpoint;
pub use self::error::{BadAnswer, Error};
pub use self::events::Events;
pub use self::order::Verb;
pub use self::question::Question;
pub use self::what_if::WhatIf;

/// How long it may take until canaryd accepts.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an answer may take, from the request's first byte to the answer's last.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the checks before a deployment may take: they ask Docker, and registries.
pub const CHECKS_TIMEOUT: Duration = Duration::from_secs(60);
/// How long an answer may be, in bytes: far above the status of a thousand services.
pub const ANSWER_BYTES_MAX: usize = 8 << 20;

/// Somebody who can ask canaryd.
#[derive(Clone, Debug)]
pub struct Client {
    endpoint: Endpoint,
}

/// What canaryd answered: the meaning, and the very document that it sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer<T> {
    /// What it means.
    pub value: T,
    /// The JSON as it came; fields of a newer canaryd are still in it.
    pub document: String,
}

// === impl Client ===

/// Each of these fails as every request does: see [`Error`].
impl Client {
    /// Asks there. Nothing is connected yet.
    #[must_use]
    pub const fn new(endpoint: Endpoint) -> Self {
        Self { endpoint }
    }

    /// Whether others can read what is sent.
    #[must_use]
    pub fn is_exposed(&self) -> bool {
        self.endpoint.is_exposed()
    }

    /// Everything at a glance.
    pub async fn overview(&self) -> Result<Answer<Overview>, Error> {
        self.get("/v1/services").await
    }

    /// One service.
    pub async fn service(&self, service: &ServiceName) -> Result<Answer<ServiceStatus>, Error> {
        self.get(&format!("/v1/services/{service}")).await
    }

    /// The rollouts of a service, the newest first.
    pub async fn rollouts(&self, service: &ServiceName, limit: u32) -> Result<Answer<Rollouts>, Error> {
        self.get(&format!("/v1/services/{service}/rollouts?limit={limit}")).await
    }

    /// One rollout of a service, whole.
    pub async fn rollout(&self, service: &ServiceName, generation: u64) -> Result<Answer<RolloutStory>, Error> {
        self.get(&format!("/v1/services/{service}/rollouts/{generation}")).await
    }

    /// What convicted or certified in a rollout of a service; in the one that is under way or was the last, if none is
    /// named.
    pub async fn account(&self, service: &ServiceName, generation: Option<u64>) -> Result<Answer<Account>, Error> {
        let rollout = generation.map(|generation| format!("rollouts/{generation}/")).unwrap_or_default();
        self.get(&format!("/v1/services/{service}/{rollout}account")).await
    }

    /// What changed, the newest first.
    pub async fn history(&self, service: Option<&ServiceName>, limit: u32) -> Result<Answer<History>, Error> {
        // A name needs no escaping in a query: it has letters, digits, `.`, `_` and `-` only.
        let service = service.map(|service| format!("service={service}&")).unwrap_or_default();
        self.get(&format!("/v1/history?{service}limit={limit}")).await
    }

    /// What the next rollout of a service will need, at its own traffic or at another.
    pub async fn forecast(&self, service: &ServiceName, what_if: WhatIf) -> Result<Answer<Forecast>, Error> {
        self.get(&format!("/v1/services/{service}/forecast{}", what_if.query())).await
    }

    /// Who would serve a request.
    pub async fn why(&self, question: &Question) -> Result<Answer<Why>, Error> {
        self.get(&format!("/v1/why?{}", question.query())).await
    }

    /// What changes from now on, or from behind the change with this number on.
    pub async fn events(&self, after: Option<i64>) -> Result<Events, Error> {
        let request = self.endpoint.request(Method::GET, "/v1/events").header("accept", "text/event-stream");
        let request = after.into_iter().fold(request, |request, id| request.header("last-event-id", id));
        self.flow(request.body(Full::default()).expect("a number is part of a request")).await.map(Events::new)
    }

    /// A copy of the store.
    pub async fn backup(&self) -> Result<Download, Error> {
        let request = self.endpoint.request(Method::GET, "/v1/backup").body(Full::default());
        self.flow(request.expect("the path is one")).await.map(Download)
    }

    async fn get<T: DeserializeOwned>(&self, target: &str) -> Result<Answer<T>, Error> {
        let request = self.endpoint.request(Method::GET, target).body(Full::default());
        self.ask(request.expect("names and escapes are part of a URI")).await
    }

    async fn ask<T: DeserializeOwned>(&self, request: Request<Full<Bytes>>) -> Result<Answer<T>, Error> {
        self.ask_within(ANSWER_TIMEOUT, request).await
    }

    async fn ask_within<T: DeserializeOwned>(
        &self,
        limit: Duration,
        request: Request<Full<Bytes>>,
    ) -> Result<Answer<T>, Error> {
        let (status, body) = exchange::whole(self.endpoint.connect().await?, request, limit).await?;
        let document = String::from_utf8(body.into()).map_err(|error| BadAnswer::NotUnderstood(error.to_string()))?;
        if status.is_success() { Answer::understand(document) } else { Err(Error::of(status, &document)) }
    }

    async fn flow(&self, request: Request<Full<Bytes>>) -> Result<exchange::Flow, Error> {
        let flow = exchange::flow(self.endpoint.connect().await?, request).await?;
        let refused = |(status, body): (StatusCode, Bytes)| Error::of(status, &String::from_utf8_lossy(&body));
        flow.map_err(refused)
    }
}

// === impl Answer ===

impl<T: DeserializeOwned> Answer<T> {
    fn understand(document: String) -> Result<Self, Error> {
        let value = serde_json::from_str(&document).map_err(|error| BadAnswer::NotUnderstood(error.to_string()))?;
        Ok(Self { value, document })
    }
}
