//! What an Engine (20.10) said of containers and images, word for word; see `docker/recorded`.

use bollard::models::{ContainerInspectResponse, ImageInspect};
use canary_controller::docker::clone::Original;
use serde::de::DeserializeOwned;

/// By Compose, with nearly everything that a file of Compose can say.
pub(super) const COMPOSED: &str = include_str!("recorded/composed.json");
/// By `docker run`, with an entrypoint, a host name, a static address and an anonymous volume of its own.
pub(super) const PLAIN: &str = include_str!("recorded/plain.json");
/// By `docker run --privileged --network host`, with a health check of its own.
pub(super) const HOSTED: &str = include_str!("recorded/hosted.json");
/// By `docker run --rm -t` on the default network, with Docker's socket and no health check.
pub(super) const BRIDGED: &str = include_str!("recorded/bridged.json");
/// In the network of the one before.
pub(super) const SIDE: &str = include_str!("recorded/side.json");

/// The containers by name.
pub(super) const ALL: [(&str, &str); 5] =
    [("composed", COMPOSED), ("plain", PLAIN), ("hosted", HOSTED), ("bridged", BRIDGED), ("side", SIDE)];

/// A recorded container with the image that it was created from.
pub(super) fn original(container: &str) -> Original {
    Original { container: read(container), image: image_v1() }
}

/// The image of all recorded containers.
pub(super) fn image_v1() -> ImageInspect {
    read(include_str!("recorded/image_v1.json"))
}

/// The image of the release after it.
pub(super) fn image_v2() -> ImageInspect {
    read(include_str!("recorded/image_v2.json"))
}

/// A recorded container, with some of its fields changed.
pub(super) fn container(
    recorded: &str,
    change: impl FnOnce(&mut ContainerInspectResponse),
) -> ContainerInspectResponse {
    let mut container = read(recorded);
    change(&mut container);
    container
}

fn read<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).unwrap()
}
