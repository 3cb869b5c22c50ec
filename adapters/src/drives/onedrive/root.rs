//! The drive's folder.

use super::{OneDrive, call, item::There, write::CONFLICT};
use crate::http::{Method, Repeat, Request};
use kitestring::{DrivePath, ErrorKind, Result};
use serde_json::json;

impl OneDrive {
    /// Whether the folder is there.
    ///
    /// # Errors
    /// What OneDrive answers.
    pub async fn has_root(&self) -> Result<bool> {
        self.is_root_there("open").await
    }

    /// Makes the folder, and those above it, if they are not there.
    ///
    /// # Errors
    /// `unauthorized` if this account may not; `unavailable`, also if a file has its name.
    pub async fn make_root(&self) -> Result<()> {
        if self.root.is_top() {
            // OneDrive makes the folder of the app when it is asked for.
            return self.is_root_there("open").await.map(|_| ());
        }
        let names: Vec<&str> = self.root.folder().segments().collect();
        for depth in (0..names.len()).rev() {
            let above = DrivePath::new(names.get(..=depth).unwrap_or_default().join("/"))?;
            if self.is_folder("open", &above).await? {
                return self.make_below(&names, depth + 1).await;
            }
        }
        self.make_below(&names, 0).await
    }

    /// Makes the folders whose names begin at this depth.
    async fn make_below(&self, names: &[&str], depth: usize) -> Result<()> {
        for depth in depth..names.len() {
            let above = DrivePath::new(names.get(..depth).unwrap_or_default().join("/"))?;
            let call = call("open", self.root.folder(), Repeat::Freely);
            let folder = json!({"name": names.get(depth), "folder": {}, CONFLICT: "fail"});
            let request = Request::new(Method::Post, self.root.address(&self.service, &above, "children")?);
            match self.ask(&call, request.with("Content-Type", "application/json").containing(folder.to_string())).await? {
                Ok(_) => {}
                // Somebody else has made it meanwhile, or the first of two tries has.
                Err(refusal) if refusal.is_taken() => {}
                Err(refusal) => return Err(self.refused(&call, &refusal)),
            }
        }
        self.check_root("open").await
    }

    /// Makes sure that the drive's folder is there.
    ///
    /// # Errors
    /// `unavailable` if it is not.
    pub(super) async fn check_root(&self, operation: &'static str) -> Result<()> {
        if self.root.is_top() || self.is_root_there(operation).await? {
            return Ok(());
        }
        let what = "has no such folder (any longer): was it moved, or is its name wrong?";
        Err(self.error(&call(operation, self.root.folder(), Repeat::Freely), ErrorKind::Unavailable, what))
    }

    async fn is_root_there(&self, operation: &'static str) -> Result<bool> {
        self.is_folder(operation, self.root.folder()).await
    }

    /// Whether there is a folder at a path below the one that is always there.
    async fn is_folder(&self, operation: &'static str, full: &DrivePath) -> Result<bool> {
        let call = call(operation, full, Repeat::Freely);
        match self.peek_at(&call, self.root.address(&self.service, full, "")?).await? {
            There::Folder => Ok(true),
            There::Nothing => Ok(false),
            There::File(_) => Err(self.error(&call, ErrorKind::Unavailable, "has a file in the place of the drive's folder")),
        }
    }
}
