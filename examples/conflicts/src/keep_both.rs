//! Keeps both sides: the simplest way that loses nothing, and the one to begin with.
//!
//! The drive's version is saved as a document of its own, under a name that tells what it is, and then this device's is kept.
//! The order matters: if the program dies between the two, there is a copy too many, and the conflict waits still.

use crate::two::{Device, bytes, in_conflict};
use kitestring::{Conflict, Resolution, Result};

/// Settles a conflict by keeping both sides.
async fn keep_both(device: &Device, seen: Conflict) -> Result<()> {
    let versions = device.client.versions(seen.id.clone()).await?;
    if let Some(theirs) = versions.remote {
        let name = format!("{} (other version)", seen.id);
        device.edit(device.notes.put(&name, bytes(theirs.body))?).await?;
    }
    device.client.resolve(seen, Resolution::KeepLocal).await
}

/// Shows it.
pub(crate) async fn show() -> Result<String> {
    let (laptop, phone) = in_conflict("milk", "milk, bread", "milk, eggs").await?;
    for seen in phone.client.conflicts().await? {
        keep_both(&phone, seen).await?;
    }
    phone.sync().await?;
    laptop.sync().await?;
    Ok(format!("list: {}\nlist (other version): {}", laptop.text("list"), laptop.text("list (other version)")))
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    #[test]
    fn both_are_there_on_both_devices() {
        assert_eq!(block_on(super::show()).unwrap(), "list: milk, bread\nlist (other version): milk, eggs");
    }
}
