//! The steps W1 to W6 of the journal layout beside the peer's, both on drives in memory.

use crate::{
    Result, child,
    cost::Cost,
    layout::Measured,
    peer,
    steps::{Run, Step},
    table::{Row, bytes},
    workload::Note,
};
use kitestring::Requests;
use std::path::Path;

/// How many runs each side has.
const TURNS: usize = 3;
/// How many of the peer's requests each of ours replaces at least.
const FEWER: u64 = 500;
/// The most of the raw bytes that may travel.
const WIRE: f64 = 0.40;

/// Runs both sides on `count` notes, `TURNS` times in turns, and returns a row for each thing that was measured.
///
/// # Errors
/// Those of either side.
pub fn rows(program: &Path, count: u64, full: bool, work: &Path) -> Result<Vec<Row>> {
    let place = tempfile::tempdir_in(work)?;
    let (name, times) = if full { ("steps-tenfold", 10) } else { ("steps", 1) };
    let (mut ours, mut theirs) = (Run::default(), Run::default());
    for _ in 0..TURNS {
        ours = ours.better(child::run(program, name, Measured::JOURNAL, count, place.path())?);
        theirs = theirs.better(peer::in_memory(count, times, place.path())?);
    }
    let mut rows = first(&ours, &theirs, count)?;
    rows.extend(small(&ours, &theirs)?);
    rows.extend(stored(&ours, &theirs, times));
    Ok(rows)
}

/// W1 and W2.
fn first(ours: &Run, theirs: &Run, count: u64) -> Result<Vec<Row>> {
    let raw = (0..count).map(|i| Note::new(i, 0).document().len() as u64).sum();
    let mut rows = Vec::new();
    for (step, what, most) in [(Step::W1, "W1 push", 0.5), (Step::W2, "W2 pull", 0.33)] {
        let (us, peer) = (ours.cost(step)?, theirs.cost(step)?);
        let what = |of: &str| format!("{what}, {count} notes, in memory: {of}");
        let (few, many) = (us.requests.total(), peer.requests.total());
        let ratio = format!("1/{:.0}", many as f64 / few.max(1) as f64);
        let requests = Row::beside(what("requests"), kinds(&us.requests), kinds(&peer.requests));
        rows.push(requests.rated(ratio).asserted(format!("≤ 1/{FEWER}"), few * FEWER <= many));
        rows.push(Row::wire(what("bytes"), travelled(&us), travelled(&peer), raw, WIRE));
        rows.push(Row::part(what("CPU"), us.cpu, peer.cpu, Some(most)));
        rows.push(Row::part(what("time"), us.wall, peer.wall, None));
    }
    Ok(rows)
}

/// W3 to W6: what travels and what it costs.
fn small(ours: &Run, theirs: &Run) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (step, what) in [
        (Step::W3Push, "W3 push of one edit"),
        (Step::W3Pull, "W3 pull of one edit"),
        (Step::W4First, "W4 conflicts, A"),
        (Step::W4Second, "W4 conflicts, B, settled"),
        (Step::W4Third, "W4 conflicts, A again"),
        (Step::W5, "W5 idle"),
        (Step::W6Push, "W6 push of 10,000 edits of 100 notes"),
        (Step::W6Pull, "W6 pull of them"),
    ] {
        let (us, peer) = (ours.cost(step)?, theirs.cost(step)?);
        let line = |c: &Cost| format!("{}; {}", kinds(&c.requests), bytes(travelled(c)));
        rows.push(Row::beside(format!("{what}: requests; bytes"), line(&us), line(&peer)));
        rows.push(Row::part(format!("{what}: CPU"), us.cpu, peer.cpu, None));
    }
    Ok(rows)
}

/// What lies on the drive at the end of W1, and how much W6 adds.
fn stored(ours: &Run, theirs: &Run, times: u64) -> Vec<Row> {
    let after_first = |run: &Run| run.stored.first().copied().unwrap_or_default();
    let growth = |run: &Run| {
        let before = run.stored.get(1).copied().unwrap_or_default();
        run.stored.last().map_or(0, |after| after.saturating_sub(before))
    };
    vec![
        Row::beside("stored after W1", bytes(after_first(ours)), bytes(after_first(theirs))),
        Row::beside(format!("growth of the drive by W6, {times} ×"), bytes(growth(ours)), bytes(growth(theirs))),
    ]
}

fn travelled(cost: &Cost) -> u64 {
    cost.bytes.sent + cost.bytes.received
}

/// Writes requests by kind.
fn kinds(requests: &Requests) -> String {
    let Requests { get, put, delete, list } = requests;
    let kinds: Vec<String> = [(get, "get"), (put, "put"), (delete, "delete"), (list, "list")]
        .into_iter()
        .filter(|(count, _)| **count > 0)
        .map(|(count, kind)| format!("{count} {kind}"))
        .collect();
    format!("{} ({})", requests.total(), kinds.join(", "))
}
