//! Files with variables, some of which are encrypted: by age, or by SOPS. What is in them is in memory alone.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use age::armor::ArmoredReader;
use age::{Decryptor, IdentityFile};
use canary_config::secret::Secret;
use tokio::process::Command;

use crate::ctl::args::DeployWhat;
use crate::ctl::env_file::{EnvFile, Readers};
use crate::ctl::exit_code::Exit;
use crate::ctl::failure::Failure;
use crate::program::{self, Said};

/// The bit that lets everybody read a file.
const WORLD_READABLE: u32 = 0o004;
/// How files of age begin: as bytes, and as text.
const AGE_HEADS: [&[u8]; 2] = [b"age-encryption.org/", b"-----BEGIN AGE ENCRYPTED FILE-----"];
/// The most that is read of a file.
const FILE_BYTES_MAX: u64 = 4 << 20;
/// The environment's word for the file with the identity.
const IDENTITY: &str = "CANARYD_AGE_IDENTITY";
/// A key service that does not answer, or asks a person, is not waited for any longer.
const SOPS_TIMEOUT: Duration = Duration::from_secs(30);

/// What the operator says of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// It is what it looks like.
    Nothing,
    /// SOPS knows it.
    Sops,
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Plain,
    Age,
    /// With the format that it is in, where its name may not say it.
    Sops(Option<&'static str>),
}

// === impl Asked ===

impl Asked {
    pub(super) fn of(what: &DeployWhat) -> Self {
        if what.sops { Self::Sops } else { Self::Nothing }
    }
}

// === impl Kind ===

impl Kind {
    fn of(file: &Path, bytes: &[u8], asked: Asked) -> Self {
        let is_age = file.extension().is_some_and(|ending| ending == "age");
        if is_age || AGE_HEADS.iter().any(|head| bytes.starts_with(head)) {
            return Self::Age;
        }
        let text = String::from_utf8_lossy(bytes);
        let has = |word: &str| text.lines().any(|line| line.trim_start().starts_with(word));
        if has("sops_mac=") || has("sops_version=") {
            Self::Sops(Some("dotenv"))
        } else if asked == Asked::Sops || has("sops:") || text.contains("\"sops\":") {
            Self::Sops(None)
        } else {
            Self::Plain
        }
    }
}

/// Reads a file, and decrypts it where that is needed.
pub(super) async fn open(file: &Path, identity: Option<&Path>, asked: Asked) -> Result<EnvFile, Failure> {
    let name = file.display().to_string();
    let bytes = read(file)?;
    let kind = Kind::of(file, &bytes, asked);
    let is_open = fs::metadata(file).is_ok_and(|metadata| metadata.mode() & WORLD_READABLE != 0);
    let readers = if is_open && kind == Kind::Plain { Readers::All } else { Readers::Some };
    let text = match kind {
        Kind::Plain => bytes,
        Kind::Age => of_age(&name, &bytes, identity)?,
        Kind::Sops(format) => of_sops(file, format).await?,
    };
    let text = str::from_utf8(&text).map_err(|_| Failure::plain(Exit::Usage, format!("{name}: it is no text")))?;
    Ok(EnvFile { text: Secret::new(text), readers, name })
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let wrong = |error| Failure::plain(Exit::Usage, format!("{}: {error}", file.display()));
    let mut bytes = Vec::new();
    fs::File::open(file).and_then(|file| file.take(FILE_BYTES_MAX).read_to_end(&mut bytes)).map_err(wrong)?;
    Ok(bytes)
}

fn of_age(name: &str, bytes: &[u8], identity: Option<&Path>) -> Result<Vec<u8>, Failure> {
    let from_environment = || std::env::var_os(IDENTITY).filter(|path| !path.is_empty()).map(PathBuf::from);
    let identity = identity.map(Path::to_path_buf).or_else(from_environment).ok_or_else(|| {
        let what = format!("{name}: it is encrypted by age");
        Failure::new(Exit::Usage, what, format!("name the file with the identity by --identity or {IDENTITY}"))
    })?;
    let shown = identity.display();
    let unfit = || {
        let what = format!("{shown}: it is no file of age identities, or they are encrypted themselves");
        Failure::new(Exit::Usage, what, "make one by `age-keygen`")
    };
    let identities = IdentityFile::from_buffer(read(&identity)?.as_slice()).map_err(|_| unfit())?;
    let identities = identities.into_identities().map_err(|_| unfit())?;
    let mut text = Vec::new();
    let decrypted = Decryptor::new(ArmoredReader::new(bytes)).ok().and_then(|decryptor| {
        let mut reader = decryptor.decrypt(identities.iter().map(|identity| &**identity as &dyn age::Identity)).ok()?;
        reader.read_to_end(&mut text).ok()
    });
    // age's own words say no more that helps.
    decrypted.map(|_| text).ok_or_else(|| {
        let what = format!("{name}: no identity of {shown} decrypts it, or it is damaged");
        Failure::new(Exit::Usage, what, "encrypt it anew for that identity: `age --recipient`")
    })
}

async fn of_sops(file: &Path, format: Option<&str>) -> Result<Vec<u8>, Failure> {
    let mut command = Command::new("sops");
    command.args(["--decrypt", "--output-type", "dotenv"]);
    if let Some(format) = format {
        command.args(["--input-type", format]);
    }
    command.arg(file);
    let name = file.display();
    match program::run(command, None, SOPS_TIMEOUT).await {
        Ok(Said { is_success: true, output, .. }) => Ok(output.into_bytes()),
        // What it says may hold more than it should.
        Ok(_) => {
            let what = format!("{name}: `sops --decrypt` fails");
            Err(Failure::new(Exit::Usage, what, format!("run `sops --decrypt {name} >/dev/null`; it says why")))
        }
        Err(error) => {
            let what = format!("{name}: it is encrypted by SOPS, and sops: {error}");
            Err(Failure::new(Exit::Usage, what, "install sops where canaryctl runs"))
        }
    }
}

#[cfg(test)]
mod tests;
