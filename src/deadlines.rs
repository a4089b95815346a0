//! How long anything may take. Every wait has one of these.

use std::time::Duration;

/// The deadlines of one process; `PROVISION_DEADLINE_SCALE` stretches or shrinks all of them.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    scale: f64,
}

/// Within these every deadline is a time that can be waited for: from milliseconds to years.
const LEAST: f64 = 0.000_1;
const MOST: f64 = 10_000.0;

impl Default for Deadlines {
    fn default() -> Self {
        Self { scale: 1.0 }
    }
}

macro_rules! deadlines {
    ($($(#[$doc:meta])* $name:ident = $seconds:literal;)+) => {
        impl Deadlines {
            $($(#[$doc])*
            pub fn $name(&self) -> Duration {
                Duration::from_secs_f64($seconds * self.scale)
            })+
        }
    };
}

deadlines! {
    /// The vendor finishes what it accepted.
    task = 600.0;
    /// A new or rebuilt machine answers SSH with the expected host key.
    first_boot = 300.0;
    /// A machine that should be up already answers.
    answer = 60.0;
    /// A login that is refused is taken for final: cloud-init may not have put the key in yet.
    refusal = 45.0;
    /// A command on a machine that is up.
    command = 30.0;
    /// The flake is evaluated.
    evaluate = 600.0;
    /// The system is built.
    build = 7200.0;
    /// The installer is loaded, and answers.
    kexec = 900.0;
    /// The disk is partitioned and the system is copied to it.
    install = 5400.0;
    /// The machine boots from its disk and answers.
    boot = 600.0;
    /// All units of the new system have started or failed.
    settle = 300.0;
    /// It is found out why something failed.
    post_mortem = 600.0;
    /// A vendor that is busy with the server is asked again.
    busy = 120.0;
    /// A run that gave no sign of life for so long is dead.
    lease = 300.0;
}

impl Deadlines {
    /// From `PROVISION_DEADLINE_SCALE`; nonsense counts as 1.
    pub fn from_environment() -> Self {
        let given = std::env::var("PROVISION_DEADLINE_SCALE").ok();
        given.map_or_else(Self::default, |text| Self::scaled(&text))
    }

    fn scaled(text: &str) -> Self {
        let given = text.parse().ok();
        let scale = given
            .filter(|scale: &f64| scale.is_finite() && *scale > 0.0)
            .unwrap_or(1.0);
        Self {
            scale: scale.clamp(LEAST, MOST),
        }
    }

    /// The factor, for what keeps its own deadlines.
    pub fn scale(&self) -> f64 {
        self.scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_scale_is_a_time_that_can_be_waited_for() {
        for (text, scale) in [
            ("0.5", 0.5),
            ("1e300", MOST),
            ("1e-300", LEAST),
            ("inf", 1.0),
            ("NaN", 1.0),
            ("-1", 1.0),
            ("0", 1.0),
            ("long", 1.0),
        ] {
            let deadlines = Deadlines::scaled(text);
            assert!((deadlines.scale() - scale).abs() < 1e-9, "{text}");
            let latest = std::time::Instant::now().checked_add(deadlines.build());
            assert!(latest.is_some(), "{text}");
        }
    }
}
