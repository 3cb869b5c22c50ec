//! Bytes in and out: numbers as LEB128, lengths before what they measure, and no read beyond the end.
//!
//! A number has one spelling, so that equal contents are equal bytes.

use std::fmt;

/// The version of every binary file of this layout.
const VERSION: u8 = 1;

/// Bytes that cannot be what they claim to be: a sentence that says why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

/// Why a file cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// It makes no sense; the reason in one sentence.
    Malformed(&'static str),
    /// A newer version of this library wrote it: an update helps.
    Newer,
}

impl From<Malformed> for Flaw {
    fn from(Malformed(why): Malformed) -> Self {
        Self::Malformed(why)
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(why) => f.write_str(why),
            Self::Newer => f.write_str("a newer version of this library wrote it"),
        }
    }
}

/// Reads from the front of some bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Returns how many bytes are left.
    pub(crate) fn left(&self) -> usize {
        self.0.len()
    }

    /// Reads the six bytes that every binary file begins with.
    pub(crate) fn opening(&mut self, kind: u8) -> Result<(), Flaw> {
        let [k, i, t, e, found, version] = self.array()?;
        match version {
            _ if [k, i, t, e, found] != [b'k', b'i', b't', b'e', kind] => Err(Flaw::Malformed("it does not begin as such a file does")),
            0 => Err(Flaw::Malformed("its version is 0")),
            VERSION => Ok(()),
            _ => Err(Flaw::Newer),
        }
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(Malformed("it ends too early"))?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(Malformed("it ends too early"))?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Malformed> {
        self.array().map(|[byte]| byte)
    }

    /// Reads a number in its shortest spelling.
    pub(crate) fn number(&mut self) -> Result<u64, Malformed> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && byte > 1 {
                break;
            }
            value |= bits << shift;
            if byte < 0x80 {
                let short = byte != 0 || shift == 0;
                return short.then_some(value).ok_or(Malformed("a number is not in its shortest form"));
            }
        }
        Err(Malformed("a number has more than 64 bits"))
    }

    /// Reads a number of at most `max`.
    pub(crate) fn up_to(&mut self, max: u64, above: &'static str) -> Result<u64, Malformed> {
        let value = self.number()?;
        if value <= max { Ok(value) } else { Err(Malformed(above)) }
    }

    /// Reads how many things follow: no more than `max`, and no more than the bytes that are left can hold if each
    /// takes `each` of them. So memory is asked for only where there are bytes.
    pub(crate) fn count(&mut self, max: usize, each: usize, above: &'static str) -> Result<usize, Malformed> {
        let count = self.up_to(max as u64, above)? as usize;
        if count.saturating_mul(each) <= self.left() { Ok(count) } else { Err(Malformed("it ends too early")) }
    }

    /// Reads bytes with their length before them.
    pub(crate) fn prefixed(&mut self, max: usize, above: &'static str) -> Result<&'a [u8], Malformed> {
        let len = self.up_to(max as u64, above)?;
        self.bytes(len as usize)
    }

    /// Says that nothing may follow.
    pub(crate) fn end(self) -> Result<(), Malformed> {
        if self.0.is_empty() { Ok(()) } else { Err(Malformed("something follows its end")) }
    }
}

/// Reads text.
pub(crate) fn text(bytes: &[u8]) -> Result<&str, Malformed> {
    std::str::from_utf8(bytes).map_err(|_| Malformed("a text is not UTF-8"))
}

/// Returns the six bytes that a file of this kind begins with.
pub(crate) fn opening(kind: u8) -> [u8; 6] {
    [b'k', b'i', b't', b'e', kind, VERSION]
}

/// Appends a number.
pub(crate) fn put_number(to: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

/// Appends bytes with their length before them.
pub(crate) fn put_prefixed(to: &mut Vec<u8>, bytes: &[u8]) {
    put_number(to, bytes.len() as u64);
    to.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(bytes: &[u8]) -> Result<u64, Malformed> {
        let mut reader = Reader::new(bytes);
        let value = reader.number()?;
        reader.end().map(|()| value)
    }

    #[test]
    fn numbers_have_one_spelling() {
        for value in (0..64).flat_map(|bit| [(1 << bit) - 1, 1 << bit]).chain([u64::MAX]) {
            let mut bytes = Vec::new();
            put_number(&mut bytes, value);
            assert_eq!(number(&bytes), Ok(value));
            assert!(bytes.len() <= 10);
            for end in 0..bytes.len() {
                assert!(number(&bytes[..end]).is_err(), "{value} cut at {end}");
            }
            *bytes.last_mut().unwrap() |= 0x80;
            bytes.push(0);
            assert!(number(&bytes).is_err(), "{value} with a zero too many");
        }
        assert_eq!(number(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02]), Err(Malformed("a number has more than 64 bits")));
        assert!(number(&[0xff; 11]).is_err());
    }

    #[test]
    fn what_is_not_there_is_not_read() {
        let mut reader = Reader::new(&[3, 1, 2]);
        assert_eq!(reader.prefixed(9, "long"), Err(Malformed("it ends too early")));
        assert_eq!(Reader::new(&[3, 1, 2, 3]).prefixed(2, "long"), Err(Malformed("long")));
        assert_eq!(Reader::new(&[3, 1, 2, 3]).prefixed(3, "long"), Ok(&[1, 2, 3][..]));
        assert_eq!(Reader::new(&[3, 1, 2, 3]).count(3, 1, "many"), Ok(3));
        assert_eq!(Reader::new(&[3, 1, 2, 3]).count(3, 2, "many"), Err(Malformed("it ends too early")));
        assert_eq!(Reader::new(&[3]).count(2, 0, "many"), Err(Malformed("many")));
        assert!(Reader::new(&[1]).end().is_err());
        assert!(text(&[0xff]).is_err());
    }

    #[test]
    fn a_file_says_what_it_is() {
        let read = |bytes: &[u8]| Reader::new(bytes).opening(b'h');
        assert_eq!(read(&opening(b'h')), Ok(()));
        assert_eq!(read(b"kiteh\x02"), Err(Flaw::Newer));
        assert!(matches!(read(b"kiteh\x00"), Err(Flaw::Malformed(_))));
        assert!(matches!(read(b"kitej\x02"), Err(Flaw::Malformed(_))));
        assert!(matches!(read(b"kite"), Err(Flaw::Malformed(_))));
    }
}
