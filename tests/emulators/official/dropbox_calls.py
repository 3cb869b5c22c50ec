"""Puts the emulator of Dropbox through the official client for Python, which checks the shape of every answer."""

import sys
import threading
import time

import dropbox
import requests
from dropbox import files
from dropbox.exceptions import ApiError, AuthError, BadInputError, RateLimitError

ADDRESS = sys.argv[1].rstrip("/")


class ToEmulator(requests.adapters.HTTPAdapter):
    """Sends what is meant for Dropbox to the emulator."""

    def send(self, request, **options):
        host = request.url.split("/")[2]
        assert host in ("api.dropboxapi.com", "content.dropboxapi.com", "notify.dropboxapi.com"), host
        request.url = ADDRESS + request.url[len("https://" + host):]
        return super().send(request, **options)


def client(token):
    session = requests.Session()
    session.mount("https://", ToEmulator())
    return dropbox.Dropbox(token, session=session, max_retries_on_error=0, max_retries_on_rate_limit=0)


def raises(kind, call):
    try:
        answer = call()
    except kind as error:
        return error
    raise AssertionError(f"{answer} instead of {kind}")


ADD = files.WriteMode.add
OVERWRITE = files.WriteMode.overwrite


def write_conflict(call):
    error = raises(ApiError, call).error
    assert error.is_path() and error.get_path().reason.is_conflict(), error
    return error.get_path().reason.get_conflict()


def conditions(dbx):
    first = dbx.files_upload(b"one", "/c/File", mode=ADD, strict_conflict=True)
    assert (first.name, first.size, first.path_lower) == ("File", 3, "/c/file")
    assert write_conflict(lambda: dbx.files_upload(b"two", "/c/File", mode=ADD)).is_file()
    # Identical bytes are a conflict only for who asks for it.
    assert dbx.files_upload(b"one", "/c/File", mode=ADD).rev == first.rev
    assert write_conflict(lambda: dbx.files_upload(b"one", "/c/File", mode=ADD, strict_conflict=True)).is_file()
    assert write_conflict(lambda: dbx.files_upload(b"x", "/c/FILE", mode=ADD, strict_conflict=True)).is_file()
    assert write_conflict(lambda: dbx.files_upload(b"x", "/c", mode=OVERWRITE)).is_folder()
    assert write_conflict(lambda: dbx.files_upload(b"x", "/c/File/below", mode=ADD)).is_file_ancestor()
    assert dbx.files_upload(b"two", "/c/File", mode=ADD, autorename=True).name == "File (1)"
    second = dbx.files_upload(b"two", "/c/File", mode=files.WriteMode.update(first.rev), strict_conflict=True)
    assert second.rev != first.rev
    assert write_conflict(lambda: dbx.files_upload(b"three", "/c/File", mode=files.WriteMode.update(first.rev), strict_conflict=True)).is_file()
    assert dbx.files_upload(b"two", "/c/File", mode=files.WriteMode.update(first.rev)).rev == second.rev
    dbx.files_delete_v2("/c/File")
    assert write_conflict(lambda: dbx.files_upload(b"x", "/c/File", mode=files.WriteMode.update(second.rev), strict_conflict=True)).is_file()
    assert dbx.files_upload(b"x", "/c/File", mode=files.WriteMode.update(second.rev)).size == 1


def names(dbx):
    for name, tag in [("n" * 256, "malformed_path"), ("end ", "malformed_path"), ("desktop.ini", "disallowed_name")]:
        error = raises(ApiError, lambda: dbx.files_upload(b"x", f"/n/{name}")).error
        assert error.get_path().reason._tag == tag, error
    assert dbx.files_upload(b"x", "/n/né 漢😀~").name == "né 漢😀~"
    assert dbx.files_get_metadata("/N/NÉ 漢😀~").name == "né 漢😀~"


def reading(dbx):
    written = dbx.files_upload(bytes(range(100)), "/r/file", mode=OVERWRITE)
    metadata, response = dbx.files_download("/r/FILE")
    assert metadata == written and response.content == bytes(range(100))
    for path in ("rev:" + written.rev, written.id):
        assert dbx.files_download(path)[0].rev == written.rev
    assert dbx.files_download("/r/file", extra_headers={"Range": "bytes=10-19"})[1].content == bytes(range(10, 20))
    assert raises(ApiError, lambda: dbx.files_download("/r/none")).error.get_path().is_not_found()
    assert raises(ApiError, lambda: dbx.files_download("/r")).error.get_path().is_not_file()
    assert dbx.files_get_metadata("/r/file") == written
    assert isinstance(dbx.files_get_metadata("/r"), files.FolderMetadata)
    assert raises(ApiError, lambda: dbx.files_get_metadata("/r/none")).error.get_path().is_not_found()


def deleting(dbx):
    written = dbx.files_upload(b"x", "/d/file")
    newer = dbx.files_upload(b"y", "/d/file", mode=OVERWRITE)
    error = raises(ApiError, lambda: dbx.files_delete_v2("/d/file", parent_rev=written.rev)).error
    assert error.is_path_write() and error.get_path_write().get_conflict().is_file()
    assert dbx.files_delete_v2("/d/FILE", parent_rev=newer.rev).metadata.name == "file"
    assert raises(ApiError, lambda: dbx.files_delete_v2("/d/file")).error.get_path_lookup().is_not_found()


def folders(dbx):
    assert dbx.files_create_folder_v2("/f/a/b").metadata.path_display == "/f/a/b"
    assert raises(ApiError, lambda: dbx.files_create_folder_v2("/f/a/b")).error.get_path().get_conflict().is_folder()
    dbx.files_upload(b"x", "/f/file")
    assert raises(ApiError, lambda: dbx.files_create_folder_v2("/f/file")).error.get_path().get_conflict().is_file()


