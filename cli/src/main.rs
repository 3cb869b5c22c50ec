//! `kite` keeps a folder in step with a drive.

fn main() {}
