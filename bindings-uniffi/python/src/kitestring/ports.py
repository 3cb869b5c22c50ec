"""The base classes of what a host implements, with the answers that most hosts give."""

from __future__ import annotations

from . import _native
from ._native import Change, PartRequest, PutAnswer, PutFile, StagedPart


class Application(_native.Application):
    """A host implements `get`, `apply` and `entries`; the other questions are answered here. Every method is `async`, but
    `whole_body_bytes`."""

    async def missing(self, ids: list[str]) -> list[str] | None:
        """Says which of these do not exist. Leaves it to the core to find out with `get`."""
        return None

    async def uncommitted(self, after: str | None, limit: int) -> list[Change]:
        """Lists the changes whose `change_committed` flag is not set. Says that there is no such flag."""
        return []

    async def committed(self, changes: list[Change]) -> None:
        """Sets the `change_committed` flag of each document whose revision is still the one named. Does nothing."""

    def whole_body_bytes(self) -> int | None:
        """Says which is the largest body that is passed whole. Takes and gives every body whole."""
        return None

    async def read_part(self, part: PartRequest) -> bytes | None:
        """Reads a part of a body; none if the document's revision is no longer this one. With `whole_body_bytes`, a host
        implements this."""
        raise NotImplementedError("a host that answers Body.PARTS needs read_part")

    async def stage_part(self, part: StagedPart) -> None:
        """Takes a part of a body that a later `apply` names. With `whole_body_bytes`, a host implements this."""
        raise NotImplementedError("a host with whole_body_bytes needs stage_part")


class DrivePort(_native.DrivePort):
    """A host's own drive implements `capabilities`, `get`, `put`, `delete` and `list_dir`."""

    async def put_many(self, files: list[PutFile]) -> list[PutAnswer] | None:
        """Writes several files. Has them put one by one."""
        return None
