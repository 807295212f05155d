//! How often something is tried.

use std::time::Duration;

use crate::hooks::Report;

/// How long is waited before the second try. Each later wait is twice as long.
const PAUSE_FIRST: Duration = Duration::from_millis(250);
/// No wait is longer.
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// Tries something until it passes, and so many times more than once.
pub(super) async fn of<F: Future<Output = Report>>(retries: u32, attempt: impl Fn() -> F) -> Report {
    let mut pause = PAUSE_FIRST;
    let mut tries = 1;
    loop {
        let report = Report { tries, ..attempt().await };
        if report.result.is_ok() || tries > retries {
            return report;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
        tries += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// How often something is tried that fails so many times first, and whether it passes.
    async fn tried(retries: u32, failures: u32) -> (u32, bool) {
        let done = Cell::new(0);
        let report = of(retries, || async {
            done.set(done.get() + 1);
            if done.get() > failures { Report::passed(Vec::new()) } else { Report::failed("no", Vec::new()) }
        })
        .await;
        assert_eq!(report.tries, done.get());
        (report.tries, report.result.is_ok())
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_tried_until_it_passes_and_no_more_often_than_it_may() {
        assert_eq!(tried(0, 0).await, (1, true));
        assert_eq!(tried(0, 1).await, (1, false));
        assert_eq!(tried(2, 2).await, (3, true));
        assert_eq!(tried(2, 3).await, (3, false));
        assert_eq!(tried(100, 50).await, (51, true));
    }
}
