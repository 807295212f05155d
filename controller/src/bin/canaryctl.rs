//! The command line of canaryd. Everything it does is in [`canary_controller::ctl`].

use std::process::ExitCode;

fn main() -> ExitCode {
    canary_controller::ctl::run()
}
