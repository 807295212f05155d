//! A store that hangs, fails or recovers as a test wishes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use canary_config::name::ServiceName;
use canary_controller::api::{HistoryEntry, RolloutSummary};
use canary_controller::rollout::{Generation, Saved, State, Stop};
use canary_controller::store::{Answered, HistoryQuery, Loaded, Paper, PaperKind, Record, Seed, Store, StoreError};

/// The longest that it hangs, so that no thread outlives its test for long.
const HANG_MAX: Duration = Duration::from_secs(20);

/// How the store takes what it is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mood {
    #[default]
    Taking,
    Hanging,
    Failing,
}

/// The test's side of the store.
#[derive(Clone, Default)]
pub(crate) struct Shelf(Arc<(Mutex<Held>, Condvar)>);

#[derive(Default)]
struct Held {
    mood: Mood,
    asked: usize,
    records: Vec<Record>,
    was_orderly: bool,
    /// Which every store on this shelf has.
    seed: Option<Seed>,
}

/// The engine's side of the store.
pub(crate) struct ShelfStore(Shelf);

// === impl Shelf ===

impl Shelf {
    pub(crate) fn store(&self) -> Box<dyn Store> {
        Box::new(ShelfStore(self.clone()))
    }

    pub(crate) fn take(&self) {
        self.set(Mood::Taking);
    }

    pub(crate) fn hang(&self) {
        self.set(Mood::Hanging);
    }

    pub(crate) fn fail(&self) {
        self.set(Mood::Failing);
    }

    /// What was kept, in order, but for what is only told.
    pub(crate) fn records(&self) -> Vec<Record> {
        let mut records = self.all_records();
        records.retain(|record| !record.is_only_told());
        records
    }

    /// All of it.
    pub(crate) fn all_records(&self) -> Vec<Record> {
        self.held().records.clone()
    }

    /// How many records it was given, kept or not, but for what is only told.
    pub(crate) fn asked(&self) -> usize {
        self.held().asked
    }

    /// Whether it was told that the stop was orderly.
    pub(crate) fn was_orderly(&self) -> bool {
        self.held().was_orderly
    }

    fn set(&self, mood: Mood) {
        self.held().mood = mood;
        self.0.1.notify_all();
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.0.lock().expect("nobody panics with it")
    }

    fn answer(&self) -> Result<MutexGuard<'_, Held>, StoreError> {
        let held = self.held();
        let waited = self.0.1.wait_timeout_while(held, HANG_MAX, |held| held.mood == Mood::Hanging);
        let (held, _) = waited.expect("nobody panics with it");
        if held.mood == Mood::Taking {
            return Ok(held);
        }
        let (path, cause) = (PathBuf::from("/shelf"), "the disk is full".to_owned());
        Err(StoreError::Write { path, cause, remedy: "make room" })
    }
}

/// Whether the next process goes on from it: from evidence, and from the account of what is under way.
fn is_gone_on_from(paper: &Paper, services: &BTreeMap<ServiceName, Saved>) -> bool {
    let is_under_way =
        |saved: &Saved| matches!(saved.state, State::UnderWay { .. }) && saved.generation == paper.generation;
    let is_wanted = paper.kind == PaperKind::Evidence || services.get(&paper.service).is_some_and(is_under_way);
    is_wanted && !paper.body.is_empty()
}

impl Store for ShelfStore {
    fn load(&mut self) -> Result<Loaded, StoreError> {
        let mut held = self.0.held();
        let is_orderly = held.records.is_empty() || held.was_orderly;
        held.was_orderly = false;
        let stop = if is_orderly { Stop::Orderly } else { Stop::Unclean };
        let mut loaded = Loaded {
            services: BTreeMap::new(),
            stop,
            freezes: Vec::new(),
            answered: Vec::new(),
            papers: Vec::new(),
            seed: held.seed.get_or_insert_with(Seed::fresh).clone(),
        };
        let mut papers = BTreeMap::new();
        for record in held.records.iter().cloned() {
            loaded.services.extend(record.services);
            loaded.freezes = record.freezes.unwrap_or(loaded.freezes);
            for paper in record.papers {
                let is_account = paper.kind == PaperKind::Account;
                let generation = if is_account { paper.generation } else { Generation::default() };
                papers.insert((is_account, paper.service.clone(), generation), paper);
            }
            let mut entries = record.entries.into_iter().peekable();
            if let Some((key, command)) = entries.peek().and_then(|entry| entry.key.clone().zip(entry.command.clone()))
            {
                let moves = entries.map(|entry| (entry.service, entry.transition)).collect();
                loaded.answered.push(Answered { key, command, moves });
            }
        }
        loaded.papers = papers.into_values().filter(|paper| is_gone_on_from(paper, &loaded.services)).collect();
        Ok(loaded)
    }

    fn record(&mut self, record: &Record) -> Result<(), StoreError> {
        self.0.held().asked += usize::from(!record.is_only_told());
        let mut held = self.0.answer()?;
        held.was_orderly &= record.is_only_told();
        held.records.push(record.clone());
        Ok(())
    }

    fn history(&mut self, _: &HistoryQuery) -> Result<Vec<HistoryEntry>, StoreError> {
        Ok(Vec::new())
    }

    fn rollouts(&mut self, _: &ServiceName, _: usize) -> Result<Vec<RolloutSummary>, StoreError> {
        Ok(Vec::new())
    }

    fn account(&mut self, service: &ServiceName, generation: Generation) -> Result<Option<String>, StoreError> {
        let held = self.0.answer()?;
        let is_meant = |paper: &&Paper| {
            (&paper.service, paper.generation, paper.kind) == (service, generation, PaperKind::Account)
        };
        let last = held.records.iter().flat_map(|record| &record.papers).rfind(is_meant);
        Ok(last.map(|paper| paper.body.clone()).filter(|body| !body.is_empty()))
    }

    fn last_entry(&self) -> i64 {
        0
    }

    fn backup(&mut self) -> Result<Vec<u8>, StoreError> {
        self.0.answer().map(|_| Vec::new())
    }

    fn mark_orderly_stop(&mut self) -> Result<(), StoreError> {
        self.0.answer()?.was_orderly = true;
        Ok(())
    }

    fn check(&mut self) -> Result<(), StoreError> {
        self.0.answer().map(drop)
    }
}
