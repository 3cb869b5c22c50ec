//! `kite connect`.

use super::DONE;
use crate::{
    args::{Connect, ConnectTo, GitHubRepository, S3Bucket, SignInOptions, WebDavServer},
    connections::{AccessKeys, AccessToken, Cloud, Login},
    github::{self, Repository},
    output::{COMMAND, FAINT, GOOD, json, line, note, quote::shown, styled},
    s3::{self, Bucket},
    sealed::is_somebody_here,
    webdav::Address,
};
use async_io::block_on;
use blocking::unblock;
use futures::future::{Either, pending, select};
use kitestring::{Error, ErrorKind, Result};
use kitestring_adapters::{
    NativeRuntime,
    http::Secret,
    oauth::{Endpoint, Loopback, Provider, Redirect, SignIn, TokenStore as _},
};
use serde_json::{Value, json};
use std::{
    env,
    io::{self, Write as _},
    pin::pin,
};
use zeroize::Zeroizing;

/// Signs in, or lists where somebody is signed in.
pub(super) fn run(args: &Connect) -> Result<u8> {
    match &args.to {
        None => list(args.json)?,
        Some(ConnectTo::Dropbox(options)) => cloud(Cloud::Dropbox, &Cloud::Dropbox.endpoint()?, options, args.json)?,
        Some(ConnectTo::Gdrive(options)) => cloud(Cloud::Gdrive, &Cloud::Gdrive.endpoint()?, options, args.json)?,
        Some(ConnectTo::Onedrive(options)) => {
            let provider = if options.all_files { Provider::onedrive_files() } else { Provider::onedrive() };
            cloud(Cloud::Onedrive, &Cloud::Onedrive.endpoint_of(provider)?, &options.sign_in, args.json)?;
        }
        Some(ConnectTo::Webdav(server)) => webdav(server, args.json)?,
        Some(ConnectTo::S3(bucket)) => s3(bucket, args.json)?,
        Some(ConnectTo::Github(repository)) => github(repository, args.json)?,
    }
    Ok(DONE)
}

fn cloud(cloud: Cloud, endpoint: &Endpoint, options: &SignInOptions, json: bool) -> Result<()> {
    let file = cloud.file()?;
    // What cannot be read is replaced.
    let before = block_on(file.load()).ok().flatten();
    let app = cloud.app(options.app.as_deref(), before.as_ref())?;
    let way_back = endpoint.provider().redirect;
    let loopback = match (way_back, options.port) {
        (Redirect::ShownCode, None) => None,
        (_, port) => Some(Loopback::open(port.unwrap_or_default())?),
    };
    let redirect = loopback.as_ref().map(|loopback| loopback.redirect_as(way_back));
    let sign_in = SignIn::begin(endpoint, app, redirect.as_deref(), &NativeRuntime::new())?;
    note(format_args!("Sign in to {} here:\n{}", cloud.service(), styled(COMMAND, sign_in.url())));
    if !options.no_browser {
        open_browser(sign_in.url().as_str());
    }
    let grant = block_on(async {
        let code = code(&sign_in, loopback.as_ref()).await?;
        let grant = sign_in.finish(endpoint, code).await?;
        let _turn = file.turn().await?;
        file.forget().await?;
        file.replace(None, Some(grant.clone())).await.map(|_| grant)
    })?;
    if json {
        json::print(&json!({ "connected": described(cloud, &grant.app.id) }));
    } else {
        line(format_args!("{} to {}", styled(GOOD, "Signed in"), cloud.service()));
    }
    Ok(())
}

/// Opens the address where there is a screen. It may fail: the address is shown too.
fn open_browser(url: &str) {
    let has_screen = cfg!(target_os = "macos") || ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| env::var_os(name).is_some());
    if has_screen {
        let _ = open::that_detached(url);
    }
}

/// Waits until the browser comes back, or until the code is pasted.
async fn code(sign_in: &SignIn, loopback: Option<&Loopback>) -> Result<Secret> {
    if is_somebody_here() {
        let what = if loopback.is_some() { "the address of the last page, if the browser cannot show it" } else { "the code" };
        let _ = write!(io::stderr(), "Then paste {what}: ");
    }
    let pasted = async {
        let typed = unblock(|| {
            let mut typed = String::new();
            io::stdin().read_line(&mut typed).map(|_| typed)
        });
        match typed.await {
            Ok(typed) if !typed.trim().is_empty() => sign_in.pasted(&typed),
            _ if loopback.is_some() => pending().await,
            _ => Err(Error::new(ErrorKind::InvalidInput, "sign-in", "nothing was pasted; nothing was changed")),
        }
    };
    let Some(loopback) = loopback else { return pasted.await };
    match select(pin!(loopback.code(sign_in)), pin!(pasted)).await {
        Either::Left((code, _)) | Either::Right((code, _)) => code,
    }
}

fn webdav(server: &WebDavServer, json: bool) -> Result<()> {
    let address = Address::parse_typed(&server.address)?;
    let login = match Login::given()? {
        Some(login) => login,
        None => ask(&address)?,
    };
    address.check(&login)?;
    let server = address.server()?;
    login.keep(&server)?;
    if json {
        json::print(&json!({ "connected": described_server(&server, Some(&login.user)) }));
    } else {
        line(format_args!("{} to {server} as {}", styled(GOOD, "Signed in"), shown(&login.user)));
    }
    Ok(())
}

