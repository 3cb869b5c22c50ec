//! Several real processes with one file. The test starts its own program again, and the variable says what it is then.

use crate::service::{APP, LIFE, Service};
use futures::{executor::block_on, future::join_all};
use kitestring_adapters::{
    NativeRuntime,
    http::{NativeHttp, Secret, TokenSource as _},
    oauth::{App, Endpoint, FileTokens, Grant, Provider, RefreshingTokens, TokenStore as _, detached},
};
use kitestring_emulators::sign_in::wall;
use std::{
    env,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

const PART: &str = "KITE_TEST_OAUTH_PROCESS";
const PROCESSES: usize = 5;
const TASKS: usize = 8;

fn tokens(server: &str, file: &Path) -> RefreshingTokens {
    let runtime = Arc::new(NativeRuntime::new());
    let provider = Provider { rotates: true, ..Provider::gdrive().at(server).unwrap() };
    let endpoint = Endpoint::new(provider, Arc::new(NativeHttp::new().unwrap()), runtime.clone()).unwrap();
    RefreshingTokens::new(endpoint, Arc::new(FileTokens::at(file)), runtime, detached(), "sign in again")
}

/// A process that has several tasks ask at once, and prints what they get.
fn ask_in_many_tasks(part: &str) {
    let (server, file) = part.split_once(' ').unwrap();
    let tokens = tokens(server, Path::new(file));
    for token in block_on(join_all((0..TASKS).map(|_| tokens.token(None)))) {
        println!("token: {}", token.unwrap().expose());
    }
}

fn start(part: &str) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "processes::of_many_processes_one_refreshes", "--nocapture"]).env(PART, part);
    command.stdout(Stdio::piped()).spawn().unwrap()
}

#[test]
fn of_many_processes_one_refreshes() {
    if let Ok(part) = env::var(PART) {
        return ask_in_many_tasks(&part);
    }
    let service = Arc::new(Service::new(true));
    let server = service.clone().serve();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("service.json");
    for round in 1..=3 {
        let long_ago = wall() - LIFE * 2;
        let (access, refresh) = service.signed_in(long_ago);
        let app = App { id: APP.to_owned(), secret: None };
        let old = Grant { app, access: Secret::new(access), refresh: Secret::new(refresh), issued: long_ago, life: Some(LIFE) };
        block_on(FileTokens::at(&file).forget()).unwrap();
        assert!(block_on(FileTokens::at(&file).replace(None, Some(old))).unwrap());
        let children: Vec<Child> = (0..PROCESSES).map(|_| start(&format!("{server} {}", file.display()))).collect();
        let mut given = Vec::new();
        for child in children {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success());
            let text = String::from_utf8(output.stdout).unwrap();
            given.extend(text.lines().filter_map(|line| line.split_once("token: ")).map(|(_, token)| token.to_owned()));
        }
        assert_eq!(given.len(), PROCESSES * TASKS);
        assert!(given.iter().all(|token| *token == given[0] && service.accepts(token, wall())), "{given:?}");
        let books = service.books();
        assert_eq!((books.refreshes.len(), books.reused), (round, 0));
    }
}

#[test]
fn killed_processes_leave_a_file_that_the_next_one_reads() {
    let service = Arc::new(Service::new(false));
    let server = service.clone().serve();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("service.json");
    let long_ago = wall() - LIFE * 2;
    let (access, refresh) = service.signed_in(long_ago);
    let app = App { id: APP.to_owned(), secret: None };
    let old = Grant { app, access: Secret::new(access), refresh: Secret::new(refresh), issued: long_ago, life: Some(LIFE) };
    for after_ms in (0..200).step_by(10) {
        block_on(FileTokens::at(&file).forget()).unwrap();
        assert!(block_on(FileTokens::at(&file).replace(None, Some(old.clone()))).unwrap());
        let mut child = start(&format!("{server} {}", file.display()));
        std::thread::sleep(Duration::from_millis(after_ms));
        child.kill().unwrap();
        child.wait().unwrap();
        let token = block_on(tokens(&server, &file).token(None)).unwrap();
        assert!(service.accepts(token.expose(), wall()));
    }
}
