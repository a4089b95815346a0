//! Trust and secrets: whoever is not the one that is meant is told nothing, and what is secret is
//! written nowhere.

#[path = "trust/api.rs"]
mod api;
#[path = "trust/book.rs"]
mod book;
#[path = "trust/consent.rs"]
mod consent;
#[path = "trust/first_boot.rs"]
mod first_boot;
#[path = "trust/hops.rs"]
mod hops;
#[path = "trust/impostor.rs"]
mod impostor;
#[path = "trust/installer.rs"]
mod installer;
#[path = "trust/needles.rs"]
mod needles;
#[path = "trust/scenes.rs"]
mod scenes;
#[path = "trust/secrets.rs"]
mod secrets;
#[path = "trust/stage.rs"]
mod stage;
#[path = "trust/tls.rs"]
mod tls;
#[path = "trust/way.rs"]
mod way;
#[path = "trust/witness.rs"]
mod witness;
