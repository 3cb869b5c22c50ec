//! Signing in to services by OAuth 2 as a native program (RFC 8252), and tokens that stay fresh.
//!
//! [`SignIn`] leads a person through it once and ends with a [`Grant`], which a [`TokenStore`] keeps. From then on
//! [`RefreshingTokens`] gives drives their tokens: it refreshes them in time, one refresh for everybody who asks, and keeps
//! the new ones before anybody uses them. No form of any of this shows a token.

mod endpoint;
#[cfg(all(unix, not(target_arch = "wasm32")))]
mod file;
mod grant;
#[cfg(not(target_arch = "wasm32"))]
mod loopback;
mod provider;
mod refreshing;
mod sign_in;
mod spawn;
mod store;

pub use endpoint::Endpoint;
#[cfg(all(unix, not(target_arch = "wasm32")))]
pub use file::FileTokens;
pub use grant::{App, Grant};
#[cfg(not(target_arch = "wasm32"))]
pub use loopback::Loopback;
pub use provider::{Provider, Redirect, Revocation};
pub use refreshing::RefreshingTokens;
pub use sign_in::SignIn;
pub use spawn::Spawn;
#[cfg(not(target_arch = "wasm32"))]
pub use spawn::detached;
pub use store::{MemoryTokens, TokenStore, Turn};
