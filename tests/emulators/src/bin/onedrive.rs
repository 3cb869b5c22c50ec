//! Runs the emulator of OneDrive until the standard input ends. Its address is the first line of the output.

use kitestring_emulators::OneDriveEmulator;
use std::io;

fn main() -> io::Result<()> {
    let emulator = OneDriveEmulator::start();
    println!("{}", emulator.address());
    io::copy(&mut io::stdin(), &mut io::sink()).map(|_| ())
}
