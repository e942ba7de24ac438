//! TLS with a certificate that is made at the start, signed by an authority of its own: clients are given the authority.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// A server's certificate and who vouches for it.
#[derive(Clone)]
pub struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    authority: String,
}

/// No certificate could be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot make a certificate: {0}")]
pub struct NoCertificate(String);

impl Tls {
    /// A certificate for `localhost` and these addresses.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn for_addresses(addresses: &[IpAddr]) -> Result<Self, NoCertificate> {
        let cannot = |error: &dyn fmt::Display| NoCertificate(error.to_string());
        let key = || KeyPair::generate().map_err(|error| cannot(&error));
        let mut names = vec!["localhost".to_owned()];
        names.extend(addresses.iter().map(IpAddr::to_string));
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        authority.distinguished_name.push(DnType::CommonName, "sim serve");
        let authority = CertifiedIssuer::self_signed(authority, key()?).map_err(|error| cannot(&error))?;
        let mut server = CertificateParams::new(names).map_err(|error| cannot(&error))?;
        server.use_authority_key_identifier_extension = true;
        server.distinguished_name.push(DnType::CommonName, "kube-apiserver");
        let server_key = key()?;
        let certificate = server.signed_by(&server_key, &authority).map_err(|error| cannot(&error))?;
        let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(server_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| cannot(&error))?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private)
            .map_err(|error| cannot(&error))?;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), authority: authority.pem() })
    }

    /// The certificate of the authority, as PEM.
    pub fn authority(&self) -> &str {
        &self.authority
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}
