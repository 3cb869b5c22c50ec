//! Writing a large file in parts (AWS, "Uploading and copying objects using multipart upload"). A part that is cut is sent
//! again by itself.

use super::{
    S3, call,
    list::decoded,
    read::bare,
    refusal::Refusal,
    send::{Answer, Asked, is_page},
    xml::{self, Element},
};
use crate::http::{Call, Method, Repeat};
use bytes::Bytes;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use kitestring::{
    DrivePath, Result,
    drive::{Drive as _, Version},
};
use std::fmt::Write as _;
use url::Url;

/// The size of a part: more than the least that stores take (5 MiB), and far from the most parts they take (10,000).
const PART_BYTES: usize = 16 << 20;
/// What was begun longer ago is taken for left by somebody who has ended.
const LEFT_SECONDS: i64 = 24 * 60 * 60;

/// An upload that has begun.
struct Upload<'a> {
    call: &'a Call,
    url: &'a Url,
    id: String,
}

impl S3 {
    pub(super) async fn write_in_parts(&self, path: &DrivePath, key: &str, bytes: &Bytes) -> Result<Version> {
        // Whatever becomes of it: it is only litter.
        self.swept.get_or_init(|| async { drop(self.sweep().await) }).await;
        let (call, url) = (call("put", path.as_str(), Repeat::Freely), self.bucket.object(key));
        let upload = self.begin(&call, &url).await?;
        let written = self.fill(&upload, bytes).await;
        if written.is_err() {
            drop(self.abort(&call, &url, &upload.id).await);
        }
        written
    }

    async fn begin<'a>(&self, call: &'a Call, url: &'a Url) -> Result<Upload<'a>> {
        let asked = Asked::new(Method::Post, url.clone()).asking("uploads", "");
        let asked = asked.map(|request| request.with("Content-Type", "application/octet-stream"));
        let answer = self.send(call, &asked).await?;
        let elements = self.elements_of(call, url, &answer)?;
        let id = elements.into_iter().find(|element| element.name == "UploadId");
        let id = id.ok_or_else(|| self.senseless(call, "it names no upload"))?.text;
        Ok(Upload { call, url, id })
    }

    async fn fill(&self, upload: &Upload<'_>, bytes: &Bytes) -> Result<Version> {
        let parts = (0..bytes.len()).step_by(PART_BYTES).map(|from| bytes.slice(from..bytes.len().min(from + PART_BYTES)));
        let sent = parts.zip(1..).map(|(part, number)| self.send_part(upload, number, part));
        let tags: Vec<String> = stream::iter(sent).buffered(self.capabilities().parallel as usize).try_collect().await?;
        self.complete(upload, &tags).await
    }

    async fn send_part(&self, upload: &Upload<'_>, number: u32, part: Bytes) -> Result<String> {
        let Upload { call, url, id } = upload;
        let asked = Asked::new(Method::Put, (*url).clone()).asking("partNumber", number.to_string()).asking("uploadId", id.clone());
        let Answer { response, refusal } = self.send(call, &asked.map(|request| request.containing(part))).await?;
        match response.status {
            200 if !is_page(&response) => Ok(self.version(call, url, &response)?.as_str().to_owned()),
            _ => Err(self.refused(call, url, &response, &refusal)),
        }
    }

    async fn complete(&self, upload: &Upload<'_>, tags: &[String]) -> Result<Version> {
        let Upload { call, url, id } = upload;
        let mut body = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">".to_owned();
        for (tag, number) in tags.iter().zip(1..) {
            let tag = quick_xml::escape::escape(tag.as_str());
            let _ = write!(body, "<Part><PartNumber>{number}</PartNumber><ETag>\"{tag}\"</ETag></Part>");
        }
        body.push_str("</CompleteMultipartUpload>");
        let asked = Asked::new(Method::Post, (*url).clone()).asking("uploadId", id.clone());
        let asked = asked.map(|request| request.with("Content-Type", "application/xml").containing(body));
        let answer = self.send(call, &asked).await?;
        let elements = self.elements_of(call, url, &answer)?;
        // The status is sent before it is known how it ends.
        if let Some(refusal) = Refusal::within(&elements) {
            return Err(self.refused(call, url, &answer.response, &refusal));
        }
        let tag = elements.iter().find(|element| element.name == "ETag").map(|element| bare(&element.text).to_owned());
        tag.map(Version::new).ok_or_else(|| self.senseless(call, "it names no version"))
    }

    async fn abort(&self, call: &Call, url: &Url, id: &str) -> Result<Answer> {
        self.send(call, &Asked::new(Method::Delete, url.clone()).asking("uploadId", id)).await
    }

    /// Ends the uploads that somebody has begun below the drive's root and left: a store keeps their parts for ever, and
    /// counts them.
    async fn sweep(&self) -> Result<()> {
        let (call, url) = (call("put", "", Repeat::Freely), self.bucket.url().clone());
        let prefix = self.bucket.prefix(&DrivePath::root());
        let asked = Asked::new(Method::Get, url.clone()).asking("uploads", "").asking("encoding-type", "url");
        let asked = if prefix.is_empty() { asked } else { asked.asking("prefix", prefix.clone()) };
        let answer = self.send(&call, &asked).await?;
        let now = self.signer.time();
        let elements = self.elements_of(&call, &url, &answer)?;
        for (key, id) in left(&elements, now).into_iter().filter(|(key, _)| key.starts_with(&prefix)) {
            self.abort(&call, &self.bucket.object(&key), &id).await?;
        }
        Ok(())
    }

    fn elements_of(&self, call: &Call, url: &Url, Answer { response, refusal }: &Answer) -> Result<Vec<Element>> {
        match response.status {
            200 if !is_page(response) => xml::elements(&response.body).map_err(|why| self.senseless(call, &why)),
            _ => Err(self.refused(call, url, response, refusal)),
        }
    }
}

/// Returns the key and the id of each upload that began long ago.
fn left(elements: &[Element], now_seconds: i64) -> Vec<(String, String)> {
    let is_encoded = elements.iter().any(|element| element.name == "EncodingType" && element.text == "url");
    let (mut left, mut key, mut id, mut began) = (Vec::new(), None, None, None);
    for element in elements {
        match (element.within.as_str(), element.name.as_str()) {
            ("Upload", "Key") => key = decoded(&element.text, is_encoded).ok(),
            ("Upload", "UploadId") => id = Some(element.text.clone()),
            ("Upload", "Initiated") => began = element.text.trim().parse::<Timestamp>().ok(),
            (_, "Upload") => {
                let is_old = began.take().is_some_and(|began| now_seconds - began.as_second() > LEFT_SECONDS);
                left.extend(key.take().zip(id.take()).filter(|_| is_old));
            }
            _ => {}
        }
    }
    left
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn only_what_began_a_day_ago_is_left() {
        let upload = |key: &str, began: &str| {
            format!("<Upload><Key>{key}</Key><UploadId>id-{key}</UploadId><Initiated>{began}</Initiated><Owner><ID>o</ID></Owner></Upload>")
        };
        let all = [upload("old", "2026-01-01T00:00:00.000Z"), upload("new", "2026-01-02T00:00:00Z"), upload("odd", "yesterday")].concat();
        let text = format!("<ListMultipartUploadsResult>{all}</ListMultipartUploadsResult>");
        let now: Timestamp = "2026-01-02T00:00:01Z".parse().unwrap();
        let found = left(&xml::elements(text.as_bytes()).unwrap(), now.as_second());
        assert_eq!(found, [("old".to_owned(), "id-old".to_owned())]);
    }
}
