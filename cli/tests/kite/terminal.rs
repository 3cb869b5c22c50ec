//! The command on a terminal, with somebody who answers.

use crate::world::World;
use std::{
    io::{Read as _, Write as _},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

/// Runs the command on a terminal of its own and gives these answers, each when it is asked. Returns what the terminal
/// showed, with the exit code.
pub fn on_a_terminal(w: &World, args: &[&str], answers: &[(&str, &str)]) -> (i32, String) {
    let kite = w.command(args);
    let line = [kite.get_program()].into_iter().chain(kite.get_args()).map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" ");
    let mut script = Command::new("script");
    script.args(["-qefc", &line, "/dev/null"]).current_dir(w.at("")).envs(kite.get_envs().filter_map(|(name, value)| Some((name, value?))));
    script.env_remove("KITE_PASSPHRASE").env_remove("KITE_NEW_PASSPHRASE");
    let child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = child.unwrap_or_else(|e| panic!("this test needs `script`, of util-linux: {e}"));
    let (mut to, mut from) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let (mut shown, mut seen) = (Vec::new(), 0);
    let mut answers = answers.iter();
    let mut next = answers.next();
    let mut buffer = [0; 256];
    loop {
        let n = from.read(&mut buffer).unwrap_or(0);
        if n == 0 {
            break;
        }
        shown.extend_from_slice(&buffer[..n]);
        let rest = String::from_utf8_lossy(&shown[seen..]).into_owned();
        if let Some((question, answer)) = next
            && rest.contains(&format!("{question}: "))
        {
            seen = shown.len();
            // The question is there a moment before the echo is off.
            thread::sleep(Duration::from_millis(300));
            writeln!(to, "{answer}").unwrap();
            next = answers.next();
        }
    }
    assert!(next.is_none(), "{next:?} was not asked: {}", String::from_utf8_lossy(&shown));
    (child.wait().unwrap().code().unwrap(), String::from_utf8_lossy(&shown).into_owned())
}
