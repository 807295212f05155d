use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::time::SystemTime;

use super::*;
use crate::docker::sighting::Managed;
use crate::store::Seed;

const RUNNING: State = State::Running { address: core::net::SocketAddr::V4(ADDRESS), since: None };
const ADDRESS: core::net::SocketAddrV4 = core::net::SocketAddrV4::new(core::net::Ipv4Addr::LOCALHOST, 80);
static OWNER: LazyLock<Owner> = LazyLock::new(|| Owner::of(&Seed::fresh()));
const CREATED: State = State::Stopped { exit_code: 0, out_of_memory: false, since: None };
const ENDED: State = State::Stopped { exit_code: 143, out_of_memory: false, since: Some(SystemTime::UNIX_EPOCH) };

/// A shelf with a release `v1`, whose containers were there, and others that canaryd has made, the last one the newest.
struct Case {
    shelf: Shelf,
    containers: Vec<Sighting>,
    sent_back: Vec<ReleaseId>,
    kept: usize,
}

fn release(name: &str) -> ReleaseId {
    name.parse().expect("a good name")
}

fn id(name: &str) -> ContainerId {
    ContainerId::new(name)
}

fn sighting(name: &str, of: &str, deployment: Option<&str>, state: State) -> Sighting {
    Sighting {
        service: "web".parse().expect("a good name"),
        release: release(of),
        also: Vec::new(),
        container: id(name),
        name: name.into(),
        image: of.into(),
        digest: of.into(),
        created: None,
        restarts: 0,
        told_to_stop: None,
        managed: deployment.map(|deployment| Managed { owner: OWNER.as_str().into(), deployment: deployment.into() }),
        compose: None,
        doubts: Vec::new(),
        swarm: None,
        state,
    }
}

// === impl Case ===

impl Case {
    fn new() -> Self {
        let (shelf, containers) = (Shelf::default(), Vec::new());
        Self { shelf, containers, sent_back: Vec::new(), kept: 9 }
    }

    /// A release that was there, with this one container.
    fn found(mut self, of: &str, state: State) -> Self {
        let taken_over = BTreeSet::from([id(of)]);
        self.shelf.put(Shelved::of_containers(release(of), of.to_owned(), taken_over));
        self.containers.push(sighting(of, of, None, state));
        self
    }

    /// A release that canaryd has made, with this one container.
    fn made(mut self, of: &str, state: State) -> Self {
        let shelved = Shelved::of_deployment(release(of), of.to_owned(), of.into(), Some("always".to_owned()));
        self.shelf.put(shelved);
        self.containers.push(sighting(of, of, Some(of), state));
        self
    }

    fn stopped_by_us(mut self, of: &str) -> Self {
        let shelved = self.shelf.get_mut(&release(of)).expect("it is on the shelf");
        shelved.stopped.insert(id(of));
        self
    }

    /// One that canaryd had begun to stop when it was killed.
    fn retiring(mut self, of: &str) -> Self {
        self.shelf.get_mut(&release(of)).expect("it is on the shelf").begin_to_retire(&id(of));
        self
    }

    fn was_stable(mut self, of: &[&str]) -> Self {
        for of in of {
            self.shelf.get_mut(&release(of)).expect("it is on the shelf").was_stable = true;
        }
        self
    }

    fn sent_back(mut self, of: &str) -> Self {
        self.sent_back.push(release(of));
        self
    }

    fn keeping(self, kept: usize) -> Self {
        Self { kept, ..self }
    }

    /// What has to be done while v1 is stable, by container.
    fn acts(&self, stable_is: Lot, canary: Option<&str>, may_start: bool) -> Vec<(String, Act)> {
        self.acts_of("v1", stable_is, canary, may_start, &[])
    }

    fn acts_of(
        &self,
        stable: &str,
        stable_is: Lot,
        canary: Option<&str>,
        may_start: bool,
        spared: &[&str],
    ) -> Vec<(String, Act)> {
        let (stable, canary) = (release(stable), canary.map(release));
        let spared: Vec<_> = spared.iter().map(|name| release(name)).collect();
        let stand = Stand {
            stable: &stable,
            stable_is,
            canary: canary.as_ref(),
            may_start,
            spared: spared.iter().collect(),
            sent_back: self.sent_back.iter().collect(),
            owner: &OWNER,
            kept: self.kept,
        };
        let acts = stand.acts(&self.shelf, &self.containers);
        acts.into_iter().map(|(container, act)| (container.as_str().to_owned(), act)).collect()
    }
}

fn act(container: &str, act: Act) -> Vec<(String, Act)> {
    vec![(container.to_owned(), act)]
}

const RETIRE: Act = Act::Retire { is_paused: false };

