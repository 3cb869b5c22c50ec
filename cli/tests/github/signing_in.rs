//! Signing in, what is said if that fails, and that nobody is shown how.

use crate::{Account, EMULATOR, TOKEN, world::Ran};
use std::{
    fs,
    io::Write as _,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    process::Stdio,
};

/// Makes sure that a run has not said the token.
fn silent(ran: Ran) -> Ran {
    assert!(!ran.out.contains("canary") && !ran.err.contains("canary"), "{ran:#?}");
    ran
}

/// Runs `kite` without a token in the environment, and with this as its input.
fn typing(account: &Account, args: &[&str], input: &str) -> Ran {
    let mut command = account.world.command(args);
    let mut child = command.env(TOKEN, "").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

#[test]
fn a_token_signs_in_and_is_written_nowhere() {
    let account = Account::new(&["a"]);
    account.world.write("a/note.md", "x");
    silent(account.world.kite(&["sync", "a", "--drive", "github:ann/notes", "-v", "--json"]).expect(0));
    silent(account.world.kite(&["status", "a"]).expect(0));
    for name in ["config.json", "state.db", "state.db-wal"] {
        let kept = fs::read(account.world.at("a/.kite").join(name)).unwrap_or_default();
        assert!(!kept.windows(6).any(|window| window == b"canary"), "{name}");
    }
    let shared = Ran::of(account.world.command(&["sync", "a"]).env(TOKEN, "").env("GITHUB_TOKEN", "shared-canary"));
    silent(shared.expect(0));
}

#[test]
fn what_is_wrong_with_a_token_is_said_with_what_to_do() {
    for (token, words) in
        [("expired-canary", "does not accept the token"), ("readonly-canary", "Contents, read and write"), ("sso-canary", "single sign-on")]
    {
        let account = Account::of(token, &["a"]);
        account.world.write("a/note.md", "x");
        let next = "KITE_GITHUB_TOKEN=TOKEN kite sync";
        silent(account.world.kite(&["sync", "a", "--drive", "github:ann/notes"]).expect(1)).says(&["GitHub", words, next]);
    }
    let account = Account::of("blind-canary", &["a"]);
    account.world.write("a/note.md", "x");
    silent(account.world.kite(&["sync", "a", "--drive", "github:ann/notes"]).expect(1)).says(&["the token does not see it"]);
}

#[test]
fn a_token_is_kept_for_its_repository_only() {
    let account = Account::new(&["a", "b"]);
    account.emulator.create("ann/other");
    account.world.write("a/note.md", "x");
    silent(typing(&account, &["sync", "a", "--drive", "github:ann/notes"], "").expect(1)).says(&["kite connect github ann/notes"]);
    assert_eq!(account.requests(), 0);
    silent(typing(&account, &["connect", "github", "ann/notes"], "").expect(1)).says(&["no token was given"]);
    silent(typing(&account, &["connect", "github", "ann/notes"], "expired-canary\n").expect(1)).says(&["does not accept the token"]);
    silent(typing(&account, &["connect", "github", "ann/missing"], "canary\n").expect(1)).says(&["no repository ann/missing"]);
    silent(typing(&account, &["connect"], "").expect(0)).says(&["Signed in nowhere"]);
    silent(typing(&account, &["connect", "github", "github:Ann/notes"], "canary\n").expect(1)).says(&["no repository Ann/notes"]);
    silent(typing(&account, &["connect", "github", "ann/notes"], "canary\n").expect(0)).says(&["Signed in to ann/notes"]);
    silent(typing(&account, &["connect", "--json"], "").expect(0)).says(&["\"github\"", "ann/notes"]);
    silent(typing(&account, &["sync", "a", "--drive", "github:ann/notes"], "").expect(0));
    let dir = account.world.at("state/kite/credentials");
    let files: Vec<_> = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!((files.len(), fs::metadata(&files[0]).unwrap().mode() & 0o777), (1, 0o600));
    silent(typing(&account, &["sync", "b", "--drive", "github:ann/other"], "").expect(1)).says(&["kite connect github ann/other"]);
    fs::set_permissions(&files[0], fs::Permissions::from_mode(0o644)).unwrap();
    silent(typing(&account, &["sync", "a"], "").expect(1)).says(&["others than its owner"]);
    silent(typing(&account, &["disconnect", "github", "ann/notes"], "").expect(0)).says(&["Signed out"]);
    silent(typing(&account, &["sync", "a"], "").expect(1)).says(&["kite connect github"]);
    silent(typing(&account, &["disconnect", "github", "ann/notes"], "").expect(1)).says(&["nobody is signed in"]);
}

#[test]
fn an_emulator_elsewhere_is_sent_no_token() {
    let account = Account::new(&["a"]);
    for elsewhere in ["https://emulator.example/", "http://emulator.example/", "emulator"] {
        let mut command = account.world.command(&["sync", "a", "--drive", "github:ann/notes"]);
        silent(Ran::of(command.env(EMULATOR, elsewhere)).expect(1));
    }
    assert_eq!(account.requests(), 0);
}
