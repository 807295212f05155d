//! What a test has an Engine hold: images of the test's service, containers, and networks.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

use bollard::models::{ContainerCreateBody, ContainerInspectResponse, NetworkCreateRequest};
use bollard::query_parameters::{
    CreateContainerOptions, CreateImageOptions, InspectContainerOptions, ListContainersOptions, ListImagesOptions,
    ListNetworksOptions, LogsOptions, RemoveContainerOptions, RemoveImageOptions, StartContainerOptions,
};
use bollard::{body_full, container::LogOutput};
use bytes::Bytes;
use futures_util::TryStreamExt as _;

use super::Dockerd;
use super::program::program;
use crate::support::until;

/// The repository of all images that are made here.
const REPOSITORY: &str = "canaryd-test";

/// The label of all containers and networks that are made here.
const LABEL: &str = "canaryd.test";

/// The name of all Compose projects that are made here, and the beginning of those that canaryd makes of them.
pub(crate) const PROJECT: &str = "canaryd-test";

/// Where the service listens that the images hold.
const PORT: u16 = 8080;

/// A health check of that service, as an instruction of a Dockerfile.
pub(crate) const HEALTHCHECK: &str =
    r#"HEALTHCHECK --interval=500ms --timeout=5s --retries=3 CMD ["/web", "get", "127.0.0.1:8080", "/healthz"]"#;

/// A container that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) id: String,
    pub(crate) address: SocketAddr,
}

// === impl Dockerd ===

impl Dockerd {
    /// An image of the service, whose version is its tag, with more instructions of a Dockerfile. Returns its name.
    pub(crate) async fn image(&self, tag: &str, instructions: &[&str]) -> String {
        let version = format!("ENV VERSION={tag}");
        let own = [&*version, r#"ENTRYPOINT ["/web"]"#, "EXPOSE 8080"];
        let options = CreateImageOptions {
            from_src: Some("-".to_owned()),
            repo: Some(REPOSITORY.to_owned()),
            tag: Some(tag.to_owned()),
            changes: own.iter().chain(instructions).map(|&instruction| instruction.to_owned()).collect(),
            ..CreateImageOptions::default()
        };
        let made = self.docker.create_image(Some(options), Some(body_full(Bytes::from(archive()))), None);
        made.try_collect::<Vec<_>>().await.expect("an image");
        format!("{REPOSITORY}:{tag}")
    }

    /// A network. Returns its name.
    pub(crate) async fn network(&self, name: &str) -> String {
        let request =
            NetworkCreateRequest { name: name.to_owned(), labels: Some(labels()), ..NetworkCreateRequest::default() };
        self.docker.create_network(request).await.expect("a network");
        name.to_owned()
    }

    /// Creates a container with this body, changed like this. Returns its id.
    pub(crate) async fn create(
        &self,
        name: &str,
        image: &str,
        change: impl FnOnce(&mut ContainerCreateBody),
    ) -> String {
        let mut body = ContainerCreateBody { image: Some(image.to_owned()), ..ContainerCreateBody::default() };
        change(&mut body);
        body.labels.get_or_insert_default().extend(labels());
        let options = CreateContainerOptions { name: Some(name.to_owned()), ..CreateContainerOptions::default() };
        self.docker.create_container(Some(options), body).await.expect("a container").id
    }

    /// The same, and starts it, whatever becomes of it then.
    pub(crate) async fn start(&self, name: &str, image: &str, change: impl FnOnce(&mut ContainerCreateBody)) -> String {
        let id = self.create(name, image, change).await;
        self.docker.start_container(&id, None::<StartContainerOptions>).await.expect("it starts");
        id
    }

    /// The same for one that goes on; it need not listen yet.
    pub(crate) async fn run(&self, name: &str, image: &str, change: impl FnOnce(&mut ContainerCreateBody)) -> Ran {
        let id = self.start(name, image, change).await;
        let address = self.address(&id).await;
        Ran { id, address }
    }

    pub(crate) async fn inspect(&self, container: &str) -> ContainerInspectResponse {
        self.docker.inspect_container(container, None::<InspectContainerOptions>).await.expect("it is there")
    }

    /// Where the service of a running container listens, in the first of its networks by name.
    pub(crate) async fn address(&self, container: &str) -> SocketAddr {
        let inspected = self.inspect(container).await;
        let networks = inspected.network_settings.and_then(|settings| settings.networks).unwrap_or_default();
        let (_, endpoint) = networks.into_iter().min_by(|(one, _), (other, _)| one.cmp(other)).expect("a network");
        let address: IpAddr = endpoint.ip_address.unwrap_or_default().parse().expect("it runs");
        (address, PORT).into()
    }

    /// Waits for something that an inspection shows.
    pub(crate) async fn until(&self, what: &str, container: &str, is_so: impl Fn(&ContainerInspectResponse) -> bool) {
        until(what, async || {
            let inspected = self.inspect(container).await;
            if is_so(&inspected) {
                Ok(())
            } else {
                Err(format!("{:?}; {}", inspected.state, self.logs(container).await))
            }
        })
        .await;
    }

    /// All that a container wrote.
    pub(crate) async fn logs(&self, container: &str) -> String {
        let options = LogsOptions { stdout: true, stderr: true, ..LogsOptions::default() };
        let lines: Vec<LogOutput> = self.docker.logs(container, Some(options)).try_collect().await.expect("a log");
        lines.iter().map(ToString::to_string).collect()
    }

    /// Removes all that was made here, by this test or by one that was killed.
    pub(super) async fn clear(&self) {
        let options = ListContainersOptions { all: true, ..ListContainersOptions::default() };
        for container in self.docker.list_containers(Some(options)).await.expect("a list") {
            if is_of_ours(container.labels) {
                let force = RemoveContainerOptions { force: true, v: true, ..RemoveContainerOptions::default() };
                self.docker.remove_container(&container.id.unwrap_or_default(), Some(force)).await.expect("it goes");
            }
        }
        for network in self.docker.list_networks(None::<ListNetworksOptions>).await.expect("a list") {
            if is_of_ours(network.labels) {
                self.docker.remove_network(&network.id.unwrap_or_default()).await.expect("it goes");
            }
        }
        let of_ours = HashMap::from([("reference".to_owned(), vec![REPOSITORY.to_owned()])]);
        let options = ListImagesOptions { filters: Some(of_ours), ..ListImagesOptions::default() };
        for image in self.docker.list_images(Some(options)).await.expect("a list") {
            self.docker.remove_image(&image.id, None::<RemoveImageOptions>, None).await.expect("it goes");
        }
    }
}

/// Whether something was made here, by its labels.
fn is_of_ours(labels: Option<HashMap<String, String>>) -> bool {
    let labels = labels.unwrap_or_default();
    let project = labels.get("com.docker.compose.project");
    labels.contains_key(LABEL) || project.is_some_and(|project| project.starts_with(PROJECT))
}

fn labels() -> HashMap<String, String> {
    HashMap::from([(LABEL.to_owned(), String::new())])
}

/// The service's program, and nothing besides.
fn archive() -> Vec<u8> {
    let program = program();
    let mut header = tar::Header::new_gnu();
    header.set_mode(0o755);
    header.set_size(u64::try_from(program.len()).expect("it is small"));
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_data(&mut header, "web", &*program).expect("memory takes it");
    archive.into_inner().expect("memory takes it")
}
