//! Any path: what is no name of the vault is foreign, and what is one comes back.

use crate::sealed::golden;

const SEALED: [&str; 4] = ["h/", "j/", "p/", "c/"];

pub(crate) fn run(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let sealed = |path: &str| SEALED.iter().any(|folder| path.starts_with(folder));
    for folder in ["", "h/", "j/", "p/", "c/"] {
        let path = format!("{folder}{text}");
        if let Some(logical) = golden().logical(&path) {
            assert_eq!(golden().on_drive(&logical).as_deref(), Some(&*path), "two files have one name");
            assert!(!sealed(&path) || logical != path, "a name is not encrypted");
        }
        if let Some(on_drive) = golden().on_drive(&path) {
            assert_eq!(golden().logical(&on_drive).as_deref(), Some(&*path), "a name does not come back");
            assert!(!sealed(&path) || on_drive.len() <= 98 && on_drive != path, "a name is not encrypted");
        }
    }
}
