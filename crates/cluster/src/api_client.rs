//! The rate at which a controller may call the API server: without it, what a controller undoes and another does again
//! would go round without time passing.

/// Milliseconds from one call to the next (`--kube-api-qps` of kube-controller-manager is 20).
const INTERVAL_MS: u64 = 50;
/// So many calls may come at once (`--kube-api-burst`).
const BURST: u64 = 30;

/// A controller's client: a token bucket.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ApiClient {
    /// When the bucket is full again.
    full_ms: u64,
}

impl ApiClient {
    /// Takes the tokens of so many calls, and says when the last of them is made.
    pub(crate) fn call(&mut self, calls: u64, now_ms: u64) -> u64 {
        self.full_ms = self.full_ms.max(now_ms).saturating_add(calls.saturating_mul(INTERVAL_MS));
        self.full_ms.saturating_sub(BURST * INTERVAL_MS).max(now_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::ApiClient;

    #[test]
    fn a_burst_is_free_and_then_every_call_waits() {
        let mut client = ApiClient::default();
        let times: Vec<u64> = (0..33).map(|_| client.call(1, 1000)).collect();
        assert_eq!(times[..30], [1000; 30]);
        assert_eq!(times[30..], [1050, 1100, 1150]);
        assert_eq!(client.call(1, 60_000), 60_000);
    }
}
