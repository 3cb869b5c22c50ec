//! Collecting into ordered maps and sets.

/// Collects into an ordered map or set, as `collect` does.
///
/// That one sorts first, which is fast, and a sort for every type of item: together a twentieth of the WebAssembly module. There,
/// and with the feature `small`, items are inserted one by one.
pub(crate) trait Gather: Iterator + Sized {
    fn gather<C: FromIterator<Self::Item> + Extend<Self::Item> + Default>(self) -> C {
        #[cfg(any(target_arch = "wasm32", feature = "small"))]
        {
            let mut all = C::default();
            all.extend(self);
            all
        }
        #[cfg(not(any(target_arch = "wasm32", feature = "small")))]
        self.collect()
    }
}

impl<I: Iterator> Gather for I {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn it_is_what_collect_gives() {
        assert_eq!([3, 1, 2, 1].into_iter().gather::<BTreeSet<_>>(), BTreeSet::from([1, 2, 3]));
        assert_eq!([(1, 'a'), (1, 'b')].into_iter().gather::<BTreeMap<_, _>>(), BTreeMap::from([(1, 'b')]));
    }
}
