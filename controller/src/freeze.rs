//! What freezes a service: an operator's word, or a window of the configuration that no operator has lifted. While it
//! lasts nothing is started and no weight is raised. Pure: time comes in.
//!
//! An operator's word is about one service or about all. Lifting ends what freezes a service now, and spares it from
//! the freezes of all that it cannot end; a freeze of all that is said later counts. A window that was lifted counts
//! again the next time, whatever is frozen and lifted in between.

#[cfg(test)]
mod tests;

use std::time::SystemTime;

use canary_config::freeze::FreezeWindow;
use canary_config::name::ServiceName;
use serde::{Deserialize, Serialize};

use crate::api::FreezeStatus;
use crate::date::to_the_millisecond;

/// An operator's word about freezes, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptFreeze {
    /// The service that it is about; nothing for all of them.
    pub service: Option<ServiceName>,
    /// Who said so.
    pub actor: String,
    /// Why, in their words.
    pub note: Option<String>,
    /// Since when.
    pub since: SystemTime,
    /// Until when; nothing if somebody has to lift it.
    pub until: Option<SystemTime>,
    /// What was said.
    pub effect: Effect,
}

/// What an operator said about a freeze.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Nothing is started or raised.
    Freeze,
    /// A window of the configuration does not count until it ends.
    Lift,
}

/// Every word of operators about freezes that still counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Freezes(Vec<KeptFreeze>);

/// Who says something about a freeze, about what, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The service that it is about; nothing for all of them.
    pub service: Option<ServiceName>,
    /// Who says so.
    pub actor: String,
    /// Why, in their words.
    pub note: Option<String>,
    /// When.
    pub at: SystemTime,
}

/// The configuration that freezes are looked at with.
#[derive(Clone, Copy, Debug)]
pub struct Calendar<'a> {
    /// The windows that it declares.
    pub windows: &'a [FreezeWindow],
    /// The services that it declares.
    pub services: &'a [ServiceName],
    /// The date.
    pub now: SystemTime,
}

/// A freeze that is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InForce<'a> {
    /// By an operator's word.
    Word(&'a KeptFreeze),
    /// By the configuration.
    Window {
        /// Which window.
        window: &'a FreezeWindow,
        /// For which service; nothing for all of them.
        service: Option<&'a ServiceName>,
        /// Until when.
        until: SystemTime,
    },
}

// === impl Freezes ===

impl Freezes {
    /// What was kept.
    #[must_use]
    pub fn new(kept: Vec<KeptFreeze>) -> Self {
        Self(kept)
    }

    /// What is to be kept.
    #[must_use]
    pub fn kept(&self) -> &[KeptFreeze] {
        &self.0
    }

