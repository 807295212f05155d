//! What keeps canaryd and its operator going.

use std::path::PathBuf;

use clap::Subcommand;
use clap_complete::Shell;

use crate::ctl::args::SimulateArgs;
use crate::idempotency::IdempotencyKey;

/// Where the image has its configuration.
pub(super) const CONFIG_DEFAULT: &str = "/etc/canaryd/canaryd.toml";

/// Something for the daemon's or the operator's own sake.
#[derive(Debug, Subcommand)]
pub enum UpkeepCommand {
    /// Read canaryd.toml again, and put what has changed in it in force.
    Reload {
        /// A name for this order: sent twice, it is done once. Without it every call is a new order.
        #[arg(long, value_name = "KEY")]
        idempotency_key: Option<IdempotencyKey>,
    },
    /// Say what is wrong in a configuration file, without canaryd: exit 0 or 2.
    Lint {
        /// The file.
        #[arg(default_value = CONFIG_DEFAULT)]
        file: PathBuf,
        /// End with 2 for warnings too.
        #[arg(long)]
        strict: bool,
    },
    /// Roll out a made-up release many times by the plan of a configuration file, without canaryd, and say what comes of
    /// it.
    Simulate(SimulateArgs),
    /// Copy the store of the running canaryd to a file.
    Backup {
        /// The file; `-` is standard output.
        file: PathBuf,
        /// Replace the file if it is there.
        #[arg(long)]
        force: bool,
    },
    /// Put a backup in the place of the store while canaryd is stopped; the old store is set aside.
    Restore {
        /// The backup.
        file: PathBuf,
        /// Where the store is.
        #[command(flatten)]
        home: Home,
    },
    /// Print the completion script for a shell.
    Completion {
        /// The shell.
        shell: Shell,
    },
    /// Print the man page, or write those of all commands to a folder.
    Man {
        /// The folder.
        dir: Option<PathBuf>,
    },
}

/// Where the store is.
#[derive(Debug, clap::Args)]
pub struct Home {
    /// The store's file.
    #[arg(long, value_name = "PATH", conflicts_with = "config")]
    pub store: Option<PathBuf>,
    /// The configuration that names the store, if --store does not.
    #[arg(long, value_name = "FILE", default_value = CONFIG_DEFAULT)]
    pub config: PathBuf,
}
