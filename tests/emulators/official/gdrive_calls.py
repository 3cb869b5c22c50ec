"""Puts the emulator of Google Drive through Google's own client, with the discovery document that comes with it."""

import io
import json
import sys
from importlib import resources

from google.auth.exceptions import RefreshError
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build_from_document
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaIoBaseDownload, MediaIoBaseUpload

OCTETS = "application/octet-stream"


def service(version, address, token):
    document = resources.files("googleapiclient.discovery_cache.documents").joinpath(f"drive.{version}.json")
    described = json.loads(document.read_text())
    described["rootUrl"] = address
    described["baseUrl"] = address + described["servicePath"]
    return build_from_document(described, credentials=Credentials(token))


def media(content, resumable=False, chunk=256 << 10):
    return MediaIoBaseUpload(io.BytesIO(content), mimetype=OCTETS, chunksize=chunk, resumable=resumable)


def refused(call, status, reason):
    try:
        call.execute()
    except HttpError as error:
        assert error.resp.status == status, (error.resp.status, error.content)
        first = error.error_details[0]
        assert first["reason"] == reason, first
        return
    raise AssertionError(f"not refused by {status} {reason}")


def ids(files):
    made = files.generateIds(count=3, space="appDataFolder").execute()
    assert made["kind"] == "drive#generatedIds" and len(set(made["ids"])) == 3, made
    return made["ids"]


def uploads(files):
    own = ids(files)[0]
    body = {"id": own, "name": "docs/a.json", "parents": ["appDataFolder"], "appProperties": {"kind": "x"}}
    fields = "id,name,size,md5Checksum,headRevisionId,appProperties"
    made = files.create(body=body, media_body=media(b"hello"), fields=fields).execute()
    assert made["id"] == own and made["name"] == "docs/a.json" and made["size"] == "5", made
    assert made["md5Checksum"] == "5d41402abc4b2a76b9719d911017c592" and made["appProperties"] == {"kind": "x"}, made
    refused(files.create(body=body, media_body=media(b"again")), 409, "fileIdInUse")
    refused(files.create(body={**body, "id": "invented"}, media_body=media(b"again")), 400, "invalid")
    assert files.get_media(fileId=own).execute() == b"hello"

    large = bytes(range(256)) * 4000
    upload = files.create(body={"name": "large", "parents": ["appDataFolder"]}, media_body=media(large, True), fields="id,size")
    steps, done = 0, None
    while done is None:
        _, done = upload.next_chunk()
        steps += 1
    assert steps == 4 and done["size"] == str(len(large)), (steps, done)
    got = io.BytesIO()
    download = MediaIoBaseDownload(got, files.get_media(fileId=done["id"]), chunksize=300_000)
    parts, ended = 0, False
    while not ended:
        _, ended = download.next_chunk()
        parts += 1
    assert got.getvalue() == large and parts == 4, parts

    before = files.get(fileId=own, fields="headRevisionId,version").execute()
    after = files.update(fileId=own, media_body=media(b"changed"), fields="headRevisionId,version,size").execute()
    assert after["headRevisionId"] != before["headRevisionId"] and after["size"] == "7", after
    assert int(after["version"]) > int(before["version"])
    return own


def listings(files):
    for n in range(5):
        files.create(body={"name": "same name", "parents": ["appDataFolder"]}, media_body=media(bytes([n]))).execute()
    q = "name = 'same name' and 'appDataFolder' in parents and trashed = false"
    request, found, pages = files.list(q=q, spaces="appDataFolder", pageSize=2, fields="nextPageToken,files(id,name)"), [], 0
    while request is not None:
        page = request.execute()
        assert all(set(file) == {"id", "name"} for file in page["files"]), page
        found += page["files"]
        request, pages = files.list_next(request, page), pages + 1
    assert len(found) == 5 and pages == 3 and len({file["id"] for file in found}) == 5, (found, pages)
    usual = files.list(q=q, spaces="appDataFolder").execute()
    assert set(usual["files"][0]) == {"kind", "id", "name", "mimeType"}, usual
    assert files.list(q="name = 'same name'").execute()["files"] == [], "the app's folder is a space of its own"
    quote = files.create(body={"name": "Ann's \\ folder", "mimeType": "application/vnd.google-apps.folder"}).execute()
    found = files.list(q="name = 'Ann\\'s \\\\ folder' and 'root' in parents").execute()["files"]
    assert [file["id"] for file in found] == [quote["id"]], found
    refused(files.list(q="nonsense"), 400, "invalid")
    refused(files.list(pageToken="nonsense"), 400, "invalid")
    refused(files.get(fileId=quote["id"], fields="etag"), 400, "invalidParameter")


def conditions(v2, v3, own):
    seen = v2.get(fileId=own, fields="etag,headRevisionId,md5Checksum").execute()
    call = v2.update(fileId=own, media_body=media(b"first"), fields="etag")
    call.headers["If-Match"] = seen["etag"]
    moved = call.execute()
    assert moved["etag"] != seen["etag"]
    call = v2.update(fileId=own, media_body=media(b"second"))
    call.headers["If-Match"] = seen["etag"]
    refused(call, 412, "conditionNotMet")
    assert v3.get_media(fileId=own).execute() == b"first"
    call = v2.delete(fileId=own)
    call.headers["If-Match"] = seen["etag"]
    refused(call, 412, "conditionNotMet")
    call = v3.update(fileId=own, media_body=media(b"third"))
    call.headers["If-Match"] = seen["etag"]
    call.execute()
    assert v3.get_media(fileId=own).execute() == b"third", "v3 knows no conditions"


