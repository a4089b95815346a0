//! A service account's tokens: fetched when needed, renewed before they expire.

use crate::client::{Kept, Open};
use provision_api::http::{HeaderValue, Outgoing};
use provision_api::{ErrorKind, Result};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A token is renewed so long before its end, or half its life if that is less.
const MARGIN: Duration = Duration::from_secs(60);
/// How long a token lives that does not say so; the vendor's live an hour.
const USUAL: u64 = 600;

/// Carries a token.
#[derive(Debug)]
pub(crate) struct OAuth2 {
    client_id: String,
    client_secret: SecretString,
    open: Arc<Open>,
    token: Kept<Token>,
}

/// A token, and until when it is used.
#[derive(Debug, Clone)]
struct Token {
    text: SecretString,
    until: Instant,
}

/// What the vendor answers.
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: SecretString,
    #[serde(default)]
    expires_in: Option<u64>,
}

impl OAuth2 {
    pub(crate) fn new(client_id: String, client_secret: SecretString, open: Arc<Open>) -> Self {
        Self {
            client_id,
            client_secret,
            open,
            token: Kept::default(),
        }
    }

    pub(crate) fn round(&self) -> u64 {
        self.token.round()
    }

    pub(crate) async fn refuse(&self, round: u64) -> bool {
        self.token.refuse(round).await
    }

    pub(crate) fn secrets(&self) -> Vec<SecretString> {
        vec![self.client_secret.clone()]
    }

    pub(crate) async fn authenticate(&self, outgoing: &mut Outgoing<'_>) -> Result<()> {
        let good = |token: &Token| Instant::now() < token.until;
        let token = self.token.get(good, || self.fetch()).await?;
        let text = format!("Bearer {}", token.text.expose_secret());
        let mut value = HeaderValue::from_str(&text).map_err(|_| {
            let why = "the token that was granted has characters that no HTTP header may have";
            self.open.error(ErrorKind::Garbled, outgoing.operation, why)
        })?;
        value.set_sensitive(true);
        outgoing.headers.insert("authorization", value);
        Ok(())
    }

    async fn fetch(&self) -> Result<Token> {
        let asked = Instant::now();
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &self.client_id),
            ("client_secret", self.client_secret.expose_secret()),
            ("scope", "all"),
        ];
        let answer: TokenAnswer = self.open.token("get a token", &form).await?;
        self.open.learn(answer.access_token.clone());
        let life = Duration::from_secs(answer.expires_in.unwrap_or(USUAL));
        Ok(Token {
            text: answer.access_token,
            until: asked + used_for(life),
        })
    }
}

/// How long a token of that life is used.
fn used_for(life: Duration) -> Duration {
    // a life without end is a clock that overflows
    let life = life.min(Duration::from_secs(365 * 86400));
    life.saturating_sub(MARGIN.min(life / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_renewed_before_it_expires() {
        for (life, used) in [(3599, 3539), (120, 60), (60, 30), (2, 1), (0, 0)] {
            let found = used_for(Duration::from_secs(life));
            assert_eq!(found, Duration::from_secs(used), "{life}");
        }
        assert!(used_for(Duration::MAX) < Duration::from_secs(366 * 86400));
    }
}
