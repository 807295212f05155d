//! A client that gives one random order after another, and writes down what it is told.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use canary_controller::api::{Done, ServiceStatus};
use http::Request;
use http_body_util::Full;
use rand::RngExt as _;
use rand::rngs::StdRng;
use serde_json::Value;
use tokio::sync::watch;

use super::order::Order;
use super::said::{Log, Said, Told};
use crate::support::Api;

pub(super) struct Clerk {
    number: u64,
    api: Api,
    rng: StdRng,
    log: Arc<Mutex<Log>>,
    /// Whether canaryd is there.
    up: watch::Receiver<bool>,
}

// === impl Clerk ===

impl Clerk {
    pub(super) fn new(number: u64, api: Api, rng: StdRng, log: Arc<Mutex<Log>>, up: watch::Receiver<bool>) -> Self {
        Self { number, api, rng, log, up }
    }

    /// Gives so many orders, each on a connection of its own.
    pub(super) async fn give(mut self, orders: usize) {
        for count in 0..orders {
            let known = if self.rng.random_bool(0.5) { self.generation().await } else { None };
            let order = Order::random(&mut self.rng, known);
            let name = format!("{}-{count}", self.number);
            let sent = self.log.lock().expect("no client panics").now();
            let told = self.send(&order, &name).await;
            let is_cut = matches!(told, Told::Nothing);
            self.note(|answered| Said { name, order, sent, answered, told });
            if is_cut {
                self.up.wait_for(|is_up| *is_up).await.expect("whoever starts canaryd outlives its clients");
            }
        }
    }

    fn note(&self, said: impl FnOnce(u64) -> Said) {
        let mut log = self.log.lock().expect("no client panics");
        let answered = log.now();
        log.said.push(said(answered));
    }

    /// The number of the rollout of `web`; other services may have another one, and then the order is refused.
    async fn generation(&self) -> Option<u64> {
        let answer = self.api.try_send(question("/v1/services/web")).await.ok()?;
        serde_json::from_str::<ServiceStatus>(&answer.text).ok().map(|status| status.generation)
    }

    async fn send(&self, order: &Order, name: &str) -> Told {
        let Ok(answer) = self.api.try_post(&order.path(), &order.body(name)).await else { return Told::Nothing };
        match answer.status {
            200 if matches!(order.verb, "freeze" | "unfreeze") => {
                drop(answer.good::<Value>());
                Told::Done(None)
            }
            200 => {
                let done: Done = answer.good();
                if done.durable { Told::Done(Some(done.transition)) } else { Told::NotDurable }
            }
            409 => Told::Refused,
            // Not stored and not done, or about to end.
            503 | 500 => Told::Nothing,
            status => panic!("{order:?} was answered with {status}: {}", answer.text),
        }
    }
}

fn question(path: &str) -> Request<Full<Bytes>> {
    Request::get(path).body(Full::default()).expect("a plain request")
}
