//! A Swarm of one Engine: it has no kernel for virtual addresses, and needs none.

use std::collections::HashMap;

use bollard::models::{
    EndpointSpec, EndpointSpecModeEnum, HostConfig, NetworkAttachmentConfig, NetworkCreateRequest, ServiceSpec,
    ServiceSpecMode, ServiceSpecModeReplicated, SwarmInitRequest, SwarmJoinRequest, TaskSpec, TaskSpecContainerSpec,
    TaskSpecRestartPolicy, TaskSpecRestartPolicyConditionEnum,
};
use bollard::query_parameters::{InspectServiceOptions, UpdateServiceOptions};

use super::Dockerd;
use super::room::Room;

/// Where two Engines find each other, on a wire that nobody else is on.
const WIRE: [&str; 2] = ["10.99.0.1", "10.99.0.2"];

/// What a task waits for before it is made again, in nanoseconds.
const RESTART_DELAY_NS: i64 = 100_000_000;

// === impl Dockerd ===

impl Dockerd {
    /// Makes this Engine the manager of a Swarm with one overlay network.
    pub(crate) async fn init_swarm(&self, network: &str) {
        self.init_swarm_at("127.0.0.1", network).await;
    }

    /// Makes this Engine the manager of a Swarm of two, with one overlay network. Returns the other one, a worker.
    pub(crate) async fn init_swarm_of_two(&self, network: &str) -> Self {
        let room = Room::open().expect("there is one already");
        self.daemon().room().wire(&room, WIRE);
        let other = Self::of_our_own(room).await;
        let [own, its] = WIRE;
        self.init_swarm_at(own, network).await;
        let tokens = self.docker.inspect_swarm().await.expect("a Swarm").join_tokens;
        let request = SwarmJoinRequest {
            listen_addr: Some(its.to_owned()),
            advertise_addr: Some(its.to_owned()),
            remote_addrs: Some(vec![own.to_owned()]),
            join_token: tokens.and_then(|tokens| tokens.worker),
            ..SwarmJoinRequest::default()
        };
        other.docker.join_swarm(request).await.expect("it is let in");
        other
    }

    async fn init_swarm_at(&self, address: &str, network: &str) {
        let own = Some(address.to_owned());
        let request = SwarmInitRequest { advertise_addr: own.clone(), listen_addr: own, ..SwarmInitRequest::default() };
        self.docker.init_swarm(request).await.expect("a Swarm");
        let request = NetworkCreateRequest {
            name: network.to_owned(),
            driver: Some("overlay".to_owned()),
            attachable: Some(true),
            ..NetworkCreateRequest::default()
        };
        self.docker.create_network(request).await.expect("an overlay network");
    }

    /// Takes this thread to where a container on this network is, which is made for that: it reaches what that one
    /// reaches, and what it starts finds itself to be that container.
    pub(crate) async fn enter(&self, name: &str, image: &str, network: &str) {
        let host = HostConfig { network_mode: Some(network.to_owned()), ..HostConfig::default() };
        let id = self.start(name, image, |body| body.host_config = Some(host)).await;
        let pid = self.inspect(&id).await.state.and_then(|state| state.pid).expect("it runs");
        self.daemon().room().enter_network_of(pid);
    }

    /// Creates a service with these labels on that network, whose tasks end what they do before they end.
    pub(crate) async fn serve(&self, name: &str, image: &str, network: &str, labels: &[(&str, &str)], tasks: i64) {
        let labels: HashMap<_, _> = labels.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect();
        let container = TaskSpecContainerSpec {
            image: Some(image.to_owned()),
            env: Some(vec!["ON_TERM=drain".to_owned()]),
            ..TaskSpecContainerSpec::default()
        };
        let restart = TaskSpecRestartPolicy {
            condition: Some(TaskSpecRestartPolicyConditionEnum::ANY),
            delay: Some(RESTART_DELAY_NS),
            ..TaskSpecRestartPolicy::default()
        };
        let attached =
            NetworkAttachmentConfig { target: Some(network.to_owned()), ..NetworkAttachmentConfig::default() };
        let spec = ServiceSpec {
            name: Some(name.to_owned()),
            labels: Some(labels),
            task_template: Some(TaskSpec {
                container_spec: Some(container),
                restart_policy: Some(restart),
                networks: Some(vec![attached]),
                ..TaskSpec::default()
            }),
            mode: Some(ServiceSpecMode {
                replicated: Some(ServiceSpecModeReplicated { replicas: Some(tasks) }),
                ..ServiceSpecMode::default()
            }),
            endpoint_spec: Some(EndpointSpec { mode: Some(EndpointSpecModeEnum::DNSRR), ports: None }),
            ..ServiceSpec::default()
        };
        self.docker.create_service(spec, None).await.expect("a service");
    }

    /// Changes what a service is to be.
    pub(crate) async fn update_service(&self, name: &str, change: impl FnOnce(&mut ServiceSpec)) {
        let service = self.docker.inspect_service(name, None::<InspectServiceOptions>).await.expect("it is there");
        let version = service.version.and_then(|version| version.index).expect("a version");
        let mut spec = service.spec.expect("a spec");
        change(&mut spec);
        let version = i32::try_from(version).expect("it is young");
        let options = UpdateServiceOptions { version, ..UpdateServiceOptions::default() };
        self.docker.update_service(name, spec, options, None).await.expect("it takes it");
    }

    pub(crate) async fn remove_service(&self, name: &str) {
        self.docker.delete_service(name).await.expect("it is there");
    }
}
