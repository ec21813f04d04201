//! Whose certificates count: the platform's, or those of the file that `SSL_CERT_FILE` names.

use std::fmt::Debug;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::transport::{ConnectionDetails, Connector, RustlsConnector, Transport};

use super::TransportError;
use crate::environment::Environment;

/// The largest file of certificates, in bytes.
const MAX_PEM: u64 = 8 * 1024 * 1024;

/// Reads whom to trust.
///
/// # Errors
/// `SSL_CERT_FILE` names a file that cannot be read, or that has no certificate in it.
pub(super) fn of(environment: &Environment) -> Result<TlsConfig, TransportError> {
    let roots = match environment.get("SSL_CERT_FILE") {
        Some(file) => from_file(Path::new(file))?,
        None => RootCerts::PlatformVerifier,
    };
    Ok(TlsConfig::builder().root_certs(roots).build())
}

fn from_file(path: &Path) -> Result<RootCerts, TransportError> {
    let shown = vit_contract::text::visible(&path.display().to_string());
    let setup = |why: String| TransportError::Setup {
        what: format!("the file {shown} of SSL_CERT_FILE"),
        why,
    };
    let mut pem = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_PEM).read_to_end(&mut pem))
        .map_err(|error| setup(error.to_string()))?;
    let mut certificates = Vec::new();
    for item in parse_pem(&pem) {
        match item {
            Ok(PemItem::Certificate(certificate)) => certificates.push(certificate),
            Ok(_) => {}
            Err(error) => return Err(setup(vit_contract::text::visible(&error.to_string()))),
        }
    }
    if certificates.is_empty() {
        return Err(setup("it has no certificate in PEM form".to_owned()));
    }
    Ok(RootCerts::Specific(Arc::new(certificates)))
}

/// TLS for every connection of the process: certificates are loaded once, with the first one.
#[derive(Debug, Clone, Default)]
pub(super) struct Tls(Arc<RustlsConnector>);

impl<In: Transport> Connector<In> for Tls {
    type Out = <RustlsConnector as Connector<In>>::Out;

    fn connect(
        &self,
        details: &ConnectionDetails,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        // A request has timeouts and a proxy of its own, but never certificates of its own: those
        // of the first connection are kept.
        let of_agent = ConnectionDetails {
            uri: details.uri,
            addrs: details.addrs.clone(),
            config: details.config,
            request_level: false,
            resolver: details.resolver,
            now: details.now,
            timeout: details.timeout,
            current_time: Arc::clone(&details.current_time),
            run_connector: Arc::clone(&details.run_connector),
            register_shutdown: Arc::clone(&details.register_shutdown),
        };
        self.0.connect(&of_agent, chained)
    }
}
