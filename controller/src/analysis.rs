//! Placeholder until merge.
pub mod metric;
pub use metric::Metric;
