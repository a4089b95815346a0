//! QEMU's own control connection (QMP): one request after the other, events in between.

use serde_json::{Value, json};
use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

/// How long a guest may take to answer, and to take a connection.
const PATIENCE: Duration = Duration::from_secs(15);
/// Between two tries to connect.
const PACE: Duration = Duration::from_millis(20);
/// So many events are kept for whoever waits for one.
const EVENTS: usize = 64;

type Answer = Result<Value, String>;

struct Call {
    request: Value,
    answer: oneshot::Sender<Answer>,
}

/// A connection; closed when it is dropped.
#[derive(Debug)]
pub(super) struct Qmp {
    calls: mpsc::Sender<Call>,
    events: broadcast::Sender<Value>,
    closed: CancellationToken,
}

impl Qmp {
    /// Connects to the socket of that name in the folder, whose path may be longer than a
    /// socket's may.
    pub(super) async fn connect(folder: &Path, socket: &str) -> Result<Self, String> {
        let inside = File::open(folder).map_err(|e| format!("cannot open its folder: {e}"))?;
        let short = format!("/proc/self/fd/{}/{socket}", inside.as_raw_fd());
        let until = Instant::now() + PATIENCE;
        let stream = loop {
            match UnixStream::connect(&short).await {
                Ok(stream) => break stream,
                Err(error) if Instant::now() >= until => {
                    return Err(format!("QEMU cannot be reached: {error}"));
                }
                Err(_) => tokio::time::sleep(PACE).await,
            }
        };
        let (reading, writing) = stream.into_split();
        let (calls, requests) = mpsc::channel(8);
        let (events, _) = broadcast::channel(EVENTS);
        let closed = CancellationToken::new();
        let line = Line {
            reading: BufReader::new(reading).lines(),
            writing,
            requests,
            events: events.clone(),
            closed: closed.clone(),
        };
        tokio::spawn(line.run());
        let qmp = Self {
            calls,
            events,
            closed,
        };
        qmp.call("qmp_capabilities", None).await?;
        Ok(qmp)
    }

    /// Is cancelled when the other side is gone.
    pub(super) fn closed(&self) -> CancellationToken {
        self.closed.clone()
    }

    /// Asks for something; what QEMU answered, or its reason not to.
    pub(super) async fn call(&self, command: &str, arguments: Option<Value>) -> Answer {
        let mut request = json!({ "execute": command });
        if let Some(arguments) = arguments {
            request["arguments"] = arguments;
        }
        let (answer, answered) = oneshot::channel();
        let asked = async {
            let gone = |()| format!("QEMU is gone and did not answer to {command}");
            let call = Call { request, answer };
            self.calls.send(call).await.map_err(|_| gone(()))?;
            answered.await.map_err(|_| gone(()))?
        };
        timeout(PATIENCE, asked).await.map_err(|_| {
            format!(
                "QEMU did not answer to {command} within {} s",
                PATIENCE.as_secs()
            )
        })?
    }

    /// A command of the monitor for people, which answers in words; mostly none.
    pub(super) async fn say(&self, line: &str) -> Result<String, String> {
        let arguments = json!({ "command-line": line });
        let answer = self.call("human-monitor-command", Some(arguments)).await?;
        Ok(answer.as_str().unwrap_or_default().trim().to_owned())
    }

    /// Events from now on.
    pub(super) fn events(&self) -> broadcast::Receiver<Value> {
        self.events.subscribe()
    }
}

/// The task that has the socket.
struct Line {
    reading: Lines<BufReader<OwnedReadHalf>>,
    writing: OwnedWriteHalf,
    requests: mpsc::Receiver<Call>,
    events: broadcast::Sender<Value>,
    closed: CancellationToken,
}

impl Line {
    async fn run(mut self) {
        let closed = self.closed.clone().drop_guard();
        while let Some(mut call) = self.next_call().await {
            // an answer that nobody waits for any more could be taken for the next one's
            let answer = tokio::select! {
                answer = self.exchange(call.request) => answer,
                () = call.answer.closed() => None,
            };
            let Some(answer) = answer else { break };
            drop(call.answer.send(answer));
        }
        drop(closed);
    }

    /// What is asked next; nothing when either side is gone. Events are handed on meanwhile.
    async fn next_call(&mut self) -> Option<Call> {
        loop {
            tokio::select! {
                call = self.requests.recv() => return call,
                line = self.reading.next_line() => self.hand_on(&line.ok()??),
            }
        }
    }

    /// Asks and reads the answer; nothing when the other side is gone. QEMU answers in order, but
    /// for requests out of band, which are not used.
    async fn exchange(&mut self, request: Value) -> Option<Answer> {
        let text = format!("{request}\n");
        self.writing.write_all(text.as_bytes()).await.ok()?;
        loop {
            let line = self.reading.next_line().await.ok()??;
            let mut value: Value = serde_json::from_str(&line).ok()?;
            if let Some(answer) = value.get_mut("return") {
                return Some(Ok(answer.take()));
            }
            if let Some(error) = value.get("error") {
                let words = error["desc"].as_str().unwrap_or("it did not say why");
                return Some(Err(words.to_owned()));
            }
            self.hand_on(&line);
        }
    }

    fn hand_on(&self, line: &str) {
        if let Ok(value) = serde_json::from_str::<Value>(line)
            && value.get("event").is_some()
        {
            // nobody waits for one, mostly
            drop(self.events.send(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::UnixListener;

    /// A QEMU that answers from a table, with an event before each answer.
    async fn serve(listener: UnixListener) {
        let (stream, _) = listener.accept().await.unwrap();
        let (reading, mut writing) = stream.into_split();
        let mut lines = BufReader::new(reading).lines();
        writing.write_all(b"{\"QMP\": {}}\n").await.unwrap();
        while let Some(line) = lines.next_line().await.unwrap() {
            let request: Value = serde_json::from_str(&line).unwrap();
            let answer = match request["execute"].as_str().unwrap() {
                "quit" => return,
                "device_del" => {
                    json!({"error": {"class": "GenericError", "desc": "no such device"}})
                }
                "human-monitor-command" => json!({"return": request["arguments"]["command-line"]}),
                _ => json!({"return": {}}),
            };
            let text = format!("{}\n{answer}\n", json!({"event": "RTC_CHANGE"}));
            writing.write_all(text.as_bytes()).await.unwrap();
        }
    }

    #[tokio::test]
    async fn answers_events_and_the_end_are_told_apart() {
        let home = tempfile::tempdir().unwrap();
        let long = home.path().join("x".repeat(120));
        std::fs::create_dir(&long).unwrap();
        let inside = File::open(&long).unwrap();
        let short = format!("/proc/self/fd/{}/qmp.sock", inside.as_raw_fd());
        tokio::spawn(serve(UnixListener::bind(short).unwrap()));

        let qmp = Qmp::connect(&long, "qmp.sock").await.unwrap();
        let mut events = qmp.events();
        assert_eq!(qmp.say("info").await.unwrap(), "info");
        assert_eq!(events.recv().await.unwrap()["event"], "RTC_CHANGE");
        let error = qmp.call("device_del", None).await.unwrap_err();
        assert_eq!(error, "no such device");
        assert!(!qmp.closed().is_cancelled());
        let error = qmp.call("quit", None).await.unwrap_err();
        assert!(error.contains("gone"), "{error}");
        qmp.closed().cancelled().await;
        assert!(qmp.call("stop", None).await.is_err());
    }
}
