//! What every Kubernetes component's configuration has: leader election, the connection to the API server, addresses.
//! It decides nothing here, and is checked all the same.
//!
//! Upstream: component-base `config/validation/validation.go`, and `ValidateKubeSchedulerConfiguration`.

use super::document::{ClientConnectionDocument, Document, LeaderElectionDocument};
use super::reader::Reader;
use sim_cluster::parse_duration_ms;

impl Reader {
    /// Checks the parts that are no scheduler's own.
    pub(super) fn component(&mut self, document: &Document) {
        if let Some(election) = &document.leader_election {
            let of = "KubeSchedulerLeaderElectionConfiguration";
            if let Some(election) = self.decode_as(of, election, "leaderElection") {
                self.leader_election(&election);
            }
        }
        if let Some(connection) = &document.client_connection
            && let Some(connection) = self.decode::<ClientConnectionDocument>(connection, "clientConnection")
            && connection.burst < 0
        {
            self.fault("clientConnection.burst", "must be non-negative");
        }
        let addresses = [
            ("healthzBindAddress", &document.healthz_bind_address),
            ("metricsBindAddress", &document.metrics_bind_address),
        ];
        for (field, address) in addresses {
            let is_off = |address: &String| address.is_empty() || address.ends_with(":0");
            if self.rules().addresses_off && !address.as_ref().is_none_or(is_off) {
                self.fault(field, "must be empty or with an explicit 0 port");
            }
        }
    }

    fn leader_election(&mut self, election: &LeaderElectionDocument) {
        let mut duration = |field: &str, written: &Option<String>, default: i64| {
            let at = format!("leaderElection.{field}");
            match self.duration_ms(written.as_deref(), &at) {
                Some(ms) if ms < 0 && election.leader_elect != Some(false) => {
                    self.fault(at, "must be greater than zero")
                }
                // Zero stands for the default.
                Some(ms) if ms != 0 => return ms,
                _ => {}
            }
            default
        };
        let lease = duration("leaseDuration", &election.lease_duration, 15_000);
        let renew = duration("renewDeadline", &election.renew_deadline, 10_000);
        duration("retryPeriod", &election.retry_period, 2_000);
        if election.leader_elect == Some(false) {
            return;
        }
        if lease < renew {
            self.fault("leaderElection.leaseDuration", "must be greater than renewDeadline");
        }
        let lock = election.resource_lock.as_deref().unwrap_or_default();
        if self.rules().leases_only && !matches!(lock, "" | "leases") {
            self.fault("leaderElection.resourceLock", "must be \"leases\"");
        }
    }

    /// A duration in milliseconds; a text that is none is a fault.
    pub(super) fn duration_ms(&mut self, written: Option<&str>, at: &str) -> Option<i64> {
        let written = written?;
        let (sign, amount) = written.strip_prefix('-').map_or((1, written), |amount| (-1, amount));
        match parse_duration_ms(amount) {
            Ok(ms) => Some(sign * i64::try_from(ms).unwrap_or(i64::MAX)),
            Err(error) => {
                self.fault(at, error.to_string());
                None
            }
        }
    }
}
