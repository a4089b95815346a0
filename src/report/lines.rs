//! Plain lines on stderr: for logs, pipes and CI.

use crate::event::{Event, Reporter};
use crate::report::safe::set_in;
use crate::report::{complain, one_line};

/// One line for each step that ends, more with `-v`.
#[derive(Debug)]
pub struct Lines {
    verbose: u8,
}

impl Lines {
    /// `verbose` 1 shows beginnings and what children print.
    pub fn new(verbose: u8) -> Self {
        Self { verbose }
    }
}

impl Reporter for Lines {
    fn tell(&self, event: &Event) {
        match event {
            Event::Started { name, step } if self.verbose > 0 => {
                complain(&format!("{name}: {step} …"));
            }
            Event::Doing { name, step, what } if self.verbose > 0 => {
                complain(&format!("{name}: {step}: {}", one_line(what)));
            }
            Event::Output { name, line } if self.verbose > 0 => {
                complain(&format!("{name}: | {}", one_line(line)));
            }
            Event::Started { .. } | Event::Doing { .. } | Event::Output { .. } => {}
            Event::Done {
                name,
                step,
                what,
                took,
            } => complain(&format!(
                "{name}: {step:<8} {:>6.1}s  {}",
                took.as_secs_f64(),
                one_line(what)
            )),
            Event::Failed { name, step, took } => complain(&format!(
                "{name}: {step:<8} {:>6.1}s  failed",
                took.as_secs_f64()
            )),
            Event::Note(text) => complain(&format!("note: {}", set_in(text))),
            Event::Warning(text) => complain(&format!("warning: {}", set_in(text))),
        }
    }
}
