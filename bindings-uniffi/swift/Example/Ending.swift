import Foundation
import Kitestring

/// What stops the program.
struct Stop: Error, CustomStringConvertible {
    let description: String
}

/// Notes whose process may end at a call.
final class Ending: Application, @unchecked Sendable {
    private let notes: Notes
    private let lock = NSLock()
    private var calls = -1

    init(_ notes: Notes) {
        self.notes = notes
    }

    private func called() {
        lock.withLock {
            calls -= 1
            if calls == 0 { _exit(9) }
        }
    }

    func get(ids: [String]) async throws -> [Document] {
        called()
        return try await notes.get(ids: ids)
    }

    func apply(changes: [Incoming]) async throws -> [Outcome] {
        called()
        return try await notes.apply(changes: changes)
    }

    func entries(after: String?, limit: UInt32) async throws -> [Entry] {
        called()
        return try await notes.entries(after: after, limit: limit)
    }

    func uncommitted(after: String?, limit: UInt32) async throws -> [Change] {
        try await notes.uncommitted(after: after, limit: limit)
    }

    func committed(changes: [Change]) async throws {
        try await notes.committed(changes: changes)
    }

    func obey(_ client: Client, _ word: String) async throws {
        let (verb, given) = parted(word, ":")
        let (id, text) = parted(given, "=")
        switch verb {
        case "put": try await notes.save(client, id, text)
        case "lose": try notes.table.put(Note(id: id, revision: UUID().uuidString, text: text), committed: false)
        case "delete": try await notes.delete(client, id)
        case "sync": try await settle(client)
        case "kill": lock.withLock { calls = Int(given) ?? 1 }
        case "show": try show()
        default: throw Stop(description: "there is no such word: \(word)")
        }
    }

    private func show() throws {
        for (id, text) in try notes.shown().sorted(by: { inBytes($0.key, $1.key) }) {
            print("\(id)=\(text.replacingOccurrences(of: "\n", with: " + "))")
        }
    }
}

/// Syncs and settles until nothing is left to settle.
private func settle(_ client: Client) async throws {
    for _ in 0..<50 {
        do {
            _ = try await client.sync()
            let conflicts = try await client.conflicts()
            if conflicts.isEmpty { return }
            for seen in conflicts { try await client.resolve(seen: seen, resolution: try await resolution(client, seen)) }
        } catch let error as KiteError where ["locked", "unavailable", "condition"].contains(error.code) {
            try await Task.sleep(nanoseconds: 100_000_000)
        }
    }
    throw Stop(description: "there is always something left to settle")
}

/// Of two texts the lines of both; of a text and a deletion the text.
private func resolution(_ client: Client, _ seen: Conflict) async throws -> Resolution {
    let versions = try await client.versions(id: seen.id)
    guard let mine = versions.local?.body.whole else { return .takeRemote }
    guard let theirs = versions.remote?.body.whole else { return .keepLocal }
    let lines = [mine, theirs].flatMap { String(decoding: $0, as: UTF8.self).split(separator: "\n").map(String.init) }
    let text = Data(Set(lines).sorted(by: inBytes).joined(separator: "\n").utf8)
    return .merged(revision: "m-\(SHA256.hexadecimal(text).prefix(16))", body: .whole(bytes: text))
}

private func parted(_ text: String, _ separator: Character) -> (String, String) {
    let parts = text.split(separator: separator, maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    return (parts[0], parts.count > 1 ? parts[1] : "")
}

private func inBytes(_ one: String, _ other: String) -> Bool {
    one.utf8.lexicographicallyPrecedes(other.utf8)
}
