//! The way to a machine: from one of its calls on, whoever calls `ssh` or `ssh-keyscan` reaches
//! another machine, with every option as it was.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Programs ahead on the PATH that lead elsewhere from a call on, and write the calls down.
pub(crate) struct Way {
    dir: PathBuf,
    elsewhere: u16,
}

impl Way {
    /// In that folder; `elsewhere` is a port of this machine.
    pub(crate) fn new(dir: PathBuf, elsewhere: u16) -> Self {
        fs::create_dir_all(&dir).unwrap();
        let way = Self { dir, elsewhere };
        way.lead_to(elsewhere);
        way
    }

    /// To another port of this machine.
    pub(crate) fn lead_to(&self, port: u16) {
        let options = format!("-p {port} -o HostName=127.0.0.1 \"$@\"");
        self.program("ssh", &options);
        let instead = format!("-t ed25519 -p {port} -T 5 -- 127.0.0.1");
        self.program("ssh-keyscan", &instead);
    }

    /// OpenSSH keeps the first value of an option: what stands ahead leads elsewhere.
    fn program(&self, name: &str, elsewhere: &str) {
        let real = find(name);
        let (dir, real) = (self.dir.display(), real.display());
        // a call is what follows the options: as whom, and the beginning of the command
        let text = format!(
            "#!/bin/sh
user=; last=; before=
for word in \"$@\"; do
  [ \"$before\" = -l ] && user=$word@
  case $word in root@*) user=root@ ;; esac
  before=$word; last=$word
done
{{
  flock 9
  printf '%s %s%.60s\\n' {name} \"$user\" \"$(printf %s \"$last\" | tr '\\n' ' ')\" >> {dir}/calls
  what=.
  [ -s {dir}/scans ] && what=ssh-keyscan
  if [ -s {dir}/turn ] && [ \"$(grep -c ^$what {dir}/calls)\" -ge \"$(cat {dir}/turn)\" ]; then
    turned=yes
    [ -e {dir}/turned ] || tail -n 1 {dir}/calls > {dir}/turned
  fi
}} 9> {dir}/lock
exec 9>&-
if [ \"$turned\" = yes ]; then exec {real} {elsewhere}; fi
exec {real} \"$@\"
"
        );
        let file = self.dir.join(name);
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// From the `nth` call on (the first is 1) it leads elsewhere.
    pub(crate) fn turn_at(&self, nth: usize) {
        fs::write(self.dir.join("turn"), nth.to_string()).unwrap();
    }

    /// The same, from the `nth` look at a host key on.
    pub(crate) fn turn_at_scan(&self, nth: usize) {
        fs::write(self.dir.join("scans"), "only").unwrap();
        self.turn_at(nth);
    }

    /// The call at which it turned, if it came to that.
    pub(crate) fn turned_at(&self) -> Option<String> {
        let text = fs::read_to_string(self.dir.join("turned")).ok()?;
        Some(text.trim().to_owned())
    }

    /// All calls.
    pub(crate) fn calls(&self) -> Vec<String> {
        let text = fs::read_to_string(self.dir.join("calls")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Puts it ahead on the command's PATH.
    pub(crate) fn enter(&self, command: &mut Command) {
        command.env("PATH", ahead(&self.dir));
    }

    /// Where it leads.
    pub(crate) fn elsewhere(&self) -> u16 {
        self.elsewhere
    }
}

/// The PATH with that folder ahead.
pub(crate) fn ahead(dir: &Path) -> std::ffi::OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(dir.to_owned()).chain(std::env::split_paths(&path));
    std::env::join_paths(all).unwrap()
}

/// A program of this machine.
pub(crate) fn find(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|dir| dir.join(name))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("{name} is not here"))
}
