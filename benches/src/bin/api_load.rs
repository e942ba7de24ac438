//! Many clients of one `sim serve` at once, for the book.
//!
//! `api_load cluster > big.json` prints the cluster; `sim serve big.json --at 10m --speed 10x -- api_load` loads it: 200
//! watches, 2,000 requests a second of which a fifth write, and one watcher of all pods that does not read. It asks the
//! server that KUBECONFIG names, which is its parent process, for as many seconds as its first argument says.

#![allow(clippy::print_stdout, clippy::disallowed_methods)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

const NODES: usize = 5_000;
const DEPLOYMENTS: usize = 100;
const REPLICAS: usize = 1_000;
const WATCHES: usize = 200;
const CONNECTIONS: usize = 20;
const A_SECOND: u64 = 2_000;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    match std::env::args().nth(1).as_deref() {
        Some("cluster") => {
            println!("{}", cluster());
            Ok(())
        }
        seconds => {
            let seconds = seconds.unwrap_or("30").parse()?;
            tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(load(seconds))
        }
    }
}

fn cluster() -> Value {
    let resources = json!({"cpu": "32", "memory": "128Gi", "pods": "110"});
    let nodes = (0..NODES).map(|number| {
        json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": node(number)},
            "status": {"capacity": resources, "allocatable": resources}})
    });
    let deployments = (0..DEPLOYMENTS).map(|number| {
        let labels = json!({"app": format!("web-{number}")});
        json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": format!("web-{number}"), "namespace": "default"},
            "spec": {"replicas": REPLICAS, "selector": {"matchLabels": labels}, "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "c", "image": "i:1",
                    "resources": {"requests": {"cpu": "100m", "memory": "100Mi"}}}]}}}})
    });
    json!({"apiVersion": "v1", "kind": "List", "items": nodes.chain(deployments).collect::<Vec<_>>()})
}

fn node(number: usize) -> String {
    format!("n{number:04}")
}

/// What was counted.
#[derive(Default)]
struct Counts {
    events: AtomicU64,
    answered: AtomicU64,
    refused: AtomicU64,
    is_over: AtomicBool,
}

async fn load(seconds: u64) -> Result<(), Failure> {
    let config = std::fs::read_to_string(std::env::var("KUBECONFIG")?)?;
    let server = config.lines().find_map(|line| line.trim().strip_prefix("server: http://")).ok_or("no server")?;
    let counts = Arc::new(Counts::default());
    for number in 0..WATCHES {
        // Half follow one node's pods as kubelets do, a quarter all pods of a workload, a quarter all nodes.
        let path = match number % 4 {
            0 | 1 => format!("/api/v1/pods?fieldSelector=spec.nodeName%3D{}", node(number * 7)),
            2 => format!("/api/v1/namespaces/default/pods?labelSelector=app%3Dweb-{}", number % DEPLOYMENTS),
            _ => "/api/v1/nodes?resourceVersion=0".to_owned(),
        };
        tokio::spawn(watch(server.to_owned(), path, Arc::clone(&counts)));
    }
    let mut slow = TcpStream::connect(server).await?;
    slow.write_all(b"GET /api/v1/pods?watch=true HTTP/1.1\r\nHost: sim\r\n\r\n").await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let first = counts.events.load(Ordering::Relaxed);
    let start = Instant::now();
    let until = start + Duration::from_secs(seconds);
    let mut asking = Vec::new();
    for number in 0..CONNECTIONS {
        asking.push(tokio::spawn(ask_on(server.to_owned(), number, until, Arc::clone(&counts))));
    }
    let mut took = Vec::new();
    for asked in asking {
        took.extend(asked.await??);
    }
    let seconds = start.elapsed().as_secs_f64();
    took.sort_unstable();
    let at = |share: f64| took.get((took.len() as f64 * share) as usize).copied().unwrap_or_default();
    let (answered, refused) = (counts.answered.load(Ordering::Relaxed), counts.refused.load(Ordering::Relaxed));
    println!("{answered} requests in {seconds:.1} s: {:.0} a second, {refused} refused", answered as f64 / seconds);
    println!("answered within {:?} (half), {:?} (99 of 100), {:?} (all)", at(0.5), at(0.99), at(1.0 - 1e-9));
    let events = counts.events.load(Ordering::Relaxed) - first;
    println!("{WATCHES} watches were told {events} events: {:.0} a second", events as f64 / seconds);
    println!("the server's memory: {}", memory());
    counts.is_over.store(true, Ordering::Relaxed);
    println!("who did not read: {}", ending(slow).await?);
    Ok(())
}

