//! Whom a drive believes: a certificate that nobody vouches for, and a server that speaks no TLS.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use async_io::block_on;
use kitestring::{Drive as _, DrivePath, drive::GetOptions};
use kitestring_servers::{Kind, Server, drive};

fn refused(address: &str) -> String {
    let path = DrivePath::new("f").unwrap();
    let error = block_on(drive(address).unwrap().get(path, GetOptions::default())).unwrap_err();
    assert_eq!(error.kind.code(), "unavailable", "{error}");
    error.to_string()
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    let server = Server::with_own_certificate();
    let said = refused(&server.address());
    assert!(said.contains("certificate is not trusted") && said.contains("127.0.0.1"), "{said}");
}

#[test]
fn a_server_without_tls_is_said_to_be_one() {
    let said = refused(&Kind::WsgiDav.shared().address().replace("http:", "https:"));
    assert!(said.contains("does not speak TLS"), "{said}");
}
