//! Runs a WebDAV server (Apache) until the standard input ends. The address of an empty folder is the first line of the
//! output; each line of the input is answered by how many requests have come since the last.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use kitestring_servers::{Kind, Server, counting, empty_folder};
use std::io::{self, BufRead as _};

fn main() -> io::Result<()> {
    let server = Server::start(Kind::Apache);
    let (folder, count) = counting(&empty_folder(&server).unwrap());
    println!("{folder}");
    for line in io::stdin().lock().lines() {
        line?;
        println!("{}", count.take());
    }
    Ok(())
}
