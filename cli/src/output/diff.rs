//! Both sides of a conflict, before anybody chooses.

use super::{BAD, FAINT, GOOD, styled};
use crate::output::quote::shown;
use kitestring::Digest;
use similar::{ChangeTag, TextDiff};

/// What one side holds.
pub(crate) enum Content {
    /// Nothing: the file is deleted there.
    Deleted,
    /// These bytes.
    Bytes(Vec<u8>),
}

impl Content {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Deleted => None,
            Self::Bytes(bytes) => std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\0')),
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::Deleted => "deleted".to_owned(),
            Self::Bytes(bytes) => format!("{} bytes, SHA-256 {}", bytes.len(), Digest::of(bytes)),
        }
    }
}

/// Shows how the drive's side (`-`) and the folder's side (`+`) differ: line by line if both are text.
pub(crate) fn diff(path: &str, remote: &Content, local: &Content) -> String {
    let path = shown(path);
    match (remote.text(), local.text()) {
        (Some(remote), Some(local)) => unified(&path, ("drive", remote), ("folder", local)),
        _ => {
            let mut lines = vec![format!("drive   {path}: {}", remote.describe()), format!("folder  {path}: {}", local.describe())];
            lines.extend([remote, local].iter().filter_map(|side| side.text()).map(|text| format!("\n{}", text.trim_end_matches('\n'))));
            lines.join("\n")
        }
    }
}

/// Shows what one side has changed since both agreed; none if one of them is no text.
pub(crate) fn since(path: &str, base: &Content, side: (&str, &Content)) -> Option<String> {
    Some(unified(&shown(path), ("before", base.text()?), (side.0, side.1.text()?)))
}

fn unified(path: &str, (from, old): (&str, &str), (to, new): (&str, &str)) -> String {
    let diff = TextDiff::from_lines(old, new);
    let mut lines = vec![styled(BAD, format_args!("--- {path} ({from})")), styled(GOOD, format_args!("+++ {path} ({to})"))];
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        lines.push(styled(FAINT, hunk.header()));
        for change in hunk.iter_changes() {
            let text = change.value().trim_end_matches('\n');
            lines.push(match change.tag() {
                ChangeTag::Equal => format!(" {text}"),
                ChangeTag::Delete => styled(BAD.effects(anstyle::Effects::new()), format_args!("-{text}")),
                ChangeTag::Insert => styled(GOOD.effects(anstyle::Effects::new()), format_args!("+{text}")),
            });
            if change.missing_newline() {
                lines.push("\\ No newline at end of file".to_owned());
            }
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &[u8]) -> Content {
        Content::Bytes(text.to_vec())
    }

    #[test]
    fn text_is_compared_line_by_line() {
        let shown = anstream::adapter::strip_str(&diff("n.md", &bytes(b"a\nb\n"), &bytes(b"a\nc"))).to_string();
        assert_eq!(shown, "--- n.md (drive)\n+++ n.md (folder)\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n\\ No newline at end of file");
    }

    #[test]
    fn what_is_no_text_is_measured_and_what_is_deleted_is_said() {
        let shown = diff("n", &bytes(b"\xff"), &Content::Deleted);
        assert_eq!(shown, format!("drive   n: 1 bytes, SHA-256 {}\nfolder  n: deleted", Digest::of(b"\xff")));
    }
}
