//! Replays the corpus: every input of every target, and each golden vector among them.

use kitestring_fuzz::{TARGETS, Target};
use libtest_mimic::{Arguments, Failed, Trial};
use std::{
    fs, io,
    panic::catch_unwind,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
        mpsc::{RecvTimeoutError, channel},
    },
    thread,
    time::Duration,
};

/// How long one input may take; a healthy one takes milliseconds.
const LIMIT: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let replayed = Arc::new(AtomicUsize::new(0));
    let trial = |target: &'static Target| {
        let replayed = replayed.clone();
        Trial::test(format!("corpus::{}", target.0), move || replay(target, &replayed))
    };
    let trials = TARGETS.iter().map(trial).collect();
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
    println!("{} inputs of {} targets replayed", replayed.load(Relaxed), TARGETS.len());
    conclusion.exit_code()
}

fn replay(target: &'static Target, replayed: &AtomicUsize) -> Result<(), Failed> {
    let inputs = inputs(target.0)?;
    if inputs.is_empty() {
        return Err(Failed::from("its corpus is empty"));
    }
    for path in inputs {
        let input = fs::read(&path)?;
        let (done, ended) = channel();
        let worker = thread::spawn(move || {
            let result = catch_unwind(|| (target.1)(&input));
            let _ = done.send(());
            result
        });
        match ended.recv_timeout(LIMIT) {
            Err(RecvTimeoutError::Timeout) => return Err(Failed::from(format!("{} hangs", path.display()))),
            _ => replayed.fetch_add(1, Relaxed),
        };
        match worker.join() {
            Ok(Ok(())) => {}
            Ok(Err(what)) | Err(what) => {
                let text = what.downcast_ref::<String>().map(String::as_str).or_else(|| what.downcast_ref::<&str>().copied());
                return Err(Failed::from(format!("{}: {}", path.display(), text.unwrap_or("a panic"))));
            }
        }
    }
    Ok(())
}

fn inputs(target: &str) -> io::Result<Vec<PathBuf>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}
