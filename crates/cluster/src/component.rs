//! The components of the control plane that a person can stop: whose event is whose, and what waits until they start.

use crate::clock::{Controller, Event};
use crate::cluster::Cluster;
use crate::controllers::{cloud_node, node_lifecycle};
use crate::leases;
use crate::make::Refused;

/// The controllers of kube-controller-manager by their names since 1.28, each with the name it had before.
const CONTROLLERS: [(&str, &str); 19] = [
    ("cronjob-controller", "cronjob"),
    ("daemonset-controller", "daemonset"),
    ("deployment-controller", "deployment"),
    ("disruption-controller", "disruption"),
    ("ephemeral-volume-controller", "ephemeral-volume"),
    ("garbage-collector-controller", "garbagecollector"),
    ("job-controller", "job"),
    ("namespace-controller", "namespace"),
    ("node-lifecycle-controller", "nodelifecycle"),
    ("persistentvolume-attach-detach-controller", "attachdetach"),
    ("persistentvolume-binder-controller", "persistentvolume-binder"),
    ("pod-garbage-collector-controller", "podgc"),
    ("replicaset-controller", "replicaset"),
    ("replicationcontroller-controller", "replicationcontroller"),
    ("resourcequota-controller", "resourcequota"),
    ("serviceaccount-controller", "serviceaccount"),
    ("statefulset-controller", "statefulset"),
    ("taint-eviction-controller", "taint-eviction"),
    ("ttl-after-finished-controller", "ttl-after-finished"),
];

/// The controllers of a cloud-controller-manager.
const CLOUD_CONTROLLERS: [(&str, &str); 2] =
    [("cloud-node-controller", "cloud-node"), ("cloud-node-lifecycle-controller", "cloud-node-lifecycle")];

const SCHEDULER: &str = "kube-scheduler";
const MANAGER: &str = "kube-controller-manager";
const CLOUD_MANAGER: &str = "cloud-controller-manager";

/// The programs of the control plane that elect a leader.
pub(crate) const PROGRAMS: [&str; 3] = [CLOUD_MANAGER, MANAGER, SCHEDULER];

/// Whose work an event is; kubelets, pods and people are nobody's.
fn component_of(event: &Event) -> Option<&'static str> {
    Some(match event {
        Event::Schedule | Event::VolumesTimeOut(_) => SCHEDULER,
        Event::MonitorNodes | Event::TaintLostNodes => "node-lifecycle-controller",
        Event::Evict(_) => "taint-eviction-controller",
        Event::CollectPods => "pod-garbage-collector-controller",
        Event::CollectGarbage(..) => "garbage-collector-controller",
        Event::Sync(controller, _) | Event::Retry(controller, _) => match controller {
            Controller::NodeLifecycle => "node-lifecycle-controller",
            Controller::TaintEviction => "taint-eviction-controller",
            Controller::Deployment => "deployment-controller",
            Controller::ReplicaSet => "replicaset-controller",
            Controller::ReplicationController => "replicationcontroller-controller",
            Controller::StatefulSet => "statefulset-controller",
            Controller::Disruption => "disruption-controller",
            Controller::DaemonSet => "daemonset-controller",
            Controller::Job => "job-controller",
            Controller::CronJob => "cronjob-controller",
            Controller::PersistentVolume => "persistentvolume-binder-controller",
            Controller::AttachDetach => "persistentvolume-attach-detach-controller",
            Controller::EphemeralVolume => "ephemeral-volume-controller",
            Controller::Namespace => "namespace-controller",
            Controller::ServiceAccounts => "serviceaccount-controller",
            Controller::ResourceQuota => "resourcequota-controller",
        },
        Event::ProgressDeadline(_) => "deployment-controller",
        Event::CronJobDue(_) => "cronjob-controller",
        Event::JobExpires(_) => "ttl-after-finished-controller",
        Event::ResyncVolumes => "persistentvolume-binder-controller",
        Event::InitialiseCloudNode(_) => "cloud-node-controller",
        Event::MonitorCloudNodes => "cloud-node-lifecycle-controller",
        Event::TimelineStep(_) | Event::NodeStatus(_) | Event::Kubelet(_) | Event::KubeletAgain(_) => return None,
        Event::UpgradeKubelet
        | Event::ScaleUp
        | Event::MachineArrives(_)
        | Event::Provision(_)
        | Event::DeleteVolume(_) => return None,
        Event::Drain(_) | Event::Housekeeping(_) | Event::Autoscale(_) | Event::DropOldEvents => return None,
    })
}

/// The components that a name means: one controller, or a program with all of its controllers.
fn components(name: &str) -> Vec<&'static str> {
    let full = |controllers: &[(&'static str, &str)]| controllers.iter().map(|(full, _)| *full).collect();
    match name {
        SCHEDULER => vec![SCHEDULER],
        MANAGER => full(&CONTROLLERS),
        CLOUD_MANAGER => full(&CLOUD_CONTROLLERS),
        name => {
            let all = CONTROLLERS.iter().chain(&CLOUD_CONTROLLERS);
            all.filter(|(full, short)| *full == name || *short == name).map(|(full, _)| *full).collect()
        }
    }
}

impl Cluster {
    /// The controllers and schedulers that were stopped and not started again, by their names since 1.28.
    pub fn stopped_components(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.stopped.iter().copied()
    }

    /// Whether an event is left for later because its component is stopped.
    pub(crate) fn holds(&mut self, event: &Event) -> bool {
        if self.stopped.is_empty() || !component_of(event).is_some_and(|component| self.stopped.contains(component)) {
            return false;
        }
        if *event != Event::Schedule {
            self.held.add(0, event.clone());
        }
        true
    }

    /// Whether the scheduler runs.
    pub(crate) fn schedules(&self) -> bool {
        !self.stopped.contains(SCHEDULER)
    }

    /// Whether all that a program does is stopped.
    pub(crate) fn is_stopped(&self, program: &str) -> bool {
        components(program).iter().all(|component| self.stopped.contains(component))
    }

    /// Whether the cluster has a program, be it stopped.
    pub(crate) fn has_program(&self, program: &str) -> bool {
        program != CLOUD_MANAGER || cloud_node::runs(self)
    }

    pub(crate) fn stop_component(&mut self, name: &str) -> Result<Vec<String>, Refused> {
        self.stopped.extend(known(name)?);
        leases::components_changed(self);
        Ok(vec![format!("{name} stopped")])
    }

    /// A component that starts looks at everything that changed while it was away.
    pub(crate) fn start_component(&mut self, name: &str) -> Result<Vec<String>, Refused> {
        for component in known(name)? {
            if self.stopped.remove(component) && component == "node-lifecycle-controller" {
                node_lifecycle::begin_anew(self);
            }
        }
        leases::components_changed(self);
        let held = std::mem::take(&mut self.held);
        for event in held.into_events() {
            if !self.holds(&event) {
                self.agenda.add(self.clock.now_ms(), event);
            }
        }
        Ok(vec![format!("{name} started")])
    }
}

fn known(name: &str) -> Result<Vec<&'static str>, Refused> {
    let found = components(name);
    if !found.is_empty() {
        return Ok(found);
    }
    let mut names = vec![SCHEDULER, MANAGER, CLOUD_MANAGER];
    names.extend(CONTROLLERS.iter().chain(&CLOUD_CONTROLLERS).map(|(full, _)| *full));
    Err(Refused(format!(
        "error: there is no component {name:?} to stop or start: expected one of {}",
        names.join(", ")
    )))
}
