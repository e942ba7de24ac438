//! Declared behaviours: what containers do that no manifest says, in the words of a Scenario or of a pod's annotation.

use std::collections::BTreeMap;

use crate::api;
use crate::change::{BadChange, ObjectRef};
use crate::duration::parse_duration_ms;
use crate::expectation::{carries, glob};
use crate::pod::{self, Pod};
use crate::store::Store;

/// A pod's own declaration, for all its containers; `sim/behaviour.NAME` is for the one container NAME.
pub const ANNOTATION: &str = "sim/behaviour";

/// What a container can be declared to do, as an error tells it.
const GRAMMAR: &str = "expected `exits CODE [after D]`, `never ready`, `ready after D`, `pulls D`, `image missing`, \
     `liveness fails [after D]`, `uses AMOUNT memory [after D]`, `uses AMOUNT disk [after D]`, `stops after D`, \
     `needs KIND/NAME [-n NAMESPACE] Ready to become ready` or `… to start`";

/// Who behaves how.
#[derive(Debug, Clone, PartialEq)]
pub struct Declaration {
    /// Which pods.
    pub pods: PodPattern,
    /// Which container; every container that is no init container when absent.
    pub container: Option<String>,
    /// What it does.
    pub conduct: Conduct,
}

/// Pods by namespace, name, owner and labels. Absent parts select everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PodPattern {
    /// Namespace of the pods.
    pub namespace: Option<String>,
    /// Name, with `*` for any run of characters.
    pub name: Option<String>,
    /// `kind/name` of the workload they belong to, e.g. `deployment/coredns`.
    pub owner: Option<String>,
    /// Labels they carry.
    pub labels: BTreeMap<String, String>,
}

/// What one container does. The times are milliseconds since the container started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conduct {
    /// It ends with this code after so long.
    pub exits: Option<(i32, u64)>,
    /// Its readiness probe never passes.
    pub never_ready: bool,
    /// Its readiness probe passes after so long.
    pub ready_after_ms: Option<u64>,
    /// Its image is not on the machine, and pulling it takes so long (milliseconds).
    pub pulls_ms: Option<u64>,
    /// Its image is nowhere.
    pub image_missing: bool,
    /// Its liveness probe fails after so long.
    pub liveness_fails_after_ms: Option<u64>,
    /// It uses so much memory from a moment on, in bytes.
    pub memory: Option<Use>,
    /// It uses so much of the node's disk from a moment on, in bytes.
    pub disk: Option<Use>,
    /// It takes so long to end once it is asked to (milliseconds).
    pub stops_after_ms: Option<u64>,
    /// What it cannot do without.
    pub needs: Vec<Need>,
}

/// An amount used from a moment on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Use {
    /// How much, in bytes.
    pub bytes: i64,
    /// From when on, in milliseconds since the container started.
    pub after_ms: u64,
}

/// Something that must be ready for a container to work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// What; in the pod's own namespace unless it names one.
    pub target: ObjectRef,
    /// Whether the container ends with an error without it. Else it runs and is not ready.
    pub to_start: bool,
}

impl Conduct {
    /// Reads a list of behaviours: `pulls 90s, exits 1 after 20s`.
    ///
    /// # Errors
    /// When one of them is not known, or two contradict each other.
    pub fn parse(text: &str) -> Result<Self, BadChange> {
        let mut conduct = Self::default();
        for part in text.split(',') {
            conduct.add(part.trim())?;
        }
        if conduct.never_ready && conduct.ready_after_ms.is_some() {
            return Err(BadChange(format!("{text:?}: a container is either `never ready` or `ready after` a while")));
        }
        if conduct.image_missing && conduct.pulls_ms.is_some() {
            return Err(BadChange(format!("{text:?}: an image that is `missing` cannot be pulled")));
        }
        Ok(conduct)
    }

