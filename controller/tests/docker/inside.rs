//! An engine within the test, whose service `web` is found on an Engine that is none.

use super::lookout::found_at;
use crate::support::{FakeContainer, FakeEngine, Inside, Origin, Site};

/// Who is ready is known at once, and nobody is given up for being slow.
const PROBED: &str = r#"probe = { path = "/healthz", interval = "20ms", timeout = "5s", rise = 1, fall = 2 }"#;

/// One with this plan, and with other services besides.
pub(super) async fn inside(engine: &FakeEngine, plan: &str, others: &str) -> Inside {
    let site = Site::new("").await;
    site.write(&format!("{}{}{others}", site.daemon(), found_at(&engine.host(), PROBED, plan)));
    Inside::of(site).await
}

/// A container in which this origin listens.
pub(super) fn container(name: &str, origin: &Origin) -> FakeContainer {
    let port = origin.address.port().to_string();
    let labelled = FakeContainer::new(name).label("canary.service", "web").label("canary.port", &port);
    labelled.label("canary.release", name).network("shop", "127.0.0.1")
}
