//! What differs in what the API server allocates to Services.

/// How Services get their addresses and ports in one version.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ServiceRules {
    /// Whether there is `clusterIPs`, and what was allocated is kept when an update leaves it out (1.20).
    pub cluster_ips: bool,
    /// Whether a Service says of which IP families it is (1.21).
    pub ip_families: bool,
    /// Whether `internalTrafficPolicy` has a default (1.22).
    pub internal_traffic_policy: bool,
    /// Whether `allocateLoadBalancerNodePorts` has a default (1.22).
    pub load_balancer_node_ports: bool,
    /// Whether Services with external IPs have an `externalTrafficPolicy` too (1.26).
    pub external_ips_have_policy: bool,
    /// Whether addresses come from the upper part of their range first (1.25).
    pub addresses_from_upper_band: bool,
    /// Whether node ports do (1.28).
    pub node_ports_from_upper_band: bool,
    /// What an IP address looks like, as the refusal of another text says it.
    pub valid_ip: &'static str,
    allocation: Allocation,
    out_of_range: OutOfRange,
}

/// How the refusal of an address begins.
#[derive(Debug, Clone, Copy)]
enum Allocation {
    /// With the reason.
    Bare,
    /// `failed to allocated ip:IP with error:` (1.20).
    WithError,
    /// `failed to allocate IP IP: ` (1.23).
    Plain,
}

/// How an address outside the range is told.
#[derive(Debug, Clone, Copy)]
enum OutOfRange {
    /// `provided IP is not …`.
    Range,
    /// `the provided IP (IP) is not …` (1.23).
    AddressAndRange,
    /// `the provided network does not match …` (1.33, where ranges are objects).
    Network,
}

impl ServiceRules {
    /// The rules of a minor.
    pub(super) fn of(minor: u32) -> Self {
        Self {
            cluster_ips: minor >= 20,
            ip_families: minor >= 21,
            internal_traffic_policy: minor >= 22,
            load_balancer_node_ports: minor >= 22,
            external_ips_have_policy: minor >= 26,
            addresses_from_upper_band: minor >= 25,
            node_ports_from_upper_band: minor >= 28,
            valid_ip: if minor >= 20 {
                "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
            } else {
                "must be a valid IP address, (e.g. 10.9.8.7)"
            },
            allocation: match minor {
                ..=19 => Allocation::Bare,
                20..=22 => Allocation::WithError,
                23.. => Allocation::Plain,
            },
            out_of_range: match minor {
                ..=22 => OutOfRange::Range,
                23..=32 => OutOfRange::AddressAndRange,
                33.. => OutOfRange::Network,
            },
        }
    }

    /// That an address cannot be had.
    pub(crate) fn not_allocated(&self, address: &str, why: &str) -> String {
        match self.allocation {
            Allocation::Bare => why.to_owned(),
            Allocation::WithError => format!("failed to allocated ip:{address} with error:{why}"),
            Allocation::Plain => format!("failed to allocate IP {address}: {why}"),
        }
    }

    /// Why an address outside the range cannot be had.
    pub(crate) fn out_of_range(&self, address: &str, range: &str) -> String {
        match self.out_of_range {
            OutOfRange::Range => format!("provided IP is not in the valid range. The range of valid IPs is {range}"),
            OutOfRange::AddressAndRange => {
                format!("the provided IP ({address}) is not in the valid range. The range of valid IPs is {range}")
            }
            OutOfRange::Network => "the provided network does not match the current range".to_owned(),
        }
    }
}
