//! Runs a command and hears what it says, on both of its outputs.

use crate::{Result, silence::next_line};
use std::{
    io::{BufRead as _, BufReader, PipeReader, pipe},
    process::{Child, Command, Stdio},
    sync::mpsc::channel,
    thread,
};

/// Runs a command, and hands on what it says line by line.
///
/// # Errors
/// If it does not start or does not succeed.
pub(crate) fn heard(command: Command, mut say: impl FnMut(&str)) -> Result<()> {
    let what = format!("{command:?}");
    let failed = |e: &dyn std::fmt::Display| format!("{what}: {e}");
    let (mut child, out) = start(command).map_err(|e| failed(&e))?;
    let (said, lines) = channel();
    thread::spawn(move || BufReader::new(out).split(b'\n').map_while(std::result::Result::ok).try_for_each(|line| said.send(line)));
    while let Some(line) = next_line(&lines, &child) {
        say(&String::from_utf8_lossy(&line));
    }
    let status = child.wait().map_err(|e| failed(&e))?;
    if status.success() { Ok(()) } else { Err(failed(&status)) }
}

/// The command is dropped with its ends of the pipe: what is heard ends when the last process has ended that holds one.
fn start(mut command: Command) -> std::io::Result<(Child, PipeReader)> {
    let (out, said) = pipe()?;
    command.stdin(Stdio::null()).stdout(said.try_clone()?).stderr(said);
    Ok((command.spawn()?, out))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(text: &str) -> (Vec<String>, Result<()>) {
        let mut command = Command::new("sh");
        command.args(["-c", text]);
        let mut lines = Vec::new();
        let result = heard(command, |line| lines.push(line.to_owned()));
        (lines, result)
    }

    #[test]
    fn both_outputs_are_heard_in_the_order_of_their_lines() {
        let (lines, result) = shell("echo one; echo two >&2; echo three");
        assert_eq!((lines, result), (vec!["one".to_owned(), "two".to_owned(), "three".to_owned()], Ok(())));
    }

    #[test]
    fn a_command_that_fails_is_named_with_what_it_ended_with() {
        let (lines, result) = shell("echo said; exit 3");
        let error = result.unwrap_err();
        assert_eq!(lines, ["said"]);
        assert!(error.contains("exit 3") && error.ends_with("exit status: 3"), "{error}");
    }
}
