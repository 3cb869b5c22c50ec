//! Requests and responses. `Debug` shows neither a body, nor the value of a header, nor a query: each may hold a secret.

use bytes::Bytes;
use std::fmt;
use url::Url;

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Read.
    Get,
    /// Read the headers only.
    Head,
    /// Call a service.
    Post,
    /// Write a whole file.
    Put,
    /// Change a part of what is known of a file.
    Patch,
    /// Delete.
    Delete,
    /// Ask a WebDAV server what it knows of a file or folder.
    Propfind,
    /// Make a folder on a WebDAV server.
    Mkcol,
}

impl Method {
    /// Returns the word that is sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Propfind => "PROPFIND",
            Self::Mkcol => "MKCOL",
        }
    }
}

/// One header.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    /// The name, in any case.
    pub name: String,
    /// The value.
    pub value: String,
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ({} bytes)", self.name, self.value.len())
    }
}

/// A request.
#[derive(Clone)]
pub struct Request {
    /// What it asks for.
    pub method: Method,
    /// Where. It holds neither a user name nor a password.
    pub url: Url,
    /// The headers, but those that the connection sets itself (`Host`, `Content-Length`).
    pub headers: Vec<Header>,
    /// The body; empty for none.
    pub body: Bytes,
}

impl Request {
    /// Makes a request without headers and body.
    pub fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: Vec::new(), body: Bytes::new() }
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push(Header { name: name.to_owned(), value: value.into() });
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn containing(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = format!("{}{}", self.url.origin().ascii_serialization(), self.url.path());
        write!(f, "{} {place} {:?}, {} bytes", self.method.as_str(), self.headers, self.body.len())
    }
}

/// An answer.
#[derive(Clone)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<Header>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Response {
    /// Returns the value of the first header of that name, in whatever case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value.as_str())
    }

    /// Whether the body says that it is a web page.
    pub fn is_html(&self) -> bool {
        self.header("content-type").is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("text/html"))
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}, {} bytes", self.status, self.headers, self.body.len())
    }
}
