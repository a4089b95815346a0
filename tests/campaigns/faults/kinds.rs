//! What a fault is: the rules that make the vendor fail so, and which calls can have it.

use super::calls::Call;
use super::life::LATE;
use super::products::Product;
use serde_json::{Value, json};

/// One column of the table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fault {
    pub(super) name: &'static str,
    /// What the legend says of it.
    pub(super) means: &'static str,
    what: What,
    /// Hits every request from the first on, not only the first.
    always: bool,
    /// What was asked for happens although no success tells of it.
    pub(super) happens: bool,
    fits: Fits,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum What {
    /// An answer of the vendor's, with its code at Hetzner and at OVH.
    Status(u16, &'static str, &'static str),
    /// The rate limit, told by these headers.
    Limited(&'static [(&'static str, &'static str)]),
    /// A gateway's page.
    Page(u16),
    /// Told as failed, and done.
    Lie,
    /// Each of these kinds at once.
    Kinds(fn() -> Vec<Value>),
}

/// Which calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fits {
    All,
    /// What changes something.
    Writes,
    /// What answers with something that is read.
    Answered,
    /// What begins something in the background.
    Begins,
    /// What makes something that is listed.
    Creates,
    Hetzner,
}

pub(super) const fn fault(
    name: &'static str,
    means: &'static str,
    what: What,
    fits: Fits,
) -> Fault {
    Fault {
        name,
        means,
        what,
        always: false,
        happens: false,
        fits,
    }
}

impl Fault {
    pub(super) const fn always(mut self, name: &'static str) -> Self {
        self.name = name;
        self.always = true;
        self
    }

    pub(super) const fn happens(mut self) -> Self {
        self.happens = true;
        self
    }

    /// Whether the call can have it.
    pub(super) fn fits(&self, product: &Product, call: &Call) -> bool {
        match self.fits {
            Fits::All => true,
            Fits::Writes => !call.is_read(),
            // what OVH answers to a change of properties, or to a deletion, is nothing
            Fits::Answered => {
                call.is_read() || call.method == "POST" || call.path.starts_with("/servers")
            }
            Fits::Begins => call.begins(),
            Fits::Creates => call.is_create(),
            Fits::Hetzner => product.name == "hetzner",
        }
    }

    /// Whether it is gone once the request is sent again, so that a read must survive it.
    pub(super) fn passes(&self) -> bool {
        !self.always && !matches!(self.what, What::Status(401 | 409 | 423, ..))
    }

    /// Whether nothing happens, once, and the next try succeeds.
    pub(super) fn is_harmless(&self) -> bool {
        let names = [
            "500",
            "502",
            "503",
            "429",
            "429 after",
            "reset",
            "closed",
            "silent",
            "slow",
        ];
        names.contains(&self.name)
    }

    /// Whether no answer comes, so that nobody knows whether it is on its way.
    pub(super) fn is_unanswered(&self) -> bool {
        ["reset", "closed", "silent"].contains(&self.name)
    }

    /// Whether an effect may come when the request has been given up, so that nobody can know of
    /// it.
    pub(super) fn comes_late(&self) -> bool {
        self.name.starts_with("late")
    }

    /// The rules that make the vendor fail like that.
    pub(super) fn rules(&self, product: &Product, call: &Call) -> Value {
        let times = u32::from(!self.always);
        let kinds = match self.what {
            What::Kinds(kinds) => kinds(),
            What::Status(status, hetzner, ovh) => {
                let code = if product.name == "hetzner" {
                    hetzner
                } else {
                    ovh
                };
                vec![json!({ "status": { "status": status, "code": code, "message": "a fault" } })]
            }
            What::Limited(headers) => {
                let headers: serde_json::Map<String, Value> = headers
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), json!(told(value))))
                    .collect();
                let code = if product.name == "hetzner" {
                    "rate_limit_exceeded"
                } else {
                    "TOO_MANY"
                };
                vec![json!({ "status": { "status": 429, "code": code, "headers": headers } })]
            }
            What::Page(status) => {
                let page = "<html><body><h1>a gateway speaks</h1></body></html>";
                let effect = status < 300;
                vec![json!({ "status": { "status": status, "body": page, "effect": effect } })]
            }
            What::Lie => vec![json!({ "status": {
                "status": 500, "code": "server_error", "message": "a lie", "effect": true } })],
        };
        let rule = |kind: Value| json!({ "method": call.method, "path": call.path, "times": times, "kind": kind });
        kinds.into_iter().map(rule).collect()
    }
}

/// `now+N` is a time of the vendor's clock.
fn told(value: &str) -> String {
    match value.strip_prefix("now+") {
        Some(seconds) => {
            let seconds: i64 = seconds.parse().unwrap();
            (jiff::Timestamp::now().as_second() + seconds).to_string()
        }
        None => value.to_owned(),
    }
}

pub(super) fn late() -> u64 {
    u64::try_from(LATE.as_millis()).unwrap()
}
