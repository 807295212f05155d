use core::net::IpAddr;
use std::collections::HashMap;
use std::num::NonZeroU16;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use canary_config::origin::Discovered;

use super::*;
use crate::docker::facts::{Activity, Health};
use crate::docker::label::SERVICE;
use crate::docker::network::Connection;
use crate::docker::sighting::{Sighting, State};
use crate::docker::signal::Signal;

/// A book, and an Engine that answers what it is told to answer.
struct Desk {
    book: Book,
    now_s: u64,
}

fn id(name: &str) -> ContainerId {
    ContainerId::new(name)
}

fn at(second: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(second)
}

fn running(since_s: u64) -> Activity {
    Activity::Running { since: Some(at(since_s)), health: Health::Good }
}

const EXITED: Activity = Activity::Other(State::Stopped { exit_code: 0, out_of_memory: false, since: None });

fn facts(activity: Activity, address: &str) -> Facts {
    let networks = [("edge".into(), address.parse::<IpAddr>().ok())];
    Facts {
        name: "web-1".into(),
        image: "web:v1".into(),
        image_id: "sha256:0123456789abcdef".into(),
        labels: HashMap::from([(SERVICE.to_owned(), "web".to_owned())]),
        exposed: vec![NonZeroU16::new(80).unwrap()],
        connection: Connection::Networks(networks.into()),
        created: None,
        restarts: 0,
        stop_signal: Signal::TERM,
        stop_timeout: Duration::from_secs(10),
        doubts: Vec::new(),
        activity,
    }
}

fn listed() -> Listed {
    Listed { name: "web-1".into(), service: "web".into() }
}

/// An image without labels.
fn image() -> Arc<ImageFacts> {
    Arc::new(ImageFacts { labels: Some(HashMap::new()), known_as: Vec::new() })
}

impl Desk {
    /// One at which an Engine was looked at that has these containers, each running at an address of its own.
    fn with(names: &[&str]) -> Self {
        let wanted = Wanted([("web".parse().unwrap(), Discovered::default())].into());
        let mut desk = Self { book: Book::new(wanted), now_s: 100 };
        desk.list(names);
        desk.answer(|name| Some(facts(running(1), &format!("10.0.0.{}", &name[1..]))));
        desk.book.take_surprise();
        desk
    }

    fn list(&mut self, names: &[&str]) {
        let turn = self.book.next_turn();
        self.book.list(turn, &names.iter().map(|name| (id(name), listed())).collect());
    }

    /// Answers all questions.
    fn answer(&mut self, mut say: impl FnMut(&str) -> Option<Facts>) -> Vec<String> {
        let mut asked = Vec::new();
        while let Some((id, turn)) = self.book.next_question() {
            asked.push(id.as_str().to_owned());
            let learnt = say(id.as_str()).map(|facts| Learnt::Facts(Box::new(facts), image()));
            self.book.learn(&id, turn, learnt.unwrap_or(Learnt::Gone));
        }
        asked
    }

    fn tell(&mut self, name: &str, action: &str, attributes: &[(&str, &str)]) {
        self.now_s += 1;
        let mut all: HashMap<_, _> =
            attributes.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect();
        all.insert(SERVICE.to_owned(), "web".to_owned());
        let at_ns = i64::try_from(self.now_s * 1_000_000_000).unwrap();
        self.book.hear(&Happening::of_container(name, action, &all, at_ns), false);
    }

    fn tell_of_network(&mut self, action: &str, network: &str, name: &str) {
        let attributes =
            [("container", name), ("name", network)].map(|(key, value)| (key.to_owned(), value.to_owned()));
        let at_ns = i64::try_from(self.now_s * 1_000_000_000).unwrap();
        self.book.hear(&Happening::of_network(action, &attributes.into(), at_ns).unwrap(), false);
    }

    fn state(&self, name: &str) -> State {
        let sightings = self.book.sightings();
        let found = sightings.containers.iter().find(|sighting| sighting.container == id(name));
        found.unwrap_or_else(|| panic!("no {name}: {sightings:?}")).state.clone()
    }

