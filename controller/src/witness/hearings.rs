//! The hearing of the try that is under way or was the last, and of those before in which requests may still score.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};
use std::time::Instant;

use canary_config::name::ReleaseId;
use canary_proxy::cohort::Cohort;
use canary_proxy::hearing::Hearing;
use canary_proxy::last_pick::LastPick;
use canary_proxy::slow_start::SlowStart;
use canary_proxy::track::Track;
use canary_proxy::trip::Trip;
use canary_proxy::witness::Witness;
use tokio::sync::Notify;

use crate::analysis::{Arms, Judge};
use crate::rollout::Generation;
use crate::witness::CanaryWitness;
use crate::witness::inquiry::Inquiry;
use crate::witness::ledgers::Ledgers;
use crate::witness::notes::{Heard, Notes};
use crate::witness::question::{Means, Question};
use crate::witness::rollback::Rollback;
use crate::witness::suffered::Suffered;
use crate::witness::totals::Totals;

/// One try: what its tables point at, and who judges it.
#[derive(Debug)]
pub(crate) struct Case {
    generation: Generation,
    releases: Arms<ReleaseId>,
    hearing: Arc<Hearing>,
    witness: Arc<CanaryWitness>,
    notes: Notes,
    /// What was noted and has not been taken yet.
    heard: Heard,
    /// Whether nothing was left to be noted at the last look.
    is_silent: bool,
    is_sent_back: bool,
    rollback: Option<Rollback>,
}

/// What is one for the whole try, however often its comparison begins anew.
#[derive(Debug, Default)]
struct Lasting {
    trip: Arc<Trip>,
    suffered: Suffered,
}

/// Every case of a service that somebody may still want to know something of.
#[derive(Debug)]
pub(crate) struct Hearings {
    present: Option<Case>,
    past: Vec<Case>,
    /// What was scored in ledgers that are closed.
    closed: BTreeMap<(ReleaseId, Track), Totals>,
    /// The requests that found no place in keys that are gone.
    unplaced: u64,
    /// How the last canary left of those that nothing can be learnt of any more.
    left: Option<Rollback>,
    convicted: Arc<Notify>,
}

// === impl Case ===

impl Case {
    fn new(
        generation: Generation,
        releases: Arms<ReleaseId>,
        judge: Judge,
        cohort: Cohort,
        lasting: Lasting,
        convicted: Arc<Notify>,
    ) -> Self {
        let Lasting { trip, suffered } = lasting;
        let ledgers = Ledgers::of(cohort.keys());
        let suffered = suffered.with_keys(cohort.keys());
        let failed = Arc::clone(suffered.requests());
        let inquiry = |alarm| Inquiry::new(judge, ledgers, suffered, alarm);
        let (witness, notes) = CanaryWitness::new(Arc::clone(&trip), convicted, inquiry);
        let witness = Arc::new(witness);
        let hearing = Hearing {
            trip,
            // A canary that comes back after a restart begins small, too: nobody knows what became of it meanwhile.
            slow_start: Arc::new(SlowStart::new()),
            cohort,
            last_pick: LastPick::default(),
            failed,
            witness: Some(Arc::clone(&witness) as Arc<dyn Witness>),
        };
        Self {
            generation,
            releases,
            hearing: Arc::new(hearing),
            witness,
            notes,
            heard: Heard::default(),
            is_silent: false,
            is_sent_back: false,
            rollback: None,
        }
    }

    /// Of which try it is.
    pub(crate) const fn generation(&self) -> Generation {
        self.generation
    }

    /// Asks nothing any more: what is scored from now on is not about what is on trial. Gives what another case of the
    /// same try goes on with.
    fn give_way(&self) -> Lasting {
        let suffered = self.ask(|inquiry| {
            inquiry.ask(Question::None, Means::default());
            inquiry.suffered().clone()
        });
        Lasting { trip: Arc::clone(&self.hearing.trip), suffered }
    }

    /// What every table of this try points at.
    pub(crate) fn hearing(&self) -> &Arc<Hearing> {
        &self.hearing
    }

    /// Does something with what is known of the try.
    pub(crate) fn ask<R>(&self, act: impl FnOnce(&mut Inquiry) -> R) -> R {
        self.witness.ask(act)
    }

