//! A server of its own for each test, and a client that sends bytes.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sim_apiserver::{Guard, Running, Speed, serve};
use sim_cluster::{Change, Cluster, Kind, Object, Setup};
use tokio::net::TcpListener;

/// A server that lives as long as this.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) running: Arc<Running>,
    runtime: tokio::runtime::Runtime,
}

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) body: String,
}

fn node(name: &str) -> Value {
    let resources = json!({"cpu": "4", "memory": "8Gi", "pods": "110"});
    json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "status": {"capacity": resources, "allocatable": resources}})
}

fn cluster(version: &str) -> Cluster {
    let nodes = [node("n1"), node("n2")].map(|node| Object::read(Kind::Node, node).unwrap());
    Cluster::new(Setup::of(version.parse().unwrap()), nodes)
}

/// A body out of its chunks.
fn whole(mut chunks: &str) -> String {
    let mut body = String::new();
    while let Some((size, rest)) = chunks.split_once("\r\n") {
        let Some(size) = usize::from_str_radix(size, 16).ok().filter(|size| *size > 0) else { break };
        body.push_str(rest.get(..size).unwrap_or_default());
        chunks = rest.get(size + 2..).unwrap_or_default();
    }
    body
}

impl Server {
    /// Two nodes of v1.34 whose time stands still.
    pub(crate) fn start(guard: Guard) -> Self {
        Self::of(Running::new(cluster("v1.34.0"), Speed::Paused), guard)
    }

    /// The same of another version.
    pub(crate) fn of_version(version: &str) -> Self {
        Self::of(Running::new(cluster(version), Speed::Paused), Guard::default())
    }

    /// The same, that keeps so many writes for watches.
    pub(crate) fn keeping(writes: usize, guard: Guard) -> Self {
        Self::of(Running::keeping(cluster("v1.34.0"), Speed::Paused, writes), guard)
    }

    /// The same, where nobody places pods.
    pub(crate) fn without_scheduler() -> Self {
        let mut cluster = cluster("v1.34.0");
        cluster.make(&Change::StopController("kube-scheduler".to_owned())).unwrap();
        Self::of(Running::new(cluster, Speed::Paused), Guard::default())
    }

    fn of(running: Arc<Running>, guard: Guard) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(serve(listener, Arc::clone(&running), guard, std::future::pending()));
        Self { address, running, runtime }
    }

    /// Runs what a client does.
    pub(crate) fn block_on<T>(&self, client: impl Future<Output = T>) -> T {
        self.runtime.block_on(client)
    }

    /// Lets virtual time pass.
    pub(crate) fn advance(&self, by: &str) {
        assert_eq!(self.post("/sim/v1/advance", &json!({"by": by})).code, 200);
    }

    /// Puts the cluster back to its start.
    pub(crate) fn reset(&self) {
        assert_eq!(self.post("/sim/v1/reset", &json!({})).code, 200);
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// Sends bytes as they are, and breaks off there if told so; reads until the server closes. Nothing when it closes
    /// without a word.
    pub(crate) fn send(&self, bytes: &[u8], breaks_off: bool) -> Option<Answer> {
        let mut stream = self.connect();
        // A server that has heard enough may close before all is sent.
        let _ = stream.write_all(bytes);
        if breaks_off {
            let _ = stream.shutdown(std::net::Shutdown::Write);
        }
        let mut read = Vec::new();
        let _ = stream.read_to_end(&mut read);
        let text = String::from_utf8_lossy(&read);
        let (head, body) = text.split_once("\r\n\r\n")?;
        let code = head.split(' ').nth(1)?.parse().ok()?;
        let is_chunked = head.to_lowercase().contains("transfer-encoding: chunked");
        Some(Answer { code, body: if is_chunked { whole(body) } else { body.to_owned() } })
    }

    pub(crate) fn ask(&self, method: &str, path: &str, content_type: &str, body: &[u8]) -> Answer {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: sim\r\nConnection: close\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        self.send(&[head.as_bytes(), body].concat(), false).unwrap_or_else(|| panic!("{method} {path}: no answer"))
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        let answer = self.ask("GET", path, "", b"");
        serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{path}: {error}: {}", answer.body))
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path, "application/json", body.to_string().as_bytes())
    }
}
