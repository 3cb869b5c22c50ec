//! HTTP: the port that sends one request, and above it what every drive over HTTP needs.
//!
//! A host that has a network stack of its own implements [`Http`]; a native program takes [`NativeHttp`]. A drive talks
//! to neither: it gives its requests to a [`Web`], which adds the credentials, keeps to the limits of the service, and
//! repeats what may be repeated.

mod credentials;
mod fault;
mod fixed;
mod message;
#[cfg(all(feature = "http-native", not(target_arch = "wasm32")))]
mod native;
mod origin;
mod pace;
pub(crate) mod range;
mod retry;
mod secret;
mod web;

pub use credentials::{Credentials, TokenSource};
pub use fixed::FixedToken;
pub use message::{Header, Method, Request, Response};
#[cfg(all(feature = "http-native", not(target_arch = "wasm32")))]
pub use native::NativeHttp;
pub use origin::address;
pub use pace::Budget;
pub use secret::Secret;
pub use web::{Call, Repeat, Rules, Web};

use kitestring::{MaybeSend, MaybeSync, Result, apply, port};

/// Sends HTTP requests.
///
/// An implementation follows no redirect, keeps no cookie, repeats nothing, and adds no credentials: all of that is
/// [`Web`]'s. It checks the certificate of whoever answers.
#[apply(port!)]
pub trait Http: MaybeSend + MaybeSync {
    /// Sends one request, and returns the whole answer, whatever its status.
    ///
    /// # Errors
    /// `unavailable` if there is no whole answer. The request may have taken effect all the same, now or later.
    ///
    /// # Cancel safety
    /// The same holds for a call that is dropped.
    async fn send(&self, request: Request) -> Result<Response>;
}

#[cfg(test)]
mod tests;
