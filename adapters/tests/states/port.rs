//! The contract of the port, on an empty state.

use crate::Open;
use futures::executor::block_on;
use kitestring::{State, StateRecord};
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    thread,
};

type Model = BTreeMap<String, Vec<u8>>;

pub fn set(key: &str, value: &str) -> StateRecord {
    StateRecord::set(key, value)
}

pub fn write(state: &dyn State, batch: Vec<StateRecord>) {
    block_on(state.write(batch)).unwrap();
}

pub fn read(state: &dyn State, keys: &[&str]) -> Vec<Option<Vec<u8>>> {
    block_on(state.read(keys.iter().map(|k| (*k).to_owned()).collect())).unwrap()
}

pub fn scan(state: &dyn State, prefix: &str, after: Option<&str>, limit: u32) -> Vec<StateRecord> {
    block_on(state.scan(prefix.to_owned(), after.map(str::to_owned), limit)).unwrap()
}

fn apply(model: &mut Model, batch: &[StateRecord]) {
    for record in batch {
        match &record.value {
            Some(value) => model.insert(record.key.clone(), value.clone()),
            None => model.remove(&record.key),
        };
    }
}

fn expected(model: &Model, prefix: &str, after: Option<&str>, limit: u32) -> Vec<StateRecord> {
    let fits = |key: &str| key.starts_with(prefix) && after.is_none_or(|after| key > after);
    let found = model.iter().filter(|(key, _)| fits(key)).take(limit as usize);
    found.map(|(key, value)| StateRecord::set(key.clone(), value.clone())).collect()
}

pub fn it_answers_as_a_map_would(open: Open, _name: &str) {
    let home = tempfile::tempdir().unwrap();
    let (state, mut model) = (open(home.path()), Model::new());
    let keys = ["a", "a/", "a/1", "a/10", "a/2", "a/~", "a0", "A", "b", "", "a/\u{0}", "a/é", "a/\u{1f600}"];
    let batches: [Vec<StateRecord>; 4] = [
        keys.iter().map(|k| set(k, k)).collect(),
        vec![StateRecord::remove("a/2"), set("a/1", "new"), set("a/1", "newer"), StateRecord::set("empty", vec![])],
        vec![set("b", "x"), StateRecord::remove("b"), StateRecord::remove("never")],
        vec![],
    ];
    for batch in batches {
        apply(&mut model, &batch);
        write(&*state, batch);
    }
    let asked: Vec<&str> = keys.iter().copied().chain(["empty", "a/1", "none"]).collect();
    assert_eq!(read(&*state, &asked), asked.iter().map(|key| model.get(*key).cloned()).collect::<Vec<_>>());
    assert_eq!(read(&*state, &[]), Vec::<Option<Vec<u8>>>::new());
    for prefix in ["", "a", "a/", "a/1", "zz", "a/\u{1f600}"] {
        for after in [None, Some(""), Some("a"), Some("a/1"), Some("a/10"), Some("a/~"), Some("zzz"), Some("A")] {
            for limit in [0, 1, 2, 100, u32::MAX] {
                assert_eq!(scan(&*state, prefix, after, limit), expected(&model, prefix, after, limit), "{prefix:?} {after:?} {limit}");
            }
        }
    }
}

/// Numbers that look random and are the same each time (the constants are Knuth's, MMIX).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

pub fn any_sequence_leaves_what_it_would_leave_in_a_map(open: Open, _name: &str) {
    let home = tempfile::tempdir().unwrap();
    let (state, mut model, mut numbers) = (open(home.path()), Model::new(), Numbers(7));
    for _ in 0..60 {
        let mut record = || {
            let key = format!("{}/{}", ["a", "b", "b/c"][numbers.below(3) as usize], numbers.below(40));
            let size = numbers.below(300) as usize;
            if numbers.below(3) == 0 { StateRecord::remove(key) } else { StateRecord::set(key, vec![size as u8; size]) }
        };
        let batch: Vec<StateRecord> = (0..20).map(|_| record()).collect();
        apply(&mut model, &batch);
        write(&*state, batch);
        let prefix = ["", "a/", "b/", "b/c/1"][numbers.below(4) as usize];
        assert_eq!(scan(&*state, prefix, None, u32::MAX), expected(&model, prefix, None, u32::MAX));
    }
}

pub fn a_page_ends_where_it_is_told_to(open: Open, _name: &str) {
    let home = tempfile::tempdir().unwrap();
    let state = open(home.path());
    let key = |n: usize| format!("todo/{n:05}");
    write(&*state, (0..3000).map(|n| set(&key(n), "x")).chain([set("todo", "x"), set("todo0", "x"), set("tod", "x")]).collect());
    let (mut found, mut after): (Vec<String>, Option<String>) = (Vec::new(), None);
    loop {
        let page = scan(&*state, "todo/", after.as_deref(), 256);
        let Some(last) = page.last() else { break };
        after = Some(last.key.clone());
        found.extend(page.into_iter().map(|record| record.key));
        assert!(found.len() <= 3000, "the pages never end");
    }
    assert_eq!(found, (0..3000).map(key).collect::<Vec<_>>());
}

pub fn every_write_that_returned_is_read(open: Open, _name: &str) {
    let home = tempfile::tempdir().unwrap();
    let state = open(home.path());
    thread::scope(|s| {
        for worker in 0..8 {
            let state = &*state;
            s.spawn(move || {
                for n in 0..30 {
                    let (key, value) = (format!("w{worker}"), n.to_string());
                    write(state, vec![set(&key, &value)]);
                    assert_eq!(read(state, &[&key]), [Some(value.into_bytes())]);
                }
            });
        }
    });
}

pub fn a_batch_is_seen_whole_or_not_at_all(open: Open, _name: &str) {
    let home = tempfile::tempdir().unwrap();
    let state = open(home.path());
    let (state, done) = (&*state, &AtomicBool::new(false));
    thread::scope(|s| {
        for _ in 0..2 {
            s.spawn(move || {
                while !done.load(SeqCst) {
                    let both = read(state, &["a", "z"]);
                    assert_eq!(both[0], both[1]);
                    let both = scan(state, "", None, 10);
                    assert!(both.is_empty() || both[0].value == both[1].value, "{both:?}");
                }
            });
        }
        for n in 0..100 {
            let batch = if n % 5 == 4 {
                vec![StateRecord::remove("a"), StateRecord::remove("z")]
            } else {
                vec![set("a", &n.to_string()), set("z", &n.to_string())]
            };
            write(state, batch);
        }
        done.store(true, SeqCst);
    });
}

pub fn values_may_be_empty_or_large(open: Open, _name: &str) {
    let home = tempfile::tempdir().unwrap();
    let state = open(home.path());
    let large: Vec<u8> = (0..5_000_000_u32).map(|n| (n % 251) as u8).collect();
    write(&*state, vec![StateRecord::set("empty", vec![]), StateRecord::set("large", large.clone()), set(&"k".repeat(3000), "long key")]);
    assert_eq!(read(&*state, &["empty", "large", &"k".repeat(3000)]), [Some(vec![]), Some(large), Some(b"long key".to_vec())]);
    write(&*state, vec![StateRecord::set("large", vec![])]);
    assert_eq!(read(&*state, &["large"]), [Some(vec![])]);
}
