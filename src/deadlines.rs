//! How long anything may take. Every wait has one of these.

use std::time::Duration;

/// The deadlines of one process; `PROVISION_DEADLINE_SCALE` stretches or shrinks all of them
/// (`0.1`), and sets single ones in seconds (`0.1,install=20`).
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    scale: f64,
    /// Those that were set, by their place among the names.
    own: [Option<Duration>; NAMES.len()],
}

/// Within these every deadline is a time that can be waited for: from milliseconds to years.
const LEAST: f64 = 0.000_1;
const MOST: f64 = 10_000.0;
/// The same for a single one, in seconds.
const SHORTEST: f64 = 0.01;
const LONGEST: f64 = 30.0 * 86_400.0;

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            scale: 1.0,
            own: [None; NAMES.len()],
        }
    }
}

macro_rules! deadlines {
    ($($(#[$doc:meta])* $name:ident = $seconds:literal;)+) => {
        /// As they are set by themselves.
        const NAMES: &[&str] = &[$(stringify!($name)),+];

        impl Deadlines {
            $($(#[$doc])*
            pub fn $name(&self) -> Duration {
                self.of(stringify!($name), $seconds)
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
    /// An order of a run that was killed can still be carried out: all tries of it, and what a
    /// vendor may take for the last one.
    order = 300.0;
    /// A run that gave no sign of life for so long is dead.
    lease = 300.0;
}

impl Deadlines {
    fn of(&self, name: &str, seconds: f64) -> Duration {
        let at = NAMES.iter().position(|known| *known == name);
        let own = at.and_then(|at| self.own.get(at).copied().flatten());
        own.unwrap_or_else(|| Duration::from_secs_f64(seconds * self.scale))
    }

    /// From `PROVISION_DEADLINE_SCALE`; nonsense counts as if it were not there.
    pub fn from_environment() -> Self {
        let given = std::env::var("PROVISION_DEADLINE_SCALE").ok();
        given.map_or_else(Self::default, |text| Self::scaled(&text))
    }

    fn scaled(text: &str) -> Self {
        let mut all = Self::default();
        for part in text.split(',') {
            match part.split_once('=') {
                None => all.scale = number(part).unwrap_or(1.0).clamp(LEAST, MOST),
                Some((name, seconds)) => {
                    let at = NAMES.iter().position(|known| *known == name.trim());
                    if let (Some(own), Some(seconds)) =
                        (at.and_then(|at| all.own.get_mut(at)), number(seconds))
                    {
                        *own = Some(Duration::from_secs_f64(seconds.clamp(SHORTEST, LONGEST)));
                    }
                }
            }
        }
        all
    }

    /// The factor, for what keeps its own deadlines.
    pub fn scale(&self) -> f64 {
        self.scale
    }
}

fn number(text: &str) -> Option<f64> {
    let number: f64 = text.trim().parse().ok()?;
    (number.is_finite() && number > 0.0).then_some(number)
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

    #[test]
    fn single_ones_are_set_beside_the_factor() {
        for (text, install, boot) in [
            ("0.5", 2700.0, 300.0),
            ("install=20", 20.0, 600.0),
            ("0.1,install=20, boot=1.5", 20.0, 1.5),
            ("install=20,0.1", 20.0, 60.0),
            ("0.1,instal=20,boot=soon,boot=-1", 540.0, 60.0),
            ("install=1e300", LONGEST, 600.0),
        ] {
            let deadlines = Deadlines::scaled(text);
            let both = (
                deadlines.install().as_secs_f64(),
                deadlines.boot().as_secs_f64(),
            );
            assert!((both.0 - install).abs() < 1e-9, "{text}: {both:?}");
            assert!((both.1 - boot).abs() < 1e-9, "{text}: {both:?}");
        }
    }
}
