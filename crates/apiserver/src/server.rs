//! The HTTP server: which handler answers which request.

use std::collections::VecDeque;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, Uri, header};
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::answer::{Answer, Failure, json_answer, typed_answer};
use crate::behaviour::Behaviour;
use crate::connections::{self, Limits};
use crate::control::control;
use crate::discovery::{self, Aggregated};
use crate::openapi;
use crate::query::Query;
use crate::read::{self, Selection};
use crate::review::review;
use crate::route::{Path, Route};
use crate::running::{Running, View};
use crate::tls::Tls;
use crate::token;
use crate::watch::watch;
use crate::write;

/// Larger bodies are refused, as upstream does (`MaxRequestBodyBytes`).
const MAX_BODY: usize = 3 * 1024 * 1024;
/// So many states are kept for lists that are read page by page.
const PAGED_STATES: usize = 64;

/// Who may ask, and how.
#[derive(Debug, Clone)]
pub struct Guard {
    /// The bearer token that every request must bring; none is needed when absent.
    pub token: Option<String>,
    /// How connections are encrypted; not at all when absent.
    pub tls: Option<Tls>,
    /// How long a client may take to send the head of a request, and again for its body.
    pub patience: Duration,
    /// How long a client may take nothing of what it is sent.
    pub stalled: Duration,
}

impl Default for Guard {
    /// Everybody, unencrypted. Upstream's patience (`ReadHeaderTimeout`); twice that for who does not read.
    fn default() -> Self {
        Self { token: None, tls: None, patience: Duration::from_secs(32), stalled: Duration::from_secs(64) }
    }
}

struct App {
    running: Arc<Running>,
    guard: Guard,
    address: SocketAddr,
    /// The states of lists that go on.
    paged: Mutex<VecDeque<Arc<View>>>,
}

/// Serves the API until `ended`.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    running: Arc<Running>,
    guard: Guard,
    ended: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let address = listener.local_addr()?;
    let time = tokio::spawn(Arc::clone(&running).follow_time());
    let tls = guard.tls.as_ref().map(|tls| tls.acceptor.clone());
    let limits = Limits { patience: guard.patience, stalled: guard.stalled };
    let app = App { running: Arc::clone(&running), guard, address, paged: Mutex::default() };
    let router = Router::new().fallback(handle).with_state(Arc::new(app));
    let end = async move {
        ended.await;
        running.end();
    };
    connections::serve(listener, router, tls, limits, end).await;
    time.abort();
    Ok(())
}

async fn handle(State(app): State<Arc<App>>, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let head = Head { method: parts.method, uri: parts.uri, headers: parts.headers };
    if !app.may_ask(&head.headers) {
        return Failure::new(401, "Unauthorized", "Unauthorized").into_answer();
    }
    let body = match timeout(app.guard.patience, read_body(&head, body)).await {
        Ok(Ok(body)) => body,
        Ok(Err(failure)) => return failure.into_answer(),
        Err(_) => return Failure::new(408, "Timeout", "the body of the request did not come in time").into_answer(),
    };
    // Writes wait for their turn at the cluster, and reads may be long: neither holds up whoever else is served.
    let answered = if head.watches() {
        app.answer(&head, &body)
    } else {
        let asked = tokio::task::spawn_blocking(move || app.answer(&head, &body)).await;
        asked.unwrap_or_else(|_| Err(Failure::new(500, "InternalError", "the request could not be answered")))
    };
    answered.unwrap_or_else(Failure::into_answer)
}

async fn read_body(head: &Head, body: Body) -> Result<Bytes, Failure> {
    let too_large =
        || Failure::new(413, "RequestEntityTooLarge", format!("Request entity too large: limit is {MAX_BODY}"));
    let declared = head.text(header::CONTENT_LENGTH).parse::<usize>().ok();
    if declared.is_some_and(|length| length > MAX_BODY) {
        return Err(too_large());
    }
    to_bytes(body, MAX_BODY).await.map_err(|error| {
        // What is behind the error says whether it was too long or broken off.
        let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        if source.contains("length limit") { too_large() } else { Failure::bad_request(error.to_string()) }
    })
}

/// A request without its body.
struct Head {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
}

impl Head {
    fn text(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// What the client accepts, however many headers say it.
    fn accept(&self) -> String {
        let all = self.headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        all.collect::<Vec<_>>().join(",")
    }

    fn query(&self) -> Query {
        Query::parse(self.uri.query().unwrap_or_default())
    }

    fn watches(&self) -> bool {
        self.method == Method::GET && self.query().is_set("watch")
    }
}

impl App {
    fn may_ask(&self, headers: &HeaderMap) -> bool {
        let Some(token) = &self.guard.token else { return true };
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        given.and_then(|given| given.strip_prefix("Bearer ")).is_some_and(|given| same(given, token))
    }

