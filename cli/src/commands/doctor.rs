//! `kite doctor`.

use super::{DONE, OPEN, break_lock};
use crate::{
    args::Doctor,
    config,
    output::{
        BAD, COMMAND, FAINT, GOOD, NOTICE, json, line,
        progress::Bar,
        quote::{shell, shown},
        styled, summary,
    },
    sealed::Opening,
    signals::Watch,
    visit::Visit,
};
use kitestring::{Diagnosis, DoctorOptions, Error, ErrorKind, Finding, FindingKind, Repair, Result, Severity, Strategy};
use serde_json::{Value, json};

/// Looks at a whole vault and says what is the matter with it; repairs what can be if that is asked for.
pub(super) async fn run(args: &Doctor, opening: &Opening, watch: &Watch) -> Result<u8> {
    let visit = Visit::of(&args.place, opening).await?;
    let bar = Bar::new(opening.verbose);
    let options = DoctorOptions { cancel: Some(watch.cancel_token()), progress: bar.sink(), repair: args.repair };
    let diagnosis = visit.client.doctor(options).await;
    drop(bar);
    let diagnosis = diagnosis?;
    if diagnosis.findings.iter().any(|finding| finding.kind == FindingKind::KeyNeeded) && opening.may_find_more()? {
        return Err(Error::new(ErrorKind::WrongKey, "doctor", "the vault is sealed: open it with its passphrase or key"));
    }
    if args.repair && visit.session.is_some() {
        config::touch(&args.place.place);
    }
    if args.place.json {
        json::print(&described(&diagnosis, &visit));
    } else {
        show(&diagnosis, &visit, args);
    }
    Ok(if diagnosis.worst().is_some() { OPEN } else { DONE })
}

fn described(diagnosis: &Diagnosis, visit: &Visit) -> Value {
    let finding = |finding: &Finding| {
        json!({
            "code": finding.kind.code(),
            "severity": finding.kind.severity().code(),
            "path": finding.path,
            "detail": finding.detail,
            "repair": finding.repair.code(),
            "advice": finding.advice,
        })
    };
    json!({
        "layout": visit.layout.name(),
        "vault": diagnosis.vault,
        "strategy": diagnosis.strategy.map(Strategy::code),
        "epoch": diagnosis.epoch,
        "sealed": diagnosis.sealed,
        "files": diagnosis.files,
        "bytes": diagnosis.bytes,
        "records": diagnosis.records,
        "checkpoints": diagnosis.checkpoints,
        "documents": diagnosis.documents,
        "lock": diagnosis.lock.as_ref().map(break_lock::described),
        "worst": diagnosis.worst().map(Severity::code),
        "findings": diagnosis.findings.iter().map(finding).collect::<Value>(),
    })
}

fn show(diagnosis: &Diagnosis, visit: &Visit, args: &Doctor) {
    let Diagnosis { vault, strategy, files, bytes, documents, .. } = diagnosis;
    let sealed = if diagnosis.sealed { ", sealed" } else { "" };
    let by = strategy.map(|strategy| format!(", by {strategy}")).unwrap_or_default();
    let id = vault.as_deref().map_or_else(|| "a vault without a name".to_owned(), |id| format!("vault {id}"));
    line(format_args!("{}: {id} ({}{by}{sealed}), {files} files, {}", shown(&visit.shown), visit.layout, summary::size(*bytes)));
    if let Some(documents) = documents {
        line(format_args!("A new device gets {documents} files from it"));
    }
    diagnosis.findings.iter().for_each(show_finding);
    let open = |severity| diagnosis.findings.iter().filter(|f| f.repair != Repair::Done && f.kind.severity() == severity).count();
    let (damages, warnings) = (open(Severity::Damage), open(Severity::Warning));
    if damages + warnings == 0 {
        return line(styled(GOOD, "Nothing is wrong with it"));
    }
    line(format_args!("{}", styled(NOTICE, format_args!("{damages} damages and {warnings} warnings are open"))));
    if !args.repair && diagnosis.findings.iter().any(|finding| finding.repair == Repair::Possible) {
        let place = shell(&args.place.place.to_string_lossy());
        line(format_args!("Repair what can be: {}", styled(COMMAND, format_args!("kite doctor {place} --repair"))));
    }
}

fn show_finding(finding: &Finding) {
    let (style, word) = match (finding.repair, finding.kind.severity()) {
        (Repair::Done, _) => (GOOD, "repaired"),
        (_, Severity::Damage) => (BAD, "damage"),
        (_, Severity::Warning) => (NOTICE, "warning"),
        (_, Severity::Note) => (FAINT, "note"),
    };
    let path = finding.path.as_deref().map(|path| format!(" {}", shown(path))).unwrap_or_default();
    line(format_args!("{} {}{path}", styled(style, word), finding.kind.code()));
    line(format_args!("  {}", shown(&finding.detail)));
    let becomes = match finding.repair {
        Repair::Needless => "nothing to do",
        Repair::Possible => "can be repaired",
        Repair::Done => "repaired",
        Repair::Refused => "not repaired",
    };
    line(styled(FAINT, format_args!("  {becomes}: {}", shown(&finding.advice))));
}
