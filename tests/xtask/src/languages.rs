//! `cargo xtask languages`: one program of notes in each language, on one vault at once. `tests/languages/README.md` says what
//! the programs do.

use crate::{
    Result,
    place::{cargo, program, root, succeed, target},
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Instant,
};

/// Notes that every program edits.
const SHARED: [&str; 3] = ["milk", "plan", "tea"];
/// How often everybody syncs at once, and in the end one after the other.
const ROUNDS: usize = 4;

/// A program.
struct Language {
    name: &'static str,
    command: PathBuf,
    first: Vec<PathBuf>,
}

impl Language {
    fn new(name: &'static str, command: PathBuf) -> Self {
        Self { name, command, first: Vec::new() }
    }
}

/// Every program that is here.
fn languages() -> Vec<Language> {
    let python = target().join("python/venv/bin/python");
    let node = node_program();
    let all = [
        // First: who makes the vault chooses how records are found, and Node's folder drive serves numbered heads only.
        Language { first: vec![node.clone()], ..Language::new("Node", if node.exists() { node_command() } else { node }) },
        Language::new("Rust", program("notes-rust")),
        Language { first: vec![root().join("tests/languages/notes.py")], ..Language::new("Python", python) },
        Language::new("Kotlin", root().join("bindings-uniffi/kotlin/notes")),
        Language::new("Swift", root().join("bindings-uniffi/swift/notes")),
    ];
    all.into_iter().filter(|language| language.command.exists()).collect()
}

/// Where the npm package is installed, once its own tests have run.
fn node_project() -> PathBuf {
    target().join("npm/project")
}

fn node_program() -> PathBuf {
    node_project().join("notes-program.mjs")
}

/// The path of `node`, if it is there.
fn node_command() -> PathBuf {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).map(|folder| folder.join("node")).find(|node| node.is_file()).unwrap_or_else(|| "node".into())
}

/// Lets all programs work on one vault, and compares what they have in the end.
///
/// # Errors
/// If a program fails, or has other notes than the first.
pub(crate) fn run() -> Result<()> {
    succeed(cargo().args(["build", "--workspace", "--locked", "--quiet", "--bin", "notes-rust"]))?;
    if !target().join("python/package/kitestring").is_dir() {
        succeed(Command::new("sh").arg(root().join("bindings-uniffi/python/package.sh")))?;
    }
    if node_project().join("node_modules/kitestring").is_dir() {
        let program = root().join("tests/languages/notes.mjs");
        fs::copy(&program, node_program()).map_err(|e| format!("{}: {e}", program.display()))?;
    }
    let all = languages();
    let names: Vec<&str> = all.iter().map(|language| language.name).collect();
    println!("{}", names.join(", "));
    let home = target().join("languages");
    drop(fs::remove_dir_all(&home));
    fs::create_dir_all(&home).map_err(|e| format!("{}: {e}", home.display()))?;
    let begun = Instant::now();
    let first = all.first().ok_or("there is no program")?;
    ended(first, start(first, &home, &["put:tea=green".to_owned(), "sync".to_owned()])?, 0)?;
    for round in 0..ROUNDS {
        everybody(&all, &home, round)?;
    }
    // Whoever settles last, everybody comes to the same.
    for _ in 0..2 {
        for language in &all {
            ended(language, start(language, &home, &["sync".to_owned()])?, 0)?;
        }
    }
    compare(&all, &home, begun)
}

/// All of them at once, each with notes of its own and the shared ones; one of them dies on the way, and is started again.
fn everybody(all: &[Language], home: &Path, round: usize) -> Result<()> {
    let dies = round % all.len();
    let started: Vec<Child> =
        all.iter().enumerate().map(|(at, language)| start(language, home, &words(language, round, at == dies))).collect::<Result<_>>()?;
    for ((at, language), child) in all.iter().enumerate().zip(started) {
        ended(language, child, if at == dies { 9 } else { 0 })?;
    }
    let again = all.get(dies).ok_or("there is no program")?;
    ended(again, start(again, home, &["sync".to_owned()])?, 0)
}

/// What a program does in a round.
fn words(language: &Language, round: usize, dies: bool) -> Vec<String> {
    let name = language.name;
    let mut words: Vec<String> = SHARED.iter().map(|id| format!("put:{id}={name} {round}")).collect();
    words.extend((0..10).map(|number| format!("put:{name}/{number}=text {round} ✓")));
    words.push(format!("lose:{name}/lost=text {round}"));
    words.extend((round > 0).then(|| format!("delete:{name}/{round}")));
    words.extend(dies.then(|| format!("kill:{}", round + 1)));
    words.push("sync".to_owned());
    words
}

fn start(language: &Language, home: &Path, words: &[String]) -> Result<Child> {
    let mut command = Command::new(&language.command);
    command.args(&language.first).arg(home.join("vault")).arg(home.join(language.name)).args(words);
    command.env("PYTHONPATH", target().join("python/package")).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().map_err(|e| format!("{}: {e}", language.name))
}

fn ended(language: &Language, child: Child, code: i32) -> Result<()> {
    output(language, child, code).map(drop)
}

fn output(language: &Language, child: Child, code: i32) -> Result<Output> {
    let output = child.wait_with_output().map_err(|e| format!("{}: {e}", language.name))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(code) { Ok(output) } else { Err(format!("{} ended with {}: {said}", language.name, output.status)) }
}

fn compare(all: &[Language], home: &Path, begun: Instant) -> Result<()> {
    let show = ["show".to_owned()];
    let shown: Vec<String> = all
        .iter()
        .map(|language| {
            let output = output(language, start(language, home, &show)?, 0)?;
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        })
        .collect::<Result<_>>()?;
    let first = shown.first().ok_or("there is no program")?;
    println!("{:<10} {:>6} {:>6}", "language", "notes", "same");
    for (language, shown) in all.iter().zip(&shown) {
        println!("{:<10} {:>6} {:>6}", language.name, shown.lines().count(), if shown == first { "yes" } else { "NO" });
    }
    println!("{ROUNDS} rounds at once, a kill in each, in {:.1} s", begun.elapsed().as_secs_f64());
    missing(all, first)?;
    if shown.iter().all(|shown| shown == first) { Ok(()) } else { Err(format!("not all have the same notes: {}", home.display())) }
}

/// Whether every program's own notes are there as its last round left them, and the shared ones have what all have written.
fn missing(all: &[Language], shown: &str) -> Result<()> {
    let last = ROUNDS - 1;
    for language in all {
        let name = language.name;
        for wanted in [format!("{name}/0=text {last} ✓"), format!("{name}/lost=text {last}")] {
            if !shown.lines().any(|line| line == wanted) {
                return Err(format!("nobody has the note {wanted:?}"));
            }
        }
        let shared = |id: &&str| shown.lines().any(|line| line.starts_with(*id) && line.contains(&format!("{name} {last}")));
        if let Some(id) = SHARED.iter().find(|id| !shared(id)) {
            return Err(format!("what {name} wrote into {id:?} is lost"));
        }
    }
    Ok(())
}
