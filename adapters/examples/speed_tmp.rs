use futures::executor::block_on;
use kitestring::{State, StateRecord};
use std::time::Instant;
fn run(name: &str, open: &dyn Fn(&std::path::Path) -> Box<dyn State>) {
    let home = tempfile::tempdir_in(".").unwrap();
    let t = Instant::now();
    let s = open(home.path());
    print!("{name}: create {:?}", t.elapsed());
    let rec = |n: usize| StateRecord::set(format!("base/doc-{n:05}"), vec![7u8; 160]);
    let t = Instant::now();
    for b in 0..100 {
        block_on(s.write((b * 100..b * 100 + 100).map(rec).collect())).unwrap();
    }
    print!("; 10000 in 100 batches {:?}", t.elapsed());
    let t = Instant::now();
    for n in 0..200 {
        block_on(s.write(vec![rec(n)])).unwrap();
    }
    print!("; 200 single {:?}", t.elapsed());
    let t = Instant::now();
    block_on(futures::future::join_all((0..10000).map(|n| s.write(vec![rec(n)]))));
    print!("; 10000 at once {:?}", t.elapsed());
    let t = Instant::now();
    for b in 0..100 {
        assert_eq!(block_on(s.read((b * 100..b * 100 + 100).map(|n| format!("base/doc-{n:05}")).collect())).unwrap().len(), 100);
    }
    print!("; read 10000 by 100 {:?}", t.elapsed());
    let t = Instant::now();
    let (mut after, mut n) = (None, 0);
    loop {
        let p = block_on(s.scan("base/".into(), after, 256)).unwrap();
        let Some(l) = p.last() else { break };
        n += p.len();
        after = Some(l.key.clone());
    }
    print!("; scan {n} {:?}", t.elapsed());
    let t = Instant::now();
    drop(s);
    print!("; close {:?}", t.elapsed());
    let size: u64 = std::fs::read_dir(home.path()).unwrap().map(|e| e.unwrap().metadata().unwrap().len()).sum();
    let t = Instant::now();
    let s = open(home.path());
    println!("; reopen {:?}; {} KiB", t.elapsed(), size / 1024);
    drop(s);
}
fn main() {
    for _ in 0..2 {
        run("sqlite", &|h| Box::new(kitestring_adapters::SqliteState::open(h.join("s")).unwrap()));
        run("file  ", &|h| Box::new(kitestring_adapters::FileState::open(h.join("s")).unwrap()));
    }
}
