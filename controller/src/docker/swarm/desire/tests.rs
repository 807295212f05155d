use std::sync::LazyLock;

use super::*;
use crate::docker::desire::Lot;
use crate::docker::owner::Owner;
use crate::docker::sighting::Managed;
use crate::store::Seed;

static OWNER: LazyLock<Owner> = LazyLock::new(|| Owner::of(&Seed::fresh()));

/// A service `web` of two tasks, whose release was `v1` when it was put on the shelf, and others beside it.
struct Case {
    shelf: Shelf,
    services: Vec<SwarmService>,
    whole: Vec<&'static str>,
    sent_back: Vec<ReleaseId>,
    spared: Vec<ReleaseId>,
    may_start: bool,
    kept: usize,
}

fn release(name: &str) -> ReleaseId {
    name.parse().unwrap()
}

fn name(of: &str) -> String {
    format!("web--{of}-{of}")
}

// === impl Case ===

impl Case {
    fn of(first: &str) -> Self {
        let (sent_back, spared, whole) = (Vec::new(), Vec::new(), vec!["web"]);
        let case =
            Self { shelf: Shelf::default(), services: Vec::new(), whole, sent_back, spared, may_start: true, kept: 3 };
        case.shelved("v1").service("web", first, None, 2)
    }

    /// A release is on the shelf, as that of a service beside the first.
    fn shelved(mut self, of: &str) -> Self {
        let twin = Twin::beside("web", of, of, 2);
        self.shelf.put(Shelved::of_twin(release(of), of.to_owned(), of.into(), twin));
        self
    }

    fn service(mut self, name: &str, of: &str, deployment: Option<&str>, tasks: u64) -> Self {
        let managed =
            deployment.map(|deployment| Managed { owner: OWNER.as_str().into(), deployment: deployment.into() });
        let (service, name) = ("web".parse().unwrap(), name.into());
        self.services.push(SwarmService { service, release: release(of), name, managed, tasks });
        self
    }

    /// A service is there of a release that is on the shelf.
    fn beside(self, of: &str, tasks: u64) -> Self {
        self.shelved(of).service(&name(of), of, Some(of), tasks)
    }

    fn was_stable(mut self, of: &str) -> Self {
        self.shelf.get_mut(&release(of)).unwrap().was_stable = true;
        self
    }

    fn handed_over(mut self, of: &str) -> Self {
        self.shelf.get_mut(&release(of)).unwrap().twin.as_mut().unwrap().is_handed_over = true;
        self
    }

    fn acts(&self, stable: &str, canary: Option<&str>) -> Vec<String> {
        let (stable, canary) = (release(stable), canary.map(release));
        let stand = Stand {
            stable: &stable,
            stable_is: Lot::Run,
            canary: canary.as_ref(),
            may_start: self.may_start,
            spared: self.spared.iter().collect(),
            sent_back: self.sent_back.iter().collect(),
            owner: &OWNER,
            kept: self.kept,
        };
        let muster = Muster { services: &self.services, whole: self.whole.iter().copied().collect() };
        let acts = muster.acts(&stand, &self.shelf).into_iter();
        acts.map(|(service, act)| match act {
            Act::Scale(tasks) => format!("{service} to {tasks}"),
            Act::Rest => format!("{service} rests"),
            Act::Remove => format!("{service} goes"),
            Act::HandOver { to, kept } => {
                format!("{service} becomes {to}, kept by {}", kept.map_or("nobody".into(), |kept| kept.name))
            }
        })
        .collect()
    }
}

#[test]
fn a_canary_gets_its_tasks_when_its_turn_comes() {
    let mut case = Case::of("v1").beside("v2", 0);
    assert_eq!(case.acts("v1", Some("v2")), ["web--v2-v2 to 2"]);
    case.may_start = false;
    assert_eq!(case.acts("v1", Some("v2")), [""; 0]);
    assert_eq!(Case::of("v1").beside("v2", 2).acts("v1", Some("v2")), [""; 0]);
}

#[test]
fn what_was_made_and_has_no_part_goes_unless_its_deployment_is_under_way() {
    let mut case = Case::of("v1").beside("v2", 0);
    assert_eq!(case.acts("v1", None), ["web--v2-v2 goes"]);
    case.spared.push(release("v2"));
    assert_eq!(case.acts("v1", None), [""; 0]);
}

#[test]
fn one_that_was_sent_back_goes_even_if_it_was_stable_once() {
    let mut case = Case::of("v1").beside("v2", 2).was_stable("v2");
    assert_eq!(case.acts("v1", None), ["web--v2-v2 rests"]);
    case.sent_back.push(release("v2"));
    assert_eq!(case.acts("v1", None), ["web--v2-v2 goes"]);
}

#[test]
fn the_first_service_becomes_what_the_second_is_and_then_the_second_goes() {
    let case = Case::of("v1").beside("v2", 2);
    let handed_over = "web becomes web--v2-v2, kept by web--v1-v1";
    assert_eq!(case.acts("v2", None), [handed_over]);
    assert_eq!(Case { kept: 0, ..case }.acts("v2", None), ["web becomes web--v2-v2, kept by nobody"]);
    let mut case = Case::of("v2").beside("v2", 2).handed_over("v2");
    assert_eq!(case.acts("v2", None), ["web--v2-v2 goes"]);
    case.whole.clear();
    assert_eq!(case.acts("v2", None), [""; 0], "not before its tasks are ready");
}

#[test]
fn while_a_third_is_on_trial_nothing_is_handed_over() {
    let case = Case::of("v1").beside("v2", 2).beside("v3", 2);
    assert_eq!(case.acts("v2", Some("v3")), [""; 0]);
}

#[test]
fn what_somebody_else_has_made_of_the_first_service_stays() {
    assert_eq!(Case::of("v9").beside("v2", 2).acts("v2", None), [""; 0]);
    let taken_back = Case::of("v1").beside("v2", 2).handed_over("v2");
    assert_eq!(taken_back.acts("v2", None), [""; 0], "Swarm has taken it back, or somebody");
}

#[test]
fn releases_that_were_stable_are_kept_without_tasks_as_many_as_are_wanted() {
    let case = || Case::of("v4").beside("v2", 0).was_stable("v2").beside("v3", 2).was_stable("v3");
    assert_eq!(case().acts("v4", None), ["web--v3-v3 rests"]);
    let one = Case { kept: 1, ..case() };
    assert_eq!(one.acts("v4", None), ["web--v2-v2 goes", "web--v3-v3 rests"]);
}

#[test]
fn what_an_earlier_deployment_of_the_same_release_has_left_goes_and_what_is_on_no_shelf_stays() {
    let left = Case::of("v1").beside("v2", 2).service("web--v2-old", "v2", Some("old"), 0);
    assert_eq!(left.acts("v1", Some("v2")), ["web--v2-old goes"]);
    let foreign = Case::of("v1").service("web--v7", "v7", Some("theirs"), 2).service("web--v2", "v2", None, 2);
    assert_eq!(foreign.acts("v1", None), [""; 0]);
}

#[test]
fn what_is_kept_goes_when_the_first_service_is_the_same_again() {
    let mut case = Case::of("v2").beside("v2", 0).was_stable("v2");
    case.whole.clear();
    assert_eq!(case.acts("v2", None), ["web--v2-v2 goes"]);
    let elsewhere = Case::of("v9").beside("v2", 0).was_stable("v2");
    assert_eq!(elsewhere.acts("v2", None), ["web--v2-v2 to 2"]);
}
