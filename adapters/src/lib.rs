//! Drives and state stores for `kitestring`.
