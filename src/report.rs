//! The faces that events are shown with. The only module that prints.

mod bars;
mod failures;
mod lines;
mod price;
mod quote;
mod safe;
mod table;

pub use bars::Bars;
pub use failures::{FailureDocument, FailuresDocument};
pub use lines::Lines;
pub use price::per_hour;
pub use quote::quote;
pub use safe::one_line;
pub use table::table;

use crate::event::Teller;
use crate::failure::{Failure, Outcome};
use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Progress bars on a terminal, plain lines elsewhere; both on stderr.
pub fn choose(verbose: u8) -> Teller {
    if std::io::stderr().is_terminal() && verbose == 0 {
        Teller::new(Arc::new(Bars::default()))
    } else {
        Teller::new(Arc::new(Lines::new(verbose)))
    }
}

/// Writes a text to stdout, fit for a terminal; a reader that has gone away is no error.
pub fn print(text: &str) {
    hand_over(&safe::safe(text));
}

/// Writes a text to stdout as it is: for the program that asked for it.
pub fn hand_over(text: &str) {
    if text.is_empty() {
        return;
    }
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    if !text.ends_with('\n') {
        let _ = out.write_all(b"\n");
    }
    let _ = out.flush();
}

/// Whether this process has written its document: there is one, whatever comes after it.
static DOCUMENT: AtomicBool = AtomicBool::new(false);

/// Whether the one JSON document was written.
pub fn has_document() -> bool {
    DOCUMENT.load(Ordering::Relaxed)
}

/// Writes the one JSON document of a command to stdout.
pub fn document(value: &impl serde::Serialize) {
    DOCUMENT.store(true, Ordering::Relaxed);
    match serde_json::to_string_pretty(value) {
        Ok(text) => hand_over(&safe::json(&text)),
        Err(error) => complain(&format!("cannot write JSON: {error}")),
    }
}

/// Writes a line to stderr, fit for a terminal.
pub fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", safe::safe(text));
}

/// Asks on the terminal, and answers with what was typed; `None` without a terminal.
///
/// What is typed is read on a thread of its own, which is left behind if nobody waits for the
/// answer any more: a read from a terminal cannot be given up.
pub async fn ask(question: &str) -> Option<String> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return None;
    }
    let _ = write!(std::io::stderr().lock(), "{} ", one_line(question));
    let (tell, told) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut answer = String::new();
        let read = std::io::stdin().read_line(&mut answer);
        let _ = tell.send(read.ok().map(|_| answer.trim().to_owned()));
    });
    told.await.ok().flatten()
}

/// Tells several failures, and ends with the exit code of the first.
pub fn failures(all: impl IntoIterator<Item = Failure>) -> Outcome {
    let mut code = None;
    for one in all {
        complain(failure(&one).trim_end());
        code.get_or_insert(one.code());
    }
    code.map_or(Ok(()), |code| Err(Failure::ended_with(code.into())))
}

/// A failure as the user reads it: the cause first, then what remains, then how to go on.
pub fn failure(failure: &Failure) -> String {
    let mut text = format!("error: {}\n", one_line(&failure.what));
    let mut part = |head: &str, body: &str| {
        let body = safe::safe(body);
        let mut lines = body.lines();
        text.push_str(&format!(
            "  {head:<8}{}\n",
            lines.next().unwrap_or_default()
        ));
        for line in lines {
            text.push_str(&format!("          {line}\n"));
        }
    };
    if !failure.why.is_empty() {
        part("why", &failure.why);
    }
    if let Some(mend) = &failure.mend {
        part("mend", mend);
    }
    if let Some(look) = &failure.look {
        part("look", look);
    }
    for remains in &failure.remains {
        part("remains", remains);
    }
    if let Some(resume) = &failure.resume {
        part("resume", resume);
    }
    if let Some(remove) = &failure.remove {
        part("remove", remove);
    }
    text
}
