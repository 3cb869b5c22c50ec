package tests

import kitestring.Action
import kitestring.BaseApplication
import kitestring.BaseDrive
import kitestring.Capabilities
import kitestring.Change
import kitestring.Client
import kitestring.Condition
import kitestring.DirEntry
import kitestring.Document
import kitestring.Drive
import kitestring.Entry
import kitestring.ErrorInfo
import kitestring.GetOptions
import kitestring.Got
import kitestring.Incoming
import kitestring.KiteException
import kitestring.Listing
import kitestring.Options
import kitestring.Outcome
import kitestring.State
import kitestring.StatePort
import kitestring.StateRecord
import kitestring.whole
import java.util.TreeMap
import java.util.concurrent.atomic.AtomicInteger

/** Documents in memory: id to revision and text. What `before` does happens at the beginning of every call. */
class MemoryHost(var before: suspend (call: String) -> Unit = {}) : BaseApplication() {
    val docs = TreeMap<String, Pair<String, String>>()
    private val saves = AtomicInteger()

    override suspend fun get(ids: List<String>): List<Document> {
        before("get")
        return synchronized(docs) { ids.mapNotNull { id -> docs[id]?.let { Document(id, it.first, it.second.toByteArray()) } } }
    }

    override suspend fun apply(changes: List<Incoming>): List<Outcome> {
        before("apply")
        return synchronized(docs) { changes.map { applyOne(it) } }
    }

    private fun applyOne(change: Incoming): Outcome {
        if (docs[change.id]?.first != change.expected) return Outcome.Stale
        val body = change.body
        if (body == null) docs.remove(change.id) else docs[change.id] = change.revision to String(body.whole)
        return Outcome.Applied
    }

    override suspend fun entries(after: String?, limit: UInt): List<Entry> {
        before("entries")
        val rest = synchronized(docs) { (if (after == null) docs else docs.tailMap(after, false)).toMap() }
        return rest.entries.take(limit.toInt()).map { Entry(it.key, it.value.first) }
    }

    suspend fun save(client: Client, id: String, text: String) {
        val revision = "r${saves.incrementAndGet()}-${System.identityHashCode(this)}"
        synchronized(docs) { docs[id] = revision to text }
        client.queueChange(Change(id, revision, Action.PUT))
    }

    suspend fun delete(client: Client, id: String) {
        synchronized(docs) { docs.remove(id) }
        client.queueChange(Change(id, "d${saves.incrementAndGet()}", Action.DELETE))
    }

    fun shown(): Map<String, String> = synchronized(docs) { docs.mapValues { it.value.second } }
}

/** A drive written in Kotlin: the memory of this process, with every capability that a test may want. */
class KotlinDrive(var before: suspend (call: String) -> Unit = {}) : BaseDrive() {
    val files = TreeMap<String, Pair<String, ByteArray>>()
    private var versions = 0

    override fun capabilities() =
        Capabilities(create = true, replace = true, versions = true, parallel = 4u, exact = true, consistent = true, unproven = false)

    override suspend fun get(path: String, options: GetOptions): Got {
        before("drive get")
        val (version, bytes) = synchronized(files) { files[path] } ?: return Got.Missing
        if (version == options.unless) return Got.Unchanged
        val range = options.range ?: return Got.File(bytes, version)
        val end = minOf(range.end.toInt(), bytes.size)
        return Got.File(bytes.copyOfRange(minOf(range.start.toInt(), end), end), version)
    }

    override suspend fun put(path: String, bytes: ByteArray, condition: Condition): String {
        before("drive put")
        return synchronized(files) {
            demand(path, condition)
            versions += 1
            files[path] = "$versions" to bytes
            "$versions"
        }
    }

    override suspend fun delete(path: String, condition: Condition) {
        before("drive delete")
        synchronized(files) {
            demand(path, condition)
            files.remove(path)
        }
    }

    override suspend fun listDir(dir: String, cursor: String?): Listing {
        before("drive list")
        val inside = if (dir.isEmpty()) "" else "$dir/"
        val below = synchronized(files) { files.filterKeys { it.startsWith(inside) }.mapKeys { it.key.removePrefix(inside) } }
        val (deeper, here) = below.entries.partition { '/' in it.key }
        val folders = deeper.map { it.key.substringBefore('/') }.distinct().map { DirEntry(it, true) }
        return Listing(folders + here.map { DirEntry(it.key, false, it.value.second.size.toULong()) })
    }

    private fun demand(path: String, condition: Condition) {
        val version = files[path]?.first
        val fits = when (condition) {
            is Condition.Any -> true
            is Condition.Absent -> version == null
            is Condition.Matches -> version == condition.version
        }
        if (!fits) throw KiteException.Condition(ErrorInfo(code = "condition", operation = "put", detail = "it is another version", subject = path))
    }
}

/** A state written in Kotlin. */
class KotlinState(var before: suspend (call: String) -> Unit = {}) : StatePort {
    private val records = TreeMap<String, ByteArray>()

    override suspend fun read(keys: List<String>): List<ByteArray?> {
        before("state read")
        return synchronized(records) { keys.map { records[it] } }
    }

    override suspend fun scan(prefix: String, after: String?, limit: UInt): List<StateRecord> {
        before("state scan")
        return synchronized(records) {
            records.asSequence().filter { it.key.startsWith(prefix) && (after == null || it.key > after) }
                .take(limit.toInt()).map { StateRecord(it.key, it.value) }.toList()
        }
    }

    override suspend fun write(batch: List<StateRecord>) {
        before("state write")
        synchronized(records) {
            batch.forEach { record -> record.value?.let { records[record.key] = it } ?: records.remove(record.key) }
        }
    }
}

/** Two hosts on one drive. */
class Devices(val drive: Drive = Drive.memory()) {
    val phone = MemoryHost()
    val laptop = MemoryHost()
    lateinit var onPhone: Client
    lateinit var onLaptop: Client

    suspend fun open(options: Options = Options()): Devices {
        onPhone = Client.open(phone, State.memory(), drive, options)
        onLaptop = Client.open(laptop, State.memory(), drive, options)
        return this
    }

    /** Both have the note with the text "1 litre". */
    suspend fun withMilk(): Devices {
        open()
        phone.save(onPhone, "milk", "1 litre")
        onPhone.sync()
        onLaptop.sync()
        return this
    }

    /** The phone says "2 litres", the laptop "oat milk"; the laptop has found out. */
    suspend fun inConflict(): Devices {
        withMilk()
        phone.save(onPhone, "milk", "2 litres")
        laptop.save(onLaptop, "milk", "oat milk")
        onPhone.sync()
        onLaptop.sync()
        return this
    }
}
