//! Another machine in the place of the one that is meant: it shows a host key of its own, lets
//! everybody in who brings a key or a password, and writes down all that it is told.

use russh::keys::PublicKey;
use russh::server::{
    Auth, ChannelOpenHandle, Config, Handler, Msg, PublicKeyOffer, Session, VerifiedPublicKey,
};
use russh::{Channel, ChannelId, ChannelMsg, Error, MethodKind};
use ssh_key::{Algorithm, PrivateKey};
use std::collections::HashMap;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;

/// What it was told, by all who came.
#[derive(Default, Clone)]
pub(crate) struct Told {
    /// Connections.
    pub(crate) came: usize,
    /// Who logged in, and by what.
    pub(crate) logins: Vec<String>,
    /// Passwords that were tried.
    pub(crate) passwords: Vec<String>,
    /// Passwords, commands, and what was sent to them.
    pub(crate) bytes: Vec<u8>,
}

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let logins: std::collections::BTreeSet<_> = self.logins.iter().collect();
        f.debug_struct("Told")
            .field("came", &self.came)
            .field("logins", &logins)
            .field("passwords", &self.passwords)
            .field(
                "bytes",
                &format!("{:.2000}", String::from_utf8_lossy(&self.bytes)),
            )
            .finish()
    }
}

/// What it does with commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Does {
    /// It listens, and says that they have succeeded.
    Nothing,
    /// It runs them here: it is the machine that is meant.
    AsTold,
}

/// It listens on loopback until it is dropped.
pub(crate) struct Impostor {
    told: Arc<Mutex<Told>>,
    pub(crate) port: u16,
    /// Its host key, as it stands in `known_hosts`.
    pub(crate) public: String,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Impostor {
    pub(crate) fn new() -> Self {
        let key = PrivateKey::random(&mut rand::rng(), Algorithm::Ed25519).unwrap();
        Self::with(key, Does::Nothing)
    }

    /// With that host key.
    pub(crate) fn with(key: PrivateKey, does: Does) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let told = Arc::new(Mutex::new(Told::default()));
        let public = key.public_key().to_openssh().unwrap();
        let config = Arc::new(config(key));
        let ear = Arc::clone(&told);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                ear.lock().unwrap().came += 1;
                tokio::spawn(talk(Arc::clone(&config), stream, Arc::clone(&ear), does));
            }
        });
        Self {
            told,
            port,
            public,
            runtime: Some(runtime),
        }
    }

    pub(crate) fn told(&self) -> Told {
        self.told.lock().unwrap().clone()
    }
}

impl Drop for Impostor {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(5));
        }
    }
}

fn config(key: PrivateKey) -> Config {
    Config {
        // who is let in by nothing keeps the password to himself
        methods: (&[MethodKind::PublicKey, MethodKind::Password][..]).into(),
        auth_rejection_time: Duration::ZERO,
        auth_rejection_time_initial: Some(Duration::ZERO),
        keys: vec![key],
        ..Config::default()
    }
}

async fn talk(config: Arc<Config>, stream: TcpStream, told: Arc<Mutex<Told>>, does: Does) {
    let ear = Ear {
        told,
        does,
        open: HashMap::new(),
    };
    if let Ok(session) = russh::server::run_stream(config, stream, ear).await {
        drop(session.await);
    }
}

struct Ear {
    told: Arc<Mutex<Told>>,
    does: Does,
    open: HashMap<ChannelId, Channel<Msg>>,
}

impl Ear {
    fn let_in(&self, user: &str, by: &str) -> Auth {
        let mut told = self.told.lock().unwrap();
        told.logins.push(format!("{user} by {by}"));
        Auth::Accept
    }

    fn hear(&self, bytes: &[u8]) {
        hear(&self.told, bytes);
    }

    /// Every command succeeds when all that it is sent has been read, or is run.
    fn begin(&mut self, id: ChannelId, command: &[u8], session: &mut Session) -> Result<(), Error> {
        let Some(channel) = self.open.remove(&id) else {
            return session.channel_failure(id);
        };
        session.channel_success(id)?;
        let told = Arc::clone(&self.told);
        let command = String::from_utf8_lossy(command).into_owned();
        match self.does {
            Does::Nothing => drop(tokio::spawn(listen(channel, told))),
            Does::AsTold => drop(tokio::spawn(work(channel, told, command))),
        }
        Ok(())
    }
}

fn hear(told: &Mutex<Told>, bytes: &[u8]) {
    let mut told = told.lock().unwrap();
    told.bytes.extend_from_slice(bytes);
    told.bytes.push(b'\n');
}

async fn listen(channel: Channel<Msg>, told: Arc<Mutex<Told>>) {
    let (mut reading, writing) = channel.split();
    loop {
        match reading.wait().await {
            Some(ChannelMsg::Data { data }) => hear(&told, &data),
            Some(ChannelMsg::Eof | ChannelMsg::Close) | None => break,
            Some(_) => {}
        }
    }
    drop(writing.exit_status(0).await);
    drop(writing.eof().await);
    drop(writing.close().await);
}

/// Runs the command with what it is sent.
async fn work(channel: Channel<Msg>, told: Arc<Mutex<Told>>, command: String) {
    let mut child = Command::new("sh")
        .args(["-c", &command])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let (mut reading, writing) = channel.split();
    let (mut input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let hearing = async {
        loop {
            match reading.wait().await {
                Some(ChannelMsg::Data { data }) => {
                    hear(&told, &data);
                    drop(input.write_all(&data).await);
                }
                Some(ChannelMsg::Eof | ChannelMsg::Close) | None => break,
                Some(_) => {}
            }
        }
        drop(input);
    };
    let telling = async {
        drop(writing.data(output).await);
        let code = child.wait().await.unwrap().code();
        let code = code.and_then(|code| u32::try_from(code).ok());
        drop(writing.exit_status(code.unwrap_or(255)).await);
        drop(writing.eof().await);
        drop(writing.close().await);
    };
    tokio::join!(hearing, telling);
}

impl Handler for Ear {
    type Error = Error;

    async fn auth_publickey_offered(
        &mut self,
        _: &str,
        _: PublicKeyOffer<'_>,
    ) -> Result<Auth, Error> {
        Ok(Auth::Accept)
    }

    async fn auth_publickey(
        &mut self,
        user: &str,
        key: VerifiedPublicKey<'_>,
    ) -> Result<Auth, Error> {
        let key: &PublicKey = key.public_key;
        Ok(self.let_in(user, key.algorithm().as_str()))
    }

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, Error> {
        self.hear(password.as_bytes());
        let tried = password.to_owned();
        self.told.lock().unwrap().passwords.push(tried);
        Ok(self.let_in(user, "password"))
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Error> {
        self.open.insert(channel.id(), channel);
        reply.accept().await;
        Ok(())
    }

    async fn exec_request(
        &mut self,
        id: ChannelId,
        data: &[u8],
        session: &mut Session,
    ) -> Result<(), Error> {
        self.hear(data);
        self.begin(id, data, session)
    }

    async fn shell_request(&mut self, id: ChannelId, session: &mut Session) -> Result<(), Error> {
        self.begin(id, b"sh", session)
    }

    async fn subsystem_request(
        &mut self,
        id: ChannelId,
        name: &str,
        session: &mut Session,
    ) -> Result<(), Error> {
        self.hear(name.as_bytes());
        self.begin(id, b"false", session)
    }

    async fn env_request(
        &mut self,
        id: ChannelId,
        name: &str,
        value: &str,
        session: &mut Session,
    ) -> Result<(), Error> {
        self.hear(format!("{name}={value}").as_bytes());
        session.channel_success(id)
    }
}
