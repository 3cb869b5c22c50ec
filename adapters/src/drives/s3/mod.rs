//! A drive in a bucket of Amazon S3, or of a store that speaks like it: R2, MinIO, SeaweedFS, Ceph and others.
//!
//! S3 refuses a write whose condition does not hold, and checks that where writes are ordered. Of its kin some do, and some
//! accept a condition and ignore it. So the drive claims both conditions, of any store but Amazon's own as unproven: the
//! client tries them at its first connection. `spec/adapters.md` tells what was tried on which store.

mod keys;
mod list;
mod multipart;
mod place;
mod read;
mod refusal;
mod send;
mod write;
mod xml;

pub use keys::Keys;
pub use place::{Place, Style};

use crate::http::{Call, Credentials, Http, Repeat, Rules, Web};
use async_lock::OnceCell;
use keys::Signer;
use kitestring::{
    Drive, DrivePath, Error, ErrorKind, Result, Runtime, apply,
    drive::{Capabilities, Condition, GetOptions, Got, Listing, Version},
    port,
};
use place::Bucket;
use std::{fmt, sync::Arc};

/// So many requests may be under way at once.
const PARALLEL: u32 = 8;

/// A [`Drive`] in a bucket of S3, or in a folder of one.
///
/// A version is the `ETag` of an object. It is a digest of the content with many stores, so that a content that was replaced
/// and put back has its old version again; no file of a vault comes back to what it was.
///
/// A folder has no existence of its own. If the bucket is gone, every call is `unavailable`.
///
/// # Errors
/// `unauthorized` if the keys are not accepted, or may not do that; `invalid_input` for a name that makes a key of more than
/// 1,024 bytes; `quota_exceeded`; `rate_limited`; `unavailable` for everything else, also for a wrong region, and if the clock
/// of this machine is so wrong that no request is accepted and the store does not say what time it is.
///
/// # Cancel safety
/// A call that is dropped has taken effect as a whole or not at all. What a dropped write of a large file has sent is kept by
/// the store, where nobody sees it, until a day later another large file is written.
///
/// # Examples
/// ```no_run
/// use kitestring_adapters::{NativeRuntime, S3, drives::s3::{Keys, Place}, http::{NativeHttp, Secret}};
/// use std::sync::Arc;
///
/// # async fn connect(secret: String) -> kitestring::Result<()> {
/// let place = Place { bucket: "notes".into(), region: Some("eu-west-1".into()), ..Place::default() };
/// let keys = Keys { id: "AKIAIOSFODNN7EXAMPLE".into(), secret: Secret::new(secret), session: None };
/// let drive = S3::new(Arc::new(NativeHttp::new()?), Arc::new(NativeRuntime::new()), &place, keys)?;
/// drive.make_root().await?;
/// # Ok(())
/// # }
/// ```
pub struct S3 {
    web: Web,
    bucket: Bucket,
    signer: Signer,
    claims: Capabilities,
    /// What others have left half written was looked for.
    swept: OnceCell<()>,
}

impl S3 {
    /// Takes a bucket, and the keys to it. Nothing is sent.
    ///
    /// # Errors
    /// `invalid_input` if the place is none, or an address of plain `http` outside of this machine.
    pub fn new(http: Arc<dyn Http>, runtime: Arc<dyn Runtime>, place: &Place, keys: Keys) -> Result<Self> {
        let bucket = Bucket::of(place)?;
        let rules = Rules { parallel: PARALLEL, ..Rules::new("the S3 store") };
        let web = Web::new(http, runtime.clone(), &[bucket.url()], Credentials::None, rules)?;
        let claims = match bucket.is_amazons() {
            true => Capabilities { parallel: PARALLEL, ..Capabilities::FULL },
            false => Capabilities { parallel: PARALLEL, exact: false, consistent: false, unproven: true, ..Capabilities::FULL },
        };
        let signer = Signer::new(keys, bucket.region().to_owned(), runtime)?;
        Ok(Self { web, bucket, signer, claims, swept: OnceCell::new() })
    }

    /// Claims no condition: for a store that refuses one write after the other, but lets two pass that come at once. One
    /// client cannot find that out by trying. A vault then finds its records by listing.
    #[must_use]
    pub fn without_conditions(mut self) -> Self {
        let versions = self.claims.versions;
        self.claims = Capabilities { versions, parallel: PARALLEL, ..Capabilities::NONE };
        self
    }

    /// Makes sure that the bucket is there. It is not made: where it is, who sees it and how long it keeps things is for its
    /// owner to say.
    ///
    /// # Errors
    /// `not_found` if there is no such bucket; `unauthorized`; `unavailable`.
    pub async fn make_root(&self) -> Result<()> {
        if self.has_root().await? {
            return Ok(());
        }
        let what = format!("has no bucket {}: make it first, or correct its name", self.bucket.name());
        Err(self.web.error(&call("open", "", Repeat::Freely), self.bucket.url(), ErrorKind::NotFound, &what))
    }

    /// Whether the bucket is there.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn has_root(&self) -> Result<bool> {
        self.is_bucket_there("open").await
    }
}

fn call(operation: &'static str, subject: &str, repeat: Repeat) -> Call {
    Call { operation, subject: subject.to_owned(), repeat }
}

/// What cannot be, whoever is asked.
fn invalid(operation: &'static str, detail: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, operation, detail)
}

impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3").field("bucket", &self.bucket).field("web", &self.web).finish_non_exhaustive()
    }
}

#[apply(port!)]
impl Drive for S3 {
    fn capabilities(&self) -> Capabilities {
        self.claims
    }

    async fn get(&self, path: DrivePath, options: GetOptions) -> Result<Got> {
        self.read(&path, options).await
    }

    async fn put(&self, path: DrivePath, bytes: Vec<u8>, condition: Condition) -> Result<Version> {
        self.write(&path, bytes.into(), self.honoured(condition)).await
    }

    async fn delete(&self, path: DrivePath, condition: Condition) -> Result<()> {
        self.remove(&path, condition).await
    }

    async fn list_dir(&self, dir: DrivePath, cursor: Option<String>) -> Result<Listing> {
        self.list(&dir, cursor).await
    }
}

#[cfg(test)]
mod tests;