    fn is_running(&self, name: &str) -> bool {
        self.state(name).address().is_some()
    }

    fn names(&self) -> Vec<String> {
        self.book.sightings().containers.iter().map(|sighting| sighting.container.to_string()).collect()
    }
}

#[test]
fn nothing_is_whole_before_everything_was_asked_about() {
    let mut desk = Desk { book: Book::new(Wanted::default()), now_s: 0 };
    assert_eq!(desk.book.sightings().trouble.as_deref(), Some(NOT_LOOKED));
    desk.list(&["a1", "a2"]);
    let (first, turn) = desk.book.next_question().unwrap();
    desk.book.learn(&first, turn, Learnt::Gone);
    assert!(desk.book.sightings().trouble.is_some());
    let (second, turn) = desk.book.next_question().unwrap();
    desk.book.learn(&second, turn, Learnt::Nothing("it is silent".into()));
    assert_eq!(desk.book.sightings().trouble, None);
    let faults: Vec<_> = desk.book.sightings().faults.iter().map(ToString::to_string).collect();
    assert_eq!(faults, ["web-1: it cannot be looked at: it is silent"]);
    let unseen_of = |service: &str| desk.book.sightings().unseen_of(&service.parse().unwrap()).count();
    assert_eq!((unseen_of("web"), unseen_of("api")), (1, 0));
    let mut empty = Desk { book: Book::new(Wanted::default()), now_s: 0 };
    empty.list(&[]);
    assert_eq!(empty.book.sightings(), Sightings::default());
}

#[test]
fn what_is_told_to_stop_leaves_before_anybody_is_asked() {
    for (attributes, leaves) in [(("signal", "15"), true), (("signal", "9"), true), (("signal", "1"), false)] {
        let mut desk = Desk::with(&["a1"]);
        desk.tell("a1", "kill", &[attributes]);
        assert_eq!(desk.state("a1") == State::Leaving, leaves, "{attributes:?}");
        assert_eq!(desk.book.next_question(), None);
        // A look in between finds that it still runs, and that changes nothing.
        desk.list(&["a1"]);
        desk.answer(|_| Some(facts(running(1), "10.0.0.1")));
        assert_eq!(desk.state("a1") == State::Leaving, leaves, "{attributes:?}");
    }
}

#[test]
fn the_signal_that_stops_a_container_may_be_another() {
    let mut desk = Desk::with(&["a1"]);
    desk.list(&["a1"]);
    desk.answer(|_| Some(Facts { stop_signal: Signal::read("SIGQUIT").unwrap(), ..facts(running(1), "10.0.0.1") }));
    desk.tell("a1", "kill", &[("signal", "15")]);
    assert!(desk.is_running("a1"));
    desk.tell("a1", "kill", &[("signal", "3")]);
    assert_eq!(desk.state("a1"), State::Leaving);
}

#[test]
fn what_left_comes_back_only_with_another_run() {
    let mut desk = Desk::with(&["a1"]);
    desk.tell("a1", "kill", &[("signal", "15")]);
    // The events of the new run were missed.
    desk.list(&["a1"]);
    desk.answer(|_| Some(facts(running(50), "10.0.0.1")));
    assert!(desk.is_running("a1"));
}

#[test]
fn what_has_survived_its_signal_serves_again_and_what_was_killed_does_not() {
    for (signal, comes_back) in [("15", true), ("9", false)] {
        let mut desk = Desk::with(&["a1"]);
        desk.tell("a1", "kill", &[("signal", signal)]);
        for (age_s, is_back) in [(70, false), (71, comes_back)] {
            desk.book.grow(Duration::from_secs(age_s));
            desk.list(&["a1"]);
            desk.answer(|_| Some(facts(running(1), "10.0.0.1")));
            assert_eq!(desk.is_running("a1"), is_back, "{signal} after {age_s} s");
            let told = desk.book.sightings().containers[0].told_to_stop;
            assert_eq!(told, (!is_back).then_some(at(101)), "{signal} after {age_s} s");
        }
    }
}

