//! What a path names (apiserver `pkg/endpoints/request/requestinfo.go`).

/// A path below `/api` or `/apis`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// `/api`, `/apis`.
    Root { of_core: bool },
    /// `/apis/GROUP`.
    Group(String),
    /// `/api/v1`, `/apis/GROUP/VERSION`.
    Version { group: String, version: String },
    /// Objects, or one, or a subresource of it.
    Objects(Path),
}

/// Objects of one resource.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) group: String,
    pub(crate) version: String,
    /// All namespaces when absent.
    pub(crate) namespace: Option<String>,
    pub(crate) resource: String,
    pub(crate) name: Option<String>,
    pub(crate) subresource: Option<String>,
}

impl Route {
    /// Reads the path of a request; nothing when it is not below `/api` and `/apis`, or too long.
    pub(crate) fn read(path: &str) -> Option<Self> {
        let parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(decoded).collect::<Option<_>>()?;
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let (group, version, rest) = match parts.as_slice() {
            ["api"] => return Some(Self::Root { of_core: true }),
            ["apis"] => return Some(Self::Root { of_core: false }),
            ["apis", group] => return Some(Self::Group((*group).to_owned())),
            ["api", version, rest @ ..] => ("", *version, rest),
            ["apis", group, version, rest @ ..] => (*group, *version, rest),
            _ => return None,
        };
        let own = |text: &str| text.to_owned();
        let (group, version) = (own(group), own(version));
        let (namespace, rest) = match rest {
            [] => return Some(Self::Version { group, version }),
            // A namespace itself, and what is below it that is no resource.
            ["namespaces"] | ["namespaces", _] | ["namespaces", _, "status" | "finalize"] => (None, rest),
            ["namespaces", namespace, rest @ ..] => (Some(own(namespace)), rest),
            rest => (None, rest),
        };
        let path = match rest {
            [resource] => Path { resource: own(resource), ..Path::default() },
            [resource, name] => Path { resource: own(resource), name: Some(own(name)), ..Path::default() },
            [resource, name, subresource] => Path {
                resource: own(resource),
                name: Some(own(name)),
                subresource: Some(own(subresource)),
                ..Path::default()
            },
            _ => return None,
        };
        Some(Self::Objects(Path { group, version, namespace, ..path }))
    }
}

/// A part of a path without its percent signs; nothing when it is no text.
fn decoded(part: &str) -> Option<String> {
    if !part.contains('%') {
        return Some(part.to_owned());
    }
    // What a form encodes as a space is a plus in a path.
    let mut pairs = form_urlencoded::parse(part.as_bytes());
    let plain = !part.contains(['+', '&', '=']);
    pairs.next().filter(|_| plain).map(|(text, _)| text.into_owned()).filter(|text| !text.contains('\u{fffd}'))
}

#[cfg(test)]
mod tests {
    use super::{Path, Route};

    fn path(text: &str) -> Path {
        match Route::read(text) {
            Some(Route::Objects(path)) => path,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn paths_name_objects() {
        let of = |group: &str,
                  version: &str,
                  namespace: Option<&str>,
                  resource: &str,
                  name: Option<&str>,
                  sub: Option<&str>| Path {
            group: group.to_owned(),
            version: version.to_owned(),
            namespace: namespace.map(str::to_owned),
            resource: resource.to_owned(),
            name: name.map(str::to_owned),
            subresource: sub.map(str::to_owned),
        };
        for (text, expected) in [
            ("/api/v1/pods", of("", "v1", None, "pods", None, None)),
            ("/api/v1/namespaces", of("", "v1", None, "namespaces", None, None)),
            ("/api/v1/namespaces/a", of("", "v1", None, "namespaces", Some("a"), None)),
            ("/api/v1/namespaces/a/status", of("", "v1", None, "namespaces", Some("a"), Some("status"))),
            ("/api/v1/namespaces/a/pods", of("", "v1", Some("a"), "pods", None, None)),
            ("/api/v1/namespaces/a/pods/b%2Ec/log", of("", "v1", Some("a"), "pods", Some("b.c"), Some("log"))),
            (
                "/apis/apps/v1/namespaces/a/deployments/b/scale",
                of("apps", "v1", Some("a"), "deployments", Some("b"), Some("scale")),
            ),
        ] {
            assert_eq!(path(text), expected, "{text}");
        }
        assert_eq!(Route::read("/apis/apps"), Some(Route::Group("apps".to_owned())));
        assert_eq!(
            Route::read("/apis/apps/v1"),
            Some(Route::Version { group: "apps".to_owned(), version: "v1".to_owned() })
        );
        for text in ["/", "/healthz", "/api/v1/namespaces/a/pods/b/c/d", "/api/v1/pods/%ff"] {
            assert_eq!(Route::read(text), None, "{text}");
        }
    }
}
