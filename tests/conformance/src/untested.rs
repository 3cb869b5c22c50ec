//! The clauses that no client can test, each with the reason.

/// Clause and reason. `tests/coverage.rs` sees to it that every clause is either tested or named here.
pub const UNTESTED: &[(&str, &str)] = &[
    ("D20", "it binds whoever uses a version, not the drive"),
    (
        "D33",
        "it allows an adapter to repeat a request; what the core does then is tested in tests/core/tests/suite/classic_faults.rs and by the simulator",
    ),
    ("D61", "by its own words one client cannot find it out; the races of D41 try"),
    (
        "D63",
        "it is about whatever anybody does at any moment, which nobody can try; the races of D41 and the listings of D52 do what can be done",
    ),
    ("D71", "how many requests are under way between an adapter and its storage cannot be seen from before the adapter"),
    ("D73", "a drive is given nothing that it could call"),
    ("D82", "it allows an adapter to repeat a request; what must hold then is D32"),
    ("D101", "it speaks of the names that clients choose; core/src/server/classic/wire.rs tests them"),
];
