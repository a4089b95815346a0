//! What the shell does by itself: its settings, shells inside it, and `sudo`.

use super::Shell;
use crate::machine::emulated::state::Account;

/// So deep may `sh -c` be nested.
const DEPTH: u8 = 8;

impl Shell {
    pub(super) fn set(&mut self, args: &[String]) -> u8 {
        for arg in args {
            match arg.as_bytes() {
                [b'-', flags @ ..] if flags.contains(&b'e') => self.errexit = true,
                [b'+', flags @ ..] if flags.contains(&b'e') => self.errexit = false,
                _ => {}
            }
        }
        0
    }

    pub(super) fn set_umask(&mut self, args: &[String]) -> u8 {
        match args.first().map(|a| u32::from_str_radix(a, 8)) {
            Some(Ok(mask)) if mask <= 0o777 => {
                self.umask = mask;
                0
            }
            Some(_) => {
                self.say(2, "bash: line 1: umask: octal number out of range\n");
                1
            }
            None => {
                let text = format!("{:04o}\n", self.umask);
                self.say(1, &text);
                0
            }
        }
    }

    /// `sh -c TEXT`, or a script on standard input.
    pub(super) async fn sh(&mut self, args: &[String]) -> u8 {
        if self.depth >= DEPTH {
            self.say(2, "sandbox: shells are nested too deep\n");
            return 2;
        }
        let mut errexit = false;
        let mut text = None;
        let mut rest = args.iter();
        while let Some(arg) = rest.next() {
            match arg.as_bytes() {
                [b'-', flags @ ..] if !flags.is_empty() && flags != b"-" => {
                    errexit |= flags.contains(&b'e');
                    if flags.contains(&b'c') {
                        text = rest.next().cloned();
                        break;
                    }
                }
                _ => {}
            }
        }
        let text = match text {
            Some(text) => text,
            None => String::from_utf8_lossy(&self.read_all().await).into_owned(),
        };
        let outer = (self.errexit, self.ended.take());
        self.errexit = errexit;
        self.depth += 1;
        let status = self.run(&text).await;
        self.depth -= 1;
        (self.errexit, self.ended) = outer;
        status
    }

    /// `sudo [-n] [-u root] COMMAND`.
    pub(super) async fn sudo(&mut self, args: &[String]) -> u8 {
        let mut args = args;
        loop {
            match args.first().map(String::as_str) {
                Some("-n" | "-H" | "-E" | "--" | "--non-interactive") => args = &args[1..],
                Some("-u") if args.get(1).is_some_and(|u| u == "root") => args = &args[2..],
                Some(option) if option.starts_with('-') => {
                    self.say(2, &format!("sandbox: sudo: {option} is not emulated\n"));
                    return 1;
                }
                _ => break,
            }
        }
        if !self.who.wheel {
            self.say(2, "sudo: a password is required\n");
            return 1;
        }
        let root = Account::root(Vec::new());
        let before = std::mem::replace(&mut self.who, root);
        let status = self.words(args).await;
        self.who = before;
        status
    }
}
