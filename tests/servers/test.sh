#!/bin/sh
# Installs WebDAV servers and S3 stores, and runs the tests that need them.
set -eu
cd "$(dirname "$0")/../.."
environment=${CARGO_TARGET_DIR:-$PWD/target}/servers

is_there() {
  [ -x /usr/sbin/apache2 ] && [ -x /usr/sbin/nginx ] && [ -f /usr/lib/nginx/modules/ngx_http_dav_ext_module.so ] &&
    command -v rclone >/dev/null && command -v openssl >/dev/null && python3 -c 'import ensurepip, venv' 2>/dev/null
}
if ! is_there; then
  packages="apache2-bin nginx libnginx-mod-http-dav-ext rclone openssl python3-venv"
  [ "$(id -u)" = 0 ] || { echo "servers are missing: install $packages, then run this again" >&2; exit 1; }
  # No package is to start a server of its own.
  apt-get update -q && RUNLEVEL=1 apt-get install -qy --no-install-recommends $packages
fi
[ -x "$environment/bin/pip" ] || python3 -m venv "$environment"
"$environment/bin/pip" install --quiet --disable-pip-version-check --prefer-binary --requirement tests/servers/requirements.txt

cargo test --locked --workspace --test conformance --test claims --test faults --test tls -- --nocapture
cargo test --locked --workspace --test s3_conformance --test s3_faults --test s3_store -- --nocapture
cargo test --locked --workspace --test webdav --test s3 -- --nocapture --test-threads=4
cargo build --quiet --locked --workspace --bin kitestring-crowd
"${CARGO_TARGET_DIR:-target}/debug/kitestring-crowd" 2000 6
