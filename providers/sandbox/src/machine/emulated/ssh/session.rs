//! One session channel: a script or a prompt, answered and closed.

use super::prompt;
use crate::machine::emulated::inner::Inner;
use crate::machine::emulated::shell::{Input, Shell};
use crate::machine::emulated::state::Account;
use russh::server::Msg;
use russh::{Channel, ChannelMsg, ChannelReadHalf, ChannelWriteHalf};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// So much input is kept for a command; a client that sends more is cut off.
const INPUT: usize = 256 * 1024 * 1024;

/// The status of a command that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

/// What a client asked for.
#[derive(Debug)]
pub(super) enum Asked {
    Script(String),
    Prompt,
}

/// Does to the machine what was asked for, answers it, and closes the channel.
pub(super) async fn run(
    inner: Arc<Inner>,
    account: Account,
    channel: Channel<Msg>,
    asked: Asked,
    terminal: bool,
) {
    let Some((writing, status)) = work(inner, account, channel, asked, terminal).await else {
        return;
    };
    // a client that has gone is not told
    drop(writing.exit_status(u32::from(status)).await);
    drop(writing.eof().await);
    drop(writing.close().await);
}

/// Does it, all but the end: how it is told, and with which status. Nothing when the client has
/// gone before.
pub(super) async fn work(
    inner: Arc<Inner>,
    account: Account,
    channel: Channel<Msg>,
    asked: Asked,
    terminal: bool,
) -> Option<(ChannelWriteHalf<Msg>, u8)> {
    let (reading, writing) = channel.split();
    let boot = inner.boot_id();
    let gone = CancellationToken::new();
    let stopped = CancellationToken::new();
    let (sender, input) = Input::new();
    let stop = (terminal && matches!(asked, Asked::Script(_))).then(|| stopped.clone());
    tokio::spawn(read(reading, sender, gone.clone(), stop));

    let (output, spoken) = mpsc::unbounded_channel();
    let mut shell = Shell::new(Arc::clone(&inner), account.clone(), input, output.clone());
    let speaking = speak(&writing, spoken, terminal);
    let working = async {
        let status = match asked {
            Asked::Script(text) => shell.run(&text).await,
            Asked::Prompt => prompt::run(&inner, &account, &mut shell, &output, terminal).await,
        };
        if let Some(effect) = shell.effect() {
            // before the answer: who has heard it may close the whole world at once
            drop(inner.leave(effect, boot, gone.clone()).await);
        }
        // the last sender goes, so that speaking ends
        drop((shell, output));
        status
    };
    let (status, ()) = tokio::select! {
        () = gone.cancelled() => return None,
        () = stopped.cancelled() => (INTERRUPTED, ()),
        both = async { tokio::join!(working, speaking) } => both,
    };
    Some((writing, status))
}

/// Hands on what the client sends, until it ends its side or goes. On a terminal, Ctrl-C stops
/// the command.
async fn read(
    mut channel: ChannelReadHalf,
    sender: mpsc::UnboundedSender<Vec<u8>>,
    gone: CancellationToken,
    stop: Option<CancellationToken>,
) {
    let mut sender = Some(sender);
    let mut taken = 0;
    loop {
        match channel.wait().await {
            Some(ChannelMsg::Data { data }) => {
                taken += data.len();
                if taken > INPUT {
                    break;
                }
                if let Some(stop) = &stop
                    && data.contains(&3)
                {
                    stop.cancel();
                }
                if let Some(sender) = &sender {
                    // what the command does not want is lost, as in a closed pipe
                    drop(sender.send(data.to_vec()));
                }
            }
            Some(ChannelMsg::Eof) => sender = None,
            Some(ChannelMsg::Close) | None => break,
            Some(_) => {}
        }
    }
    gone.cancel();
}

/// Sends output as it comes; a terminal wants carriage returns.
async fn speak(
    channel: &ChannelWriteHalf<Msg>,
    mut spoken: mpsc::UnboundedReceiver<(u8, Vec<u8>)>,
    terminal: bool,
) {
    while let Some((fd, mut bytes)) = spoken.recv().await {
        if terminal {
            bytes = carriage_returns(&bytes);
        }
        let sent = match fd {
            // a terminal has one stream only
            2 if !terminal => channel.extended_data_bytes(1, bytes).await,
            _ => channel.data_bytes(bytes).await,
        };
        if sent.is_err() {
            return;
        }
    }
}

fn carriage_returns(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 16);
    let mut before = 0;
    for &byte in bytes {
        if byte == b'\n' && before != b'\r' {
            out.push(b'\r');
        }
        out.push(byte);
        before = byte;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::carriage_returns;

    #[test]
    fn a_terminal_gets_one_carriage_return_before_each_newline() {
        assert_eq!(carriage_returns(b"a\nb\r\n\n"), b"a\r\nb\r\n\r\n");
    }
}
