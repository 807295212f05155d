//! What the documents show works as it stands.

use std::fs;
use std::path::{Path, PathBuf};

use canary_config::daemon::Config;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn the_example_configuration_loads() {
    let path = root().join("docs/canaryd.toml");
    Config::load(&path).unwrap_or_else(|errors| panic!("{errors}"));
}

#[test]
fn every_configuration_in_the_readme_loads() {
    let text = fs::read_to_string(root().join("README.md")).unwrap();
    let blocks: Vec<_> = text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!blocks.is_empty(), "the README shows no configuration");
    for block in blocks {
        Config::parse(block, Path::new("README.md")).unwrap_or_else(|errors| panic!("{errors}\nin\n{block}"));
    }
}
