//! Ids that would do harm as names of files, on a terminal or in a log.

use crate::common::{Device, drives, key};
use futures::executor::block_on;
use kitestring::*;
use std::collections::BTreeSet;

/// Ids that no two of are one document, whatever they look like.
fn ids() -> Vec<String> {
    let mut ids: Vec<String> = [
        "..",
        ".",
        "../../etc/passwd",
        "..\\..\\boot.ini",
        "/absolute",
        "C:\\x",
        "\\\\server\\share",
        "a/../b",
        "a//b",
        "a/",
        "~/x",
        "%2e%2e%2f",
        "%00",
        "nul\0inside",
        "CON",
        "con.txt",
        "aux",
        "COM1",
        "trailing.",
        "trailing ",
        " leading",
        "-rf",
        "--help",
        "head",
        "j/x",
        "k/x",
        "k/00000001-00000001-0000000000000000",
        ".git/config",
        ".kite",
        "$(id)",
        "`id`",
        "a;b",
        "a|b",
        "line\nbreak",
        "return\rto",
        "tab\there",
        "\u{1b}[2J\u{1b}[H",
        "bell\u{7}",
        "\u{9b}31m",
        "\u{85}next",
        "\u{2028}line",
        "\u{202e}txt.exe",
        "\u{2066}isolate\u{2069}",
        "\u{200b}zero",
        "\u{feff}mark",
        "é",
        "e\u{301}",
        "É",
        "E\u{301}",
        "ﬁ",
        "fi",
        "ß",
        "ss",
        "ẞ",
        "İ",
        "i\u{307}",
        "K",
        "\u{212a}",
        "Å",
        "\u{212b}",
        "😀",
        "👩‍👩‍👧‍👦",
        "日本語",
        "{\"_id\":1}",
        "0",
        "00",
        "1e3",
        "1000",
        "-0",
        "null",
        "true",
        "<script>",
        "'; drop table docs; --",
        "\\u0000",
        "\u{10ffff}",
        "\u{fffd}",
    ]
    .map(str::to_owned)
    .to_vec();
    ids.push("x".repeat(DocId::MAX_BYTES));
    ids.push("é".repeat(DocId::MAX_BYTES / 2));
    ids.push("../".repeat(DocId::MAX_BYTES / 3));
    ids.extend((0..32).map(|n| format!("control {}", char::from(n))));
    let different: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(different.len(), ids.len());
    ids
}

/// What would move a cursor, end a line or turn the reading direction.
fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[test]
fn a22_every_id_comes_back_and_none_is_the_name_of_a_file() {
    block_on(async {
        for drive in drives() {
            let (a, b) = (Device::sealed(&drive, 1, key(1)).await, Device::sealed(&drive, 2, key(1)).await);
            for (n, id) in ids().iter().enumerate() {
                a.put(id, &format!("the document with number {n}")).await;
            }
            a.sync().await;
            b.sync().await;
            assert_eq!(a.docs().len(), ids().len());
            assert_eq!(a.docs(), b.docs());
            for id in ids().iter().step_by(3) {
                b.delete(id).await;
            }
            b.sync().await;
            assert!(b.client.compact(SyncOptions::default()).await.unwrap());
            a.sync().await;
            let late = Device::sealed(&drive, 3, key(1)).await;
            late.sync().await;
            assert_eq!(a.docs(), b.docs());
            assert_eq!(a.docs(), late.docs());
            for path in drive.contents().keys() {
                let (folder, name) = path.split_once('/').unwrap_or(("", path));
                let expected = match folder {
                    "" => ["vault", "head", "lease"].contains(&name),
                    "v" | "h" | "j" | "p" | "c" => name.bytes().all(|byte| b"0123456789abcdef".contains(&byte)),
                    _ => folder == "k" && name.bytes().all(|byte| b"0123456789abcdef-".contains(&byte)),
                };
                assert!(expected, "{path}");
            }
        }
        for long in [DocId::MAX_BYTES + 1, 4096] {
            assert_eq!(DocId::new("x".repeat(long)).unwrap_err().kind, ErrorKind::InvalidInput);
        }
    });
}

/// Whatever ids and the drive's files are called: a log line is one line, and nothing in it is an order to a terminal.
#[test]
fn a24_no_log_line_has_a_control_character() {
    block_on(async {
        for drive in drives() {
            let (a, b) = (Device::sealed(&drive, 1, key(1)).await, Device::sealed(&drive, 2, key(1)).await);
            for id in &ids() {
                a.put(id, "1").await;
            }
            a.sync().await;
            b.sync().await;
            for id in &ids() {
                a.put(id, "of a").await;
                b.put(id, "of b").await;
            }
            a.sync().await;
            assert!(!b.sync().await.conflicts.is_empty());
            let mut files = drive.contents();
            for folder in ["j", "h", "c", "k", "v"] {
                files.insert(format!("{folder}/\u{1b}[2J\n\u{202e}"), vec![1]);
            }
            drive.restore(files);
            a.client.compact(SyncOptions::default()).await.unwrap();
            let said: Vec<String> = [&a, &b].iter().flat_map(|device| device.canary.as_ref().unwrap().said()).collect();
            assert!(said.len() > 4, "nothing was said");
            for line in said {
                assert!(!line.chars().any(is_unsafe), "{line:?}");
            }
        }
    });
}
