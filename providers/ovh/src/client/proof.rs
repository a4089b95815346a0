//! On whose behalf requests come: signed, or with a token.

use super::open::Open;
use crate::config::Credentials;
use crate::oauth2::OAuth2;
use crate::sign::Signer;
use async_trait::async_trait;
use provision_api::http::{Authenticate, Outgoing};
use provision_api::{Error, ErrorKind, Result};
use secrecy::SecretString;
use std::sync::Arc;

/// One of the vendor's two methods.
#[derive(Debug)]
pub(crate) enum Proof {
    /// Application key, application secret and consumer key.
    Signed(Signer),
    /// A service account's client id and secret.
    Token(OAuth2),
}

impl Proof {
    pub(crate) fn new(credentials: Credentials, open: &Arc<Open>) -> Self {
        match credentials {
            Credentials::Signature {
                application_key,
                application_secret,
                consumer_key,
            } => Self::Signed(Signer::new(
                application_key,
                application_secret,
                consumer_key,
                Arc::clone(open),
            )),
            Credentials::OAuth2 {
                client_id,
                client_secret,
            } => Self::Token(OAuth2::new(client_id, client_secret, Arc::clone(open))),
        }
    }

    /// Which clock difference or token is in use.
    pub(crate) fn round(&self) -> u64 {
        match self {
            Self::Signed(signer) => signer.round(),
            Self::Token(oauth2) => oauth2.round(),
        }
    }

    /// Whether another clock difference or token, which is then fetched for the next request,
    /// may mend this: the refused request took no effect.
    pub(crate) async fn mends(&self, error: &Error, round: u64) -> bool {
        let code = error.code.as_deref().unwrap_or_default();
        match self {
            Self::Signed(signer) => code == "QUERY_TIME_OUT" && signer.refuse(round).await,
            Self::Token(oauth2) => {
                error.kind == ErrorKind::Denied
                    && !matches!(code, "NOT_GRANTED_CALL" | "FORBIDDEN" | "403")
                    // what the token itself was refused with
                    && code != "invalid_client"
                    && oauth2.refuse(round).await
            }
        }
    }
}

#[async_trait]
impl Authenticate for Proof {
    async fn authenticate(&self, outgoing: &mut Outgoing<'_>) -> Result<()> {
        match self {
            Self::Signed(signer) => signer.authenticate(outgoing).await,
            Self::Token(oauth2) => oauth2.authenticate(outgoing).await,
        }
    }

    fn secrets(&self) -> Vec<SecretString> {
        match self {
            Self::Signed(signer) => signer.secrets(),
            Self::Token(oauth2) => oauth2.secrets(),
        }
    }
}
