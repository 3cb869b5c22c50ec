package tests

import kitestring.Body
import kitestring.Client
import kitestring.Conflict
import kitestring.ConflictKind
import kitestring.Drive
import kitestring.Encryption
import kitestring.KiteException
import kitestring.Resolution
import kitestring.Side
import kitestring.State
import kitestring.Stopped
import kitestring.SyncOptions
import kitestring.Options
import kitestring.Syncing
import kitestring.info
import kitestring.syncing
import kitestring.whole
import kotlinx.coroutines.flow.toList
import java.nio.file.Files
import java.time.Duration

/** What the calls promise. */
fun Checks.calls() {
    check("what is put on one device arrives on the other") {
        val devices = Devices().open()
        devices.phone.save(devices.onPhone, "milk", "1 litre")
        devices.phone.save(devices.onPhone, "7", "seven")
        equal(devices.onPhone.sync().pushed, 2uL)
        equal(devices.onLaptop.sync().pulled, 2uL)
        equal(devices.laptop.shown(), mapOf("7" to "seven", "milk" to "1 litre"))
    }
    check("a deletion arrives") {
        val devices = Devices().withMilk()
        devices.phone.delete(devices.onPhone, "milk")
        devices.onPhone.sync()
        equal(devices.onLaptop.sync().deleted, 1uL)
        equal(devices.laptop.shown(), emptyMap<String, String>())
    }
    check("a conflict is listed, its versions are shown, and it is settled on both devices") {
        val devices = Devices().inConflict()
        val seen = devices.onLaptop.conflicts().single()
        equal(seen.kind, ConflictKind.EDIT_EDIT)
        equal(devices.laptop.shown()["milk"], "oat milk")
        val versions = devices.onLaptop.versions("milk")
        val texts = listOf(versions.base, versions.local, versions.remote).map { String(it!!.body.whole) }
        equal(texts, listOf("1 litre", "oat milk", "2 litres"))
        devices.onLaptop.resolve(seen, Resolution.Merged("m-1", Body.Whole("2 litres of oat milk".toByteArray())))
        equal(devices.onLaptop.conflicts(), emptyList<Conflict>())
        devices.onLaptop.sync()
        devices.onPhone.sync()
        equal(devices.phone.shown(), mapOf("milk" to "2 litres of oat milk"))
        equal(devices.laptop.shown(), devices.phone.shown())
    }
    check("either side can be kept") {
        for ((resolution, text) in listOf(Resolution.KeepLocal to "oat milk", Resolution.TakeRemote to "2 litres")) {
            val devices = Devices().inConflict()
            devices.onLaptop.resolve(devices.onLaptop.conflicts().single(), resolution)
            devices.onLaptop.sync()
            devices.onPhone.sync()
            equal(devices.phone.shown()["milk"], text)
            equal(devices.laptop.shown()["milk"], text)
        }
    }
    check("a conflict that moved since it was shown is refused") {
        val devices = Devices().inConflict()
        val seen = devices.onLaptop.conflicts().single().copy(local = Side("other", "0".repeat(64)))
        val error = raised<KiteException.Condition> { devices.onLaptop.resolve(seen, Resolution.KeepLocal) }
        equal(error.info.retryAfter, Duration.ZERO)
    }
    check("an old version is listed, and comes back as a new edit") {
        val devices = Devices().withMilk()
        devices.phone.save(devices.onPhone, "milk", "2 litres")
        devices.onPhone.sync()
        val old = devices.onPhone.history("milk").single { it.replacedMs != null }
        devices.onPhone.restore("milk", old.revision)
        equal(devices.phone.shown()["milk"], "1 litre")
        devices.onPhone.sync()
        devices.onLaptop.sync()
        equal(devices.laptop.shown()["milk"], "1 litre")
    }
    check("the status counts what waits, without a request") {
        val devices = Devices().open()
        devices.phone.save(devices.onPhone, "milk", "1 litre")
        equal(devices.onPhone.status().queued, 1uL)
        devices.onPhone.sync()
        val status = devices.onPhone.status()
        equal(status.queued to status.documents, 0uL to 1uL)
    }
    check("a deadline is a normal report, and the next sync goes on") {
        val devices = Devices().open()
        devices.phone.save(devices.onPhone, "milk", "1 litre")
        equal(devices.onPhone.sync(SyncOptions(deadline = Duration.ZERO)).stopped, Stopped.DEADLINE)
        equal(devices.onPhone.sync().stopped, null)
        devices.onLaptop.sync()
        equal(devices.laptop.shown(), devices.phone.shown())
    }
    check("a dry run writes nothing") {
        val devices = Devices().open()
        devices.phone.save(devices.onPhone, "milk", "1 litre")
        equal(devices.onPhone.sync(SyncOptions(dryRun = true)).pushed, 1uL)
        equal(devices.onLaptop.sync().pulled, 0uL)
    }
    check("progress is a flow, and the report its end") {
        val devices = Devices().open()
        devices.phone.save(devices.onPhone, "milk", "1 litre")
        val heard = devices.onPhone.syncing().toList()
        equal((heard.last() as Syncing.Done).report.pushed, 1uL)
        holds(heard.size > 1 && heard.dropLast(1).all { it is Syncing.Going }) { "no progress in $heard" }
    }
    check("a folder is a drive, and a file a state") {
        val folder = Files.createTempDirectory("kitestring").toFile()
        try {
            val drive = { Drive.folder("$folder/drive") }
            val phone = MemoryHost()
            Client.open(phone, State.sqlite("$folder/phone.db"), drive()).use { client ->
                phone.save(client, "milk", "1 litre")
                client.sync()
                client.shutdown()
            }
            val laptop = MemoryHost()
            Client.open(laptop, State.file("$folder/laptop.state"), drive()).use { it.sync() }
            equal(laptop.shown(), phone.shown())
        } finally {
            folder.deleteRecursively()
        }
    }
    check("a drive and a state written in Kotlin serve as well") {
        val drive = Drive.custom(KotlinDrive())
        val (phone, laptop) = MemoryHost() to MemoryHost()
        val onPhone = Client.open(phone, State.custom(KotlinState()), drive)
        val onLaptop = Client.open(laptop, State.custom(KotlinState()), drive)
        repeat(30) { phone.save(onPhone, "note $it", "text $it") }
        onPhone.sync()
        onLaptop.sync()
        equal(laptop.shown(), phone.shown())
    }
    check("a sealed vault opens with its passphrase, and with no other") {
        val drive = Drive.memory()
        val with = { text: String -> Options(encryption = Encryption.passphrase(text).withCost(19456u, 2u, 1u)) }
        val phone = MemoryHost()
        val client = Client.open(phone, State.memory(), drive, with("correct horse"))
        phone.save(client, "milk", "1 litre")
        client.sync()
        val laptop = MemoryHost()
        raised<KiteException.WrongKey> { Client.open(laptop, State.memory(), drive, with("battery staple")).sync() }
        raised<KiteException.WrongKey> { Client.open(laptop, State.memory(), drive).sync() }
        Client.open(laptop, State.memory(), drive, with("correct horse")).sync()
        equal(laptop.shown(), phone.shown())
        equal(Options(encryption = Encryption.passphrase("correct horse")).toString().contains("horse"), false)
    }
    check("a closed client says cancelled") {
        val devices = Devices().withMilk()
        devices.onPhone.shutdown()
        devices.onPhone.shutdown()
        val error = raised<KiteException.Cancelled> { devices.onPhone.sync() }
        equal((error as KiteException).info.code, "cancelled")
    }
}
