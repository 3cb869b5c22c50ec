//! `cargo xtask npm`: builds the npm package into `target/npm/kitestring`, and keeps its sizes within bounds. With the name of
//! a module, that one is built anew in a package that is there.

use crate::{
    Result,
    place::{cargo, program, root, succeed, target},
    tools,
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// One WebAssembly module of the package.
struct Module {
    /// What its files are called.
    name: &'static str,
    /// Which features of the crate it is made of.
    features: &'static str,
    /// The most bytes that it and its glue may have, each compressed by `gzip -9`.
    bound: u64,
}

/// Every module, with the size that was reached and little more: what grows is to be noticed.
/// `spec/decisions/0010-npm-modules.md` says what is to be reached.
const MODULES: [Module; 11] = [
    Module { name: "client", features: "journal", bound: 593_000 },
    Module { name: "sealed", features: "sealed", bound: 741_000 },
    Module { name: "care", features: "care", bound: 985_000 },
    Module { name: "classic", features: "classic", bound: 345_000 },
    Module { name: "compat", features: "compat", bound: 98_000 },
    Module { name: "webdav_drive", features: "webdav", bound: 161_000 },
    Module { name: "dropbox_drive", features: "dropbox", bound: 196_000 },
    Module { name: "gdrive_drive", features: "gdrive", bound: 270_000 },
    Module { name: "github_drive", features: "github", bound: 224_000 },
    Module { name: "onedrive_drive", features: "onedrive", bound: 198_000 },
    Module { name: "s3_drive", features: "s3", bound: 231_000 },
];

/// Declarations of `compat` that are the same for CommonJS; those of a single drive are not.
const FOR_BOTH: [&str; 5] = ["index", "lib/db-to-cloud", "lib/lock", "lib/request", "lib/drive/index"];

/// A bundle of `compat` that is no ES module: its name, and what esbuild is told.
const BUNDLES: [(&str, &[&str]); 2] = [
    (
        "compat.cjs",
        &[
            "--format=cjs",
            "--platform=node",
            "--define:import.meta.url=beside",
            "--banner:js=const beside = require(\"node:url\").pathToFileURL(__filename).href;",
        ],
    ),
    (
        "compat.min.js",
        &[
            "--format=iife",
            "--minify",
            "--global-name=dbToCloud",
            "--external:node:*",
            "--define:import.meta.url=dbToCloudBeside",
            "--banner:js=var dbToCloudBeside = globalThis.document?.currentScript?.src ?? globalThis.location?.href;",
        ],
    ),
];

/// Builds the package, or one module of it, and measures what was built.
///
/// # Errors
/// If a step fails, or a module is larger than it may be.
pub(crate) fn run(only: Option<&str>) -> Result<()> {
    let modules: Vec<&Module> = MODULES.iter().filter(|module| only.is_none_or(|name| name == module.name)).collect();
    if modules.is_empty() {
        return Err(format!("there is no such module: {}", MODULES.map(|module| module.name).join(", ")));
    }
    tools::install_for_npm()?;
    succeed(
        cargo()
            .args(["build", "--workspace", "--locked", "--quiet", "--features", "kitestring-wasm/generate"])
            .args(["--bin", "kitestring-wasm-generate"]),
    )?;
    let package = target().join("npm/kitestring");
    match only {
        None => renew(&package)?,
        Some(_) => make(&package)?,
    }
    let sources = root().join("bindings-wasm");
    for folder in ["js", "package"] {
        copy_files(&sources.join(folder), &package)?;
    }
    for name in FOR_BOTH {
        declare_for_commonjs(&package.join("compat").join(name))?;
    }
    for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
        copy(&root().join(licence), &package.join(licence))?;
    }
    let optimising: Vec<Child> = modules.iter().map(|module| build(module, &package)).collect::<Result<_>>()?;
    for (name, options) in BUNDLES {
        bundle(&package, name, options)?;
    }
    take_along(&package)?;
    for mut child in optimising {
        let status = child.wait().map_err(|e| format!("wasm-opt: {e}"))?;
        if !status.success() {
            return Err(format!("wasm-opt failed: {status}"));
        }
    }
    let sizes: Vec<(&Module, u64)> = modules.into_iter().map(|module| Ok((module, size(module, &package)?))).collect::<Result<_>>()?;
    report(&sizes)
}

