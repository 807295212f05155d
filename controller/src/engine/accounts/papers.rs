//! The accounts as papers: which are given to the store, and when.

use std::time::Instant;

use canary_config::name::ServiceName;

use crate::api;
use crate::clock;
use crate::engine::accounts::{Accounts, Kept, REFRESH_INTERVAL};
use crate::engine::cause::Cause;
use crate::engine::managed::Managed;
use crate::engine::moved::Moved;
use crate::engine::stop::Stopping;
use crate::engine::{Engine, StoreWord};
use crate::rollout::{Generation, Stop};
use crate::store::{Paper, PaperKind, Record};

/// Which accounts are due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Due {
    /// Those of tries that are over, if something was heard and they have not been stored a moment ago.
    Over,
    /// The same of all, as the process is about to end.
    Stopping,
    /// All that the store has not got as they are now.
    Now,
}

// === impl Engine ===

impl Engine {
    /// Stores what has been heard of tries that are over, or of all if the end is near.
    pub(in crate::engine) fn refresh_accounts(&mut self, now: Instant) {
        let is_stopping = matches!(self.stopping, Stopping::Yes(_));
        self.keep_accounts(if is_stopping { Due::Stopping } else { Due::Over }, now);
    }

    /// Hears what there is, and stores it: the engine has no other turn.
    pub(in crate::engine) fn keep_last_accounts(&mut self) {
        let now = clock::now();
        self.services.values_mut().for_each(|managed| managed.look_around(now));
        self.keep_accounts(Due::Now, now);
    }

    fn keep_accounts(&mut self, due: Due, now: Instant) {
        if !self.health.healthy {
            return;
        }
        let papers = self.services.values_mut().flat_map(|managed| managed.accounts.due(due, now)).collect();
        self.send_accounts(papers);
    }

    /// Gives the store accounts that nothing else comes with. If it does not take them, they are given to it again.
    pub(in crate::engine) fn send_accounts(&self, papers: Vec<Paper>) {
        if papers.is_empty() {
            return;
        }
        let to_self = self.to_self.clone();
        let tell = move |result: Result<(), _>| {
            if result.is_err() {
                // An engine that has ended does not try again.
                let _ = to_self.send(StoreWord::AccountsLost);
            }
        };
        if let Err(error) = self.store.record(Record { papers, ..Record::default() }, tell.clone()) {
            tell(Err(error));
        }
    }

    /// The store may lack accounts that it was given.
    pub(in crate::engine) fn mark_accounts_unstored(&mut self) {
        self.services.values_mut().for_each(|managed| managed.accounts.mark_unstored());
    }

    /// The accounts of services of which a change is in force, as they are with it.
    pub(in crate::engine) fn account_papers<'a>(
        &mut self,
        services: impl IntoIterator<Item = &'a ServiceName>,
    ) -> Vec<Paper> {
        let now = clock::now();
        let mut papers = Vec::new();
        for service in services {
            let Some(managed) = self.services.get_mut(service) else { continue };
            managed.accounts.mark_unstored();
            papers.extend(managed.accounts.due(Due::Now, now));
        }
        papers
    }

    /// The accounts as they will be once these changes are in force, which are decided and not stored yet.
    pub(in crate::engine) fn account_papers_with(&mut self, moves: &[Moved], cause: &Cause) -> Vec<Paper> {
        let mut papers = Vec::new();
        for moved in moves {
            let Some(managed) = self.services.get_mut(&moved.service) else { continue };
            let mut accounts = managed.accounts.clone();
            accounts.turn(moved, cause, &managed.declared);
            accounts.mark_unstored();
            papers.extend(accounts.due(Due::Now, moved.decided));
            // They are on their way. If they do not arrive, that is heard of.
            managed.accounts.mark_sent(moved.decided);
        }
        papers
    }

    /// Goes on with the accounts of the tries that are under way.
    pub(in crate::engine) fn take_up_accounts(&mut self, papers: &[Paper], stop: Stop) {
        let today = clock::today();
        for paper in papers.iter().filter(|paper| paper.kind == PaperKind::Account) {
            let Some(account) = self.services.get_mut(&paper.service).and_then(|one| one.accounts.present()) else {
                continue;
            };
            match serde_json::from_str::<api::Account>(&paper.body) {
                Ok(told) => account.take_up(told, today),
                Err(error) => {
                    tracing::warn!(service = %paper.service, %error, "the account cannot be read, so it begins anew");
                }
            }
            if stop == Stop::Unclean {
                account.set_back();
            }
        }
    }
}

// === impl Managed ===

impl Managed {
    /// That there is no account of a try which never came into force.
    pub(in crate::engine) fn no_account_of(&self, generation: Generation) -> Option<Paper> {
        let (service, kind) = (self.declared.name.clone(), PaperKind::Account);
        (generation != self.rollout.generation()).then(|| Paper { service, generation, kind, body: String::new() })
    }
}

// === impl Accounts ===

impl Accounts {
    fn mark_sent(&mut self, now: Instant) {
        for kept in self.all() {
            (kept.is_unstored, kept.sent) = (false, Some(now));
        }
    }

    /// What is to be stored now. Accounts of which nothing more can be heard are let go of, once they are stored.
    pub(in crate::engine) fn due(&mut self, due: Due, now: Instant) -> Vec<Paper> {
        let papers = self.all().filter(|kept| kept.is_due(due, now)).filter_map(|kept| kept.paper(now)).collect();
        self.past.retain(|kept| kept.is_unstored || !kept.is_settled);
        papers
    }
}

// === impl Kept ===

impl Kept {
    fn is_due(&self, due: Due, now: Instant) -> bool {
        let is_young = self.sent.is_some_and(|sent| now.saturating_duration_since(sent) < REFRESH_INTERVAL);
        let is_young = is_young && !self.is_settled;
        match due {
            Due::Over => self.is_unstored && !is_young && self.account.is_over(),
            Due::Stopping => self.is_unstored && !is_young,
            // Of a try that is under way there is more to tell at every moment.
            Due::Now => self.is_unstored || !self.account.is_over(),
        }
    }

    fn paper(&mut self, now: Instant) -> Option<Paper> {
        (self.is_unstored, self.sent) = (false, Some(now));
        let told = self.account.told(now);
        let body = serde_json::to_string(&told);
        let body = body.inspect_err(|error| tracing::warn!(%error, "an account cannot be kept")).ok()?;
        Some(Paper { service: told.service, generation: told.generation, kind: PaperKind::Account, body })
    }
}
