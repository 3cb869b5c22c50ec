//! Signing in to clouds and out of them: at a service on this machine that is none of ours.

use crate::{
    waiting::{Waiting, code_of, silent},
    world::{Ran, World},
};
use kitestring_emulators::sign_in::{APP, SignIn};
use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    os::unix::fs::MetadataExt as _,
    process::Command,
    sync::Arc,
};

fn command(world: &World, server: &str, args: &[&str]) -> Command {
    let mut command = world.command(args);
    for name in ["DISPLAY", "WAYLAND_DISPLAY", "KITE_DROPBOX_APP_KEY"] {
        command.env_remove(name);
    }
    command.env("KITE_DROPBOX_EMULATOR", server).env("KITE_GDRIVE_EMULATOR", server).env("KITE_ONEDRIVE_EMULATOR", server);
    command.env("KITE_ONEDRIVE_CLIENT_ID", APP).env("KITE_GDRIVE_CLIENT_ID", APP).env("KITE_GDRIVE_CLIENT_SECRET", "canary-app");
    command
}

fn begin(world: &World, server: &str, args: &[&str]) -> Waiting {
    Waiting::begin(&mut command(world, server, args))
}

#[test]
fn a_code_signs_in_and_disconnecting_gives_everything_back() {
    let (service, world) = (Arc::new(SignIn::new(false)), World::new(&[]));
    let server = service.clone().serve();
    let run = |args: &[&str]| silent(Ran::of(&mut command(&world, &server, args)));
    run(&["connect"]).expect(0).says(&["Signed in nowhere"]);
    let waiting = begin(&world, &server, &["connect", "dropbox", "--app", APP, "--no-browser"]);
    assert_eq!(waiting.page.path(), "/oauth2/authorize");
    let code = code_of(&service.agree(&waiting.page));
    waiting.paste(&code).expect(0).says(&["Signed in to Dropbox"]);
    let file = world.at("state/kite/credentials/dropbox.json");
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(file.parent().unwrap()).unwrap().mode() & 0o777, 0o700);
    assert!(world.read("state/kite/credentials/dropbox.json").contains(&service.refresh_token()));
    assert_eq!(run(&["connect", "--json"]).expect(0).json()["connections"], serde_json::json!([{ "service": "dropbox", "app": APP }]));
    // The next time the app is known.
    let again = begin(&world, &server, &["connect", "dropbox", "--json"]);
    let code = code_of(&service.agree(&again.page));
    assert_eq!(again.paste(&code).expect(0).json()["connected"]["service"], "dropbox");
    run(&["disconnect", "dropbox"]).expect(0).says(&["Signed out of Dropbox"]);
    assert!(!file.exists());
    assert!(!service.accepts_refresh(&service.refresh_token()));
    run(&["disconnect", "dropbox"]).expect(1).says(&["nobody is signed in to Dropbox here"]);
}

#[test]
fn the_browser_comes_back_to_this_machine_or_its_address_is_pasted() {
    let (service, world) = (Arc::new(SignIn::new(false)), World::new(&[]));
    let server = service.clone().serve();
    let waiting = begin(&world, &server, &["connect", "gdrive"]);
    let back = service.agree(&waiting.page);
    let mut browser = TcpStream::connect((back.host_str().unwrap(), back.port().unwrap())).unwrap();
    write!(browser, "GET /?{} HTTP/1.1\r\n\r\n", back.query().unwrap()).unwrap();
    let mut page = String::new();
    browser.read_to_string(&mut page).unwrap();
    assert!(page.contains("Signed in."), "{page}");
    waiting.end().expect(0).says(&["Signed in to Google Drive"]);
    let elsewhere = begin(&world, &server, &["connect", "gdrive", "--no-browser"]);
    let back = service.agree(&elsewhere.page);
    elsewhere.paste(back.as_str()).expect(0);
    let other = begin(&world, &server, &["connect", "gdrive", "--no-browser"]);
    other.paste(back.as_str()).expect(1).says(&["belongs to another sign-in"]);
    let wrong = begin(&world, &server, &["connect", "gdrive", "--no-browser", "--json"]);
    assert_eq!(wrong.paste("canary-wrong").expect(1).json()["error"]["code"], "unauthorized");
    assert!(world.at("state/kite/credentials/gdrive.json").exists(), "a sign-in that fails leaves the one before");
}

#[test]
fn without_an_app_or_with_a_service_elsewhere_nothing_is_asked() {
    let world = World::new(&[]);
    let run = |server: &str, args: &[&str]| Ran::of(&mut command(&world, server, args));
    run("", &["connect", "dropbox"]).expect(1).says(&["KITE_DROPBOX_APP_KEY"]);
    let no_secret = Ran::of(command(&world, "", &["connect", "gdrive"]).env("KITE_GDRIVE_CLIENT_SECRET", ""));
    no_secret.expect(1).says(&["KITE_GDRIVE_CLIENT_SECRET"]);
    for server in ["https://127.0.0.1/", "http://cloud.example/", "ftp://127.0.0.1/"] {
        run(server, &["connect", "dropbox", "--app", "a"]).expect(1).says(&["KITE_DROPBOX_EMULATOR"]);
    }
    run("", &["connect", "webdav", "https://ann:canary@cloud.example/"]).expect(1).says(&["webdav+https://"]);
    silent(run("", &["connect", "webdav", "webdav+https://ann:canary@cloud.example/"]).expect(1));
    run("", &["connect", "webdav", "webdav+https://cloud.example/"]).expect(1).says(&["nobody is here to ask"]);
}

#[test]
fn a_service_that_is_away_keeps_its_tokens_unless_only_ours_are_meant() {
    let (service, world) = (Arc::new(SignIn::new(false)), World::new(&[]));
    let waiting = begin(&world, &service.clone().serve(), &["connect", "gdrive", "--no-browser"]);
    let back = service.agree(&waiting.page);
    waiting.paste(back.as_str()).expect(0);
    let away = |args: &[&str]| silent(Ran::of(&mut command(&world, "http://127.0.0.1:9/", args)));
    let file = world.at("state/kite/credentials/gdrive.json");
    away(&["disconnect", "gdrive"]).expect(1).says(&["gave no answer", "--local"]);
    assert!(file.exists());
    away(&["disconnect", "gdrive", "--local"]).expect(0);
    assert!(!file.exists());
}

#[test]
fn microsoft_sends_the_browser_to_localhost_and_is_asked_for_no_more_than_is_needed() {
    let (service, world) = (Arc::new(SignIn::new(true)), World::new(&[]));
    let server = service.clone().serve();
    for (args, scopes) in [
        (["connect", "onedrive", "--no-browser"], "Files.ReadWrite.AppFolder"),
        (["connect", "onedrive", "--all-files"], "Files.ReadWrite"),
    ] {
        let waiting = begin(&world, &server, &args);
        let back = service.agree(&waiting.page);
        assert_eq!((back.host_str(), service.books().scopes.as_str()), (Some("localhost"), scopes));
        let mut browser = TcpStream::connect(("127.0.0.1", back.port().unwrap())).unwrap();
        write!(browser, "GET /?{} HTTP/1.1\r\n\r\n", back.query().unwrap()).unwrap();
        waiting.end().expect(0).says(&["Signed in to OneDrive"]);
    }
    let run = |args: &[&str]| silent(Ran::of(&mut command(&world, &server, args)));
    run(&["disconnect", "onedrive"]).expect(0).says(&["Signed out of OneDrive", "takes no tokens back", "https://myapps.microsoft.com"]);
    assert!(!world.at("state/kite/credentials/onedrive.json").exists());
}
