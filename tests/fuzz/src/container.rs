//! Several named parts in one input, readable and easy to mutate: a line `=name` before the bytes of each part.
//!
//! A part whose name begins with `!` is a setting.

/// Takes an input apart, in its order.
pub(crate) fn parts(input: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut parts = Vec::new();
    let mut rest = input.strip_prefix(b"=").unwrap_or_default();
    while !rest.is_empty() {
        let end = rest.windows(2).position(|two| two == b"\n=").unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        let line = part.iter().position(|byte| *byte == b'\n').unwrap_or(part.len());
        let (name, body) = part.split_at(line);
        parts.push((String::from_utf8_lossy(name).into_owned(), body.strip_prefix(b"\n").unwrap_or_default().to_vec()));
        rest = after.get(2..).unwrap_or_default();
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_taken_apart() {
        let part = |name: &str, body: &[u8]| (name.to_owned(), body.to_vec());
        assert_eq!(parts(b"=a\nx\ny\n=b\n\n=c"), [part("a", b"x\ny"), part("b", b""), part("c", b"")]);
        assert_eq!(parts(b""), []);
        assert_eq!(parts(b"no container"), []);
    }
}
