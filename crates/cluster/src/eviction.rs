//! The Eviction subresource (pkg/registry/core/pod/storage/eviction.go, v1.16 to v1.34): a deletion that asks the pod's
//! disruption budget first.

use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetStatus};

use crate::admission::{EVICTION, Request, Webhook};
use crate::cluster::Cluster;
use crate::controllers::disruption;
use crate::deletion::DeleteOptions;
use crate::object::{Kind, KnownKind};
use crate::pod::{self, Pod};
use crate::store::ObjectKey;

/// More evictions than these that the disruption controller has not seen are not granted (`MaxDisruptedPodSize`).
const DISRUPTED_PODS_MAX: usize = 2000;

/// Why a pod is not evicted, with the server's message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvictionRefused {
    /// The pod is not there.
    #[error("pods \"{0}\" not found")]
    NotFound(String),
    /// 429: the budget does not allow it now. The cause names the budget and its numbers.
    #[error("Cannot evict pod as it would violate the pod's disruption budget.")]
    TooManyRequests {
        /// The budget.
        budget: ObjectKey,
        /// `details.causes[0].message`.
        cause: String,
        /// After how many seconds to ask again; 0 when nothing is said of it.
        retry_after_seconds: i32,
    },
    /// 403: too many evictions that nobody has confirmed.
    #[error("poddisruptionbudget.policy \"{}\" is forbidden: {why}", budget.name)]
    Forbidden {
        /// The budget.
        budget: ObjectKey,
        /// Why.
        why: String,
    },
    /// Any other failure.
    #[error("{0}")]
    Failed(String),
}

/// A budget and its status before the eviction.
type Charge = (ObjectKey, PodDisruptionBudgetStatus);

impl Cluster {
    /// Evicts a pod, with its own grace period or the one given in seconds.
    ///
    /// # Errors
    /// When the pod is not there, its budget does not allow it, or it has more than one.
    pub fn evict(&mut self, key: &ObjectKey, grace_period_seconds: Option<i64>) -> Result<(), EvictionRefused> {
        self.ask_webhooks_about_eviction(key)?;
        if let Some((budget, status)) = self.charge(key)? {
            let status = self.less_one(status, &key.name);
            self.store.update::<PodDisruptionBudget>(&budget, |budget| budget.status = Some(status));
        }
        if self.behaviour.disruption_conditions {
            let now = self.clock.time();
            self.store.update::<Pod>(key, |pod| {
                let message = "Eviction API: evicting";
                pod::set_condition(pod, "DisruptionTarget", true, Some("EvictionByEvictionAPI"), Some(message), &now);
            });
        }
        self.delete_object(Kind::Pod, key, DeleteOptions { grace_period_seconds, propagation: None });
        Ok(())
    }

    /// An eviction is the creation of a subresource: webhooks see it before budgets do.
    fn ask_webhooks_about_eviction(&mut self, key: &ObjectKey) -> Result<(), EvictionRefused> {
        let Some(pod) = self.store.get::<Pod>(key).cloned() else { return Ok(()) };
        let pod = Pod::wrap(pod);
        let request = Request { subresource: EVICTION, ..Request::create(&pod) };
        let mut asked = self.call_webhooks(Webhook::Mutating, &request);
        if asked.is_ok() {
            asked = self.call_webhooks(Webhook::Validating, &request);
        }
        asked.map_err(|error| EvictionRefused::Failed(error.message))
    }

    /// The budget that the eviction of a pod is charged to, with its status; none when it needs none.
    pub(crate) fn charge(&self, key: &ObjectKey) -> Result<Option<Charge>, EvictionRefused> {
        let Some(pod) = self.store.get::<Pod>(key) else {
            return Err(EvictionRefused::NotFound(key.name.to_string()));
        };
        if self.can_ignore_budgets(pod) {
            return Ok(None);
        }
        let mut budgets = self.indices.budgets.of(key);
        match (budgets.next(), budgets.next()) {
            (Some(_), Some(_)) => {
                let message =
                    "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
                Err(EvictionRefused::Failed(message.to_owned()))
            }
            (Some(budget), None) => self.check_budget(pod, budget),
            (None, _) => Ok(None),
        }
    }

    /// Whether the pod is no longer, or not yet, of any use (`canIgnorePDB`).
    fn can_ignore_budgets(&self, pod: &Pod) -> bool {
        let idle = pod::phase(pod) == "Pending" || pod::is_terminating(pod);
        pod::is_terminal(pod) || (idle && self.behaviour.evicts_idle_pods_freely)
    }

    /// Whether the budget allows one disruption more (`checkAndDecrement`); a pod that is not ready may not need one.
    fn check_budget(&self, pod: &Pod, budget_key: &ObjectKey) -> Result<Option<Charge>, EvictionRefused> {
        let Some(budget) = self.store.get::<PodDisruptionBudget>(budget_key) else { return Ok(None) };
        let status = budget.status.clone().unwrap_or_default();
        let (healthy, desired) = (status.current_healthy.unwrap_or(0), status.desired_healthy.unwrap_or(0));
        if !pod::is_ready(pod) && self.behaviour.evicts_unready_pods_beyond_budget {
            let always = budget.spec.as_ref().is_some_and(disruption::lets_unhealthy_go);
            let enough = healthy >= desired && desired > 0;
            if enough || (always && self.behaviour.unhealthy_pod_eviction_policy) {
                return Ok(None);
            }
        }
        let name = &budget_key.name;
        let refused = |cause: String, retry_after_seconds| EvictionRefused::TooManyRequests {
            budget: budget_key.clone(),
            cause,
            retry_after_seconds,
        };
        if status.observed_generation.unwrap_or(0) < budget.metadata.generation.unwrap_or(0) {
            let cause = format!("The disruption budget {name} is still being processed by the server.");
            return Err(refused(cause, 10));
        }
        if status.disrupted_pods.as_ref().is_some_and(|pods| pods.len() > DISRUPTED_PODS_MAX) {
            let why = "DisruptedPods map too big - too many evictions not confirmed by PDB controller".to_owned();
            return Err(EvictionRefused::Forbidden { budget: budget_key.clone(), why });
        }
        if status.disruptions_allowed.unwrap_or(0) <= 0 {
            let cause =
                format!("The disruption budget {name} needs {desired} healthy pods and has {healthy} currently");
            return Err(refused(cause, 0));
        }
        Ok(Some((budget_key.clone(), status)))
    }

    /// The status of a budget that has just granted the eviction of a pod.
    fn less_one(&self, mut status: PodDisruptionBudgetStatus, pod: &str) -> PodDisruptionBudgetStatus {
        let left = status.disruptions_allowed.unwrap_or(0).saturating_sub(1);
        status.disruptions_allowed = Some(left);
        if left == 0 {
            disruption::set_condition(self, &mut status, None);
        }
        status.disrupted_pods.get_or_insert_default().insert(pod.to_owned(), self.clock.time());
        status
    }
}
