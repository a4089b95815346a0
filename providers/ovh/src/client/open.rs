//! What needs no credentials, or is how they are got: the clock, tokens, prices.

use crate::config::{Config, Credentials, Places};
use crate::dialect::Ovhs;
use async_trait::async_trait;
use jiff::Timestamp;
use provision_api::http::{
    Anonymous, Authenticate, Clock, HeaderValue, Http, Outgoing, Request, Settings,
};
use provision_api::{Error, Result};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use url::form_urlencoded;

/// Calls without a signature.
#[derive(Debug)]
pub(crate) struct Open {
    v1: Http,
    token: Http,
    dialect: Arc<Ovhs>,
    /// What `/auth/time` told.
    clock: Clock,
}

impl Open {
    pub(crate) fn new(config: &Config, places: &Places, dialect: &Arc<Ovhs>) -> Result<Self> {
        let http = |endpoint, authenticate, witness| {
            Http::new(Settings {
                endpoint,
                dialect: Arc::clone(dialect) as _,
                authenticate,
                limits: config.limits,
                witness,
            })
        };
        let v1 = http(
            places.v1.clone(),
            Arc::new(Anonymous) as Arc<dyn Authenticate>,
            config.witness.clone(),
        )?;
        // it sees secrets only, and no schema describes it: no witness
        let token = http(
            places.token.clone(),
            Arc::new(Form::new(&config.credentials)),
            None,
        )?;
        Ok(Self {
            v1,
            token,
            dialect: Arc::clone(dialect),
            clock: Clock::default(),
        })
    }

    /// Reads something below `/1.0` that is everybody's.
    pub(crate) async fn get<T: DeserializeOwned>(&self, request: &Request) -> Result<T> {
        self.v1.call(request).await
    }

    /// Asks for a token with this form.
    pub(crate) async fn token<T: DeserializeOwned>(
        &self,
        operation: &str,
        form: &[(&str, &str)],
    ) -> Result<T> {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        // one more token does no harm
        let mut request = Request::post("/token", operation).harmless();
        request.body = Some(body.into_bytes());
        self.token.call(&request).await
    }

    /// Keeps a new token out of errors and logs.
    pub(crate) fn learn(&self, token: SecretString) {
        self.dialect.learn(token);
    }

    /// An error of our own making.
    pub(crate) fn error(
        &self,
        kind: provision_api::ErrorKind,
        operation: &str,
        why: &str,
    ) -> Error {
        Error::new(kind, self.dialect.provider_name(), operation, why)
    }

    /// Takes the time that the vendor's clock told.
    pub(crate) fn told_time(&self, theirs: i64) {
        if let Ok(theirs) = Timestamp::from_second(theirs) {
            self.clock.set(theirs);
        }
    }

    /// The vendor's time, if a call has told it.
    pub(crate) fn now(&self) -> Option<Timestamp> {
        self.clock.now().or_else(|| self.v1.clock().now())
    }

    /// Requests sent so far.
    pub(crate) fn requests(&self) -> u64 {
        self.v1.requests() + self.token.requests()
    }
}

/// A form instead of JSON; the proof is in it.
#[derive(Debug)]
struct Form {
    secrets: Vec<SecretString>,
}

impl Form {
    fn new(credentials: &Credentials) -> Self {
        let secrets = match credentials {
            Credentials::Signature { .. } => Vec::new(),
            Credentials::OAuth2 { client_secret, .. } => {
                let plain = client_secret.expose_secret();
                let encoded = form_urlencoded::byte_serialize(plain.as_bytes()).collect::<String>();
                vec![client_secret.clone(), encoded.into()]
            }
        };
        Self { secrets }
    }
}

#[async_trait]
impl Authenticate for Form {
    async fn authenticate(&self, outgoing: &mut Outgoing<'_>) -> Result<()> {
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        outgoing.headers.insert("content-type", form);
        Ok(())
    }

    fn secrets(&self) -> Vec<SecretString> {
        self.secrets.clone()
    }
}
