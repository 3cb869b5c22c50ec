//! A stage that says nothing for long: its processes are shown and killed, so that the run ends and names it.

use std::{
    collections::BTreeSet,
    process::{Child, Command},
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::Duration,
};

/// How long a stage, or a program of tests, may say nothing. On a slow machine, and beside others, the longest takes less.
const LIMIT: Duration = Duration::from_secs(40 * 60);

/// Takes a stage's next line; none when it has ended, or was killed.
pub(crate) fn next_line(lines: &Receiver<Vec<u8>>, child: &Child) -> Option<Vec<u8>> {
    next_within(LIMIT, lines, child)
}

fn next_within(limit: Duration, lines: &Receiver<Vec<u8>>, child: &Child) -> Option<Vec<u8>> {
    match lines.recv_timeout(limit) {
        Ok(line) => Some(line),
        Err(RecvTimeoutError::Disconnected) => None,
        Err(RecvTimeoutError::Timeout) => {
            println!("nothing was said for {} minutes: killed", limit.as_secs() / 60);
            end_all(child.id());
            None
        }
    }
}

/// Shows a process and all that came of it, then kills them.
fn end_all(first: u32) {
    let listed = Command::new("ps").args(["-e", "-o", "pid=,ppid=,stat=,etime=,wchan:24=,args="]).output();
    let table = listed.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let number = |line: &str, column: usize| line.split_whitespace().nth(column)?.parse::<u32>().ok();
    let mut known = BTreeSet::from([first]);
    loop {
        let children: BTreeSet<u32> =
            table.lines().filter(|l| number(l, 1).is_some_and(|p| known.contains(&p))).filter_map(|l| number(l, 0)).collect();
        if children.is_subset(&known) {
            break;
        }
        known.extend(children);
    }
    for line in table.lines().filter(|line| number(line, 0).is_some_and(|pid| known.contains(&pid))) {
        println!("{line}");
    }
    let _ = Command::new("kill").arg("-9").args(known.iter().map(u32::to_string)).status();
}

#[test]
fn a_silent_stage_is_killed_with_what_it_started() -> crate::Result<()> {
    let mut child = Command::new("sh").args(["-c", "sleep 600 & wait"]).spawn().map_err(|e| e.to_string())?;
    let (said, lines) = std::sync::mpsc::channel();
    assert_eq!(next_within(Duration::from_millis(200), &lines, &child), None);
    assert!(!child.wait().map_err(|e| e.to_string())?.success());
    drop(said);
    Ok(())
}
