//! Who may log in, and what a login may ask for.

use super::link::Link;
use super::session::{self, Asked};
use super::spoiled::Spoiled;
use crate::machine::SshFault;
use crate::machine::emulated::inner::Inner;
use crate::machine::emulated::logins;
use crate::machine::emulated::state::{Account, Kind};
use russh::keys::PublicKey;
use russh::server::{Auth, ChannelOpenHandle, Msg, PublicKeyOffer, Session, VerifiedPublicKey};
use russh::{Channel, ChannelId, Error, Pty};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Which logins are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Login {
    /// Those of the accounts' keys, and passwords where an account has one.
    Keys,
    /// Passwords only.
    Password,
    /// Every one.
    Anyone,
    /// None.
    Nobody,
}

/// One connection.
pub(super) struct Handler {
    inner: Arc<Inner>,
    login: Login,
    link: Link,
    account: Option<Account>,
    /// Channels on which nothing was asked for yet.
    waiting: HashMap<ChannelId, Channel<Msg>>,
    terminals: HashSet<ChannelId>,
}

impl Handler {
    pub(super) fn new(inner: Arc<Inner>, login: Login, link: Link) -> Self {
        Self {
            inner,
            login,
            link,
            account: None,
            waiting: HashMap::new(),
            terminals: HashSet::new(),
        }
    }

    fn find(&self, user: &str) -> Option<Account> {
        let state = self.inner.state();
        let running = state.running.as_ref()?;
        let found = running.accounts.iter().find(|a| a.name == user).cloned();
        match self.login {
            Login::Anyone => found.or_else(|| Some(Account::user(user, 1000, true, Vec::new()))),
            _ => found,
        }
    }

    fn takes(&self, user: &str, key: &PublicKey) -> Option<Account> {
        let account = self.find(user)?;
        match self.login {
            Login::Anyone => Some(account),
            Login::Password | Login::Nobody => None,
            Login::Keys => logins::with_key(&self.inner.state(), &account, key),
        }
    }

    /// What its machine's fault does to a login, if it is one of those.
    fn fault(&self) -> Option<SshFault> {
        self.inner.state().faults.ssh
    }

    /// A session begins on a channel that was opened before.
    fn begin(&mut self, id: ChannelId, asked: Asked, session: &mut Session) -> Result<(), Error> {
        match (self.waiting.remove(&id), &self.account) {
            (Some(channel), Some(account)) => {
                session.channel_success(id)?;
                let terminal = self.terminals.contains(&id);
                let inner = Arc::clone(&self.inner);
                let account = account.clone();
                match self.fault().and_then(Spoiled::by) {
                    None => {
                        tokio::spawn(session::run(inner, account, channel, asked, terminal));
                    }
                    Some(how) => {
                        let link = self.link.clone();
                        tokio::spawn(how.run(inner, account, channel, asked, link));
                    }
                }
                Ok(())
            }
            _ => session.channel_failure(id),
        }
    }
}

impl russh::server::Handler for Handler {
    type Error = Error;

    async fn auth_publickey_offered(
        &mut self,
        user: &str,
        offer: PublicKeyOffer<'_>,
    ) -> Result<Auth, Error> {
        if self.fault() == Some(SshFault::HangAuth) {
            self.link.fall_silent();
            return std::future::pending().await;
        }
        Ok(match self.takes(user, offer.public_key) {
            Some(_) => Auth::Accept,
            None => Auth::reject(),
        })
    }

    async fn auth_publickey(
        &mut self,
        user: &str,
        key: VerifiedPublicKey<'_>,
    ) -> Result<Auth, Error> {
        self.account = self.takes(user, key.public_key);
        Ok(match self.account {
            Some(_) => Auth::Accept,
            None => Auth::reject(),
        })
    }

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, Error> {
        let account = self.find(user).filter(|account| {
            self.login == Login::Anyone
                || account.password.as_ref().is_some_and(|p| p.0 == password)
        });
        self.account = account;
        Ok(match self.account {
            Some(_) => Auth::Accept,
            None => Auth::reject(),
        })
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Error> {
        self.waiting.insert(channel.id(), channel);
        reply.accept().await;
        Ok(())
    }

    async fn channel_close(&mut self, id: ChannelId, _: &mut Session) -> Result<(), Error> {
        self.waiting.remove(&id);
        self.terminals.remove(&id);
        Ok(())
    }

    async fn pty_request(
        &mut self,
        id: ChannelId,
        _: &str,
        _: u32,
        _: u32,
        _: u32,
        _: u32,
        _: &[(Pty, u32)],
        session: &mut Session,
    ) -> Result<(), Error> {
        self.terminals.insert(id);
        session.channel_success(id)
    }

    async fn env_request(
        &mut self,
        id: ChannelId,
        _: &str,
        _: &str,
        session: &mut Session,
    ) -> Result<(), Error> {
        // taken and ignored: the shell has no environment
        session.channel_success(id)
    }

    async fn shell_request(&mut self, id: ChannelId, session: &mut Session) -> Result<(), Error> {
        self.begin(id, Asked::Prompt, session)
    }

    async fn exec_request(
        &mut self,
        id: ChannelId,
        data: &[u8],
        session: &mut Session,
    ) -> Result<(), Error> {
        let text = String::from_utf8_lossy(data).into_owned();
        self.inner.is_told(&text).await;
        if self.fault() == Some(SshFault::HangCommand) {
            self.link.fall_silent();
            return Ok(());
        }
        self.begin(id, Asked::Script(text), session)
    }

    async fn subsystem_request(
        &mut self,
        id: ChannelId,
        _: &str,
        session: &mut Session,
    ) -> Result<(), Error> {
        session.channel_failure(id)
    }

    async fn x11_request(
        &mut self,
        id: ChannelId,
        _: bool,
        _: &str,
        _: &str,
        _: u32,
        session: &mut Session,
    ) -> Result<(), Error> {
        session.channel_failure(id)
    }
}

/// How a prompt begins.
pub(super) fn prompt(inner: &Inner, account: &Account) -> String {
    let state = inner.state();
    let running = state.running.as_ref();
    let host = running.map_or("", |r| r.hostname.as_str());
    let sign = if account.uid == 0 { '#' } else { '$' };
    let kind = running.map_or("", |r| match r.kind {
        Kind::Installer => "installer ",
        Kind::Rescue => "rescue ",
        _ => "",
    });
    format!("[sandbox {kind}{}@{host}]{sign} ", account.name)
}
