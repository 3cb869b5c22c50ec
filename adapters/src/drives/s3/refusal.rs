//! The errors of a store: what their codes mean (AWS, "Error responses"; others have added a few).

use super::{S3, xml};
use crate::http::{Call, Response};
use kitestring::{Error, ErrorKind, Retry};
use std::time::Duration;
use url::Url;

/// What an answer says beyond its status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Refusal {
    status: u16,
    code: String,
    /// The region in which the bucket is, if the answer names one.
    region: Option<String>,
}

impl Refusal {
    pub(super) fn of(response: &Response) -> Self {
        let elements = if response.status >= 300 { xml::elements(&response.body).unwrap_or_default() } else { Vec::new() };
        let text = |name: &str| elements.iter().find(|element| element.is("Error", name)).map(|element| word(&element.text));
        let region = response.header("x-amz-bucket-region").map(word).or_else(|| text("Region")).filter(|region| !region.is_empty());
        Self { status: response.status, code: text("Code").unwrap_or_default(), region }
    }

    /// The same of an answer whose status says that all went well, and whose body says that it did not.
    pub(super) fn within(elements: &[xml::Element]) -> Option<Self> {
        let code = elements.iter().find(|element| element.is("Error", "Code"))?;
        Some(Self { status: 500, code: word(&code.text), region: None })
    }

    fn is_any(&self, codes: &[&str]) -> bool {
        codes.contains(&self.code.as_str())
    }

    /// Whether there is no such file, in a bucket that is there.
    pub(super) fn is_missing(&self) -> bool {
        self.status == 404 && self.is_any(&["NoSuchKey"])
    }

    /// Whether there is nothing, and the answer does not say of what.
    pub(super) fn is_missing_somehow(&self) -> bool {
        self.status == 404 && !self.is_any(&["NoSuchBucket", "NoSuchKey", "NoSuchUpload"])
    }

    pub(super) fn is_bucket_missing(&self) -> bool {
        self.status == 404 && self.is_any(&["NoSuchBucket"])
    }

    /// Whether a condition did not hold.
    pub(super) fn is_condition(&self) -> bool {
        self.status == 412
    }

    /// Whether it was not carried out because of what others do at the same time.
    pub(super) fn is_contention(&self) -> bool {
        self.status == 409 && self.is_any(&["ConditionalRequestConflict", "OperationAborted"])
    }

    /// Whether it was not carried out because too much is asked for.
    pub(super) fn is_too_much(&self) -> bool {
        self.is_any(&["SlowDown", "SlowDownRead", "SlowDownWrite", "RequestLimitExceeded", "TooManyRequests"])
    }

    /// Whether it may have been the time at which it was signed.
    pub(super) fn may_be_the_time(&self) -> bool {
        matches!(self.status, 400 | 403)
    }

    pub(super) fn is_argument(&self) -> bool {
        self.status == 400 && self.is_any(&["InvalidArgument", "InvalidToken", "InvalidContinuationToken", "InvalidRequest"])
    }

    /// Says what it means to the caller; none if the status says as much.
    fn meaning(&self, bucket: &str) -> Option<(ErrorKind, String)> {
        use ErrorKind::{Condition, InvalidInput, QuotaExceeded, RateLimited, Unauthorized, Unavailable};
        let any = |codes: &[&str]| self.is_any(codes);
        let (kind, what) = if self.is_bucket_missing() {
            (Unavailable, format!("has no bucket {bucket} (any longer): was it deleted, or is its name wrong?"))
        } else if let Some(region) = self.other_region() {
            (Unavailable, format!("has the bucket {bucket} in the region {region}: name that region"))
        } else if matches!(self.status, 301 | 307) || any(&["PermanentRedirect", "TemporaryRedirect"]) {
            (Unavailable, "has the bucket in another region: name the region in which it is".to_owned())
        } else if any(&["RequestTimeTooSkewed", "RequestNotReadyYet", "RequestExpired", "ExpiredPresignRequest"]) {
            (Unavailable, "takes the request for one of another time: set the clock of this machine".to_owned())
        } else if any(&["InvalidAccessKeyId"]) {
            (Unauthorized, "does not know this access key: is it of another store, or was it deleted?".to_owned())
        } else if any(&["SignatureDoesNotMatch"]) {
            (Unauthorized, "does not accept the signature: is the secret access key wrong, or the region?".to_owned())
        } else if any(&["ExpiredToken", "InvalidToken", "TokenRefreshRequired", "InvalidSecurity"]) {
            (Unauthorized, "does not accept the session token (any longer): get new keys".to_owned())
        } else if any(&["QuotaExceeded", "XMinioAdminBucketQuotaExceeded", "XMinioStorageFull", "InsufficientStorage"]) {
            (QuotaExceeded, "has no space left; free some, or get more".to_owned())
        } else if any(&["AccessDenied", "AllAccessDisabled", "AccountProblem", "NotSignedUp", "MethodNotAllowed"]) {
            let needs = "it needs ListBucket, GetObject, PutObject and DeleteObject";
            (Unauthorized, format!("does not let this access key do that in the bucket {bucket}: {needs}"))
        } else if any(&["EntityTooLarge", "KeyTooLongError", "ExistingObjectIsDirectory", "ExistingObjectIsFile"]) {
            (InvalidInput, format!("stores no such file: {}", self.code))
        } else if self.is_too_much() {
            (RateLimited, "asks for fewer requests; it goes on later".to_owned())
        } else if self.is_contention() {
            (Condition, "was given another version of the file at the same time".to_owned())
        } else if !self.code.is_empty() && !matches!(self.status, 401 | 403 | 500..) {
            (Unavailable, format!("answered {}: {}", self.status, self.code))
        } else {
            return None;
        };
        Some((kind, what))
    }

    fn other_region(&self) -> Option<&str> {
        let is_about_it = matches!(self.status, 301 | 307)
            || self.is_any(&["AuthorizationHeaderMalformed", "AuthorizationQueryParametersError", "IllegalLocationConstraintException"]);
        self.region.as_deref().filter(|_| is_about_it)
    }
}

impl S3 {
    pub(super) fn refused(&self, call: &Call, url: &Url, response: &Response, refusal: &Refusal) -> Error {
        let Some((kind, what)) = refusal.meaning(self.bucket.name()) else { return self.web.refused(call, url, response) };
        let error = self.web.error(call, url, kind, &what);
        let asked = response.header("retry-after").and_then(|seconds| seconds.trim().parse().ok());
        match asked {
            Some(seconds) if error.kind == ErrorKind::RateLimited => error.with_retry(Retry::After(Duration::from_secs(seconds))),
            _ => error,
        }
    }
}

/// What a store calls something, as far as it can be shown: an answer may repeat what it was sent.
fn word(text: &str) -> String {
    text.trim().chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_')).take(64).collect()
}
