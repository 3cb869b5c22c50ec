import Foundation
import Kitestring

/// A vault in a list.
private final class Copy: VaultSink, VaultSource {
    let files = Guarded<[VaultFile]>([])
    private let place = Guarded(0)

    func take(file: VaultFile) async throws { files.with { $0.append(file) } }

    func rewind() async throws { place.with { $0 = 0 } }

    func next() async throws -> VaultFile? {
        let at = place.with { place in
            place += 1
            return place - 1
        }
        return files.with { at < $0.count ? $0[at] : nil }
    }
}

private struct NoSpace: Error {}

private final class Full: VaultSink {
    func take(file: VaultFile) async throws { throw NoSpace() }
}

/// Takes its time for the first file.
private final class Slow: VaultSink {
    let asked = Guarded(false)

    func take(file: VaultFile) async throws {
        let isFirst = asked.with { asked in
            defer { asked = true }
            return !asked
        }
        if isFirst { try await Task.sleep(nanoseconds: 10_000_000_000) }
    }
}

/// Care for a vault: looks at it, breaks its lock, keeps a copy of it, moves it.
extension Checks {
    func care() async {
        await check("a look finds a lost head and repairs it") {
            let files = SwiftDrive()
            let devices = try await inVault(Drive.custom(port: files))
            let well = try await devices.onPhone.doctor()
            try equal(well.worst, nil)
            try equal(well.documents, 1)
            files.files.with { $0["head"] = nil }
            let lost = try await devices.onPhone.doctor().findings.first { $0.code == "head_missing" }
            try equal(lost?.severity, .damage)
            try equal(lost?.repair, .possible)
            try equal(lost?.path, "head")
            let mended = try await devices.onPhone.doctor(DoctorOptions(repair: true))
            try equal(mended.findings.first { $0.code == "head_missing" }?.repair, .done)
            try equal(mended.worst, nil)
            try holds(files.files.with { $0["head"] != nil }, "no head")
        }
        await check("a lock is shown, and broken as it was shown") {
            let files = SwiftDrive()
            let devices = try await inVault(Drive.custom(port: files))
            let leave = { @Sendable (nonce: Int) in
                let lease = Data("{\"owner\":\"aa\",\"nonce\":\"\(nonce)\"}".utf8)
                files.files.with { $0["lease"] = SwiftDrive.File(version: "l\(nonce)", bytes: lease) }
            }
            try equal(try await devices.onPhone.heldLock(), nil)
            leave(1)
            let held = try await devices.onPhone.heldLock()!
            try equal(held.owner, "aa")
            try await raised("locked") { _ = try await devices.onPhone.compact(SyncOptions(wait: 0)) }
            leave(2)
            try await raised("condition") { try await devices.onPhone.breakLock(seen: held) }
            let again = try await devices.onPhone.heldLock()!
            try await devices.onPhone.breakLock(seen: again)
            try await raised("not_found") { try await devices.onPhone.breakLock(seen: again) }
        }
        for sealed in [false, true] {
            await check("a vault is exported and imported, sealed: \(sealed)") { try await exportedAndImported(sealed: sealed) }
        }
        await check("what a sink throws is the application's") {
            let devices = try await Devices.withMilk()
            let error = try await raised("application") { _ = try await devices.onPhone.export(to: Full()) }
            try holds(error.info.detail.contains("NoSpace"), error.info.detail)
        }
        await check("a cancelled task ends an export at once") {
            let (devices, sink) = (try await Devices.withMilk(), Slow())
            let export = Task { try await devices.onPhone.export(to: sink) }
            while !sink.asked.with({ $0 }) { try await Task.sleep(nanoseconds: 1_000_000) }
            export.cancel()
            do {
                _ = try await export.value
                throw Failure(description: "it was not cancelled")
            } catch is CancellationError {}
        }
        await check("a vault moves, and another device follows with its edit") {
            let (devices, other) = (try await Devices.withMilk(), Drive.memory())
            try await devices.laptop.save(devices.onLaptop, "bread", "rye")
            try await raised("invalid_input") { try await devices.onLaptop.follow(drive: other) }
            let moved = try await devices.onPhone.move(to: other, MoveOptions(address: "dropbox:/notes"))
            try holds(moved.files > 0 && moved.bytes > 0 && moved.resumed == 0, "\(moved)")
            let error = try await raised("moved") { _ = try await devices.onLaptop.sync() }
            try equal(error.info.to, "dropbox:/notes")
            try await devices.onLaptop.follow(drive: other)
            try equal(try await devices.onLaptop.sync().pushed, 1)
            _ = try await devices.onPhone.sync()
            try equal(devices.phone.shown, ["milk": "1 litre", "bread": "rye"])
            try equal(devices.laptop.shown, devices.phone.shown)
        }
        await check("a classic vault migrates, and another device follows with its edit") {
            let (drive, other) = (Drive.memory(), Drive.memory())
            let (phone, laptop) = (MemoryHost(), MemoryHost())
            let (ofPhone, ofLaptop) = (State.memory(), State.memory())
            let classic = Options(layout: Layout.classic(options: ClassicOptions()))
            let onPhone = try await Client.open(application: phone, state: ofPhone, drive: drive, options: classic)
            let onLaptop = try await Client.open(application: laptop, state: ofLaptop, drive: drive, options: classic)
            try await phone.save(onPhone, "milk", "\"1 litre\"")
            _ = try await onPhone.sync()
            _ = try await onLaptop.sync()
            try await laptop.save(onLaptop, "bread", "\"rye\"")
            try equal(try await onPhone.migrate(to: other, MigrateOptions(address: "dropbox:/notes")).documents, 1)
            let error = try await raised("moved") { _ = try await onLaptop.sync() }
            try equal(error.info.to, "dropbox:/notes")
            try await onLaptop.follow(drive: other)
            let there = try await Client.open(application: phone, state: ofPhone, drive: other, options: Options())
            _ = try await there.sync()
            let onOther = try await Client.open(application: laptop, state: ofLaptop, drive: other, options: Options())
            try equal(try await onOther.sync().pushed, 1)
            _ = try await there.sync()
            try equal(phone.shown, ["milk": "\"1 litre\"", "bread": "\"rye\""])
            try equal(laptop.shown, phone.shown)
        }
        await check("a report says when the next sync is worth it") {
            let devices = try await Devices()
            try await devices.phone.save(devices.onPhone, "milk", "1 litre")
            try equal(try await devices.onPhone.sync(SyncOptions(deadline: 0)).nextSyncAfter, 0)
            try equal(try await devices.onPhone.sync().nextSyncAfter, nil)
        }
    }
}

