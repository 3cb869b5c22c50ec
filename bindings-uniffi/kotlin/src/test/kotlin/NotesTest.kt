package tests

import kitestring.Action
import kitestring.Change
import kitestring.Client
import kitestring.Drive
import kitestring.KiteException
import kitestring.Resolution
import kitestring.State
import notes.Note
import notes.Notes
import notes.NotesTable
import java.io.File
import java.nio.file.Files

/** A program with its table and its state in files, which can be started again. */
private class Program(folder: File, name: String, private val drive: Drive) {
    private val database = "$folder/$name.db"
    private val memory = "$folder/$name.state"

    suspend fun <R> run(work: suspend Notes.(Client) -> R): R = NotesTable(database).use { table ->
        val notes = Notes(table)
        Client.open(notes, State.sqlite(memory), drive).use { notes.work(it) }
    }

    /** What the program does while no client is open: it writes its table, and dies before it can tell anybody. */
    fun offline(work: NotesTable.() -> Unit) = NotesTable(database).use(work)
}

private suspend fun programs(test: suspend (phone: Program, laptop: Program) -> Unit) {
    val folder = Files.createTempDirectory("kitestring").toFile()
    try {
        val drive = Drive.memory()
        test(Program(folder, "phone", drive), Program(folder, "laptop", drive))
    } finally {
        folder.deleteRecursively()
    }
}

/** The example with its SQLite table, as its users would run it. */
fun Checks.notes() {
    check("notes in a table travel, and so do their deletions") {
        programs { phone, laptop ->
            phone.run { client ->
                repeat(300) { save(client, "note $it", "text $it") }
                client.sync()
            }
            laptop.run { client ->
                client.sync()
                equal(shown().size, 300)
                delete(client, "note 7")
                client.sync()
            }
            phone.run { client ->
                client.sync()
                equal(shown().size, 299)
            }
        }
    }
    check("a restart re-queues what was saved and never queued") {
        programs { phone, laptop ->
            phone.run { client ->
                save(client, "kept", "1")
                save(client, "doomed", "1")
                client.sync()
            }
            phone.offline {
                put(Note("milk", "r-1", "1 litre".toByteArray()), committed = false)
                put(Note("doomed", "r-2", null), committed = false)
            }
            phone.run { client ->
                equal(client.status().queued, 2uL)
                equal(table.uncommitted(null, 9).size, 0)
                equal(table.find("doomed"), null)
                client.sync()
            }
            laptop.run { client ->
                client.sync()
                equal(shown(), mapOf("kept" to "1", "milk" to "1 litre"))
            }
        }
    }
    check("a note that changes while the client notes it down stays uncommitted") {
        programs { phone, _ ->
            phone.run { client ->
                table.put(Note("milk", "r-2", "2 litres".toByteArray()), committed = false)
                client.queueChange(Change("milk", "r-1", Action.PUT))
                equal(table.uncommitted(null, 9).map { it.revision }, listOf("r-2"))
            }
            phone.run { equal(table.uncommitted(null, 9).size, 0) }
        }
    }
    check("a conflict outlives a restart, and is settled") {
        programs { phone, laptop ->
            phone.run { client ->
                save(client, "milk", "1 litre")
                client.sync()
            }
            laptop.run { client ->
                client.sync()
                save(client, "milk", "oat milk")
            }
            phone.run { client ->
                save(client, "milk", "2 litres")
                client.sync()
            }
            laptop.run { client -> equal(client.sync().conflicts.size, 1) }
            laptop.run { client ->
                client.resolve(client.conflicts().single(), Resolution.TakeRemote)
                equal(shown(), mapOf("milk" to "2 litres"))
            }
        }
    }
    check("what was queued before a restart is pushed after it") {
        programs { phone, laptop ->
            phone.run { client -> save(client, "milk", "1 litre") }
            phone.run { client -> equal(client.sync().pushed, 1uL) }
            laptop.run { client -> equal(client.sync().pulled, 1uL) }
        }
    }
    check("the table refuses: the sync says application, and the transaction leaves nothing") {
        programs { phone, laptop ->
            phone.run { client ->
                save(client, "a", "1")
                save(client, "b", "1")
                client.sync()
            }
            laptop.run { client ->
                table.close()
                raised<KiteException.Application> { client.sync() }
            }
            laptop.run { client ->
                client.sync()
                equal(shown(), mapOf("a" to "1", "b" to "1"))
            }
        }
    }
}
