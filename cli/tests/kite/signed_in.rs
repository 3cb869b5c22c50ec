//! Folders in a cloud in which somebody signs in by `kite connect`, and no token is given otherwise: from the first sign-in to
//! the end of the last one.

use crate::{
    waiting::{Waiting, code_of, silent},
    world::{Ran, World},
};
use kitestring_emulators::sign_in::{APP, SignIn};
use std::{
    fs,
    process::{Command, Stdio},
    sync::Arc,
    thread::sleep,
    time::Duration,
};

/// A cloud, and two folders in it.
pub struct Cloud {
    /// What is typed for it.
    pub name: &'static str,
    pub drive: &'static str,
    pub sign_in: Arc<SignIn>,
    pub world: World,
}

impl Cloud {
    pub fn new(name: &'static str, drive: &'static str, address: &str, sign_in: Arc<SignIn>) -> Self {
        let mut world = World::in_memory(&["a", "b"]);
        for variable in ["KITE_DROPBOX_EMULATOR", "KITE_GDRIVE_EMULATOR", "KITE_ONEDRIVE_EMULATOR"] {
            world.set(variable, address);
        }
        Self { name, drive, sign_in, world }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.world.command(args);
        for name in ["DISPLAY", "WAYLAND_DISPLAY", "KITE_DROPBOX_TOKEN", "KITE_GDRIVE_TOKEN", "KITE_ONEDRIVE_TOKEN"] {
            command.env_remove(name);
        }
        command.env("KITE_DROPBOX_APP_KEY", APP).env("KITE_GDRIVE_CLIENT_ID", APP).env("KITE_GDRIVE_CLIENT_SECRET", "canary-app");
        command.env("KITE_ONEDRIVE_CLIENT_ID", APP);
        command
    }

    fn kite(&self, args: &[&str]) -> Ran {
        silent(Ran::of(&mut self.command(args)))
    }

    fn connect(&self) {
        let waiting = Waiting::begin(&mut self.command(&["connect", self.name, "--no-browser"]));
        let code = code_of(&self.sign_in.agree(&waiting.page));
        // The last address is pasted as a whole, where there is one.
        let pasted = if self.name == "dropbox" { code } else { self.last_address(&waiting, &code) };
        waiting.paste(&pasted).expect(0).says(&["Signed in to"]);
    }

    fn last_address(&self, waiting: &Waiting, code: &str) -> String {
        let state = waiting.page.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
        format!("http://127.0.0.1/?code={code}&state={state}")
    }

    fn sync(&self, folder: &str) -> Ran {
        self.kite(&["sync", folder, "--drive", self.drive])
    }

    /// Syncs both folders at the same moment.
    fn sync_at_once(&self) {
        let start = |folder| {
            let mut command = self.command(&["sync", folder, "--drive", self.drive]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        for child in [start("a"), start("b")] {
            let output = child.wait_with_output().unwrap();
            let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
            silent(Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }).expect(0);
        }
    }

    fn refreshes(&self) -> usize {
        self.sign_in.books().refreshes.len()
    }

    /// The file that holds the tokens, the only one.
    fn tokens(&self) -> String {
        format!("state/kite/credentials/{}.json", self.name)
    }

    /// Makes sure that no file but the one of the tokens holds one.
    fn keeps_quiet(&self) {
        let mut has_found = false;
        for (path, (content, _)) in self.world.everything("") {
            let found = content.windows(7).any(|window| window == b"canary-");
            assert!(!found || path == self.tokens(), "{path}");
            has_found |= found;
        }
        assert!(has_found, "the search finds what is there");
    }

    fn unauthorized(&self, folder: &str) {
        let next = format!("kite connect {}", self.name);
        self.sync(folder).expect(1).says(&[&next]);
        let told = self.kite(&["sync", folder, "--json"]).expect(1).json();
        assert_eq!(told["error"]["code"], "unauthorized", "{told}");
    }
}

/// Signs in and works, loses the access token, then the whole sign-in, signs in again, and signs out.
pub fn play(cloud: &Cloud) {
    cloud.connect();
    cloud.world.write("a/first.md", "1");
    for folder in ["a", "b"] {
        cloud.sync(folder).expect(0);
    }
    assert_eq!((cloud.refreshes(), cloud.world.read("b/first.md").as_str()), (0, "1"));

    cloud.sign_in.forget_access();
    cloud.world.write("a/second.md", "2");
    cloud.world.write("b/third.md", "3");
    cloud.sync_at_once();
    assert_eq!(cloud.refreshes(), 1, "two programs make one refresh");
    cloud.world.settle_by("a", "b", |folder| cloud.sync(folder));
    assert_eq!((cloud.refreshes(), cloud.world.files("a").len()), (1, 3));

    cloud.sign_in.revoke_all();
    cloud.world.write("a/fourth.md", "4");
    cloud.world.write("b/first.md", "edited");
    cloud.unauthorized("a");
    cloud.unauthorized("b");
    cloud.keeps_quiet();
    cloud.connect();
    cloud.world.settle_by("a", "b", |folder| cloud.sync(folder));
    assert_eq!((cloud.world.read("a/first.md").as_str(), cloud.world.read("b/fourth.md").as_str()), ("edited", "4"));
    cloud.keeps_quiet();
    sign_out(cloud);
}

/// Signs out, and tries to go on with the tokens of before.
fn sign_out(cloud: &Cloud) {
    let (path, old) = (cloud.world.at(&cloud.tokens()), cloud.sign_in.refresh_token());
    let copied = path.with_extension("copy");
    fs::copy(&path, &copied).unwrap();
    assert!(cloud.sign_in.accepts_refresh(&old));
    let told = cloud.kite(&["disconnect", cloud.name]).expect(0);
    assert!(!path.exists());
    cloud.unauthorized("a");
    if cloud.name == "onedrive" {
        // Microsoft takes no tokens back.
        told.says(&["takes no tokens back", "remove it at https://"]);
        return;
    }
    assert!(!cloud.sign_in.accepts_refresh(&old));
    fs::rename(&copied, &path).unwrap();
    let refreshes = cloud.refreshes();
    cloud.unauthorized("a");
    assert_eq!(cloud.refreshes(), refreshes, "the service refuses the old refresh token");
    assert_eq!(cloud.world.files("a"), cloud.world.files("b"));
}

/// An access token that has run out is renewed before it is sent.
pub fn outlive(cloud: &Cloud) {
    cloud.sign_in.books().life = Duration::from_secs(1);
    cloud.connect();
    cloud.sign_in.books().life = Duration::from_secs(600);
    sleep(Duration::from_millis(1100));
    cloud.world.write("a/note.md", "x");
    for folder in ["a", "b"] {
        cloud.sync(folder).expect(0);
    }
    assert_eq!((cloud.refreshes(), cloud.world.read("b/note.md").as_str()), (1, "x"));
}

/// Who signs in as somebody else has another account, in which the folder's drive is not.
pub fn mistake(cloud: &Cloud) {
    cloud.connect();
    cloud.world.write("a/note.md", "x");
    cloud.sync("a").expect(0);
    "somebody else".clone_into(&mut cloud.sign_in.books().person);
    cloud.connect();
    cloud.world.remove("a/note.md");
    cloud.kite(&["sync", "a"]).expect(1);
    "person".clone_into(&mut cloud.sign_in.books().person);
    cloud.connect();
    cloud.sync("b").expect(0);
    assert_eq!(cloud.world.read("b/note.md"), "x");
    cloud.kite(&["sync", "a"]).expect(0);
}
