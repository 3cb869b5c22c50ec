//! The results as Markdown.

use crate::{
    first,
    results::{Cell, Results},
    step::{Cost, Step},
};
use bench::table::{bytes, time};
use std::{fmt::Write as _, time::Duration};

const NONE: &str = "–";

const HEAD: &str = "# Beside its peers

`cargo xtask peers` has written this page and the charts: all rows in one run, on one machine. Two devices, A and B, of one
process (of `rclone`: two folders) sync notes of about a kibibyte, the workload of `tests/bench/src/workload.rs`:

- **W1** A pushes all to an empty drive; **W2** B, empty, pulls all. **W3** A pushes one edit, B pulls it.
- **W4** each edits a hundred notes, ten of them both; A syncs, B syncs and keeps its own side where it is asked, A syncs again.
- **W5** a sync with nothing to do. **W6** A saves a hundred notes a hundred times each; A pushes, B pulls.

";

const NOTES: &str = "## How to read it

- Times and CPU are medians of three runs, or of one where a run took more than 10 s (*1 run*); the machine is shared, so that CPU
  says more than time. CPU is that of the client's process with all its threads, not of a server. Counts repeat, except ours on a busy machine: what has to wait for the
  processor looks like a slow line, on which ours sends smaller records (`spec/decisions/0012-slow-lines.md`).
- *memory* is what the libraries cost by themselves: the drive and both states are maps. In a *folder* and over *WebDAV*, ours has a
  durable state in a file, and in the folder it also syncs to the disk what it writes to the drive; so does `bothy`. `db-to-cloud` has its state in memory, and never calls `fsync`.
- Over HTTP a relay counts, headers included, and lets each request wait; elsewhere the client counts contents alone. WebDAV is
  Apache, for `rclone` its own `rclone serve`. PouchDB syncs with `express-pouchdb` over LevelDB: a server with logic of its own.
- In W6, a hundred saves are told together where a library takes several: ours and PouchDB do.
- PouchDB and `bothy` are databases: what they need to save documents is not in W1, W3 and W4, and is what *W6 saves* shows. To the
  others, a save is a note that something changed, which is in W1 of theirs.
- `rclone` looks at files: it keeps both sides of a conflict as files, and is told of no save.
- *the least* is two requests for a push and for a pull, what Zstandard makes of the notes, and the CPU of that and of their digests.
- A step that takes more than two minutes is cut, and the steps behind it with it.

## Not run

RxDB with Google Drive (17.6 does not load in Node without a bundler, and its authors' stand-in for Google must be changed for it),
Joplin (an application: its current version cannot be installed from npm), automerge-repo (needs a server that speaks its protocol),
`bothy` and `rclone` with a cloud service (they would need an account), `rclone` with an S3 store.
";

/// Returns the whole page.
pub fn all(results: &Results) -> String {
    let mut text = HEAD.to_owned();
    for (name, fact) in &results.facts {
        let _ = writeln!(text, "- {name}: {fact}");
    }
    let mut counted = None;
    for (count, wait_ms) in results.tables() {
        let _ = writeln!(text, "\n## {count} notes, {wait_ms} ms a request\n");
        let rows = || results.table(count, wait_ms);
        // What is counted does not depend on how long a request waits.
        if counted.replace(count) != Some(count) {
            let _ = writeln!(text, "Requests:\n\n{}\nBytes up + down:\n", requests(rows()));
            text += &table(rows(), |_, cost| format!("{} + {}", bytes(cost.up), bytes(cost.down)));
            let _ = writeln!(text, "\nMemory and drive:\n\n{}", sizes(rows()));
        }
        let _ = writeln!(text, "Time (and CPU of the client):\n");
        text += &table(rows(), |_, cost| format!("{} ({})", ms(cost.wall_ms), ms(cost.cpu_ms)));
        let _ = writeln!(text, "\nTimes of *the least*, in time (and CPU):\n");
        text += &ratios(results, count, wait_ms);
        text += &cuts(rows());
    }
    let _ = write!(text, "\n{}\n{NOTES}", behind(results));
    text
}

/// Returns the table of requests.
pub fn requests<'a>(rows: impl Iterator<Item = &'a Cell>) -> String {
    table(rows, |step, cost| if step == Step::W6Save { NONE.to_owned() } else { cost.requests.to_string() })
}

