//! The one cell that holds the routing table, and the two handles on it.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use crate::table::{Route, RoutingTable};

/// Makes the cell, empty, with its one writer and its first reader.
#[must_use]
pub fn cell() -> (RouteWriter, RouteReader) {
    let cell = Arc::new(Cell { table: ArcSwap::from_pointee(RoutingTable::default()), published: Notify::new() });
    (RouteWriter(Arc::clone(&cell)), RouteReader(cell))
}

/// Replaces the table. There is one, and it cannot be cloned: one writer is a fact of types.
#[derive(Debug)]
pub struct RouteWriter(Arc<Cell>);

/// Reads the table of this moment.
#[derive(Clone, Debug)]
pub struct RouteReader(Arc<Cell>);

#[derive(Debug)]
struct Cell {
    table: ArcSwap<RoutingTable>,
    /// Rung after each change. Only parked requests listen; nobody else comes by its lock.
    published: Notify,
}

// === impl RouteWriter ===

impl RouteWriter {
    /// Replaces the whole table at once by one of these routes. A request that begins after this returned sees it, and so
    /// does every request that is parked.
    pub fn publish(&mut self, routes: Vec<Arc<Route>>) {
        let table = self.0.table.load().replaced_by(routes);
        self.0.table.store(Arc::new(table));
        self.0.published.notify_waiters();
    }

    /// The table that was published last.
    #[must_use]
    pub fn published(&self) -> Arc<RoutingTable> {
        self.0.table.load_full()
    }
}

// === impl RouteReader ===

impl RouteReader {
    /// The table of this moment. Take what you need and drop the guard before the first await.
    #[must_use]
    pub fn load(&self) -> Guard<Arc<RoutingTable>> {
        self.0.table.load()
    }

    /// Resolves when a table is published after this was made. Whoever makes it before it looks at the table overlooks
    /// none.
    pub(crate) fn changed(&self) -> Notified<'_> {
        self.0.published.notified()
    }
}