    fn answer(&self, head: &Head, body: &[u8]) -> Result<Answer, Failure> {
        let path = head.uri.path();
        let view = self.running.view();
        let behaviour = Behaviour::of(view.version);
        if let Some(action) = path.strip_prefix("/sim/v1") {
            return control(&self.running, head.method.as_str(), action.trim_matches('/'), body);
        }
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        match parts.as_slice() {
            [] => {
                return Ok(json_answer(
                    200,
                    &serde_json::json!({"paths": ["/api", "/apis", "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/sim/v1", "/version"]}),
                ));
            }
            ["version"] => return Ok(json_answer(200, &discovery::version(&behaviour))),
            ["healthz" | "livez" | "readyz", ..] => return Ok(typed_answer(200, "text/plain; charset=utf-8", "ok")),
            ["openapi", "v2"] => return Ok(openapi::v2(&view, &head.accept())),
            _ => {}
        }
        let all = view.served.as_slice();
        if let Some(path) = path.strip_prefix("/openapi/v3") {
            let document = match path.trim_matches('/') {
                "" => Some(openapi::index(all)),
                path => openapi::document(&view, path),
            };
            return document.map(|document| json_answer(200, &document)).ok_or_else(Failure::nothing_there);
        }
        let legacy = |document: Option<serde_json::Value>| {
            if head.method != Method::GET {
                return Err(Failure::method_not_allowed());
            }
            document.map(|document| json_answer(200, &document)).ok_or_else(Failure::nothing_there)
        };
        match Route::read(path) {
            None => Ok(typed_answer(404, "text/plain; charset=utf-8", "404 page not found\n")),
            Some(Route::Root { of_core }) => match Aggregated::accepted(&head.accept(), &behaviour) {
                Some(form) if head.method == Method::GET => {
                    let document = discovery::aggregated(all, &behaviour, of_core, form);
                    Ok(typed_answer(200, &form.content_type(), document.to_string()))
                }
                _ if of_core => legacy(Some(discovery::core_versions(&self.address.to_string()))),
                _ => legacy(Some(discovery::groups(all, &behaviour))),
            },
            Some(Route::Group(group)) => legacy(discovery::group(all, &behaviour, &group)),
            Some(Route::Version { group, version }) => legacy(discovery::resources(all, &behaviour, &group, &version)),
            Some(Route::Objects(path)) => self.objects(head, body, &path, &view),
        }
    }

    fn objects(&self, head: &Head, body: &[u8], path: &Path, view: &Arc<View>) -> Result<Answer, Failure> {
        let (query, content_type) = (head.query(), head.text(header::CONTENT_TYPE));
        if head.method == Method::POST
            && ["authorization.k8s.io", "authentication.k8s.io"].contains(&path.group.as_str())
            && let Some(answer) = review(&path.resource, content_type, body)
        {
            return answer;
        }
        let mut all = view.served.iter();
        let served = all.find(|served| served.is_at(path)).ok_or_else(Failure::nothing_there)?;
        if served.resource.is_namespaced && path.namespace.is_none() && path.name.is_some() {
            return Err(Failure::nothing_there());
        }
        if !served.resource.is_namespaced && path.namespace.is_some() {
            return Err(Failure::nothing_there());
        }
        let subresource = path.subresource.as_deref();
        let known = served.subresources(&Behaviour::of(view.version));
        if subresource.is_some_and(|name| known.iter().all(|known| known.name != name)) {
            return Err(Failure::nothing_there());
        }
        let selection = Selection::of(served, path, &query, &head.accept())?;
        let request = write::Request {
            running: &self.running,
            selection: &selection,
            subresource,
            query: &query,
            content_type,
            user_agent: head.text(header::USER_AGENT),
            body,
        };
        match (&head.method, &path.name, subresource) {
            (&Method::GET, Some(name), Some("log")) => {
                read::log(path.namespace.as_deref().unwrap_or_default(), name, &query, view)
            }
            (_, Some(name), Some("exec" | "attach" | "portforward")) => {
                Err(read::no_stream(path.namespace.as_deref().unwrap_or_default(), name, view))
            }
            (&Method::GET, Some(name), Some("scale")) => request.scale(name),
            (&Method::POST, Some(name), Some("token")) => {
                token::create(path.namespace.as_deref().unwrap_or_default(), name, content_type, body, view)
            }
            (&Method::PUT, Some(name), Some("finalize")) => request.finalize(name),
            (_, Some(_), Some("token" | "finalize")) => Err(Failure::method_not_allowed()),
            (&Method::GET, Some(_), Some("binding" | "eviction")) => Err(Failure::method_not_allowed()),
            (&Method::GET, _, _) if query.is_set("watch") => watch(&self.running, selection, &query),
            (&Method::GET, Some(name), _) => read::get(&selection, name, view),
            (&Method::GET, None, _) => {
                let (answer, goes_on) = read::list(&selection, &query, view, |version| self.past(version))?;
                if let Some(state) = goes_on {
                    self.keep(state);
                }
                Ok(answer)
            }
            (&Method::POST, _, _) => request.post(),
            (&Method::PUT, _, _) => request.put(),
            (&Method::PATCH, _, _) => request.patch(),
            (&Method::DELETE, _, _) => request.delete(),
            _ => Err(Failure::method_not_allowed()),
        }
    }

    /// A state that a list began with.
    fn past(&self, version: u64) -> Option<Arc<View>> {
        let paged = self.paged.lock().unwrap_or_else(PoisonError::into_inner);
        paged.iter().find(|view| view.resource_version == version).cloned()
    }

    fn keep(&self, view: Arc<View>) {
        let mut paged = self.paged.lock().unwrap_or_else(PoisonError::into_inner);
        if paged.iter().all(|kept| kept.resource_version != view.resource_version) {
            if paged.len() == PAGED_STATES {
                paged.pop_front();
            }
            paged.push_back(view);
        }
    }
}

/// Whether two tokens are the same; how long it takes does not tell where they differ.
fn same(given: &str, token: &str) -> bool {
    given.len() == token.len() && given.bytes().zip(token.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}
