//! The demo's course of events, told while they happen.

use std::num::NonZeroU32;
use std::time::Duration;

use canary_controller::api::{History, ServiceStatus};
use tokio::time::{sleep, timeout};

use crate::clock::Moment;
use crate::demo::canaryctl::{Canaryctl, Ended};
use crate::demo::check::{Seen, Switch};
use crate::demo::configuration::Plan;
use crate::demo::share::Share;
use crate::demo::stage::{Backend, Canaryd, Folder};
use crate::demo::timeline::{MARGIN, Timeline};
use crate::demo::transcript::Transcript;
use crate::demo::{BAD, DEADLINE, DemoError, GOOD, STABLE, SWITCHED};
use crate::load::{Load, Steady};
use crate::origin::Stats;

/// Requests a second.
const RATE: NonZeroU32 = NonZeroU32::new(400).expect("not zero");
/// The client's connections.
const CONNECTIONS: NonZeroU32 = NonZeroU32::new(16).expect("not zero");
/// The share of the bad release's requests that fail.
const FAIL: &str = "5%";
/// Until stable passes its probes.
const READY_TIMEOUT: Duration = Duration::from_secs(10);
/// How often it is asked whether it does.
const READY_POLL: Duration = Duration::from_millis(200);
/// How long each state that nothing happens in is watched.
const WATCH: Duration = Duration::from_secs(3);

/// All that a scene of the story plays with.
struct Scene<'a, 't> {
    canaryctl: &'a Canaryctl,
    client: &'a Steady,
    transcript: &'a mut Transcript<'t>,
}

/// Plays everything, from an empty folder to the end of canaryd.
pub(super) async fn play(folder: &Folder, transcript: &mut Transcript<'_>) -> Result<Seen, DemoError> {
    let canaryctl = Canaryctl::new(folder.file("canaryd.sock"))?;
    transcript.chapter("Four releases of a service, and canaryd in front of them")?;
    let mut backends = start_backends(transcript).await?;
    transcript.command(format_args!("canaryd --config {} &", folder.file("canaryd.toml").display()))?;
    let mut canaryd = Canaryd::start(folder, &backends).await?;
    transcript.figure(format_args!("listens on {}", canaryd.address))?;
    transcript.command(format_args!("export CANARYD_SOCKET={}", folder.file("canaryd.sock").display()))?;
    be_ready(&canaryctl).await?;
    let begun = Moment::now();
    let client = start_client(&canaryd, transcript).await?;

    let mut scene = Scene { canaryctl: &canaryctl, client: &client, transcript };
    let (bad, bad_at_abort) = scene.bring_in_bad(&backends).await?;
    let good = scene.bring_in_good().await?;
    let undo = scene.take_back().await?;
    let switch = scene.switch(folder, &backends).await?;

    let records = client.records();
    drop(client);
    let ended = Moment::now();
    let timeline = Timeline::read(&canaryctl.ask::<History>("history web").await?)?;
    let bad_at_end = stats_of(&backends, BAD).await?;
    backends.iter_mut().try_for_each(Backend::must_run)?;
    canaryd.must_run()?;
    let stopped = canaryd.stop().await?;
    Ok(Seen { bad, bad_at_abort, bad_at_end, good, undo, switch, timeline, records, begun, ended, stopped })
}

async fn start_backends(transcript: &mut Transcript<'_>) -> Result<Vec<Backend>, DemoError> {
    let mut backends = Vec::new();
    for (release, fail, says) in [
        (STABLE, "0", "stable"),
        (GOOD, "0", "as good"),
        (BAD, FAIL, "fails 5% of its requests"),
        (SWITCHED, "0", "as good"),
    ] {
        let pair = [Backend::start(release, fail, 1).await?, Backend::start(release, fail, 2).await?];
        transcript.figure(format_args!("{release}  {}  {}  {says}", pair[0].address, pair[1].address))?;
        backends.extend(pair);
    }
    Ok(backends)
}

/// Waits until stable can serve.
async fn be_ready(canaryctl: &Canaryctl) -> Result<(), DemoError> {
    let mut last = None;
    let wait = async {
        loop {
            match canaryctl.ask::<ServiceStatus>("status web").await {
                Ok(status) if is_ready(&status) => break,
                Ok(_) => last = Some("not every backend is ready".into()),
                Err(error) => last = Some(error.to_string()),
            }
            sleep(READY_POLL).await;
        }
    };
    let waited = timeout(READY_TIMEOUT, wait).await;
    waited.map_err(|_| DemoError::Late { what: format!("{STABLE} was not ready"), limit: READY_TIMEOUT, last })
}

