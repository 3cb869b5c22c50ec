import Foundation
import Kitestring

/// A program with its table and its state in files, which can be started again.
private struct Program: Sendable {
    let path: String
    let drive: Drive

    func run(_ work: @Sendable (Notes, Client) async throws -> Void) async throws {
        let notes = Notes(table: try NotesTable(path: "\(path).db"))
        let client = try await Client.open(application: notes, state: State.sqlite(path: "\(path).state"), drive: drive)
        try await work(notes, client)
        client.shutdown()
        notes.table.close()
    }

    /// What the program does while no client is open: it writes its table, and dies before it can tell anybody.
    func offline(_ work: (NotesTable) throws -> Void) throws {
        let table = try NotesTable(path: "\(path).db")
        try work(table)
        table.close()
    }
}

private func programs(_ test: @Sendable (_ phone: Program, _ laptop: Program) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let drive = try Drive.folder(path: "\(folder.path)/drive")
    try await test(Program(path: "\(folder.path)/phone", drive: drive), Program(path: "\(folder.path)/laptop", drive: drive))
}

/// The example with its SQLite table, as its users would run it.
extension Checks {
    func notes() async {
        await check("notes in a table travel, and so do their deletions") {
            try await programs { phone, laptop in
                try await phone.run { notes, client in
                    for n in 0..<100 { try await notes.save(client, "note \(n)", "text \(n)") }
                    _ = try await client.sync()
                }
                try await laptop.run { notes, client in
                    _ = try await client.sync()
                    try equal(try notes.shown().count, 100)
                    try await notes.delete(client, "note 7")
                    _ = try await client.sync()
                }
                try await phone.run { notes, client in
                    _ = try await client.sync()
                    try equal(try notes.shown().count, 99)
                }
            }
        }
        await check("a restart re-queues what was saved and never queued") {
            try await programs { phone, laptop in
                try await phone.run { notes, client in
                    try await notes.save(client, "kept", "1")
                    try await notes.save(client, "doomed", "1")
                    _ = try await client.sync()
                }
                try phone.offline { table in
                    try table.put(Note(id: "milk", revision: "r-1", text: "1 litre"), committed: false)
                    try table.put(Note(id: "doomed", revision: "r-2", text: nil), committed: false)
                }
                try await phone.run { notes, client in
                    try equal(try await client.status().queued, 2)
                    try equal(try notes.table.uncommitted(after: nil, limit: 9).count, 0)
                    _ = try await client.sync()
                }
                try await laptop.run { notes, client in
                    _ = try await client.sync()
                    try equal(try notes.shown(), ["kept": "1", "milk": "1 litre"])
                }
            }
        }
        await check("a conflict outlives a restart, and is settled") {
            try await programs { phone, laptop in
                try await phone.run { notes, client in
                    try await notes.save(client, "milk", "1 litre")
                    _ = try await client.sync()
                }
                try await laptop.run { notes, client in
                    _ = try await client.sync()
                    try await notes.save(client, "milk", "oat milk")
                }
                try await phone.run { notes, client in
                    try await notes.save(client, "milk", "2 litres")
                    _ = try await client.sync()
                }
                try await laptop.run { _, client in try equal(try await client.sync().conflicts.count, 1) }
                try await laptop.run { notes, client in
                    try await client.resolve(seen: try await client.conflicts()[0], resolution: .takeRemote)
                    try equal(try notes.shown(), ["milk": "2 litres"])
                }
            }
        }
        await check("a closed table is application, and the next start goes on") {
            try await programs { phone, laptop in
                try await phone.run { notes, client in
                    try await notes.save(client, "a", "1")
                    _ = try await client.sync()
                }
                try await laptop.run { notes, client in
                    notes.table.close()
                    try await raised("application") { _ = try await client.sync() }
                }
                try await laptop.run { notes, client in
                    _ = try await client.sync()
                    try equal(try notes.shown(), ["a": "1"])
                }
            }
        }
    }
}
