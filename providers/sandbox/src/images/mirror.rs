//! Where the packages come from: the mirror that this computer's apt is set up with, and the
//! proxy that it uses. Neither is ever shown: both may be private, and hold passwords.

use super::recipe::SUITE;
use super::run::Run;

const DEFAULT: &str = "http://deb.debian.org/debian";
const DEFAULT_SECURITY: &str = "http://deb.debian.org/debian-security";

/// Names of Debian's releases that stand in sources of apt.
const RELEASES: [&str; 11] = [
    "oldoldstable",
    "oldstable",
    "stable",
    "testing",
    "unstable",
    "sid",
    "buster",
    "bullseye",
    "bookworm",
    "trixie",
    "forky",
];

/// apt's sources for the guests, and what apt needs to reach them.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Sources {
    /// Lines of a `sources.list`.
    pub(super) list: String,
    /// Lines of an `apt.conf`.
    pub(super) settings: String,
    /// What is not to be shown.
    hidden: Vec<String>,
}

impl Sources {
    /// Those of this computer; Debian's own where nothing is set up.
    pub(super) async fn here() -> Self {
        let format = "$(REPO_URI) $(RELEASE) $(COMPONENT)";
        let indices = ["indextargets", "--format", format, "Created-By: Packages"];
        let proxies = ["dump", "--format", "%F %v%n", "Acquire"];
        let targets = Run::output("apt-get", &indices).await.unwrap_or_default();
        let settings = Run::output("apt-config", &proxies)
            .await
            .unwrap_or_default();
        Self::of(&targets, &settings)
    }

    fn of(targets: &str, settings: &str) -> Self {
        let (mut main, mut security) = (None, None);
        for line in targets.lines() {
            let mut words = line.split_whitespace();
            let (Some(uri), Some(release), Some("main")) =
                (words.next(), words.next(), words.next())
            else {
                continue;
            };
            if !(uri.starts_with("http://") || uri.starts_with("https://")) {
                continue;
            }
            let (name, is_security) = match release.strip_suffix("-security") {
                Some(name) => (name, true),
                None => (release, false),
            };
            if RELEASES.contains(&name) {
                let place = if is_security {
                    &mut security
                } else {
                    &mut main
                };
                place.get_or_insert_with(|| uri.to_owned());
            }
        }
        // a mirror of one's own may have no updates of security, and no way to Debian's
        let security = match (&main, security) {
            (None, _) => Some(DEFAULT_SECURITY.to_owned()),
            (Some(_), found) => found,
        };
        let main = main.unwrap_or_else(|| DEFAULT.to_owned());
        let proxies: Vec<(&str, &str)> = settings
            .lines()
            .filter_map(|line| line.split_once(' '))
            .filter(|(name, value)| name.ends_with("::Proxy") && !value.is_empty())
            .filter(|(_, value)| !value.contains(['"', '\\']))
            .collect();
        let addresses = [Some(main.as_str()), security.as_deref()];
        let hidden = addresses
            .into_iter()
            .flatten()
            .chain(proxies.iter().map(|(_, value)| *value))
            .filter_map(host)
            .collect();
        let mut list = format!("deb {main} {SUITE} main\n");
        if let Some(security) = security {
            list.push_str(&format!("deb {security} {SUITE}-security main\n"));
        }
        let settings = proxies
            .iter()
            .map(|(name, value)| format!("{name} \"{value}\";\n"))
            .collect();
        Self {
            list,
            settings,
            hidden,
        }
    }

    /// The line without addresses: of each only the file at its end is left.
    pub(super) fn scrub(&self, line: &str) -> String {
        let words: Vec<String> = line
            .split(' ')
            .map(|word| match word.split_once("://") {
                Some((_, address)) => match address.rsplit_once('/') {
                    Some((_, file)) if !file.is_empty() => format!("<mirror>/{file}"),
                    _ => "<mirror>".to_owned(),
                },
                None => word.to_owned(),
            })
            .collect();
        self.hidden.iter().fold(words.join(" "), |line, host| {
            line.replace(host.as_str(), "<mirror>")
        })
    }
}

/// The name of the host in an address.
fn host(address: &str) -> Option<String> {
    let rest = address.split_once("://")?.1;
    let authority = rest.split('/').next()?;
    let host = authority.rsplit('@').next()?;
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    (!host.is_empty()).then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirror_of_this_computer_is_taken() {
        for (targets, list) in [
            (
                "https://other.test/repo/ nodistro main\n\
                 http://m.test/debian/ bookworm-updates main\n\
                 http://m.test/debian/ bookworm contrib\n\
                 http://m.test/debian/ bookworm main\n\
                 http://s.test/debian-security/ bookworm-security main\n",
                "deb http://m.test/debian/ trixie main\n\
                 deb http://s.test/debian-security/ trixie-security main\n",
            ),
            (
                "https://m.test/ stable main\n",
                "deb https://m.test/ trixie main\n",
            ),
            (
                "cdrom://disc/ trixie main\nhttp://archive.test/ubuntu/ noble main\n",
                "deb http://deb.debian.org/debian trixie main\n\
                 deb http://deb.debian.org/debian-security trixie-security main\n",
            ),
            (
                "",
                "deb http://deb.debian.org/debian trixie main\n\
                 deb http://deb.debian.org/debian-security trixie-security main\n",
            ),
        ] {
            assert_eq!(Sources::of(targets, "").list, list);
        }
    }

    #[test]
    fn proxies_are_taken_and_other_settings_are_not() {
        let settings = "Acquire::http::Proxy http://u:pw@p.test:3128\n\
                        Acquire::https::Proxy \n\
                        Acquire::Languages none\n\
                        Acquire::ftp::Proxy http://x\"; Evil \"\n";
        let sources = Sources::of("", settings);
        assert_eq!(
            sources.settings,
            "Acquire::http::Proxy \"http://u:pw@p.test:3128\";\n"
        );
    }

    #[test]
    fn no_address_is_shown() {
        let sources = Sources::of(
            "http://u:pw@m.test/debian/ trixie main\n",
            "Acquire::http::Proxy http://p.test:3128\n",
        );
        for (line, shown) in [
            (
                "E: Failed to fetch http://u:pw@m.test/debian/pool/x_1.deb 404 Not Found",
                "E: Failed to fetch <mirror>/x_1.deb 404 Not Found",
            ),
            (
                "Err:1 http://m.test/debian/ trixie",
                "Err:1 <mirror> trixie",
            ),
            ("Could not resolve 'm.test'", "Could not resolve '<mirror>'"),
            (
                "Could not connect to p.test:3128",
                "Could not connect to <mirror>:3128",
            ),
            ("I: success", "I: success"),
        ] {
            assert_eq!(sources.scrub(line), shown);
        }
    }
}