/// Two devices whose vault, on this drive, has one note.
private func inVault(_ drive: Drive) async throws -> Devices {
    let devices = try await Devices(drive: drive)
    try await devices.phone.save(devices.onPhone, "milk", "1 litre")
    _ = try await devices.onPhone.sync()
    return devices
}

private func exportedAndImported(sealed: Bool) async throws {
    let encryption = sealed ? try Encryption.passphrase(text: "correct horse").withCost(memoryKib: 19456, passes: 2, lanes: 1) : nil
    let options = Options(encryption: encryption)
    let devices = try await Devices(options: options)
    try await devices.phone.save(devices.onPhone, "milk", "1 litre")
    _ = try await devices.onPhone.sync()
    let copy = Copy()
    let kept = try await devices.onPhone.export(to: copy)
    try equal(copy.files.with { $0.last?.path }, "kitestring-export.json")
    try holds(!sealed || copy.files.with { $0.allSatisfy { $0.bytes.range(of: Data("1 litre".utf8)) == nil } }, "it is not sealed")
    let drive = Drive.memory()
    try equal(try await importVault(into: drive, from: copy), kept)
    try await raised("invalid_input") { _ = try await importVault(into: drive, from: copy) }
    let laptop = MemoryHost()
    if sealed {
        let blind = try await Client.open(application: laptop, state: State.memory(), drive: drive)
        try await raised("wrong_key") { _ = try await blind.sync() }
    }
    let client = try await Client.open(application: laptop, state: State.memory(), drive: drive, options: options)
    _ = try await client.sync()
    try equal(laptop.shown, devices.phone.shown)
    copy.files.with { _ = $0.removeLast() }
    try await raised("corrupt") { _ = try await importVault(into: Drive.memory(), from: copy) }
}
