//! What every state must do (`kitestring::State`), tried on each of them.
#![cfg(any(feature = "state-file", feature = "state-sqlite"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

#[path = "../common/mod.rs"]
mod common;
mod durable;
mod port;

use kitestring::State;
use std::path::Path;

/// How a state is opened in a folder, anew or again.
type Open = fn(&Path) -> Box<dyn State>;

macro_rules! tests {
    ($of:ident, $name:literal, $open:expr => $($test:ident),+ $(,)?) => {
        $(#[test]
        fn $test() {
            crate::$of::$test($open, concat!($name, "::", stringify!($of), "::", stringify!($test)));
        })+
    };
}

/// The tests of the port, and for `kept` those of a state that outlives the process.
macro_rules! suite {
    ($name:literal, $open:expr) => {
        mod port {
            tests!(port, $name, $open =>
                it_answers_as_a_map_would, any_sequence_leaves_what_it_would_leave_in_a_map, a_page_ends_where_it_is_told_to,
                every_write_that_returned_is_read, a_batch_is_seen_whole_or_not_at_all, values_may_be_empty_or_large,
            );
        }
    };
    ($name:literal, $open:expr, kept) => {
        suite!($name, $open);
        mod durable {
            tests!(durable, $name, $open =>
                what_was_written_is_there_after_opening_again,
                dropped_calls_are_whole_or_nothing_and_dropping_the_state_finishes_them,
                a_killed_process_loses_nothing_acknowledged,
                a_process_killed_while_it_makes_the_file_leaves_none_or_a_whole_one,
            );
        }
    };
}

mod memory {
    suite!("memory", |_| Box::new(kitestring::MemoryState::new()));
}

#[cfg(feature = "state-sqlite")]
mod sqlite {
    suite!("sqlite", |home| Box::new(kitestring_adapters::SqliteState::open(home.join("s")).unwrap()), kept);
}

#[cfg(feature = "state-file")]
mod file {
    suite!("file", |home| Box::new(kitestring_adapters::FileState::open(home.join("s")).unwrap()), kept);
}
