//! Completion scripts and man pages, made from what can be written on the command line.

use std::fs;
use std::io;
use std::path::Path;

use clap_complete::Shell;
use clap_mangen::Man;

use crate::ctl::args::Args;
use crate::ctl::exit_code::Exit;
use crate::ctl::failure::Failure;

const NAME: &str = "canaryctl";

/// The completion script for a shell.
pub(super) fn completion(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::whole(), NAME, &mut script);
    script
}

/// The man page of the program.
pub(super) fn page() -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(Args::whole()).render(&mut page)?;
    let page = String::from_utf8(page).map_err(io::Error::other)?;
    Ok(in_sections(&page).into_bytes())
}

/// Gives the examples and the exit codes sections of their own. They are set as they are, as their columns would be
/// filled up to paragraphs.
fn in_sections(page: &str) -> String {
    page.replacen(".SH EXTRA\nExamples:\n", ".SH EXAMPLES\n.nf\n", 1)
        .replacen("\n\nExit codes:\n", "\n.fi\n.SH EXIT STATUS\n.nf\n", 1)
        .replacen(".SH VERSION\n", ".fi\n.SH VERSION\n", 1)
}

/// Writes the man pages of the program and of every command to a folder.
pub(super) fn pages(folder: &Path) -> Result<(), Failure> {
    let written = fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(Args::whole(), folder))
        .and_then(|()| fs::write(folder.join(NAME).with_extension("1"), page()?));
    written.map_err(|error| {
        let what = format!("the man pages cannot be written to {}: {error}", folder.display());
        Failure::new(Exit::Usage, what, "name a folder that can be written")
    })
}
