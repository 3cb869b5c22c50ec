"""Servers that tests run against."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit


@contextmanager
def emulator(name: str) -> Iterator[str]:
    """Runs the emulator of a service."""
    program = Path(os.environ["PROGRAMS"]) / f"{name}-emulator"
    repositories = ["ann/notes"] if name == "github" else []
    child = subprocess.Popen([program, *repositories], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdin and child.stdout
    try:
        yield child.stdout.readline().strip()
    finally:
        child.stdin.close()
        child.wait()
        child.stdout.close()


@contextmanager
def webdav(root: Path) -> Iterator[str]:
    """Runs WsgiDAV on a folder."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    options = ["--host", "127.0.0.1", "--port", str(port), "--root", root, "--auth", "anonymous", "--server", "cheroot", "-q"]
    child = subprocess.Popen([os.environ["WSGIDAV"], *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        child.terminate()
        child.wait()


@contextmanager
def s3() -> Iterator[str]:
    """Runs moto, a store for tests that speaks like Amazon S3, with the bucket `notes`."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    program = Path(os.environ["WSGIDAV"]).with_name("moto_server")
    child = subprocess.Popen([program, "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        address = f"http://127.0.0.1:{port}"
        urllib.request.urlopen(urllib.request.Request(f"{address}/notes", method="PUT")).read()
        yield address
    finally:
        child.terminate()
        child.wait()


def wait_for(port: int) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the server does not answer")


# What a WebDAV server says of an empty folder (RFC 4918, 9.1).
FOLDER = b"""<?xml version="1.0"?>
<d:multistatus xmlns:d="DAV:"><d:response><d:href>/notes/</d:href><d:propstat>
<d:prop><d:resourcetype><d:collection/></d:resourcetype></d:prop><d:status>HTTP/1.1 200 OK</d:status>
</d:propstat></d:response></d:multistatus>"""


class SignInService:
    """The sign-in of a service (RFC 6749, RFC 7636), and a folder that opens to its tokens."""

    def __init__(self) -> None:
        self.access, self.refresh = "access-1", "refresh-1"
        self.refreshed, self.revoked, self.challenge = 0, False, ""
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler(self))
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def code_for(self, url: str) -> str:
        """What the person is shown who signs in at that address."""
        self.challenge = parse_qs(urlsplit(url).query)["code_challenge"][0]
        return "the-code"

    def send_the_browser_back(self, url: str) -> None:
        asked = parse_qs(urlsplit(url).query)
        answer = urlencode({"code": self.code_for(url), "state": asked["state"][0]})
        urllib.request.urlopen(f"{asked['redirect_uri'][0]}?{answer}").read()

    def tokens(self, form: dict[str, list[str]]) -> dict[str, object] | None:
        if form["grant_type"] == ["refresh_token"]:
            if self.revoked or form["refresh_token"] != [self.refresh]:
                return None
            self.refreshed += 1
        else:
            digest = hashlib.sha256(form["code_verifier"][0].encode()).digest()
            if form["code"] != ["the-code"] or base64.urlsafe_b64encode(digest).decode().rstrip("=") != self.challenge:
                return None
        return {"access_token": self.access, "refresh_token": self.refresh, "token_type": "bearer", "expires_in": 3600}

    def answer(self, method: str, path: str, authorization: str | None, body: bytes) -> tuple[int, object]:
        if path.endswith("/token"):
            given = self.tokens(parse_qs(body.decode()))
            return (200, given) if given else (400, {"error": "invalid_grant"})
        if self.revoked or authorization != f"Bearer {self.access}":
            return 401, {}
        if path.endswith("/revoke"):
            self.revoked = True
            return 200, {}
        return (207, FOLDER) if method == "PROPFIND" else (201, {})


def handler(service: SignInService) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            status, given = service.answer(self.command, urlsplit(self.path).path, self.headers["authorization"], body)
            answer = given if isinstance(given, bytes) else json.dumps(given).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_MKCOL = do_PROPFIND = do_PUT = do_HEAD = serve

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
