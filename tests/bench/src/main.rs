//! `kitestring-bench [--full]`: prints a table and writes it to `target/bench/table.md`.

use async_io::block_on;
use bench::{
    Result, beside, child, counts, growth,
    layout::Measured,
    memory, physical, scale, scan, sealed,
    table::{self, Row},
    times,
};
use mimalloc::MiMalloc;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

/// The peer's runtime brings an allocator of its own, made for many small objects; so does this program. What is said of
/// memory is measured by `kitestring-bench-heap`, which counts.
#[global_allocator]
static HEAP: MiMalloc = MiMalloc;

/// How many documents the longer and the shorter run have.
struct Sizes {
    /// Of the peer, and of the classic layout, at a distance.
    peer_far: u64,
    classic_far: u64,
    /// From and to, for the growth of memory. The quick run leaves the classic one to `tests/memory.rs`: it writes a file
    /// for each note.
    classic_memory: Option<(u64, u64)>,
    journal_memory: (u64, u64),
    saves: u64,
    /// Of the vault that is put in order.
    compacted: u64,
}

const QUICK: Sizes =
    Sizes { peer_far: 40, classic_far: 200, classic_memory: None, journal_memory: (1_000, 20_000), saves: 1_000, compacted: 20_000 };
const FULL: Sizes = Sizes {
    peer_far: 1_000,
    classic_far: 1_000,
    classic_memory: Some((10_000, 100_000)),
    journal_memory: (1_000, 1_000_000),
    saves: 10_000,
    compacted: 100_000,
};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        [] => run(&QUICK, false),
        ["--full"] => run(&FULL, true),
        ["child", words @ ..] => child::work(words, || 0).map(|line| {
            println!("{line}");
            true
        }),
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

fn run(sizes: &Sizes, full: bool) -> Result<bool> {
    let program = std::env::current_exe()?;
    let out = folder(&program).ok_or("this program lies outside of cargo's target folder")?;
    std::fs::create_dir_all(&out)?;
    let mut rows = Vec::new();
    let mut part = |name: &str, work: &dyn Fn() -> Result<Vec<Row>>| -> Result<()> {
        let begun = Instant::now();
        rows.extend(work()?);
        // A person who waits wants to see that it goes on, and where the time goes.
        eprintln!("{name}: {:.1} s", begun.elapsed().as_secs_f64());
        Ok(())
    };
    part("this machine", &|| physical::rows(&out))?;
    part("in memory", &|| beside::rows(&program, 10_000, full, &out))?;
    part("on a folder", &|| times::on_folder(10_000, &out))?;
    part("at a distance", &|| times::at_a_distance(1_000, sizes.classic_far, sizes.peer_far, &out))?;
    part("counts, classic", &|| block_on(counts::classic_rows()))?;
    part("counts, journal", &|| block_on(counts::journal_rows()))?;
    if let Some(sizes) = sizes.classic_memory {
        part("memory, classic", &|| memory::growth(&program, Measured::Classic, sizes, &out))?;
    }
    part("sealed", &|| sealed::rows(10_000))?;
    part("growth, journal", &|| block_on(growth::rows(&program, sizes.compacted, &out)))?;
    part("scale, journal", &|| scale::rows(&program, sizes.journal_memory, &out))?;
    part("saves", &|| block_on(scale::saves(sizes.saves, &out)).map(|row| vec![row]))?;
    part("scan", &|| scan::row(&program, 20_000, &out).map(|row| vec![row]))?;
    let text = format!("{}\n{}\n", table::markdown(&rows), table::NOTES);
    println!("{text}");
    let file = out.join("table.md");
    std::fs::write(&file, &text)?;
    println!("written to {}", file.display());
    Ok(!rows.iter().any(Row::failed))
}

/// Returns `target/bench`, seen from a program in `target/<profile>`.
fn folder(program: &Path) -> Option<PathBuf> {
    Some(program.parent()?.parent()?.join("bench"))
}