fn ask(address: &Address) -> Result<Login> {
    let failed = |e: io::Error| Error::new(ErrorKind::InvalidInput, "sign-in", format!("nothing was typed: {e}"));
    if !is_somebody_here() {
        let detail = format!("nobody is here to ask: set {}", crate::webdav::how_to_sign_in());
        return Err(Error::new(ErrorKind::InvalidInput, "sign-in", detail));
    }
    let _ = write!(io::stderr(), "User at {}: ", address.server()?);
    let mut user = String::new();
    io::stdin().read_line(&mut user).map_err(failed)?;
    let password = rpassword::prompt_password("Password: ").map_err(failed)?;
    Ok(Login { user: user.trim().to_owned(), password: Secret::new(password) })
}

fn s3(bucket: &S3Bucket, json: bool) -> Result<()> {
    let bucket = Bucket::parse_typed(&bucket.address)?;
    let keys = match AccessKeys::given()? {
        Some(keys) => keys,
        None => ask_for_keys(&bucket.store())?,
    };
    bucket.check(&keys)?;
    let store = bucket.store();
    keys.keep(&store)?;
    if json {
        json::print(&json!({ "connected": described_store(&store, Some(keys.key())) }));
    } else {
        line(format_args!("{} to {store} as {}", styled(GOOD, "Signed in"), shown(keys.key())));
    }
    Ok(())
}

fn ask_for_keys(store: &str) -> Result<AccessKeys> {
    let failed = |e: io::Error| Error::new(ErrorKind::InvalidInput, "sign-in", format!("nothing was typed: {e}"));
    if !is_somebody_here() {
        let detail = format!("nobody is here to ask: set {}", s3::how_to_sign_in());
        return Err(Error::new(ErrorKind::InvalidInput, "sign-in", detail));
    }
    let _ = write!(io::stderr(), "Access key for {store}: ");
    let mut key = String::new();
    io::stdin().read_line(&mut key).map_err(failed)?;
    Ok(AccessKeys::typed(&key, rpassword::prompt_password("Secret access key: ").map_err(failed)?))
}

fn github(repository: &GitHubRepository, json: bool) -> Result<()> {
    let repository = Repository::parse_typed(&repository.address)?;
    let name = repository.name();
    let token = match AccessToken::given()? {
        Some(token) => token,
        None => ask_for_token(&name)?,
    };
    repository.check(&token)?;
    token.keep(&name)?;
    if json {
        json::print(&json!({ "connected": described_repository(&name) }));
    } else {
        line(format_args!("{} to {name} at GitHub", styled(GOOD, "Signed in")));
    }
    Ok(())
}

/// Asks for a token, or reads it from the input where nobody is.
fn ask_for_token(repository: &str) -> Result<AccessToken> {
    let failed = |e: io::Error| Error::new(ErrorKind::InvalidInput, "sign-in", format!("nothing was typed: {e}"));
    let typed = if is_somebody_here() {
        Zeroizing::new(rpassword::prompt_password(format!("Token for {repository}: ")).map_err(failed)?)
    } else {
        let mut typed = Zeroizing::new(String::new());
        io::stdin().read_line(&mut typed).map_err(failed)?;
        typed
    };
    let none = || {
        let detail = format!("no token was given: type it, send it to the input, or set {}", github::how_to_sign_in());
        Error::new(ErrorKind::InvalidInput, "sign-in", detail)
    };
    AccessToken::typed(&typed).ok_or_else(none)
}

fn list(json: bool) -> Result<()> {
    let mut connections = Vec::new();
    for cloud in Cloud::ALL {
        match block_on(cloud.file()?.load()) {
            Ok(None) => {}
            Ok(Some(grant)) => {
                connections.push((described(cloud, &grant.app.id), format!("{}, as the app {}", cloud.service(), grant.app.id)))
            }
            Err(e) => connections.push((json!({ "service": cloud.name(), "error": json::warning(&e) }), e.detail().to_owned())),
        }
    }
    for server in Login::servers()? {
        match Login::kept(&server) {
            Ok(None) => {}
            Ok(Some(login)) => connections.push((described_server(&server, Some(&login.user)), format!("{server}, as {}", login.user))),
            Err(e) => {
                let mut described = described_server(&server, None);
                json::add(&mut described, "error", json::warning(&e));
                connections.push((described, format!("{server}: {}", e.detail())));
            }
        }
    }
    for store in AccessKeys::stores()? {
        match AccessKeys::kept(&store) {
            Ok(None) => {}
            Ok(Some(keys)) => connections.push((described_store(&store, Some(keys.key())), format!("{store}, as {}", keys.key()))),
            Err(e) => {
                let mut described = described_store(&store, None);
                json::add(&mut described, "error", json::warning(&e));
                connections.push((described, format!("{store}: {}", e.detail())));
            }
        }
    }
    for name in AccessToken::repositories()? {
        match AccessToken::kept(&name) {
            Ok(None) => {}
            Ok(Some(_)) => connections.push((described_repository(&name), name)),
            Err(e) => {
                let mut described = described_repository(&name);
                json::add(&mut described, "error", json::warning(&e));
                connections.push((described, format!("{name}: {}", e.detail())));
            }
        }
    }
    if json {
        json::print(&json!({ "connections": connections.into_iter().map(|(described, _)| described).collect::<Value>() }));
        return Ok(());
    }
    for (described, text) in &connections {
        line(format_args!("{:<8} {}", described["service"].as_str().unwrap_or_default(), shown(text)));
    }
    if connections.is_empty() {
        line(styled(FAINT, "Signed in nowhere"));
    }
    Ok(())
}

fn described(cloud: Cloud, app: &str) -> Value {
    json!({ "service": cloud.name(), "app": app })
}

fn described_server(server: &str, user: Option<&str>) -> Value {
    json!({ "service": "webdav", "server": server, "user": user })
}

fn described_store(store: &str, key: Option<&str>) -> Value {
    json!({ "service": "s3", "store": store, "key": key })
}

fn described_repository(name: &str) -> Value {
    json!({ "service": "github", "repository": name })
}
