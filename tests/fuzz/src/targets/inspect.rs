//! Any bytes under any name: what is said of a file of a vault. A line with the path stands before the bytes.

use kitestring::server::journal::{Inspected, inspect};

pub(crate) fn run(input: &[u8]) {
    let line = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let (path, bytes) = input.split_at(line);
    let bytes = bytes.get(1..).unwrap_or_default();
    let path = String::from_utf8_lossy(path);
    for path in [&*path, "head", "h/000000000001"] {
        let found = inspect(path, bytes);
        assert_eq!(found, inspect(path, bytes), "it is not the same twice");
        match found {
            Some(Inspected::Record { writer, seq, order, changes, .. }) => {
                let name = format!("j/{order:010x}-{writer}-{seq:06x}-");
                assert!(path.starts_with(&name), "a record is not what its name says");
                assert!(changes.iter().all(|change| !change.id.as_str().is_empty()), "a change without a document");
            }
            Some(Inspected::Head { last, .. }) => {
                assert!(last.iter().all(|(writer, path)| path.contains(writer.as_str())), "a head names another writer's record");
            }
            Some(Inspected::Checkpoint { generation, root, documents, .. }) => {
                let digits = format!("{generation:08x}-");
                assert!(path.contains(&digits), "a file of a checkpoint is not what its name says");
                assert_eq!(root.is_some(), path.starts_with("j/c-"), "a root is where the others are");
                assert!(documents.iter().all(|(_, revisions)| !revisions.is_empty()), "a document without a version");
            }
            None => {}
        }
    }
}
