//! The drive in GitHub through every clause of the specification, on the emulator: at the top of a branch, in a folder of one that
//! holds other files too, and where what a commit holds is not told at once.

use kitestring::Result;
use kitestring_adapters::{
    GitHub, NativeRuntime,
    drives::github::Place,
    http::{FixedToken, NativeHttp, Secret},
};
use kitestring_conformance::{Storage, conformance};
use kitestring_emulators::GitHubEmulator;
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU32, Ordering::Relaxed},
};

conformance! {
    at_once 8;
    github_branch => || storage(plain(), None), |address: &str| open(address);
    github_folder => || storage(plain(), Some("vaults/one")), |address: &str| open(address);
    github_large => || storage(large(), None), |address: &str| open(address);
}

fn plain() -> &'static GitHubEmulator {
    static EMULATOR: OnceLock<GitHubEmulator> = OnceLock::new();
    EMULATOR.get_or_init(GitHubEmulator::start)
}

/// It tells few entries of a tree, and never those of all folders at once.
fn large() -> &'static GitHubEmulator {
    static EMULATOR: OnceLock<GitHubEmulator> = OnceLock::new();
    EMULATOR.get_or_init(|| {
        let emulator = GitHubEmulator::start();
        emulator.tell_whole(false);
        emulator
    })
}

/// A repository of its own, which other clients and processes can reach. With a folder, there is something beside it.
async fn storage(emulator: &'static GitHubEmulator, folder: Option<&str>) -> Result<Storage> {
    static REPOSITORIES: AtomicU32 = AtomicU32::new(0);
    let name = format!("someone/notes-{}", REPOSITORIES.fetch_add(1, Relaxed));
    emulator.create(&name);
    if folder.is_some() {
        emulator.write(&name, "main", "README.md", Some(b"code"), "100644");
    }
    let address = format!("{} {name} {}", emulator.address(), folder.unwrap_or_default());
    let (drive, again) = (open(&address)?, address.clone());
    drive.make_root().await?;
    let unmount = move || {
        emulator.remove(&name);
        Ok(())
    };
    Ok(Storage::new(drive).shared_by(move || open(&again)).at(address).unmounted_by(unmount))
}

/// Opens a drive by the address of the emulator, the repository and the folder.
fn open(address: &str) -> Result<GitHub> {
    let mut parts = address.splitn(3, ' ');
    let (service, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let (owner, repository) = name.split_once('/').unwrap_or_default();
    let folder = parts.next().filter(|folder| !folder.is_empty()).map(str::to_owned);
    let place =
        Place { owner: owner.to_owned(), repository: repository.to_owned(), branch: folder.as_ref().map(|_| "main".to_owned()), folder };
    let tokens = Arc::new(FixedToken::new(Secret::new("token")));
    GitHub::emulated(service, Arc::new(NativeHttp::new()?), Arc::new(NativeRuntime::new()), &place, tokens)
}
