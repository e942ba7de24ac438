//! Watches: what is there, what changes, bookmarks, and a clear word when a watch is too late.

use std::convert::Infallible;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use serde_json::{Value, json};
use sim_cluster::Object;
use sim_cluster::print::PrintContext;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::watch::Receiver;
use tokio::time::{Instant, sleep_until};
use tokio_stream::wrappers::ReceiverStream;

use crate::answer::{Answer, Failure, typed_answer};
use crate::behaviour::Behaviour;
use crate::journal::{Journal, Write};
use crate::list_options;
use crate::query::Query;
use crate::read::{Form, Include, Selection, too_new};
use crate::running::{Running, View};

/// How often a client that wants bookmarks gets one.
const BOOKMARK: Duration = Duration::from_secs(60);
/// How long a watch lasts that does not say, at least as upstream's (`--min-request-timeout`).
const LASTS: Duration = Duration::from_secs(1800);
/// So many writes are looked at before others get their turn.
const BATCH: usize = 512;
/// So many lines wait for a client that reads slowly; what comes after them waits in the journal.
const LINES: usize = 64;

/// The annotation of the bookmark that ends what was there at the start (`metav1.InitialEventsAnnotationKey`).
const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

/// Opens a watch.
///
/// # Errors
/// When its options do not go together.
pub(crate) fn watch(running: &Arc<Running>, selection: Selection, query: &Query) -> Result<Answer, Failure> {
    let view = running.view();
    let behaviour = Behaviour::of(view.version);
    list_options::check(query, &behaviour, true)?;
    let initial = list_options::sends_initial(query, &behaviour);
    let from = query.resource_version()?;
    if let Some(from) = from.filter(|from| *from > view.resource_version) {
        return Err(too_new(from, view.resource_version));
    }
    let asked = query.number("timeoutSeconds")?.filter(|seconds| *seconds > 0);
    let lasts = asked.map_or(LASTS, |seconds| Duration::from_secs(seconds.min(86_400)));
    let (lines, received) = mpsc::channel(LINES);
    let watching = Watching {
        running: Arc::clone(running),
        epoch: view.epoch,
        position: from.filter(|from| *from > 0 && initial != Some(true)).unwrap_or(view.resource_version),
        bookmarks: query.is_set("allowWatchBookmarks"),
        ends: Instant::now() + lasts,
        has_columns: false,
        selection,
        lines,
    };
    let shows_all = initial.unwrap_or_else(|| from.is_none_or(|from| from == 0));
    // Its end is told in a bookmark to those who want any.
    let tells_end = initial == Some(true) && watching.bookmarks;
    tokio::spawn(watching.run(shows_all.then_some(view), tells_end));
    let body = Body::from_stream(ReceiverStream::new(received));
    Ok(typed_answer(200, "application/json", body))
}

/// An open watch.
struct Watching {
    running: Arc<Running>,
    selection: Selection,
    /// Which life of the cluster it follows.
    epoch: u64,
    /// Everything up to this version has been told.
    position: u64,
    bookmarks: bool,
    ends: Instant,
    /// Whether the columns of a Table have been told: once is enough.
    has_columns: bool,
    lines: mpsc::Sender<Result<Bytes, Infallible>>,
}

/// Why a watch is over.
enum Over {
    /// The client is gone, or everything ends.
    Gone,
    /// What the client has not been told is no longer known.
    TooLate,
}

impl Watching {
    async fn run(mut self, view: Option<Arc<View>>, tells_end: bool) {
        if let Err(Over::TooLate) = self.follow(view, tells_end).await {
            // Nothing of the cluster is held any longer: who reads on is told, who does not is cut off by the connection.
            let oldest = self.journal(|journal| journal.since());
            let failure = Failure::too_old(self.position, oldest);
            let line = json!({"type": "ERROR", "object": failure.status()}).to_string() + "\n";
            let mut ending = self.running.ending();
            tokio::select! {
                _ = self.lines.send(Ok(Bytes::from(line))) => {}
                () = has_ended(&mut ending) => {}
            }
        }
    }

    fn journal<T>(&self, look: impl FnOnce(&Journal) -> T) -> T {
        look(&self.running.journal.read().unwrap_or_else(PoisonError::into_inner))
    }

    async fn follow(&mut self, view: Option<Arc<View>>, tells_end: bool) -> Result<(), Over> {
        if let Some(view) = view {
            // All objects are looked at: that must not hold up whoever else is served.
            let (selection, of) = (self.selection.clone(), Arc::clone(&view));
            let listed = tokio::task::spawn_blocking(move || selection.objects(&of)).await;
            for object in listed.map_err(|_| Over::Gone)? {
                self.tell("ADDED", &object, &view.context).await?;
            }
        }
        if tells_end {
            self.bookmark(true).await?;
        }
        let mut moves = self.running.moves();
        let mut ending = self.running.ending();
        let mut next_bookmark = Instant::now() + BOOKMARK;
        loop {
            while self.catch_up().await? {}
            tokio::select! {
                moved = moves.changed() => moved.map_err(|_| Over::Gone)?,
                () = has_ended(&mut ending) => return Err(Over::Gone),
                () = self.lines.closed() => return Err(Over::Gone),
                () = sleep_until(self.ends) => {
                    if self.bookmarks {
                        self.bookmark(false).await?;
                    }
                    return Ok(());
                }
                () = sleep_until(next_bookmark), if self.bookmarks => {
                    self.bookmark(false).await?;
                    next_bookmark = Instant::now() + BOOKMARK;
                }
            }
        }
    }

