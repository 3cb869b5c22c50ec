package tests

import kitestring.ClassicOptions
import kitestring.Client
import kitestring.DoctorOptions
import kitestring.Drive
import kitestring.Encryption
import kitestring.KiteException
import kitestring.Layout
import kitestring.Level
import kitestring.MigrateOptions
import kitestring.MoveOptions
import kitestring.Observer
import kitestring.Options
import kitestring.Progress
import kitestring.Repair
import kitestring.Severity
import kitestring.State
import kitestring.Stopped
import kitestring.SyncOptions
import kitestring.TransferOptions
import kitestring.VaultFile
import kitestring.VaultSink
import kitestring.VaultSource
import kitestring.importVault
import kitestring.info
import java.io.IOException
import java.time.Duration
import java.util.concurrent.atomic.AtomicInteger

/** A vault in a list. */
private class Copy : VaultSink, VaultSource {
    val files = mutableListOf<VaultFile>()
    private var place = 0

    override suspend fun take(file: VaultFile) {
        files += file
    }

    override suspend fun rewind() {
        place = 0
    }

    override suspend fun next(): VaultFile? = files.getOrNull(place++)
}

/** Counts steps. */
private class Heard : Observer {
    private val heard = AtomicInteger()
    val steps: Int
        get() = heard.get()

    override fun progress(progress: Progress) {
        heard.incrementAndGet()
    }

    override fun log(level: Level, line: String) {}
}

