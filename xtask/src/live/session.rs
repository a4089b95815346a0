//! What is tried on the server, and the guard that removes it.

use super::Args;
use super::program::Program;
use crate::interrupt;
use crate::shell::How;
use serde_json::Value;
use std::thread;
use std::time::Duration;

/// A child that is interrupted gets this long to put its own things in order.
const GRACE: Duration = Duration::from_secs(60);
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(20);

const fn within(minutes: u64) -> How {
    let mut how = How::minutes(minutes);
    how.grace = GRACE;
    how
}

/// Brings the server up and does to it what a user does. The server's price by the hour, if
/// that was told.
pub(super) fn run(program: &Program, args: &Args) -> Result<Option<f64>, String> {
    let host = &args.host();
    let max_price = args.max_price.to_string();
    let mut up = vec![
        "up",
        host,
        "--test",
        "--ttl",
        "1h",
        "--max-price",
        &max_price,
        "--yes",
    ];
    if let Some(name) = &args.server_type {
        up.extend(["--type", name]);
    }
    if let Some(name) = &args.location {
        up.extend(["--location", name]);
    }
    let document = program.json(&up, within(50))?;
    let server = only(&document, "hosts")?;
    if server.get("proven") != Some(&Value::Bool(true)) {
        return Err("provision up says that the host is not proven".to_owned());
    }
    let hourly = price(server);
    only(&program.json(&["list"], within(3))?, "servers")?;
    program.json(&["show", host, "--test"], within(3))?;
    let kernel = program.run(&["ssh", host, "--test", "--", "uname", "-a"], within(3))?;
    if !kernel.starts_with("Linux ") {
        return Err(format!("uname on the server said {kernel:?}"));
    }
    program.run(&["rescue", host, "--test", "--yes"], within(15))?;
    program.run(&["rescue", host, "--test", "--off"], within(15))?;
    Ok(hourly)
}

/// The one element of a list in a document.
fn only<'a>(document: &'a Value, list: &str) -> Result<&'a Value, String> {
    match document
        .get(list)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
    {
        Some([one]) => Ok(one),
        Some(several) => Err(format!("{} {list} where there is to be one", several.len())),
        None => Err(format!("the document has no {list}")),
    }
}

/// Money is written as text, so that no digit is lost.
fn price(server: &Value) -> Option<f64> {
    let price = server.get("price_hourly")?;
    price
        .as_str()
        .map_or_else(|| price.as_f64(), |text| text.parse().ok())
}

/// Removes everything that the owner has, at the latest when it goes out of scope: after a
/// failure, a Ctrl-C, a panic.
#[derive(Debug)]
pub(super) struct Teardown<'a> {
    program: &'a Program,
    done: bool,
}

impl<'a> Teardown<'a> {
    pub(super) fn new(program: &'a Program) -> Self {
        Self {
            program,
            done: false,
        }
    }

    /// Removes, and lists again to prove it.
    pub(super) fn finish(mut self) -> Result<(), String> {
        self.done = true;
        remove(self.program)
    }
}

impl Drop for Teardown<'_> {
    fn drop(&mut self) {
        if !self.done
            && let Err(left) = remove(self.program)
        {
            eprintln!("error: {left}");
        }
    }
}

/// Tries a few times: this is the last chance before somebody has to do it by hand.
fn remove(program: &Program) -> Result<(), String> {
    let mut how = within(10);
    // a second Ctrl-C must not cost an hour of a server
    how.interruptible = false;
    if interrupt::came() {
        println!("interrupted; what was made is removed first");
    }
    let mut why = String::new();
    for attempt in 1..=TRIES {
        match remove_once(program, how) {
            Ok(()) => return Ok(()),
            Err(error) => why = error,
        }
        println!("attempt {attempt} of {TRIES} to remove it: {why}");
        if attempt < TRIES {
            thread::sleep(PAUSE);
        }
    }
    Err(format!(
        "NOT EVERYTHING IS REMOVED ({why}): run `{}`, and look into the vendor's console",
        program.by_hand()
    ))
}

