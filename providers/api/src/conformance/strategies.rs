//! Values for property tests: whatever an adapter may have to write down.

use crate::{Fingerprint, Lease, Marks, Phase, Role};
use jiff::Timestamp;
use proptest::prelude::*;

/// Any marks that there can be.
pub fn marks() -> impl Strategy<Value = Marks> {
    let name = || "[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?";
    // what runs are called: a time and five digits, as `20261123t022535z-f38ea`
    let run = || "[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?";
    let phases = [
        Phase::Created,
        Phase::Installing,
        Phase::Installed,
        Phase::Proven,
    ];
    let time = || 0..253_402_207_200_i64;
    let key = proptest::option::of(any::<[u8; 8]>());
    let lease = proptest::option::of((time(), run()));
    let parts = (
        (name(), run(), name()),
        any::<bool>(),
        0..4_usize,
        proptest::option::of(time()),
        key,
        lease,
    );
    parts.prop_filter_map(
        "no name",
        move |((owner, run, host), test, phase, expires, key, lease)| {
            let expires = match expires {
                Some(second) => Some(Timestamp::from_second(second).ok()?),
                None => None,
            };
            let lease = match lease {
                Some((second, run)) => Some(Lease {
                    until: Timestamp::from_second(second).ok()?,
                    run: run.parse().ok()?,
                }),
                None => None,
            };
            Some(Marks {
                owner: owner.parse().ok()?,
                run: run.parse().ok()?,
                host: host.parse().ok()?,
                role: Role::of(test),
                phase: phases[phase],
                expires,
                host_key: key.map(|bytes| Fingerprint::of_wire(&bytes)),
                lease,
            })
        },
    )
}
