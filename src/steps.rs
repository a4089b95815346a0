//! The stages that a server goes through, one a file.

pub mod acquire;
pub mod afresh;
pub mod boot;
pub mod build;
pub mod drive;
pub mod first_key;
pub mod gate;
pub mod install;
pub mod marks;
pub mod probe;
pub mod prove;
pub mod reach;
pub mod rescue;
