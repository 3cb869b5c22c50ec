//! Nothing tells what is sealed: neither the drive nor what is said, whatever the command and its error, nor what a folder keeps.

use crate::{
    sealed::{KEY, OTHER_KEY, PASSPHRASE, kept, with_passphrase, write_key},
    world::{Ran, World},
};
use kitestring_canary::{Kind, leak, mind};
use std::fs;

/// What was said by all commands.
#[derive(Default)]
struct Said(Vec<String>);

impl Said {
    fn hear(&mut self, ran: Ran) -> Ran {
        self.0.extend(ran.out.lines().chain(ran.err.lines()).map(str::to_owned));
        ran
    }
}

/// 32 bytes that open a vault, as digits and as they are.
fn mind_key(digits: &str) {
    mind(Kind::Secret, digits.as_bytes());
    let bytes: Vec<u8> = (0..32).map(|n| u8::from_str_radix(&digits[2 * n..2 * n + 2], 16).unwrap()).collect();
    mind(Kind::Secret, &bytes);
}

/// A folder with notes, and what is not to be known of them.
fn world() -> World {
    let w = World::new(&["a", "b", "c"]);
    write_key(&w, "key", KEY);
    write_key(&w, "wrong", OTHER_KEY);
    w.write("a/canary-name.md", "canary-body of the note\n");
    w.write("a/canary-folder/large", "canary-body of the large one ".repeat(200_000));
    for id in ["canary-name", "canary-folder"] {
        mind(Kind::Id, id.as_bytes());
    }
    for text in ["canary-body", "canary-edit"] {
        mind(Kind::Content, text.as_bytes());
    }
    for passphrase in [PASSPHRASE, "canary wrong", "canary anew"] {
        mind(Kind::Secret, passphrase.as_bytes());
    }
    mind_key(KEY);
    mind_key(OTHER_KEY);
    w
}

/// Commands that do well.
fn work(w: &World, said: &mut Said) {
    said.hear(with_passphrase(w, PASSPHRASE, &["sync", "a", "--drive", "drive", "--encrypt", "-v"]).expect(0));
    said.hear(w.kite(&["key", "add", "a", "--new-key-file", "paper", "-v"]).expect(0));
    mind_key(w.read("paper").trim_end());
    said.hear(w.set_up("b", &["--key-file", "paper", "-v", "--json"]).expect(0));
    w.write("b/canary-name.md", "canary-edit of b\n");
    fs::remove_dir_all(w.at("b/canary-folder")).unwrap();
    said.hear(w.kite(&["sync", "b", "-v"]).expect(0));
    w.write("a/canary-name.md", "canary-edit of a\n");
    said.hear(w.kite(&["sync", "a", "-v", "--json"]));
    said.hear(w.kite(&["conflicts", "a", "--json", "-v"]));
    said.hear(w.kite(&["compact", "b", "-v"]).expect(0));
    for command in [&["status"][..], &["log"], &["key", "list"]] {
        for folder in ["a", "b"] {
            said.hear(w.kite(&[command, &[folder, "--json", "-v"]].concat()));
        }
    }
    for text in ["-v", "--json"] {
        said.hear(w.kite(&["log", "b", "canary-name.md", text]).expect(0));
    }
}

/// Commands that fail.
fn fail(w: &World, said: &mut Said) {
    let wrong = [
        with_passphrase(w, "canary wrong", &["sync", "c", "--drive", "drive", "-v", "--json"]),
        with_passphrase(w, "canary wrong", &["sync", "c", "--drive", "drive", "-v"]),
        w.set_up("c", &["--key-file", "wrong", "-v"]),
        w.set_up("c", &["--key-file", "key", "--json"]),
        w.set_up("c", &["-v"]),
        w.kite(&["key", "rotate", "b", "--key-file", "paper", "-v"]),
        w.kite(&["sync", "a", "--key-file", "nowhere", "-v"]),
        Ran::of(w.command(&["key", "remove", "a", "ffffffffffffffff", "-v"]).env("KITE_PASSPHRASE", "canary wrong")),
        Ran::of(w.command(&["key", "add", "a", "--label", &"x".repeat(65)]).env("KITE_NEW_PASSPHRASE", "canary anew")),
    ];
    for ran in wrong {
        said.hear(ran.expect(1));
    }
    // Each file of the vault makes no sense in turn.
    for (path, content) in w.files("drive").into_iter().filter(|(path, _)| !path.ends_with('/')) {
        let at = format!("drive/{path}");
        let mut damaged = content.clone();
        damaged.insert(content.len() / 2, b'?');
        w.write(&at, damaged);
        said.hear(w.kite(&["sync", "a", "-v"]));
        said.hear(w.set_up("c", &["--key-file", "paper", "--dry-run", "-v", "--json"]));
        w.write(&at, content);
    }
}

#[test]
fn nothing_tells_what_is_sealed() {
    let (w, mut said) = (world(), Said::default());
    work(&w, &mut said);
    fail(&w, &mut said);
    for digits in kept(&w).into_values() {
        mind_key(String::from_utf8(digits).unwrap().trim_end());
    }
    assert!(leak(Kind::Content, &fs::read(w.at("a/canary-name.md")).unwrap()).is_some());
    for (path, (content, _)) in w.everything("drive") {
        assert_eq!((leak(Kind::Id, path.as_bytes()), leak(Kind::Id, &content)), (None, None), "{path}");
    }
    assert!(said.0.len() > 100);
    // With -v, the core's log names the files that it decides about, to whoever has them, and commands name what they show.
    for line in &said.0 {
        assert_eq!(leak(Kind::Secret, line.as_bytes()), None, "{line}");
        assert!(leak(Kind::Content, line.as_bytes()).is_none(), "{line}");
    }
    for folder in ["a/.kite", "b/.kite"] {
        for (path, (content, _)) in w.everything(folder) {
            assert_eq!((leak(Kind::Secret, path.as_bytes()), leak(Kind::Secret, &content)), (None, None), "{folder}/{path}");
        }
    }
    for (path, content) in kept(&w) {
        assert!(path.starts_with("kite/keys/") && content.len() == 65, "{path}");
    }
}
