//! What outlives the process: rollouts, what changed in them, on what evidence, and on whose word.
//!
//! [`open`] is the way in. It gives a [`Store`] that can be trusted, or says what is wrong and which releases to
//! serve until that is mended; losing the store never stops traffic. A [`Keeper`] runs the store on a thread of its
//! own, so that nobody else waits for a disk. [`restore()`] puts a backup in the place of a store that nobody uses.
//! Nothing here reads a clock: the time of a record comes with it.

mod aside;
mod closed;
mod error;
mod keeper;
mod lock;
mod opening;
mod ownership;
mod restore;
mod seed;
mod snapshot;
mod sqlite;
mod story;

use std::collections::BTreeMap;
use std::time::SystemTime;

use canary_config::name::{ReleaseId, ServiceName};

use crate::api::{EvidenceStatus, HistoryEntry, RolloutSummary};
use crate::freeze::KeptFreeze;
use crate::idempotency::IdempotencyKey;
use crate::rollout::{Generation, Saved, Stop, Transition};

pub use self::closed::ClosedStore;
pub use self::error::StoreError;
pub use self::keeper::{Keeper, QUEUE_LIMIT, RETRY_INTERVAL, StoreHandle};
pub use self::lock::{Lock, Locked, is_in_use};
pub use self::opening::{Opened, open};
pub use self::restore::{Restored, restore};
pub use self::seed::Seed;
pub use self::snapshot::{Snapshot, SnapshotError};
pub use self::sqlite::{ACCOUNTS_MAX, AUDIT_ROWS_MAX, BACKUP_BYTES_MAX, PAPER_BYTES_MAX, SCHEMA_VERSION, SqliteStore};

/// The most entries that one look at the history gives.
pub const HISTORY_LIMIT_MAX: usize = 1_000;

/// So many commands with a key are remembered; the oldest are forgotten first.
pub const ANSWERED_MAX: usize = 1_000;

/// The stable release of every service.
pub type Stables = BTreeMap<ServiceName, ReleaseId>;

/// Where decisions are kept. One node keeps them in a file; several edges may share a store behind the same words.
///
/// Every method may wait for a disk or a network, so only a [`Keeper`] calls them. What a method said `Ok` to survives
/// the death of the process and the loss of power; what it said `Err` to is either kept whole or not at all.
pub trait Store: Send {
    /// Reads everything, and forgets durably that the last stop was orderly, so that a kill from now on shows.
    ///
    /// # Errors
    /// Nothing is trusted that is not exactly what was recorded; then, or if the store cannot be written, it fails.
    fn load(&mut self) -> Result<Loaded, StoreError>;

    /// Keeps the rollouts and the lines of the audit trail, all or none.
    ///
    /// # Errors
    /// None is kept; only if the disk fails in the very last moment of writing may all be.
    fn record(&mut self, record: &Record) -> Result<(), StoreError>;

    /// The lines of the audit trail that are asked for. One that cannot be read is left out, and the log says so.
    ///
    /// # Errors
    /// The audit trail cannot be reached at all.
    fn history(&mut self, query: &HistoryQuery) -> Result<Vec<HistoryEntry>, StoreError>;

    /// The newest rollouts of a service first, as the audit trail tells of them; never more than
    /// [`HISTORY_LIMIT_MAX`]. What was cut off the trail is not told, and a rollout whose beginning was has no time of it.
    ///
    /// # Errors
    /// The audit trail cannot be reached at all.
    fn rollouts(&mut self, service: &ServiceName, limit: usize) -> Result<Vec<RolloutSummary>, StoreError>;

    /// The account of a rollout as it was recorded; nothing if there is none, if it is forgotten, or if it cannot be
    /// read, which the log says.
    ///
    /// # Errors
    /// The accounts cannot be reached at all.
    fn account(&mut self, service: &ServiceName, generation: Generation) -> Result<Option<String>, StoreError>;

    /// The number of the line that was added last to the audit trail; 0 before any. It never falls, and no number is
    /// given twice, whatever becomes of the lines.
    fn last_entry(&self) -> i64;

    /// All of it as it is between two records, for [`restore()`].
    ///
    /// # Errors
    /// It cannot be read, it is not whole, or it is larger than [`BACKUP_BYTES_MAX`].
    fn backup(&mut self) -> Result<Vec<u8>, StoreError>;

    /// Keeps the fact that the process is about to stop because it was told to. A record after it takes it back, unless
    /// it [is only told](Record::is_only_told).
    ///
    /// # Errors
    /// The next start will take the stop for an unclean one.
    fn mark_orderly_stop(&mut self) -> Result<(), StoreError>;

