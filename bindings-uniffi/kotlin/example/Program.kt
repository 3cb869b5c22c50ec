package notes

import kitestring.Body
import kitestring.Client
import kitestring.Conflict
import kitestring.Document
import kitestring.Drive
import kitestring.Entry
import kitestring.Incoming
import kitestring.KiteException
import kitestring.Outcome
import kitestring.Resolution
import kitestring.State
import kitestring.whole
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import java.security.MessageDigest
import kotlin.system.exitProcess

/** The program of notes on a command line; `tests/languages/README.md` says what the words do. */
fun main(arguments: Array<String>): Unit = runBlocking {
    val (vault, database) = arguments
    val notes = Ending(NotesTable(database))
    Client.open(notes, State.sqlite("$database.kite"), Drive.folder(vault)).use { client ->
        for (word in arguments.drop(2)) notes.obey(client, word)
        client.shutdown()
    }
    notes.table.close()
    exitProcess(0)
}

private suspend fun Ending.obey(client: Client, word: String) {
    val (verb, given) = word.substringBefore(':') to word.substringAfter(':', "")
    val (id, text) = given.substringBefore('=') to given.substringAfter('=', "")
    when (verb) {
        "put" -> save(client, id, text)
        "lose" -> table.put(Note(id, freshRevision(), text.toByteArray()), committed = false)
        "delete" -> delete(client, id)
        "sync" -> settle(client)
        "kill" -> calls = given.toInt()
        "show" -> show()
        else -> error("there is no such word: $word")
    }
}

/** Notes whose process may end at a call. */
private class Ending(table: NotesTable) : Notes(table) {
    @Volatile
    var calls = -1

    private fun called() {
        calls -= 1
        if (calls == 0) Runtime.getRuntime().halt(9)
    }

    override suspend fun get(ids: List<String>): List<Document> {
        called()
        return super.get(ids)
    }

    override suspend fun apply(changes: List<Incoming>): List<Outcome> {
        called()
        return super.apply(changes)
    }

    override suspend fun entries(after: String?, limit: UInt): List<Entry> {
        called()
        return super.entries(after, limit)
    }

    fun show() {
        val sorted = shown().entries.sortedWith { one, other -> inBytes.compare(one.key, other.key) }
        for ((id, text) in sorted) println("$id=${text.replace("\n", " + ")}")
    }
}

/** Syncs and settles until nothing is left to settle. */
private suspend fun settle(client: Client) {
    repeat(50) {
        try {
            client.sync()
            val conflicts = client.conflicts()
            if (conflicts.isEmpty()) return
            for (seen in conflicts) client.resolve(seen, resolution(client, seen))
        } catch (e: KiteException) {
            val again = e is KiteException.Locked || e is KiteException.Unavailable || e is KiteException.Condition
            if (!again) throw e
            delay(100)
        }
    }
    error("there is always something left to settle")
}

/** Of two texts the lines of both; of a text and a deletion the text. */
private suspend fun resolution(client: Client, seen: Conflict): Resolution {
    val versions = client.versions(seen.id)
    val mine = versions.local ?: return Resolution.TakeRemote
    val theirs = versions.remote ?: return Resolution.KeepLocal
    val lines = listOf(mine, theirs).flatMap { String(it.body.whole).lines() }.distinct().sortedWith(inBytes)
    val text = lines.joinToString("\n").toByteArray()
    val digest = MessageDigest.getInstance("SHA-256").digest(text).joinToString("") { "%02x".format(it) }
    return Resolution.Merged("m-${digest.take(16)}", Body.Whole(text))
}

/** The order of UTF-8, which is not that of UTF-16. */
private val inBytes = Comparator<String> { one, other -> java.util.Arrays.compareUnsigned(one.toByteArray(), other.toByteArray()) }