    /// How many of its requests were compared nowhere, as there was no place for their key.
    pub(crate) fn unplaced(&self) -> u64 {
        self.hearing.cohort.keys().map_or(0, |keys| keys.unplaced())
    }

    /// Whether its canary is out of the data path for good.
    pub(crate) fn is_tripped(&self) -> bool {
        self.hearing.trip.is_tripped()
    }

    /// Whether its canary was convicted.
    pub(crate) fn is_convicted(&self) -> bool {
        self.witness.is_convicted()
    }

    /// Its canary is sent back, at once by these means.
    pub(crate) fn send_back(&mut self, means: Means) {
        self.is_sent_back = true;
        if means == Means::Trip {
            self.hearing.trip.trip();
        }
    }

    /// Measures how its canary leaves, from the verdict on, or from now on if there was none.
    pub(crate) fn measure_rollback(&mut self, now: Instant) {
        let (at, in_flight) = self.witness.ask(|inquiry| match inquiry.conviction() {
            Some(conviction) => (conviction.at, conviction.in_flight),
            None => (now, inquiry.in_flight()),
        });
        self.rollback.get_or_insert_with(|| Rollback::new(at, in_flight));
    }

    /// How its canary leaves, as far as it has, if it had a share to lose.
    pub(crate) fn note_rollback(&mut self, now: Instant) -> Option<&Rollback> {
        let in_flight = self.witness.ask(|inquiry| inquiry.in_flight());
        let (rollback, last_pick) = (self.rollback.as_mut()?, self.hearing.last_pick.at());
        rollback.note(in_flight, last_pick, now);
        Some(rollback)
    }

    /// The same, as it was noted last.
    pub(crate) fn rollback(&self) -> Option<&Rollback> {
        self.rollback.as_ref()
    }

    fn look_around(&mut self, now: Instant) -> Arms<Totals> {
        self.note_rollback(now);
        // Whoever lets go of the witness after this look has spoken before the next one.
        self.is_silent = self.is_unheld();
        // The counts are read without order; this makes what their last holders said before they let go visible here.
        fence(Ordering::Acquire);
        self.heard.add(self.notes.take());
        self.witness.ask(|inquiry| {
            inquiry.look_around(now);
            inquiry.take_closed()
        })
    }

    /// Whether no table, no request and no remark on one leads to the witness any more.
    fn is_unheld(&self) -> bool {
        Arc::strong_count(&self.hearing) == 1 && Arc::strong_count(&self.witness) == 2
    }

    fn is_quiet(&self) -> bool {
        let is_leaving = self.rollback.as_ref().is_some_and(|rollback| rollback.to_drained().is_none());
        !is_leaving && self.is_silent && self.witness.ask(|inquiry| inquiry.is_quiet())
    }
}

// === impl Hearings ===

impl Hearings {
    /// None yet. Whoever is convicted wakes this.
    pub(crate) fn new(convicted: Arc<Notify>) -> Self {
        Self { present: None, past: Vec::new(), closed: BTreeMap::new(), unplaced: 0, left: None, convicted }
    }

    /// Opens a new try's case in the place of the present one.
    pub(crate) fn open(&mut self, generation: Generation, releases: Arms<ReleaseId>, judge: Judge, cohort: Cohort) {
        self.replace(generation, releases, judge, cohort, Lasting::default());
    }

    /// Opens another case of the same try, whose comparison begins anew.
    pub(crate) fn open_anew(
        &mut self,
        generation: Generation,
        releases: Arms<ReleaseId>,
        judge: Judge,
        cohort: Cohort,
    ) {
        let lasting = self.present.as_ref().map(Case::give_way).unwrap_or_default();
        self.replace(generation, releases, judge, cohort, lasting);
    }

    fn replace(
        &mut self,
        generation: Generation,
        releases: Arms<ReleaseId>,
        judge: Judge,
        cohort: Cohort,
        lasting: Lasting,
    ) {
        let case = Case::new(generation, releases, judge, cohort, lasting, Arc::clone(&self.convicted));
        self.past.extend(self.present.replace(case));
    }

