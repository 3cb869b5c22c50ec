//! Any bytes as a sealed file: nothing opens that was not sealed. Any content: it comes back, whole and in parts, and not
//! once a byte of it is another.

use crate::{runtime::VirtualRuntime, sealed::golden};

const PATH: &str = "j/0000000001-a1a1a1a1a1a1a1a1a1a1a1a1a1a1-000001-0123456789abcdef";

/// Where the pieces begin.
const HEADER: usize = 54;

/// Numbers from the front of an input; the rest is its content.
struct Numbers<'a>(&'a [u8]);

impl Numbers<'_> {
    fn next(&mut self) -> u64 {
        let Some((bytes, rest)) = self.0.split_first_chunk() else { return 0 };
        self.0 = rest;
        u32::from_le_bytes(*bytes).into()
    }
}

pub(crate) fn run(input: &[u8]) {
    let mut numbers = Numbers(input);
    let (begin, end, at, times) = (numbers.next(), numbers.next(), numbers.next(), numbers.next());
    forged(input, begin..end);
    forged(numbers.0, begin..end);
    // Long contents from short inputs: several pieces.
    let times = if times.is_multiple_of(8) { times % 4096 } else { times % 4 } as usize;
    let most = 200_000 / numbers.0.len().max(1) + 1;
    honest(&numbers.0.repeat(times.clamp(1, most)), begin..end, at);
}

/// Nothing opens that was not sealed.
fn forged(file: &[u8], content: std::ops::Range<u64>) {
    assert_eq!(golden().read(PATH, file), None, "a file opens that nobody sealed");
    assert_eq!(golden().read_part(PATH, file, content), None, "a part opens that nobody sealed");
}

fn honest(content: &[u8], range: std::ops::Range<u64>, at: u64) {
    let padded = at.is_multiple_of(2);
    let Ok(mut file) = golden().seal(PATH, content, padded, &VirtualRuntime::default()) else { panic!("a file cannot be sealed") };
    assert_eq!(golden().read(PATH, &file).as_deref(), Some(content), "a file does not come back");
    let len = content.len() as u64;
    // A part that begins behind the first piece is cut by its reader, who knows the length.
    let (begin, end) = (range.start % (len + 1), range.end % (len + 1));
    let part = |begin: u64, end: u64| content.get(begin as usize..end as usize);
    if begin <= end {
        assert_eq!(golden().read_part(PATH, &file, begin..end).as_deref(), part(begin, end), "a part does not come back");
    }
    assert_eq!(golden().read("head", &file), None, "it opens under another name");
    let place = at as usize % file.len();
    if let Some(byte) = file.get_mut(place) {
        *byte ^= 1 << (at % 8);
    }
    assert_eq!(golden().read(PATH, &file), None, "byte {place} was changed, and it opens");
    if begin <= end {
        let read = golden().read_part(PATH, &file, begin..end);
        assert!(read.is_none() || place >= HEADER && read.as_deref() == part(begin, end), "a part is another one, and opens");
    }
    file.truncate(place);
    assert_eq!(golden().read(PATH, &file), None, "it was cut at {place}, and opens");
}