/// The most that the server has had, and what it has.
fn memory() -> String {
    let parent = std::os::unix::process::parent_id();
    let status = std::fs::read_to_string(format!("/proc/{parent}/status")).unwrap_or_default();
    let told = status.lines().filter(|line| line.starts_with("VmHWM") || line.starts_with("VmRSS"));
    told.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join(", ")
}

/// Follows a watch, and begins anew when it ends.
async fn watch(server: String, path: String, counts: Arc<Counts>) -> Result<(), Failure> {
    let sign = if path.contains('?') { '&' } else { '?' };
    while !counts.is_over.load(Ordering::Relaxed) {
        let mut stream = TcpStream::connect(&server).await?;
        stream.write_all(format!("GET {path}{sign}watch=true HTTP/1.1\r\nHost: sim\r\n\r\n").as_bytes()).await?;
        let mut lines = BufReader::new(stream);
        let mut line = Vec::new();
        loop {
            line.clear();
            if lines.read_until(b'\n', &mut line).await? == 0 || line == b"0\r\n" {
                break;
            }
            if line.starts_with(b"{\"type\"") {
                counts.events.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
    Ok(())
}

/// What a watcher is told last that has not read for long.
async fn ending(mut stream: TcpStream) -> Result<String, Failure> {
    let mut tail = Vec::new();
    let mut read = 0;
    let mut buffer = vec![0; 1 << 20];
    loop {
        match tokio::time::timeout(Duration::from_secs(20), stream.read(&mut buffer)).await {
            Ok(Ok(0)) | Ok(Err(_)) => break,
            Ok(Ok(count)) => {
                read += count;
                tail.extend_from_slice(&buffer[..count]);
                tail.drain(..tail.len().saturating_sub(2_000));
                if tail.windows(14).any(|part| part == b"\"type\":\"ERROR\"") {
                    break;
                }
            }
            Err(_) => return Ok(format!("{read} bytes, and then nothing more for 20 s")),
        }
    }
    let text = String::from_utf8_lossy(&tail);
    let end = text.find("{\"type\":\"ERROR\"").map_or("no error", |at| text[at..].lines().next().unwrap_or_default());
    Ok(format!("{read} bytes, then {end}"))
}

/// Requests on one connection, at its share of the rate; how long each took.
async fn ask_on(server: String, number: usize, until: Instant, counts: Arc<Counts>) -> Result<Vec<Duration>, Failure> {
    let mut stream = BufReader::new(TcpStream::connect(&server).await?);
    stream.get_ref().set_nodelay(true)?;
    let mut ticks = tokio::time::interval(Duration::from_micros(1_000_000 * CONNECTIONS as u64 / A_SECOND));
    let mut took = Vec::new();
    let mut turn = number;
    while Instant::now() < until {
        ticks.tick().await;
        turn += 1;
        let one = turn * 37;
        let (method, path, type_, body) = match turn % 20 {
            0 => {
                let path = format!("/apis/apps/v1/namespaces/default/deployments/web-{}/scale", one % DEPLOYMENTS);
                let body = format!("{{\"spec\":{{\"replicas\":{}}}}}", REPLICAS - one % 10);
                ("PATCH", path, "application/merge-patch+json", body)
            }
            1..4 => {
                let body = format!("{{\"metadata\":{{\"annotations\":{{\"turn\":\"{turn}\"}}}}}}");
                ("PATCH", format!("/api/v1/nodes/{}", node(one % NODES)), "application/merge-patch+json", body)
            }
            4 => ("GET", "/api/v1/namespaces/default/pods?limit=50".to_owned(), "", String::new()),
            5..10 => (
                "GET",
                format!("/apis/apps/v1/namespaces/default/deployments/web-{}", one % DEPLOYMENTS),
                "",
                String::new(),
            ),
            _ => ("GET", format!("/api/v1/nodes/{}", node(one % NODES)), "", String::new()),
        };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: sim\r\nContent-Type: {type_}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let start = Instant::now();
        stream.get_mut().write_all(&[head.as_bytes(), body.as_bytes()].concat()).await?;
        let code = answer(&mut stream).await?;
        took.push(start.elapsed());
        counts.answered.fetch_add(1, Ordering::Relaxed);
        if code >= 400 {
            counts.refused.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(took)
}

/// Reads an answer; its code.
async fn answer(stream: &mut BufReader<TcpStream>) -> Result<u16, Failure> {
    let (mut code, mut length) = (0, 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Err("the server closed the connection".into());
        }
        let line = line.trim_end();
        if let Some(rest) = line.strip_prefix("HTTP/1.1 ") {
            code = rest.split(' ').next().unwrap_or_default().parse()?;
        }
        if let Some(said) = line.to_lowercase().strip_prefix("content-length: ") {
            length = said.parse()?;
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(code)
}
