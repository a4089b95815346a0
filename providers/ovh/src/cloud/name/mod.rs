//! Marks as names: what Public Cloud has instead of labels.
//!
//! An instance is called
//! `<server name>_prov1_<owner>_<run>_<host>_<role and phase><expiry>[l<lease>][_<host key>]`, for
//! instance `web-1_prov1_ann_20260710t081500-1_web-1_sp1783670400_lKG…`, and the key that is
//! attached to it `prov1_<owner>_<run>_<host>`. No name in it has a `_`, so it can be taken apart
//! again; it has no dot either, because the vendor makes a host name of it. The number after
//! `prov` is the version of all this. Times are epoch seconds, a lease is `<until>-<run>`, the
//! host key is the SHA-256 in base64 of URLs, last because that may have a `_`.
//!
//! With the longest owner and host and what runs are called here (22 characters) all of it has
//! 251 characters.

mod key;
#[cfg(test)]
mod tests;

pub(super) use key::{KeyMarks, key_name, read_key};

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD};
use jiff::Timestamp;
use provision_api::{Fingerprint, Lease, Marks, Phase, Role};
use std::str::FromStr;

/// The vendor takes no longer name.
const MOST: usize = 255;
/// What all our names have in them, before the version.
const TAG: &str = "prov";
/// The version that is written.
const VERSION: &str = "1";
/// What a lease begins with: no digit, as the expiry before it has only those.
const LEASE: char = 'l';

/// A server's name and the marks on it, as an instance's name tells them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) name: String,
    pub(super) marks: Marks,
}

/// The instance's name that says this. An error if it would not come back as it was, or if it is
/// too long.
pub(super) fn write(name: &str, marks: &Marks) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
    if name.is_empty() || !name.chars().all(plain) {
        return Err(format!(
            "{name:?} cannot be its name: only letters, digits, - and . may stand in it"
        ));
    }
    let Marks {
        owner, run, host, ..
    } = marks;
    let role = match marks.role {
        Role::Server => 's',
        Role::Test => 't',
    };
    let phase = match marks.phase {
        Phase::Created => 'c',
        Phase::Installing => 'b',
        Phase::Installed => 'i',
        Phase::Proven => 'p',
    };
    let mut text = format!("{name}_{TAG}{VERSION}_{owner}_{run}_{host}_{role}{phase}");
    if let Some(expires) = marks.expires {
        // nothing expires before 1970
        text.push_str(&expires.as_second().max(0).to_string());
    }
    if let Some(Lease { until, run }) = &marks.lease {
        text.push_str(&format!("{LEASE}{}-{run}", until.as_second().max(0)));
    }
    if let Some(host_key) = marks.host_key {
        text.push('_');
        text.push_str(&digest(host_key)?);
    }
    if text.len() > MOST {
        return Err(format!(
            "with its marks its name has {} characters, and at most {MOST} are possible; give it \
             a shorter one",
            text.len()
        ));
    }
    Ok(text)
}

/// What an instance's name says. `None` if it says nothing of ours; an error, for people to
/// read, if it is spoilt or another version's.
pub(super) fn read(text: &str) -> Result<Option<Told>, String> {
    let mut parts = text.splitn(7, '_');
    let (Some(name), Some(tag)) = (parts.next(), parts.next()) else {
        return Ok(None);
    };
    if !is_ours(tag)? {
        return Ok(None);
    }
    let spoilt = |what: &str| format!("its name is that of a server of provision, but {what}");
    let mut next = |what: &str| {
        parts
            .next()
            .ok_or_else(|| spoilt(&format!("{what} is missing")))
    };
    let (owner, run, host) = (next("the owner")?, next("the run")?, next("the host")?);
    let state = next("the phase")?;
    let mut letters = state.chars();
    let (role, phase) = (letters.next(), letters.next());
    let (expires, lease) = match letters.as_str().split_once(LEASE) {
        Some((expires, lease)) => (expires, Some(lease)),
        None => (letters.as_str(), None),
    };
    let marks = Marks {
        owner: parse(owner).map_err(|why| spoilt(&why))?,
        run: parse(run).map_err(|why| spoilt(&why))?,
        host: parse(host).map_err(|why| spoilt(&why))?,
        role: match role {
            Some('s') => Role::Server,
            Some('t') => Role::Test,
            _ => return Err(spoilt("the role is unknown")),
        },
        phase: match phase {
            Some('c') => Phase::Created,
            Some('b') => Phase::Installing,
            Some('i') => Phase::Installed,
            Some('p') => Phase::Proven,
            _ => return Err(spoilt("the phase is unknown")),
        },
        expires: time("expiry", expires).map_err(|why| spoilt(&why))?,
        host_key: parts
            .next()
            .map(fingerprint)
            .transpose()
            .map_err(|why| spoilt(&why))?,
        lease: lease
            .map(read_lease)
            .transpose()
            .map_err(|why| spoilt(&why))?,
    };
    let name = name.to_owned();
    Ok(Some(Told { name, marks }))
}

/// Whether this part of a name is our tag; an error if it is that of another version.
fn is_ours(tag: &str) -> Result<bool, String> {
    match tag.strip_prefix(TAG) {
        Some(VERSION) => Ok(true),
        Some(other) if !other.is_empty() && other.bytes().all(|byte| byte.is_ascii_digit()) => Err(
            format!("its name was written by another version of provision ({tag}); use that one"),
        ),
        _ => Ok(false),
    }
}

fn parse<T>(text: &str) -> Result<T, String>
where
    T: FromStr,
    T::Err: ToString,
{
    text.parse().map_err(|error: T::Err| error.to_string())
}

fn read_lease(text: &str) -> Result<Lease, String> {
    let (until, run) = text.split_once('-').ok_or("its lease names no run")?;
    Ok(Lease {
        until: time("end of its lease", until)?.ok_or("its lease has no end")?,
        run: parse(run)?,
    })
}

fn time(what: &str, text: &str) -> Result<Option<Timestamp>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    // as it would be written: no sign, and no zero ahead
    let seconds = text.parse::<i64>().ok();
    let seconds = seconds.filter(|seconds| *seconds >= 0 && seconds.to_string() == text);
    seconds
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .map(Some)
        .ok_or_else(|| format!("the {what} {text:?} is no time"))
}

/// The digest alone, in 43 characters.
fn digest(fingerprint: Fingerprint) -> Result<String, String> {
    let text = fingerprint.to_string();
    let base64 = text.strip_prefix("SHA256:").unwrap_or_default();
    let bytes = BASE64_NOPAD.decode(base64.as_bytes());
    let bytes = bytes.map_err(|_| "the host key's fingerprint cannot be written".to_owned())?;
    Ok(BASE64URL_NOPAD.encode(&bytes))
}

fn fingerprint(digest: &str) -> Result<Fingerprint, String> {
    let bytes = BASE64URL_NOPAD.decode(digest.as_bytes()).ok();
    let text = bytes.map(|bytes| format!("SHA256:{}", BASE64_NOPAD.encode(&bytes)));
    text.and_then(|text| text.parse().ok())
        .ok_or_else(|| "the host key's fingerprint is none".to_owned())
}
