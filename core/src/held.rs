//! A lock that lies on the drive, as it is shown to people before they break it.

/// A lock, or the lease of whoever puts the vault in order, as it was found on the drive.
///
/// Nothing rests on it where the drive has conditions: breaking the lock of a client that is still at work costs it another
/// round. On a drive without conditions, in the classic layout, two may then write over each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldLock {
    /// Its file.
    pub path: String,
    /// The id of the client that wrote it; none if it does not say so, as old clients do not.
    pub owner: Option<String>,
    /// What people call that client's device, as far as it is known.
    pub device: Option<String>,
    /// When it ends by its own word, in milliseconds since the Unix epoch; none if it does not say so.
    pub until_ms: Option<u64>,
    /// Whether this client wrote it.
    pub is_ours: bool,
    /// Whether that time is over, by this device's clock.
    pub is_over: bool,
    /// Tells this very hold from any other: the digest of the file.
    pub hold: String,
}

impl HeldLock {
    /// Returns who holds it, in words for people.
    pub fn holder(&self) -> &str {
        self.device.as_deref().or(self.owner.as_deref()).unwrap_or("a client that does not give its name")
    }
}