fn remove_once(program: &Program, how: How) -> Result<(), String> {
    program.run(&["teardown", "--test", "--yes"], how)?;
    let document = program.json(&["list"], how)?;
    let servers = document.get("servers").and_then(Value::as_array);
    match servers.map(Vec::len) {
        Some(0) => Ok(()),
        Some(count) => Err(format!("{count} servers are still listed")),
        None => Err("the list has no servers in it".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;
    use std::process::Command;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    /// A program that notes its verbs, and has a server from `up` to `teardown`.
    fn program(folder: &Path, up_fails: bool) -> (Program, Args) {
        let script = format!(
            r#"#!/bin/sh
cd {folder}
while [ $# -gt 0 ]; do
  case $1 in
    --provider|--owner|--state-dir|--flake) shift 2 ;;
    *) break ;;
  esac
done
echo "$*" >>said
case $1 in
  up) touch up; {up} echo '{{"hosts":[{{"proven":true,"price_hourly":"0.0048"}}]}}' ;;
  list) if [ -e up ]; then echo '{{"servers":[{{}}]}}'; else echo '{{"servers":[]}}'; fi ;;
  show) echo '{{}}' ;;
  ssh) echo 'Linux bench 6.12 x86_64' ;;
  teardown) rm -f up ;;
esac
"#,
            folder = folder.display(),
            up = if up_fails { "exit 7;" } else { "" },
        );
        let file = folder.join("provision");
        let draft = folder.join("draft");
        fs::write(&draft, script).unwrap();
        fs::set_permissions(&draft, fs::Permissions::from_mode(0o755)).unwrap();
        // a child of another test may hold what we have written open: then it cannot be run
        let mut copy = Command::new("cp");
        assert!(
            copy.arg("-p")
                .arg(&draft)
                .arg(&file)
                .status()
                .unwrap()
                .success()
        );
        let line = Line::parse_from(["live", "--yes", "--max-price", "0.02", "--host", "web"]);
        (Program::new(file, &line.args, "live-1"), line.args)
    }

    fn verbs(folder: &Path) -> Vec<String> {
        let said = fs::read_to_string(folder.join("said")).unwrap();
        said.lines()
            .map(|line| line.split(' ').next().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn everything_is_tried_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let (program, args) = program(folder.path(), false);
        let teardown = Teardown::new(&program);
        assert_eq!(run(&program, &args), Ok(Some(0.0048)));
        teardown.finish().unwrap();
        let expected = [
            "up", "list", "show", "ssh", "rescue", "rescue", "teardown", "list",
        ];
        assert_eq!(verbs(folder.path()), expected);
        let said = fs::read_to_string(folder.path().join("said")).unwrap();
        assert!(
            said.contains("up web --test --ttl 1h --max-price 0.02 --yes --output json"),
            "{said}"
        );
    }

    #[test]
    fn a_failure_is_removed_too() {
        let folder = tempfile::tempdir().unwrap();
        let (program, args) = program(folder.path(), true);
        let teardown = Teardown::new(&program);
        let error = run(&program, &args).unwrap_err();
        assert!(error.contains("provision up ended with"), "{error}");
        teardown.finish().unwrap();
        assert_eq!(verbs(folder.path()), ["up", "teardown", "list"]);
    }

    #[test]
    fn a_panic_is_removed_too() {
        let folder = tempfile::tempdir().unwrap();
        let (program, args) = program(folder.path(), false);
        let panicked = std::panic::catch_unwind(|| {
            let _teardown = Teardown::new(&program);
            run(&program, &args).unwrap();
            panic!("on purpose");
        });
        assert!(panicked.is_err());
        assert!(!folder.path().join("up").exists());
        assert_eq!(
            verbs(folder.path()).last().map(String::as_str),
            Some("list")
        );
    }
}