fn ms(ms: f64) -> String {
    time(Duration::from_secs_f64(ms.max(0.0) / 1000.0))
}

fn head(titles: impl Iterator<Item = &'static str>) -> String {
    let titles: Vec<&str> = titles.collect();
    format!("| | {} |\n|-|{}\n", titles.join(" | "), "-:|".repeat(titles.len()))
}

fn table<'a>(rows: impl Iterator<Item = &'a Cell>, write: impl Fn(Step, &Cost) -> String) -> String {
    let mut text = head(Step::ALL.into_iter().map(Step::title));
    for cell in rows {
        let columns = Step::ALL.map(|step| cell.run.steps.get(&step).map_or_else(|| NONE.to_owned(), |cost| write(step, cost)));
        let name = if cell.is_ours() { format!("**{}**", cell.name()) } else { cell.name() };
        let _ = writeln!(text, "| {name} | {} |", columns.join(" | "));
    }
    text
}

/// The first push and pull of ours and the peers, as multiples of the least.
fn ratios(results: &Results, count: u64, wait_ms: u64) -> String {
    let mut text = head(["W1 push", "W2 pull"].into_iter());
    let Some(least) = results.table(count, wait_ms).find(|cell| cell.side.is_none()) else { return text };
    for cell in results.table(count, wait_ms).filter(|cell| cell.side.is_some()) {
        let ratio = |step| {
            let (cost, least) = (cell.run.steps.get(&step)?, least.run.steps.get(&step)?);
            Some(format!("{:.1} × ({:.1} ×)", cost.wall_ms / least.wall_ms, cost.cpu_ms / least.cpu_ms))
        };
        let [push, pull] = [Step::W1, Step::W2].map(|step| ratio(step).unwrap_or_else(|| NONE.to_owned()));
        let _ = writeln!(text, "| {} | {push} | {pull} |", cell.name());
    }
    text
}

fn sizes<'a>(rows: impl Iterator<Item = &'a Cell>) -> String {
    let mut text = head(["most memory", "drive after W1", "drive after W6"].into_iter());
    for cell in rows.filter(|cell| cell.run.stored_last > 0) {
        let memory = if cell.run.peak_kib > 0 { bytes(cell.run.peak_kib * 1024) } else { NONE.to_owned() };
        let _ = writeln!(text, "| {} | {memory} | {} | {} |", cell.name(), bytes(cell.run.stored_first), bytes(cell.run.stored_last));
    }
    text
}

/// What was cut or run once.
fn cuts<'a>(rows: impl Iterator<Item = &'a Cell>) -> String {
    let mut text = String::new();
    for cell in rows {
        if let Some(cut) = &cell.run.cut {
            let _ = writeln!(text, "\n{}: cut at {}: {}.", cell.name(), cut.at.title(), cut.why);
        } else if cell.runs == 1 && cell.side.is_some() {
            let _ = writeln!(text, "\n{}: 1 run.", cell.name());
        }
    }
    text
}

fn behind(results: &Results) -> String {
    let mut text = String::from(
        "## Where ours is not first\n\nAt the same kind of place; times that differ by less than a tenth are not told apart.\n\n",
    );
    text += "| notes | wait | what | ours | the best peer | |\n|-|-|-|-|-|-:|\n";
    for b in first::behind(results) {
        let (count, wait_ms) = b.table;
        let _ = writeln!(text, "| {count} | {wait_ms} ms | {} | {} | {} | {:.1} × |", b.what, b.ours, b.peer, b.times);
    }
    text
}
