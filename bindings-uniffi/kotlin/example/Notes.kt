package notes

import kitestring.Action
import kitestring.BaseApplication
import kitestring.Change
import kitestring.Client
import kitestring.Document
import kitestring.Entry
import kitestring.Incoming
import kitestring.Outcome
import kitestring.whole
import java.util.UUID

/** The program as the client sees it: three questions, and two for its `change_committed` column. */
open class Notes(val table: NotesTable) : BaseApplication() {
    override suspend fun get(ids: List<String>): List<Document> =
        ids.mapNotNull { id -> table.find(id)?.let { note -> note.text?.let { Document(id, note.revision, it) } } }

    override suspend fun apply(changes: List<Incoming>): List<Outcome> = table.atomically { changes.map { applyOne(it) } }

    /** No await between the question and the write: what the user types meanwhile waits for the transaction. */
    private fun NotesTable.applyOne(change: Incoming): Outcome {
        val mine = find(change.id)?.takeIf { it.text != null }
        if (mine?.revision != change.expected) return Outcome.Stale
        val body = change.body
        if (body == null) remove(change.id) else put(Note(change.id, change.revision, body.whole), committed = true)
        return Outcome.Applied
    }

    override suspend fun entries(after: String?, limit: UInt): List<Entry> =
        table.page(after, limit.toInt()).map { Entry(it.id, it.revision) }

    override suspend fun uncommitted(after: String?, limit: UInt): List<Change> =
        table.uncommitted(after, limit.toInt()).map { changeOf(it) }

    override suspend fun committed(changes: List<Change>) = table.atomically { changes.forEach { commit(it.id, it.revision) } }

    private fun changeOf(note: Note) = Change(note.id, note.revision, if (note.text == null) Action.DELETE else Action.PUT)

    /** What the program does when its user saves: stores first, then tells the client. A crash in between loses nothing. */
    suspend fun save(client: Client, id: String, text: String) = change(client, Note(id, freshRevision(), text.toByteArray()))

    suspend fun delete(client: Client, id: String) = change(client, Note(id, freshRevision(), null))

    private suspend fun change(client: Client, note: Note) {
        table.put(note, committed = false)
        client.queueChange(changeOf(note))
    }

    /** The notes by id. */
    fun shown(): Map<String, String> = table.page(null, Int.MAX_VALUE).associate { it.id to String(it.text!!) }
}

fun freshRevision(): String = UUID.randomUUID().toString()
