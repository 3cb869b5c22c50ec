//! Care for a whole vault: looks at everything, says what is the matter, and repairs what can be repaired safely.

#[cfg(feature = "journal")]
mod republish;
mod trial;

use super::{Client, Inner, Layout, SyncOptions, sync};
use crate::{Diagnosis, DoctorOptions, Finding, Repair, Result, diagnosis::after_repair};
use std::sync::Arc;

/// A repair may bring something else to light: so often is it looked again.
const ROUNDS: u32 = 3;

impl Client {
    /// Reads the whole vault and says what is the matter with it: every file, and whether they fit together; and which
    /// documents a new device gets. With [`DoctorOptions::repair`] it repairs what can be repaired safely, under the conditions
    /// under which a sync writes, and looks again. Nothing is ever deleted. `spec/doctor.md` has the findings by their codes.
    ///
    /// A client that has joined the vault knows more than what is on the drive, and can bring back what it has. One with a
    /// fresh state judges by the drive alone. It takes memory for the name of every document, and reads each file twice.
    ///
    /// # Errors
    /// Those of the drive; `wrong_key` if what was given does not open the vault; `locked` if a repair meets another's lock.
    /// What is wrong with the vault is no error.
    ///
    /// # Cancel safety
    /// Dropped, everything is as it was, or a part of the repairs is done: each is whole by itself.
    pub async fn doctor(&self, options: DoctorOptions) -> Result<Diagnosis> {
        let cancel = options.cancel.clone().unwrap_or_default();
        self.in_turn("doctor", &cancel, Box::pin(doctor(&self.inner, options))).await
    }
}

async fn doctor(inner: &Arc<Inner>, options: DoctorOptions) -> Result<Diagnosis> {
    let mut diagnosis = look(inner, &options, false).await?;
    for _ in 0..ROUNDS {
        let is_possible = |finding: &Finding| finding.repair == Repair::Possible;
        if !options.repair || !diagnosis.findings.iter().any(is_possible) {
            break;
        }
        look(inner, &options, true).await?;
        let now = look(inner, &options, false).await?;
        let before = std::mem::take(&mut diagnosis.findings);
        let done: Vec<Finding> = before.iter().filter(|finding| finding.repair == Repair::Done).cloned().collect();
        let is_better = before.iter().filter(|f| is_possible(f)).count() > now.findings.iter().filter(|f| is_possible(f)).count();
        diagnosis = Diagnosis { findings: after_repair(before, done, now.findings), ..now };
        if !is_better {
            break;
        }
    }
    Ok(diagnosis)
}

/// Looks at the vault; `repair` says that what the look has made ready is written.
async fn look(inner: &Arc<Inner>, options: &DoctorOptions, repair: bool) -> Result<Diagnosis> {
    let drive = Arc::new(sync::metered(inner, !options.repair).await?);
    match &inner.options.layout {
        #[cfg(feature = "classic")]
        Layout::Classic(layout) => {
            let classic = sync::classic(inner, drive.clone(), layout, &SyncOptions::default());
            let mut look = classic.examine(options.progress.clone()).await?;
            if repair {
                classic.repair(&look.cure).await?;
                return Ok(look.diagnosis);
            }
            if look.is_here {
                trial::run(inner, drive, &mut look.diagnosis, &mut look.findings, false).await?;
            }
            Ok(Diagnosis { findings: look.findings.told(), ..look.diagnosis })
        }
        #[cfg(feature = "journal")]
        Layout::Journal(layout) => {
            let journal = sync::journal(inner, drive.clone(), layout, Default::default());
            let mut look = journal.examine(options.progress.clone()).await?;
            if repair {
                journal.repair(&look.cure).await?;
                republish::run(inner, layout, &journal, &look.cure.lost, &options.progress).await?;
                return Ok(look.diagnosis);
            }
            if look.is_open {
                let is_known = !look.cure.lost.is_empty() || look.cure.restores();
                trial::run(inner, drive, &mut look.diagnosis, &mut look.findings, is_known).await?;
            }
            Ok(Diagnosis { findings: look.findings.told(), ..look.diagnosis })
        }
    }
}
