//! The one client of all three products: the vendor's two sets of routes, signed or with a token.

mod api;
mod kept;
mod open;
mod path;
mod proof;

pub(crate) use api::Api;
pub(crate) use kept::Kept;
pub(crate) use open::Open;
pub(crate) use path::segment;

use crate::config::Config;
use crate::dialect::Ovhs;
use jiff::Timestamp;
use proof::Proof;
use provision_api::Result;
use provision_api::http::{Http, Settings};
use std::sync::Arc;

/// A client for one product.
#[derive(Debug)]
pub(crate) struct Client {
    provider: &'static str,
    open: Arc<Open>,
    v1: Api,
    v2: Api,
}

impl Client {
    /// For the product of that name. Credentials that cannot be right and an endpoint that must
    /// not be spoken to are refused; nothing is sent yet.
    pub(crate) fn new(config: Config, provider: &'static str) -> Result<Self> {
        let places = config.places(provider)?;
        config.check_credentials(provider)?;
        let dialect = Arc::new(Ovhs::new(provider, &config));
        let open = Arc::new(Open::new(&config, &places, &dialect)?);
        let Config {
            credentials,
            limits,
            witness,
            ..
        } = config;
        let proof = Arc::new(Proof::new(credentials, &open));
        let api = |endpoint, prefix| {
            let http = Http::new(Settings {
                endpoint,
                dialect: Arc::clone(&dialect) as _,
                authenticate: Arc::clone(&proof) as _,
                limits,
                witness: witness.clone(),
            })?;
            Result::Ok(Api::new(provider, http, Arc::clone(&proof), prefix))
        };
        Ok(Self {
            provider,
            v1: api(places.v1, "")?,
            v2: api(places.base, "/v2")?,
            open,
        })
    }

    /// The product's name, for errors.
    pub(crate) fn provider(&self) -> &'static str {
        self.provider
    }

    /// HTTP requests sent so far, those for the clock and for tokens included.
    pub(crate) fn requests(&self) -> u64 {
        self.v1.requests() + self.v2.requests() + self.open.requests()
    }

    /// The vendor's time, as its answers told it, or as it was read to sign requests.
    pub(crate) fn now(&self) -> Option<Timestamp> {
        let told = [self.v1.now(), self.v2.now(), self.open.now()];
        told.into_iter().flatten().max()
    }

    /// The routes below `/1.0`, where almost everything is.
    pub(crate) fn v1(&self) -> &Api {
        &self.v1
    }

    /// The routes below `/v2` (`/iam/resource/{urn}`).
    pub(crate) fn v2(&self) -> &Api {
        &self.v2
    }

    /// What needs no credentials.
    pub(crate) fn open(&self) -> &Open {
        &self.open
    }
}
