//! A deployment whose containers Compose makes: here, as canaryd has neither Compose nor its files.
//!
//! canaryd is told of it first, so that it knows whose the containers are; then they are made, and it is told so. Should
//! this end in between, canaryd waits a while, and what there is of them is cleared away.

use std::env;
use std::path::{Path, PathBuf};

use canary_config::name::ServiceName;
use canary_config::secret::Secret;

use crate::api::{ByCompose, ComposeStatus, Made, ServiceStatus, ShadowOrder};
use crate::client::Client;
use crate::compose::{Shadow, Unfit};
use crate::ctl::compose::{Compose, Config, Making, Project};
use crate::ctl::exit_code::Exit;
use crate::ctl::failure::Failure;
use crate::ctl::key;
use crate::ctl::output::Output;
use crate::docker::clone::labels;

/// The file that Compose reads if none is named, the first one that is there.
const FILES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

/// So much of what Compose says is told to canaryd.
const FAILURE_CHARACTERS_MAX: usize = 250;

/// What is ready to be made.
#[derive(Debug)]
pub(super) struct Prepared {
    compose: Compose,
    project: Project,
    /// The name of the project that it is the shadow of.
    of: String,
    /// The service in the file.
    service: String,
    shadow: Shadow,
}

// === impl Prepared ===

impl Prepared {
    /// Reads the file that stable's containers are from, or these ones.
    pub(super) async fn of(
        service: &ServiceName,
        files: &[PathBuf],
        env: &[(String, Secret)],
        client: &Client,
        output: &Output,
    ) -> Result<Self, Failure> {
        let compose = Compose::find().await?;
        let status = client.service(service).await?.value;
        let origin = origin(&status);
        let project = project(origin.as_ref(), files, service)?;
        let Config { document: config, unset } = compose.config(&project).await?;
        if !unset.is_empty() {
            let names = unset.into_iter().collect::<Vec<_>>().join(", ");
            output.warn(&format!("variables of the Compose file are not set, and are empty: {names}"));
        }
        let named = || config["name"].as_str().map(str::to_owned);
        let of = project.name.clone().or_else(named).unwrap_or_else(|| called_after(&project.folder));
        let own = origin.map_or_else(|| service.to_string(), |origin| origin.service);
        let shadow = Shadow::of(&config, &of, &own, env).map_err(|unfit| refused(&unfit))?;
        for remark in &shadow.remarks {
            output.warn(remark);
        }
        Ok(Self { compose, project, of, service: own, shadow })
    }

    /// What canaryd is told of it.
    pub(super) fn by_compose(&self) -> ByCompose {
        ByCompose {
            spec: self.shadow.spec().expose().to_owned(),
            restart: self.shadow.restart.clone(),
            is_started: self.compose.has_to_start(&self.shadow),
        }
    }

    /// The image that the file names.
    pub(super) fn image(&self) -> Result<String, Failure> {
        self.shadow.image.clone().ok_or_else(|| {
            let what = format!("the Compose file names no image for `{}`", self.service);
            Failure::new(Exit::Usage, what, "build it, and name it by --image")
        })
    }

    /// Makes the containers, and says so.
    pub(super) async fn make(
        &self,
        order: &ShadowOrder,
        service: &ServiceName,
        deployment: &str,
        client: &Client,
    ) -> Result<(), Failure> {
        let file = self.file(order);
        let making = self.making(order, deployment, &file);
        if let Err(why) = self.compose.make(&making).await {
            let what = format!("Compose cannot make the containers: {why}");
            let is_gone = self.compose.clear_away(&making).await;
            // canaryd would find out by itself, but later.
            let _late = client.made(service, &unmade(deployment, &what), &key::fresh()).await;
            return Err(Failure::new(Exit::Aborted, what, left(is_gone, service, &making.project)));
        }
        let made = Made { deployment: deployment.to_owned(), failure: None };
        let Err(error) = client.made(service, &made, &key::fresh()).await else { return Ok(()) };
        // It may have been called off meanwhile. Else what there is belongs to a rollout.
        let status = client.service(service).await?.value;
        let failure = status.deployment.filter(|own| own.id == deployment).and_then(|own| own.failure);
        if failure.is_some() {
            self.compose.clear_away(&making).await;
        }
        Err(error.into())
    }

    /// Calls a deployment off whose containers have not been made yet, and says what is left of it; nothing, if it goes
    /// on as they have been.
    pub(super) async fn call_off(
        &self,
        order: &ShadowOrder,
        service: &ServiceName,
        deployment: &str,
        client: &Client,
    ) -> Option<String> {
        let file = self.file(order);
        let making = self.making(order, deployment, &file);
        let unmade = unmade(deployment, "canaryctl was told to end before Compose had made the containers");
        client.made(service, &unmade, &key::fresh()).await.ok()?;
        let is_gone = self.compose.clear_away(&making).await;
        Some(left(is_gone, service, &making.project))
    }

