//! A vault that is damaged in every way that a rule of the doctor names: it is explained, and repaired or refused with the
//! reason. After each repair every device has all documents, and nothing was deleted.
#![allow(clippy::panic, clippy::print_stdout, reason = "a test may panic, and says what it tried")]

mod classic;
mod interrupted;
mod journal;
mod world;
