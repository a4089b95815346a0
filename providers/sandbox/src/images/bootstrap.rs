//! One run of mmdebstrap: a Debian root that the recipe's scripts turn into images, and that is
//! gone when they are out.

use super::ImageError;
use super::mirror::Sources;
use super::recipe::{SUITE, packages};
use super::run::{Run, command};
use rustix::process::geteuid;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

/// Packages may come slowly.
const DEADLINE: Duration = Duration::from_secs(40 * 60);

/// What dpkg leaves out: nobody reads it there.
const LEFT_OUT: [&str; 4] = ["doc", "info", "locale", "man"];

/// A root to build in.
pub(super) struct Bootstrap<'a> {
    /// What it is called when progress is told; also its list of packages.
    pub(super) name: &'a str,
    /// The recipe's script that makes the images in it.
    pub(super) script: &'a str,
    /// Where the build works: the recipe is below it.
    pub(super) building: &'a Path,
    /// Where packages are kept from one build to the next.
    pub(super) debs: PathBuf,
    /// Where packages come from.
    pub(super) sources: &'a Sources,
    /// Gets what is being done.
    pub(super) told: &'a (dyn Fn(&str) + Send + Sync),
    /// Gives up.
    pub(super) cancel: &'a CancellationToken,
}

impl Bootstrap<'_> {
    /// Builds; what the script left in `/out` is in the folder that is returned.
    pub(super) async fn run(&self) -> Result<PathBuf, ImageError> {
        let out = self.folder(self.name)?;
        let fresh = self.folder(&format!("debs-{}", self.name))?;
        let temporary = self.folder("tmp")?;
        let settings = self.building.join("apt.conf");
        fs::write(&settings, &self.sources.settings)
            .and_then(|()| fs::create_dir_all(&self.debs))
            .map_err(ImageError::file("cannot write", &settings))?;

        let mut command = program(&temporary);
        command
            .args(["--mode=auto", "--variant=minbase", "--format=null"])
            .args(["--architectures=amd64", "--skip=download/empty"])
            .arg("--skip=essential/unlink")
            .arg(format!("--include={}", packages(self.name).join(",")))
            .arg("--aptopt=APT::Install-Recommends \"false\"")
            .arg("--aptopt=Acquire::Languages \"none\"")
            .arg("--aptopt=Acquire::Retries \"3\"")
            .arg("--dpkgopt=force-unsafe-io")
            .args(LEFT_OUT.map(|folder| format!("--dpkgopt=path-exclude=/usr/share/{folder}/*")));
        if !self.sources.settings.is_empty() {
            command.arg(format!("--aptopt={}", settings.display()));
        }
        self.hooks(&mut command, &out, &fresh);
        // the mirror's address goes in by a pipe: arguments are for everybody to read
        command.args([SUITE, "/dev/null", "-"]);

        let step = format!("building {}", self.name);
        let line = |line: &str| self.line(line);
        let run = Run {
            step: &step,
            deadline: DEADLINE,
            cancel: self.cancel,
            input: &self.sources.list,
            line: &line,
        };
        run.run(&mut command).await?;
        self.keep(&fresh)?;
        Ok(out)
    }

    fn hooks(&self, command: &mut Command, out: &Path, fresh: &Path) {
        const DEBS: &str = "/var/cache/apt/archives";
        let recipe = quoted(&self.building.join("recipe"));
        command
            .env("INITRD", "No")
            .arg(format!("--setup-hook=mkdir -p \"$1{DEBS}\""))
            .arg(format!(
                "--setup-hook=sync-in {} {DEBS}",
                quoted(&self.debs)
            ))
            .arg("--customize-hook=mkdir -p \"$1/recipe\" \"$1/forge\" \"$1/out\"")
            .arg(format!(
                "--customize-hook=sync-out {DEBS} {}",
                quoted(fresh)
            ))
            .arg(format!("--customize-hook=sync-in {recipe} /recipe"))
            .arg(format!(
                "--customize-hook=chroot \"$1\" sh /recipe/forge/{}.sh",
                self.script
            ))
            .arg(format!("--customize-hook=sync-out /out {}", quoted(out)));
    }

    /// Tells what is being done, and hides where from.
    fn line(&self, line: &str) -> String {
        if let Some(doing) = doing(line) {
            (self.told)(&format!("{}: {doing}", self.name));
        }
        self.sources.scrub(line)
    }

    fn folder(&self, name: &str) -> Result<PathBuf, ImageError> {
        let path = self.building.join(name);
        fs::create_dir_all(&path).map_err(ImageError::file("cannot make", &path))?;
        Ok(path)
    }

    /// Keeps the packages of this build, and none that only an older one had.
    fn keep(&self, fresh: &Path) -> Result<(), ImageError> {
        for other in ["lock", "partial"] {
            let path = fresh.join(other);
            // they need not be there
            let _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
        }
        fs::remove_dir_all(&self.debs)
            .and_then(|()| fs::rename(fresh, &self.debs))
            .map_err(ImageError::file("cannot keep packages in", &self.debs))
    }
}

/// mmdebstrap. What root mounts is seen by it alone, and gone with it, whatever ends it: nothing
/// that removes its folders later can meet the host's own.
fn program(temporary: &Path) -> Command {
    if !geteuid().is_root() {
        // the ids that it maps cannot enter a private folder: it works in the common one
        return command("mmdebstrap");
    }
    let mut command = command("unshare");
    command
        .args(["--mount", "--propagation", "private", "--", "mmdebstrap"])
        .env("TMPDIR", temporary);
    command
}

/// What a line says that is worth telling.
fn doing(line: &str) -> Option<&str> {
    if let Some(step) = line.strip_prefix("provision: ") {
        return Some(step);
    }
    match line.strip_prefix("I: ")? {
        "running apt-get update..." => Some("reading lists of packages"),
        "downloading packages with apt..." => Some("downloading packages"),
        "installing essential packages..." => Some("installing essential packages"),
        "installing remaining packages inside the chroot..." => Some("installing packages"),
        _ => None,
    }
}

/// The path as one word of a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.to_string_lossy().replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_told_in_words() {
        for (line, told) in [
            (
                "I: downloading packages with apt...",
                Some("downloading packages"),
            ),
            (
                "provision: the kernel's modules",
                Some("the kernel's modules"),
            ),
            ("I: using /tmp/x as tempdir", None),
            ("Get:1 http://m.test/ trixie", None),
        ] {
            assert_eq!(doing(line), told);
        }
    }

    #[test]
    fn paths_are_one_word() {
        for (path, word) in [
            ("/a b/c", "'/a b/c'"),
            ("/it's", r"'/it'\''s'"),
            ("/$(x)", "'/$(x)'"),
        ] {
            assert_eq!(quoted(Path::new(path)), word);
        }
    }
}