    /// The freeze of a service that is in force; of several the one that ends last.
    #[must_use]
    pub fn in_force<'a>(&'a self, service: &'a ServiceName, calendar: &Calendar<'a>) -> Option<InForce<'a>> {
        let words = self.words(calendar.now).filter(|kept| kept.is_about(service));
        let words = words.filter(|kept| kept.service.is_some() || !self.is_spared(service, kept, calendar.now));
        let words = words.map(InForce::Word);
        let windows = calendar.windows.iter().filter_map(|window| {
            let until = self.window_until(window, service, calendar.now)?;
            Some(InForce::Window { window, service: Some(service), until })
        });
        words.chain(windows).max_by_key(InForce::end)
    }

    /// Every freeze that is in force: an operator's words, then windows. A window for all services is given once.
    #[must_use]
    pub fn all_in_force<'a>(&'a self, calendar: &Calendar<'a>) -> Vec<InForce<'a>> {
        let mut all: Vec<_> = self.words(calendar.now).map(InForce::Word).collect();
        for window in calendar.windows {
            let frozen = calendar.services.iter().filter_map(|service| {
                let until = self.window_until(window, service, calendar.now)?;
                Some(InForce::Window { window, service: Some(service), until })
            });
            let frozen: Vec<_> = frozen.collect();
            match frozen.first() {
                Some(InForce::Window { until, .. }) if frozen.len() == calendar.services.len() => {
                    all.push(InForce::Window { window, service: None, until: *until });
                }
                _ => all.extend(frozen),
            }
        }
        all
    }

    /// With one more freeze, in the place of an earlier one of the same services.
    #[must_use]
    pub fn freeze(&self, said: Said, until: Option<SystemTime>) -> Self {
        let is_taken_back = |kept: &KeptFreeze| kept.effect == Effect::Freeze && kept.service == said.service;
        let mut kept: Vec<_> = self.lasting(said.at).filter(|kept| !is_taken_back(kept)).cloned().collect();
        kept.push(said.keep(Effect::Freeze, until));
        Self(kept)
    }

    /// Without what freezes the service now, or any service; nothing if nothing does.
    #[must_use]
    pub fn unfreeze(&self, said: Said, calendar: &Calendar<'_>) -> Option<Self> {
        let Some(service) = said.service.clone() else { return self.unfreeze_all(said, calendar) };
        self.in_force(&service, calendar)?;
        let is_kept = |kept: &&KeptFreeze| kept.service.as_ref() != Some(&service);
        let rest = Self(self.lasting(said.at).filter(is_kept).cloned().collect());
        let wider = rest.in_force(&service, calendar).map(|wider| wider.until());
        Some(match wider {
            Some(until) => rest.and(said.keep(Effect::Lift, until)),
            None => rest,
        })
    }

    fn unfreeze_all(&self, said: Said, calendar: &Calendar<'_>) -> Option<Self> {
        let (at, mut last) = (said.at, None);
        let mut is_frozen = self.words(at).next().is_some();
        for service in calendar.services {
            is_frozen = is_frozen || self.in_force(service, calendar).is_some();
            last = last.max(calendar.windows.iter().filter_map(|window| window.in_force_until(service, at)).max());
        }
        let lift = last.map(|_| said.keep(Effect::Lift, last));
        is_frozen.then(|| Self(lift.into_iter().collect()))
    }

    fn and(mut self, kept: KeptFreeze) -> Self {
        self.0.push(kept);
        self
    }

    /// Until when a window freezes a service, unless an operator has lifted it.
    fn window_until(&self, window: &FreezeWindow, service: &ServiceName, now: SystemTime) -> Option<SystemTime> {
        let until = window.in_force_until(service, now)?;
        // It was lifted if that was said since it began: while it ended at the same time as now.
        let mut lifts = self.lifts(service, now);
        let is_lifted = lifts.any(|lift| window.in_force_until(service, lift.since) == Some(until));
        (!is_lifted).then_some(until)
    }

    /// Whether a service goes on while this word freezes all.
    fn is_spared(&self, service: &ServiceName, word: &KeptFreeze, now: SystemTime) -> bool {
        self.lifts(service, now).any(|lift| lift.service.is_some() && lift.since >= word.since)
    }

    fn lifts(&self, service: &ServiceName, now: SystemTime) -> impl Iterator<Item = &KeptFreeze> {
        self.lasting(now).filter(move |kept| kept.effect == Effect::Lift && kept.is_about(service))
    }

    fn words(&self, now: SystemTime) -> impl Iterator<Item = &KeptFreeze> {
        self.lasting(now).filter(|kept| kept.effect == Effect::Freeze)
    }

    fn lasting(&self, now: SystemTime) -> impl Iterator<Item = &KeptFreeze> {
        self.0.iter().filter(move |kept| kept.until.is_none_or(|until| until > now))
    }
}

// === impl KeptFreeze ===

impl KeptFreeze {
    fn is_about(&self, service: &ServiceName) -> bool {
        self.service.as_ref().is_none_or(|own| own == service)
    }
}

// === impl Said ===

impl Said {
    fn keep(self, effect: Effect, until: Option<SystemTime>) -> KeptFreeze {
        let Self { service, actor, note, at } = self;
        KeptFreeze { service, actor, note, since: at, until, effect }
    }
}

// === impl InForce ===

impl InForce<'_> {
    /// Until when; nothing if somebody has to lift it.
    #[must_use]
    pub fn until(&self) -> Option<SystemTime> {
        match self {
            Self::Word(kept) => kept.until,
            Self::Window { until, .. } => Some(*until),
        }
    }

    /// As operators are shown it.
    #[must_use]
    pub fn status(&self) -> FreezeStatus {
        let until = self.until().map(to_the_millisecond);
        match self {
            Self::Word(kept) => FreezeStatus {
                service: kept.service.clone(),
                window: None,
                actor: kept.actor.clone(),
                note: kept.note.clone(),
                since: Some(to_the_millisecond(kept.since)),
                until,
            },
            Self::Window { window, service, .. } => FreezeStatus {
                service: service.cloned(),
                window: Some(window.name.to_string()),
                actor: "canaryd.toml".into(),
                note: None,
                since: None,
                until,
            },
        }
    }

    /// What has no end ends last.
    fn end(&self) -> (bool, Option<SystemTime>) {
        (self.until().is_none(), self.until())
    }
}
