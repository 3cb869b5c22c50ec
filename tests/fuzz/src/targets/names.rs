//! Any text as a path, an id, a revision or a digest: refused, or the same when it comes back.

use crate::{executor::block_on, runtime::VirtualRuntime};
use kitestring::{Change, Digest, DocId, Drive as _, DrivePath, MemoryDrive, Revision, drive::Condition};

pub(crate) fn run(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    path(&text);
    if let Ok(id) = DocId::new(text.as_ref()) {
        assert_eq!(id.as_str(), text, "an id is not its text");
        json_round_trip(&id, |id| (id.as_str().to_owned(), id.is_number()));
        json_round_trip(&id.spelled_as_number(true), |id| (id.as_str().to_owned(), id.is_number()));
    }
    json_round_trip(&Revision::new(text.as_ref()).spelled_as_number(true), |r| (r.as_str().to_owned(), r.is_number()));
    if let Some(digest) = Digest::from_hex(&text) {
        assert_eq!(digest.to_string(), text.to_lowercase(), "a digest is not its text");
    }
    if let Ok(id) = serde_json::from_slice::<DocId>(input) {
        assert!((1..=DocId::MAX_BYTES).contains(&id.as_str().len()), "an id of {} bytes", id.as_str().len());
        json_round_trip(&id, |id| (id.as_str().to_owned(), id.is_number()));
    }
    if let Ok(revision) = serde_json::from_slice::<Revision>(input) {
        json_round_trip(&revision, |r| (r.as_str().to_owned(), r.is_number()));
    }
    if let Ok(change) = serde_json::from_slice::<Change>(input) {
        json_round_trip(&change, Clone::clone);
    }
}

fn json_round_trip<T, V>(value: &T, view: impl Fn(&T) -> V)
where
    T: serde::Serialize + serde::de::DeserializeOwned,
    V: PartialEq + std::fmt::Debug,
{
    let Ok(text) = serde_json::to_string(value) else { panic!("a name cannot be written") };
    match serde_json::from_str::<T>(&text) {
        Ok(back) => assert_eq!(view(&back), view(value), "{text} came back as something else"),
        Err(e) => panic!("{text} was written and cannot be read: {e}"),
    }
}

fn path(text: &str) {
    let Ok(path) = DrivePath::new(text) else { return };
    let segments: Vec<&str> = path.segments().collect();
    assert_eq!(segments.join("/"), text, "a path is not its segments");
    for segment in &segments {
        assert!(!matches!(*segment, "" | "." | "..") && !segment.contains(['/', '\\', '\0', '\n']), "a segment is {segment:?}");
    }
    let runtime = VirtualRuntime::default();
    let drive = MemoryDrive::new();
    let Some((name, above)) = segments.split_last() else { return };
    let listed = block_on(&runtime, async {
        drive.put(path.clone(), vec![1], Condition::Absent).await?;
        drive.list_dir(DrivePath::new(above.join("/"))?, None).await
    });
    let found = listed.map(|page| page.entries.into_iter().map(|entry| entry.name).collect::<Vec<_>>());
    assert_eq!(found.ok(), Some(vec![(*name).to_owned()]), "what was written is not listed");
}
