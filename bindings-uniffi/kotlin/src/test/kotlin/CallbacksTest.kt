package tests

import kitestring.Client
import kitestring.Drive
import kitestring.ErrorInfo
import kitestring.Incoming
import kitestring.KiteException
import kitestring.Options
import kitestring.Outcome
import kitestring.State
import kitestring.SyncOptions
import kitestring.Level
import kitestring.Observer
import kitestring.Progress
import kitestring.Application
import kitestring.Entry
import kotlinx.coroutines.awaitCancellation
import java.io.IOException
import java.time.Duration

/** Hosts that misbehave, and hosts that call back. */
fun Checks.callbacks() {
    for (call in listOf("get", "apply", "entries")) {
        check("what $call throws is application, and nothing is lost") { throwing(call) }
    }
    check("what a state throws is state, and what a drive throws is unavailable") {
        val state = KotlinState()
        val drive = KotlinDrive()
        val host = MemoryHost()
        val client = Client.open(host, State.custom(state), Drive.custom(drive))
        host.save(client, "milk", "1 litre")
        drive.before = { throw IOException("no network") }
        holds("no network" in raised<KiteException.Unavailable> { client.sync() }.info.detail) { "the detail is lost" }
        drive.before = {}
        state.before = { throw IOException("disk full") }
        holds("disk full" in raised<KiteException.State> { client.sync() }.info.detail) { "the detail is lost" }
        state.before = {}
        equal(client.sync().pushed, 1uL)
    }
    check("an error of ours that a host throws keeps its code") {
        val devices = Devices().withMilk()
        devices.laptop.before = { throw KiteException.RateLimited(ErrorInfo("rate_limited", "get", detail = "slowly", retryAfter = Duration.ofSeconds(3))) }
        devices.phone.save(devices.onPhone, "milk", "2 litres")
        devices.onPhone.sync()
        val error = raised<KiteException.RateLimited> { devices.onLaptop.sync() }
        equal(error.info.retryAfter, Duration.ofSeconds(3))
    }
    check("a call that never ends is ended by the callback timeout") {
        val devices = Devices().open(Options(callbackTimeout = Duration.ofMillis(300)))
        devices.phone.save(devices.onPhone, "milk", "1 litre")
        devices.phone.before = { awaitCancellation() }
        raised<KiteException.Application> { devices.onPhone.sync() }
        devices.phone.before = {}
        equal(devices.onPhone.sync().pushed, 1uL)
    }
    check("a sync inside a callback waits for itself, and the callback timeout ends it") {
        val devices = Devices().open(Options(callbackTimeout = Duration.ofMillis(300)))
        devices.phone.save(devices.onPhone, "milk", "1 litre")
        devices.phone.before = { devices.onPhone.sync() }
        raised<KiteException.Application> { devices.onPhone.sync() }
        devices.phone.before = {}
        equal(devices.onPhone.sync().pushed, 1uL)
    }
    check("a callback may queue, look and ask") {
        val devices = Devices().withMilk()
        devices.phone.save(devices.onPhone, "milk", "2 litres")
        devices.onPhone.sync()
        var calls = 0
        devices.laptop.before = {
            // What is queued while a sync runs is pushed by it, which calls back again: somebody has to stop.
            if (calls < 5) {
                calls += 1
                devices.laptop.save(devices.onLaptop, "tea $calls", "green")
                devices.onLaptop.conflicts()
                devices.onLaptop.status()
            }
        }
        devices.onLaptop.sync()
        devices.laptop.before = {}
        equal(calls, 5)
        devices.onLaptop.sync()
        devices.onPhone.sync()
        equal(devices.phone.shown(), devices.laptop.shown())
        equal(devices.phone.shown().size, calls + 1)
    }
    check("a callback may close the client") {
        val devices = Devices().withMilk()
        devices.phone.save(devices.onPhone, "milk", "2 litres")
        devices.phone.before = {
            devices.onPhone.shutdown()
            awaitCancellation()
        }
        raised<KiteException.Cancelled> { devices.onPhone.sync() }
    }
    check("a forgotten answer and an invalid id are application") {
        val forgetful = object : Application by MemoryHost() {
            override suspend fun apply(changes: List<Incoming>) = emptyList<Outcome>()
        }
        val careless = object : Application by MemoryHost() {
            override suspend fun entries(after: String?, limit: UInt) = listOf(Entry("", "1"))
        }
        val devices = Devices().withMilk()
        raised<KiteException.Application> { Client.open(forgetful, State.memory(), devices.drive).sync() }
        raised<KiteException.Application> { Client.open(careless, State.memory(), devices.drive).sync() }
    }
    check("an observer that throws is nobody's failure") {
        val devices = Devices().open()
        devices.phone.save(devices.onPhone, "milk", "1 litre")
        val loud = object : Observer {
            override fun progress(progress: Progress) = throw IOException("not now")

            override fun log(level: Level, line: String) = throw IOException("not now")
        }
        equal(devices.onPhone.sync(SyncOptions(observer = loud)).pushed, 1uL)
    }
    check("an edit between the question and the apply is not overwritten") {
        val devices = Devices().withMilk()
        devices.phone.save(devices.onPhone, "milk", "2 litres")
        devices.onPhone.sync()
        devices.laptop.before = { call ->
            if (call == "apply") {
                devices.laptop.before = {}
                devices.laptop.save(devices.onLaptop, "milk", "soy milk")
            }
        }
        devices.onLaptop.sync()
        devices.onLaptop.sync()
        equal(devices.laptop.shown()["milk"], "soy milk")
        equal(devices.onLaptop.conflicts().size, 1)
    }
}

private suspend fun throwing(call: String) {
    val devices = Devices().withMilk()
    devices.phone.save(devices.onPhone, "milk", "2 litres")
    devices.onPhone.sync()
    devices.laptop.docs["tea"] = "t-1" to "green"
    devices.laptop.before = { if (it == call) throw IOException("the disk is on fire") }
    val error = raised<KiteException.Application> { devices.onLaptop.sync(SyncOptions(reconcile = true)) }
    holds("the disk is on fire" in error.info.detail) { error.info.detail }
    equal(error.info.retryAfter, null)
    devices.laptop.before = {}
    devices.onLaptop.sync(SyncOptions(reconcile = true))
    devices.onPhone.sync()
    equal(devices.laptop.shown(), mapOf("milk" to "2 litres", "tea" to "green"))
    equal(devices.phone.shown(), devices.laptop.shown())
}
