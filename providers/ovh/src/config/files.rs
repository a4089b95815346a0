//! The files of the vendor's clients (`ovh.conf`): INI, a section for each endpoint.

use super::Source;
use configparser::ini::Ini;
use std::io;
use std::path::{Path, PathBuf};

/// The files that are there, the first of them first in force.
#[derive(Debug, Default)]
pub(super) struct Files {
    read: Vec<(PathBuf, Ini)>,
    /// What could not be read. Told only if something is missing: the vendor's clients skip
    /// such files without a word.
    pub(super) troubles: Vec<String>,
}

impl Files {
    pub(super) fn read(files: &[PathBuf]) -> Self {
        let mut all = Self::default();
        for file in files {
            match read(file) {
                Ok(Some(ini)) => all.read.push((file.clone(), ini)),
                Ok(None) => {}
                Err(why) => all.troubles.push(format!("{}: {why}", file.display())),
            }
        }
        all
    }

    /// What the first file says that says anything.
    pub(super) fn get(&self, section: &str, name: &str) -> Option<(String, Source)> {
        self.read.iter().find_map(|(file, ini)| {
            let value = ini.get(section, name)?;
            let source = Source::File {
                file: file.clone(),
                section: section.to_owned(),
            };
            (!value.is_empty()).then_some((value, source))
        })
    }
}

/// A file that is not there is none.
fn read(file: &Path) -> Result<Option<Ini>, String> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let mut ini = Ini::new_cs();
    // as the vendor's clients: a comment has a line of its own
    ini.set_inline_comment_symbols(Some(&[]));
    match ini.read(text) {
        Ok(_) => Ok(Some(ini)),
        // the parser's own words quote the line, and the line may be a secret's
        Err(_) => Err("it is no INI file".to_owned()),
    }
}
