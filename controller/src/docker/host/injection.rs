//! The files that were put into a container before its start: found, and put into another one.

use std::io::{self, Cursor, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use bollard::body_full;
use bollard::errors::Error;
use bollard::models::{ChangeType, ContainerInspectResponse};
use bollard::query_parameters::{ContainerArchiveInfoOptions, DownloadFromContainerOptions, UploadToContainerOptions};
use futures_util::TryStreamExt as _;

use super::{Host, HostError, REQUEST_TIMEOUT, Verb};
use crate::docker::faithful::injected::{Added, Birth, Injected, SECRETS};

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
    /// What was put into a container between its creation and its start.
    ///
    /// # Errors
    /// When there is no such container.
    pub async fn injected(&self, container: &ContainerInspectResponse) -> Result<Injected, HostError> {
        let id = container.id.as_deref().unwrap_or_default();
        let verb = Verb { what: "look at the files of", subject: id };
        let changes = self.within(REQUEST_TIMEOUT, verb, self.docker.container_changes(id)).await?.unwrap_or_default();
        let added = changes.into_iter().filter(|change| change.kind == ChangeType::_1).map(|change| change.path);
        let mut paths: Vec<String> = added.filter(|path| !is_mounted(container, path)).collect();
        // Secrets first: whatever else there is, they are not overlooked.
        paths.sort_by_key(|path| !path.starts_with(SECRETS));
        let mut added = Vec::new();
        for path in paths.into_iter().take(LOOKED_AT_MAX) {
            let options = ContainerArchiveInfoOptions { path: path.clone() };
            let looking = self.docker.get_container_archive_info(id, Some(options));
            match self.within(REQUEST_TIMEOUT, verb, looking).await {
                Ok(stat) if stat.file_mode & FOLDER != 0 => {}
                Ok(stat) => added.push(Added { path, written: stat.modification_time.as_deref().and_then(seconds) }),
                Err(error @ (HostError::Unreachable { .. } | HostError::NoContainer(_))) => return Err(error),
                // It was removed meanwhile, or lies where a mount hides it.
                Err(_) => {}
            }
        }
        let state = container.state.as_ref();
        let started = state.and_then(|state| seconds(state.started_at.as_deref()?)).unwrap_or_default();
        let created = container.created.as_deref().and_then(seconds).unwrap_or(started);
        Ok(Injected::among(&added, Birth { created, started }))
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

/// The seconds since 1970 of a date as Docker writes it: with nanoseconds, in UTC or in the zone of the machine.
fn seconds(date: &str) -> Option<i64> {
    let (local, rest) = date.split_at_checked(SECONDS_LENGTH)?;
    let at = humantime::parse_rfc3339(&format!("{local}Z")).ok()?;
    let at = i64::try_from(at.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()).ok()?;
    let zone = rest.trim_start_matches(|letter: char| letter == '.' || letter.is_ascii_digit());
    if zone == "Z" {
        return Some(at);
    }
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let offset = hours.parse::<i64>().ok()? * 3_600 + minutes.parse::<i64>().ok()? * 60;
    Some(if zone.starts_with('-') { at + offset } else { at - offset })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_docker_are_read_in_any_zone() {
        let at = Some(1_790_000_000);
        assert_eq!(seconds("2026-09-21T14:13:20.067676804Z"), at);
        assert_eq!(seconds("2026-09-21T16:13:20+02:00"), at);
        assert_eq!(seconds("2026-09-21T08:43:20.5-05:30"), at);
        assert_eq!([seconds(""), seconds("yesterday"), seconds("2026-09-21T14:13:20")], [None, None, None]);
        assert_eq!(seconds("0001-01-01T00:00:00Z"), None);
    }
}
