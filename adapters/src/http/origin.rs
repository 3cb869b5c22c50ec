//! Where requests may go: to the hosts of a service, and in the clear only to this very machine.

use kitestring::{Error, ErrorKind, Result};
use url::{Host, Url};

/// Takes the address of a service.
///
/// # Errors
/// `invalid_input` if it is no URL of `https`, or of `http` on this machine, or if it holds a user name, a password, a
/// query or a fragment. The error does not show what was typed: it may hold a password.
pub fn address(text: &str) -> Result<Url> {
    let invalid = |detail: &str| Error::new(ErrorKind::InvalidInput, "open", detail);
    let url = Url::parse(text).map_err(|e| invalid(&format!("the address of the drive is no URL: {e}")))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid(
            "the address of the drive holds a user name or a password: leave them out, they are given apart from it and kept out of \
             files and lists of processes",
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(invalid("the address of the drive cannot hold a `?` or a `#`; in a folder's name they are written %3F and %23"));
    }
    check(&url).map(|()| url)
}

/// Makes sure that what is sent there is sealed by TLS, or does not leave the machine.
pub(super) fn check(url: &Url) -> Result<()> {
    let detail = match (url.scheme(), url.host()) {
        ("https", Some(_)) => return Ok(()),
        ("http", Some(host)) if is_loopback(&host) => return Ok(()),
        ("http", Some(host)) => format!("plain http would show the password and the files to everybody on the way to {host}: use https"),
        (scheme, _) => format!("a service is reached by https, not by {scheme}"),
    };
    Err(Error::new(ErrorKind::InvalidInput, "open", detail))
}

/// Whether this is the machine itself.
fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// Returns the host and, where it is not the usual one, the port.
pub(super) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}
