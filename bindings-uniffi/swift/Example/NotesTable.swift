import Foundation
#if canImport(SQLite3)
import SQLite3
#else
import CSQLite
#endif

/// A note as it is stored. One without text was deleted, which the client has not heard of yet.
struct Note {
    let id: String
    let revision: String
    let text: String?
}

/// What SQLite said.
struct TableError: Error, CustomStringConvertible {
    let description: String
}

/// The table that the program has anyway, with one column for the client: whether it has heard of the last change.
final class NotesTable: @unchecked Sendable {
    private let lock = NSRecursiveLock()
    private var connection: OpaquePointer?

    init(path: String) throws {
        guard sqlite3_open(path, &connection) == SQLITE_OK else { throw failure() }
        try run("pragma journal_mode = wal")
        try run("create table if not exists notes (id text primary key, revision text not null, body text, change_committed integer not null)")
    }

    deinit { close() }

    func close() {
        lock.withLock {
            sqlite3_close_v2(connection)
            connection = nil
        }
    }

    /// Runs `work` as one transaction: nobody else writes meanwhile, and a failure leaves nothing.
    func atomically<Answer>(_ work: () throws -> Answer) throws -> Answer {
        try lock.withLock {
            try run("begin immediate")
            do {
                let answer = try work()
                try run("commit")
                return answer
            } catch {
                try run("rollback")
                throw error
            }
        }
    }

    func find(_ id: String) throws -> Note? {
        try query("select id, revision, body from notes where id = ?", id).first
    }

    /// The notes after `after`, in the order of their ids.
    func page(after: String?, limit: Int) throws -> [Note] {
        try query("select id, revision, body from notes where body is not null and id > ? order by id limit \(limit)", after ?? "")
    }

    /// The notes whose last change the client has not heard of.
    func uncommitted(after: String?, limit: Int) throws -> [Note] {
        try query("select id, revision, body from notes where change_committed = 0 and id > ? order by id limit \(limit)", after ?? "")
    }

    func put(_ note: Note, committed: Bool) throws {
        try run("insert or replace into notes values (?, ?, ?, \(committed ? 1 : 0))", note.id, note.revision, note.text)
    }

    func remove(_ id: String) throws {
        try run("delete from notes where id = ?", id)
    }

    /// Notes that the client has heard of this change, if it is still the last one; a deletion need not be kept longer.
    func commit(_ id: String, _ revision: String) throws {
        try run("delete from notes where id = ? and revision = ? and body is null", id, revision)
        try run("update notes set change_committed = 1 where id = ? and revision = ?", id, revision)
    }

    private func run(_ sql: String, _ values: String?...) throws {
        _ = try rows(sql, values)
    }

    private func query(_ sql: String, _ values: String?...) throws -> [Note] {
        try rows(sql, values).map { Note(id: $0[0] ?? "", revision: $0[1] ?? "", text: $0[2]) }
    }

    /// Runs one statement, and returns its rows, each column as text.
    private func rows(_ sql: String, _ values: [String?]) throws -> [[String?]] {
        try lock.withLock {
            guard connection != nil else { throw TableError(description: "the table is closed") }
            var statement: OpaquePointer?
            guard sqlite3_prepare_v2(connection, sql, -1, &statement, nil) == SQLITE_OK else { throw failure() }
            defer { sqlite3_finalize(statement) }
            for (at, value) in values.enumerated() { bind(statement, Int32(at + 1), value) }
            var found: [[String?]] = []
            while true {
                switch sqlite3_step(statement) {
                case SQLITE_ROW: found.append((0..<sqlite3_column_count(statement)).map { column(statement, $0) })
                case SQLITE_DONE: return found
                default: throw failure()
                }
            }
        }
    }

    private func bind(_ statement: OpaquePointer?, _ at: Int32, _ value: String?) {
        // SQLite copies the text: what Swift lends it is gone after the call.
        let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        if let value { sqlite3_bind_text(statement, at, value, -1, copied) } else { sqlite3_bind_null(statement, at) }
    }

    private func column(_ statement: OpaquePointer?, _ at: Int32) -> String? {
        sqlite3_column_text(statement, at).map { String(cString: $0) }
    }

    private func failure() -> TableError {
        TableError(description: String(cString: sqlite3_errmsg(connection)))
    }
}
