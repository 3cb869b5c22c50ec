"""Every error is that of spec/errors.md, in both directions."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from conftest import ROOT, Device, raises
from kitestring import Drive, ErrorInfo, KiteError
from ports import Files

CODES = re.findall(r"^\| `(\w+)` \|", (ROOT / "spec/errors.md").read_text(), re.MULTILINE)


def kind(code: str) -> type[BaseException]:
    found: type[BaseException] = getattr(KiteError, "".join(word.capitalize() for word in code.split("_")))
    return found


def test_every_code_of_the_table_is_a_class_and_there_is_no_other():
    assert len(CODES) == 21
    classes = {name for name, found in vars(KiteError).items() if isinstance(found, type) and not name.startswith("_")}
    assert classes == {kind(code).__name__ for code in CODES}
    assert all(issubclass(kind(code), KiteError) for code in CODES)


@pytest.mark.parametrize("code", CODES)
async def test_an_error_of_a_port_comes_back_as_it_was(code):
    extras = {
        "locked": {"owner": "phone", "until_ms": 7},
        "mass_delete": {"deletes": 21, "of": 40},
        "moved": {"to": "dropbox:/notes"},
        "rollback": {"remembered": 9, "found": 3},
        "host_older": {"reverted": 30, "changed": 31},
    }.get(code, {})
    info = ErrorInfo(code=code, operation="get", detail="a sentence", subject="a file", retry_after=timedelta(seconds=3), **extras)

    class Failing(Files):
        async def get(self, path, options):
            raise kind(code)(info)

    with raises(code) as raised:
        await (await Device(Drive.custom(Failing())).open()).sync()
    assert raised.value.info == info
    assert "a sentence" in str(raised.value) and code in str(raised.value)