    /// Writes something without meaning, to see whether writing works.
    ///
    /// # Errors
    /// It does not.
    fn check(&mut self) -> Result<(), StoreError>;

    /// What is wrong although records are kept, and what to do about it.
    fn warning(&self) -> Option<String> {
        None
    }
}

/// What a store held when the process started.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// Every service that was ever recorded.
    pub services: BTreeMap<ServiceName, Saved>,
    /// How the process ended that recorded them.
    pub stop: Stop,
    /// The freezes by an operator's word, in the order in which they were recorded.
    pub freezes: Vec<KeptFreeze>,
    /// The commands with a key that were done last, the oldest first; at most [`ANSWERED_MAX`]. One of which no line of
    /// the audit trail can be read any more is not among them.
    pub answered: Vec<Answered>,
    /// The evidence that was left behind, at most one paper for each service, the account of each rollout that is under
    /// way, and the shelf of each service that has one. What cannot be read is not among them.
    pub papers: Vec<Paper>,
    /// The secret of the store.
    pub seed: Seed,
}

/// A command with a key that was done.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// The client's name for it.
    pub key: IdempotencyKey,
    /// The command, as the audit trail names it.
    pub command: String,
    /// What changed of which service; nothing for what was about all of them.
    pub moves: Vec<(Option<ServiceName>, Option<Transition>)>,
}

/// What is to be kept in one go: all of it, or nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// The rollouts that changed, as they are now.
    pub services: BTreeMap<ServiceName, Saved>,
    /// What led there; nothing when a service is seen for the first time.
    pub entries: Vec<Entry>,
    /// Every freeze by an operator's word, if they changed: they take the place of all that were kept.
    pub freezes: Option<Vec<KeptFreeze>>,
    /// Each takes the place of the one of the same service, generation and kind.
    pub papers: Vec<Paper>,
}

/// Something that is kept beside a rollout, and that no route rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paper {
    /// Of which service.
    pub service: ServiceName,
    /// Of which try.
    pub generation: Generation,
    /// What for.
    pub kind: PaperKind,
    /// JSON of at most [`PAPER_BYTES_MAX`]; a longer one is left out, and the log says so. An empty one removes what is
    /// kept.
    pub body: String,
}

/// What a paper is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaperKind {
    /// What a judge knew at an orderly stop, so that the next one goes on from there. One is kept for each service.
    Evidence,
    /// The story of a verdict, for people. Those of the last [`ACCOUNTS_MAX`] rollouts of a service are kept.
    Account,
    /// Which containers of a service are canaryd's to start and stop. There is one for each service, of generation 0.
    Shelf,
}

// === impl Record ===

impl Record {
    /// Whether no share rests on it: it is told to people, or is about containers, so that a stop is as orderly after it as before.
    #[must_use]
    pub fn is_only_told(&self) -> bool {
        let Self { services, entries, freezes, papers } = self;
        let is_empty = services.is_empty() && entries.is_empty() && freezes.is_none();
        is_empty && papers.iter().all(|paper| paper.kind != PaperKind::Evidence)
    }

    /// Both in one go. Where they speak of the same, the later one is right.
    #[must_use]
    pub fn and(mut self, later: Self) -> Self {
        self.services.extend(later.services);
        self.entries.extend(later.entries);
        self.papers.extend(later.papers);
        Self { freezes: later.freezes.or(self.freezes), ..self }
    }
}

/// A line of the audit trail that is to be kept. The generation is the transition's own.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// When.
    pub at: SystemTime,
    /// Of which service; nothing for all of them.
    pub service: Option<ServiceName>,
    /// Who: `uid 1000` for a command, `canaryd` for what it did itself.
    pub actor: String,
    /// The command, if it was one.
    pub command: Option<String>,
    /// Why, in the operator's words.
    pub note: Option<String>,
    /// The client's name for the command.
    pub key: Option<IdempotencyKey>,
    /// What changed of the service's rollout, if anything did.
    pub transition: Option<Transition>,
    /// What the judge had seen by then.
    pub evidence: Option<EvidenceStatus>,
}

/// Which lines of the audit trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryQuery {
    /// Of this service only.
    pub service: Option<ServiceName>,
    /// Of this rollout only.
    pub generation: Option<Generation>,
    /// Which come first.
    pub order: Order,
    /// At most so many; more than [`HISTORY_LIMIT_MAX`] are never given.
    pub limit: usize,
}

/// Which lines come first, and where the look begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The newest.
    NewestFirst,
    /// The oldest of those with a greater number than this.
    After(i64),
}

/// The stable releases of what was kept.
fn stables_of(services: &BTreeMap<ServiceName, Saved>) -> Stables {
    services.iter().map(|(service, saved)| (service.clone(), saved.stable.clone())).collect()
}
