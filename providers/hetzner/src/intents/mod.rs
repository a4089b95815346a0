//! What can be wanted of the vendor, one thing a file.

mod console;
mod create;
mod gone;
mod key;
mod leftovers;
mod mark;
mod poll;
mod power;
mod see;
