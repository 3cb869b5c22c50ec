package tests

import kitestring.Client
import kitestring.Drive
import kitestring.State
import java.nio.file.Files

/** The example of the README, which `test.sh` takes out of it. */
fun Checks.readme() {
    check("the example of the README runs") {
        val folder = Files.createTempDirectory("kitestring").toFile()
        try {
            equal(syncNotesOf(folder.path).pushed, 0uL)
            val other = MemoryHost()
            Client.open(other, State.memory(), Drive.folder("$folder/drive")).use { it.sync() }
            equal(other.shown(), mapOf("milk" to "1 litre"))
        } finally {
            folder.deleteRecursively()
        }
    }
}

private suspend fun syncNotesOf(folder: String) = readme.syncNotes(readme.Notes(), "$folder/drive", "$folder/notes.db")
