//! The shell of emulated machines: a closed table of commands, answered from a machine's state.
//!
//! Nothing that a client sends is ever run on the host: a command is looked up here by its name
//! and answered by a function of this process, or it is refused.

mod builtin;
mod parse;
mod phases;
mod redirect;
mod table;

use super::inner::Inner;
use super::state::Account;
use parse::{Join, Redirect};
use redirect::Sink;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use table::Call;
use tokio::sync::mpsc;

/// The status of a command that is not in the table.
const UNKNOWN: u8 = 127;

/// What a command does to the machine once its answer is out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Effect {
    Reboot,
    PowerOff,
    /// The installer's kernel takes over; login keys of the user who asked go along.
    Kexec {
        asked_by: String,
    },
}

/// What a client sends on standard input, read only by commands that want it.
#[derive(Debug)]
pub(crate) struct Input(mpsc::UnboundedReceiver<Vec<u8>>);

impl Input {
    /// An input together with its writing end; dropping that is the end of the input.
    pub(crate) fn new() -> (mpsc::UnboundedSender<Vec<u8>>, Self) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (sender, Self(receiver))
    }

    /// The next piece; nothing at the end.
    pub(crate) async fn next(&mut self) -> Option<Vec<u8>> {
        self.0.recv().await
    }

    /// All of it.
    async fn all(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while let Some(piece) = self.0.recv().await {
            bytes.extend(piece);
        }
        bytes
    }
}

/// Where output goes: the stream's number (1 or 2) and bytes.
pub(crate) type Output = mpsc::UnboundedSender<(u8, Vec<u8>)>;

/// One login's shell.
#[derive(Debug)]
pub(crate) struct Shell {
    machine: Arc<Inner>,
    /// Who logged in.
    login: Account,
    /// Who commands run as: root below `sudo`.
    who: Account,
    input: Input,
    /// Standard input was redirected to this.
    given: Option<Vec<u8>>,
    output: Output,
    sinks: [Sink; 2],
    umask: u32,
    errexit: bool,
    depth: u8,
    /// `exit` was called.
    ended: Option<u8>,
    after: Option<Effect>,
}

impl Shell {
    /// A shell for someone who logged in.
    pub(crate) fn new(machine: Arc<Inner>, login: Account, input: Input, output: Output) -> Self {
        Self {
            machine,
            who: login.clone(),
            login,
            input,
            given: None,
            output,
            sinks: [Sink::Stream(1), Sink::Stream(2)],
            umask: 0o022,
            errexit: false,
            depth: 0,
            ended: None,
            after: None,
        }
    }

    /// What has to be done to the machine now that the commands are answered.
    pub(crate) fn effect(&mut self) -> Option<Effect> {
        self.after.take()
    }

    /// Whether `exit` was called, and with which status.
    pub(crate) fn ended(&self) -> Option<u8> {
        self.ended
    }

    /// Whether a command has asked the machine to go down.
    pub(crate) fn is_leaving(&self) -> bool {
        self.after.is_some()
    }

    /// The input, for a prompt that reads it line by line.
    pub(crate) fn input(&mut self) -> &mut Input {
        &mut self.input
    }

    /// Answers a script.
    pub(crate) async fn run(&mut self, text: &str) -> u8 {
        if let Some(message) = self.login.turned_away.clone() {
            self.say(1, &format!("{message}\n\n"));
            return 142;
        }
        let script = match parse::parse(text) {
            Ok(script) => script,
            Err(why) => {
                self.say(2, &format!("bash: line 1: {why}\n"));
                return 2;
            }
        };
        let mut status = 0;
        let last = script.len().saturating_sub(1);
        for (index, (join, command)) in script.iter().enumerate() {
            let skip = match join {
                Join::Always => false,
                Join::And => status != 0,
                Join::Or => status == 0,
            };
            if skip {
                continue;
            }
            status = self.command(command).await;
            if self.ended.is_some() {
                break;
            }
            let tested = index < last && script[index + 1].0 != Join::Always;
            if self.errexit && status != 0 && !tested && !command.negated {
                self.ended = Some(status);
                break;
            }
        }
        self.ended.unwrap_or(status)
    }

    /// Answers one command with its redirections.
    async fn command(&mut self, command: &parse::Command) -> u8 {
        let sinks = self.sinks.clone();
        let given = self.given.clone();
        let mut status = match self.redirect(&command.redirects) {
            Ok(()) => self.words(&command.words).await,
            Err(why) => {
                self.say(2, &format!("bash: line 1: {why}\n"));
                1
            }
        };
        self.sinks = sinks;
        self.given = given;
        if command.negated {
            status = u8::from(status == 0);
        }
        status
    }

    /// Answers a command's words.
    async fn words(&mut self, words: &[String]) -> u8 {
        let assignments = words.iter().take_while(|w| is_assignment(w)).count();
        let Some((name, args)) = words[assignments..].split_first() else {
            return 0;
        };
        // the path of a program is as good as its name
        let name = name
            .strip_prefix("/run/current-system/sw/bin/")
            .or_else(|| name.strip_prefix("/usr/bin/"))
            .or_else(|| name.strip_prefix("/bin/"))
            .or_else(|| name.strip_prefix("/usr/sbin/"))
            .or_else(|| name.strip_prefix("/sbin/"))
            .unwrap_or(name);
        match name {
            "exit" => {
                let status = args.first().and_then(|a| a.parse().ok()).unwrap_or(0);
                self.ended = Some(status);
                status
            }
            "set" => self.set(args),
            "umask" => self.set_umask(args),
            "sh" | "bash" => Box::pin(self.sh(args)).await,
            "sudo" => Box::pin(self.sudo(args)).await,
            "stand-in" => self.stand_in(args).await,
            _ => self.look_up(name, args).await,
        }
    }

    async fn look_up(&mut self, name: &str, args: &[String]) -> u8 {
        let Some(entry) = table::find(name) else {
            self.say(
                2,
                &format!("sandbox: {name} is not in the closed table of commands\n"),
            );
            return UNKNOWN;
        };
        let input = if (entry.wants_input)(args) {
            self.read_all().await
        } else {
            Vec::new()
        };
        let (status, out, err) = {
            let mut state = self.machine.state();
            let here = state.running.as_ref().is_some_and(|r| (entry.on)(&r.kind));
            let mut call = Call::new(name, args, &self.who, &self.machine.spec, &mut state);
            call.input = input;
            call.umask = self.umask;
            let status = if here {
                (entry.run)(&mut call)
            } else {
                call.err = format!("bash: line 1: {name}: command not found\n").into_bytes();
                UNKNOWN
            };
            if let Some(after) = call.after {
                self.after = Some(after);
            }
            (status, call.out, call.err)
        };
        self.emit(1, &out);
        self.emit(2, &err);
        status
    }

    async fn read_all(&mut self) -> Vec<u8> {
        match self.given.take() {
            Some(bytes) => bytes,
            None => self.input.all().await,
        }
    }

    /// Says a text on a stream.
    fn say(&mut self, fd: u8, text: &str) {
        self.emit(fd, text.as_bytes());
    }
}

/// `NAME=VALUE` before a command; there is no environment, so it changes nothing.
fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric())
    })
}

#[cfg(test)]
#[path = "shell_tests.rs"]
pub(super) mod tests;