#[test]
fn what_was_made_for_a_canary_is_started_when_it_may_and_not_again() {
    let made = Case::new().found("v1", RUNNING).made("v2", CREATED);
    assert_eq!(made.acts(Lot::Run, Some("v2"), true), act("v2", Act::Start));
    assert_eq!(made.acts(Lot::Run, Some("v2"), false), []);
    let ended = Case::new().found("v1", RUNNING).made("v2", ENDED);
    assert_eq!(ended.acts(Lot::Run, Some("v2"), true), [], "that it ended is what it is judged by");
    assert_eq!(
        ended.stopped_by_us("v2").acts(Lot::Run, Some("v2"), true),
        act("v2", Act::Start),
        "a release that comes back from the shelf"
    );
}

#[test]
fn a_canary_that_was_sent_back_is_retired_and_kept() {
    let sent_back = Case::new().found("v1", RUNNING).made("v2", RUNNING);
    assert_eq!(sent_back.acts(Lot::Run, None, true), act("v2", RETIRE));
    let frozen = Case::new().found("v1", RUNNING).made("v2", State::Paused);
    assert_eq!(frozen.acts(Lot::Run, None, true), act("v2", Act::Retire { is_paused: true }));
    let put_away = Case::new().found("v1", RUNNING).made("v2", ENDED).stopped_by_us("v2");
    assert_eq!(put_away.acts(Lot::Run, None, true), []);
}

#[test]
fn what_never_ran_and_has_no_part_is_removed() {
    let left = Case::new().found("v1", RUNNING).made("v2", CREATED);
    assert_eq!(left.acts(Lot::Run, None, true), act("v2", Act::Remove));
    assert_eq!(left.acts_of("v1", Lot::Run, None, true, &["v2"]), [], "its deployment is under way");
}

#[test]
fn stable_runs_freezes_or_stops_as_its_canary_stands() {
    let both = |stable| Case::new().found("v1", stable).made("v2", RUNNING);
    assert_eq!(both(RUNNING).acts(Lot::Run, Some("v2"), true), []);
    assert_eq!(both(RUNNING).acts(Lot::Freeze, Some("v2"), true), act("v1", Act::Pause));
    assert_eq!(both(State::Paused).acts(Lot::Freeze, Some("v2"), true), []);
    assert_eq!(both(State::Paused).acts(Lot::Run, None, true)[0], ("v2".to_owned(), RETIRE));
    assert_eq!(both(State::Paused).acts(Lot::Run, None, true)[1], ("v1".to_owned(), Act::Unpause));
    assert_eq!(both(RUNNING).acts(Lot::Stop, Some("v2"), true), act("v1", RETIRE));
    assert_eq!(both(State::Leaving).acts(Lot::Stop, Some("v2"), true), []);
}

#[test]
fn of_two_that_cannot_run_beside_each_other_the_one_goes_first() {
    let case = |stable| Case::new().found("v1", stable).made("v2", CREATED);
    assert_eq!(case(RUNNING).acts(Lot::Stop, Some("v2"), true), act("v1", RETIRE));
    assert_eq!(case(State::Leaving).acts(Lot::Stop, Some("v2"), true), []);
    assert_eq!(case(ENDED).acts(Lot::Stop, Some("v2"), true), act("v2", Act::Start));
}

#[test]
fn stable_comes_back_when_what_took_its_place_has_gone() {
    let back = |canary| {
        let case = Case::new().found("v1", ENDED).stopped_by_us("v1").made("v2", canary);
        case.acts(Lot::Run, None, true)
    };
    assert_eq!(back(RUNNING), act("v2", RETIRE));
    assert_eq!(back(State::Leaving), []);
    assert_eq!(back(ENDED), act("v1", Act::Start));
}

#[test]
fn what_canaryd_has_not_made_is_never_removed() {
    let mut case = Case::new().found("v1", RUNNING).made("v2", ENDED).keeping(0).was_stable(&["v2"]);
    case.containers.push(sighting("theirs", "v2", None, ENDED));
    case.shelf.get_mut(&release("v2")).expect("on the shelf").taken_over.insert(id("theirs"));
    assert_eq!(case.acts(Lot::Run, None, true), act("v2", Act::Remove));
}

#[test]
fn stable_is_started_again_only_if_canaryd_had_stopped_it() {
    let case = || Case::new().found("v1", ENDED);
    assert_eq!(case().acts(Lot::Run, None, true), [], "somebody else has stopped it");
    assert_eq!(case().stopped_by_us("v1").acts(Lot::Run, None, true), act("v1", Act::Start));
}

#[test]
fn what_has_become_stable_gets_its_restart_policy_once() {
    let case = || Case::new().found("v1", ENDED).stopped_by_us("v1").made("v2", RUNNING);
    assert_eq!(case().acts_of("v2", Lot::Run, None, true, &[]), act("v2", Act::Settle("always".to_owned())));
    let mut settled = case();
    settled.shelf.get_mut(&release("v2")).expect("on the shelf").settled.insert(id("v2"));
    assert_eq!(settled.acts_of("v2", Lot::Run, None, true, &[]), []);
}