#[test]
fn what_is_told_of_a_run_before_is_not_about_this_one() {
    for deed in [("kill", "signal", "15"), ("die", "exitCode", "1"), ("oom", "", ""), ("pause", "", "")] {
        let mut desk = Desk::with(&["a1"]);
        desk.list(&["a1"]);
        desk.answer(|_| Some(facts(running(200), "10.0.0.1")));
        let (action, key, value) = deed;
        desk.tell("a1", action, &[(key, value)]);
        assert!(desk.is_running("a1"), "{action}");
        assert_eq!(desk.answer(|_| Some(facts(running(200), "10.0.0.1"))), ["a1"]);
        // After the Engine's clock has gone back, what happens now is told as if it were long ago.
        desk.book.turn_back();
        desk.tell("a1", "kill", &[("signal", "15")]);
        assert_eq!(desk.state("a1"), State::Leaving);
    }
}

#[test]
fn whatever_its_image_is_called_by_the_names_are_all_known() {
    let mut desk = Desk::with(&[]);
    desk.list(&["a1"]);
    let (a1, turn) = desk.book.next_question().unwrap();
    let known_as = ["web@sha256:bbbbbbbbbbbb0", "web@sha256:aaaaaaaaaaaa0"].map(str::to_owned).to_vec();
    let image = ImageFacts { labels: Some(HashMap::new()), known_as };
    desk.book.learn(&a1, turn, Learnt::Facts(Box::new(facts(running(1), "10.0.0.1")), Arc::new(image)));
    let mut seen = desk.book.sightings().containers.remove(0);
    let names = |seen: &Sighting| {
        let also: Vec<_> = seen.also.iter().map(ToString::to_string).collect();
        (seen.release.to_string(), also.join(" "))
    };
    assert_eq!(names(&seen), ("aaaaaaaaaaaa".to_owned(), "0123456789ab bbbbbbbbbbbb".to_owned()));
    seen.call_as(&[&|name| name.as_str() == "another", &|name| name.as_str() == "0123456789ab"]);
    assert_eq!(names(&seen), ("0123456789ab".to_owned(), "bbbbbbbbbbbb aaaaaaaaaaaa".to_owned()));
    seen.call_as(&[&|name| name.as_str() == "another"]);
    assert_eq!(seen.release.as_str(), "0123456789ab");
}

#[test]
fn what_goes_away_counts_at_once_and_what_comes_once_it_was_seen() {
    let cases: [(&str, State, &str); 3] = [
        ("pause", State::Paused, "unpause"),
        (
            "health_status: unhealthy",
            State::Unhealthy { why: "its Docker health check fails".into() },
            "health_status: healthy",
        ),
        ("die", State::Stopped { exit_code: 0, out_of_memory: false, since: Some(at(101)) }, "start"),
    ];
    for (away, becomes, back) in cases {
        let mut desk = Desk::with(&["a1", "a2"]);
        desk.tell("a1", away, &[]);
        assert_eq!(desk.state("a1"), becomes, "{away}");
        assert!(desk.is_running("a2"));
        desk.tell("a1", back, &[]);
        assert!(!desk.is_running("a1"), "{back}");
        assert_eq!(desk.answer(|_| Some(facts(running(102), "10.0.0.1"))), ["a1"]);
        assert!(desk.is_running("a1"), "{back}");
        assert!(!desk.book.take_surprise(), "{back}");
    }
}

#[test]
fn an_end_says_how() {
    let mut desk = Desk::with(&["a1"]);
    desk.tell("a1", "oom", &[]);
    assert!(desk.is_running("a1"));
    desk.tell("a1", "die", &[("exitCode", "137")]);
    assert_eq!(desk.state("a1"), State::Stopped { exit_code: 137, out_of_memory: true, since: Some(at(102)) });
    desk.tell("a1", "destroy", &[]);
    assert_eq!(desk.names(), Vec::<String>::new());
}

