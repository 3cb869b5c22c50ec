import Foundation
import Kitestring

/// The program as the client sees it: three questions, and two for its `change_committed` column.
final class Notes: Application {
    let table: NotesTable

    init(table: NotesTable) {
        self.table = table
    }

    func get(ids: [String]) async throws -> [Document] {
        try ids.compactMap { id in
            guard let note = try table.find(id), let text = note.text else { return nil }
            return Document(id: id, revision: note.revision, bytes: Data(text.utf8))
        }
    }

    func apply(changes: [Incoming]) async throws -> [Outcome] {
        try table.atomically { try changes.map(applyOne) }
    }

    /// No await between the question and the write: what the user types meanwhile waits for the transaction.
    private func applyOne(_ change: Incoming) throws -> Outcome {
        let mine = try table.find(change.id).flatMap { $0.text == nil ? nil : $0 }
        guard mine?.revision == change.expected else { return .stale }
        if let bytes = change.body?.whole {
            try table.put(Note(id: change.id, revision: change.revision, text: String(decoding: bytes, as: UTF8.self)), committed: true)
        } else {
            try table.remove(change.id)
        }
        return .applied
    }

    func entries(after: String?, limit: UInt32) async throws -> [Entry] {
        try table.page(after: after, limit: Int(limit)).map { Entry(id: $0.id, revision: $0.revision) }
    }

    func uncommitted(after: String?, limit: UInt32) async throws -> [Change] {
        try table.uncommitted(after: after, limit: Int(limit)).map(changeOf)
    }

    func committed(changes: [Change]) async throws {
        try table.atomically { for change in changes { try table.commit(change.id, change.revision) } }
    }

    private func changeOf(_ note: Note) -> Change {
        Change(id: note.id, revision: note.revision, action: note.text == nil ? .delete : .put)
    }

    /// What the program does when its user saves: stores first, then tells the client. A crash in between loses nothing.
    func save(_ client: Client, _ id: String, _ text: String) async throws {
        try await change(client, Note(id: id, revision: UUID().uuidString, text: text))
    }

    func delete(_ client: Client, _ id: String) async throws {
        try await change(client, Note(id: id, revision: UUID().uuidString, text: nil))
    }

    private func change(_ client: Client, _ note: Note) async throws {
        try table.put(note, committed: false)
        try await client.queueChange(change: changeOf(note))
    }

    /// The notes by id.
    func shown() throws -> [String: String] {
        Dictionary(uniqueKeysWithValues: try table.page(after: nil, limit: Int(Int32.max)).map { ($0.id, $0.text ?? "") })
    }
}
