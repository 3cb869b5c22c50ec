//! The calls of the API: where they go, and how they answer.

use super::{
    GDrive, call,
    model::{FIELDS, FIELDS_V2, File, Tagged},
    refusal::{Refusal, is_rate},
};
use crate::http::{Call, Method, Repeat, Request, Response, range};
use kitestring::{Error, ErrorKind, Result};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use std::ops::Range;
use url::Url;

/// Where v2, v3 and both kinds of upload are.
pub(super) const SERVICE: &str = "https://www.googleapis.com/";

/// So often a request is sent at most while Google says that there are too many.
const TRIES: u32 = 6;
/// So many ids are made at once: as many as Google makes.
const IDS: usize = 1000;
/// What is larger is sent in a session.
pub(super) const SMALL: usize = 5_000_000;
/// So many files are named in a page: as many as Google names.
const PAGE: &str = "1000";

#[derive(Deserialize)]
struct Ids {
    ids: Vec<String>,
}

/// A page of files.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page {
    pub(super) files: Vec<File>,
    pub(super) next_page_token: Option<String>,
}

/// The content of a file, or a part of it.
pub(super) struct Media {
    pub(super) bytes: Vec<u8>,
    /// Whether it is all that the file holds.
    pub(super) is_whole: bool,
}

impl Media {
    /// Cuts what came down to what was asked for.
    fn cut(total: u64, bytes: Vec<u8>, begins: u64, part: Option<&Range<u64>>) -> Self {
        let bytes = range::cut(bytes, begins, part);
        let is_whole = begins == 0 && bytes.len() as u64 == total;
        Self { bytes, is_whole }
    }
}