fn is_ready(status: &ServiceStatus) -> bool {
    let stable = status.tracks.iter().find(|track| track.release.as_str() == STABLE);
    stable.is_some_and(|track| track.backends > 0 && track.ready == track.backends)
}

async fn start_client(canaryd: &Canaryd, transcript: &mut Transcript<'_>) -> Result<Steady, DemoError> {
    let load = Load { target: canaryd.address, connections: CONNECTIONS, rate: RATE, duration_max: DEADLINE };
    let client = load.start();
    transcript.figure(format_args!("a client sends {RATE} requests/s over {CONNECTIONS} connections"))?;
    sleep(WATCH).await;
    let records = client.records();
    let failed = records.iter().filter(|record| record.is_failure()).count();
    transcript.figure(format_args!("{} requests answered, {failed} of them failed", records.len()))?;
    Ok(client)
}

// === impl Scene ===

impl Scene<'_, '_> {
    async fn bring_in_bad(&mut self, backends: &[Backend]) -> Result<(Ended, Stats), DemoError> {
        self.transcript.chapter(format_args!("{BAD} is worse than {STABLE}"))?;
        let ended = self.tell("start web v3 --wait").await?;
        sleep(MARGIN).await;
        let stats = stats_of(backends, BAD).await?;
        self.watch(BAD).await?;
        self.transcript.figure(lifetime(&stats))?;
        self.canaryctl.show(self.transcript, "explain web").await?;
        Ok((ended, stats))
    }

    async fn bring_in_good(&mut self) -> Result<Ended, DemoError> {
        self.transcript.chapter(format_args!("{GOOD} is as good as {STABLE}"))?;
        let ended = self.tell("start web v2 --wait").await?;
        self.watch(GOOD).await?;
        self.canaryctl.show(self.transcript, "status web").await?;
        Ok(ended)
    }

    async fn take_back(&mut self) -> Result<Ended, DemoError> {
        self.transcript.chapter(format_args!("{GOOD} is taken back while {STABLE} is still warm"))?;
        let ended = self.tell("undo web").await?;
        self.watch(GOOD).await?;
        Ok(ended)
    }

    async fn switch(&mut self, folder: &Folder, backends: &[Backend]) -> Result<Switch, DemoError> {
        self.transcript.chapter(format_args!("{SWITCHED} by blue-green: all requests at once, and back at once"))?;
        folder.configure(backends, Plan::BlueGreen)?;
        for line in Plan::BlueGreen.text().lines() {
            self.transcript.figure(format_args!("[services.web.rollout] {line}"))?;
        }
        self.tell("reload").await?;
        let started = self.tell("start web v4 --wait").await?;
        let promoted = self.tell("promote web").await?;
        self.watch(SWITCHED).await?;
        let undone = self.tell("undo web").await?;
        self.watch(SWITCHED).await?;
        self.canaryctl.show(self.transcript, "history web").await?;
        Ok(Switch { started, promoted, undone })
    }

    /// Types a command.
    async fn tell(&mut self, line: &str) -> Result<Ended, DemoError> {
        let ended = self.canaryctl.show(self.transcript, line).await?;
        let code = ended.code.map_or("none".into(), |code| code.to_string());
        self.transcript.figure(format_args!("exit code {code} after {:.2} s", ended.took.as_secs_f64()))?;
        Ok(ended)
    }

    /// Waits for more requests, and says what share of them a release got since it was started.
    async fn watch(&mut self, release: &str) -> Result<(), DemoError> {
        sleep(WATCH).await;
        let records = self.client.records();
        let timeline = Timeline::read(&self.canaryctl.ask::<History>("history web").await?)?;
        for span in timeline.spans(release, Moment::now()) {
            self.transcript.figure(Share::measure(&span, &records))?;
        }
        Ok(())
    }
}

async fn stats_of(backends: &[Backend], release: &str) -> Result<Stats, DemoError> {
    let mut stats = Stats::default();
    for backend in backends.iter().filter(|backend| backend.release == release) {
        stats = stats.and(backend.stats().await?);
    }
    Ok(stats)
}

/// How long a release went on after its first failure.
pub(super) fn lifetime(stats: &Stats) -> String {
    let Stats { served, failed, .. } = stats;
    match stats.first_failure.zip(stats.last_request) {
        Some((first, last)) => {
            let ms = last.since(first).as_millis();
            format!("{BAD}: {ms} ms from its first failure to its last request; {failed} of {served} requests failed")
        }
        None => format!("{BAD}: none of its {served} requests failed"),
    }
}
