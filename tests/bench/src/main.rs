//! `kitestring-bench [--full]`: prints a table and writes it to `target/bench/classic.md`.

use async_io::block_on;
use bench::{
    Result, counts,
    memory::{self, Half},
    table, times,
};
use peak_alloc::PeakAlloc;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        [] => run(false),
        ["--full"] => run(true),
        ["child", half, count, place] => child(half, count, Path::new(place)),
        _ => Err("usage: kitestring-bench [--full]".into()),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}

fn run(full: bool) -> Result<bool> {
    let program = std::env::current_exe()?;
    let out = folder(&program).ok_or("this program lies outside of cargo's target folder")?;
    std::fs::create_dir_all(&out)?;
    let (peer_count, large) = if full { (1_000, 100_000) } else { (100, 40_000) };
    let mut rows = times::on_folder(10_000, &out)?;
    rows.extend(times::at_a_distance(1_000, peer_count, &out)?);
    rows.extend(block_on(counts::rows())?);
    rows.extend(memory::rows(&program, 10_000, large, &out)?);
    let notes = "Both sides run on the same disk and with the same notes, and the better of two runs on the folder counts. \
        Ours makes every batch durable; the peer does not.";
    let text = format!("{}\n{notes}\n", table::markdown(&rows));
    println!("{text}");
    let file = out.join("classic.md");
    std::fs::write(&file, &text)?;
    println!("written to {}", file.display());
    Ok(!rows.iter().any(table::Row::failed))
}

/// Returns `target/bench`, seen from a program in `target/<profile>`.
fn folder(program: &Path) -> Option<PathBuf> {
    Some(program.parent()?.parent()?.join("bench"))
}

fn child(half: &str, count: &str, place: &Path) -> Result<bool> {
    let half: Half = serde_json::from_value(half.into())?;
    let peak = memory::child(half, count.parse()?, place, || HEAP.peak_usage())?;
    println!("{}", serde_json::to_string(&peak)?);
    Ok(true)
}
