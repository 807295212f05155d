//! Placeholder until merge.
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};
/// x
#[derive(Clone, Debug, Default)]
pub struct Drain(Arc<AtomicUsize>);
/// x
#[derive(Debug)]
pub struct InFlightGuard(Arc<AtomicUsize>);
impl Drain {
    /// x
    pub fn enter(&self) -> InFlightGuard {
        self.0.fetch_add(1, Relaxed);
        InFlightGuard(self.0.clone())
    }
    /// x
    pub fn is_draining(&self) -> bool {
        false
    }
}
impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}
