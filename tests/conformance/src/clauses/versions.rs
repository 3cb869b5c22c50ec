//! Versions: D21 to D23.

use super::clauses;
use crate::{Check, Stage};
use kitestring::drive::Condition;

clauses![
    d21_every_other_content_has_another_version,
    d22_a_version_stays_while_nobody_writes: Versions,
    d23_a_drive_that_replaces_has_versions_that_last: Replace,
];

fn d21_every_other_content_has_another_version(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    let mut last = (Vec::new(), caller.put("f", "first", Condition::Any)?);
    // The same size, and as fast as it goes: neither sizes nor clocks are versions.
    for n in 0..60_u32 {
        let bytes = format!("{:04}", n % 7).into_bytes();
        let written = caller.put("f", &bytes, Condition::Any)?;
        let read = caller.file("f")?.1;
        ensure!(written != last.1 && read != last.1, "{:?} and {bytes:?} have the same version, {:?}", last.0, last.1);
        last = (bytes, read);
    }
    Ok(())
}

fn d22_a_version_stays_while_nobody_writes(stage: &Stage<'_>) -> Check {
    let (caller, other) = (stage.caller(), stage.another()?);
    let written = caller.put("d/f", "x", Condition::Any)?;
    caller.put("d/g", "x", Condition::Any)?;
    for reader in [&caller, &other, &caller] {
        let read = reader.file("d/f")?.1;
        ensure!(read == written, "the file was written as {written:?}, nobody wrote it again, and it is read as {read:?}");
    }
    Ok(())
}

fn d23_a_drive_that_replaces_has_versions_that_last(stage: &Stage<'_>) -> Check {
    let caller = stage.caller();
    caller.put("f", "one", Condition::Any)?;
    let (first, second) = (caller.file("f")?.1, caller.file("f")?.1);
    ensure!(first == second, "a drive that claims `replace` invents versions: {first:?}, then {second:?}");
    let replaced = caller.put("f", "two", Condition::Matches(first));
    ensure!(replaced.is_ok(), "the version that was read cannot be replaced: {replaced:?}");
    Ok(())
}
