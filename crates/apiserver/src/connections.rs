//! Connections: plain or with TLS, and none that keeps its request back for ever.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;

/// How long to wait when no connection can be taken: there are too many files open.
const PAUSE: Duration = Duration::from_millis(100);

/// How long clients may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Until the head of a request is there.
    pub(crate) patience: Duration,
    /// Until something of an answer is taken. A connection that is broken without a word would keep its answer for ever.
    pub(crate) stalled: Duration,
}

/// Takes connections and serves them until `ended`, then until they have had their answers.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<TlsAcceptor>,
    limits: Limits,
    ended: impl Future<Output = ()>,
) {
    let open = GracefulShutdown::new();
    let mut ended = pin!(ended);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut ended => break,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        // An event of a watch does not wait for the next one.
        let _ = stream.set_nodelay(true);
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(limits.stalled));
        let stream = Box::pin(stream);
        let patience = limits.patience;
        let (router, tls, watcher) = (router.clone(), tls.clone(), open.watcher());
        tokio::spawn(async move {
            match tls {
                None => answer(stream, router, patience, watcher).await,
                Some(tls) => {
                    if let Ok(Ok(stream)) = tokio::time::timeout(patience, tls.accept(stream)).await {
                        answer(stream, router, patience, watcher).await;
                    }
                }
            }
        });
    }
    drop(listener);
    open.shutdown().await;
}

/// Answers the requests of a connection. One that breaks is its client's affair.
async fn answer<Stream>(stream: Stream, router: Router, patience: Duration, watcher: Watcher)
where
    Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(patience);
    let _ = watcher.watch(http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))).await;
}
