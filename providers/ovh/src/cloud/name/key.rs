//! The other half of the marks: the name of the key that is attached.

use super::{TAG, VERSION, is_ours, parse};
use provision_api::{HostName, Marks, Owner, RunId};

/// What the name of a key says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyMarks {
    pub(crate) owner: Owner,
    pub(crate) run: RunId,
    pub(crate) host: HostName,
}

impl KeyMarks {
    /// Whether the marks of a server say the same.
    pub(crate) fn agree(&self, marks: &Marks) -> bool {
        (&self.owner, &self.run, &self.host) == (&marks.owner, &marks.run, &marks.host)
    }
}

/// What the key of a server with these marks is called.
pub(crate) fn key_name(marks: &Marks) -> String {
    let Marks {
        owner, run, host, ..
    } = marks;
    format!("{TAG}{VERSION}_{owner}_{run}_{host}")
}

/// What a key's name says; nothing if it is not one of ours, or spoilt.
pub(crate) fn read_key(text: &str) -> Option<KeyMarks> {
    let parts: Vec<_> = text.split('_').collect();
    let [tag, owner, run, host] = parts[..] else {
        return None;
    };
    is_ours(tag).ok().filter(|ours| *ours)?;
    Some(KeyMarks {
        owner: parse(owner).ok()?,
        run: parse(run).ok()?,
        host: parse(host).ok()?,
    })
}
