//! What is wrong with hooks and smoke tests.

use std::time::Duration;

use canary_config::hooks::{HookAction, HookName, OnFailure};

use crate::support::{assert_refused, case, good, refused, with};

/// A service whose containers canaryd may make, with these tables.
fn provisioned(tables: &str) -> String {
    format!(
        "[docker]\nmode = \"provision\"\n[listen.web]\naddress = \"127.0.0.1:0\"\n[services.web]\nrule = \"Host(`a`)\"\n{tables}"
    )
}

#[test]
fn a_hook_is_a_command_or_an_address() {
    assert_refused(&[
        case(
            "[store]",
            "[services.web.hooks.pre_traffic]\n[store]",
            r#"canaryd.toml:7:1: services.web.hooks.pre_traffic: there is nothing to do; write url = "https://example.com/hook" or command = ["./migrate"]"#,
        ),
        case(
            "[store]",
            "[services.web.hooks]\npre_traffic = { command = [\"a\"], url = \"http://a/\" }\n[store]",
            "canaryd.toml:8:40: services.web.hooks.pre_traffic.url: there is a `command` already, and a hook is one of both; remove one",
        ),
        case(
            "[store]",
            "[services.web.hooks]\non_abort = { url = \"http://a/\", on_failure = \"abort\", retries = 101 }\n[store]",
            "canaryd.toml:8:46: services.web.hooks.on_abort.on_failure: the release has been sent back already; remove this
canaryd.toml:8:65: services.web.hooks.on_abort.retries: `101` is out of range; write 0 to 100",
        ),
        case(
            "[store]",
            "[services.web.hooks]\npre_traffic = { url = \"http://a/\", reversible = false }\n[store]",
            "canaryd.toml:8:49: services.web.hooks.pre_traffic.reversible: only `pre_deploy` changes what both releases stand on; remove this",
        ),
    ]);
}

#[test]
fn an_address_is_one_of_http_without_a_password() {
    for url in ["example.com/hook", "/hook", "ftp://example.com/", "https:///hook", "", "http://a b/"] {
        let said = refused(&with("[store]", &format!("[services.web.hooks]\npre_traffic.url = \"{url}\"\n[store]")));
        let says = "canaryd.toml:8:19: services.web.hooks.pre_traffic.url: it is not an address that can be posted to; write one such as \"https://example.com/hook\"";
        assert_eq!(said, says);
    }
    assert_refused(&[case(
        "[store]",
        "[services.web.hooks]\npre_traffic.url = \"https://me:secret@example.com/\"\n[store]",
        "canaryd.toml:8:19: services.web.hooks.pre_traffic.url: it has a name or password in it; remove it, and let the address itself be the secret",
    )]);
}

#[test]
fn a_command_needs_an_image_that_canaryd_may_run() {
    assert_refused(&[case(
        "[store]",
        "[services.web.hooks]\npre_traffic.command = [\"./warm-up\"]\n[services.web.smoke]\ncommand = [\"./smoke\"]\n[store]",
        "canaryd.toml:8:23: services.web.hooks.pre_traffic.command: the service's releases are declared, so there is no image to run it in; write what HTTP can ask
canaryd.toml:10:11: services.web.smoke.command: the service's releases are declared, so there is no image to run it in; write what HTTP can ask",
    )]);
    let discovered = provisioned("hooks.pre_deploy.command = [\"./migrate\"]").replace("provision", "discover");
    assert_eq!(
        refused(&discovered),
        "canaryd.toml:7:28: services.web.hooks.pre_deploy.command: canaryd only looks at containers; write mode = \"provision\" in [docker]"
    );
    for (command, says) in [
        (
            "[]",
            "7:28: services.web.hooks.pre_deploy.command: there is no program; write it and its arguments, such as [\"./migrate\", \"up\"]",
        ),
        (
            "[\"\", \"a\"]",
            "7:28: services.web.hooks.pre_deploy.command: there is no program; write it and its arguments, such as [\"./migrate\", \"up\"]",
        ),
        ("[\"a\", \"b\\u0000\"]", "7:34: services.web.hooks.pre_deploy.command: `b\\0` holds a zero; remove it"),
    ] {
        let said = refused(&provisioned(&format!("hooks.pre_deploy.command = {command}")));
        assert_eq!(said, format!("canaryd.toml:{says}"));
    }
}

#[test]
fn a_smoke_test_asks_something_that_can_be_asked() {
    assert_refused(&[
        case(
            "[store]",
            "[services.web.smoke]\n[store]",
            r#"canaryd.toml:7:1: services.web.smoke: there is nothing to test; write requests = [{ path = "/" }] or command = ["./smoke"]"#,
        ),
        case(
            "[store]",
            r#"[[services.web.smoke.requests]]
path = "health"
[[services.web.smoke.requests]]
method = "get"
[[services.web.smoke.requests]]
status = 101
contains = ""
headers = { "a b" = "c", Connection = "d", e = "f\n" }
[store]"#,
            r#"canaryd.toml:8:8: services.web.smoke.requests[0].path: `health` is not a path; write a slash and visible ASCII, such as "/healthz"
canaryd.toml:10:10: services.web.smoke.requests[1].method: `get` is not a method; write one such as "GET" or "POST"
canaryd.toml:12:10: services.web.smoke.requests[2].status: `101` is out of range; write 200 to 599
canaryd.toml:13:12: services.web.smoke.requests[2].contains: every body contains that; write a text, or remove this
canaryd.toml:14:13: services.web.smoke.requests[2].headers."a b": no request can be given this field; write one such as "X-User"
canaryd.toml:14:26: services.web.smoke.requests[2].headers.Connection: no request can be given this field; write one such as "X-User"
canaryd.toml:14:48: services.web.smoke.requests[2].headers.e: no field can hold this; write visible characters"#,
        ),
    ]);
}

#[test]
fn what_the_file_leaves_out_is_as_the_reference_says() {
    let config = good(&provisioned(
        r#"smoke.command = ["./smoke"]
[services.web.hooks]
pre_deploy.command = ["./migrate", "up"]
pre_traffic.url = "http://a/"
post_promote.url = "http://a/"
on_abort.command = ["./tell"]"#,
    ));
    let web = config.services.into_values().next().unwrap();
    let hook = |name| {
        let hook = web.hooks.get(name).unwrap();
        (hook.deadline, hook.retries, hook.on_failure)
    };
    let (five_minutes, minute) = (Duration::from_secs(300), Duration::from_secs(60));
    assert_eq!(hook(HookName::PreDeploy), (five_minutes, 0, OnFailure::Abort));
    assert_eq!(hook(HookName::PreTraffic), (minute, 2, OnFailure::Abort));
    assert_eq!(hook(HookName::PostPromote), (minute, 2, OnFailure::Ignore));
    assert_eq!(hook(HookName::OnAbort), (minute, 0, OnFailure::Ignore));
    assert_eq!(web.hooks.pre_promote, None);
    let migration = &web.hooks.pre_deploy.unwrap().action;
    assert_eq!(*migration, HookAction::Command(vec!["./migrate".into(), "up".into()]));
    let smoke = web.smoke.unwrap();
    assert_eq!((smoke.command, smoke.deadline, smoke.retries), (Some(vec!["./smoke".into()]), minute, 2));
}
