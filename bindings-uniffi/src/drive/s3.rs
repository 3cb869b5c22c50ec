//! Buckets of S3 and its kin.

use super::{Drive, cloud::with_root};
use crate::{
    KiteError,
    contain::contained,
    http::{Http, sending},
};
use kitestring_adapters::{NativeRuntime, S3, drives::s3, http::Secret};
use std::sync::Arc;

/// What a store knows its users by.
#[derive(uniffi::Object)]
pub struct S3Keys(s3::Keys);

#[uniffi::export]
impl S3Keys {
    /// An access key with its secret, and the token of a session, with keys that end.
    #[uniffi::constructor(default(session = None))]
    pub fn new(id: String, secret: String, session: Option<String>) -> Arc<Self> {
        Arc::new(Self(s3::Keys { id, secret: Secret::new(secret), session: session.map(Secret::new) }))
    }
}

/// How a bucket is addressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum S3Style {
    /// By its own host at Amazon, unless its name has a dot; by a path elsewhere.
    Usual,
    /// By a path: `https://host/bucket/`.
    Path,
    /// By its own host: `https://bucket.host/`.
    Host,
}

/// Where a bucket is.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct S3Place {
    /// The name of the bucket.
    pub bucket: String,
    /// A folder in it, such as `apps/notes`; the bucket itself by default.
    #[uniffi(default = "")]
    pub folder: String,
    /// The address of the store; that of Amazon by default.
    #[uniffi(default = None)]
    pub endpoint: Option<String>,
    /// The region, such as `eu-west-1`; `us-east-1` by default, which most stores but Amazon's take.
    #[uniffi(default = None)]
    pub region: Option<String>,
    /// How it is addressed; as is usual at the store by default.
    #[uniffi(default = None)]
    pub style: Option<S3Style>,
}

impl From<S3Place> for s3::Place {
    fn from(S3Place { bucket, folder, endpoint, region, style }: S3Place) -> Self {
        let style = match style.unwrap_or(S3Style::Usual) {
            S3Style::Usual => s3::Style::Usual,
            S3Style::Path => s3::Style::Path,
            S3Style::Host => s3::Style::Host,
        };
        Self { bucket, folder, endpoint, region, style }
    }
}

#[uniffi::export]
impl Drive {
    /// Takes a bucket of Amazon S3 or of a store that speaks like it, or a folder of one. Nothing is sent; `make_root` makes sure that
    /// the bucket is there, and makes none. `without_conditions` is for a store that refuses one write after the other, but lets two pass
    /// that come at once.
    #[uniffi::constructor(default(http = None, without_conditions = false))]
    pub fn s3(place: S3Place, keys: Arc<S3Keys>, http: Option<Arc<dyn Http>>, without_conditions: bool) -> Result<Arc<Self>, KiteError> {
        contained("open", || {
            let drive = S3::new(sending(http)?, Arc::new(NativeRuntime::new()), &place.into(), keys.0.clone())?;
            with_root!(if without_conditions { drive.without_conditions() } else { drive })
        })
    }
}
