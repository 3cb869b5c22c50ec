//! A device that follows a migrated vault is killed anywhere: nothing that it has not sent is lost, and it is asked about nothing more
//! than one that was not killed.

use super::*;

/// Counts what a device asks of drives and state, and ends its process at one of these.
#[derive(Clone)]
struct Fate {
    asked: Arc<AtomicU64>,
    at: u64,
    after: bool,
}

impl Fate {
    fn new(at: u64, after: bool) -> Self {
        Self { asked: Arc::default(), at, after }
    }

    fn next(&self) -> Option<When> {
        let now = self.asked.fetch_add(1, SeqCst);
        (now >= self.at).then_some(if self.after && now == self.at { When::After } else { When::Before })
    }

    fn drive(&self, drive: &Arc<MemoryDrive>) -> Arc<Faulty> {
        let fate = self.clone();
        Faulty::new(drive, move |_, _| fate.next())
    }
}

/// A state whose writes end with the process.
struct Dying(MemoryState, Fate);

#[apply(port!)]
impl State for Dying {
    async fn read(&self, keys: Vec<String>) -> Result<Vec<Option<Vec<u8>>>> {
        self.0.read(keys).await
    }
    async fn scan(&self, prefix: String, after: Option<String>, limit: u32) -> Result<Vec<StateRecord>> {
        self.0.scan(prefix, after, limit).await
    }
    async fn write(&self, batch: Vec<StateRecord>) -> Result<()> {
        let died = || Error::new(ErrorKind::State, "write", "the test says so");
        match self.1.next() {
            None => self.0.write(batch).await,
            Some(When::After) => {
                self.0.write(batch).await?;
                Err(died())
            }
            Some(_) => Err(died()),
        }
    }
}

/// What the follower has in the end, and what it was asked about.
type End = (BTreeMap<DocId, Vec<u8>>, Vec<String>);

/// What it has not sent: an edit, one that another device has made too, a new document, a deletion.
async fn edit(b: &Device) {
    b.put("b's", "unsent").await;
    b.put("edited", "by b").await;
    b.put("new of b", "unsent").await;
    b.delete("same").await;
}

async fn arrive(b: Device, to: &Arc<MemoryDrive>, a: &Device) -> End {
    let b = arrived(b, to.clone()).await;
    let asked = b.sync().await.conflicts.into_iter().map(|c| c.id.as_str().to_owned()).collect();
    // Whatever is asked, its own side is there.
    assert!(b.text("b's").unwrap().contains("unsent") && b.text("edited").unwrap().contains("by b") && b.text("same").is_none());
    for conflict in b.client.conflicts().await.unwrap() {
        b.client.resolve(conflict, Resolution::KeepLocal).await.unwrap();
    }
    for device in [&b, a, &b] {
        let report = device.sync().await;
        assert!(report.skipped.is_empty() && report.conflicts.is_empty(), "{report:?}");
    }
    assert_eq!(a.docs(), b.docs());
    (b.docs(), asked)
}

#[test]
fn a_device_that_is_killed_while_it_follows_loses_none_of_its_edits() {
    block_on(async {
        for from in drives() {
            let to = empty_like(&from);
            let (a, b) = two(&from).await;
            edit(&b).await;
            a.client.migrate(to.clone(), options()).await.unwrap();
            let a = arrived(a, to.clone()).await;
            a.sync().await;
            let (start, kept_a, kept_b) = (to.contents(), Kept::of(&a), Kept::of(&b));
            b.client.follow(to.clone()).await.unwrap();
            let whole = arrive(b, &to, &a).await;
            assert_eq!(whole.0.keys().map(DocId::as_str).collect::<Vec<_>>(), ["b's", "edited", "new of b"]);

            let mut killed = 0;
            for (step, after) in (0..).flat_map(|step| [(step, false), (step, true)]) {
                let case = format!("{:?}, step {step}, after {after}", from.capabilities());
                to.restore(start.clone());
                let fate = Fate::new(step, after);
                let (notes, kept) = (Arc::new(Notes(Mutex::new(kept_b.0.clone()))), Arc::new(Dying(kept_b.1.snapshot(), fate.clone())));
                let runtime = Arc::new(TestRuntime { seed: AtomicU64::new(5000 + step), ..TestRuntime::default() });
                let opened = Client::open(notes.clone(), kept.clone(), fate.drive(&from), classic_options(runtime)).await;
                let followed = match opened {
                    Ok(client) => client.follow(fate.drive(&to)).await,
                    Err(e) => Err(e),
                };
                let b = Kept(notes.0.lock().unwrap().clone(), kept.0.snapshot());
                let b = b.device(7000 + step, from.clone()).await;
                // Its host may have noted nothing of it, whether it was killed or not.
                b.client.follow(to.clone()).await.unwrap_or_else(|e| panic!("{case}: {e:?}"));
                let a = kept_a.journal(9000 + step, to.clone()).await;
                assert_eq!(arrive(b, &to, &a).await, whole, "{case}");
                if followed.is_ok() {
                    break;
                }
                killed += 1;
            }
            assert!(killed > 20, "{killed}");
        }
    });
}

#[test]
fn a_vault_that_was_moved_on_is_followed_there() {
    block_on(async {
        let (from, to, on) = (Arc::new(MemoryDrive::new()), Arc::new(MemoryDrive::new()), Arc::new(MemoryDrive::new()));
        let (a, b) = two(&from).await;
        b.put("b's", "unsent").await;
        a.client.migrate(to.clone(), options()).await.unwrap();
        let a = arrived(a, to.clone()).await;
        a.sync().await;
        let address = "dropbox:/further".to_owned();
        a.client.move_to(on.clone(), MoveOptions { address: address.clone(), ..MoveOptions::default() }).await.unwrap();
        let told = b.client.follow(to.clone()).await.unwrap_err();
        assert_eq!(told.kind, ErrorKind::Moved { to: Some(address) });
        b.client.follow(on.clone()).await.unwrap();
        let b = arrived(b, on).await;
        for conflict in b.sync().await.conflicts {
            b.client.resolve(conflict, Resolution::KeepLocal).await.unwrap();
        }
        b.sync().await;
        assert!(a.sync().await.conflicts.is_empty() && a.text("b's").unwrap().contains("unsent"));
    });
}
