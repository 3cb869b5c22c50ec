//! What is planted around ports, what watches from there, and the searches that must find it.
#![allow(dead_code, reason = "each test uses a part")]

pub mod ports;
pub mod searches;
pub mod watch;
