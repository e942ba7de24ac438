//! Networks of either IP family, and where in one a free address is sought (pkg/registry/core/service/ipallocator).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

/// A family of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    V4,
    V6,
}

impl Family {
    pub(super) fn of(address: IpAddr) -> Self {
        if address.is_ipv4() { Family::V4 } else { Family::V6 }
    }

    /// As the API writes it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Family::V4 => "IPv4",
            Family::V6 => "IPv6",
        }
    }

    /// The family of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        [Family::V4, Family::V6].into_iter().find(|family| family.name() == name)
    }

    pub(super) fn other(self) -> Self {
        match self {
            Family::V4 => Family::V6,
            Family::V6 => Family::V4,
        }
    }

    /// The bits of an address.
    fn width(self) -> u32 {
        match self {
            Family::V4 => 32,
            Family::V6 => 128,
        }
    }

    fn address(self, number: u128) -> IpAddr {
        match self {
            Family::V4 => IpAddr::V4(Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX))),
            Family::V6 => IpAddr::V6(Ipv6Addr::from(number)),
        }
    }
}

/// A network, e.g. `10.96.0.0/12`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Network {
    family: Family,
    base: u128,
    bits: u32,
}

impl Network {
    /// The network of that notation.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.trim().split_once('/')?;
        let address: IpAddr = address.parse().ok()?;
        let bits = bits.parse().ok().filter(|bits| *bits <= Family::of(address).width())?;
        Some(Self::around(address, bits))
    }

    /// The network of so many fixed bits that holds an address.
    fn around(address: IpAddr, bits: u32) -> Self {
        let family = Family::of(address);
        let base = number(address).checked_shr(family.width() - bits).unwrap_or(0);
        Self { family, base: base.checked_shl(family.width() - bits).unwrap_or(0), bits }
    }

    /// The narrowest network of no fewer than 256 addresses that holds them all.
    pub(super) fn holding(addresses: &[IpAddr]) -> Option<Self> {
        let first = *addresses.first()?;
        let widths = (0..=Family::of(first).width() - 8).rev();
        widths.map(|bits| Self::around(first, bits)).find(|network| addresses.iter().all(|one| network.contains(*one)))
    }

    pub(super) fn family(&self) -> Family {
        self.family
    }

    pub(super) fn contains(&self, address: IpAddr) -> bool {
        let shift = self.family.width() - self.bits;
        let prefix = |number: u128| number.checked_shr(shift).unwrap_or(0);
        Family::of(address) == self.family && prefix(number(address)) == prefix(self.base)
    }

    /// Whether a Service may have the address.
    pub(super) fn serves(&self, address: IpAddr) -> bool {
        Family::of(address) == self.family && self.hosts().contains(&number(address))
    }

    /// The network twice as large.
    pub(super) fn widened(&self) -> Option<Self> {
        Some(Self::around(self.family.address(self.base), self.bits.checked_sub(1)?))
    }

    /// The address of the Service `kubernetes`.
    pub(super) fn first(&self) -> IpAddr {
        self.family.address(*self.hosts().start())
    }

    /// A free address: the first one from a place on, in the upper part of the network first where there is one.
    pub(super) fn free(&self, draw: u64, by_band: bool, is_taken: impl Fn(IpAddr) -> bool) -> Option<IpAddr> {
        let hosts = self.hosts();
        let (first, last) = (*hosts.start(), *hosts.end());
        let upper = first + if by_band { self.lower_band() } else { 0 };
        let bands = [upper..=last, first..=upper.saturating_sub(1)];
        bands.into_iter().filter(|band| !band.is_empty()).find_map(|band| {
            let start = u128::from(draw) % (band.end() - band.start() + 1);
            let from_there = (band.start() + start)..=*band.end();
            let before = *band.start()..=(band.start() + start).saturating_sub(1);
            let mut addresses = from_there.chain(before).map(|number| self.family.address(number));
            addresses.find(|address| !is_taken(*address))
        })
    }

    /// How many addresses at the beginning are left to those who ask for one (`calculateRangeOffset`).
    fn lower_band(&self) -> u128 {
        match self.size() {
            ..=16 => 0,
            size => (size / 16).clamp(16, 256),
        }
    }

    fn size(&self) -> u128 {
        1_u128.checked_shl(self.family.width() - self.bits).unwrap_or(u128::MAX)
    }

    /// All but the network's own address and, of IPv4, that for all.
    fn hosts(&self) -> RangeInclusive<u128> {
        let last = self.base.saturating_add(self.size() - 1);
        self.base.saturating_add(1)..=last.saturating_sub(u128::from(self.family == Family::V4))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.family.address(self.base), self.bits)
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::Network;

    fn network(text: &str) -> Network {
        Network::parse(text).unwrap()
    }

    fn addresses(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn free_addresses_are_in_the_upper_part_first() {
        let free = |text: &str, draw, taken: &[&str]| {
            let taken = addresses(taken);
            network(text).free(draw, true, |address| taken.contains(&address)).map(|address| address.to_string())
        };
        // 4,096 / 16 = 256 addresses are left to those who ask for one.
        assert_eq!(free("10.0.0.0/20", 0, &[]).unwrap(), "10.0.1.1");
        assert_eq!(free("10.0.0.0/20", 1, &["10.0.1.2"]).unwrap(), "10.0.1.3");
        let upper: Vec<String> = (17..=30).map(|last| format!("10.0.0.{last}")).collect();
        let upper: Vec<&str> = upper.iter().map(String::as_str).collect();
        assert_eq!(free("10.0.0.0/27", 5, &upper).unwrap(), "10.0.0.6");
        assert_eq!(free("10.0.0.0/30", 0, &["10.0.0.1", "10.0.0.2"]), None);
        assert_eq!(free("10.0.0.0/32", 0, &[]), None);
        assert_eq!(free("fd00::/108", 0, &[]).unwrap(), "fd00::101");
    }

    #[test]
    fn networks_hold_what_is_seen() {
        let holding = |texts: &[&str]| Network::holding(&addresses(texts)).unwrap().to_string();
        assert_eq!(holding(&["10.43.0.1", "10.43.0.10"]), "10.43.0.0/24");
        assert_eq!(holding(&["10.43.0.1", "10.43.201.7"]), "10.43.0.0/16");
        assert_eq!(holding(&["fd00::1"]), "fd00::/120");
        assert_eq!(holding(&["1.0.0.1", "200.0.0.1"]), "0.0.0.0/0");
        assert_eq!(network("10.43.1.0/24").widened().unwrap().to_string(), "10.43.0.0/23");
        assert!(Network::parse("10.0.0.0/33").is_none() && Network::parse("10.0.0.0").is_none());
        assert!(!network("10.0.0.0/24").serves("10.0.0.255".parse().unwrap()));
    }
}
