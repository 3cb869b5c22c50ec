//! The copy of the core that has every mutant in it, and its tests.

use crate::{
    Result,
    list::Mutant,
    weave::{Piece, weave},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    ops::Range,
    path::{Path, PathBuf},
    process::Command,
};

/// What the woven sources call. Outside of these runs it does not exist.
const SWITCH: &str = "
#[allow(missing_docs)]
pub(crate) mod mutant {
    static ON: std::sync::LazyLock<usize> =
        std::sync::LazyLock::new(|| std::env::var(\"KITE_MUTANT\").ok().and_then(|n| n.parse().ok()).unwrap_or(0));

    pub(crate) fn on(number: usize) -> bool {
        *ON == number
    }
}
";

/// The folders that the copy has.
const FOLDERS: [&str; 4] = ["core", "tests/core", "tests/sim", "spec"];

/// A small workspace with the core and the simulator.
#[derive(Debug)]
pub(crate) struct Copy {
    from: PathBuf,
    place: PathBuf,
}

/// A test program and the crate that it belongs to.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) package: String,
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    folder: PathBuf,
}

/// The inserted pieces of each file.
type Pieces = BTreeMap<String, Vec<Piece>>;

/// What a build gave.
enum Built {
    /// The test programs.
    Programs(Vec<Program>),
    /// Where errors are: file, and bytes within it.
    Errors(Vec<(String, Range<usize>)>),
}

impl Program {
    /// The folder of its crate: tests read files relative to it.
    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.clone()
    }
}

impl Copy {
    /// Copies what the tests need.
    pub(crate) fn make(from: &Path, place: &Path) -> Result<Self> {
        for folder in FOLDERS {
            let target = place.join(folder);
            if target.exists() {
                fs::remove_dir_all(&target)?;
            }
            fs::create_dir_all(target.parent().unwrap_or(place))?;
            let done = Command::new("cp").arg("-r").arg(from.join(folder)).arg(&target).status()?;
            if !done.success() {
                return Err(format!("{folder} could not be copied").into());
            }
        }
        let manifest = fs::read_to_string(from.join("Cargo.toml"))?;
        fs::write(place.join("Cargo.toml"), smaller(&manifest))?;
        fs::copy(from.join("Cargo.lock"), place.join("Cargo.lock"))?;
        Ok(Self { from: from.to_owned(), place: place.to_owned() })
    }

    /// Weaves the mutants in, builds the tests, and leaves out what does not compile until the rest does.
    /// Returns the programs and the numbers of the mutants that are in them.
    pub(crate) fn build(&self, mutants: &[Mutant]) -> Result<(Vec<Program>, BTreeSet<usize>)> {
        let mut left: BTreeSet<usize> = (1..=mutants.len()).collect();
        loop {
            let woven = self.weave(mutants, &mut left)?;
            let errors = match self.compile()? {
                Built::Programs(programs) => return Ok((programs, left)),
                Built::Errors(errors) => errors,
            };
            let bad = to_blame(&woven, &errors);
            if bad.is_empty() {
                return Err(format!("the copy does not compile, and no mutant is at fault: {errors:#?}").into());
            }
            println!("{} mutants do not compile", bad.len());
            left.retain(|number| !bad.contains(number));
        }
    }

    fn weave(&self, mutants: &[Mutant], left: &mut BTreeSet<usize>) -> Result<Pieces> {
        let mut files: BTreeMap<&str, Vec<(usize, &Mutant)>> = BTreeMap::new();
        for (number, mutant) in (1..).zip(mutants) {
            files.entry(&mutant.file).or_default().extend(left.contains(&number).then_some((number, mutant)));
        }
        let mut pieces = BTreeMap::new();
        for (file, mutants) in files {
            let woven = weave(&fs::read_to_string(self.from.join(file))?, &mutants)?;
            let placed: BTreeSet<usize> = woven.pieces.iter().map(|piece| piece.number).collect();
            left.retain(|number| placed.contains(number) || mutants.iter().all(|(n, _)| n != number));
            fs::write(self.place.join(file), woven.text)?;
            pieces.insert(file.to_owned(), woven.pieces);
        }
        let root = fs::read_to_string(self.from.join("core/src/lib.rs"))?;
        fs::write(self.place.join("core/src/lib.rs"), root + SWITCH)?;
        Ok(pieces)
    }

    fn compile(&self) -> Result<Built> {
        let mut command = Command::new("cargo");
        command.current_dir(&self.place).args(["test", "--no-run", "--offline", "--message-format=json", "--lib", "--tests"]);
        command.args(["-p", "kitestring", "-p", "kitestring-tests", "-p", "kitestring-sim"]);
        command.env("CARGO_TARGET_DIR", self.place.join("target")).env("RUSTFLAGS", "--cap-lints=warn -Awarnings");
        let out = command.output()?;
        let (mut programs, mut errors) = (Vec::new(), Vec::new());
        for message in String::from_utf8_lossy(&out.stdout).lines().filter_map(|l| serde_json::from_str::<serde_json::Value>(l).ok()) {
            programs.extend(program(&message));
            errors.extend(places(&message));
        }
        match out.status.success() {
            true => Ok(Built::Programs(programs)),
            false if errors.is_empty() => Err(String::from_utf8_lossy(&out.stderr).into_owned().into()),
            false => Ok(Built::Errors(errors)),
        }
    }
}

/// The workspace's manifest with only what is copied, and without its lints.
fn smaller(manifest: &str) -> String {
    let mut kept = String::from("[workspace.lints]\n");
    let mut skip = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            skip = line.starts_with("[workspace.lints") || line == "[workspace]";
        }
        if line == "[workspace]" {
            kept.push_str("[workspace]\nresolver = \"3\"\nmembers = [\"core\", \"tests/core\", \"tests/sim\"]\n");
        }
        if !skip {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

fn program(message: &serde_json::Value) -> Option<Program> {
    let path = message.get("executable")?.as_str()?;
    let package = message.get("package_id")?.as_str()?;
    let package = if package.contains("/core#") { "core" } else { "sim" };
    let folder = Path::new(message.get("manifest_path")?.as_str()?).parent()?.to_owned();
    Some(Program { package: package.into(), name: message.pointer("/target/name")?.as_str()?.into(), path: path.into(), folder })
}

fn places(message: &serde_json::Value) -> Vec<(String, Range<usize>)> {
    let is_error = message.pointer("/message/level").and_then(|l| l.as_str()) == Some("error");
    let spans = message.pointer("/message/spans").and_then(|s| s.as_array()).filter(|_| is_error);
    let place = |span: &serde_json::Value| {
        let at = |name: &str| span.get(name)?.as_u64().and_then(|n| usize::try_from(n).ok());
        Some((span.get("file_name")?.as_str()?.to_owned(), at("byte_start")?..at("byte_end")?))
    };
    spans.into_iter().flatten().filter_map(place).collect()
}

/// The mutants whose text an error points at.
fn to_blame(pieces: &Pieces, errors: &[(String, Range<usize>)]) -> BTreeSet<usize> {
    let meet = |a: &Range<usize>, b: &Range<usize>| a.start < b.end && b.start < a.end;
    let of = |file: &String| pieces.get(file).into_iter().flatten();
    errors.iter().flat_map(|(file, at)| of(file).filter(move |piece| meet(&piece.at, at)).map(|piece| piece.number)).collect()
}
