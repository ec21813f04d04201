//! Which proxy a request goes through, by the variables that everybody uses for it.

use std::fmt;
use std::net::IpAddr;

use ureq::Proxy;
use url::Url;

use super::super::address::Address;
use super::TransportError;
use crate::environment::Environment;

/// The proxies of an environment. A lower-case variable wins over its upper-case form, as in
/// other programs.
pub(super) struct Proxies {
    https: Option<Proxy>,
    http: Option<Proxy>,
    none: Vec<Exception>,
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proxies")
    }
}

/// An entry of `NO_PROXY`.
#[derive(Debug, PartialEq, Eq)]
enum Exception {
    /// `*`
    All,
    /// A host and all below it, and perhaps only one port.
    Host(String, Option<u16>),
    /// What is below a name, but not the name itself: `*.example.com`.
    Below(String, Option<u16>),
    /// A network: the address and how many of its bits count.
    Network(IpAddr, u8),
}

impl Proxies {
    /// Reads the variables.
    ///
    /// # Errors
    /// One names no proxy that can be used. The message names the variable, never its value.
    pub(super) fn of(environment: &Environment) -> Result<Self, TransportError> {
        let all = one(environment, &["all_proxy", "ALL_PROXY"])?;
        let none = ["no_proxy", "NO_PROXY"]
            .iter()
            .find_map(|name| environment.get(name))
            .map(|value| value.to_string_lossy().into_owned())
            .unwrap_or_default();
        Ok(Self {
            https: one(environment, &["https_proxy", "HTTPS_PROXY"])?.or_else(|| all.clone()),
            http: one(environment, &["http_proxy", "HTTP_PROXY"])?.or(all),
            none: none.split([',', ' ']).filter_map(exception).collect(),
        })
    }

    /// The proxy for an address.
    pub(super) fn to(&self, address: &Address) -> Option<&Proxy> {
        let proxy = match address.url().scheme() {
            "https" => self.https.as_ref(),
            _ => self.http.as_ref(),
        }?;
        let excepted = self.none.iter().any(|entry| entry.covers(address));
        (!excepted).then_some(proxy)
    }
}

/// The proxy of the first of these variables that is set.
fn one(environment: &Environment, names: &[&str]) -> Result<Option<Proxy>, TransportError> {
    let Some((name, value)) = names
        .iter()
        .find_map(|name| Some((*name, environment.get(name)?)))
    else {
        return Ok(None);
    };
    let setup = |why: &str| TransportError::Setup {
        what: format!("the proxy of {name}"),
        why: why.to_owned(),
    };
    let value = value.to_str().ok_or_else(|| setup("it is no text"))?;
    let value = value.trim();
    let with_scheme = if value.contains("://") {
        value.to_owned()
    } else {
        format!("http://{value}")
    };
    let url = Url::parse(&with_scheme).map_err(|error| setup(&error.to_string()))?;
    match url.scheme() {
        "http" | "https" | "socks4" | "socks4a" | "socks5" | "socks5h" | "socks" => {}
        _ => return Err(setup("its scheme is none of http, https, socks4, socks5")),
    }
    Proxy::new(&with_scheme)
        .map(Some)
        .map_err(|_| setup("it is no URL of a proxy such as http://proxy.example:3128"))
}

/// Reads an entry of `NO_PROXY`; what is none is left out, as in other programs.
fn exception(text: &str) -> Option<Exception> {
    let text = text.trim().to_ascii_lowercase();
    if text.is_empty() {
        return None;
    }
    if text == "*" {
        return Some(Exception::All);
    }
    if let Some((ip, bits)) = text.split_once('/') {
        let ip: IpAddr = ip.parse().ok()?;
        let bits: u8 = bits.parse().ok()?;
        let most = if ip.is_ipv4() { 32 } else { 128 };
        return (bits <= most).then_some(Exception::Network(ip, bits));
    }
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    if let Ok(ip) = bare.parse::<IpAddr>() {
        return Some(Exception::Network(ip, if ip.is_ipv4() { 32 } else { 128 }));
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host.to_owned(), Some(port.parse().ok()?)),
        None => (text, None),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if let Some(below) = host.strip_prefix("*.") {
        return Some(Exception::Below(below.to_owned(), port));
    }
    let host = host.trim_matches('.').to_owned();
    (!host.is_empty() && !host.contains('*')).then_some(Exception::Host(host, port))
}

impl Exception {
    fn covers(&self, address: &Address) -> bool {
        let url = address.url();
        let host = url.host_str().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let host = host.trim_end_matches('.');
        let is_port = |port: &Option<u16>| port.is_none() || *port == url.port_or_known_default();
        let below = |name: &str| {
            host.strip_suffix(name)
                .is_some_and(|front| front.len() > 1 && front.ends_with('.'))
        };
        match self {
            Self::All => true,
            Self::Host(name, port) => is_port(port) && (host == name || below(name)),
            Self::Below(name, port) => is_port(port) && below(name),
            Self::Network(network, bits) => {
                host.parse().is_ok_and(|ip| within(ip, *network, *bits))
            }
        }
    }
}

/// Whether an IP address is in a network.
fn within(ip: IpAddr, network: IpAddr, bits: u8) -> bool {
    let same = |ip: u128, network: u128, width: u32| {
        let shift = width - u32::from(bits);
        ip.checked_shr(shift).unwrap_or(0) == network.checked_shr(shift).unwrap_or(0)
    };
    match (ip, network) {
        (IpAddr::V4(ip), IpAddr::V4(network)) => {
            same(ip.to_bits().into(), network.to_bits().into(), 32)
        }
        (IpAddr::V6(ip), IpAddr::V6(network)) => same(ip.to_bits(), network.to_bits(), 128),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
