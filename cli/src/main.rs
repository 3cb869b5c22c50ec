//! `kite` keeps a folder in step with a drive. It is also a worked example of an application that embeds
//! `kitestring`: `folder` is the host's documents, `session` puts the client together, `commands` uses it.

mod archive;
mod args;
mod classic_file;
mod commands;
mod config;
mod connections;
mod copied;
mod drive_url;
mod dropbox;
mod folder;
mod gdrive;
mod github;
mod home;
mod layout;
mod lock;
mod notes;
mod onedrive;
mod output;
mod s3;
mod sealed;
mod session;
mod setup;
mod sharing;
mod signals;
mod state_dir;
mod unreachable;
mod visit;
mod watch;
mod webdav;

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let code = match args::Args::try_parse() {
        Ok(args) => commands::run(&args),
        Err(usage) => output::error::usage(&usage),
    };
    // Threads that still read or write for a cancelled command end here; whatever they were at is safe to stop.
    ExitCode::from(code)
}