impl GDrive {
    pub(super) fn url(&self, path: &str, query: &[(&str, &str)]) -> Result<Url> {
        let mut url = self.service.join(path).map_err(|e| Error::new(ErrorKind::Internal, "send", e.to_string()))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    /// Sends a request, and again while Google says that there are too many: it does so by 403, and seldom says for how long.
    pub(super) async fn send(&self, call: &Call, request: Request) -> Result<Response> {
        let mut repetition = 1;
        loop {
            let response = self.web.send(call, request.clone()).await?;
            if !is_rate(&response) || repetition >= TRIES {
                return Ok(response);
            }
            self.web.wait(repetition).await?;
            repetition += 1;
        }
    }

    /// Reads an answer in JSON, or why there is none, if that can be why.
    pub(super) fn read_answer<T: DeserializeOwned>(
        &self,
        call: &Call,
        response: &Response,
        possible: &[Refusal],
    ) -> Result<Result<T, Refusal>> {
        match response.status {
            200 if !response.is_html() => serde_json::from_slice(&response.body).map(Ok).map_err(|_| self.senseless(call)),
            _ => Refusal::of(response, possible).map(Err).ok_or_else(|| self.refused(call, response)),
        }
    }

    /// Asks v2 what a file holds now; none if there is no such file.
    pub(super) async fn look(&self, call: &Call, id: &str) -> Result<Option<Tagged>> {
        let url = self.url(&format!("drive/v2/files/{id}"), &[("fields", FIELDS_V2)])?;
        let response = self.send(call, Request::new(Method::Get, url)).await?;
        match self.read_answer::<Tagged>(call, &response, &[Refusal::Missing])? {
            Ok(tagged) => Ok(Some(tagged).filter(|tagged| !tagged.labels.trashed)),
            Err(Refusal::Missing) => Ok(None),
            Err(_) => Err(self.senseless(call)),
        }
    }

    /// Reads the content of a file, or of one of its revisions; none if there is none.
    pub(super) async fn media(&self, call: &Call, id: &str, revision: Option<&str>, part: Option<&Range<u64>>) -> Result<Option<Media>> {
        let path = match revision {
            Some(revision) => format!("drive/v3/files/{id}/revisions/{revision}"),
            None => format!("drive/v3/files/{id}"),
        };
        let request = range::asking(Request::new(Method::Get, self.url(&path, &[("alt", "media")])?), part);
        let response = self.send(call, request).await?;
        match response.status {
            200 if response.is_html() => Err(self.senseless(call)),
            200 => Ok(Some(Media::cut(response.body.len() as u64, response.body, 0, part))),
            206 if range::is_asked(&response, part) => {
                let total = range::total(&response).unwrap_or(u64::MAX);
                Ok(Some(Media::cut(total, response.body, part.map_or(0, |part| part.start), part)))
            }
            206 => Err(self.error(call, ErrorKind::Unavailable, "gave another part of the file than was asked for")),
            416 if part.is_some() => Ok(Some(Media { bytes: Vec::new(), is_whole: false })),
            404 if Refusal::of(&response, &[Refusal::Missing]).is_some() => Ok(None),
            // Only the newest revision can be read, unless it is said to be kept.
            403 if revision.is_some() && !is_rate(&response) => Ok(None),
            _ => Err(self.refused(call, &response)),
        }
    }

    /// Lists files that meet a condition, page by page.
    pub(super) async fn page(&self, call: &Call, q: &str, token: Option<&str>) -> Result<Result<Page, Refusal>> {
        let fields = format!("nextPageToken,files({FIELDS})");
        let mut query = vec![("q", q), ("spaces", self.place.space()), ("pageSize", PAGE), ("fields", &fields)];
        query.extend(token.map(|token| ("pageToken", token)));
        let response = self.send(call, Request::new(Method::Get, self.url("drive/v3/files", &query)?)).await?;
        if token.is_some() && response.status == 400 {
            return Ok(Err(Refusal::Missing));
        }
        self.read_answer(call, &response, &[Refusal::Missing])
    }

    /// Lists all files that meet a condition.
    pub(super) async fn search(&self, call: &Call, q: &str) -> Result<Vec<File>> {
        let (mut files, mut token) = (Vec::new(), None::<String>);
        loop {
            let Ok(page) = self.page(call, q, token.as_deref()).await? else { return Ok(files) };
            files.extend(page.files);
            match page.next_page_token {
                Some(next) => token = Some(next),
                None => return Ok(files),
            }
        }
    }

    /// Returns an id for a new file. A file that is made twice under one id is made once.
    pub(super) async fn fresh_id(&self) -> Result<String> {
        if let Some(id) = self.known.lock().ids.pop() {
            return Ok(id);
        }
        let call = call("put", "", Repeat::Freely);
        let count = IDS.to_string();
        let url = self.url("drive/v3/files/generateIds", &[("count", &count), ("space", self.place.space())])?;
        let response = self.send(&call, Request::new(Method::Get, url)).await?;
        let Ok(Ids { ids }) = self.read_answer(&call, &response, &[])? else { return Err(self.senseless(&call)) };
        let mut inner = self.known.lock();
        inner.ids.extend(ids);
        inner.ids.pop().ok_or_else(|| self.senseless(&call))
    }

    /// Makes a file under an id that nobody has used.
    pub(super) async fn create(&self, call: &Call, metadata: &Value, bytes: Vec<u8>) -> Result<Result<File, Refusal>> {
        let kind = if bytes.len() > SMALL { "resumable" } else { "multipart" };
        let url = self.url("upload/drive/v3/files", &[("uploadType", kind), ("fields", FIELDS)])?;
        let response = if bytes.len() > SMALL {
            let request = Request::new(Method::Post, url).with("Content-Type", "application/json; charset=UTF-8");
            self.send_large(call, request.containing(metadata.to_string()), bytes).await?
        } else {
            self.send(call, related(Request::new(Method::Post, url), metadata, &bytes)).await?
        };
        self.read_answer(call, &response, &[Refusal::Missing, Refusal::Taken])
    }

    /// Replaces the content of a file whatever it holds.
    pub(super) async fn replace(&self, call: &Call, id: &str, bytes: Vec<u8>) -> Result<Result<File, Refusal>> {
        let kind = if bytes.len() > SMALL { "resumable" } else { "media" };
        let url = self.url(&format!("upload/drive/v3/files/{id}"), &[("uploadType", kind), ("fields", FIELDS)])?;
        let request = Request::new(Method::Patch, url);
        let response = if bytes.len() > SMALL {
            self.send_large(call, request, bytes).await?
        } else {
            self.send(call, request.with("Content-Type", BINARY).containing(bytes)).await?
        };
        self.read_answer(call, &response, &[Refusal::Missing])
    }

    /// Replaces the content of a file if it still has this tag.
    pub(super) async fn replace_if(&self, call: &Call, id: &str, etag: &str, bytes: Vec<u8>) -> Result<Result<Tagged, Refusal>> {
        let url = self.url(&format!("upload/drive/v2/files/{id}"), &[("uploadType", "media"), ("fields", FIELDS_V2)])?;
        let request = Request::new(Method::Put, url).with("If-Match", etag).with("Content-Type", BINARY).containing(bytes);
        let response = self.send(call, request).await?;
        self.read_answer(call, &response, &[Refusal::Missing, Refusal::Moved])
    }

    /// Deletes a file for good; false if there is none, or if it has another tag.
    pub(super) async fn delete_id(&self, call: &Call, id: &str, etag: Option<&str>) -> Result<Result<(), Refusal>> {
        // Only v2 knows conditions.
        let api = if etag.is_some() { "v2" } else { "v3" };
        let request = Request::new(Method::Delete, self.url(&format!("drive/{api}/files/{id}"), &[])?);
        let request = match etag {
            Some(etag) => request.with("If-Match", etag),
            None => request,
        };
        let possible: &[Refusal] = if etag.is_some() { &[Refusal::Missing, Refusal::Moved] } else { &[Refusal::Missing] };
        let response = self.send(call, request).await?;
        match response.status {
            200 | 204 if !response.is_html() => Ok(Ok(())),
            _ => Refusal::of(&response, possible).map(Err).ok_or_else(|| self.refused(call, &response)),
        }
    }
}

pub(super) const BINARY: &str = "application/octet-stream";

/// Makes one body of metadata and content (RFC 2387).
fn related(request: Request, metadata: &Value, bytes: &[u8]) -> Request {
    let boundary = boundary(bytes);
    let mut body = format!(
        "--{boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{metadata}\r\n--{boundary}\r\nContent-Type: {BINARY}\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(bytes);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    request.with("Content-Type", format!("multipart/related; boundary={boundary}")).containing(body)
}

/// Returns a line that the bytes do not hold.
pub(super) fn boundary(bytes: &[u8]) -> String {
    let mut n = 0;
    loop {
        let boundary = format!("kitestring-{n}-part");
        if !bytes.windows(boundary.len()).any(|part| part == boundary.as_bytes()) {
            return boundary;
        }
        n += 1;
    }
}
