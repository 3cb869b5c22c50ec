//! A repair that is killed, and one beside which somebody else writes.

use super::world::*;
use crate::common::{
    faulty::{Faulty, When},
    *,
};
use futures::executor::block_on;
use kitestring::{
    drive::{Capabilities, Condition, GetOptions, Got, Listing, Version},
    *,
};
use std::sync::{Arc, Mutex};

const REPAIR: fn() -> DoctorOptions = || DoctorOptions { repair: true, ..DoctorOptions::default() };

/// Killed at each write, before or after it: the same device repairs it the next time, and nobody misses anything.
#[test]
fn a_repair_that_is_killed_is_made_once_more() {
    block_on(async {
        for (n, sealed) in [(0, false), (1, false), (2, false), (0, true)] {
            let world = World::new(&drives()[n], journal, sealed.then(|| key(1)), 1).await;
            let record = world.records()[1].clone();
            let damages: [&[&str]; 3] = [&["vault"], &["head", "v"], &[&record]];
            let mut killed = 0;
            for gone in damages {
                for (step, when) in (0..).flat_map(|step| [(step, When::Before), (step, When::After)]) {
                    let mut files = world.files.clone();
                    files.retain(|path, _| !gone.iter().any(|gone| path == gone || path.starts_with(&format!("{gone}/"))));
                    world.drive.restore(files);
                    let (notes, state) = world.known();
                    let mut writes = 0;
                    let faulty = Faulty::new(&world.drive, move |operation, _| {
                        writes += u64::from(operation == "put" || operation == "delete");
                        match writes.cmp(&(step + 1)) {
                            std::cmp::Ordering::Less => None,
                            std::cmp::Ordering::Equal => Some(when),
                            std::cmp::Ordering::Greater => Some(When::Before),
                        }
                    });
                    let device = world.open(faulty, notes.clone(), state.clone(), 600).await;
                    let ended = device.client.doctor(REPAIR()).await;
                    drop(device);
                    if ended.as_ref().is_ok_and(|found| found.worst().is_none()) {
                        break;
                    }
                    killed += 1;
                    let case = format!("{gone:?} gone, killed {when:?} write {step}, drive {n}, sealed {sealed}");
                    let again = world.open(world.drive.clone(), notes, state, 650).await;
                    let now = again.client.doctor(REPAIR()).await.unwrap_or_else(|e| panic!("{case}: {e:?}"));
                    assert_eq!(now.worst(), None, "{case}: {:#?}", now.findings);
                    world.everybody_has_everything(&case).await;
                }
            }
            assert!(killed > 8, "{killed}");
        }
    });
}

/// A drive on which somebody writes a file right before a repair does.
struct Raced {
    drive: Arc<MemoryDrive>,
    path: &'static str,
    theirs: Mutex<Option<Vec<u8>>>,
}

#[apply(port!)]
impl Drive for Raced {
    fn capabilities(&self) -> Capabilities {
        self.drive.capabilities()
    }
    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        self.drive.get(path, options).await
    }
    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        let theirs = self.theirs.lock().unwrap().take_if(|_| path.as_str() == self.path);
        if let Some(theirs) = theirs {
            self.drive.put(path.clone(), theirs, Condition::Any).await?;
        }
        self.drive.put(path, bytes, condition).await
    }
    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        self.drive.delete(path, condition).await
    }
    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        self.drive.list_dir(dir, cursor).await
    }
}

#[test]
fn what_somebody_has_written_meanwhile_is_left_alone() {
    block_on(async {
        for (layout, path, damaged) in
            [(journal as fn() -> Layout, "head", false), (journal, "head", true), (journal, "vault", true), (classic, "meta.json", true)]
        {
            let world = World::new(&drives()[0], layout, None, 1).await;
            let mut files = world.files.clone();
            let mut theirs = files[path].clone();
            // It says the same, and is another file.
            theirs.extend(if path == "vault" { " " } else { "" }.bytes());
            if damaged {
                files.insert(path.to_owned(), b"nonsense".to_vec());
            } else {
                files.remove(path);
            }
            world.drive.restore(files);
            let raced = Arc::new(Raced { drive: world.drive.clone(), path, theirs: Mutex::new(Some(theirs.clone())) });
            let device = world.open(raced, Arc::default(), Arc::default(), 600).await;
            let now = device.client.doctor(REPAIR()).await.unwrap();
            assert_eq!(now.worst(), None, "{:#?}", now.findings);
            assert_eq!(world.drive.contents()[path], theirs, "{path} was written over");
            world.everybody_has_everything(path).await;
        }
    });
}
