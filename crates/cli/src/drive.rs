//! Running with a person at the terminal: progress while it takes long, and Ctrl-C.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use sim_cluster::{Cluster, StopReason, Stopped, Trial, format_millis};

use crate::terminal::Terminal;

/// So many events are taken between two looks at the keyboard: some ten milliseconds.
const EVENTS_AT_A_TIME: u64 = 2_000;
/// A run shorter than this shows no progress.
const PATIENCE: Duration = Duration::from_millis(700);
/// How often the progress is drawn anew.
const REFRESH: Duration = Duration::from_millis(100);

/// Whether somebody pressed Ctrl-C, or would not be heard.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Runs to the end, or to the first Ctrl-C; a second one ends the process.
#[expect(clippy::disallowed_methods, reason = "the person's clock, for the progress only")]
pub(crate) fn drive(trial: &mut Trial, cluster: &mut Cluster, terminal: &Terminal) -> Stopped {
    catch_interrupts();
    let begun = Instant::now();
    let mut drawn = begun;
    let mut progress: Option<ProgressBar> = None;
    let before = cluster.events_taken();
    loop {
        if let Some(stopped) = trial.go_on(cluster, EVENTS_AT_A_TIME) {
            progress.iter().for_each(ProgressBar::finish_and_clear);
            return stopped;
        }
        if INTERRUPTED.load(Ordering::Relaxed) {
            progress.iter().for_each(ProgressBar::finish_and_clear);
            return Stopped::now(StopReason::Interrupted, cluster);
        }
        let elapsed = begun.elapsed();
        if elapsed > PATIENCE && drawn.elapsed() > REFRESH && terminal.is_watched() {
            drawn = Instant::now();
            let rate = (cluster.events_taken() - before) as f64 / elapsed.as_secs_f64();
            let line = format!(
                "{} of virtual time, {} events per second; Ctrl-C stops",
                format_millis(cluster.now_ms() / 1000 * 1000),
                HumanCount(rate as u64)
            );
            let bar = progress.get_or_insert_with(spinner);
            bar.set_message(line);
            bar.tick();
        }
    }
}

/// Whether somebody pressed Ctrl-C; from the first call on, Ctrl-C asks rather than ends.
pub(crate) fn is_interrupted() -> bool {
    catch_interrupts();
    INTERRUPTED.load(Ordering::Relaxed)
}

/// A line on a terminal that says how far something is, once it takes long.
pub(crate) struct Watch {
    is_watched: bool,
    begun: Instant,
    drawn: Instant,
    bar: Option<ProgressBar>,
}

impl Watch {
    #[expect(clippy::disallowed_methods, reason = "the person's clock, for the progress only")]
    pub(crate) fn new(terminal: &Terminal) -> Self {
        let now = Instant::now();
        Self { is_watched: terminal.is_watched(), begun: now, drawn: now, bar: None }
    }

    #[expect(clippy::disallowed_methods, reason = "the person's clock, for the progress only")]
    pub(crate) fn say(&mut self, line: impl FnOnce() -> String) {
        if self.is_watched && self.begun.elapsed() > PATIENCE && self.drawn.elapsed() > REFRESH {
            self.drawn = Instant::now();
            let bar = self.bar.get_or_insert_with(spinner);
            bar.set_message(line());
            bar.tick();
        }
    }

    pub(crate) fn end(&self) {
        self.bar.iter().for_each(ProgressBar::finish_and_clear);
    }
}

/// From here on a Ctrl-C ends the process at once: nobody asks for it any more, and no file is being written.
pub(crate) fn stop_listening() {
    INTERRUPTED.store(true, Ordering::Relaxed);
}

/// The first Ctrl-C asks the run to stop where it is; without a handler it ends the process at once, which is no harm.
fn catch_interrupts() {
    let _ = ctrlc::try_set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(crate::error::EXIT_INTERRUPTED));
        }
    });
}

fn spinner() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    bar.with_style(ProgressStyle::default_spinner())
}
