//! How OneDrive is asked, and how it answers.

use super::{
    OneDrive,
    address::by_id,
    call,
    item::{File, There},
    refusal::Refusal,
};
use crate::http::{Call, Method, Repeat, Request, Response};
use kitestring::{DrivePath, Error, ErrorKind, Result};
use serde_json::Value;
use url::Url;

impl OneDrive {
    /// Returns the address of a path of the drive, or of something about it.
    pub(super) fn address(&self, path: &DrivePath, about: &str) -> Result<Url> {
        self.root.address(&self.service, &self.root.full(path)?, about)
    }

    pub(super) fn address_of(&self, file: &File, about: &str) -> Result<Url> {
        by_id(&self.service, &file.id, about)
    }

    /// Sends a request, and reads its answer: what was asked for, or a refusal.
    ///
    /// # Errors
    /// For everything that is neither.
    pub(super) async fn ask(&self, call: &Call, request: Request) -> Result<Result<Value, Refusal>> {
        let url = request.url.clone();
        let response = self.web.send(call, request).await?;
        self.answer(call, &url, &response)
    }

    pub(super) fn answer(&self, call: &Call, url: &Url, response: &Response) -> Result<Result<Value, Refusal>> {
        match response.status {
            204 => Ok(Ok(Value::Null)),
            200..=299 if response.is_html() => Err(self.web.refused(call, url, response)),
            200..=299 => serde_json::from_slice(&response.body).map(Ok).map_err(|_| self.senseless(call)),
            401 => {
                let what = "answered 401: the token is not accepted; sign in again";
                Err(self.web.error(call, url, ErrorKind::Unauthorized, what))
            }
            400..=428 | 507 => Refusal::read(response.status, &response.body).map(Err).ok_or_else(|| self.web.refused(call, url, response)),
            509 => Err(self.web.error(call, url, ErrorKind::RateLimited, "sends no more for a while: too much was read; it goes on later")),
            _ => Err(self.web.refused(call, url, response)),
        }
    }

    /// Says what has this name, whatever its case.
    ///
    /// # Errors
    /// `invalid_input` for a name that nothing can have; what OneDrive answers.
    pub(super) async fn peek(&self, call: &Call, path: &DrivePath) -> Result<There> {
        let there = self.peek_at(call, self.address(path, "")?).await?;
        match &there {
            There::File(file) if path.segments().last() == Some(file.name.as_str()) => self.known.keep(path, file),
            There::File(_) | There::Folder => self.known.lose(path),
            There::Nothing => return self.peek_by_id(call, path).await,
        }
        Ok(there)
    }

    /// What was written a moment ago may not be found by its path yet, but by its id.
    async fn peek_by_id(&self, call: &Call, path: &DrivePath) -> Result<There> {
        let Some(known) = self.known.file(path) else { return Ok(There::Nothing) };
        match self.peek_at(call, self.address_of(&known, "")?).await? {
            There::File(file) if file.is_where(&known) => {
                self.known.keep(path, &file);
                Ok(There::File(file))
            }
            _ => {
                self.known.lose(path);
                Ok(There::Nothing)
            }
        }
    }

    pub(super) async fn peek_at(&self, call: &Call, url: Url) -> Result<There> {
        let looking = Call { repeat: Repeat::Freely, ..call.clone() };
        match self.ask(&looking, Request::new(Method::Get, url)).await? {
            Ok(value) => There::read(value).ok_or_else(|| self.senseless(call)),
            Err(refusal) if refusal.is_missing() => Ok(There::Nothing),
            Err(refusal) => Err(self.refused(call, &refusal)),
        }
    }

    /// Says what has exactly this name.
    ///
    /// # Errors
    /// `unavailable` if the root is gone; `invalid_input` if it is a file whose name differs in case.
    pub(super) async fn look(&self, operation: &'static str, path: &DrivePath) -> Result<There> {
        let call = call(operation, path, Repeat::Freely);
        let there = self.peek(&call, path).await?;
        match &there {
            There::Nothing => self.check_root(operation).await?,
            There::File(file) => self.check_name(&call, path, file)?,
            There::Folder => {}
        }
        Ok(there)
    }

    /// OneDrive gives a file by its name in any case.
    pub(super) fn check_name(&self, call: &Call, path: &DrivePath, file: &File) -> Result<()> {
        if path.segments().last() == Some(file.name.as_str()) {
            return Ok(());
        }
        let what = format!("has {} there: to it, names that differ in case are the same; rename one of the two", file.name);
        Err(self.error(call, ErrorKind::InvalidInput, &what))
    }

    pub(super) fn refused(&self, call: &Call, refusal: &Refusal) -> Error {
        let (kind, what) = refusal.meaning();
        self.error(call, kind, &what)
    }

    pub(super) fn senseless(&self, call: &Call) -> Error {
        self.error(call, ErrorKind::Unavailable, "gave an answer that makes no sense")
    }

    pub(super) fn error(&self, call: &Call, kind: ErrorKind, what: &str) -> Error {
        self.web.error(call, &self.service, kind, what)
    }
}
