//! Reading the configuration again.

use axum::Json;
use axum::extract::State;
use canary_config::file::{ConfigError, ConfigErrors, Reading};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::admin::Admin;
use crate::admin::body::Body;
use crate::api::{FileError, ProblemKind, ReloadProblem, Reloaded};
use crate::engine::Input;

/// Nothing can be said with a reload but that it is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Empty {}

/// Reads the configuration file again and applies it, or says what is wrong with it and changes nothing.
#[utoipa::path(post, path = "/reload", tag = "commands", request_body = Empty,
    responses((status = OK, body = Reloaded), (status = CONFLICT, body = ReloadProblem)))]
pub(super) async fn reload(
    State(admin): State<Admin>,
    Body(Empty {}): Body<Empty>,
) -> Result<Json<Reloaded>, ReloadProblem> {
    admin.reload().await.map(Json)
}

// === impl Admin ===

impl Admin {
    /// Reads the configuration again and applies it.
    ///
    /// # Errors
    /// When the file is bad, or takes away what is needed. Nothing has changed then.
    pub async fn reload(&self) -> Result<Reloaded, ReloadProblem> {
        let path = self.config_path.clone();
        let read = tokio::task::spawn_blocking(move || Reading::of_file(&path)).await;
        let Reading { result, warnings } = read.map_err(|error| {
            let message = format!("the file was not read: {error}");
            ReloadProblem { kind: ProblemKind::Internal, message, errors: Vec::new() }
        })?;
        let warnings: Vec<_> = warnings.iter().map(ToString::to_string).collect();
        for warning in &warnings {
            tracing::warn!("{warning}");
        }
        let config = Box::new(result.map_err(|errors| refused(&errors))?);
        let reloaded = self.engine.ask(|reply| Input::Reload(config, reply)).await??;
        Ok(Reloaded { warnings, ..reloaded })
    }
}

fn refused(errors: &ConfigErrors) -> ReloadProblem {
    let places = errors.iter().map(file_error).collect();
    ReloadProblem { kind: ProblemKind::Refused, message: errors.to_string(), errors: places }
}

fn file_error(error: &ConfigError) -> FileError {
    FileError {
        line: error.position().map(|position| position.line),
        column: error.position().map(|position| position.column),
        key: error.key().to_owned(),
        message: error.message().to_owned(),
    }
}
