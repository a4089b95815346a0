//! Servers of HTTPS with certificates that are right, and with others.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, Stream};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Who signs certificates.
pub(crate) struct Authority {
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

/// What a server shows, and how it proves that it is its own.
pub(crate) struct Shown {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        Self {
            certificate: certificate.der().clone(),
            issuer: Issuer::new(params, key),
        }
    }

    /// For a server of that name, from the first day of one year to that of another.
    pub(crate) fn sign(&self, name: &str, from: i32, to: i32) -> Shown {
        let key = KeyPair::generate().unwrap();
        let params = valid(name, from, to);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Shown::of(certificate.der(), &key)
    }

    /// Written as programs read those whom they trust.
    pub(crate) fn write(&self, file: &Path) {
        let text = data_encoding::BASE64.encode(&self.certificate);
        let mut lines = vec!["-----BEGIN CERTIFICATE-----".to_owned()];
        for line in text.as_bytes().chunks(64) {
            lines.push(String::from_utf8_lossy(line).into_owned());
        }
        lines.push("-----END CERTIFICATE-----\n".to_owned());
        std::fs::write(file, lines.join("\n")).unwrap();
    }
}

impl Shown {
    /// Signed by nobody but itself.
    pub(crate) fn by_itself(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = valid(name, 2020, 2120).self_signed(&key).unwrap();
        Self::of(certificate.der(), &key)
    }

    fn of(certificate: &CertificateDer<'_>, key: &KeyPair) -> Self {
        Self {
            certificate: certificate.clone().into_owned(),
            key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        }
    }
}

fn valid(name: &str, from: i32, to: i32) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(to, 1, 1);
    params
}

/// It answers every request alike, on loopback, until it is dropped.
pub(crate) struct Server {
    pub(crate) port: u16,
    told: Arc<Mutex<Vec<u8>>>,
    over: Arc<AtomicBool>,
}

impl Server {
    /// With TLS, or without where it shows nothing.
    pub(crate) fn new(shown: Option<Shown>, answer: Vec<u8>) -> Self {
        let config = shown.map(|shown| {
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let config = ServerConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(vec![shown.certificate], shown.key);
            Arc::new(config.unwrap())
        });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            told: Arc::default(),
            over: Arc::default(),
        };
        let (told, over) = (Arc::clone(&server.told), Arc::clone(&server.over));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                // a client that goes is not served
                let _ = serve(stream, config.clone(), &answer, &told);
            }
        });
        server
    }

    /// What it was told inside the connections that came about.
    pub(crate) fn told(&self) -> String {
        String::from_utf8_lossy(&self.told.lock().unwrap()).into_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(("127.0.0.1", self.port)));
    }
}

fn serve(
    mut stream: TcpStream,
    config: Option<Arc<ServerConfig>>,
    answer: &[u8],
    told: &Mutex<Vec<u8>>,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let Some(config) = config else {
        return talk(&mut stream, answer, told);
    };
    let mut connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
    talk(&mut Stream::new(&mut connection, &mut stream), answer, told)?;
    connection.send_close_notify();
    while connection.wants_write() {
        connection.write_tls(&mut stream)?;
    }
    Ok(())
}

fn talk(
    stream: &mut (impl Read + Write),
    answer: &[u8],
    told: &Mutex<Vec<u8>>,
) -> std::io::Result<()> {
    let mut heard = Vec::new();
    let mut piece = [0; 4096];
    while !heard.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut piece)?;
        if read == 0 {
            break;
        }
        heard.extend_from_slice(&piece[..read]);
        told.lock().unwrap().extend_from_slice(&piece[..read]);
    }
    stream.write_all(answer)?;
    stream.flush()
}

/// An answer of HTTP.
pub(crate) fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}