    /// Tells what was written since; whether there may be more.
    async fn catch_up(&mut self) -> Result<bool, Over> {
        let (position, epoch) = (self.position, self.epoch);
        let read = self.journal(|journal| {
            journal.knows(position, epoch).then(|| (journal.after(position, BATCH), journal.newest()))
        });
        let (writes, newest) = read.ok_or(Over::TooLate)?;
        let more = writes.len() == BATCH;
        let mut context = self.running.view().context;
        for write in writes {
            context.now = write.at;
            self.position = write.version;
            let is_of = |object: &&Object| self.selection.is_of_resource(object);
            let (before, after) = (write.before.as_ref().filter(is_of), write.after.as_ref().filter(is_of));
            let selects = |object: &Option<&Object>| object.is_some_and(|object| self.selection.selects(object));
            match (selects(&before), selects(&after), before, after) {
                (false, true, _, Some(object)) => self.tell_write("ADDED", &write, object, &context).await?,
                (true, true, _, Some(object)) => self.tell_write("MODIFIED", &write, object, &context).await?,
                (true, false, Some(gone), _) => {
                    // What is gone is told as it was, with the version of its end.
                    let mut gone = gone.clone();
                    gone.metadata_mut().resource_version = Some(write.version.to_string());
                    self.tell("DELETED", &gone, &context).await?;
                }
                _ => {}
            }
        }
        if !more {
            self.position = self.position.max(newest);
        }
        Ok(more)
    }

    async fn tell_write(
        &mut self,
        type_: &str,
        write: &Write,
        object: &Object,
        context: &PrintContext,
    ) -> Result<(), Over> {
        if self.selection.shows_as_stored() {
            return self.send(format!("{{\"type\":\"{type_}\",\"object\":{}}}\n", write.json())).await;
        }
        self.tell(type_, object, context).await
    }

    async fn tell(&mut self, type_: &str, object: &Object, context: &PrintContext) -> Result<(), Over> {
        if self.selection.form == Form::Objects {
            return self.send(format!("{{\"type\":\"{type_}\",\"object\":{}}}\n", self.selection.text(object))).await;
        }
        let mut shown = self.selection.show(object, context);
        if matches!(self.selection.form, Form::Table(_)) && std::mem::replace(&mut self.has_columns, true) {
            shown["columnDefinitions"] = Value::Null;
        }
        self.line(json!({"type": type_, "object": shown})).await
    }

    async fn bookmark(&mut self, ends_initial: bool) -> Result<(), Over> {
        let mut metadata = json!({"resourceVersion": self.position.to_string(), "creationTimestamp": null});
        if ends_initial {
            metadata["annotations"] = json!({INITIAL_EVENTS_END: "true"});
        }
        let served = &self.selection.served;
        let object = match self.selection.form {
            Form::Objects => {
                json!({"kind": served.resource.kind, "apiVersion": served.api_version(), "metadata": metadata})
            }
            Form::Metadata => {
                json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata})
            }
            Form::Table(include) => {
                let row = match include {
                    Include::Nothing => Value::Null,
                    Include::Metadata | Include::Object => json!({"metadata": metadata}),
                };
                json!({
                    "kind": "Table", "apiVersion": "meta.k8s.io/v1",
                    "metadata": {"resourceVersion": self.position.to_string()},
                    "columnDefinitions": null,
                    "rows": if ends_initial { json!([{"cells": [], "object": row}]) } else { json!([]) },
                })
            }
        };
        self.line(json!({"type": "BOOKMARK", "object": object})).await
    }

    async fn line(&self, event: Value) -> Result<(), Over> {
        self.send(event.to_string() + "\n").await
    }

    async fn send(&self, line: String) -> Result<(), Over> {
        let line = match self.lines.try_send(Ok(Bytes::from(line))) {
            Ok(()) => return Ok(()),
            Err(TrySendError::Closed(_)) => return Err(Over::Gone),
            Err(TrySendError::Full(line)) => line,
        };
        let mut ending = self.running.ending();
        tokio::select! {
            sent = self.lines.send(line) => sent.map_err(|_| Over::Gone),
            () = has_ended(&mut ending) => Err(Over::Gone),
            () = self.is_too_late() => Err(Over::TooLate),
        }
    }

    /// Waits until what comes next is no longer known.
    async fn is_too_late(&self) {
        let mut moves = self.running.moves();
        while self.journal(|journal| journal.knows(self.position, self.epoch)) {
            if moves.changed().await.is_err() {
                return;
            }
        }
    }
}

/// Waits for the end of everything.
async fn has_ended(ending: &mut Receiver<bool>) {
    // Nobody who could tell is an end too.
    let _ = ending.wait_for(|ended| *ended).await;
}
