//! Which objects the words of a command mean (cli-runtime `resource/builder.go`).

use sim_cluster::{Cluster, Kind, Object, ObjectKey, ObjectRef};
use sim_core::model::LabelSelector;

use crate::target::reference;

/// Where a command looks for objects.
pub(super) struct Scope<'a> {
    pub(super) cluster: &'a Cluster,
    /// `-n`.
    pub(super) namespace: Option<&'a str>,
    /// `-A`.
    pub(super) all_namespaces: bool,
}

/// Which objects are meant when none is named.
#[derive(Clone, Copy)]
pub(super) enum Unnamed<'a> {
    /// None: a name is needed.
    Nothing,
    /// All in the namespace.
    All,
    /// Those with these labels.
    Selector(&'a str),
}

impl<'a> Unnamed<'a> {
    /// What `--all` and `-l` say.
    pub(super) fn of(all: bool, selector: Option<&'a str>) -> Result<Self, String> {
        match (all, selector) {
            (true, Some(_)) => Err("error: cannot set --all and --selector at the same time".to_owned()),
            (true, None) => Ok(Self::All),
            (false, Some(selector)) => Ok(Self::Selector(selector)),
            (false, None) => Ok(Self::Nothing),
        }
    }
}

impl Scope<'_> {
    /// The namespace of what names none.
    pub(super) fn namespace(&self) -> &str {
        self.namespace.unwrap_or("default")
    }

    /// The objects of `TYPE NAME…`, `TYPE/NAME…` or `TYPE[,TYPE…]`.
    pub(super) fn objects(&self, words: &[String], unnamed: Unnamed<'_>) -> Result<Vec<ObjectRef>, String> {
        let [first, names @ ..] = words else {
            return Err("error: you must provide one or more resources by argument or filename".to_owned());
        };
        if words.iter().any(|word| word.contains('/')) {
            return words.iter().map(|word| self.pair(word)).collect();
        }
        let kinds = first.split(',').map(kind).collect::<Result<Vec<_>, _>>()?;
        if names.is_empty() {
            return self.unnamed(&kinds, unnamed);
        }
        match unnamed {
            Unnamed::Selector(_) => {
                return Err("error: name cannot be provided when a selector is specified".to_owned());
            }
            _ if self.all_namespaces => {
                return Err("error: a resource cannot be retrieved by name across all namespaces".to_owned());
            }
            _ => {}
        }
        let named = kinds.iter().flat_map(|kind| names.iter().map(|name| self.named(*kind, name)));
        Ok(named.collect())
    }

    /// Nodes by name, or those that are meant without.
    pub(super) fn nodes(&self, names: &[String], unnamed: Unnamed<'_>) -> Result<Vec<String>, String> {
        let words: Vec<String> = ["node".to_owned()].into_iter().chain(names.iter().map(|name| bare(name))).collect();
        Ok(self.objects(&words, unnamed)?.into_iter().map(|node| node.name).collect())
    }

    /// The object as it is.
    pub(super) fn live(&self, object: &ObjectRef) -> Result<Object, String> {
        let (kind, key) = self.cluster.resolve(object).map_err(|refused| refused.to_string())?;
        let live = self.cluster.store().object(kind, &key);
        live.ok_or_else(|| sim_cluster::not_found(kind, &key.name).to_string())
    }

    fn pair(&self, word: &str) -> Result<ObjectRef, String> {
        match word.split('/').collect::<Vec<_>>().as_slice() {
            [resource, name] if !resource.is_empty() && !name.is_empty() => Ok(self.named(kind(resource)?, name)),
            [_] => Err("error: there is no need to specify a resource type as a separate argument when passing arguments in \
                        resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource \
                        resource/<resource_name>'"
                .to_owned()),
            [_, _] => Err(format!("error: arguments in resource/name form must have a single resource and name: {word}")),
            _ => Err("error: arguments in resource/name form may not have more than one slash".to_owned()),
        }
    }

    fn named(&self, kind: Kind, name: &str) -> ObjectRef {
        reference(kind, &ObjectKey::new(self.namespace(), name))
    }

    fn unnamed(&self, kinds: &[Kind], unnamed: Unnamed<'_>) -> Result<Vec<ObjectRef>, String> {
        let selector = match unnamed {
            Unnamed::Nothing => return Err("error: resource(s) were provided, but no name was specified".to_owned()),
            Unnamed::All => LabelSelector::default(),
            Unnamed::Selector(text) => LabelSelector::parse(text).map_err(|bad| format!("error: {bad}"))?,
        };
        let is_meant = |object: &Object| {
            let here = self.all_namespaces || object.namespace().is_none_or(|namespace| namespace == self.namespace());
            here && selector.matches(&object.metadata().labels.clone().unwrap_or_default())
        };
        let found: Vec<ObjectRef> = kinds
            .iter()
            .flat_map(|kind| self.cluster.store().objects(*kind).into_iter().map(|object| (*kind, object)))
            .filter(|(_, object)| is_meant(object))
            .map(|(kind, object)| {
                reference(kind, &ObjectKey::new(object.namespace().unwrap_or_default(), object.name()))
            })
            .collect();
        if found.is_empty() { Err("No resources found".to_owned()) } else { Ok(found) }
    }
}

fn kind(word: &str) -> Result<Kind, String> {
    Kind::parse(word).ok_or_else(|| format!("error: the server doesn't have a resource type {word:?}"))
}

/// `node/NAME` is allowed where a node's name is.
fn bare(name: &str) -> String {
    let bare = name.strip_prefix("node/").or_else(|| name.strip_prefix("nodes/"));
    bare.unwrap_or(name).to_owned()
}
