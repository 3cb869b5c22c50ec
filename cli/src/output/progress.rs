//! The progress bar: on a terminal only, and on stderr.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use kitestring::{Phase, Progress, ProgressSink};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// What is drawn before anything was counted.
const STARTING: &str = "{spinner:.cyan} {msg}";

/// The bar. It vanishes when it is dropped.
pub(crate) struct Bar {
    bar: ProgressBar,
    phase: Arc<Mutex<Option<Phase>>>,
}

impl Bar {
    /// Makes a bar that is drawn only if stderr is a terminal, and not at all if `hidden`.
    pub(crate) fn new(hidden: bool) -> Self {
        let target = if hidden { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_style(style(STARTING));
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar, phase: Arc::default() }
    }

    /// Returns what moves the bar.
    pub(crate) fn sink(&self) -> ProgressSink {
        let (bar, phase) = (self.bar.clone(), self.phase.clone());
        ProgressSink::new(move |progress| {
            let mut shown = phase.lock().unwrap_or_else(PoisonError::into_inner);
            if shown.replace(progress.phase) != Some(progress.phase) {
                bar.set_message(words(progress.phase));
            }
            drop(shown);
            show(&bar, progress);
        })
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn show(bar: &ProgressBar, progress: Progress) {
    match progress.total {
        // A first comparison has nothing to compare with, so it cannot say how far it is.
        Some(total) if total > 0 && total >= progress.done => {
            bar.set_style(style("{spinner:.cyan} {msg:<22} {bar:30.cyan/dim} {human_pos}/{human_len}  {elapsed}"));
            // Both at once: a position beyond the length would be drawn else.
            bar.update(|state| {
                state.set_len(total);
                state.set_pos(progress.done);
            });
            return;
        }
        _ if progress.done == 0 => bar.set_style(style(STARTING)),
        _ => bar.set_style(style("{spinner:.cyan} {msg:<22} {human_pos}")),
    }
    bar.set_position(progress.done);
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸─")
}

fn words(phase: Phase) -> &'static str {
    match phase {
        Phase::Scan => "Looking for changes",
        Phase::Read => "Reading the drive",
        Phase::Pull => "Pulling",
        Phase::Wait => "Waiting for a device",
        Phase::Push => "Pushing",
        Phase::Compact => "Tidying the drive",
    }
}
