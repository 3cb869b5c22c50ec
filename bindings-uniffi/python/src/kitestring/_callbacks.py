"""Answers each call of a method of the host exactly once, also one that is cancelled, even before it has begun.

The generated code does not answer then: what Rust keeps for the answer, and the arguments, stay for ever.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

from . import _native

_Fail = Callable[[int, Any], None]


class _Call:
    """A call on its way. Rust may drop it at any time, in any thread."""

    def __init__(self, succeed: Callable[[Any], None], fail: _Fail, errors: type[Exception], lower: Callable[[Any], Any]) -> None:
        self._succeed, self._fail, self._errors, self._lower = succeed, fail, errors, lower
        self._loop: asyncio.AbstractEventLoop = getattr(_native, "_uniffi_get_event_loop")()
        self._task: asyncio.Future[Any] | None = None
        self._is_dropped = False

    def schedule(self, make: Callable[[], Awaitable[Any]]) -> None:
        self._loop.call_soon_threadsafe(self._begin, make)

    def drop(self) -> None:
        self._is_dropped = True
        # A loop that is closed runs nothing any more.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._cancel)

    def _begin(self, make: Callable[[], Awaitable[Any]]) -> None:
        try:
            # This takes the arguments out of their buffers, whether or not the host gets to see them.
            self._task = asyncio.ensure_future(make())
        except Exception as error:
            self._say(error)
        else:
            self._task.add_done_callback(self._answer)
            if self._is_dropped:
                self._cancel()

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _answer(self, task: asyncio.Future[Any]) -> None:
        error: BaseException | None = asyncio.CancelledError() if task.cancelled() else task.exception()
        if error is None and not self._is_dropped:
            try:
                return self._succeed(task.result())
            except Exception as wrong:
                error = wrong
        self._say(error)

    def _say(self, error: BaseException | None) -> None:
        status = getattr(_native, "_UniffiRustCallStatus")
        if self._is_dropped:
            # Nobody would free a buffer that comes too late.
            self._fail(status.CALL_UNEXPECTED_ERROR, getattr(_native, "_UniffiRustBuffer").default())
        elif isinstance(error, self._errors):
            self._fail(status.CALL_ERROR, self._lower(error))
        else:
            if isinstance(error, Exception):
                traceback.print_exception(error, file=sys.stderr)
            self._fail(status.CALL_UNEXPECTED_ERROR, getattr(_native, "_UniffiFfiConverterString").lower(repr(error)))


def install() -> None:
    under_way = getattr(_native, "_UNIFFI_FOREIGN_FUTURE_HANDLE_MAP")
    dropped_struct = getattr(_native, "_UniffiForeignFutureDroppedCallbackStruct")

    def drop(handle: int) -> None:
        under_way.remove(handle).drop()

    dropped = getattr(_native, "_UNIFFI_FOREIGN_FUTURE_DROPPED_CALLBACK")(drop)

    def call(
        make: Callable[[], Awaitable[Any]],
        out_dropped: Any,
        succeed: Callable[[Any], None],
        fail: _Fail,
        errors: type[Exception],
        lower: Callable[[Any], Any],
    ) -> None:
        one = _Call(succeed, fail, errors, lower)
        one.schedule(make)
        out_dropped[0] = dropped_struct(under_way.insert(one), dropped)

    # Every method of a port that waits is generated so.
    getattr(_native, "_uniffi_trait_interface_call_async_with_error")
    setattr(_native, "_uniffi_trait_interface_call_async_with_error", call)
