//! How near to this machine an address is: what a server may not send anybody to. No I/O.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::Host;

/// How near an address is, the farthest first. A server may send on to what is as far as itself
/// or farther.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nearness {
    /// On the public network, for all that is known.
    Public,
    /// In a private network.
    Private,
    /// This machine.
    Loopback,
    /// On the same cable, of the machine's own metadata service, or no address of a machine at
    /// all: no server sends anybody there.
    Link,
}

impl Nearness {
    /// Of a URL's host. A name that is not resolved counts as public, unless it is this machine's
    /// by definition.
    pub(super) fn of_host(host: Option<&Host<&str>>) -> Self {
        match host {
            Some(Host::Ipv4(ip)) => Self::of_v4(*ip),
            Some(Host::Ipv6(ip)) => Self::of_v6(*ip),
            Some(Host::Domain(name)) => {
                let name = name.trim_end_matches('.').to_ascii_lowercase();
                if name == "localhost" || name.ends_with(".localhost") {
                    Self::Loopback
                } else {
                    Self::Public
                }
            }
            // `file:` has no host.
            None => Self::Loopback,
        }
    }

    /// Of an IP address.
    #[must_use]
    pub fn of_ip(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(ip) => Self::of_v4(ip),
            IpAddr::V6(ip) => Self::of_v6(ip),
        }
    }

    fn of_v4(ip: Ipv4Addr) -> Self {
        let [a, b, c, _] = ip.octets();
        match (a, b, c) {
            (127, ..) => Self::Loopback,
            // The metadata service of a cloud in the shared range.
            (100, 100, 100) if ip == Ipv4Addr::new(100, 100, 100, 200) => Self::Link,
            (10, ..) | (172, 16..=31, _) | (192, 168, _) | (100, 64..=127, _) => Self::Private,
            (198, 18..=19, _) => Self::Private,
            // This network, link-local, protocol assignments, multicast and reserved.
            (0, ..) | (169, 254, _) | (192, 0, 0) | (224..=255, ..) => Self::Link,
            _ => Self::Public,
        }
    }

    fn of_v6(ip: Ipv6Addr) -> Self {
        if ip == Ipv6Addr::LOCALHOST {
            return Self::Loopback;
        }
        let [a, b, c, d, e, f, g, h] = ip.segments();
        let v4 = |high: u16, low: u16| {
            let ([w, x], [y, z]) = (high.to_be_bytes(), low.to_be_bytes());
            Self::of_v4(Ipv4Addr::new(w, x, y, z))
        };
        match (a, b) {
            // Mapped and compatible IPv4; `::` itself comes out as 0.0.0.0.
            (0, 0) if (c, d, e) == (0, 0, 0) && (f == 0 || f == 0xffff) => v4(g, h),
            // Translated IPv4: of the well-known prefix, of a local one, of 6to4.
            (0x64, 0xff9b) if (c, d, e, f) == (0, 0, 0, 0) => v4(g, h),
            (0x64, 0xff9b) => Self::Private,
            (0x2002, _) => v4(b, c),
            // Teredo hides its IPv4 address.
            (0x2001, 0) => Self::Link,
            // The metadata service of a cloud in the unique-local range.
            (0xfd00, 0x0ec2) => Self::Link,
            (0xfc00..=0xfdff | 0xfec0..=0xfeff, _) => Self::Private,
            (0xfe80..=0xfebf | 0xff00..=0xffff | 0, _) => Self::Link,
            _ => Self::Public,
        }
    }

    /// How near a server this near may send anybody.
    pub(super) fn reach(self) -> Self {
        match self {
            Self::Link => Self::Private,
            other => other,
        }
    }

    /// What it is, for a message.
    #[must_use]
    pub const fn what(self) -> &'static str {
        match self {
            Self::Public => "a public address",
            Self::Private => "an address of a private network",
            Self::Loopback => "this very machine",
            Self::Link => "a link-local, metadata or unspecified address",
        }
    }
}