#[test]
fn old_releases_are_kept_as_many_as_wanted_and_those_that_were_there_always() {
    let old = |kept| {
        let case =
            Case::new().found("v0", ENDED).made("v2", ENDED).made("v3", ENDED).found("v1", RUNNING).keeping(kept);
        let case = case.was_stable(&["v0", "v2", "v3"]);
        case.acts(Lot::Run, None, true)
    };
    assert_eq!(old(3), []);
    assert_eq!(old(1), act("v2", Act::Remove));
    assert_eq!(old(0), [("v3".to_owned(), Act::Remove), ("v2".to_owned(), Act::Remove)], "v0 is not canaryd's");
}

#[test]
fn of_those_that_were_never_stable_the_last_is_kept_and_takes_nobodys_place() {
    let case = Case::new().made("v2", ENDED).made("v3", ENDED).made("v4", ENDED).found("v1", RUNNING);
    let case = case.keeping(1).was_stable(&["v2"]);
    assert_eq!(case.acts(Lot::Run, None, true), act("v3", Act::Remove));
}

#[test]
fn what_canaryd_was_killed_in_is_stopped_all_the_same() {
    let case = |state| Case::new().found("v1", RUNNING).made("v2", state).was_stable(&["v2"]).retiring("v2");
    assert_eq!(case(RUNNING).acts(Lot::Run, None, true), act("v2", RETIRE));
    assert_eq!(case(State::Leaving).acts(Lot::Run, None, true), []);
    assert_eq!(case(ENDED).acts(Lot::Run, None, true), []);
    assert_eq!(case(ENDED).acts(Lot::Run, Some("v2"), true), act("v2", Act::Start), "it is on trial again");
    let stable = |state| Case::new().found("v1", state).made("v2", ENDED).sent_back("v2").retiring("v1");
    assert_eq!(stable(ENDED).acts(Lot::Run, None, true), act("v1", Act::Start));
    assert_eq!(stable(RUNNING).acts(Lot::Run, None, true), []);
}

#[test]
fn of_the_releases_that_were_sent_back_the_last_is_kept_beside_the_others() {
    let case = Case::new().made("v2", ENDED).made("v3", ENDED).made("v4", ENDED).found("v1", RUNNING).keeping(1);
    let case = case.sent_back("v2").sent_back("v4").was_stable(&["v3"]);
    assert_eq!(case.acts(Lot::Run, None, true), act("v2", Act::Remove));
}

#[test]
fn what_was_made_for_a_deployment_that_nobody_knows_and_never_ran_is_removed() {
    let mut case = Case::new().found("v1", RUNNING);
    case.containers.push(sighting("made", "v9", Some("unknown"), CREATED));
    assert_eq!(case.acts(Lot::Run, None, true), act("made", Act::Remove));
}

#[test]
fn what_another_canaryd_on_the_same_engine_has_made_is_left_alone() {
    let mut case = Case::new().found("v1", RUNNING).made("v2", ENDED).was_stable(&["v2"]);
    let theirs = |name: &str, of, state| Sighting {
        managed: Some(Managed { owner: "another".into(), deployment: name.into() }),
        ..sighting(name, of, None, state)
    };
    case.containers.extend([theirs("made", "v9", CREATED), theirs("left", "v2", ENDED)]);
    assert_eq!(case.acts(Lot::Run, None, true), []);
}

#[test]
fn what_somebody_added_to_stable_keeps_the_restart_policy_that_it_has() {
    let mut case = Case::new().found("v1", RUNNING);
    let shelved = case.shelf.get(&release("v1")).expect("on the shelf").clone().with_restart("always".to_owned());
    case.shelf.put(shelved);
    case.containers.push(sighting("more", "v1", None, RUNNING));
    case.shelf.get_mut(&release("v1")).expect("on the shelf").take_over(&case.containers);
    assert_eq!(case.acts(Lot::Run, None, true), []);
    assert_eq!(case.acts(Lot::Stop, Some("v2"), true).len(), 2, "both are canaryd's to stop");
}

#[test]
fn whoever_starts_an_old_one_again_does_it_on_their_own_account() {
    let revived = Case::new().found("v1", RUNNING).made("v2", RUNNING).stopped_by_us("v2");
    assert_eq!(revived.acts(Lot::Run, None, true), []);
}

#[test]
fn what_an_earlier_deployment_of_the_same_release_left_is_removed_when_it_does_not_run() {
    let mut case = Case::new().found("v1", RUNNING).made("v2", CREATED);
    case.containers.push(sighting("old", "v2", Some("before"), ENDED));
    case.containers.push(sighting("older", "v2", Some("long before"), RUNNING));
    let acts = case.acts(Lot::Run, Some("v2"), true);
    assert_eq!(acts, [("old".to_owned(), Act::Remove), ("v2".to_owned(), Act::Start)]);
}

#[test]
fn containers_on_no_shelf_are_left_alone() {
    let mut case = Case::new().found("v1", RUNNING);
    case.containers.push(sighting("drift", "v9", None, RUNNING));
    case.containers.push(sighting("made", "v9", Some("unknown"), ENDED));
    case.containers.push(sighting("beside", "v1", None, ENDED));
    assert_eq!(case.acts(Lot::Run, None, true), []);
}
