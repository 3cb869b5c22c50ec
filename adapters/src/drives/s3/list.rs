//! Listing a folder, page by page, and whether the bucket is there.

use super::{
    S3, call,
    send::{Answer, Asked, is_page},
    xml::{self, Element},
};
use crate::http::{Call, Method, Repeat};
use kitestring::{
    DrivePath, Error, ErrorKind, Result,
    drive::{DirEntry, Listing},
};
use percent_encoding::percent_decode_str;

impl S3 {
    pub(super) async fn list(&self, dir: &DrivePath, cursor: Option<String>) -> Result<Listing> {
        let (call, prefix) = (call("list", dir.as_str(), Repeat::Freely), self.bucket.prefix(dir));
        let is_begun = cursor.is_some();
        let asked = self.listing(&prefix).asking("encoding-type", "url").asking("delimiter", "/");
        let asked = cursor.into_iter().fold(asked, |asked, cursor| asked.asking("continuation-token", cursor));
        let Answer { response, refusal } = self.send(&call, &asked).await?;
        match response.status {
            200 if !is_page(&response) => {
                let page = xml::elements(&response.body).and_then(|elements| page(&elements, &prefix));
                page.map_err(|why| self.senseless(&call, &why))
            }
            _ if is_begun && refusal.is_argument() => {
                let what = "cannot go on with this listing; it begins again";
                Err(self.web.error(&call, self.bucket.url(), ErrorKind::Condition, what))
            }
            _ => Err(self.refused(&call, self.bucket.url(), &response, &refusal)),
        }
    }

    fn listing(&self, prefix: &str) -> Asked {
        let asked = Asked::new(Method::Get, self.bucket.url().clone()).asking("list-type", "2");
        if prefix.is_empty() { asked } else { asked.asking("prefix", prefix) }
    }

    /// Whether the bucket is there: by a listing, since a question for the bucket itself is answered without saying why not.
    pub(super) async fn is_bucket_there(&self, operation: &'static str) -> Result<bool> {
        let call = call(operation, "", Repeat::Freely);
        let asked = self.listing(&self.bucket.prefix(&DrivePath::root())).asking("max-keys", "1");
        let Answer { response, refusal } = self.send(&call, &asked).await?;
        match response.status {
            200 if !is_page(&response) && xml::elements(&response.body).is_ok() => Ok(true),
            _ if refusal.is_bucket_missing() => Ok(false),
            _ => Err(self.refused(&call, self.bucket.url(), &response, &refusal)),
        }
    }

    /// Makes sure that a missing file is one of a bucket that is there.
    pub(super) async fn check_bucket(&self, operation: &'static str) -> Result<()> {
        if self.is_bucket_there(operation).await? {
            return Ok(());
        }
        let what = format!("has no bucket {} (any longer): was it deleted, or is its name wrong?", self.bucket.name());
        Err(self.web.error(&call(operation, "", Repeat::Freely), self.bucket.url(), ErrorKind::Unavailable, &what))
    }

    pub(super) fn senseless(&self, call: &Call, why: &str) -> Error {
        let what = format!("gave an answer that makes no sense: {why}");
        self.web.error(call, self.bucket.url(), ErrorKind::Unavailable, &what)
    }
}

/// Reads a page of a listing.
fn page(elements: &[Element], prefix: &str) -> Result<Listing, String> {
    const RESULT: &str = "ListBucketResult";
    if !elements.last().is_some_and(|element| element.is("", RESULT)) {
        return Err("it is no listing".to_owned());
    }
    let of_result = |name: &str| elements.iter().find(|element| element.is(RESULT, name)).map(|element| element.text.as_str());
    let is_encoded = of_result("EncodingType") == Some("url");
    let (mut entries, mut key, mut size) = (Vec::new(), None, None);
    for element in elements {
        match (element.within.as_str(), element.name.as_str()) {
            ("Contents", "Key") => key = Some(decoded(&element.text, is_encoded)?),
            ("Contents", "Size") => size = element.text.trim().parse().ok(),
            (RESULT, "Contents") => {
                let key = key.take().ok_or("it has a file without a name")?;
                entries.extend(name(&key, prefix)?.map(|name| DirEntry { name, is_dir: false, size: size.take() }));
            }
            ("CommonPrefixes", "Prefix") => {
                let folder = decoded(&element.text, is_encoded)?;
                let named = folder.strip_suffix('/').map(|folder| name(folder, prefix)).transpose()?.flatten();
                entries.extend(named.map(|name| DirEntry { name, is_dir: true, size: None }));
            }
            _ => {}
        }
    }
    let next = match of_result("IsTruncated").map(str::trim) {
        Some("true") => Some(of_result("NextContinuationToken").ok_or("it does not say where it goes on")?.to_owned()),
        _ => None,
    };
    Ok(Listing { entries, next })
}

/// Returns what is behind the prefix: none for what stands for the folder itself.
fn name(key: &str, prefix: &str) -> Result<Option<String>, String> {
    let name = key.strip_prefix(prefix).ok_or("it names what was not asked for")?;
    Ok(Some(name.to_owned()).filter(|name| !name.is_empty() && !name.contains('/')))
}

/// Reads a key. Encoded as in a form: a plus sign is a space.
pub(super) fn decoded(text: &str, is_encoded: bool) -> Result<String, String> {
    if !is_encoded {
        return Ok(text.to_owned());
    }
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8().map(|text| text.into_owned()).map_err(|_| "it has a name that is no text".to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn read(inside: &str) -> Result<Listing, String> {
        let text = format!("<ListBucketResult xmlns='http://s3.amazonaws.com/doc/2006-03-01/'>{inside}</ListBucketResult>");
        page(&xml::elements(text.as_bytes()).unwrap(), "p/")
    }

    #[test]
    fn a_page_names_files_and_folders_and_where_it_goes_on() {
        let file = |name: &str, size| DirEntry { name: name.into(), is_dir: false, size };
        let page = read(
            "<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><NextContinuationToken>t&amp;</NextContinuationToken>
             <Contents><Key>p/</Key><Size>0</Size></Contents><Contents><Size>7</Size><Key>p/a+b%2B%C3%A9</Key></Contents>
             <Contents><Key>p/c</Key></Contents><CommonPrefixes><Prefix>p/d%20e/</Prefix></CommonPrefixes>",
        );
        let folder = DirEntry { name: "d e".into(), is_dir: true, size: None };
        assert_eq!(page.unwrap(), Listing { entries: vec![file("a b+é", Some(7)), file("c", None), folder], next: Some("t&".into()) });
        let plain = read("<IsTruncated>false</IsTruncated><Contents><Key>p/a+b%2B</Key></Contents>").unwrap();
        assert_eq!(plain, Listing { entries: vec![file("a+b%2B", None)], next: None });
    }

    #[test]
    fn a_listing_of_something_else_is_none() {
        for wrong in ["<IsTruncated>true</IsTruncated>", "<Contents><Key>q/a</Key></Contents>", "<Contents><Size>1</Size></Contents>"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert!(page(&xml::elements(b"<Error><Code>x</Code></Error>").unwrap(), "").is_err());
    }
}
