//! Listing a folder: all of it at once.

use super::{GitHub, call, tree::Node};
use crate::http::Repeat;
use kitestring::{
    DrivePath, Result,
    drive::{DirEntry, Listing},
};

impl GitHub {
    pub(super) async fn list(&self, dir: &DrivePath) -> Result<Listing> {
        let full = self.spot.full(dir)?;
        let view = self.view(&call("list", dir.as_str(), Repeat::Freely), self.moment(), &[&full]).await?;
        let entry = |(name, node): (&String, &Node)| {
            let size = match node {
                Node::File { size, .. } => Some(*size),
                Node::Folder { .. } => None,
                Node::Other => return None,
            };
            let is_own = dir.as_str().is_empty() && self.spot.is_own(name);
            (!is_own).then(|| DirEntry { name: name.clone(), is_dir: size.is_none(), size })
        };
        Ok(Listing { entries: view.tree.names(&full).filter_map(entry).collect(), next: None })
    }
}
