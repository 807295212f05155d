//! What the documents show works as it stands.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use canary_config::daemon::Config;
use canary_config::file::Reading;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn the_example_configuration_loads() {
    let Reading { result, warnings } = Reading::of_file(&root().join("docs/canaryd.toml"));
    result.unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(warnings.to_string(), "");
}

#[test]
fn the_example_configuration_loads_with_all_its_examples() {
    let text = fs::read_to_string(root().join("docs/canaryd.toml")).unwrap();
    let uncommented = |line: &str| match line.strip_prefix('#') {
        Some(example) if !example.starts_with(' ') => format!("{example}\n"),
        _ => format!("{line}\n"),
    };
    let text: String = text.lines().map(uncommented).collect();
    let folder = tempfile::TempDir::new().unwrap();
    for secret in ["token", "preview"].map(|name| folder.path().join(name)) {
        fs::write(&secret, "an-example-of-a-secret").unwrap();
        fs::set_permissions(&secret, Permissions::from_mode(0o600)).unwrap();
    }
    let Reading { result, warnings } = Reading::of_text(&text, &folder.path().join("canaryd.toml"));
    let config = result.unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(warnings.to_string(), "");
    assert!(config.admin.remote.is_some() && config.freezes.len() == 1);
    assert!(config.services.values().all(|service| service.preview.is_some()));
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
