//! `kitestring-bench-heap child ...`: a child of `kitestring-bench` that counts its heap.

use bench::child;
use peak_alloc::PeakAlloc;
use std::process::ExitCode;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["child", words @ ..] => child::work(words, || HEAP.peak_usage()),
        _ => Err("this is a part of kitestring-bench".into()),
    };
    match result {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}
