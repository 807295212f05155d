//! The files that were put into a container before its start: found, and put into another one.

use std::collections::HashSet;
use std::io::{self, Cursor, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use bollard::body_full;
use bollard::errors::Error;
use bollard::models::{ChangeType, ContainerInspectResponse, FilesystemChange};
use bollard::query_parameters::{ContainerArchiveInfoOptions, DownloadFromContainerOptions, UploadToContainerOptions};
use futures_util::TryStreamExt as _;

use super::{Host, HostError, REQUEST_TIMEOUT, Verb};
use crate::docker::faithful::injected::{Birth, CONFIGS, Changed, Injected, SECRETS};

/// So many files of a container are looked at; an application that writes more is no place to look for configs.
const LOOKED_AT_MAX: usize = 256;
/// All that is carried over, in bytes. Docker's own secrets have at most half a megabyte.
const CARRIED_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The bit by which Docker's archives mark a folder.
const FOLDER: u32 = 1 << 31;
/// The length of `2026-01-01T00:00:00`.
const SECONDS_LENGTH: usize = 19;

// === impl Host ===

impl Host {
    /// What was put into a container before it was started.
    ///
    /// # Errors
    /// When there is no such container.
    pub async fn injected(&self, container: &ContainerInspectResponse) -> Result<Injected, HostError> {
        let id = container.id.as_deref().unwrap_or_default();
        let verb = Verb { what: "look at the files of", subject: id };
        let changes = self.within(REQUEST_TIMEOUT, verb, self.docker.container_changes(id)).await?.unwrap_or_default();
        let paths = candidates(container, changes);
        let overlooked = paths.len().saturating_sub(LOOKED_AT_MAX);
        let mut changed = Vec::new();
        for path in paths.into_iter().take(LOOKED_AT_MAX) {
            let options = ContainerArchiveInfoOptions { path: path.clone() };
            let looking = self.docker.get_container_archive_info(id, Some(options));
            match self.within(REQUEST_TIMEOUT, verb, looking).await {
                Ok(stat) if stat.file_mode & FOLDER != 0 => {}
                Ok(stat) => changed.push(Changed { path, written: stat.modification_time.as_deref().and_then(moment) }),
                Err(error @ (HostError::Unreachable { .. } | HostError::NoContainer(_))) => return Err(error),
                // It was removed meanwhile, or lies where a mount hides it.
                Err(_) => {}
            }
        }
        let state = container.state.as_ref();
        let started = state.and_then(|state| moment(state.started_at.as_deref()?)).unwrap_or_default();
        let finished = state.and_then(|state| moment(state.finished_at.as_deref()?));
        let created = container.created.as_deref().and_then(moment).unwrap_or(started);
        let injected = Injected::among(&changed, Birth::new(created, started, finished));
        Ok(Injected { overlooked, ..injected })
    }

    /// Puts files of one container into another at the same places.
    pub(super) async fn carry(&self, from: &str, to: &str, paths: &[String]) -> Result<(), HostError> {
        if paths.is_empty() {
            return Ok(());
        }
        let mut archive = tar::Builder::new(Vec::new());
        for path in paths {
            let verb = Verb { what: "copy the files of", subject: from };
            let file = self.within(REQUEST_TIMEOUT, verb, self.file(from, path)).await?;
            append(&mut archive, path, &file).map_err(|why| HostError::failed(verb, &format!("{path}: {why}")))?;
            if archive.get_ref().len() > CARRIED_BYTES_MAX {
                return Err(HostError::failed(verb, &format!("they have more than {CARRIED_BYTES_MAX} bytes")));
            }
        }
        let verb = Verb { what: "put files into", subject: to };
        let archive = archive.into_inner().map_err(|why| HostError::failed(verb, &why.to_string()))?;
        let options = UploadToContainerOptions { path: "/".into(), ..UploadToContainerOptions::default() };
        let request = self.docker.upload_to_container(to, Some(options), body_full(archive.into()));
        self.within(REQUEST_TIMEOUT, verb, request).await
    }

    /// An archive with one file in it.
    async fn file(&self, container: &str, path: &str) -> Result<Vec<u8>, Error> {
        let options = DownloadFromContainerOptions { path: path.into() };
        let stream = self.docker.download_from_container(container, Some(options));
        stream
            .try_fold(Vec::new(), |mut file, chunk| async move {
                file.extend_from_slice(&chunk);
                let is_too_long = file.len() > CARRIED_BYTES_MAX;
                if is_too_long { Err(io::Error::from(io::ErrorKind::FileTooLarge).into()) } else { Ok(file) }
            })
            .await
    }
}

/// The files that may have been put into a container, of all that its image does not have so. What is looked for comes
/// first: secrets and configs where they are by habit, then what lies as near to the root as configs do.
fn candidates(container: &ContainerInspectResponse, changes: Vec<FilesystemChange>) -> Vec<String> {
    let kept = changes.into_iter().filter(|change| matches!(change.kind, ChangeType::_0 | ChangeType::_1));
    let mut paths: Vec<String> = kept.map(|change| change.path).filter(|path| !is_mounted(container, path)).collect();
    let folders: HashSet<String> = paths.iter().filter_map(|path| Some(path.rsplit_once('/')?.0.to_owned())).collect();
    paths.retain(|path| !folders.contains(path));
    let rank = |path: &str| [SECRETS, CONFIGS].iter().position(|place| path.starts_with(place)).unwrap_or(2);
    paths.sort_by_cached_key(|path| (rank(path), path.matches('/').count(), path.clone()));
    paths
}

/// What a mount hides is the place of the mount itself, and a copy has that mount, too.
fn is_mounted(container: &ContainerInspectResponse, path: &str) -> bool {
    let places = container.mounts.iter().flatten().filter_map(|mount| mount.destination.as_deref());
    let tmpfs = container.host_config.as_ref().and_then(|host| host.tmpfs.as_ref()).into_iter().flatten();
    let mut places = places.chain(tmpfs.map(|(place, _)| place.as_str()));
    places.any(|place| path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// Adds what is in an archive by its last name, at its full path: the folder that it belongs into may not be there yet.
fn append(archive: &mut tar::Builder<Vec<u8>>, path: &str, file: &[u8]) -> io::Result<()> {
    let folder: PathBuf = Path::new(path.trim_start_matches('/')).parent().unwrap_or(Path::new("")).to_owned();
    for entry in tar::Archive::new(Cursor::new(file)).entries()? {
        let mut entry = entry?;
        let place = folder.join(entry.path()?);
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let mut header = entry.header().clone();
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        header.set_size(content.len() as u64);
        archive.append_data(&mut header, place, content.as_slice())?;
    }
    Ok(())
}

/// The time since 1970 of a date as Docker writes it: with nanoseconds, in UTC or in the zone of the machine.
fn moment(date: &str) -> Option<Duration> {
    let (local, rest) = date.split_at_checked(SECONDS_LENGTH)?;
    let zone = rest.trim_start_matches(|letter: char| letter == '.' || letter.is_ascii_digit());
    let fraction = rest.strip_suffix(zone)?;
    let at = humantime::parse_rfc3339(&format!("{local}{fraction}Z")).ok()?.duration_since(UNIX_EPOCH).ok()?;
    if zone == "Z" {
        return Some(at);
    }
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let offset = Duration::from_secs(hours.parse::<u64>().ok()? * 3_600 + minutes.parse::<u64>().ok()? * 60);
    if zone.starts_with('-') { at.checked_add(offset) } else { at.checked_sub(offset) }
}

#[cfg(test)]
mod tests {
    use bollard::models::MountPoint;

    use super::*;

    #[test]
    fn dates_of_docker_are_read_in_any_zone() {
        let at = |millis| Some(Duration::from_secs(1_790_000_000) + Duration::from_millis(millis));
        assert_eq!(moment("2026-09-21T14:13:20.067Z"), at(67));
        assert_eq!(moment("2026-09-21T16:13:20+02:00"), at(0));
        assert_eq!(moment("2026-09-21T08:43:20.5-05:30"), at(500));
        assert_eq!([moment(""), moment("yesterday"), moment("2026-09-21T14:13:20")], [None, None, None]);
        assert_eq!(moment("0001-01-01T00:00:00Z"), None);
    }

    #[test]
    fn files_that_the_image_has_otherwise_are_looked_at_and_folders_are_not() {
        let change = |(path, kind): (&str, ChangeType)| FilesystemChange { path: path.into(), kind };
        let changes = [
            ("/etc", ChangeType::_0),
            ("/etc/web", ChangeType::_0),
            ("/etc/web/app.conf", ChangeType::_0),
            ("/key", ChangeType::_1),
            ("/gone", ChangeType::_2),
            ("/data", ChangeType::_1),
            ("/run", ChangeType::_0),
            ("/run/secrets", ChangeType::_1),
            ("/run/secrets/token", ChangeType::_1),
        ];
        let mount = MountPoint { destination: Some("/data".into()), ..MountPoint::default() };
        let container = ContainerInspectResponse { mounts: Some(vec![mount]), ..ContainerInspectResponse::default() };
        let found = candidates(&container, changes.map(change).into());
        assert_eq!(found, ["/run/secrets/token", "/key", "/etc/web/app.conf"]);
    }
}