def revisions(service3):
    files, kept = service3.files(), service3.revisions()
    lock = files.create(body={"name": "lock.json", "parents": ["appDataFolder"]}, media_body=media(b"{}")).execute()["id"]
    newest = [
        files.update(fileId=lock, media_body=media(content), keepRevisionForever=keep, fields="headRevisionId").execute()["headRevisionId"]
        for content, keep in ((b"first", True), (b"second", False), (b"third", True))
    ]
    fields = "nextPageToken,revisions(id,keepForever,md5Checksum,size)"
    page = kept.list(fileId=lock, fields=fields).execute()
    listed = page["revisions"]
    assert [own["id"] for own in listed[1:]] == newest, (listed, newest)
    assert [own["keepForever"] for own in listed] == [False, True, False, True], listed
    assert listed[0]["md5Checksum"] == "99914b932bd37a50b983c5e7c90ae93b" and listed[0]["size"] == "2", listed
    request, found = kept.list(fileId=lock, pageSize=3), []
    while request is not None:
        page = request.execute()
        found += page["revisions"]
        request = kept.list_next(request, page)
    assert [own["id"] for own in found] == [own["id"] for own in listed], found
    assert set(found[0]) == {"kind", "id", "mimeType", "modifiedTime"}, found

    assert kept.get_media(fileId=lock, revisionId=newest[0]).execute() == b"first"
    refused(kept.get_media(fileId=lock, revisionId=newest[1]), 403, "cannotDownloadFile")
    assert kept.get(fileId=lock, revisionId=newest[1], fields="id,keepForever").execute()["keepForever"] is False
    kept.update(fileId=lock, revisionId=newest[1], body={"keepForever": True}).execute()
    assert kept.get_media(fileId=lock, revisionId=newest[1]).execute() == b"second"
    refused(kept.update(fileId=lock, revisionId=newest[1], body={"keepForever": False}), 400, "invalid")

    kept.delete(fileId=lock, revisionId=newest[2]).execute()
    assert files.get_media(fileId=lock).execute() == b"second", "the one before is the newest now"
    refused(kept.delete(fileId=lock, revisionId=newest[2]), 404, "notFound")
    refused(kept.get(fileId=lock, revisionId=newest[2]), 404, "notFound")
    for own in newest[:2]:
        kept.delete(fileId=lock, revisionId=own).execute()
    refused(kept.delete(fileId=lock, revisionId=listed[0]["id"]), 403, "revisionNotDeletable")
    assert files.get_media(fileId=lock).execute() == b"{}"

    for n in range(200):
        files.update(fileId=lock, media_body=media(bytes([n])), keepRevisionForever=True).execute()
    refused(files.update(fileId=lock, media_body=media(b"more"), keepRevisionForever=True), 403, "revisionLimitExceeded")
    files.update(fileId=lock, media_body=media(b"more")).execute()
    either = files.list(q="(name = 'lock.json' or name = 'large') and trashed = false", spaces="appDataFolder").execute()["files"]
    assert sorted(file["name"] for file in either) == ["large", "lock.json"], either
    files.delete(fileId=lock).execute()
    refused(kept.list(fileId=lock), 404, "notFound")


def changes(service3):
    token = service3.changes().getStartPageToken().execute()["startPageToken"]
    page = service3.changes().list(pageToken=token, spaces="appDataFolder").execute()
    assert page["changes"] == [] and page["newStartPageToken"] == token, page
    made = service3.files().create(body={"name": "new", "parents": ["appDataFolder"]}, media_body=media(b"1")).execute()
    page = service3.changes().list(pageToken=token, spaces="appDataFolder").execute()
    assert [change["fileId"] for change in page["changes"]] == [made["id"]] and page["newStartPageToken"] != token, page
    service3.files().delete(fileId=made["id"]).execute()
    page = service3.changes().list(pageToken=page["newStartPageToken"], spaces="appDataFolder").execute()
    assert page["changes"][0]["removed"] is True, page
    refused(service3.files().get(fileId=made["id"]), 404, "notFound")


def main():
    address = sys.argv[1]
    three, two = (service(version, address, "official") for version in ("v3", "v2"))
    own = uploads(three.files())
    listings(three.files())
    conditions(two.files(), three.files(), own)
    revisions(three)
    changes(three)
    three.files().update(fileId=own, body={"trashed": True}).execute()
    assert two.files().get(fileId=own).execute()["labels"]["trashed"] is True
    try:
        service("v3", address, "expired").files().list().execute()
        raise AssertionError("an expired token is accepted")
    except RefreshError:
        pass  # The client takes 401 for what it is, and has nothing to get a new token with.
    refused(service("v3", address, "readonly").files().create(body={"name": "x"}), 403, "insufficientPermissions")
    full = service("v3", address, "full").files()
    refused(full.create(body={"name": "x"}, media_body=media(bytes(20_000))), 403, "storageQuotaExceeded")
    print("Google's client agrees with the emulator")


main()