/** Care for a vault: looks at it, breaks its lock, keeps a copy of it, moves it. */
fun Checks.care() {
    check("a look finds a lost head and repairs it") {
        val files = KotlinDrive()
        val devices = Devices(Drive.custom(files)).withMilk()
        val well = devices.onPhone.doctor()
        equal(listOf(well.worst, well.documents, well.lock), listOf(null, 1uL, null))
        synchronized(files.files) { files.files.remove("head") }
        val lost = devices.onPhone.doctor().findings.single { it.code == "head_missing" }
        equal(listOf(lost.severity, lost.repair, lost.path), listOf(Severity.DAMAGE, Repair.POSSIBLE, "head"))
        val heard = Heard()
        val mended = devices.onPhone.doctor(DoctorOptions(repair = true, observer = heard))
        equal(mended.findings.single { it.code == "head_missing" }.repair, Repair.DONE)
        equal(mended.worst, null)
        holds(heard.steps > 0 && synchronized(files.files) { "head" in files.files }) { "no progress, or no head" }
    }
    check("a lock is shown, and broken as it was shown") {
        val files = KotlinDrive()
        val leave = { nonce: Int ->
            val lease = """{"owner":"aa","nonce":"$nonce"}""".toByteArray()
            synchronized(files.files) { files.files["lease"] = "l$nonce" to lease }
        }
        val devices = Devices(Drive.custom(files)).withMilk()
        equal(devices.onPhone.heldLock(), null)
        leave(1)
        val held = devices.onPhone.heldLock()!!
        equal(Triple(held.path, held.owner, held.isOurs), Triple("lease", "aa", false))
        raised<KiteException.Locked> { devices.onPhone.compact(SyncOptions(wait = Duration.ZERO)) }
        leave(2)
        raised<KiteException.Condition> { devices.onPhone.breakLock(held) }
        val again = devices.onPhone.heldLock()!!
        devices.onPhone.breakLock(again)
        equal(synchronized(files.files) { "lease" in files.files }, false)
        raised<KiteException.NotFound> { devices.onPhone.breakLock(again) }
    }
    for (sealed in listOf(false, true)) {
        check("a vault is exported and imported, sealed: $sealed") {
            val encryption = if (sealed) Encryption.passphrase("correct horse").withCost(19456u, 2u, 1u) else null
            val devices = Devices().open(Options(encryption = encryption))
            devices.phone.save(devices.onPhone, "milk", "1 litre")
            devices.onPhone.sync()
            val copy = Copy()
            val heard = Heard()
            val kept = devices.onPhone.export(copy, TransferOptions(observer = heard))
            equal(copy.files.last().path, "kitestring-export.json")
            holds(!sealed || copy.files.none { "1 litre" in String(it.bytes, Charsets.ISO_8859_1) }) { "it is not sealed" }
            holds(heard.steps > 0) { "no progress" }
            val drive = Drive.memory()
            equal(importVault(drive, copy), kept)
            raised<KiteException.InvalidInput> { importVault(drive, copy) }
            val laptop = MemoryHost()
            if (sealed) raised<KiteException.WrongKey> { Client.open(laptop, State.memory(), drive).sync() }
            Client.open(laptop, State.memory(), drive, Options(encryption = encryption)).sync()
            equal(laptop.shown(), devices.phone.shown())
            copy.files.removeLast()
            raised<KiteException.Corrupt> { importVault(Drive.memory(), copy) }
        }
    }
    check("what a sink throws is the application's") {
        val devices = Devices().withMilk()
        val full = object : VaultSink {
            override suspend fun take(file: VaultFile): Unit = throw IOException("no space")
        }
        val error = raised<KiteException.Application> { devices.onPhone.export(full) }
        holds("no space" in error.info.detail) { error.info.detail }
    }
    check("a vault moves, and another device follows with its edit") {
        val devices = Devices().withMilk()
        devices.laptop.save(devices.onLaptop, "bread", "rye")
        val other = Drive.memory()
        raised<KiteException.InvalidInput> { devices.onPhone.moveTo(other, MoveOptions("https://ann:secret@example.org/notes")) }
        raised<KiteException.InvalidInput> { devices.onLaptop.follow(other) }
        val moved = devices.onPhone.moveTo(other, MoveOptions("dropbox:/notes"))
        holds(moved.files > 0uL && moved.bytes > 0uL && moved.resumed == 0uL) { "$moved" }
        val error = raised<KiteException.Moved> { devices.onLaptop.sync() }
        equal(error.info.to to error.info.retryAfter, "dropbox:/notes" to null)
        devices.onLaptop.follow(other)
        equal(devices.onLaptop.sync().pushed, 1uL)
        devices.onPhone.sync()
        equal(devices.phone.shown(), mapOf("milk" to "1 litre", "bread" to "rye"))
        equal(devices.laptop.shown(), devices.phone.shown())
    }
    check("a classic vault migrates, and another device follows with its edit") {
        val (drive, other) = Drive.memory() to Drive.memory()
        val (phone, laptop) = MemoryHost() to MemoryHost()
        val (ofPhone, ofLaptop) = State.memory() to State.memory()
        val classic = Options(layout = Layout.Classic(ClassicOptions()))
        val onPhone = Client.open(phone, ofPhone, drive, classic)
        val onLaptop = Client.open(laptop, ofLaptop, drive, classic)
        phone.save(onPhone, "milk", "\"1 litre\"")
        onPhone.sync()
        onLaptop.sync()
        laptop.save(onLaptop, "bread", "\"rye\"")
        raised<KiteException.InvalidInput> { onPhone.migrate(other, MigrateOptions("https://ann:secret@example.org/notes")) }
        val encryption = Encryption.passphrase("correct horse").withCost(19456u, 2u, 1u)
        equal(onPhone.migrate(other, MigrateOptions("dropbox:/notes", encryption = encryption)).documents, 1uL)
        val error = raised<KiteException.Moved> { onLaptop.sync() }
        equal(error.info.to, "dropbox:/notes")
        onLaptop.follow(other)
        val sealed = Options(encryption = encryption)
        val there = Client.open(phone, ofPhone, other, sealed)
        there.sync()
        equal(Client.open(laptop, ofLaptop, other, sealed).sync().pushed, 1uL)
        there.sync()
        equal(phone.shown(), mapOf("milk" to "\"1 litre\"", "bread" to "\"rye\""))
        equal(laptop.shown(), phone.shown())
    }
    check("a report says when the next sync is worth it") {
        val devices = Devices().open()
        devices.phone.save(devices.onPhone, "milk", "1 litre")
        val report = devices.onPhone.sync(SyncOptions(deadline = Duration.ZERO))
        equal(report.stopped to report.nextSyncAfter, Stopped.DEADLINE to Duration.ZERO)
        equal(devices.onPhone.sync().nextSyncAfter, null)
    }
}
