"""In which event loop a callback runs: in that of the call it belongs to. What the library asks for by itself, such as the store
of a sign-in while tokens are renewed, runs in the loop that called the library last."""

from __future__ import annotations

import asyncio

from . import _native

_last: asyncio.AbstractEventLoop | None = None


def loop_for_callbacks() -> asyncio.AbstractEventLoop:
    global _last
    try:
        _last = asyncio.get_running_loop()
    except RuntimeError:
        if _last is None or _last.is_closed():
            raise
    return _last


def install() -> None:
    setattr(_native, "_uniffi_get_event_loop", loop_for_callbacks)
