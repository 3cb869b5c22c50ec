"""Ports in Python: a drive whose files are a dictionary, a state, an HTTP client."""

from __future__ import annotations

import asyncio
import http.client
from urllib.parse import urlsplit

from kitestring import (
    Capabilities,
    Condition,
    DirEntry,
    DrivePort,
    ErrorInfo,
    GetOptions,
    Got,
    Http,
    HttpRequest,
    HttpResponse,
    KiteError,
    Listing,
    StatePort,
    StateRecord,
)


class Files(DrivePort):
    """A drive without conditions, unless it claims them. Every request lets others run."""

    def __init__(self, claims: Capabilities | None = None) -> None:
        self.claims = claims or Capabilities()
        self.files: dict[str, tuple[int, bytes]] = {}
        self.written = 0

    def capabilities(self) -> Capabilities:
        return self.claims

    async def get(self, path: str, options: GetOptions) -> Got:
        await asyncio.sleep(0)
        if path not in self.files:
            return Got.MISSING()
        version, content = self.files[path]
        if options.unless == str(version):
            return Got.UNCHANGED()
        part = content[options.range.start : options.range.end] if options.range else content
        return Got.FILE(bytes=part, version=str(version))

    async def put(self, path: str, bytes: bytes, condition: Condition) -> str:
        await asyncio.sleep(0)
        self.check(path, condition)
        self.written += 1
        self.files[path] = (self.written, bytes)
        return str(self.written)

    async def delete(self, path: str, condition: Condition) -> None:
        self.check(path, condition)
        self.files.pop(path, None)

    def check(self, path: str, condition: Condition) -> None:
        found = str(self.files[path][0]) if path in self.files else None
        refused = self.claims.create and isinstance(condition, Condition.ABSENT) and found is not None
        if refused or self.claims.replace and isinstance(condition, Condition.MATCHES) and found != condition.version:
            raise KiteError.Condition(ErrorInfo(code="condition", operation="put", detail="it is another one now", subject=path))

    async def list_dir(self, dir: str, cursor: str | None) -> Listing:
        start = f"{dir}/" if dir else ""
        below = [path[len(start) :] for path in self.files if path.startswith(start)]
        names = sorted({name.split("/")[0]: "/" in name for name in below}.items())
        return Listing(entries=[DirEntry(name=name, is_dir=is_dir) for name, is_dir in names])


class Records(StatePort):
    """A state in a dictionary."""

    def __init__(self) -> None:
        self.records: dict[str, bytes] = {}

    async def read(self, keys: list[str]) -> list[bytes | None]:
        return [self.records.get(key) for key in keys]

    async def scan(self, prefix: str, after: str | None, limit: int) -> list[StateRecord]:
        keys = sorted(key for key in self.records if key.startswith(prefix) and (after is None or key > after))
        return [StateRecord(key=key, value=self.records[key]) for key in keys[:limit]]

    async def write(self, batch: list[StateRecord]) -> None:
        for record in batch:
            if record.value is None:
                self.records.pop(record.key, None)
            else:
                self.records[record.key] = record.value


class Requests(Http):
    """Sends requests by the standard library."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    async def send(self, request: HttpRequest) -> HttpResponse:
        self.sent.append(request.method())
        return await asyncio.to_thread(self.exchange, request)

    def exchange(self, request: HttpRequest) -> HttpResponse:
        url = urlsplit(request.url())
        connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=20)
        try:
            target = url.path + (f"?{url.query}" if url.query else "")
            connection.request(request.method(), target, request.body() or None, request.headers())
            answer = connection.getresponse()
            return HttpResponse(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()
