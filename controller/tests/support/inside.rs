//! An engine in this process, behind a real control socket, on a store that does what the test wants.

use std::net::SocketAddr;
use std::sync::Arc;

use canary_config::daemon::Config;
use canary_controller::admin::{self, Admin, AdminSocket};
use canary_controller::engine::{Engine, EngineHandle, PageSources, Started, Starting};
use canary_controller::store::Keeper;
use canary_proxy::access_log::AccessLog;
use canary_proxy::caps::Caps;
use canary_proxy::routes::{self, RouteReader};
use canary_proxy::rules::Asked;
use canary_proxy::table::Route;
use http::{HeaderMap, Method};
use tokio::sync::watch;

use super::{Api, Shelf, Site, until};

/// An engine that runs until this is dropped.
pub(crate) struct Inside {
    pub(crate) site: Site,
    pub(crate) api: Api,
    pub(crate) shelf: Shelf,
    pub(crate) engine: EngineHandle,
    reader: RouteReader,
    _keeper: Keeper,
    _stop: watch::Sender<bool>,
}

// === impl Inside ===

impl Inside {
    /// Starts one whose stable release is ready.
    pub(crate) async fn start(plan: &str) -> Self {
        let inside = Self::of(Site::new(plan).await).await;
        inside.api.until_ready().await;
        inside.until_asked(1).await;
        inside
    }

    /// Starts one on the file of this site.
    pub(crate) async fn of(site: Site) -> Self {
        let config = Config::load(&site.config_path).expect("a good file");
        let (shelf, (routes, reader)) = (Shelf::default(), routes::cell());
        let page =
            PageSources { unrouted: Arc::default(), access_log: AccessLog::off(), caps: Caps::new(&config.limits) };
        let loaded = shelf.store().load().expect("an empty shelf");
        let socket = AdminSocket::bind(&config.admin).expect("a folder of our own");
        let starting = Starting { config, routes, store: shelf.store(), loaded, page };
        let Started { engine, handle, keeper, store } = Engine::start(starting).expect("an empty store");
        let (stop, stopped) = watch::channel(false);
        let config_path = Arc::new(site.config_path.clone());
        tokio::spawn(engine.run());
        tokio::spawn(admin::serve(socket, Admin::new(handle.clone(), store, config_path), stopped));
        let api = Api { socket: site.socket.clone() };
        Self { site, api, shelf, engine: handle, reader, _keeper: keeper, _stop: stop }
    }

    /// One that stands at the first step.
    pub(crate) async fn at_first_step(plan: &str) -> Self {
        let inside = Self::start(plan).await;
        inside.api.start("v2").await.done();
        inside.api.until_step(1).await;
        inside
    }

    /// The canary's share in the table, in basis points, and where its requests go.
    pub(crate) fn weight(&self) -> u16 {
        self.route().canary.as_ref().map_or(0, |canary| canary.weight().bp())
    }

    /// The stable backends in the table.
    pub(crate) fn stable(&self) -> Vec<SocketAddr> {
        self.route().stable.ready.iter().map(|backend| backend.address).collect()
    }

    fn route(&self) -> Arc<Route> {
        let headers = HeaderMap::new();
        let asked = Asked::new("edge.test", "/", None, &Method::GET, &headers, None);
        Arc::clone(self.reader.load().route(&asked).expect("the rule takes every path"))
    }

    pub(crate) async fn until_weight(&self, bp: u16) {
        until(&format!("{bp} basis points in the table"), async || {
            let weight = self.weight();
            if weight == bp { Ok(()) } else { Err(weight.to_string()) }
        })
        .await;
    }

    /// Waits until the store has been given so many records.
    pub(crate) async fn until_asked(&self, records: usize) {
        until(&format!("{records} records"), async || {
            let asked = self.shelf.asked();
            if asked >= records { Ok(()) } else { Err(asked.to_string()) }
        })
        .await;
    }

    pub(crate) async fn until_health(&self, healthy: bool) {
        until(&format!("a store of health {healthy}"), async || {
            let store = self.api.overview().await.store;
            if store.healthy == healthy { Ok(()) } else { Err(format!("{store:?}")) }
        })
        .await;
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        // So that the store's thread does not hang on.
        self.shelf.take();
    }
}