    /// The case of the try that is under way, or was the last.
    pub(crate) fn present(&self) -> Option<&Case> {
        self.present.as_ref()
    }

    /// The same, to change it.
    pub(crate) fn present_mut(&mut self) -> Option<&mut Case> {
        self.present.as_mut()
    }

    /// Takes every canary that was sent back out of the data path for good, whatever table a request has seen.
    pub(crate) fn trip_sent_back(&self) {
        for case in self.past.iter().chain(&self.present).filter(|case| case.is_sent_back) {
            case.hearing.trip.trip();
        }
    }

    /// Looks at every case, and lets go of those that nothing can be learnt of any more.
    pub(crate) fn look_around(&mut self, now: Instant) {
        // Those that were so at the last look, so that what it showed could be read.
        for quiet in self.past.extract_if(.., |case| case.is_quiet() && case.heard.is_empty()) {
            self.unplaced += quiet.unplaced();
            self.left = quiet.rollback.or(self.left.take());
        }
        for case in self.past.iter_mut().chain(&mut self.present) {
            let Arms { stable, canary } = case.look_around(now);
            for (release, track, totals) in
                [(&case.releases.stable, Track::Stable, stable), (&case.releases.canary, Track::Canary, canary)]
            {
                if !totals.is_empty() {
                    self.closed.entry((release.clone(), track)).or_default().add(&totals);
                }
            }
        }
    }

    /// What was noted of a try and has not been taken yet.
    pub(crate) fn take_heard(&mut self, generation: Generation) -> Heard {
        let mut heard = Heard::default();
        for case in self.past.iter_mut().chain(&mut self.present).filter(|case| case.generation == generation) {
            heard.add(std::mem::take(&mut case.heard));
        }
        heard
    }

    /// How the canary of a try left, as far as it has, if it had a share to lose.
    pub(crate) fn rollback_of(&self, generation: Generation) -> Option<&Rollback> {
        let cases = self.present.iter().chain(self.past.iter().rev()).filter(|case| case.generation == generation);
        cases.filter_map(|case| case.rollback.as_ref()).next()
    }

    /// Whether nothing can be noted of a try any more.
    pub(crate) fn is_silent(&self, generation: Generation) -> bool {
        self.past.iter().chain(&self.present).filter(|case| case.generation == generation).all(|case| case.is_silent)
    }

    /// How the last canary left that was sent back.
    pub(crate) fn rollback(&self) -> Option<&Rollback> {
        let cases = self.present.iter().chain(self.past.iter().rev());
        cases.filter_map(|case| case.rollback.as_ref()).next().or(self.left.as_ref())
    }

    /// Whether nothing may be scored any more, and no request is waited for.
    pub(crate) fn is_quiet(&self) -> bool {
        self.past.is_empty() && self.present.as_ref().is_none_or(Case::is_quiet)
    }

    /// Whether the canary of the try that is under way or was the last is out of the data path for good.
    pub(crate) fn is_tripped(&self) -> bool {
        self.present.as_ref().is_some_and(Case::is_tripped)
    }

    /// What was scored in all, by release and role.
    pub(crate) fn totals(&self) -> BTreeMap<(ReleaseId, Track), Totals> {
        let mut totals = self.closed.clone();
        for case in self.past.iter().chain(&self.present) {
            let Arms { stable, canary } = case.ask(|inquiry| inquiry.open_totals());
            for (release, track, open) in
                [(&case.releases.stable, Track::Stable, stable), (&case.releases.canary, Track::Canary, canary)]
            {
                if !open.is_empty() {
                    totals.entry((release.clone(), track)).or_default().add(&open);
                }
            }
        }
        totals
    }

    /// How many requests were compared nowhere in all, as there was no place for their key.
    pub(crate) fn unplaced(&self) -> u64 {
        self.unplaced + self.past.iter().chain(&self.present).map(Case::unplaced).sum::<u64>()
    }

    /// Forgets the totals of releases that are not kept.
    pub(crate) fn retain(&mut self, is_kept: impl Fn(&ReleaseId) -> bool) {
        self.closed.retain(|(release, _), _| is_kept(release));
    }
}
