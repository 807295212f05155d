//! What is said of copies of containers that a real Engine showed.

use bollard::models::{ContainerSummary, ContainerSummaryHostConfig, DeviceMapping, EndpointIpamConfig, MountPoint};
use canary_config::origin::AnonymousVolumes;
use canary_controller::docker::clone::{Original, Place, volumes};
use canary_controller::docker::faithful::injected::Injected;
use canary_controller::docker::faithful::{Privileged, Report, Terms, examine};

use super::recorded::{ALL, BRIDGED, COMPOSED, HOSTED, PLAIN, SIDE, container, image_v1, original};
use crate::canaryctl::golden::assert_golden;

const TERMS: Terms = Terms { place: Place::Beside, volumes: AnonymousVolumes::Fresh, privileged: Privileged::Refuse };

#[test]
fn each_recorded_container_is_told_what_a_copy_cannot_have() {
    let mut text = String::new();
    for (name, recorded) in ALL {
        let report = examine(&original(recorded), &[], &Injected::default(), TERMS);
        text += &format!("{name}\n{}", shown(&report));
    }
    assert_golden("docker-faithful", &text);
}

#[test]
fn a_container_that_borrows_this_ones_network_is_named() {
    let bridged = original(BRIDGED);
    let network_mode = Some(format!("container:{}", bridged.container.id.as_deref().unwrap()));
    let side = ContainerSummary {
        names: Some(vec!["/side".into()]),
        host_config: Some(ContainerSummaryHostConfig { network_mode, ..ContainerSummaryHostConfig::default() }),
        ..ContainerSummary::default()
    };
    let terms = Terms { privileged: Privileged::Allow, ..TERMS };
    let report = examine(&bridged, &[side], &Injected::default(), terms);
    let message = "refused: `side` lives in its network and would stay with the old release; put both on a network, or \
                   deploy them as one with `--from-compose`\n";
    assert!(shown(&report).starts_with(message), "{report:?}");
}

#[test]
fn a_folder_with_the_socket_of_docker_in_it_rules_the_host_as_the_socket_does() {
    let is_refused = |source: &str| {
        let container = container(COMPOSED, |container| {
            let mount = MountPoint { typ: Some("bind".into()), source: Some(source.into()), ..MountPoint::default() };
            container.mounts = Some(vec![mount]);
        });
        let report = examine(&Original { container, image: image_v1() }, &[], &Injected::default(), TERMS);
        shown(&report).contains(&format!("it holds Docker's socket ({source})"))
    };
    for source in ["/", "/run", "/var/run", "/var/run/", "/var", "/home/me/docker.sock"] {
        assert!(is_refused(source), "{source}");
    }
    for source in ["/runner", "/var/lib", "/run/web", "/data"] {
        assert!(!is_refused(source), "{source}");
    }
}

#[test]
fn what_rules_the_host_is_copied_when_the_operator_said_so() {
    let terms = Terms { place: Place::InsteadOf, privileged: Privileged::Allow, ..TERMS };
    for recorded in [HOSTED, BRIDGED] {
        let report = examine(&original(recorded), &[], &Injected::default(), terms);
        assert_eq!(report.refusals, [], "{report:?}");
    }
}

#[test]
fn in_the_place_of_the_original_nothing_is_shared() {
    let report = examine(&original(COMPOSED), &[], &Injected::default(), Terms { place: Place::InsteadOf, ..TERMS });
    assert!(!shown(&report).contains("at once") && !shown(&report).contains("18080"), "{report:?}");
}

#[test]
fn the_policy_of_anonymous_volumes_may_forbid_a_copy() {
    let terms = Terms { volumes: AnonymousVolumes::Refuse, ..TERMS };
    assert_eq!(examine(&original(COMPOSED), &[], &Injected::default(), terms).refusals.len(), 1);
    let terms = Terms { volumes: AnonymousVolumes::Share, ..TERMS };
    assert_eq!(examine(&original(COMPOSED), &[], &Injected::default(), terms).refusals, []);
}

#[test]
fn a_volume_that_compose_has_handed_on_is_under_that_policy() {
    let container = container(PLAIN, |container| {
        let volumes = volumes::anonymous(container).into_iter().cloned().collect::<Vec<_>>();
        let bind = |volume: MountPoint| format!("{}:{}", volume.name.unwrap(), volume.destination.unwrap());
        container.host_config.as_mut().unwrap().binds = Some(volumes.into_iter().map(bind).collect());
    });
    let terms = Terms { volumes: AnonymousVolumes::Refuse, ..TERMS };
    let report = examine(&Original { container, image: image_v1() }, &[], &Injected::default(), terms);
    assert_eq!(report.refusals.len(), 1, "{report:?}");
}

#[test]
fn what_is_no_container_of_its_own_is_refused() {
    for (key, value) in
        [("com.docker.swarm.task.id", "x"), ("com.docker.compose.oneoff", "True"), ("canary.task", "web")]
    {
        let container = container(COMPOSED, |container| {
            container.config.as_mut().unwrap().labels.as_mut().unwrap().insert(key.into(), value.into());
        });
        let report = examine(&Original { container, image: image_v1() }, &[], &Injected::default(), TERMS);
        assert_eq!(report.refusals.len(), 1, "{key}");
    }
    assert_eq!(examine(&original(COMPOSED), &[], &Injected::default(), TERMS).refusals, []);
    assert_eq!(examine(&original(SIDE), &[], &Injected::default(), TERMS).refusals.len(), 1);
}

#[test]
fn names_links_and_devices_of_its_own_are_warned_of() {
    let container = container(COMPOSED, |container| {
        container.name = Some("/shop".into());
        let host = container.host_config.as_mut().unwrap();
        host.links = Some(vec!["/db:/shop/db".into()]);
        host.devices = Some(["/dev/ttyUSB0", "/dev/null"].map(device).into());
        let networks = container.network_settings.as_mut().unwrap().networks.as_mut().unwrap();
        let address = EndpointIpamConfig { ipv4_address: Some("172.18.0.9".into()), ..EndpointIpamConfig::default() };
        networks.get_mut("shop_edge").unwrap().ipam_config = Some(address);
    });
    let text = shown(&examine(&Original { container, image: image_v1() }, &[], &Injected::default(), TERMS));
    for part in ["container name `shop`", "uses `links`", "device /dev/ttyUSB0 at once", "choice on `shop_edge`"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let plain = shown(&examine(&original(PLAIN), &[], &Injected::default(), TERMS));
    assert!(!plain.contains("container name"), "{plain}");
}

fn device(path: &str) -> DeviceMapping {
    DeviceMapping { path_on_host: Some(path.into()), ..DeviceMapping::default() }
}

fn shown(report: &Report) -> String {
    let refusals = report.refusals.iter().map(|refusal| format!("refused: {refusal}\n"));
    refusals.chain(report.warnings.iter().map(|warning| format!("warning: {warning}\n"))).collect()
}
