//! Runs the emulator of Google Drive until the standard input ends. Its address is the first line of the output.

use kitestring_emulators::GDriveEmulator;
use std::io;

fn main() -> io::Result<()> {
    let emulator = GDriveEmulator::start();
    println!("{}", emulator.address());
    io::copy(&mut io::stdin(), &mut io::sink()).map(|_| ())
}
