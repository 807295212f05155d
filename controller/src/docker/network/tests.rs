use super::*;

fn networks(networks: &[(&str, &str)]) -> Connection {
    Connection::Networks(networks.iter().map(|&(name, address)| (name.into(), address.parse().ok())).collect())
}

fn reach(networks: &[&str]) -> Reach {
    Reach::Networks(networks.iter().map(|&name| name.into()).collect())
}

const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn ip(text: &str) -> Option<IpAddr> {
    Some(text.parse().unwrap())
}

#[test]
fn the_only_network_is_the_one() {
    let container = networks(&[("bridge", "172.17.0.2")]);
    assert_eq!(container.address(None, None, &Reach::Host), Ok(ip("172.17.0.2")));
    assert_eq!(container.address(None, None, &reach(&["bridge", "edge"])), Ok(ip("172.17.0.2")));
}

#[test]
fn of_several_it_is_the_one_that_is_shared() {
    let container = networks(&[("back", "172.18.0.2"), ("edge", "172.19.0.2")]);
    assert_eq!(container.address(None, None, &reach(&["edge", "other"])), Ok(ip("172.19.0.2")));
}

#[test]
fn of_several_that_could_be_none_is_taken() {
    let container = networks(&[("back", "172.18.0.2"), ("edge", "172.19.0.2"), ("far", "172.20.0.2")]);
    let says = |candidates: &str| {
        Err(format!(
            "it can be reached on several networks: {candidates}; add the label canary.network or the key docker.network \
             of its service"
        ))
    };
    assert_eq!(container.address(None, None, &Reach::Host), says("`back`, `edge`, `far`"));
    assert_eq!(container.address(None, None, &reach(&["back", "far"])), says("`back`, `far`"));
}

#[test]
fn what_shares_none_says_which_there_are() {
    let container = networks(&[("back", "172.18.0.2")]);
    assert_eq!(
        container.address(None, None, &reach(&["bridge", "edge"])).unwrap_err(),
        "it shares no network with canaryd: it is connected to `back`, and canaryd to `bridge`, `edge`; connect both to \
         one"
    );
    assert!(container.address(None, None, &reach(&[])).unwrap_err().contains("canaryd to none;"));
    let nowhere = "it is connected to no network; connect it to one";
    assert_eq!(networks(&[]).address(None, None, &Reach::Host).unwrap_err(), nowhere);
    assert_eq!(networks(&[]).address(None, None, &reach(&["edge"])).unwrap_err(), nowhere);
}

#[test]
fn a_network_that_is_named_is_taken_and_no_other() {
    let container = networks(&[("back", "172.18.0.2"), ("shop_edge", "172.19.0.2")]);
    assert_eq!(container.address(Some("back"), None, &Reach::Host), Ok(ip("172.18.0.2")));
    assert_eq!(container.address(Some("shop_edge"), Some("shop"), &Reach::Host), Ok(ip("172.19.0.2")));
    assert_eq!(container.address(Some("edge"), Some("shop"), &reach(&["shop_edge"])), Ok(ip("172.19.0.2")));
    assert_eq!(
        container.address(Some("edge"), None, &Reach::Host).unwrap_err(),
        "it is not connected to the network `edge`, but to `back`, `shop_edge`; connect it, or name another"
    );
    assert_eq!(
        container.address(Some("edge"), Some("shop"), &reach(&["back"])).unwrap_err(),
        "canaryd is not connected to the network `shop_edge`; connect it: docker network connect shop_edge CANARYD"
    );
}

#[test]
fn what_is_being_connected_has_no_address_yet() {
    let container = networks(&[("edge", ""), ("back", "172.18.0.2")]);
    assert_eq!(container.address(Some("edge"), None, &Reach::Host), Ok(None));
    assert_eq!(container.address(None, None, &reach(&["edge"])), Ok(None));
}

#[test]
fn the_hosts_network_is_reached_from_the_host_alone() {
    assert_eq!(Connection::Host.address(None, None, &Reach::Host), Ok(Some(LOCALHOST)));
    assert!(Connection::Host.address(None, None, &reach(&["edge"])).unwrap_err().contains("the host's network"));
    assert!(Connection::Shared.address(None, None, &Reach::Host).unwrap_err().contains("another container"));
}
