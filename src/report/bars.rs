//! A line for each step on the terminal, with the time it has taken so far.

use crate::event::{Event, Reporter, Step};
use crate::report::one_line;
use crate::report::safe::set_in;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Progress lines drawn by indicatif on stderr.
#[derive(Debug, Default)]
pub struct Bars {
    all: MultiProgress,
    running: Mutex<HashMap<(String, Step), ProgressBar>>,
}

impl Bars {
    fn bar(&self, name: &str, step: Step) -> Option<ProgressBar> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.get(&(name.to_owned(), step)).cloned()
    }

    fn start(&self, name: &str, step: Step) {
        let bar = self.all.add(ProgressBar::new_spinner());
        if let Ok(style) =
            ProgressStyle::with_template("{spinner} {prefix} {elapsed:>5}  {wide_msg}")
        {
            bar.set_style(style);
        }
        bar.set_prefix(format!("{}: {step:<8}", one_line(name)));
        bar.enable_steady_tick(Duration::from_millis(120));
        self.running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert((name.to_owned(), step), bar);
    }

    fn end(&self, name: &str, step: Step, line: &str) {
        let bar = self
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&(name.to_owned(), step));
        if let Some(bar) = bar {
            bar.finish_and_clear();
            self.all.remove(&bar);
        }
        self.line(line);
    }

    fn line(&self, text: &str) {
        let _ = self.all.println(super::safe::safe(text));
    }
}

impl Reporter for Bars {
    fn tell(&self, event: &Event) {
        match event {
            Event::Started { name, step } => self.start(name, *step),
            Event::Doing { name, step, what } => {
                if let Some(bar) = self.bar(name, *step) {
                    bar.set_message(one_line(what).into_owned());
                }
            }
            Event::Output { .. } => {}
            Event::Done {
                name,
                step,
                what,
                took,
            } => {
                let secs = took.as_secs_f64();
                self.end(
                    name,
                    *step,
                    &format!("✓ {name}: {step:<8} {secs:>6.1}s  {}", one_line(what)),
                );
            }
            Event::Failed { name, step, took } => {
                let secs = took.as_secs_f64();
                self.end(
                    name,
                    *step,
                    &format!("✗ {name}: {step:<8} {secs:>6.1}s  failed"),
                );
            }
            Event::Note(text) => self.line(&format!("note: {}", set_in(text))),
            Event::Warning(text) => self.line(&format!("warning: {}", set_in(text))),
        }
    }

    fn pause(&self) {
        let _ = self.all.clear();
    }
}
