//! Waiting for a process with an end: one that hangs is shown where it does so, and killed.

use std::{
    fmt::Write as _,
    fs,
    io::{Read, Seek as _},
    process::{Child, Command, ExitStatus, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How long a process may take that has nothing to wait for.
const LIMIT: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(2);

/// Waits for a process to end.
///
/// # Errors
/// Where its threads are, if it takes longer than two minutes; it is killed then.
pub fn wait(child: &mut Child) -> Result<ExitStatus, String> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return Ok(status);
        }
        if begun.elapsed() > LIMIT {
            let place = threads(child.id());
            let _ = child.kill();
            return Err(format!("process {} did not end within {LIMIT:?}\n{place}", child.id()));
        }
        thread::sleep(PAUSE);
    }
}

/// Runs a command to its end.
///
/// # Errors
/// As [`wait`].
pub fn output(command: &mut Command) -> Result<Output, String> {
    // Files, not pipes: nobody has to read while it runs.
    let [mut out, mut err] = [(); 2].map(|()| tempfile::tempfile().unwrap());
    let mut child = command.stdout(out.try_clone().unwrap()).stderr(err.try_clone().unwrap()).stdin(Stdio::null()).spawn().unwrap();
    let status = wait(&mut child)?;
    Ok(Output { status, stdout: whole(&mut out), stderr: whole(&mut err) })
}

fn whole(file: &mut fs::File) -> Vec<u8> {
    let mut content = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut content).unwrap();
    content
}

/// What each thread of a process is at.
fn threads(pid: u32) -> String {
    let mut told = String::new();
    for task in fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
        let of = |name: &str| fs::read_to_string(task.path().join(name)).unwrap_or_default();
        let status = of("status");
        let state: Vec<&str> = status.lines().filter(|l| ["Name:", "State:", "TracerPid:"].iter().any(|key| l.starts_with(key))).collect();
        let _ = writeln!(told, "  {} in {} {}\n{}", state.join(" "), of("wchan"), of("syscall").trim(), of("stack"));
    }
    told
}

#[test]
fn a_process_that_ends_is_heard() {
    let said = output(Command::new("sh").args(["-c", "echo out; echo err >&2; exit 3"])).unwrap();
    assert_eq!((said.status.code(), said.stdout.as_slice(), said.stderr.as_slice()), (Some(3), &b"out\n"[..], &b"err\n"[..]));
}