/// Builds one module, and starts to make it smaller: that takes one core for a while, and goes on beside the next build.
fn build(module: &Module, package: &Path) -> Result<Child> {
    let Module { name, features, .. } = module;
    let arguments = ["--locked", "--quiet", "--lib", "--profile", "npm", "--target", "wasm32-unknown-unknown", "--no-default-features"];
    succeed(cargo().args(["build", "-p", "kitestring-wasm", "--features", features]).args(arguments))?;
    let compiled = target().join("wasm32-unknown-unknown/npm/kitestring_wasm.wasm");
    let folder = target().join("npm/generated").join(name);
    renew(&folder)?;
    succeed(Command::new(program("kitestring-wasm-generate")).arg(compiled).arg(&folder).arg(name))?;
    let glue = format!("{name}_bg.js");
    copy(&folder.join(&glue), &package.join(&glue))?;
    let wasm = format!("{name}_bg.wasm");
    let optimise = root().join("bindings-wasm/tests/node_modules/binaryen/bin/wasm-opt");
    let mut command = Command::new("node");
    command.arg(optimise).arg("-Oz").arg(folder.join(&wasm)).arg("-o").arg(package.join(&wasm));
    command.stdin(Stdio::null()).spawn().map_err(|e| format!("wasm-opt: {e}"))
}

/// Writes what `NAME.d.ts` declares for a program in CommonJS: there, files have other names.
fn declare_for_commonjs(name: &Path) -> Result<()> {
    let [from, to] = ["d.ts", "d.cts"].map(|kind| name.with_extension(kind));
    let text = fs::read_to_string(&from).map_err(|e| format!("{}: {e}", from.display()))?;
    fs::write(&to, text.replace(".js\"", ".cjs\"")).map_err(|e| format!("{}: {e}", to.display()))
}

/// Makes a file of `compat` that holds all of its JavaScript.
fn bundle(package: &Path, name: &str, options: &[&str]) -> Result<()> {
    let mut command = Command::new(root().join("bindings-wasm/tests/node_modules/.bin/esbuild"));
    // The library's own drives are loaded when they are asked for, from beside the bundle.
    let apart = ["dropbox.js", "webdav.js"].map(|file| format!("--external:{}", package.join(file).display()));
    command.current_dir(package).arg("compat/all.js").args(["--bundle", "--target=es2022", "--log-level=warning"]).args(apart);
    succeed(command.args(options).arg(format!("--outfile={name}")))
}

/// Makes `oauth.js` with the library in it that it stands on, so that a page needs no bundler for it.
fn take_along(package: &Path) -> Result<()> {
    let libraries = root().join("bindings-wasm/tests/node_modules");
    let mut command = Command::new(libraries.join(".bin/esbuild"));
    command.current_dir(package).env("NODE_PATH", &libraries).args(["oauth/index.js", "--bundle", "--format=esm", "--target=es2022"]);
    let error = format!("--external:{}", package.join("error.js").display());
    succeed(command.args([&error, "--log-level=warning", "--outfile=oauth.js"]))?;
    fs::remove_dir_all(package.join("oauth")).map_err(|e| format!("oauth: {e}"))?;
    copy(&libraries.join("oauth4webapi/LICENSE.md"), &package.join("LICENSE-oauth4webapi"))
}

/// How many bytes of a module travel.
fn size(module: &Module, package: &Path) -> Result<u64> {
    let files = ["js", "wasm"].map(|kind| package.join(format!("{}_bg.{kind}", module.name)));
    files.iter().map(compressed).sum()
}

fn compressed(file: &PathBuf) -> Result<u64> {
    let output = Command::new("gzip").args(["-9", "-c"]).arg(file).output().map_err(|e| format!("gzip: {e}"))?;
    if output.status.success() { Ok(output.stdout.len() as u64) } else { Err(format!("gzip of {}: {}", file.display(), output.status)) }
}

fn report(sizes: &[(&Module, u64)]) -> Result<()> {
    println!("{:<16} {:>10} {:>10}", "module", "gzip bytes", "at most");
    for (module, size) in sizes {
        println!("{:<16} {size:>10} {:>10}", module.name, module.bound);
    }
    let beyond: Vec<&str> = sizes.iter().filter(|(module, size)| *size > module.bound).map(|(module, _)| module.name).collect();
    if beyond.is_empty() { Ok(()) } else { Err(format!("larger than it may be: {}", beyond.join(", "))) }
}

/// Makes a folder that is empty.
fn renew(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    make(folder)
}

fn make(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))
}

/// Copies everything below a folder.
fn copy_files(from: &Path, to: &Path) -> Result<()> {
    let failed = |e: std::io::Error| format!("{}: {e}", from.display());
    for entry in fs::read_dir(from).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            make(&to)?;
            copy_files(&from, &to)?;
        } else {
            copy(&from, &to)?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).map(drop).map_err(|e| format!("{}: {e}", from.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_above_its_bound_is_named() {
        let small = Module { name: "small", features: "", bound: 10 };
        let large = Module { name: "large", features: "", bound: 10 };
        assert!(report(&[(&small, 10)]).is_ok());
        assert_eq!(report(&[(&small, 10), (&large, 11)]), Err("larger than it may be: large".to_owned()));
    }
}
