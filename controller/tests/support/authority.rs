//! Certificates that a test makes.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};

/// Who signs certificates, and a folder in which they are.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    folder: PathBuf,
    /// Its own one.
    pub(crate) ca: PathBuf,
}

/// A certificate and its key, in PEM.
pub(crate) struct Identity {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

// === impl Authority ===

impl Authority {
    /// One of this name, which is the beginning of its files' names too.
    pub(crate) fn new(folder: &Path, name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        let ca = folder.join(format!("{name}.pem"));
        fs::write(&ca, certificate.pem()).expect("our own folder takes a file");
        Self { issuer: Issuer::new(params, key), folder: folder.to_owned(), ca }
    }

    /// A certificate for this host, good for both sides of a connection.
    pub(crate) fn issue(&self, host: &str) -> Identity {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new([host.to_owned()]).expect("the name of a host");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        params.distinguished_name.push(DnType::CommonName, host);
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let identity =
            Identity { cert: self.folder.join(format!("{host}.pem")), key: self.folder.join(format!("{host}.key")) };
        fs::write(&identity.cert, certificate.pem()).expect("our own folder takes a file");
        fs::write(&identity.key, key.serialize_pem()).expect("our own folder takes a file");
        identity
    }
}
