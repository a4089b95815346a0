//! How a request says on whose behalf it comes.

use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use std::fmt::Debug;
use url::Url;

/// A request as it will go out. A signature may cover all of it.
#[derive(Debug)]
pub struct Outgoing<'a> {
    /// What is being done, for errors.
    pub operation: &'a str,
    /// The method.
    pub method: &'a Method,
    /// The whole URL, query included, encoded as it will be sent.
    pub url: &'a Url,
    /// The bytes of the body; empty if there is none.
    pub body: &'a [u8],
    /// Where the proof is put.
    pub headers: &'a mut HeaderMap,
}

/// The hook that proves who asks. Called anew for each try, so that time stamps are fresh.
#[async_trait]
pub trait Authenticate: Debug + Send + Sync {
    /// Adds what proves it.
    async fn authenticate(&self, outgoing: &mut Outgoing<'_>) -> Result<()>;

    /// The secrets that it puts into requests, so that they are redacted wherever they turn up.
    fn secrets(&self) -> Vec<SecretString>;
}

/// `Authorization: Bearer …` with a fixed token.
#[derive(Debug)]
pub struct Bearer {
    provider: &'static str,
    token: SecretString,
}

impl Bearer {
    /// With that token, for that provider's errors.
    pub fn new(provider: &'static str, token: SecretString) -> Self {
        Self { provider, token }
    }
}

#[async_trait]
impl Authenticate for Bearer {
    async fn authenticate(&self, outgoing: &mut Outgoing<'_>) -> Result<()> {
        let text = format!("Bearer {}", self.token.expose_secret());
        let mut value = HeaderValue::from_str(&text).map_err(|_| {
            Error::new(
                ErrorKind::Denied,
                self.provider,
                outgoing.operation,
                "the token has characters that no HTTP header may have; copy it again",
            )
        })?;
        value.set_sensitive(true);
        outgoing.headers.insert(AUTHORIZATION, value);
        Ok(())
    }

    fn secrets(&self) -> Vec<SecretString> {
        vec![self.token.clone()]
    }
}

/// No proof at all, for the few calls that need none.
#[derive(Debug, Clone, Copy)]
pub struct Anonymous;

#[async_trait]
impl Authenticate for Anonymous {
    async fn authenticate(&self, _outgoing: &mut Outgoing<'_>) -> Result<()> {
        Ok(())
    }

    fn secrets(&self) -> Vec<SecretString> {
        Vec::new()
    }
}