    fn making<'a>(&'a self, order: &ShadowOrder, deployment: &str, file: &'a Secret) -> Making<'a> {
        Making {
            project: format!("{}--{deployment}", self.of),
            folder: &self.project.folder,
            shadow: &self.shadow,
            service: &self.service,
            file,
            instances: order.instances,
        }
    }

    /// What Compose reads: with the labels by which canaryd knows what it has ordered, and finds this file again.
    fn file(&self, order: &ShadowOrder) -> Secret {
        let mut all = order.labels.clone();
        let files =
            |files: &[PathBuf]| files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(",");
        let origin = [
            (labels::ORIGIN_PROJECT, self.of.clone()),
            (labels::ORIGIN_SERVICE, self.service.clone()),
            (labels::ORIGIN_WORKING_DIR, self.project.folder.display().to_string()),
            (labels::ORIGIN_CONFIG_FILES, files(&self.project.files)),
            (labels::ORIGIN_ENV_FILES, files(&self.project.env_files)),
        ];
        let known = origin.into_iter().filter(|(_, value)| !value.is_empty());
        all.extend(known.map(|(key, value)| (key.to_owned(), value)));
        self.shadow.file(&order.image, &all)
    }
}

/// Where Compose has stable from.
fn origin(status: &ServiceStatus) -> Option<ComposeStatus> {
    let of_stable = status.containers.iter().filter(|container| container.release == status.stable);
    of_stable.filter_map(|container| container.compose.clone()).next()
}

fn project(origin: Option<&ComposeStatus>, files: &[PathBuf], service: &ServiceName) -> Result<Project, Failure> {
    let here = env::current_dir()?;
    let name = origin.map(|origin| origin.project.clone());
    let env_files = origin.map(env_files).unwrap_or_default();
    let (folder, files) = if let Some(first) = files.first() {
        let folder = here.join(first).parent().map_or_else(|| here.clone(), Path::to_path_buf);
        (folder, files.iter().map(|file| here.join(file)).collect::<Vec<_>>())
    } else {
        let Some(origin) = origin else {
            let what = format!("Compose has not made what is stable of {service}");
            return Err(Failure::new(Exit::Usage, what, "name the Compose file by --file"));
        };
        let folder = origin.working_dir.as_ref().map_or(here, PathBuf::from);
        let mut files: Vec<_> = origin.config_files.iter().map(|file| folder.join(file)).collect();
        if files.is_empty() {
            files.extend(FILES.iter().map(|file| folder.join(file)).find(|file| file.is_file()));
        }
        (folder, files)
    };
    match files.iter().chain(&env_files).find(|file| !file.is_file()) {
        None if files.is_empty() => {
            let what = format!("there is no Compose file in {}", folder.display());
            Err(Failure::new(Exit::Usage, what, "name it by --file"))
        }
        None => Ok(Project { name, folder, files, env_files }),
        Some(missing) => {
            let what = format!("there is no {} on this machine", missing.display());
            Err(Failure::new(Exit::Usage, what, "call canaryctl where Compose is called, or name the file by --file"))
        }
    }
}

/// The files that Compose was told to read variables from when it made stable: the new release has the same ones.
fn env_files(origin: &ComposeStatus) -> Vec<PathBuf> {
    let folder = origin.working_dir.as_deref().map(Path::new).unwrap_or(Path::new(""));
    origin.env_files.iter().map(|file| folder.join(file)).collect()
}

/// What canaryd is told when nothing was made.
fn unmade(deployment: &str, why: &str) -> Made {
    let failure = why.chars().take(FAILURE_CHARACTERS_MAX).collect();
    Made { deployment: deployment.to_owned(), failure: Some(failure) }
}

/// What is left of a deployment that came to nothing.
fn left(is_gone: bool, service: &ServiceName, project: &str) -> String {
    if is_gone {
        return format!("nothing of it is left; stable serves as before, see `canaryctl status {service}`");
    }
    format!(
        "stable serves as before; Compose could not remove what it has made, which canaryd will, see \
         `docker ps --all --filter label=com.docker.compose.project={project}`"
    )
}

/// As Compose calls a project that has no other name.
fn called_after(folder: &Path) -> String {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    name.chars().filter(|letter| letter.is_ascii_alphanumeric() || "-_".contains(*letter)).collect()
}

fn refused(unfit: &Unfit) -> Failure {
    Failure::plain(Exit::Preflight, unfit.to_string())
}