    fn add(&mut self, part: &str) -> Result<(), BadChange> {
        let words: Vec<&str> = part.split_whitespace().collect();
        let twice = || BadChange(format!("{part:?} says again what was said before"));
        fn once<T>(place: &mut Option<T>, value: T, twice: impl FnOnce() -> BadChange) -> Result<(), BadChange> {
            if place.replace(value).is_some() { Err(twice()) } else { Ok(()) }
        }
        match words.as_slice() {
            ["exits", code, rest @ ..] => {
                let code = exit_code(code)?;
                once(&mut self.exits, (code, after(part, rest)?), twice)
            }
            ["never", "ready"] => {
                self.never_ready = true;
                Ok(())
            }
            ["ready", "after", time] => once(&mut self.ready_after_ms, duration(time)?, twice),
            ["pulls", time] => once(&mut self.pulls_ms, duration(time)?, twice),
            ["image", "missing"] => {
                self.image_missing = true;
                Ok(())
            }
            ["liveness", "fails", rest @ ..] => once(&mut self.liveness_fails_after_ms, after(part, rest)?, twice),
            ["uses", amount, "memory", rest @ ..] => once(&mut self.memory, usage(part, amount, rest)?, twice),
            ["uses", amount, "disk", rest @ ..] => once(&mut self.disk, usage(part, amount, rest)?, twice),
            ["stops", "after", time] => once(&mut self.stops_after_ms, duration(time)?, twice),
            ["needs", target, rest @ ..] => {
                self.needs.push(need(part, target, rest)?);
                Ok(())
            }
            _ => Err(BadChange(format!("unknown behaviour {part:?}: {GRAMMAR}"))),
        }
    }

    /// Takes over what another declaration says; where both speak of the same thing, the other is right.
    pub(crate) fn overlay(&mut self, other: &Conduct) {
        fn take<T: Clone>(place: &mut Option<T>, other: &Option<T>) {
            if other.is_some() {
                place.clone_from(other);
            }
        }
        take(&mut self.exits, &other.exits);
        take(&mut self.liveness_fails_after_ms, &other.liveness_fails_after_ms);
        take(&mut self.memory, &other.memory);
        take(&mut self.disk, &other.disk);
        take(&mut self.stops_after_ms, &other.stops_after_ms);
        if other.never_ready || other.ready_after_ms.is_some() {
            (self.never_ready, self.ready_after_ms) = (other.never_ready, other.ready_after_ms);
        }
        if other.image_missing || other.pulls_ms.is_some() {
            (self.image_missing, self.pulls_ms) = (other.image_missing, other.pulls_ms);
        }
        self.needs.extend(other.needs.iter().cloned());
    }
}

impl PodPattern {
    /// Whether the pattern means this pod.
    pub fn matches(&self, store: &Store, pod: &Pod) -> bool {
        let metadata = &pod.metadata;
        self.namespace.as_ref().is_none_or(|wanted| metadata.namespace.as_ref() == Some(wanted))
            && self.name.as_ref().is_none_or(|pattern| glob(pattern, metadata.name.as_deref().unwrap_or_default()))
            && self.owner.as_ref().is_none_or(|wanted| is_owned_by(store, pod, wanted))
            && carries(metadata.labels.as_ref(), &self.labels)
    }
}

/// As a person would say it: `namespace=default owner=deployment/web`.
impl std::fmt::Display for PodPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = [("namespace", &self.namespace), ("name", &self.name), ("owner", &self.owner)];
        let parts = parts.into_iter().filter_map(|(part, value)| Some(format!("{part}={}", value.as_ref()?)));
        let labels = self.labels.iter().map(|(key, value)| format!("{key}={value}"));
        let all: Vec<String> = parts.chain(labels).collect();
        f.write_str(if all.is_empty() { "every pod" } else { "" })?;
        f.write_str(&all.join(" "))
    }
}

/// Whether `kind/name` is the pod's owner, or the owner of that one.
fn is_owned_by(store: &Store, pod: &Pod, wanted: &str) -> bool {
    let Some(owner) = pod::controller_of(&pod.metadata) else { return false };
    let is = |kind: &str, name: &str| format!("{kind}/{name}").eq_ignore_ascii_case(wanted);
    let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
    let above = match owner.kind.as_str() {
        "ReplicaSet" => store.find::<api::ReplicaSet>(namespace, &owner.name).map(|set| &set.metadata),
        "Job" => store.find::<api::Job>(namespace, &owner.name).map(|job| &job.metadata),
        _ => None,
    };
    is(&owner.kind, &owner.name) || above.and_then(pod::controller_of).is_some_and(|above| is(&above.kind, &above.name))
}

