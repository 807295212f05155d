//! What an Engine is asked for, and what is made of its answers. The Engine is none: it says what a test tells it to.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use bollard::models::{ContainerCreateBody, RestartPolicy, RestartPolicyNameEnum};
use canary_config::docker::DockerHost;
use canary_config::secret::Secret;
use canary_controller::docker::clone::Copy;
use canary_controller::docker::host::{Host, HostError, Resolved, Source, TaskEnd};
use canary_controller::docker::reference::Reference;
use canary_controller::docker::registry::{Credentials, Registries, RegistryError};
use http::Method;
use serde_json::json;

use super::wire::Wire;
use crate::support::{FakeContainer, FakeEngine};

const DIGEST: &str = "sha256:db4f6a96c0d8044dcba59cb21006eabd18fe85ec2aaea6a69a66cf96166f6912";

#[tokio::test]
async fn an_engine_that_is_too_old_is_told_from_none_at_all() {
    let engine = FakeEngine::start();
    engine.script(Method::GET, "/version", 200, json!({"ApiVersion": "1.24"}));
    let error = connect(&engine).await.unwrap_err();
    let message = format!(
        "Docker at {} speaks version \"1.24\" of its interface, and canaryd needs 1.41 or later; update Docker to 20.10 \
         or later",
        engine.host()
    );
    assert_eq!(error.to_string(), message);
    engine.refuse();
    let error = connect(&engine).await.unwrap_err();
    assert!(matches!(error, HostError::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains(&engine.host()), "{error}");
}

#[tokio::test]
async fn what_came_out_otherwise_is_removed() {
    let engine = FakeEngine::start();
    let host = connect(&engine).await.unwrap();
    let id = engine.add(&FakeContainer::new("web-2").network("shop", "172.18.0.3"));
    engine.script(Method::POST, "/containers/create", 201, json!({"Id": id, "Warnings": []}));
    let body = ContainerCreateBody { env: Some(vec!["PASSWORD=hunter2".into()]), ..ContainerCreateBody::default() };
    let error = host.create(&copy(body)).await.unwrap_err();
    let message = "web-2 came out other than it was asked for, and was removed: Env; deploy it with `--from-compose`, or \
                   set what differs as this Docker has it";
    assert_eq!(error.to_string(), message);
    let writes: Vec<String> = engine.writes().iter().map(|asked| format!("{} {}", asked.method, asked.path)).collect();
    let expected = [
        "POST /containers/create?name=web-2&platform=".into(),
        format!("DELETE /containers/{id}?v=true&force=true&link=false"),
    ];
    assert_eq!(writes, expected);
}

#[tokio::test]
async fn a_command_goes_on_whose_engine_is_lost_for_a_while() {
    let engine = FakeEngine::start();
    let host = connect(&engine).await.unwrap();
    let id = engine.add(&FakeContainer::new("web-2").network("shop", "172.18.0.3"));
    engine.script(Method::POST, "/containers/create", 201, json!({"Id": id, "Warnings": []}));
    let wait = format!("/containers/{id}/wait");
    engine.hold(&wait);
    let copy = copy(ContainerCreateBody::default());
    let running = tokio::spawn(async move { host.run(&copy, Duration::from_secs(600)).await });
    engine.until_times(&wait, 1).await;
    engine.cut();
    engine.until_times(&wait, 2).await;
    let removals = || engine.writes().into_iter().filter(|asked| asked.method == Method::DELETE).count();
    assert_eq!(removals(), 0, "{:?}", engine.asked());
    engine.set_status(&id, "exited");
    engine.let_go();
    let report = running.await.unwrap().unwrap();
    assert!(matches!(report.end, TaskEnd::Exited(_)), "{report:?}");
    assert_eq!(engine.times(&format!("/containers/{id}/start")), 1);
    assert_eq!(removals(), 1);
}

#[tokio::test]
async fn no_error_repeats_the_value_of_a_variable() {
    let engine = FakeEngine::start();
    let host = connect(&engine).await.unwrap();
    let message = json!({"message": "bad variable PASSWORD=hunter2, or hunter2"});
    engine.script(Method::POST, "/containers/create", 400, message);
    let body = ContainerCreateBody { env: Some(vec!["PASSWORD=hunter2".into()]), ..ContainerCreateBody::default() };
    let error = host.create(&copy(body)).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot create web-2: bad variable ***, or ***");
}

#[tokio::test]
async fn no_error_repeats_lines_of_the_value_of_a_variable() {
    let engine = FakeEngine::start();
    let host = connect(&engine).await.unwrap();
    let key = "-----BEGIN-----\nhunter2\n-----END-----";
    engine.script(Method::POST, "/containers/create", 400, json!({"message": format!("bad KEY={key}")}));
    let body = ContainerCreateBody { env: Some(vec![format!("KEY={key}")]), ..ContainerCreateBody::default() };
    let error = host.create(&copy(body)).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot create web-2: bad ***");
}

#[tokio::test]
async fn a_tag_means_what_its_registry_says() {
    let engine = FakeEngine::start();
    let host = connect(&engine).await.unwrap();
    let reference: Reference = "reg.lan/me/web:v2".parse().unwrap();
    let descriptor = json!({"Descriptor": {"digest": DIGEST}, "Platforms": []});
    engine.script(Method::GET, "/distribution/reg.lan/me/web:v2/json", 200, descriptor);
    let resolved = host.resolve(&reference, nobody).await.unwrap();
    assert_eq!(resolved, Resolved { image: format!("reg.lan/me/web@{DIGEST}"), source: Source::Registry });
}

#[tokio::test]
async fn an_image_that_was_built_here_is_meant_before_any_other() {
    let engine = FakeEngine::start();
    let host = connect(&engine).await.unwrap();
    let image = json!({"Id": "sha256:1", "RepoTags": ["web:v2"], "RepoDigests": []});
    engine.script(Method::GET, "/images/web:v2/json", 200, image);
    let resolved = host.resolve(&"web:v2".parse().unwrap(), nobody).await.unwrap();
    assert_eq!(resolved, Resolved { image: "sha256:1".into(), source: Source::Local });
    assert_eq!(engine.times("/distribution/web:v2/json"), 0);
}

#[tokio::test]
async fn what_was_pulled_once_counts_when_the_registry_does_not_answer() {
    let engine = FakeEngine::start();
    let host = connect(&engine).await.unwrap();
    let image = json!({"Id": "sha256:1", "RepoDigests": [format!("web@{DIGEST}")]});
    engine.script(Method::GET, "/images/web:v2/json", 200, image);
    engine.script(Method::GET, "/distribution/web:v2/json", 500, json!({"message": "no route to host"}));
    let resolved = host.resolve(&"web:v2".parse().unwrap(), nobody).await.unwrap();
    let why = "cannot ask the registry for web:v2: no route to host".into();
    assert_eq!(resolved, Resolved { image: format!("web@{DIGEST}"), source: Source::Cached { why } });
}

#[tokio::test]
async fn an_image_that_is_nowhere_is_told_with_what_is_near() {
    let engine = FakeEngine::start();
    let host = connect(&engine).await.unwrap();
    engine.script(Method::GET, "/images/web:abc12/json", 404, json!({"message": "No such image: web:abc12"}));
    engine.script(Method::GET, "/distribution/web:abc12/json", 404, json!({"message": "manifest unknown"}));
    let images = json!([{
        "Id": "sha256:1", "ParentId": "", "RepoTags": ["web:abc1234"], "RepoDigests": [], "Created": 0, "Size": 0,
        "SharedSize": 0, "Labels": {}, "Containers": 0
    }]);
    engine.script(Method::GET, "/images/json", 200, images);
    let error = host.resolve(&"web:abc12".parse().unwrap(), nobody).await.unwrap_err();
    let message = "no such image: web:abc12; a tag is matched whole, so give the commit hash as the build wrote it, not \
                   a part of it; this machine has web: abc1234 (cannot ask the registry for web:abc12: manifest unknown)";
    assert_eq!(error.to_string(), message);
}

#[tokio::test]
async fn a_digest_that_no_registry_has_is_found_out_before_the_pull() {
    let engine = FakeEngine::start();
    let host = connect(&engine).await.unwrap();
    let reference: Reference = format!("reg.lan/me/web@{DIGEST}").parse().unwrap();
    let asked = format!("/distribution/reg.lan/me/web@{DIGEST}/json");
    engine.script(Method::GET, &asked, 404, json!({"message": "manifest unknown"}));
    engine.script(Method::GET, "/images/json", 200, json!([]));
    let error = host.resolve(&reference, nobody).await.unwrap_err();
    assert!(matches!(&error, HostError::NoImage(why) if why.contains("manifest unknown")), "{error}");
    engine.script(Method::GET, &asked, 200, json!({"Descriptor": {"digest": DIGEST}, "Platforms": []}));
    let resolved = host.resolve(&reference, nobody).await.unwrap();
    assert_eq!(resolved, Resolved { image: reference.to_string(), source: Source::Registry });
}

#[tokio::test]
async fn what_is_on_the_machine_needs_no_credentials() {
    let engine = FakeEngine::start();
    let host = connect(&engine).await.unwrap();
    let unasked = async || panic!("nobody is asked");
    let local = json!({"Id": "sha256:1", "RepoTags": ["web:v2"], "RepoDigests": []});
    engine.script(Method::GET, "/images/web:v2/json", 200, local);
    let resolved = host.resolve(&"web:v2".parse().unwrap(), unasked).await.unwrap();
    assert_eq!(resolved, Resolved { image: "sha256:1".into(), source: Source::Local });

    let pinned = format!("web@{DIGEST}");
    let pulled = json!({"Id": "sha256:1", "RepoDigests": [&pinned]});
    engine.script(Method::GET, &format!("/images/{pinned}/json"), 200, pulled.clone());
    let resolved = host.resolve(&pinned.parse().unwrap(), unasked).await.unwrap();
    assert_eq!(resolved, Resolved { image: pinned.clone(), source: Source::Here });
    engine.script(Method::GET, &format!("/images/{pinned}/json"), 200, pulled.clone());
    assert_eq!(host.pull(&pinned, unasked).await.unwrap().id.as_deref(), Some("sha256:1"));

    // What its tag means now can be asked of nobody.
    engine.script(Method::GET, "/images/web:v2/json", 200, pulled);
    let why = "docker-credential-x: it is gone; it is asked for the credentials of docker.io";
    let resolved = host.resolve(&"web:v2".parse().unwrap(), gone).await.unwrap();
    assert_eq!(resolved, Resolved { image: pinned, source: Source::Cached { why: why.into() } });
    let error = host.resolve(&"web:v3".parse().unwrap(), gone).await.unwrap_err();
    assert_eq!(error, HostError::NoCredentials(why.into()));
}

#[tokio::test]
async fn what_a_registry_says_of_an_image_is_told_on_one_line() {
    let engine = FakeEngine::start();
    let host = connect(&engine).await.unwrap();
    let message = format!("not\n\u{1b}[31mfound: {}", "x".repeat(1_000));
    engine.script(Method::POST, "/images/create", 404, json!({"message": message}));
    engine.script(Method::GET, "/images/json", 200, json!([]));
    let error = host.pull(&format!("web@{DIGEST}"), nobody).await.unwrap_err().to_string();
    assert!(error.contains("(not  [31mfound: xxx") && error.ends_with("xxx...)") && error.len() < 700, "{error}");
}

#[tokio::test]
async fn a_log_driver_that_keeps_nothing_is_named() {
    let engine = FakeEngine::start();
    let host = connect(&engine).await.unwrap();
    let id = engine.add(&FakeContainer::new("web-1"));
    engine.change(&id, |container| container["HostConfig"]["LogConfig"]["Type"] = json!("syslog"));
    let message = json!({"message": "configured logging driver does not support reading"});
    engine.script(Method::GET, &format!("/containers/{id}/logs"), 501, message);
    let error = host.logs(&id).await.unwrap_err();
    assert_eq!(error, HostError::NoLogs { container: id[..12].into(), driver: "syslog".into() });
}

#[tokio::test]
async fn a_socket_proxy_that_forbids_is_told_from_an_engine_that_fails() {
    let engine = FakeEngine::start();
    let host = connect(&engine).await.unwrap();
    engine.script(Method::POST, "/containers/web-1/start", 403, json!({"message": "Forbidden"}));
    let error = host.start("web-1").await.unwrap_err();
    assert!(matches!(error, HostError::Forbidden { what: "start", .. }), "{error}");
}

#[tokio::test]
async fn a_restart_policy_is_all_that_an_update_changes() {
    let engine = FakeEngine::start();
    let host = connect(&engine).await.unwrap();
    let id = engine.add(&FakeContainer::new("web-1"));
    let policy = RestartPolicy { name: Some(RestartPolicyNameEnum::ALWAYS), maximum_retry_count: None };
    host.set_restart(&id, policy).await.unwrap();
    assert_eq!(engine.writes()[0].body, json!({"RestartPolicy": {"Name": "always"}}));
}

#[tokio::test]
async fn credentials_are_sent_in_the_alphabet_that_engines_read() {
    let wire = Wire::start();
    let host = Host::connect(&wire.endpoint()).await.unwrap();
    // In the other alphabet these have both of the letters that differ.
    let password = Secret::new("???>>>~~~ÿÿÿ");
    let credentials = Credentials::Password { username: "me".into(), password };
    let known = async || Ok(Some(credentials));
    host.resolve(&"reg.lan/me/web:v2".parse().unwrap(), known).await.unwrap_err();
    let header = wire.header("x-registry-auth");
    assert!(!header.is_empty() && !header.contains(['+', '/']) && header.contains(['-', '_']), "{header}");
}

#[tokio::test]
async fn a_helper_is_asked_by_its_input_and_may_know_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.json");
    std::fs::write(&file, r#"{"credHelpers": {"reg.lan": "that-is-not-there", "quay.io": "../../sh"}}"#).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let registries = Registries::load(Some(&file)).unwrap();
    assert_eq!(registries.credentials("docker.io").await.unwrap(), None);
    let error = registries.credentials("reg.lan").await.unwrap_err().to_string();
    assert!(error.starts_with("docker-credential-that-is-not-there: cannot be started: "), "{error}");
    let error = registries.credentials("quay.io").await.unwrap_err().to_string();
    assert!(error.contains("is no name of a helper"), "{error}");
    assert!(Registries::load(Some(Path::new("/nowhere/config.json"))).is_err());
}

/// A registry that anybody may ask.
async fn nobody() -> Result<Option<Credentials>, RegistryError> {
    Ok(None)
}

/// A helper that is not there.
async fn gone() -> Result<Option<Credentials>, RegistryError> {
    Err(RegistryError::Helper { helper: "x".into(), registry: "docker.io".into(), why: "it is gone".into() })
}

async fn connect(engine: &FakeEngine) -> Result<Host, HostError> {
    Host::connect(&DockerHost::Unix(engine.socket())).await
}

fn copy(body: ContainerCreateBody) -> Copy {
    Copy { name: "web-2".into(), body, connect: Vec::new(), carried: (String::new(), Vec::new()), warnings: Vec::new() }
}
