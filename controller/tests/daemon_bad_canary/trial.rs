//! A rollout of a canary under a steady load, to its end.

use canary_controller::rollout::PhaseName;

use crate::support::{Canaryd, Client, End, Ends, Manner, Origin, Page, Site, Steady, until};

/// A rollout under way, and its clients.
pub(super) struct Trial {
    pub(super) canaryd: Canaryd,
    pub(super) load: Steady,
    pub(super) stable: [Origin; 2],
    pub(super) canary: [Origin; 2],
    _site: Site,
}

/// What came of it.
pub(super) struct Ended {
    /// Why it stands where it stands.
    pub(super) reason: String,
    pub(super) ends: Ends,
    page: Page,
    stable: [Origin; 2],
    canary: [Origin; 2],
}

/// The two backends of each release, and what is asked of them.
pub(super) struct Setup {
    pub(super) stable: [Origin; 2],
    pub(super) canary: [Origin; 2],
    /// So many requests are answered before, one after the other.
    pub(super) known: u64,
    /// One request in so many is a POST.
    pub(super) posts_every: u32,
    /// What the service's tables say beside its backends.
    pub(super) more: &'static str,
}

/// Two backends whose requests come to this.
pub(super) async fn pair(release: &str, manner: Manner) -> [Origin; 2] {
    let pair = [Origin::start(release).await, Origin::start(release).await];
    pair.iter().for_each(|origin| origin.behave(manner));
    pair
}

// === impl Setup ===

impl Setup {
    /// A stable release that is well, and nothing but GETs.
    pub(super) async fn of(canary: [Origin; 2]) -> Self {
        Self { stable: pair("v1", Manner::Well).await, canary, known: 1, posts_every: u32::MAX, more: "" }
    }

    /// Begins to ask, and starts the rollout.
    pub(super) async fn start(self) -> Trial {
        let site = Site::new("").await;
        site.write(&format!("{}{}", site.daemon(), self.service()));
        let canaryd = Canaryd::start(&site).await;
        Client::sample(canaryd.web().await, self.known).await.assert_only("v1");
        let load = Steady::on(canaryd.web().await, self.posts_every);
        canaryd.api.start("v2").await.done();
        Trial { canaryd, load, stable: self.stable, canary: self.canary, _site: site }
    }

    /// Backends are probed once: what they are worth, their requests say.
    fn service(&self) -> String {
        let backends = |origins: &[Origin; 2]| format!("[\"{}\", \"{}\"]", origins[0].address, origins[1].address);
        let (stable, canary, more) = (backends(&self.stable), backends(&self.canary), self.more);
        format!(
            r#"
[services.web]
rule = "PathPrefix(`/`)"
stable = "v1"
probe = {{ path = "/healthz", interval = "10m", timeout = "5s", rise = 1 }}
[services.web.releases.v1]
backends = {stable}
[services.web.releases.v2]
backends = {canary}
{more}
"#
        )
    }
}

// === impl Trial ===

impl Trial {
    /// Waits until the canary is sent back, goes on for a second, and ends. The canary is judged by every request that it
    /// got, and got none afterwards.
    pub(super) async fn ended(self) -> Ended {
        self.canaryd.api.until_phase(PhaseName::Aborted).await;
        let picks = picks(&self.canaryd.page().await);
        self.load.more(300).await;
        until("every request to be judged", async || {
            let judged = self.canaryd.page().await.count("canaryd_judged_total", &[("track", "canary")]);
            if judged == picks { Ok(()) } else { Err(format!("{judged} of {picks}")) }
        })
        .await;
        let ended = self.stopped().await;
        assert_eq!(ended.picks(), picks, "the canary was asked after it had been sent back");
        ended
    }

    /// Waits until the canary was given more requests than it has now.
    pub(super) async fn picked_again(&self) {
        let before = picks(&self.canaryd.page().await);
        until("another request for the canary", async || {
            let now = picks(&self.canaryd.page().await);
            if now > before { Ok(()) } else { Err(now.to_string()) }
        })
        .await;
    }

    /// Asks nothing more, and lets everything end, wherever the rollout stands.
    pub(super) async fn stopped(self) -> Ended {
        let Self { canaryd, load, stable, canary, _site } = self;
        let ends = load.stop().await;
        let reason = canaryd.api.status().await.reason.expect("it has begun");
        Ended { reason, page: canaryd.page().await, ends, stable, canary }
    }
}

/// Requests that were given to the canary.
fn picks(page: &Page) -> u64 {
    page.count("canaryd_picks_total", &[("track", "canary")])
}

// === impl Ended ===

impl Ended {
    pub(super) fn picks(&self) -> u64 {
        picks(&self.page)
    }

    /// The canary's attempts that ended like this.
    pub(super) fn judged(&self, outcome: &str) -> u64 {
        self.page.count("canaryd_judged_total", &[("track", "canary"), ("outcome", outcome)])
    }

    pub(super) fn rescued(&self, reason: &str) -> u64 {
        self.page.count("canaryd_rescued_total", &[("reason", reason)])
    }

    /// Requests that came to the canary.
    pub(super) fn served(&self) -> u64 {
        self.canary.iter().map(Origin::served).sum()
    }

    /// How many GETs ended like this.
    pub(super) fn gets(&self, end: &End) -> u64 {
        self.ends.gets.values().filter(|own| *own == end).count() as u64
    }

    /// No GET failed, but for those that ended like these.
    pub(super) fn assert_flawless_but_for(&self, but: &[End]) {
        let flaws: Vec<_> = self.ends.gets.iter().filter(|(_, end)| !end.is_good() && !but.contains(end)).collect();
        assert!(flaws.is_empty(), "{} of {} GETs: {flaws:?}", flaws.len(), self.ends.gets.len());
        assert!(!self.ends.gets.is_empty());
    }

    /// Every POST that was answered well was executed once, and none more often.
    pub(super) fn assert_executed_once(&self) {
        let executed: Vec<_> = self.stable.iter().chain(&self.canary).map(Origin::executed).collect();
        for (path, end) in &self.ends.posts {
            let times: u64 = executed.iter().filter_map(|own| own.get(path)).sum();
            assert!(times == 1 || (times == 0 && !end.is_good()), "POST {path} was executed {times} times: {end:?}");
        }
        assert!(!self.ends.posts.is_empty());
    }
}
