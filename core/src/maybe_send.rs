//! `Send` in one place: required natively, absent on WASM, where everything lives on one thread.

use std::{future::Future, pin::Pin};

/// `Send` natively, nothing on WASM.
#[cfg(not(target_arch = "wasm32"))]
pub trait MaybeSend: Send {}
#[cfg(not(target_arch = "wasm32"))]
impl<T: Send + ?Sized> MaybeSend for T {}

/// `Send` natively, nothing on WASM.
#[cfg(target_arch = "wasm32")]
pub trait MaybeSend {}
#[cfg(target_arch = "wasm32")]
impl<T: ?Sized> MaybeSend for T {}

/// `Sync` natively, nothing on WASM.
#[cfg(not(target_arch = "wasm32"))]
pub trait MaybeSync: Sync {}
#[cfg(not(target_arch = "wasm32"))]
impl<T: Sync + ?Sized> MaybeSync for T {}

/// `Sync` natively, nothing on WASM.
#[cfg(target_arch = "wasm32")]
pub trait MaybeSync {}
#[cfg(target_arch = "wasm32")]
impl<T: ?Sized> MaybeSync for T {}

/// A boxed future that is `Send` natively.
#[cfg(not(target_arch = "wasm32"))]
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
/// A boxed future that is `Send` natively.
#[cfg(target_arch = "wasm32")]
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// The attribute above every port trait and every implementation of one: `#[apply(port!)]`.
///
/// It is `#[async_trait]` natively and `#[async_trait(?Send)]` on WASM.
#[macro_export]
macro_rules! port {
    ($($item:tt)*) => {
        #[cfg_attr(not(target_arch = "wasm32"), $crate::async_trait)]
        #[cfg_attr(target_arch = "wasm32", $crate::async_trait(?Send))]
        $($item)*
    };
}