#[test]
fn an_answer_that_is_older_than_what_happened_is_asked_for_again() {
    let mut desk = Desk::with(&["a1"]);
    desk.list(&["a1"]);
    let (a1, turn) = desk.book.next_question().unwrap();
    desk.tell("a1", "die", &[]);
    assert_eq!(desk.book.next_question(), None, "one question at a time");
    let said = facts(running(1), "10.0.0.1");
    desk.book.learn(&a1, turn, Learnt::Facts(Box::new(said), image()));
    assert!(!desk.is_running("a1"));
    assert_eq!(desk.answer(|_| Some(facts(EXITED, ""))), ["a1"]);
    assert_eq!(desk.state("a1"), State::Stopped { exit_code: 0, out_of_memory: false, since: None });
}

#[test]
fn a_list_that_is_older_than_a_container_does_not_take_it_away() {
    let mut desk = Desk::with(&["a1"]);
    let turn = desk.book.next_turn();
    desk.tell("a2", "create", &[]);
    desk.book.list(turn, &[(id("a1"), listed())].into());
    desk.answer(|name| Some(facts(running(1), &format!("10.0.0.{}", &name[1..]))));
    assert_eq!(desk.names(), ["a1", "a2"]);
    desk.list(&["a2"]);
    assert_eq!(desk.names(), ["a2"]);
}

#[test]
fn a_container_that_is_gone_before_it_was_asked_about_is_no_fault() {
    let mut desk = Desk::with(&[]);
    desk.list(&["a1"]);
    desk.answer(|_| None);
    assert_eq!(desk.book.sightings(), Sightings::default());
}

#[test]
fn an_address_is_only_ever_one_containers() {
    let mut desk = Desk::with(&["a1"]);
    // Nobody has told that the first has ended.
    desk.tell("a2", "start", &[]);
    let asked = desk.answer(|name| Some(if name == "a2" { facts(running(60), "10.0.0.1") } else { facts(EXITED, "") }));
    assert_eq!(asked, ["a2", "a1"]);
    assert!(desk.is_running("a2"));
    assert!(matches!(desk.state("a1"), State::Stopped { .. }));
}

#[test]
fn of_two_that_claim_an_address_the_one_that_began_later_has_it() {
    let mut desk = Desk::with(&["a1", "a2"]);
    for _ in 0..2 {
        desk.list(&["a1", "a2"]);
        let asked = desk.answer(|name| Some(facts(running(if name == "a1" { 60 } else { 50 }), "10.0.0.1")));
        assert!(asked.len() <= 3, "{asked:?}");
        assert!(desk.is_running("a1"));
        assert!(!desk.is_running("a2"));
    }
}

#[test]
fn a_start_drops_the_address_of_the_run_before() {
    let mut desk = Desk::with(&["a1"]);
    desk.tell("a1", "start", &[]);
    assert_eq!(desk.state("a1"), State::Starting);
    desk.answer(|_| Some(facts(running(101), "10.0.0.9")));
    // Told once more, or told late: it is the run that was seen.
    desk.tell("a1", "start", &[]);
    assert!(desk.is_running("a1"));
}

#[test]
fn leaving_the_network_on_which_it_is_reached_counts_at_once() {
    let mut desk = Desk::with(&["a1"]);
    desk.list(&["a1"]);
    let two = |address: &str| {
        let networks = [("back".into(), "10.1.0.1".parse().ok()), ("edge".into(), address.parse().ok())];
        Some(Facts { connection: Connection::Networks(networks.into()), ..facts(running(1), "") })
    };
    desk.book.reach(Reach::Networks(["edge".into()].into()));
    desk.answer(|_| two("10.0.0.1"));
    desk.tell_of_network("disconnect", "back", "a1");
    assert!(desk.is_running("a1"));
    desk.tell_of_network("disconnect", "edge", "a1");
    assert!(!desk.is_running("a1"));
    assert_eq!(desk.answer(|_| two("")), ["a1"]);
    assert_eq!(desk.state("a1"), State::Starting);
    desk.tell_of_network("connect", "edge", "a1");
    desk.answer(|_| two("10.0.0.7"));
    assert_eq!(desk.state("a1").address().unwrap().to_string(), "10.0.0.7:80");
    desk.tell_of_network("disconnect", "edge", "nobody's");
    assert_eq!(desk.names(), ["a1"]);
}

