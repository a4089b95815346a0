//! What an SSH port does instead of answering, and from which moment of a machine's way on.

use super::product::Product;
use serde_json::{Value, json};

/// What an SSH port does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ssh {
    Refuse,
    Hang,
    HangAuth,
    HangCommand,
    Close,
    Cut,
    CutAfter,
    Impostor,
    Password,
    NoKey,
    TurnedAway,
    Flood,
    FloodLine,
}

pub(super) const ALL: [Ssh; 13] = [
    Ssh::Refuse,
    Ssh::Hang,
    Ssh::HangAuth,
    Ssh::HangCommand,
    Ssh::Close,
    Ssh::Cut,
    Ssh::CutAfter,
    Ssh::Impostor,
    Ssh::Password,
    Ssh::NoKey,
    Ssh::TurnedAway,
    Ssh::Flood,
    Ssh::FloodLine,
];

impl Ssh {
    /// The sandbox's word for it, and what the table says.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Refuse => ("refuse", "SSH refuses"),
            Self::Hang => ("hang", "SSH hangs before its banner"),
            Self::HangAuth => ("hang-auth", "SSH hangs after the key exchange"),
            Self::HangCommand => ("hang-command", "SSH hangs after the login"),
            Self::Close => ("close", "SSH closes after its banner"),
            Self::Cut => ("cut", "the connection is lost in a command"),
            Self::CutAfter => (
                "cut-after",
                "the connection is lost after a command's effect",
            ),
            Self::Impostor => ("impostor", "another host key"),
            Self::Password => ("password", "only passwords"),
            Self::NoKey => ("no-key", "our login key is refused"),
            Self::TurnedAway => ("turned-away", "turned away (PerSourcePenalties)"),
            Self::Flood => ("flood", "prints lines without end"),
            Self::FloodLine => ("flood-line", "prints one line without end"),
        }
    }

    pub(super) fn name(self) -> String {
        self.words().1.to_owned()
    }

    pub(super) fn faults(self) -> Value {
        json!({ "ssh": self.words().0 })
    }

    /// Whether somebody answers who lets nobody in with our key.
    pub(super) fn refuses_login(self) -> bool {
        matches!(self, Self::Password | Self::NoKey)
    }

    /// Whether the command that it begins with is never done, or never said to be.
    pub(super) fn spoils_its_command(self) -> bool {
        matches!(
            self,
            Self::HangCommand | Self::Cut | Self::CutAfter | Self::Flood | Self::FloodLine
        )
    }
}

/// A moment of the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    FirstLogin,
    BeforeKexec,
    InKexec,
    AfterKexec,
    InDisko,
    InInstall,
    AfterReboot,
    InProve,
    InRescue,
    InTeardown,
}

pub(super) const STAGES: [Stage; 10] = [
    Stage::FirstLogin,
    Stage::BeforeKexec,
    Stage::InKexec,
    Stage::AfterKexec,
    Stage::InDisko,
    Stage::InInstall,
    Stage::AfterReboot,
    Stage::InProve,
    Stage::InRescue,
    Stage::InTeardown,
];

impl Stage {
    pub(super) fn name(self) -> String {
        match self {
            Self::FirstLogin => "first login",
            Self::BeforeKexec => "before kexec",
            Self::InKexec => "in kexec",
            Self::AfterKexec => "after kexec",
            Self::InDisko => "in disko",
            Self::InInstall => "in install",
            Self::AfterReboot => "after the reboot",
            Self::InProve => "in prove",
            Self::InRescue => "in rescue",
            Self::InTeardown => "in teardown",
        }
        .to_owned()
    }

    /// The faults from that moment on.
    pub(super) fn then(self, product: Product, faults: &Value) -> Value {
        let system = |name: &str| json!({ "system": name });
        let command = |words: &str| json!({ "command": words });
        let when = match self {
            Self::FirstLogin => system(product.first_system()),
            Self::BeforeKexec => command("stand-in facts"),
            Self::InKexec => command("stand-in kexec"),
            Self::AfterKexec => system("installer"),
            Self::InDisko => command("stand-in disko"),
            Self::InInstall => command("stand-in install"),
            Self::AfterReboot | Self::InTeardown => system("installed"),
            Self::InProve => command("is-system-running"),
            Self::InRescue => system("rescue"),
        };
        json!({ "turn": { "when": when, "faults": faults } })
    }
}
