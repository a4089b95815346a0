//! How OVHcloud speaks of errors.
//!
//! `{"class", "message", "errorCode"?}` with the header `X-Ovh-QueryID`; where a token is asked
//! for, `{"error", "error_description"}`. No rate limit is told: 429 is waited out.

mod meaning;

use crate::config::{Config, Credentials};
use meaning::{Trouble, again};
use provision_api::Error;
use provision_api::http::{Answer, Dialect, Fault, HeaderMap, Rate, Redactor, StatusCode};
use secrecy::SecretString;
use std::sync::{Mutex, PoisonError};

/// The code of a call that the rules of the credentials do not allow.
pub(crate) const NOT_GRANTED: &str = "NOT_GRANTED_CALL";
/// The status of a service that is suspended or whose time is over; HTTP has no such.
const EXPIRED: u16 = 460;

/// OVHcloud's dialect, for one product.
#[derive(Debug)]
pub(crate) struct Ovhs {
    provider: &'static str,
    /// Which credential came from where, for errors that say it is wrong.
    sources: Vec<(&'static str, String)>,
    /// Whether requests are signed; else they carry a token.
    signs: bool,
    /// Where new keys are made.
    create_token: String,
    /// Tokens that were granted: an error may quote one.
    spoken: Mutex<Vec<SecretString>>,
}

impl Ovhs {
    pub(crate) fn new(provider: &'static str, config: &Config) -> Self {
        let sources = config.credentials_sources.iter();
        Self {
            provider,
            sources: sources
                .map(|(name, source)| (*name, source.to_string()))
                .collect(),
            signs: matches!(config.credentials, Credentials::Signature { .. }),
            create_token: format!(
                "https://{}/createToken/",
                config.endpoint.host_str().unwrap_or("eu.api.ovh.com")
            ),
            spoken: Mutex::default(),
        }
    }

    /// Keeps this out of errors from now on.
    pub(crate) fn learn(&self, token: SecretString) {
        let mut spoken = self.spoken.lock().unwrap_or_else(PoisonError::into_inner);
        spoken.push(token);
    }

    pub(crate) fn provider_name(&self) -> &'static str {
        self.provider
    }

    fn without_tokens(&self, text: &str) -> String {
        let spoken = self.spoken.lock().unwrap_or_else(PoisonError::into_inner);
        Redactor::new(spoken.clone(), &[]).veil(&[]).text(text)
    }

    /// ` (application_key from …)`, as far as it is known.
    fn from(&self, name: &str) -> String {
        let known = self.sources.iter().find(|(known, _)| *known == name);
        known.map_or_else(String::new, |(name, source)| {
            format!(" ({name} from {source})")
        })
    }

    /// What the user can do about it.
    fn mend(&self, code: &str, status: StatusCode) -> Option<String> {
        let create = &self.create_token;
        Some(match code {
            "INVALID_KEY" => format!(
                "the application key{} is not known there; keys of one endpoint are not good for \
                 another; make new ones at {create}",
                self.from("application_key")
            ),
            "INVALID_SIGNATURE" => format!(
                "the application secret{} does not belong to the application key, or the \
                 consumer key is another's",
                self.from("application_secret")
            ),
            "NOT_CREDENTIAL" | "INVALID_CREDENTIAL" if self.signs => format!(
                "the consumer key{} is unknown, has expired or was never validated; make a new \
                 one at {create}",
                self.from("consumer_key")
            ),
            "QUERY_TIME_OUT" => "the clock of this machine jumps; set it right".to_owned(),
            NOT_GRANTED => "the rules of the credentials do not allow it".to_owned(),
            "invalid_client" | "unauthorized_client" => format!(
                "the service account's id or secret{} is wrong there",
                self.from("client_secret")
            ),
            _ if status == StatusCode::UNAUTHORIZED => {
                "the credentials are not taken; make new ones".to_owned()
            }
            _ if status.as_u16() == EXPIRED => {
                "renew it in OVHcloud's control panel, or pay what is due".to_owned()
            }
            _ => return None,
        })
    }
}

impl Dialect for Ovhs {
    fn provider(&self) -> &'static str {
        self.provider
    }

    fn classify(&self, operation: &str, answer: &Answer) -> Fault {
        let status = answer.status;
        let trouble = Trouble::read(answer);
        let kind = trouble.meaning(status);
        let mut message = trouble.message.unwrap_or_else(|| {
            let body = answer.describe_body();
            format!("{status}, with {body}")
        });
        let code = trouble.code.unwrap_or_else(|| status.as_u16().to_string());
        if let Some(mend) = self.mend(&code, status) {
            message = format!("{message}; {mend}");
        }
        let mut error = Error::new(
            kind,
            self.provider,
            operation,
            self.without_tokens(&message),
        );
        error.code = Some(code);
        error.request_id = query_id(&answer.headers);
        Fault::new(error, again(kind, status))
    }

    fn rate(&self, _headers: &HeaderMap) -> Option<Rate> {
        None
    }

    fn request_id(&self, headers: &HeaderMap) -> Option<String> {
        query_id(headers)
    }

    /// Calls whose schema has no answer answer nothing at all.
    fn empty_is_null(&self) -> bool {
        true
    }

    /// The address of a screen has its password in it.
    fn sensitive_fields(&self) -> &'static [&'static str] {
        &["url"]
    }
}

/// What the vendor's support asks for.
fn query_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get("X-Ovh-QueryID")?.to_str().ok()?;
    Some(id.to_owned()).filter(|id| !id.is_empty())
}
