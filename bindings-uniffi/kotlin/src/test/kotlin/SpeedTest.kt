package tests

import kitestring.Action
import kitestring.Change
import kitestring.Client
import kitestring.Drive
import kitestring.State
import java.io.BufferedReader
import kotlin.time.Duration.Companion.minutes
import kotlin.time.measureTime

private const val DOCUMENTS = 10_000
private const val RUNS = 5
private const val MOST = 2.0

/** W1, the first push of 10,000 documents to a drive in memory, beside the same in Rust, the program `rust`. */
fun Checks.speed(rust: String?) {
    if (rust.isNullOrEmpty()) return
    check("a first push of $DOCUMENTS documents takes at most twice as long as in Rust", 10.minutes) {
        val notes = run(rust, "notes").lines().map { it.split('\t') }
        firstPush(notes)
        val times = List(RUNS) { firstPush(notes) to run(rust, "time").toDouble() }
        val (kotlin, native) = times.minOf { it.first } to times.minOf { it.second }
        println("        ${"%.0f".format(kotlin)} ms, Rust ${"%.0f".format(native)} ms: ${"%.2f".format(kotlin / native)} times")
        holds(kotlin <= MOST * native) { "more than $MOST times" }
    }
}

private suspend fun firstPush(notes: List<List<String>>): Double {
    val host = MemoryHost()
    for ((id, revision, body) in notes) host.docs[id] = revision to body
    val changes = notes.map { (id, revision) -> Change(id, revision, Action.PUT) }
    return Drive.memory().use { drive ->
        State.memory().use { state ->
            Client.open(host, state, drive).use { client ->
                measureTime {
                    client.queueChanges(changes)
                    equal(client.sync().pushed, DOCUMENTS.toULong())
                }.inWholeMicroseconds / 1000.0
            }
        }
    }
}

private fun run(program: String, what: String): String =
    ProcessBuilder(program, what, "$DOCUMENTS").start().inputStream.bufferedReader().use(BufferedReader::readText).trim()
