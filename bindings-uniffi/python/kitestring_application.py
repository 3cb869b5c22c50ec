"""The base class of a host: the answers that most hosts give, so that three methods are enough."""

from __future__ import annotations

from kitestring import Application, Change, PartRequest, StagedPart


class BaseApplication(Application):
    """A host implements `get`, `apply` and `entries`; the other questions are answered here."""

    async def missing(self, ids: list[str]) -> list[str] | None:
        """Leaves it to the core to find out with `get`."""
        return None

    async def uncommitted(self, after: str | None, limit: int) -> list[Change]:
        """Says that there is no `changeCommitted` flag."""
        return []

    async def committed(self, changes: list[Change]) -> None:
        """Does nothing, for want of a `changeCommitted` flag."""

    def whole_body_bytes(self) -> int | None:
        """Takes and gives every body whole."""
        return None

    async def read_part(self, part: PartRequest) -> bytes | None:
        """Refuses: with `whole_body_bytes`, a host implements this."""
        raise NotImplementedError("a host that answers Body.PARTS needs read_part")

    async def stage_part(self, part: StagedPart) -> None:
        """Refuses: with `whole_body_bytes`, a host implements this."""
        raise NotImplementedError("a host with whole_body_bytes needs stage_part")
