//! Runs the emulator of Dropbox until the standard input ends. Its address is the first line of the output.

use kitestring_emulators::DropboxEmulator;
use std::io;

fn main() -> io::Result<()> {
    let emulator = DropboxEmulator::start();
    println!("{}", emulator.address());
    io::copy(&mut io::stdin(), &mut io::sink()).map(|_| ())
}