def listing(dbx):
    for n in range(12):
        dbx.files_upload(b"x", f"/l/{n:02}")
    dbx.files_upload(b"x", "/l/sub/deep")
    page = dbx.files_list_folder("/l", limit=5)
    found = [entry.name for entry in page.entries]
    while page.has_more:
        page = dbx.files_list_folder_continue(page.cursor)
        found += [entry.name for entry in page.entries]
    assert found == [f"{n:02}" for n in range(12)] + ["sub"], found
    assert raises(ApiError, lambda: dbx.files_list_folder("/l/none")).error.get_path().is_not_found()
    assert raises(ApiError, lambda: dbx.files_list_folder("/l/00")).error.get_path().is_not_folder()
    assert len(dbx.files_list_folder("", recursive=True, limit=2000).entries) > 12
    cursor = dbx.files_list_folder_get_latest_cursor("/l", recursive=True).cursor
    assert dbx.files_list_folder_continue(cursor).entries == []
    dbx.files_upload(b"x", "/l/sub/new")
    dbx.files_delete_v2("/l/00")
    told = dbx.files_list_folder_continue(cursor)
    assert {type(entry) for entry in told.entries} == {files.FileMetadata, files.DeletedMetadata}
    assert not told.has_more and dbx.files_list_folder_continue(told.cursor).entries == []
    raises(BadInputError, lambda: dbx.files_list_folder_continue("none"))


def longpoll(dbx, other):
    cursor = dbx.files_list_folder_get_latest_cursor("/l", recursive=True).cursor
    later = threading.Timer(0.3, lambda: other.files_upload(b"x", "/l/told"))
    later.start()
    begun = time.monotonic()
    assert dbx.files_list_folder_longpoll(cursor, timeout=30).changes
    assert 0.2 < time.monotonic() - begun < 10
    later.join()


def sessions(dbx):
    one = dbx.files_upload_session_start(b"abc")
    cursor = files.UploadSessionCursor(one.session_id, 3)
    dbx.files_upload_session_append_v2(b"def", cursor)
    error = raises(ApiError, lambda: dbx.files_upload_session_append_v2(b"def", cursor)).error
    assert error.is_incorrect_offset() and error.get_incorrect_offset().correct_offset == 6
    done = dbx.files_upload_session_finish(b"g", files.UploadSessionCursor(one.session_id, 6), files.CommitInfo("/s/one"))
    assert done.size == 7


def batch(dbx):
    ids = dbx.files_upload_session_start_batch(4).session_ids
    bodies = [b"a", b"bb", b"ccc", b"dddd"]
    entries = [
        files.UploadSessionAppendBatchArgEntry(files.UploadSessionCursor(session, 0), len(body), close=True)
        for session, body in zip(ids[:3], bodies)
    ]
    answers = dbx.files_upload_session_append_batch(b"".join(bodies[:3]), entries).entries
    assert all(answer.is_success() for answer in answers)
    again = dbx.files_upload_session_append_batch(b"a", [files.UploadSessionAppendBatchArgEntry(files.UploadSessionCursor(ids[0], 1), 1)])
    assert again.entries[0].get_failure().is_closed()
    error = raises(ApiError, lambda: dbx.files_upload_session_append_batch(b"too long", entries)).error
    assert error.is_length_mismatch()
    names = ["one", "ONE", "two", "open"]
    def finish(n):
        commit = files.CommitInfo(f"/b/{names[n]}", mode=ADD, strict_conflict=True)
        return files.UploadSessionFinishArg(files.UploadSessionCursor(ids[n], len(bodies[n]) if n < 3 else 0), commit)
    ended = dbx.files_upload_session_finish_batch_v2([finish(n) for n in range(4)]).entries
    assert ended[0].get_success().name == "one" and ended[2].get_success().size == 3
    assert ended[1].get_failure().get_path().get_conflict().is_file()
    assert ended[3].get_failure().get_lookup_failed().is_not_closed()
    # A session that was refused is not lost.
    retry = files.UploadSessionFinishArg(files.UploadSessionCursor(ids[1], 2), files.CommitInfo("/b/another"))
    assert dbx.files_upload_session_finish_batch_v2([retry]).entries[0].is_success()
    gone = dbx.files_upload_session_finish_batch_v2([finish(0)]).entries[0]
    assert gone.get_failure().get_lookup_failed().is_not_found()


def tokens():
    for token, tag in [("expired", "expired_access_token"), ("revoked", "invalid_access_token")]:
        assert raises(AuthError, lambda: client(token).files_list_folder("")).error._tag == tag
    error = raises(AuthError, lambda: client("readonly").files_upload(b"x", "/x")).error
    assert error.get_missing_scope().required_scope == "files.content.write"
    raises(BadInputError, lambda: client("malformed").files_list_folder(""))
    full = raises(ApiError, lambda: client("full").files_upload(b"x" * 1001, "/x")).error
    assert full.get_path().reason.is_insufficient_space()


def too_fast():
    for token, is_json in [("busy-json", True), ("busy-text", False), ("busy-writes", True)]:
        error = raises(RateLimitError, lambda: client(token).files_list_folder(""))
        assert error.backoff == 1 and (error.error is not None) == is_json, error
        if token == "busy-writes":
            assert error.error.reason.is_too_many_write_operations()


dbx, other = client("python"), client("python")
for check in (conditions, names, reading, deleting, folders, listing, sessions, batch):
    check(dbx)
longpoll(dbx, other)
tokens()
too_fast()
print("the official client for Python: every call is answered as it should be")
