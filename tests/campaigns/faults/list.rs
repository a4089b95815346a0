//! The faults: the columns of the table.

use super::kinds::{Fault, Fits, What, fault, late};
use serde_json::json;

/// Why a cell of the table is empty.
pub(super) const EMPTY: &str = "`·` is a fault that the call cannot have: 423, 409 and a change \
    that is told as failed or comes late are for what changes something; actions are begun by \
    orders, deletions and what switches the power; a list can only be behind with what was just \
    made; headers of the rate limit are Hetzner's alone; a half answer is no matter where the \
    answer has no body.";

const S500: Fault = fault(
    "500",
    "500",
    What::Status(500, "server_error", "INTERNAL"),
    Fits::All,
);
const S502: Fault = fault(
    "502",
    "502 with a gateway's page",
    What::Page(502),
    Fits::All,
);
const S503: Fault = fault(
    "503",
    "503",
    What::Status(503, "unavailable", "UNAVAILABLE"),
    Fits::All,
);
const S429: Fault = fault(
    "429",
    "429 without a word of when",
    What::Limited(&[]),
    Fits::All,
);
const S423: Fault = fault(
    "423",
    "423 locked",
    What::Status(423, "locked", "LOCKED"),
    Fits::Writes,
);
const S409: Fault = fault(
    "409",
    "409 conflict",
    What::Status(409, "conflict", "CONFLICT"),
    Fits::Writes,
);
const S401: Fault = fault(
    "401",
    "401 halfway",
    What::Status(401, "unauthorized", "INVALID_CREDENTIAL"),
    Fits::All,
);
const HALF: Fault = fault(
    "half",
    "done, and half of the JSON is missing",
    What::Kinds(|| vec![json!("truncate")]),
    Fits::Answered,
);
const SILENT: Fault = fault(
    "silent",
    "never answered, and nothing happens",
    What::Kinds(|| {
        vec![
            json!({ "delay": { "before_ms": late() } }),
            json!("drop-before"),
        ]
    }),
    Fits::All,
);

/// All of them, in the order of the table.
pub(super) static FAULTS: &[Fault] = &[
    S500,
    S500.always("500 always"),
    S502,
    S502.always("502 always"),
    S503,
    S503.always("503 always"),
    fault(
        "429 after",
        "429 with `Retry-After: 1`",
        What::Limited(&[("retry-after", "1")]),
        Fits::All,
    ),
    fault(
        "429 limits",
        "429 with Hetzner's headers of the rate limit",
        What::Limited(&[
            ("ratelimit-limit", "3600"),
            ("ratelimit-remaining", "0"),
            ("ratelimit-reset", "now+3600"),
        ]),
        Fits::Hetzner,
    ),
    S429,
    S429.always("429 always"),
    S423,
    S423.always("423 always"),
    S409,
    S409.always("409 always"),
    SILENT,
    SILENT.always("silent always"),
    fault(
        "late",
        "answered, and done, only after the request was given up",
        What::Kinds(|| vec![json!({ "delay": { "before_ms": late() } })]),
        Fits::Writes,
    ),
    fault(
        "done late",
        "done at once, answered only after the request was given up",
        What::Kinds(|| vec![json!({ "delay": { "after_ms": late() } })]),
        Fits::All,
    ),
    fault(
        "reset",
        "the connection is reset, and nothing happens",
        What::Kinds(|| vec![json!("reset-before")]),
        Fits::All,
    ),
    fault(
        "reset done",
        "done, and the connection is reset",
        What::Kinds(|| vec![json!("reset-after")]),
        Fits::All,
    )
    .happens(),
    fault(
        "closed",
        "the connection is closed, and nothing happens",
        What::Kinds(|| vec![json!("drop-before")]),
        Fits::All,
    ),
    fault(
        "lost",
        "done, and the answer is lost",
        What::Kinds(|| vec![json!("drop-after")]),
        Fits::All,
    )
    .happens(),
    fault(
        "lost always",
        "done each time, and each answer is lost",
        What::Kinds(|| vec![json!("drop-after")]),
        Fits::All,
    )
    .happens()
    .always("lost always"),
    HALF,
    HALF.always("half always"),
    fault(
        "page",
        "done, and answered 200 with a page",
        What::Page(200),
        Fits::Answered,
    ),
    fault(
        "type",
        "right, and said to be `text/html`",
        What::Kinds(|| vec![json!({ "content-type": "text/html" })]),
        Fits::Answered,
    ),
    fault("lie", "done, and answered 500", What::Lie, Fits::Writes).happens(),
    fault(
        "slow",
        "the body takes half a second",
        What::Kinds(|| vec![json!({ "slow-body": 500 })]),
        Fits::All,
    ),
    fault(
        "too slow",
        "the body takes longer than the request may",
        What::Kinds(|| vec![json!({ "slow-body": late() })]),
        Fits::Answered,
    ),
    S401,
    S401.always("401 always"),
    fault(
        "fails",
        "what it begins ends in an error",
        What::Kinds(|| vec![json!({ "action-error": {} })]),
        Fits::Begins,
    ),
    fault(
        "hangs",
        "what it begins never ends",
        What::Kinds(|| vec![json!("action-hangs")]),
        Fits::Begins,
    ),
    fault(
        "vanishes",
        "what it begins is done, and cannot be found",
        What::Kinds(|| vec![json!("action-vanishes")]),
        Fits::Begins,
    ),
    fault(
        "unlisted",
        "what it makes is missing from the next three lists",
        What::Kinds(|| vec![json!({ "stale-list": 3 })]),
        Fits::Creates,
    ),
    fault(
        "lost, unlisted",
        "the same, and the answer is lost",
        What::Kinds(|| vec![json!("drop-after"), json!({ "stale-list": 3 })]),
        Fits::Creates,
    )
    .happens(),
    fault(
        "half, unlisted",
        "the same, and half of the answer is missing",
        What::Kinds(|| vec![json!("truncate"), json!({ "stale-list": 3 })]),
        Fits::Creates,
    ),
];
