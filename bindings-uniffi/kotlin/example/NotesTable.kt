package notes

import java.sql.Connection
import java.sql.DriverManager
import java.sql.PreparedStatement
import java.sql.ResultSet

/** A note as it is stored. One without text was deleted, which the client has not heard of yet. */
class Note(val id: String, val revision: String, val text: ByteArray?)

/** The table that the program has anyway, with one column for the client: whether it has heard of the last change. */
class NotesTable(path: String) : AutoCloseable {
    private val connection: Connection = DriverManager.getConnection("jdbc:sqlite:$path")

    init {
        run("pragma journal_mode = wal")
        run("create table if not exists notes (id text primary key, revision text not null, body blob, change_committed integer not null)")
    }

    /** Runs `work` as one transaction: nobody else writes meanwhile, and a failure leaves nothing. */
    @Synchronized
    fun <R> atomically(work: NotesTable.() -> R): R {
        run("begin immediate")
        try {
            return work().also { run("commit") }
        } catch (e: Throwable) {
            run("rollback")
            throw e
        }
    }

    @Synchronized
    fun find(id: String): Note? = query("select id, revision, body from notes where id = ?", id, row = ::note).singleOrNull()

    /** The notes after `after`, in the order of their ids. */
    @Synchronized
    fun page(after: String?, limit: Int): List<Note> =
        query("select id, revision, body from notes where body is not null and id > ? order by id limit ?", after ?: "", limit, row = ::note)

    /** The notes whose last change the client has not heard of. */
    @Synchronized
    fun uncommitted(after: String?, limit: Int): List<Note> =
        query("select id, revision, body from notes where change_committed = 0 and id > ? order by id limit ?", after ?: "", limit, row = ::note)

    @Synchronized
    fun put(note: Note, committed: Boolean) {
        run("insert or replace into notes values (?, ?, ?, ?)", note.id, note.revision, note.text, if (committed) 1 else 0)
    }

    @Synchronized
    fun remove(id: String) {
        run("delete from notes where id = ?", id)
    }

    /** Notes that the client has heard of this change, if it is still the last one; a deletion need not be kept longer. */
    @Synchronized
    fun commit(id: String, revision: String) {
        run("delete from notes where id = ? and revision = ? and body is null", id, revision)
        run("update notes set change_committed = 1 where id = ? and revision = ?", id, revision)
    }

    @Synchronized
    override fun close() = connection.close()

    private fun note(row: ResultSet) = Note(row.getString(1), row.getString(2), row.getBytes(3))

    private fun run(sql: String, vararg values: Any?) {
        connection.prepareStatement(sql).use { it.bind(values).execute() }
    }

    private fun <R> query(sql: String, vararg values: Any?, row: (ResultSet) -> R): List<R> =
        connection.prepareStatement(sql).use { statement ->
            val rows = statement.bind(values).executeQuery()
            buildList { while (rows.next()) add(row(rows)) }
        }

    private fun PreparedStatement.bind(values: Array<out Any?>): PreparedStatement {
        values.forEachIndexed { at, value -> setObject(at + 1, value) }
        return this
    }
}
