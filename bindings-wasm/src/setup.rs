//! What a host chooses, read from plain objects.

use crate::{
    convert::{Parsed, read, to_host},
    runtime::JsRuntime,
};
use js_sys::Function;
use kitestring::{Allow, Layout, Options, ProgressSink, Runtime, SyncOptions};
use std::{sync::Arc, time::Duration};
use wasm_bindgen::prelude::{JsCast, JsValue};

/// Reads the options of `Client.open`.
pub(crate) fn options(setup: &JsValue) -> Parsed<Options> {
    let runtime: Arc<dyn Runtime> = Arc::new(JsRuntime);
    let mut options = Options::new(runtime);
    options.device = read::optional(setup, "device", read::text)?;
    options.new_incarnation = flag(setup, "newIncarnation")?;
    if let Some(limit) = read::optional(setup, "callbackTimeoutMs", duration)? {
        options.callback_timeout = limit;
    }
    options.layout = layout(setup)?;
    encryption(setup, &mut options)?;
    Ok(options)
}

/// A module has one layout, or both.
fn layout(setup: &JsValue) -> Parsed<Layout> {
    match read::optional(setup, "layout", read::text)?.as_deref() {
        None if cfg!(feature = "journal") => journal(),
        None | Some("classic") => classic(setup),
        Some("journal") => journal(),
        Some(_) => Err("`layout` must be \"journal\" or \"classic\"".into()),
    }
}

#[cfg(any(feature = "classic", feature = "care"))]
fn classic(setup: &JsValue) -> Parsed<Layout> {
    let numbers = flag(setup, "numbers")?;
    Ok(Layout::Classic(kitestring::server::classic::ClassicOptions { numbers, ..Default::default() }))
}

#[cfg(not(any(feature = "classic", feature = "care")))]
fn classic(_setup: &JsValue) -> Parsed<Layout> {
    Err("`layout` \"classic\" needs the package's entry `kitestring/classic`".into())
}

#[cfg(feature = "journal")]
fn journal() -> Parsed<Layout> {
    Ok(Layout::Journal(kitestring::JournalOptions::default()))
}

#[cfg(not(feature = "journal"))]
fn journal() -> Parsed<Layout> {
    Err("`layout` \"journal\" needs the package's entry `kitestring` or `kitestring/sealed`".into())
}

#[cfg(feature = "sealed")]
fn encryption(setup: &JsValue, options: &mut Options) -> Parsed<()> {
    options.encryption = read::optional(setup, "encryption", crate::convert::sealing::encryption)?;
    Ok(())
}

#[cfg(not(feature = "sealed"))]
fn encryption(setup: &JsValue, _options: &mut Options) -> Parsed<()> {
    match read::optional(setup, "encryption", |_| Ok(()))? {
        Some(()) => Err("`encryption` needs the package's entry `kitestring/sealed`".into()),
        None => Ok(()),
    }
}

/// Reads the options of `sync`, but for what cancels it.
pub(crate) fn sync_options(options: &JsValue) -> Parsed<SyncOptions> {
    let defaults = SyncOptions::default();
    if options.is_undefined() {
        return Ok(defaults);
    }
    let allow = read::optional(options, "allow", allow)?.unwrap_or_default();
    Ok(SyncOptions {
        deadline: read::optional(options, "deadlineMs", duration)?,
        progress: progress(options)?,
        allow,
        reconcile: flag(options, "reconcile")?,
        dry_run: flag(options, "dryRun")?,
        wait: read::optional(options, "waitMs", duration)?.unwrap_or(defaults.wait),
        #[cfg(feature = "journal")]
        pairing: read::optional(options, "pairing", crate::convert::journal::pairing)?,
        ..defaults
    })
}

/// Reads `{ onProgress }`.
pub(crate) fn progress(options: &JsValue) -> Parsed<ProgressSink> {
    Ok(read::optional(options, "onProgress", function)?.map_or_else(ProgressSink::default, reporting))
}

fn reporting(observer: Function) -> ProgressSink {
    ProgressSink::new(move |progress| {
        // An observer that throws is nobody's failure.
        let _ = observer.call1(&JsValue::UNDEFINED, &to_host::progress(&progress));
    })
}

fn allow(value: &JsValue) -> Parsed<Allow> {
    Ok(Allow {
        mass_delete: flag(value, "massDelete")?,
        vault_changed: flag(value, "vaultChanged")?,
        rollback: flag(value, "rollback")?,
        host_older: flag(value, "hostOlder")?,
    })
}

fn flag(object: &JsValue, name: &'static str) -> Parsed<bool> {
    read::optional(object, name, read::flag).map(Option::unwrap_or_default)
}

fn function(value: &JsValue) -> Parsed<Function> {
    value.dyn_ref().cloned().ok_or_else(|| "must be a function".into())
}

pub(crate) fn duration(value: &JsValue) -> Parsed<Duration> {
    let ms = value.as_f64().and_then(|ms| Duration::try_from_secs_f64(ms / 1000.0).ok());
    ms.ok_or_else(|| "must be a time in milliseconds, not negative".into())
}
