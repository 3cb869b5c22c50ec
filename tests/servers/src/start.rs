//! How each server is started.

use crate::Kind;
use std::{
    fs,
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// How long a server may take to answer: SeaweedFS starts four services, and the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(120);

/// A server that runs until this is dropped, or the process ends.
#[derive(Debug)]
pub struct Server {
    port: u16,
    is_sealed: bool,
    home: TempDir,
    guard: Child,
    /// The guard ends the server when this is closed: by us, or by the system when this process dies.
    _lifeline: Option<ChildStdin>,
}

impl Server {
    /// Starts one with an empty folder.
    ///
    /// # Panics
    /// If it is not installed, or does not answer within two minutes.
    pub fn start(kind: Kind) -> Self {
        Self::start_with(kind, &[])
    }

    /// Starts `rclone`, which lets in only who knows the password.
    ///
    /// # Panics
    /// As [`Server::start`].
    pub fn signing_in(user: &str, password: &str) -> Self {
        Self::start_with(Kind::Rclone, &["--user", user, "--pass", password])
    }

    /// Starts `rclone` with TLS, and a certificate that it has given itself.
    ///
    /// # Panics
    /// As [`Server::start`].
    pub fn with_own_certificate() -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let (key, certificate) = (home.path().join("key.pem"), home.path().join("certificate.pem"));
        let mut make = Command::new("openssl");
        make.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=own"]);
        make.args(["-addext", "subjectAltName=IP:127.0.0.1"]).arg("-keyout").arg(&key).arg("-out").arg(&certificate);
        assert!(make.stderr(Stdio::null()).status().unwrap().success(), "openssl makes no certificate");
        let (key, certificate) = (key.to_string_lossy(), certificate.to_string_lossy());
        let mut server = Self::start_with(Kind::Rclone, &["--key", &key, "--cert", &certificate]);
        server.is_sealed = true;
        server
    }

    fn start_with(kind: Kind, options: &[&str]) -> Self {
        Self::launch(&format!("{kind:?}"), |home, port| match kind {
            Kind::WsgiDav => wsgidav(home, port),
            Kind::Apache => apache(home, port),
            Kind::Nginx => nginx(home, port),
            Kind::Rclone => rclone(home, port, options),
        })
    }

    /// Starts what `command` makes for a folder of its own and a port.
    pub(crate) fn launch(name: &str, command: impl FnOnce(&Path, u16) -> Vec<String>) -> Self {
        let home = tempfile::Builder::new().prefix("kitestring-server-").tempdir().unwrap();
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for folder in ["files", "own"] {
            fs::create_dir(home.path().join(folder)).unwrap();
        }
        let port = free_port();
        let command = command(home.path(), port);
        if is_root() {
            // Apache does not serve as root.
            let given = Command::new("chown").args(["-R", "www-data"]).arg(home.path()).status();
            assert!(given.unwrap().success(), "the server's folder cannot be given to www-data");
        }
        let mut server = Self::guarded(&command, home, port);
        server.wait_until_it_answers(name);
        server
    }

    /// Runs it beside a shell that waits for the end of its own input.
    fn guarded(command: &[String], home: TempDir, port: u16) -> Self {
        let log = fs::File::create(home.path().join("own/log")).unwrap();
        let script = "\"$@\" </dev/null & server=$!; cat >/dev/null; kill $server; wait $server";
        let mut guard = Command::new("sh");
        guard.args(["-c", script, "guard"]).args(command).stdin(Stdio::piped());
        let mut guard = guard.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        let lifeline = guard.stdin.take();
        Self { port, is_sealed: false, home, guard, _lifeline: lifeline }
    }

    fn wait_until_it_answers(&mut self, name: &str) {
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let log = || fs::read_to_string(self.home.path().join("own/log")).unwrap_or_default();
            assert!(begun.elapsed() < PATIENCE, "{name} does not answer; tests/servers/test.sh installs it: {}", log());
            sleep(Duration::from_millis(20));
        }
    }

    /// Returns where on the disk a folder of it is, by the folder's address.
    pub fn place(&self, address: &str) -> PathBuf {
        self.home.path().join("files").join(address.strip_prefix(&self.address()).unwrap_or_default())
    }

    /// Returns its address, with a slash at the end.
    pub fn address(&self) -> String {
        format!("{}://127.0.0.1:{}/", if self.is_sealed { "https" } else { "http" }, self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self._lifeline = None;
        let _ = self.guard.wait();
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n")
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub(crate) fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

pub(crate) fn target() -> PathBuf {
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(own, PathBuf::from)
}

fn wsgidav(home: &Path, port: u16) -> Vec<String> {
    let config = home.join("own/wsgidav.yaml");
    let text = format!(
        "host: 127.0.0.1\nport: {port}\nprovider_mapping: {{\"/\": {:?}}}\nhttp_authenticator: {{domain_controller: null}}\n\
         simple_dc: {{user_mapping: {{\"*\": true}}}}\nserver: cheroot\nserver_args: {{numthreads: 64}}\nverbose: 1\n",
        home.join("files")
    );
    fs::write(&config, text).unwrap();
    let program = target().join("servers/bin/wsgidav");
    words([&program.to_string_lossy(), "--config", &config.to_string_lossy()])
}

fn rclone(home: &Path, port: u16, options: &[&str]) -> Vec<String> {
    let address = format!("127.0.0.1:{port}");
    let files = home.join("files");
    let config = home.join("own/rclone.conf");
    let mut command =
        words(["rclone", "--config", &config.to_string_lossy(), "serve", "webdav", "--addr", &address, &files.to_string_lossy()]);
    command.extend(options.iter().map(|option| (*option).to_owned()));
    command
}

fn apache(home: &Path, port: u16) -> Vec<String> {
    let (own, files) = (home.join("own"), home.join("files"));
    let modules = ["mpm_event", "authz_core", "dav", "dav_fs"]
        .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"));
    let user = if is_root() { "User www-data\nGroup www-data\n" } else { "" };
    let text = format!(
        "ServerRoot {own:?}\nPidFile pid\nListen 127.0.0.1:{port}\nServerName localhost\n{}{user}DocumentRoot {files:?}\n\
         DavLockDB {own:?}/locks\nErrorLog error.log\n<Directory />\nRequire all granted\nDav On\n</Directory>\n",
        modules.concat()
    );
    let text = text.replace("\"/locks", "/locks\"");
    let config = own.join("apache.conf");
    fs::write(&config, text).unwrap();
    words(["/usr/sbin/apache2", "-f", &config.to_string_lossy(), "-D", "FOREGROUND"])
}

fn nginx(home: &Path, port: u16) -> Vec<String> {
    let (own, files) = (home.join("own"), home.join("files"));
    let own = own.to_string_lossy();
    let user = if is_root() { "user www-data;" } else { "" };
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|name| format!("{name}_temp_path {own}/{name};\n"));
    let text = format!(
        "load_module /usr/lib/nginx/modules/ngx_http_dav_ext_module.so;\n{user}\ndaemon off;\nworker_processes 2;\npid {own}/pid;\n\
         error_log {own}/error.log;\nevents {{ worker_connections 256; }}\nhttp {{\naccess_log off;\n{}client_max_body_size 200m;\n\
         server {{ listen 127.0.0.1:{port}; root {}; location / {{\n\
         dav_methods PUT DELETE MKCOL COPY MOVE; dav_ext_methods PROPFIND OPTIONS; dav_access user:rw;\n}} }} }}\n",
        temporary.concat(),
        files.to_string_lossy()
    );
    let config = format!("{own}/nginx.conf");
    fs::write(&config, text).unwrap();
    words(["/usr/sbin/nginx", "-e", "stderr", "-c", &config])
}
