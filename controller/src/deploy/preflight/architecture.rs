//! Whether the machine can run the image.

use bollard::models::ImageInspect;

use crate::api::Finding;
use crate::deploy::facts::Found;

/// Architectures as a kernel calls them, and as images do.
const NAMES: [(&str, &str); 8] = [
    ("x86_64", "amd64"),
    ("aarch64", "arm64"),
    ("armv7l", "arm"),
    ("armv6l", "arm"),
    ("i686", "386"),
    ("i386", "386"),
    ("ppc64le", "ppc64le"),
    ("s390x", "s390x"),
];

pub(super) fn findings(found: &Found) -> Option<Finding> {
    const CHECK: &str = "architecture";
    let capacity = found.capacity.as_ref().ok()?;
    let hosts = named(&capacity.architecture);
    Some(match &found.image {
        None => Finding::ok(CHECK, format!("the machine is {hosts}; the image is looked at when it has been pulled")),
        Some(image) => match mismatch(image, &capacity.architecture) {
            Some((what, remedy)) => Finding::refused(CHECK, what, remedy),
            None => Finding::ok(CHECK, format!("image and machine are {hosts}")),
        },
    })
}

/// What does not fit, and what to do, if an image is for another machine than one of this architecture.
#[must_use]
pub fn mismatch(image: &ImageInspect, hosts: &str) -> Option<(String, String)> {
    let of_image = image.architecture.as_deref().filter(|name| !name.is_empty())?;
    let hosts = named(hosts);
    let is_other = !hosts.is_empty() && of_image != hosts;
    let what = || format!("the image is for {of_image}, and the machine is {hosts}");
    is_other.then(|| (what(), format!("build it for this machine: docker build --platform linux/{hosts}")))
}

fn named(kernels: &str) -> &str {
    NAMES.iter().find(|(kernel, _)| *kernel == kernels).map_or(kernels, |(_, image)| image)
}
