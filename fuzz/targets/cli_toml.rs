//! hcloud's `cli.toml`: read, or refused without quoting a token, wherever in the file one stands.

#![no_main]

use provision_fuzz::file;
use provision_hetzner::Config;

const TOKEN: &str = "S3cretS3cretS3cretS3cretS3cretS3cretS3cretS3cretS3cretS3cretS3cr";

libfuzzer_sys::fuzz_target!(|text: &str| {
    // in a text of several lines it would be a part of a name, and names are told
    if text.contains("\"\"\"") || text.contains("'''") || text.contains("S3cret") {
        return;
    }
    let mut lines: Vec<&str> = text.lines().collect();
    let token = format!("token = \"{TOKEN}\"");
    // anywhere, as the text will have it
    lines.insert(text.len() % (lines.len() + 1), &token);
    let path = file("cli.toml", lines.join("\n").as_bytes());
    let path = path.display().to_string();
    let lookup = |name: &str| (name == "HCLOUD_CONFIG").then(|| path.clone());
    let told = match Config::from_environment(lookup, None) {
        Ok(config) => format!("{config:?}"),
        Err(error) => error.to_string(),
    };
    assert!(!told.contains("S3cret"), "{told}");
});
