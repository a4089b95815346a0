//! Somebody else in the place of a vendor's API, and of the server of an own installer.

use super::book::files;
use super::tls::{Authority, Server, Shown, answer};
use crate::campaign::Campaign;
use crate::lab::{Lab, Ran};

const TOKEN: &str = "plantedHetznerToken0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHI";
const SECRET: &str = "planted-application-secret-0123";
const CONSUMER: &str = "planted-consumer-key-0123456789";
const CLIENT: &str = "planted-client-secret-0123456789";

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Right,
    SelfSigned,
    OtherAuthority,
    OtherName,
    Expired,
    NotYet,
    LeadsToHttp,
    LeadsElsewhere,
    NoTls,
    PlainHttp,
}

const ALL: [(Who, &str); 10] = [
    (Who::Right, "a server with the right certificate"),
    (Who::SelfSigned, "a certificate signed by itself"),
    (Who::OtherAuthority, "a certificate of an unknown authority"),
    (Who::OtherName, "a certificate for another name"),
    (Who::Expired, "a certificate that has expired"),
    (Who::NotYet, "a certificate that is not valid yet"),
    (Who::LeadsToHttp, "the right server, which leads to http"),
    (
        Who::LeadsElsewhere,
        "the right server, which leads to another",
    ),
    (Who::NoTls, "a server that speaks no TLS"),
    (
        Who::PlainHttp,
        "an http address that is not of this machine",
    ),
];