fn exit_code(word: &str) -> Result<i32, BadChange> {
    let code = word.parse().ok().filter(|code| (0..=255).contains(code));
    code.ok_or_else(|| BadChange(format!("{word:?} is no exit code: expected a number from 0 to 255")))
}

fn duration(word: &str) -> Result<u64, BadChange> {
    parse_duration_ms(word).map_err(|error| BadChange(error.to_string()))
}

/// `after D`, or nothing for at once.
fn after(part: &str, words: &[&str]) -> Result<u64, BadChange> {
    match words {
        [] => Ok(0),
        ["after", time] => duration(time),
        _ => Err(BadChange(format!("unknown behaviour {part:?}: {GRAMMAR}"))),
    }
}

fn usage(part: &str, amount: &str, rest: &[&str]) -> Result<Use, BadChange> {
    let quantity: sim_core::Quantity =
        amount.parse().map_err(|_| BadChange(format!("{amount:?} is no amount: expected something like 300Mi")))?;
    Ok(Use { bytes: quantity.value(), after_ms: after(part, rest)? })
}

fn need(part: &str, target: &str, rest: &[&str]) -> Result<Need, BadChange> {
    let mut target = ObjectRef::parse(target)?;
    let rest = match rest {
        ["-n", namespace, rest @ ..] => {
            target.namespace = Some((*namespace).to_owned());
            rest
        }
        rest => rest,
    };
    if crate::Kind::parse(&target.kind).is_none() {
        return Err(BadChange(format!("{part:?}: the server doesn't have a resource type \"{}\"", target.kind)));
    }
    match rest {
        ["Ready", "to", "become", "ready"] => Ok(Need { target, to_start: false }),
        ["Ready", "to", "start"] => Ok(Need { target, to_start: true }),
        _ => Err(BadChange(format!("unknown behaviour {part:?}: {GRAMMAR}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::{Conduct, Need, Use};
    use crate::change::ObjectRef;

    #[track_caller]
    fn check(text: &str, expected: Conduct) {
        assert_eq!(Conduct::parse(text), Ok(expected));
    }

    #[track_caller]
    fn refused(text: &str, part: &str) {
        let error = Conduct::parse(text).expect_err(text).to_string();
        assert!(error.contains(part), "{error}");
    }

    #[test]
    fn several_behaviours_are_one_list() {
        check(
            "pulls 90s, exits 1 after 20s",
            Conduct { pulls_ms: Some(90_000), exits: Some((1, 20_000)), ..Conduct::default() },
        );
        check("exits 0", Conduct { exits: Some((0, 0)), ..Conduct::default() });
        check("never ready,image missing", Conduct { never_ready: true, image_missing: true, ..Conduct::default() });
    }

    #[test]
    fn amounts_have_a_moment() {
        let of = |bytes, after_ms| Some(Use { bytes, after_ms });
        check("uses 300Mi memory", Conduct { memory: of(300 * 1024 * 1024, 0), ..Conduct::default() });
        check("uses 1G disk after 1m", Conduct { disk: of(1_000_000_000, 60_000), ..Conduct::default() });
    }

    #[test]
    fn needs_name_an_object() {
        let target = ObjectRef { namespace: Some("kube-system".into()), kind: "deployment".into(), name: "dns".into() };
        let need = |to_start| Conduct { needs: vec![Need { target: target.clone(), to_start }], ..Conduct::default() };
        check("needs deployment/dns -n kube-system Ready to become ready", need(false));
        check("needs kube-system/deployment/dns Ready to start", need(true));
    }

    #[test]
    fn what_is_no_behaviour_is_told() {
        refused("exists 1", "unknown behaviour \"exists 1\": expected `exits CODE");
        refused("", "unknown behaviour \"\"");
        refused("exits 256", "no exit code");
        refused("ready after 5", "no duration");
        refused("uses lots memory", "no amount");
        refused("needs dns Ready to start", "expected KIND/NAME");
        refused("needs dnsserver/x Ready to start", "resource type");
        refused("never ready, ready after 5s", "either");
        refused("exits 1, exits 2", "again");
    }
}
