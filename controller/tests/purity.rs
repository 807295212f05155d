//! The pure modules stay pure: no runtime, no proxy, no clock, no dice, no outside world.

use std::path::{Path, PathBuf};

/// Files, and folders with all that is in them, by how their paths begin.
const PURE: [&str; 24] = [
    "analysis",
    "compose",
    "deploy/facts",
    "deploy/preflight",
    "docker/book",
    "docker/clone",
    "docker/desire",
    "docker/digest",
    "docker/excess",
    "docker/facts",
    "docker/faithful",
    "docker/happening",
    "docker/label",
    "docker/network",
    "docker/owner",
    "docker/reference",
    "docker/shelf",
    "docker/sighting",
    "docker/signal",
    "docker/swarm",
    "docker/version",
    "docker/wanted",
    "render",
    "rollout",
];

/// What is pure of a crate that is not: words of an interface, and nothing that speaks it.
const WORDS: &str = "bollard::models";

const FORBIDDEN: [&str; 10] = [
    "tokio",
    "pingora",
    "bollard",
    "canary_proxy",
    "rand",
    "Instant::now",
    "SystemTime::now",
    "std::fs",
    "std::net",
    "std::thread",
];

#[test]
fn the_pure_modules_import_nothing_impure() {
    let sources = sources();
    for known in ["analysis.rs", "docker/clone/networks.rs"] {
        assert!(sources.iter().any(|path| path.ends_with(known)), "looked in the wrong place: {sources:?}");
    }
    for path in sources {
        let text = std::fs::read_to_string(&path).expect("a source file");
        assert_eq!(impurities(&text), Vec::<String>::new(), "{}", path.display());
    }
}

#[test]
fn an_impure_sample_is_found_out() {
    let sample = "
        use std::{collections::BTreeMap, thread};
        use std::{io, time::{Duration, Instant}, net::{self, IpAddr}};
        use std::sync::Arc; // not tokio
        use bollard::{Docker, models::HostConfig};
        use bollard::models::Mount;
        fn now(dice: &mut rand::rngs::StdRng) -> Instant {
            tokio::spawn(async {});
            Instant::now()
        }
        #[cfg(test)]
        mod tests { fn later() { std::fs::read(\"{}\"); } }
        fn pure(random: Strand, fs: u8) {}
    ";
    assert_eq!(
        impurities(sample),
        [
            "std::thread",
            "std::net",
            "std::net::IpAddr",
            "bollard::Docker",
            "rand::rngs::StdRng",
            "tokio::spawn",
            "Instant::now"
        ]
    );
}

#[test]
fn what_is_for_tests_only_may_be_impure() {
    let sample = "#[cfg(test)]\nuse std::fs;\n#[cfg(test)]\nmod tests { use rand::Rng; fn a() { tokio::spawn() } }";
    assert_eq!(impurities(sample), Vec::<String>::new());
}

/// The sources of the pure modules that exist.
fn sources() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a source folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().and_then(|name| name.to_str()).expect("a plain name");
            let place = path.strip_prefix(&root).ok().and_then(Path::to_str).expect("a plain path");
            let is_pure = PURE.iter().any(|pure| place.starts_with(pure));
            let leads_there = path.is_dir() && PURE.iter().any(|pure| pure.starts_with(&format!("{place}/")));
            if !is_pure && !leads_there {
                continue;
            }
            // A module of tests, which may look at clocks.
            if matches!(name, "tests" | "tests.rs") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".rs") {
                sources.push(path);
            }
        }
    }
    sources
}

/// The forbidden paths that the source mentions outside comments and tests.
fn impurities(source: &str) -> Vec<String> {
    let code: String =
        source.lines().map(|line| line.split("//").next().unwrap_or_default().to_owned() + "\n").collect();
    let is_impure = |path: &String| {
        let path = format!("::{}::", path.replacen(WORDS, "", 1));
        FORBIDDEN.iter().any(|forbidden| path.contains(&format!("::{forbidden}::")))
    };
    paths(&without_tests(&code)).into_iter().filter(is_impure).collect()
}

/// The source without the items that are compiled for tests only.
fn without_tests(code: &str) -> String {
    let mut parts = code.split("#[cfg(test)]");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut depth = 0_usize;
        let end = part.char_indices().find(|(_, letter)| {
            match letter {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && matches!(letter, '}' | ';')
        });
        kept.push_str(end.map_or("", |(end, _)| &part[end + 1..]));
    }
    kept
}

/// Every path that the code mentions, with the groups of its imports resolved.
fn paths(code: &str) -> Vec<String> {
    let mut paths = Vec::new();
    let mut prefixes = vec![String::new()];
    let mut path = String::new();
    for letter in code.replace(" ::", "::").replace(":: ", "::").chars() {
        if letter.is_alphanumeric() || letter == '_' || letter == ':' {
            if path.is_empty() {
                path.clone_from(prefixes.last().expect("never empty"));
            }
            path.push(letter);
            continue;
        }
        let whole = path.trim_end_matches(':').trim_end_matches("::self").to_owned();
        match letter {
            '{' if path.ends_with("::") => prefixes.push(std::mem::take(&mut path)),
            '{' => prefixes.push(String::new()),
            '}' if prefixes.len() > 1 => drop(prefixes.pop()),
            _ => {}
        }
        if !path.is_empty() {
            paths.push(whole);
        }
        path.clear();
    }
    paths
}