struct Cell {
    api: &'static str,
    who: (Who, &'static str),
}

#[test]
#[ignore = "a campaign: cargo xtask campaign"]
fn trust_in_the_api() {
    let campaign = Campaign::open("trust-api");
    let apis = ["hetzner", "ovh, signed", "ovh, OAuth2", "a kexec tarball"];
    let cells: Vec<Cell> = apis
        .into_iter()
        .flat_map(|api| ALL.map(|who| Cell { api, who }))
        .collect();
    let row = |cell: &Cell| vec![cell.api.to_owned(), cell.who.1.to_owned()];
    campaign.run(
        &["asked for", "who answers"],
        &cells,
        row,
        |cell| match cell.api {
            "a kexec tarball" => tarball(cell.who.0),
            api => asked(api, cell.who.0),
        },
    );
}

/// The server, whoever it leads to, and the address that is told.
struct Place {
    server: Server,
    elsewhere: Server,
    address: String,
}

fn place(who: Who, lab: &Lab, right: &[u8]) -> Place {
    let authority = Authority::new();
    authority.write(&lab.path("authority.pem"));
    let elsewhere = match who {
        Who::LeadsElsewhere => Some(authority.sign("localhost", 2020, 2120)),
        _ => None,
    };
    let elsewhere = Server::new(elsewhere, right.to_vec());
    let shown = match who {
        Who::SelfSigned => Shown::by_itself("localhost"),
        Who::OtherAuthority => Authority::new().sign("localhost", 2020, 2120),
        Who::OtherName => authority.sign("api.example.org", 2020, 2120),
        Who::Expired => authority.sign("localhost", 2020, 2021),
        Who::NotYet => authority.sign("localhost", 2119, 2120),
        _ => authority.sign("localhost", 2020, 2120),
    };
    let scheme = match who {
        Who::LeadsToHttp => Some("http"),
        Who::LeadsElsewhere => Some("https"),
        _ => None,
    };
    let says = match scheme {
        Some(scheme) => {
            let to = format!(
                "location: {scheme}://localhost:{}/x.tar.gz\r\n",
                elsewhere.port
            );
            answer("302 Found", &to, b"")
        }
        None => right.to_vec(),
    };
    let server = Server::new((who != Who::NoTls).then_some(shown), says);
    let address = match who {
        Who::PlainHttp => "http://192.0.2.1".to_owned(),
        _ => format!("https://localhost:{}", server.port),
    };
    Place {
        server,
        elsewhere,
        address,
    }
}

/// Reads the list of servers there.
fn asked(api: &str, who: Who) -> String {
    let lab = Lab::new();
    let denied = answer(
        "401 Unauthorized",
        "content-type: application/json\r\n",
        b"{}",
    );
    let place = place(who, &lab, &denied);
    let provider = &api[..api.find(',').unwrap_or(api.len())];
    let mut command = lab.command(&format!("-vvv list --provider {provider} --owner me"));
    command.env("SSL_CERT_FILE", lab.path("authority.pem"));
    let address = &place.address;
    match api {
        "hetzner" => command
            .env("HCLOUD_ENDPOINT", format!("{address}/v1"))
            .env("HCLOUD_TOKEN", TOKEN),
        "ovh, signed" => command
            .env("OVH_ENDPOINT", format!("{address}/1.0"))
            .env("OVH_APPLICATION_KEY", "planted-application")
            .env("OVH_APPLICATION_SECRET", SECRET)
            .env("OVH_CONSUMER_KEY", CONSUMER),
        _ => command
            .env("OVH_ENDPOINT", format!("{address}/1.0"))
            .env("OVH_CLIENT_ID", "planted-client")
            .env("OVH_CLIENT_SECRET", CLIENT),
    };
    let ran = Ran::of(command.output().unwrap());
    let told = place.server.told();
    for secret in [TOKEN, SECRET, CONSUMER, CLIENT] {
        let printed = ran.stdout.contains(secret) || ran.stderr.contains(secret);
        assert!(!printed, "{secret} is printed: {ran}");
        assert!(
            !place.elsewhere.told().contains(secret),
            "{secret} went elsewhere"
        );
    }
    assert_eq!(
        place.elsewhere.told(),
        "",
        "the other server was asked: {ran}"
    );
    match who {
        Who::Right => {
            assert!(
                told.contains("HTTP/1.1"),
                "nothing came of the right one: {ran}"
            );
            assert_eq!(api == "hetzner", told.contains(TOKEN), "{told}");
            assert_eq!(ran.code, 5, "{ran}");
            return "asked, and its refusal told (5)".to_owned();
        }
        Who::LeadsToHttp | Who::LeadsElsewhere => {
            assert!(told.contains("HTTP/1.1"), "it was not asked: {ran}");
        }
        Who::NoTls => assert!(!told.contains("planted"), "{told}"),
        _ => assert_eq!(told, "", "it was told something: {ran}"),
    }
    let code = match who {
        // the machine may be out of order: nobody has shown a wrong certificate
        Who::NoTls => 6,
        // refused before anything is asked
        Who::PlainHttp => 5,
        _ => 9,
    };
    ran.failed(code, &[]);
    format!("refused, nothing sent ({code})")
}

/// Fetches an own installer from there.
fn tarball(who: Who) -> String {
    let lab = Lab::new();
    let bytes = b"an installer";
    let right = answer("200 OK", "", bytes);
    let place = place(who, &lab, &right);
    // a signed address, which nobody has to see
    let signed = place.address.replace("://", "://ann:planted-url-password@");
    let signed = format!("{signed}/x.tar.gz?signature=planted/url-signature");
    let ran = fetched(&lab, &signed, &sha256(bytes));
    no_address(&lab, &ran);
    if who == Who::Right {
        ran.succeeded();
        assert!(place.server.told().contains("signature=planted"));
        // the same bytes, and another hash
        let url = format!("{}/x.tar.gz --reinstall", place.address);
        fetched(&lab, &url, &sha256(b"another")).failed(9, &["is not taken", "SHA-256"]);
        let url = format!("{signed} --reinstall");
        let ran = fetched(&lab, &url, &sha256(b"another"));
        no_address(&lab, &ran);
        ran.failed(9, &["PROVISION_KEXEC"]);
        return "taken with its hash, refused with another (9)".to_owned();
    }
    if who == Who::LeadsElsewhere {
        // it is the hash that counts, and every step is verified
        ran.succeeded();
        assert!(place.elsewhere.told().contains("GET /x.tar.gz"));
        return "followed over TLS, taken with its hash".to_owned();
    }
    assert_eq!(place.elsewhere.told(), "", "fetched without TLS: {ran}");
    let code = if who == Who::PlainHttp { 2 } else { 9 };
    ran.failed(code, &[]);
    format!("refused ({code})")
}

/// What is secret in the address is neither printed nor kept, nor in a name of a file.
fn no_address(lab: &Lab, ran: &Ran) {
    let kept = files(&lab.state());
    let kept = kept.iter().map(|file| {
        let content = std::fs::read(file).unwrap();
        let content = String::from_utf8_lossy(&content).into_owned();
        (file.display().to_string(), content)
    });
    let printed = [("stdout", &ran.stdout), ("stderr", &ran.stderr)];
    let printed = printed.map(|(name, text)| (name.to_owned(), text.clone()));
    for (name, text) in kept.chain(printed) {
        let is_there = text.contains("planted-url") || text.contains("url-signature");
        let is_name = name.contains("url-signature");
        assert!(!is_there && !is_name, "the address is in {name}: {ran}");
    }
}

fn fetched(lab: &Lab, url: &str, hash: &str) -> Ran {
    let up = format!("-vvv up hetzner-cloud --sandbox --kexec-sha256 {hash} --kexec {url}");
    let mut command = lab.command(&up);
    if lab.path("authority.pem").exists() {
        command.env("SSL_CERT_FILE", lab.path("authority.pem"));
    }
    Ran::of(command.output().unwrap())
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    data_encoding::HEXLOWER.encode(&sha2::Sha256::digest(bytes))
}

/// A tarball of this machine with another hash is refused before a server is paid for.
#[test]
#[ignore = "a campaign: cargo xtask campaign"]
fn trust_a_tarball_with_another_hash_costs_nothing() {
    let lab = Lab::new();
    let file = lab.path("x.tar.gz");
    std::fs::write(&file, "an installer").unwrap();
    let other = sha256(b"another");
    fetched(&lab, file.to_str().unwrap(), &other).failed(9, &["is not taken"]);
    assert!(lab.servers().is_empty());
    fetched(&lab, file.to_str().unwrap(), &sha256(b"an installer")).succeeded();
}
