//! Hundreds of files that something is wrong with, or not, under load: each is refused whole or applied whole, and no
//! request is lost.

use std::collections::BTreeMap;
use std::path::Path;

use canary_config::daemon::Config;
use canary_config::name::ServiceName;
use canary_config::service::Service;
use canary_controller::api::ServiceStatus;
use canary_proxy::rules::{self, Asked};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

use crate::support::{Canaryd, Load, SLOW, Site};

/// So many files are tried.
const FILES: usize = 500;

/// So many mutations are made at the most to find one that may be tried.
const ATTEMPTS_MAX: usize = 20_000;

#[tokio::test]
async fn five_hundred_mutated_files_are_refused_whole_or_applied_whole() {
    let seed = 7;
    let rng = &mut StdRng::seed_from_u64(seed);
    let site = Site::new(SLOW).await;
    let base = base(&site);
    site.write(&base);
    let canaryd = Canaryd::start(&site).await;
    let load = Load::on(canaryd.web().await);
    let (mut refused, mut applied, mut known) = (0, 0, shown(&canaryd).await);
    let mutations = (0..ATTEMPTS_MAX).map(|_| mutate(&base, rng)).filter(|file| is_fair(file, &base, &site));
    for (number, file) in mutations.take(FILES).enumerate() {
        site.write(&file);
        let answer = canaryd.api.reload().await;
        let now = shown(&canaryd).await;
        let place = || format!("seed {seed}, file {number}: {}\n{file}", answer.text);
        match answer.status {
            200 => {
                assert_eq!(now, declared(&file, &site.config_path), "applied in part: {}", place());
                applied += 1;
            }
            409 => {
                assert_eq!(now, known, "refused and changed: {}", place());
                assert!(!answer.problem(409).message.is_empty());
                refused += 1;
            }
            _ => panic!("neither applied nor refused: {}", place()),
        }
        known = now;
    }
    assert_eq!(refused + applied, FILES, "too few fair mutations");
    assert!(refused > 100 && applied > 50, "seed {seed} has shown little: {refused} refused, {applied} applied");
    load.more(200).await;
    load.so_far().assert_flawless();
    load.so_far().assert_only("v1");
}

/// What a file says of each service, as far as its status shows it.
type Shown = BTreeMap<String, (String, String, u32, bool, usize)>;

/// A file with three services; clients ask only the last one by priority.
fn base(site: &Site) -> String {
    let rules =
        [("api", "PathPrefix(`/api`)"), ("shop", "Host(`shop.test`) && Path(`/buy`)"), ("web", "PathPrefix(`/`)")];
    let services = rules.map(|(name, rule)| site.service(name, rule, SLOW));
    format!("{}{}", site.daemon(), services.concat())
}

async fn shown(canaryd: &Canaryd) -> Shown {
    let services = canaryd.api.overview().await.services.into_iter();
    let words = |status: ServiceStatus| {
        let backends = status.tracks[0].backends;
        (status.name.to_string(), (status.rule, status.strategy, status.priority, status.critical, backends))
    };
    services.map(words).collect()
}

/// The same, as the file says it.
fn declared(file: &str, path: &Path) -> Shown {
    let services = parse(file, path).expect("a file that was applied").services.into_iter();
    let words = |(name, service): (ServiceName, Service)| {
        let backends = service.origin.declared().expect("declared releases").releases[&"v1".parse().expect("a name")]
            .backends
            .len();
        let (rule, strategy) = (service.rule.text().to_owned(), service.plan.strategy.to_string());
        (name.to_string(), (rule, strategy, service.priority.get(), service.critical, backends))
    };
    services.map(words).collect()
}

/// Whether a file leaves alone what keeps clients served, so that a lost request is not what it asked for.
fn is_fair(file: &str, base: &str, site: &Site) -> bool {
    let Ok(mutated) = parse(file, &site.config_path) else { return true };
    let base = parse(base, &site.config_path).expect("a good file");
    let name: ServiceName = "web".parse().expect("a name");
    let Some(web) = mutated.services.get(&name) else { return false };
    let was = &base.services[&name];
    let is_served =
        (&web.rule, &web.origin, &web.probe, &web.timeouts) == (&was.rule, &was.origin, &was.probe, &was.timeouts);
    is_served && mutated.services.values().all(|service| service.name == was.name || !takes_the_load(service))
}

/// Whether a service may take the requests that clients send.
fn takes_the_load(service: &Service) -> bool {
    let (method, headers) = (http::Method::GET, http::HeaderMap::new());
    rules::matches(service.rule.matcher(), &Asked::new("edge.test", "/", None, &method, &headers, None))
}

fn parse(file: &str, path: &Path) -> Result<Config, String> {
    Config::parse(file, path).map_err(|errors| errors.to_string())
}

/// The file with one to three things changed in it.
fn mutate(file: &str, rng: &mut StdRng) -> String {
    let mut lines: Vec<String> = file.lines().map(str::to_owned).collect();
    for _ in 0..rng.random_range(1..=3) {
        let place = rng.random_range(0..lines.len());
        match rng.random_range(0..7) {
            0 => drop(lines.remove(place)),
            1 => lines.insert(place, lines[rng.random_range(0..lines.len())].clone()),
            2 => lines.insert(place, (*LINES.choose(rng).expect("there are lines")).to_owned()),
            3 => lines.truncate(place.max(1)),
            4 => lines[place] = replaced(&lines[place], rng),
            _ => lines[place] = with_another_value(&lines[place], rng),
        }
    }
    lines.join("\n")
}

/// A line with one character changed.
fn replaced(line: &str, rng: &mut StdRng) -> String {
    let mut characters: Vec<char> = line.chars().collect();
    if characters.is_empty() {
        return "=".to_owned();
    }
    let place = rng.random_range(0..characters.len());
    characters[place] = *['\0', '"', '=', '[', ']', '`', '0', '9', 'é', ' ', '#'].choose(rng).expect("there are some");
    characters.into_iter().collect()
}

fn with_another_value(line: &str, rng: &mut StdRng) -> String {
    match line.split_once(" = ") {
        Some((key, _)) => format!("{key} = {}", VALUES.choose(rng).expect("there are values")),
        None => line.to_owned(),
    }
}

const VALUES: [&str; 14] = [
    "0",
    "-1",
    "\"\"",
    "\"1h\"",
    "\"blue-green\"",
    "\"rolling\"",
    "[50, 100]",
    "[5, 25, 100]",
    "true",
    "\"v2\"",
    "\"20m\"",
    "\"12m\"",
    "\"PathPrefix(`/other-place`)\"",
    "\"Host(`other.test`) || Path(`/x`)\"",
];

const LINES: [&str; 10] = [
    "[services.extra]",
    "critical = true",
    "priority = 7",
    "stable = \"v3\"",
    "nonsense = 1",
    "[limits]",
    "probation = \"5m\"",
    "[services.api.timeouts]",
    "connect = \"3s\"",
    "]]",
];
