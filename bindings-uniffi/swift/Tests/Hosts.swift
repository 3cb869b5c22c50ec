import Foundation
import Kitestring

/// What happens at the beginning of every call of a port.
typealias Before = @Sendable (_ call: String) async throws -> Void

/// A value behind a lock.
final class Guarded<Value>: @unchecked Sendable {
    private let lock = NSLock()
    private var value: Value

    init(_ value: Value) {
        self.value = value
    }

    func with<Answer>(_ work: (inout Value) throws -> Answer) rethrows -> Answer {
        try lock.withLock { try work(&value) }
    }
}

/// A document in memory.
struct Kept: Equatable {
    let revision: String
    let text: String
}

/// Documents in memory.
final class MemoryHost: Application {
    let docs = Guarded<[String: Kept]>([:])
    let before = Guarded<Before>({ _ in })
    private let saves = Guarded(0)

    private func called(_ call: String) async throws {
        try await before.with { $0 }(call)
    }

    func get(ids: [String]) async throws -> [Document] {
        try await called("get")
        return docs.with { docs in
            ids.compactMap { id in docs[id].map { Document(id: id, revision: $0.revision, bytes: Data($0.text.utf8)) } }
        }
    }

    func apply(changes: [Incoming]) async throws -> [Outcome] {
        try await called("apply")
        return docs.with { docs in
            changes.map { change in
                guard docs[change.id]?.revision == change.expected else { return .stale }
                docs[change.id] = change.body?.whole.map { Kept(revision: change.revision, text: String(decoding: $0, as: UTF8.self)) }
                return .applied
            }
        }
    }

    func entries(after: String?, limit: UInt32) async throws -> [Entry] {
        try await called("entries")
        let sorted = docs.with { $0 }.sorted { $0.key < $1.key }
        return sorted.filter { after == nil || $0.key > after! }.prefix(Int(limit)).map { Entry(id: $0.key, revision: $0.value.revision) }
    }

    func save(_ client: Client, _ id: String, _ text: String) async throws {
        let revision = fresh("r")
        docs.with { $0[id] = Kept(revision: revision, text: text) }
        try await client.queueChange(change: Change(id: id, revision: revision, action: .put))
    }

    func delete(_ client: Client, _ id: String) async throws {
        docs.with { $0[id] = nil }
        try await client.queueChange(change: Change(id: id, revision: fresh("d"), action: .delete))
    }

    private func fresh(_ letter: String) -> String {
        saves.with { saves in
            saves += 1
            return "\(letter)\(saves)-\(ObjectIdentifier(self).hashValue)"
        }
    }

    var shown: [String: String] { docs.with { $0.mapValues(\.text) } }
}

/// A drive written in Swift: the memory of this process, with every capability that a test may want.
final class SwiftDrive: DrivePort {
    struct File {
        let version: String
        let bytes: Data
    }

    let files = Guarded<[String: File]>([:])
    let before = Guarded<Before>({ _ in })
    private let versions = Guarded(0)

    private func called(_ call: String) async throws {
        try await before.with { $0 }(call)
    }

    func capabilities() throws -> Capabilities {
        Capabilities(create: true, replace: true, versions: true, parallel: 4, exact: true, consistent: true)
    }

    func get(path: String, options: GetOptions) async throws -> Got {
        try await called("drive get")
        guard let file = files.with({ $0[path] }) else { return .missing }
        if file.version == options.unless { return .unchanged }
        guard let range = options.range else { return .file(bytes: file.bytes, version: file.version) }
        let end = min(Int(range.end), file.bytes.count)
        return .file(bytes: file.bytes.subdata(in: min(Int(range.start), end)..<end), version: file.version)
    }

    func put(path: String, bytes: Data, condition: Condition) async throws -> String {
        try await called("drive put")
        let version = versions.with { versions in
            versions += 1
            return "\(versions)"
        }
        try files.with { files in
            try demand(files[path]?.version, condition, path)
            files[path] = File(version: version, bytes: bytes)
        }
        return version
    }

    func delete(path: String, condition: Condition) async throws {
        try await called("drive delete")
        try files.with { files in
            try demand(files[path]?.version, condition, path)
            files[path] = nil
        }
    }

    func listDir(dir: String, cursor: String?) async throws -> Listing {
        try await called("drive list")
        let inside = dir.isEmpty ? "" : "\(dir)/"
        let below = files.with { $0 }.filter { $0.key.hasPrefix(inside) }.map { (String($0.key.dropFirst(inside.count)), $0.value.bytes.count) }
        let folders = Set(below.filter { $0.0.contains("/") }.map { String($0.0.prefix { $0 != "/" }) })
        let here = below.filter { !$0.0.contains("/") }.map { DirEntry(name: $0.0, isDir: false, size: UInt64($0.1)) }
        return Listing(entries: folders.sorted().map { DirEntry(name: $0, isDir: true) } + here)
    }

    private func demand(_ version: String?, _ condition: Condition, _ path: String) throws {
        let fits = switch condition {
        case .any: true
        case .absent: version == nil
        case .matches(let wanted): version == wanted
        }
        if !fits { throw KiteError.Condition(info: ErrorInfo(code: "condition", operation: "put", subject: path, detail: "it is another version")) }
    }
}

/// A state written in Swift.
final class SwiftState: StatePort {
    private let records = Guarded<[String: Data]>([:])
    let before = Guarded<Before>({ _ in })

    private func called(_ call: String) async throws {
        try await before.with { $0 }(call)
    }

    func read(keys: [String]) async throws -> [Data?] {
        try await called("state read")
        return records.with { records in keys.map { records[$0] } }
    }

    func scan(prefix: String, after: String?, limit: UInt32) async throws -> [StateRecord] {
        try await called("state scan")
        let found = records.with { $0 }.filter { $0.key.hasPrefix(prefix) && (after == nil || $0.key > after!) }
        return found.sorted { $0.key < $1.key }.prefix(Int(limit)).map { StateRecord(key: $0.key, value: $0.value) }
    }

    func write(batch: [StateRecord]) async throws {
        try await called("state write")
        records.with { records in for record in batch { records[record.key] = record.value } }
    }
}

/// Two hosts on one drive.
struct Devices {
    let phone = MemoryHost()
    let laptop = MemoryHost()
    let onPhone: Client
    let onLaptop: Client

    init(drive: Drive = Drive.memory(), options: Options = Options()) async throws {
        onPhone = try await Client.open(application: phone, state: State.memory(), drive: drive, options: options)
        onLaptop = try await Client.open(application: laptop, state: State.memory(), drive: drive, options: options)
    }

    /// Both have the note with the text "1 litre".
    static func withMilk() async throws -> Devices {
        let devices = try await Devices()
        try await devices.phone.save(devices.onPhone, "milk", "1 litre")
        _ = try await devices.onPhone.sync()
        _ = try await devices.onLaptop.sync()
        return devices
    }

    /// The phone says "2 litres", the laptop "oat milk"; the laptop has found out.
    static func inConflict() async throws -> Devices {
        let devices = try await withMilk()
        try await devices.phone.save(devices.onPhone, "milk", "2 litres")
        try await devices.laptop.save(devices.onLaptop, "milk", "oat milk")
        _ = try await devices.onPhone.sync()
        _ = try await devices.onLaptop.sync()
        return devices
    }
}
