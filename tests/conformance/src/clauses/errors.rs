//! Errors: D80, D81.

use super::clauses;
use crate::{Check, Stage};
use kitestring::{
    DrivePath, Error, ErrorKind,
    drive::{Condition, GetOptions, Got, PutFile, Version},
};

clauses![d80_errors_are_of_the_kinds_that_are_listed, d81_no_error_shows_content];

/// The kinds of D80.
const KINDS: [&str; 7] = ["condition", "invalid_input", "unauthorized", "rate_limited", "unavailable", "quota_exceeded", "unsupported"];

/// Content that must not be seen anywhere else.
const SECRET: &str = "a-secret-that-no-error-shows";

/// Provokes every error that a client can provoke.
fn errors(stage: &Stage<'_>) -> Check<Vec<Error>> {
    let caller = stage.caller();
    caller.put("d/f", SECRET, Condition::Any)?;
    let never = || Condition::Matches(Version::new("no drive gives this version"));
    let long = "n".repeat(5000);
    let mut errors = Vec::new();
    for path in ["d/f", "d/none", "d", "d/f/below", "", &long] {
        for condition in [Condition::Absent, never()] {
            errors.extend(caller.put(path, SECRET, condition.clone()).err());
            errors.extend(caller.delete(path, condition).err());
        }
        errors.extend(caller.get(path).err());
        errors.extend(caller.page(path, Some("no drive gives this cursor".to_owned())).err());
    }
    Ok(errors)
}

fn d80_errors_are_of_the_kinds_that_are_listed(stage: &Stage<'_>) -> Check {
    for error in errors(stage)? {
        ensure!(KINDS.contains(&error.kind.code()), "an error has the kind `{}`: {error}", error.kind.code());
        ensure!(!error.detail().is_empty() && !error.operation().is_empty(), "an error says nothing: {error:?}");
    }
    Ok(())
}

fn d81_no_error_shows_content(stage: &Stage<'_>) -> Check {
    for error in errors(stage)? {
        ensure!(!format!("{error} {error:?} {error:#?}").contains(SECRET), "an error shows the content of a file");
        ensure!(error.kind != ErrorKind::Internal, "a fault of the adapter: {error}");
    }
    let file = PutFile { path: DrivePath::new("f")?, bytes: SECRET.into(), condition: Condition::Any };
    let got = Got::File { bytes: SECRET.into(), version: Version::new("v") };
    let shown = format!("{file:?} {got:?} {:?}", GetOptions::default());
    ensure!(!shown.contains(SECRET), "`Debug` shows the content of a file");
    Ok(())
}
