//! Runs the emulator of GitHub until the standard input ends. Its address is the first line of the output. Each repository that is
//! named in the arguments is made, and is empty.

use kitestring_emulators::GitHubEmulator;
use std::{env, io};

fn main() -> io::Result<()> {
    let emulator = GitHubEmulator::start();
    env::args().skip(1).for_each(|name| emulator.create(&name));
    println!("{}", emulator.address());
    io::copy(&mut io::stdin(), &mut io::sink()).map(|_| ())
}
