//! What sealing costs: the same vault sealed and not, in turns in one process.

use crate::{
    Result,
    cost::{Cost, Stopwatch},
    hosts::MapHost,
    layout::Measured,
    parts::{self, Parts},
    table::{Row, time},
};
use argon2::{Algorithm, Argon2, Params, Version};
use async_io::block_on;
use kitestring::{Client, Encryption, MemoryDrive, MemoryState, Options, PassphraseCost, SyncOptions};
use kitestring_adapters::runtime::NativeRuntime;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Each is run so often; the best counts.
const RUNS: usize = 5;
/// How much more CPU a sealed push or pull may take.
const MOST_TIMES: f64 = 1.4;
/// How many times the least that a sealed push or pull needs it may take.
const MOST_TIMES_PARTS: f64 = 2.0;
/// What trying a passphrase should take, in milliseconds.
const PASSPHRASE_MS: std::ops::RangeInclusive<u128> = 350..=650;
/// How many bytes more lie on the drive with padding, at most.
const MOST_PADDED: f64 = 1.12;

/// What a vault costs: its first push, a first pull from it, and the bytes on the drive.
#[derive(Debug, Clone, Copy, Default)]
pub struct Vault {
    /// The first push.
    pub push: Cost,
    /// A first pull.
    pub pull: Cost,
    /// The bytes on the drive.
    pub bytes: u64,
}

/// Pushes so many notes to a new vault, and pulls them.
///
/// # Errors
/// Those of a sync, and if not every note arrives.
pub async fn vault(count: u64, encryption: Option<Encryption>) -> Result<Vault> {
    let drive = Arc::new(MemoryDrive::new());
    let a = Arc::new(MapHost::default());
    let client = open(&a, &drive, &encryption).await?;
    client.queue_changes(a.edit(0..count, 0)?).await?;
    let push = measured(&client).await?;
    let b = Arc::new(MapHost::default());
    let pull = measured(&open(&b, &drive, &encryption).await?).await?;
    if a.documents() != b.documents() {
        return Err("the notes did not arrive".into());
    }
    Ok(Vault { push, pull, bytes: drive.contents().values().map(|bytes| bytes.len() as u64).sum() })
}

async fn open(host: &Arc<MapHost>, drive: &Arc<MemoryDrive>, encryption: &Option<Encryption>) -> Result<Client> {
    let options =
        Options { encryption: encryption.clone(), layout: Measured::JOURNAL.layout(), ..Options::new(Arc::new(NativeRuntime::new())) };
    Ok(Client::open(host.clone(), Arc::new(MemoryState::default()), drive.clone(), options).await?)
}

async fn measured(client: &Client) -> Result<Cost> {
    let watch = Stopwatch::start();
    let report = client.sync(SyncOptions::default()).await?;
    Ok(watch.stop(&report))
}

/// Returns rows about a vault of `count` notes, sealed and not.
///
/// # Errors
/// If a sync fails.
pub fn rows(count: u64) -> Result<Vec<Row>> {
    let key = || Encryption::key([7; 32]);
    let (mut plain, mut sealed): (Option<Vault>, Option<Vault>) = (None, None);
    let better = |before: Option<Vault>, now: Vault| match before {
        Some(before) => Vault { push: before.push.better(now.push), pull: before.pull.better(now.pull), bytes: now.bytes },
        None => now,
    };
    let mut least: Option<Parts> = None;
    for _ in 0..RUNS {
        let parts = parts::measure(count)?;
        least = Some(least.map_or(parts, |least| least.better(parts)));
        plain = Some(better(plain, block_on(vault(count, None))?));
        sealed = Some(better(sealed, block_on(vault(count, Some(key())))?));
    }
    let (plain, sealed) = (plain.unwrap_or_default(), sealed.unwrap_or_default());
    let padded = block_on(vault(count, Some(key().padded())))?;
    let part = |what: &str, sealed: Cost, plain: Cost| {
        let times = sealed.cpu.as_secs_f64() / plain.cpu.as_secs_f64();
        Row::beside(format!("{what}, {count} notes, sealed: CPU beside unsealed"), ms(sealed.cpu), ms(plain.cpu))
            .rated(format!("{times:.2}"))
            .aimed(format!("≤ {MOST_TIMES}"), times <= MOST_TIMES)
    };
    let wider = padded.bytes as f64 / sealed.bytes as f64;
    let least = least.unwrap_or_default();
    Ok(vec![
        part("W1", sealed.push, plain.push),
        part("W2", sealed.pull, plain.pull),
        beside_parts("push", count, sealed.push.cpu, least.push(), least),
        beside_parts("pull", count, sealed.pull.cpu, least.pull(), least),
        passphrase()?,
        Row::plain(format!("{count} notes, sealed and padded: bytes on the drive"), padded.bytes.to_string())
            .rated(format!("{wider:.3} × of sealed, which has {:.4} × of unsealed", sealed.bytes as f64 / plain.bytes as f64))
            .asserted(format!("≤ {MOST_PADDED} ×"), wider <= MOST_PADDED),
    ])
}

/// A sealed push or pull beside the least that it needs.
fn beside_parts(verb: &str, count: u64, ours: Duration, least: Duration, parts: Parts) -> Row {
    let Parts { parse, compress, decompress, hash, seal, open, .. } = parts;
    let squeeze = if verb == "push" { compress } else { decompress };
    let cipher = if verb == "push" { seal } else { open };
    let parts = format!("parse {}, zstd {}, SHA-256 {}, XChaCha20-Poly1305 {}", ms(parse), ms(squeeze), ms(hash), ms(cipher));
    let times = ours.as_secs_f64() / least.as_secs_f64();
    Row::beside(format!("{verb} of {count} notes, sealed: CPU beside its physical parts ({parts})"), ms(ours), ms(least))
        .rated(format!("{times:.2}"))
        .aimed(format!("≤ {MOST_TIMES_PARTS}"), times <= MOST_TIMES_PARTS)
}

/// What trying a passphrase of the usual cost takes.
fn passphrase() -> Result<Row> {
    let PassphraseCost { memory_kib, passes, lanes } = PassphraseCost::default();
    let params = Params::new(memory_kib, passes, lanes, Some(32)).map_err(|e| e.to_string())?;
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut best = Duration::MAX;
    for _ in 0..RUNS {
        let begun = Instant::now();
        argon.hash_password_into(b"correct horse battery staple", &[7; 16], &mut [0; 32]).map_err(|e| e.to_string())?;
        best = best.min(begun.elapsed());
    }
    let what = format!("a passphrase: Argon2id, {} MiB, {passes} passes, {lanes} lane", memory_kib >> 10);
    Ok(Row::plain(what, time(best)).aimed("0.35 to 0.65 s", PASSPHRASE_MS.contains(&best.as_millis())))
}

fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
