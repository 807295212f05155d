//! The one cell that holds the routing table, and the two handles on it.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};

use crate::table::{Route, RoutingTable};

/// Makes the cell, empty, with its one writer and its first reader.
#[must_use]
pub fn cell() -> (RouteWriter, RouteReader) {
    let cell = Arc::new(ArcSwap::from_pointee(RoutingTable::default()));
    (RouteWriter(Arc::clone(&cell)), RouteReader(cell))
}

/// Replaces the table. There is one, and it cannot be cloned: one writer is a fact of types.
#[derive(Debug)]
pub struct RouteWriter(Arc<ArcSwap<RoutingTable>>);

/// Reads the table of this moment.
#[derive(Clone, Debug)]
pub struct RouteReader(Arc<ArcSwap<RoutingTable>>);

// === impl RouteWriter ===

impl RouteWriter {
    /// Replaces the whole table at once by one of these routes. A request that begins after this returned sees it.
    pub fn publish(&mut self, routes: Vec<Arc<Route>>) {
        let table = self.0.load().replaced_by(routes);
        self.0.store(Arc::new(table));
    }

    /// The table that was published last.
    #[must_use]
    pub fn published(&self) -> Arc<RoutingTable> {
        self.0.load_full()
    }
}

// === impl RouteReader ===

impl RouteReader {
    /// The table of this moment. Take what you need and drop the guard before the first await.
    #[must_use]
    pub fn load(&self) -> Guard<Arc<RoutingTable>> {
        self.0.load()
    }
}
