//! What the installer prints, read until it ends, and whether another machine answered meanwhile.

use super::log::Log;
use crate::child::Group;
use crate::event::Running;
use crate::ssh::{Target, pins};
use ssh_key::PublicKey;
use std::collections::VecDeque;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader};

/// Lines that are shown when a phase fails.
const LAST_LINES: usize = 15;
/// A line is cut here: a program that prints no end of line must not fill the memory.
const LONGEST_LINE: usize = 16 * 1024;
/// When it has ended, what it left in its pipes has this long to come: one of its children that
/// got away may hold them open for ever.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// Between two looks at which host key the target shows.
const BETWEEN_LOOKS: Duration = Duration::from_secs(5);

/// How it came to its end.
pub(super) enum Ended {
    With(std::process::ExitStatus),
    /// Another host key answered: nixos-anywhere would try again for ever.
    Stranger,
}

/// Reads what it prints until it ends. Lines that may mean that another host key answered are
/// looked into by `shows_another`: connections to others (a git server, a builder) end with the
/// same words, and are no reason to stop a disk from being written.
pub(super) async fn watch<L: Future<Output = bool>>(
    group: &mut Group,
    log: &mut Log,
    running: &Running,
    last: &mut VecDeque<String>,
    shows_another: impl Fn() -> L,
) -> std::io::Result<Ended> {
    let mut out = Lines::new(group.child().stdout.take());
    let mut err = Lines::new(group.child().stderr.take());
    let mut looked: Option<Instant> = None;
    let mut suspected = false;
    let mut status = None;
    let late = tokio::time::sleep(Duration::MAX);
    tokio::pin!(late);
    while status.is_none() || !(out.ended() && err.ended()) {
        let line = tokio::select! {
            line = out.next(), if !out.ended() => line,
            line = err.next(), if !err.ended() => line,
            ended = group.wait(), if status.is_none() => {
                status = Some(ended?);
                late.as_mut().reset(tokio::time::Instant::now() + LAST_WORDS);
                continue;
            }
            () = &mut late => break,
        };
        let Some(line) = line else { continue };
        log.line(&line);
        suspected |= is_suspect(&line);
        match heading(&line) {
            Some(heading) => running.doing(heading),
            None => running.output(line.clone()),
        }
        if last.len() == LAST_LINES {
            last.pop_front();
        }
        last.push_back(line);
        // a program that says it without end must not be held up without end
        if suspected && looked.is_none_or(|at| at.elapsed() > BETWEEN_LOOKS) {
            if shows_another().await {
                return Ok(Ended::Stranger);
            }
            (suspected, looked) = (false, Some(Instant::now()));
        }
    }
    let status = match status {
        Some(status) => status,
        // only what has ended is late, so there is always one
        None => group.wait().await?,
    };
    if suspected && !status.success() && shows_another().await {
        return Ok(Ended::Stranger);
    }
    Ok(Ended::With(status))
}

/// What OpenSSH says when the pinned key is not the one that is shown (sshconnect.c).
fn is_suspect(line: &str) -> bool {
    line.contains("REMOTE HOST IDENTIFICATION HAS CHANGED")
        || line.contains("Host key verification failed")
}

/// Whether the target shows a host key that is not pinned. One that shows none is not judged: our
/// `ssh` lets nobody in who has another.
pub(super) async fn shows_another(target: &Target, deadline: Duration) -> bool {
    let shown = pins::shown_by(&target.host, target.port, deadline).await;
    shown.is_ok_and(|shown| is_another(shown.as_ref(), &target.pins))
}

pub(super) fn is_another(shown: Option<&PublicKey>, pinned: &Path) -> bool {
    let is_pinned = |shown: &PublicKey| {
        let pinned = pins::read(pinned);
        pinned.iter().any(|key| key.key_data() == shown.key_data())
    };
    shown.is_some_and(|shown| !is_pinned(shown))
}

/// `### Formatting hard drive with disko ###` is what nixos-anywhere calls a step.
fn heading(line: &str) -> Option<String> {
    let inner = line.trim().strip_prefix("###")?.strip_suffix("###")?;
    Some(inner.trim().to_lowercase())
}