#[test]
fn a_lost_engine_changes_nothing_that_is_known() {
    let mut desk = Desk::with(&["a1"]);
    let before = desk.book.sightings().containers;
    desk.list(&["a1"]);
    desk.book.next_question().unwrap();
    desk.book.lose("it is away".into());
    assert_eq!(
        desk.book.sightings(),
        Sightings { trouble: Some("it is away".into()), containers: before, ..Sightings::default() }
    );
    desk.list(&["a1"]);
    assert!(desk.book.sightings().trouble.is_some());
    desk.answer(|_| Some(facts(running(1), "10.0.0.1")));
    assert_eq!(desk.book.sightings().trouble, None);
}

#[test]
fn what_was_told_before_is_only_asked_about() {
    let mut desk = Desk::with(&["a1"]);
    let died = Happening::of_container("a1", "die", &HashMap::new(), 0);
    desk.book.hear(&died, true);
    assert!(desk.is_running("a1"));
    assert_eq!(desk.answer(|_| Some(facts(running(1), "10.0.0.1"))), ["a1"]);
}

#[test]
fn a_change_of_which_no_event_has_told_is_a_surprise() {
    let mut desk = Desk::with(&["a1"]);
    desk.list(&["a1"]);
    desk.answer(|_| Some(facts(running(1), "10.0.0.1")));
    assert!(!desk.book.take_surprise());
    desk.list(&["a1"]);
    desk.answer(|_| Some(facts(EXITED, "")));
    assert!(desk.book.take_surprise());
    desk.list(&[]);
    assert!(desk.book.take_surprise());
    assert!(!desk.book.take_surprise());
}

#[test]
fn what_leaves_its_network_is_adrift_until_it_is_known_why() {
    let leave = |desk: &mut Desk| {
        desk.tell_of_network("disconnect", "edge", "a1");
        assert_eq!(desk.state("a1"), State::Adrift);
    };
    let mut desk = Desk::with(&["a1"]);
    leave(&mut desk);
    // Some Engines tell that it has ended only now.
    desk.tell("a1", "oom", &[]);
    desk.tell("a1", "die", &[("exitCode", "137")]);
    assert!(matches!(desk.state("a1"), State::Stopped { exit_code: 137, out_of_memory: true, .. }));
    let mut desk = Desk::with(&["a1"]);
    leave(&mut desk);
    desk.answer(|_| Some(facts(running(1), "10.0.0.1")));
    assert!(desk.is_running("a1"));
}

#[test]
fn other_services_are_looked_for_without_a_question() {
    let mut desk = Desk::with(&["a1"]);
    desk.book.want(Wanted::default());
    assert_eq!(desk.names(), Vec::<String>::new());
    assert_eq!(desk.book.sightings().faults.len(), 1);
    desk.book.want(Wanted([("web".parse().unwrap(), Discovered::default())].into()));
    assert!(desk.is_running("a1"));
    assert_eq!(desk.book.sightings().faults, []);
}

#[test]
fn what_cannot_be_reached_is_seen_and_said() {
    let mut desk = Desk::with(&["a1"]);
    desk.book.reach(Reach::Networks(["other".into()].into()));
    assert!(matches!(desk.state("a1"), State::Unhealthy { .. }));
    let faults = desk.book.sightings().faults;
    assert!(faults[0].to_string().starts_with("web-1: it shares no network with canaryd"), "{faults:?}");
}
