//! One service is left of a file, and nothing of it is shown.

use super::*;

const FILE: &str = r#"{"name": "shop", "services": {
    "db": {"image": "db:1"},
    "web": {
        "build": {"context": "/srv"}, "container_name": "web", "depends_on": {"db": {"condition": "service_started"}},
        "deploy": {"replicas": 2, "resources": {"limits": {"memory": "64m"}}},
        "environment": {"A": "1", "TOKEN": "hunter2$$x"}, "image": "me/web:v1",
        "labels": {"canary.service": "web", "canary.port": "8080", "traefik.enable": "true", "team": "shop"},
        "networks": {"back": {"ipv4_address": "10.0.0.9", "aliases": ["www"]}, "default": null},
        "ports": [{"target": 80}], "restart": "unless-stopped",
        "secrets": [{"source": "key"}],
        "volumes": [{"type": "volume", "source": "data", "target": "/data"}, {"type": "volume", "target": "/tmp"},
                    {"type": "bind", "source": "/etc", "target": "/x"}]
    }},
    "networks": {"default": {"name": "shop_default"}, "back": {"external": true, "name": "backbone"}, "other": {}},
    "volumes": {"data": {"name": "shop_data"}, "unused": {}},
    "secrets": {"key": {"name": "shop_key", "file": "/srv/key"}, "unused": {"file": "/x"}}}"#;

/// The same in the words of version 1.
const OLD: &str = r"services:
  web:
    environment:
      TOKEN: hunter2
    image: me/web:v1
    volumes:
    - data:/data:rw
    - /etc:/x:ro
version: '3.9'
volumes:
  data: {}
";

fn shadow(text: &str, dialect: Dialect) -> Shadow {
    let env = [("A".to_owned(), Secret::new("2$"))];
    Shadow::of(&read(text, dialect).unwrap(), "shop", "web", &env).unwrap()
}

fn file(shadow: &Shadow) -> Value {
    let labels = BTreeMap::from([("canary.service".to_owned(), "web".to_owned())]);
    serde_json::from_str(shadow.file("me/web@sha256:0123", &labels).expose()).unwrap()
}

#[test]
fn one_service_is_left_and_shares_what_is_there() {
    let shadow = shadow(FILE, Dialect::Json);
    let expected = json!({
        "services": { "web": {
            "deploy": { "resources": { "limits": { "memory": "64m" } } },
            "environment": { "A": "2$$", "TOKEN": "hunter2$$x" },
            "image": "me/web@sha256:0123",
            "labels": { "canary.port": "8080", "canary.service": "web", "team": "shop" },
            "networks": { "back": { "aliases": ["www"] }, "default": null },
            "restart": "no",
            "secrets": [{ "source": "key" }],
            "volumes": [{ "type": "volume", "source": "data", "target": "/data" },
                { "type": "volume", "target": "/tmp" }, { "type": "bind", "source": "/etc", "target": "/x" }],
        } },
        "networks": { "back": { "name": "backbone", "external": true },
            "default": { "name": "shop_default", "external": true } },
        "volumes": { "data": { "name": "shop_data", "external": true } },
        "secrets": { "key": { "name": "shop_key", "file": "/srv/key" } },
    });
    assert_eq!(file(&shadow), expected);
    assert_eq!((shadow.image.as_deref(), shadow.restart.as_str()), (Some("me/web:v1"), "unless-stopped"));
    assert_eq!((shadow.contents, shadow.networks()), (Contents::Mounted, 2));
    let expected = [
        "its `ports` stay with the release that is there: canaryd serves the new one",
        "/tmp is a volume without a name: the new release begins with an empty one",
        "labels of another proxy are left out, or it would serve the new release too: traefik.enable",
        "its address on the network back stays with the release that is there",
    ];
    assert_eq!(shadow.remarks, expected);
}

#[test]
fn the_words_of_version_1_are_understood() {
    let expected = json!({
        "version": "3.9",
        "services": { "web": {
            "environment": { "A": "2$$", "TOKEN": "hunter2" },
            "image": "me/web@sha256:0123",
            "labels": { "canary.service": "web" },
            "restart": "no",
            "volumes": ["data:/data:rw", "/etc:/x:ro"],
        } },
        "networks": { "default": { "name": "shop_default", "external": true } },
        "volumes": { "data": { "name": "shop_data", "external": true } },
    });
    assert_eq!(file(&shadow(OLD, Dialect::Yaml)), expected);
    let older = file(&shadow(&OLD.replace("3.9", "2.4"), Dialect::Yaml));
    assert_eq!(older["volumes"], json!({ "data": { "external": { "name": "shop_data" } } }));
}

#[test]
fn a_policy_keeps_its_count_and_what_compose_runs_is_known() {
    let more = r#""mac_address": "02:42:ac:11:65:43", "post_start": [{"command": ["x"]}], "pre_stop": [{"command": ["x"]}],
                  "build": {"#;
    let policy = r#""deploy": {"restart_policy": {"condition": "on-failure", "max_attempts": 3}, "#;
    let text = FILE.replace(r#""build": {"#, more).replace(r#""deploy": {"#, policy);
    let shadow = shadow(&text, Dialect::Json);
    assert_eq!((shadow.restart.as_str(), shadow.has_post_start()), ("on-failure:3", true));
    let expected = [
        "its `mac_address` stays with the release that is there",
        "its `pre_stop` is not run: canaryd stops the new release, not Compose",
    ];
    assert_eq!(shadow.remarks[1..3], expected);
}

#[test]
fn contents_are_told_from_files() {
    let written = FILE.replace(r#""file": "/srv/key""#, r#""environment": "KEY""#);
    assert_eq!(shadow(&written, Dialect::Json).contents, Contents::Written);
}

#[test]
fn what_cannot_be_there_twice_is_refused() {
    let refused = |service: &str, more: &str| {
        let text = FILE.replace(r#""build": {"#, &format!(r#"{more} "build": {{"#));
        Shadow::of(&read(&text, Dialect::Json).unwrap(), "shop", service, &[]).unwrap_err().to_string()
    };
    let expected = "`network_mode: service:db` binds it to another container, which would be shared by two releases; put \
                    both on a network of their own";
    assert_eq!(refused("web", r#""network_mode": "service:db","#), expected);
    let expected = "`network_mode: host` gives both releases the same ports; put it on a network";
    assert_eq!(refused("web", r#""network_mode": "host","#), expected);
    let expected = "`volumes_from` binds it to another container; give the volumes names";
    assert_eq!(refused("web", r#""volumes_from": ["db"],"#), expected);
    assert_eq!(refused("api", ""), "the Compose file has no service `api`; it has: db, web");
}

#[test]
fn whatever_differs_makes_another_one_and_no_value_is_shown() {
    let one = shadow(FILE, Dialect::Json);
    assert_eq!(one.spec(), shadow(FILE, Dialect::Json).spec());
    assert_ne!(one.spec(), shadow(&FILE.replace("hunter2", "hunter3"), Dialect::Json).spec());
    assert_eq!(one.spec(), shadow(&FILE.replace("me/web:v1", "me/web:v2"), Dialect::Json).spec());
    assert_eq!(one.redacted("TOKEN is hunter2$x or hunter2$$x, A is 1"), "TOKEN is ... or ..., A is 1");
    assert!(!format!("{one:?}").contains("hunter"));
}

#[test]
fn what_is_no_file_is_not_read() {
    for (text, dialect) in [("[", Dialect::Json), ("[]", Dialect::Json), ("a: [", Dialect::Yaml), ("", Dialect::Yaml)] {
        assert_eq!(read(text, dialect), None, "{text}");
    }
}