/// The lines of a pipe, without control characters, each of bounded length.
struct Lines<R> {
    pipe: Option<BufReader<R>>,
    /// The beginning of a line whose end has not come yet.
    begun: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    fn new(pipe: Option<R>) -> Self {
        Self {
            pipe: pipe.map(BufReader::new),
            begun: Vec::new(),
        }
    }

    fn ended(&self) -> bool {
        self.pipe.is_none()
    }

    /// The next line. Whoever does not wait for its end loses nothing of it.
    async fn next(&mut self) -> Option<String> {
        let pipe = self.pipe.as_mut()?;
        let room = LONGEST_LINE.saturating_sub(self.begun.len());
        let mut part = pipe.take(u64::try_from(room).unwrap_or_default());
        let read = part.read_until(b'\n', &mut self.begun).await;
        let has_more = room == 0 || matches!(read, Ok(1..));
        if !has_more {
            self.pipe = None;
        }
        let bytes = std::mem::take(&mut self.begun);
        if !has_more && bytes.is_empty() {
            return None;
        }
        let text = String::from_utf8_lossy(&bytes);
        Some(
            text.trim_end()
                .chars()
                .filter(|c| !c.is_control() || *c == '\t')
                .collect(),
        )
    }
}

/// The lines of what was printed, for property tests and fuzz targets.
#[cfg(any(test, feature = "fuzz"))]
pub(crate) fn read_all(bytes: &[u8]) -> Vec<String> {
    let mut lines = Lines::new(Some(bytes));
    let mut read = Vec::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    if let Ok(runtime) = runtime {
        runtime.block_on(async {
            while !lines.ended() {
                if let Some(line) = lines.next().await {
                    let _ = (heading(&line), is_suspect(&line));
                    read.push(line);
                }
            }
        });
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::child;
    use crate::event::{Event, Reporter, Step, Teller};
    use crate::identity::KeyFile;
    use std::cell::Cell;
    use std::fs::File;
    use std::process::Stdio;
    use std::sync::Arc;

    #[test]
    fn headings_are_told_from_other_lines() {
        assert_eq!(
            heading("### Formatting hard drive with disko ###").as_deref(),
            Some("formatting hard drive with disko")
        );
        assert_eq!(heading("# a comment"), None);
        assert_eq!(heading("copying path '/nix/store/x'"), None);
    }

    #[test]
    fn words_that_may_mean_another_host_key_are_told_from_others() {
        for (line, suspect) in [
            (
                "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @",
                true,
            ),
            ("Host key verification failed.", true),
            ("ssh-copy-id: ERROR: Host key verification failed.", true),
            (
                "ssh: connect to host 192.0.2.1 port 22: Connection refused",
                false,
            ),
            ("Permission denied (publickey).", false),
        ] {
            assert_eq!(is_suspect(line), suspect, "{line}");
        }
    }

    #[derive(Debug)]
    struct Nobody;

    impl Reporter for Nobody {
        fn tell(&self, _: &Event) {}
    }

    /// How a program of these lines ends, what was kept of it, and how often it was looked into.
    async fn watched(script: &str, is_another: bool) -> (Ended, String, usize) {
        let dir = tempfile::tempdir().unwrap();
        let mut log = Log::new(File::create(dir.path().join("log")).unwrap());
        let mut command = child::command("sh");
        command
            .args(["-c", script])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut group = Group::start(&mut command).unwrap();
        let running = Teller::new(Arc::new(Nobody)).begin("web-1", Step::Install);
        let mut last = VecDeque::new();
        let looks = Cell::new(0);
        let shows_another = || {
            looks.set(looks.get() + 1);
            std::future::ready(is_another)
        };
        let ended = watch(&mut group, &mut log, &running, &mut last, shows_another);
        let ended = ended.await.unwrap();
        drop(log);
        let kept = std::fs::read_to_string(dir.path().join("log")).unwrap();
        (ended, kept, looks.get())
    }

    #[tokio::test]
    async fn only_another_key_of_the_target_ends_the_installation() {
        let words = "echo 'fetching git+ssh://git@example.org/x'; \
                     echo 'Host key verification failed.' >&2; ";
        let (ended, kept, looks) = watched(&format!("{words} sleep 600"), true).await;
        assert!(matches!(ended, Ended::Stranger));
        assert!(kept.contains("Host key verification failed."), "{kept}");
        assert_eq!(looks, 1);
        // somebody else's words: it goes on to its own end
        let (ended, kept, looks) = watched(&format!("{words} echo on; exit 0"), false).await;
        assert!(matches!(ended, Ended::With(status) if status.success()));
        assert!(kept.contains("on\n"), "{kept}");
        assert_eq!(looks, 1);
        let (ended, _, looks) = watched("echo 'connection refused'; exit 3", true).await;
        assert!(matches!(ended, Ended::With(status) if status.code() == Some(3)));
        assert_eq!(looks, 0);
    }

    #[tokio::test]
    async fn who_leaves_children_behind_has_ended_all_the_same() {
        // the first is of its group and ended with it, the other got away with its pipes
        for left in ["sleep 600 &", "setsid sleep 20 &"] {
            let began = Instant::now();
            let (ended, kept, _) = watched(&format!("{left} echo on; exit 3"), false).await;
            assert!(matches!(ended, Ended::With(status) if status.code() == Some(3)));
            assert_eq!(kept, "on\n", "{left}");
            assert!(began.elapsed() < Duration::from_secs(15), "{left}");
        }
    }

    #[tokio::test]
    async fn a_line_that_comes_in_parts_is_one_line() {
        let parts = "printf begun; for i in 1 2 3 4 5 6 7 8 9; do echo $i >&2; sleep 0.02; done; \
                     echo ' and ended'; printf last";
        let (_, kept, _) = watched(parts, false).await;
        assert!(kept.contains("begun and ended\n"), "{kept}");
        assert!(kept.contains("last\n"), "{kept}");
    }

    #[tokio::test]
    async fn who_says_it_without_end_is_looked_into_now_and_then() {
        let many = "for i in 1 2 3 4 5 6 7 8 9; do echo 'Host key verification failed.'; done; ";
        let (ended, kept, looks) = watched(&format!("{many} exit 0"), false).await;
        assert!(matches!(ended, Ended::With(status) if status.success()));
        assert_eq!((kept.lines().count(), looks), (9, 1));
        // what was said since the last look counts when it fails
        let (_, _, looks) = watched(&format!("{many} exit 1"), false).await;
        assert_eq!(looks, 2);
    }

    #[tokio::test]
    async fn a_target_is_judged_by_the_key_that_it_shows() {
        let dir = tempfile::tempdir().unwrap();
        let target = Target {
            name: "web-1".to_owned(),
            host: "127.0.0.1".to_owned(),
            // nobody listens there
            port: 1,
            user: "root".to_owned(),
            identity: dir.path().join("id"),
            pins: dir.path().join("pins"),
        };
        assert!(!shows_another(&target, Duration::from_secs(10)).await);
        let key = |name: &str| {
            let key = KeyFile::make(&dir.path().join(name), "").unwrap();
            key.public
        };
        let (own, other) = (key("own"), key("other"));
        pins::write(&target.pins, "web-1", std::slice::from_ref(&own)).unwrap();
        assert!(!is_another(None, &target.pins));
        assert!(!is_another(Some(&own), &target.pins));
        assert!(is_another(Some(&other), &target.pins));
        assert!(is_another(Some(&own), &dir.path().join("nothing")));
    }

    #[tokio::test]
    async fn endless_lines_are_cut_and_control_characters_dropped() {
        let text = format!("{}\n\x1b[31mred\x07\n", "x".repeat(40_000));
        let mut lines = Lines::new(Some(text.as_bytes()));
        assert_eq!(lines.next().await.unwrap().len(), 16 * 1024);
        lines.next().await;
        lines.next().await;
        assert_eq!(lines.next().await.as_deref(), Some("[31mred"));
    }
}
