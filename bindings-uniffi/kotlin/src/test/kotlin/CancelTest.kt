package tests

import kitestring.CancelToken
import kitestring.Client
import kitestring.Drive
import kitestring.KiteException
import kitestring.State
import kitestring.SyncOptions
import kitestring.syncing
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Job
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import kotlinx.coroutines.withTimeout
import java.util.concurrent.atomic.AtomicInteger
import kotlin.time.Duration.Companion.seconds

/** Two clients whose host, state and drive are Kotlin's, so that every call of a port can be met. */
private class Met {
    val drive = KotlinDrive()
    val state = KotlinState()
    val host = MemoryHost()
    val other = MemoryHost()
    lateinit var client: Client
    lateinit var onOther: Client

    suspend fun prepare(): Met {
        val shared = Drive.custom(drive)
        client = Client.open(host, State.custom(state), shared)
        onOther = Client.open(other, State.memory(), shared)
        host.save(client, "old", "1")
        client.sync()
        onOther.sync()
        other.save(onOther, "old", "2")
        other.save(onOther, "theirs", "2")
        onOther.sync()
        host.save(client, "mine", "1")
        return this
    }

    fun beforeEach(call: suspend (String) -> Unit) {
        drive.before = call
        state.before = call
        host.before = call
    }

    /** Says whether an undisturbed sync of both brings all that was written to both. */
    suspend fun converges() {
        beforeEach {}
        client.sync()
        onOther.sync()
        val all = mapOf("old" to "2", "theirs" to "2", "mine" to "1")
        equal(host.shown(), all.toSortedMap())
        equal(other.shown(), all.toSortedMap())
    }
}

fun Checks.cancelling() {
    check("a coroutine cancelled at any call of a port loses nothing", 240.seconds) {
        val calls = AtomicInteger()
        val whole = Met().prepare()
        whole.beforeEach { calls.incrementAndGet() }
        whole.client.sync()
        whole.converges()
        println("        ${calls.get()} points, each met before the call and inside of it")
        for (point in 1..calls.get()) for (inside in listOf(false, true)) cancelledAt(point, inside)
    }
    check("a cancelled sync ends at once, and so does the call it waits for") {
        val devices = Devices().open()
        devices.phone.save(devices.onPhone, "milk", "1 litre")
        val (called, ended) = CompletableDeferred<Unit>() to CompletableDeferred<Unit>()
        devices.phone.before = {
            called.complete(Unit)
            try {
                awaitCancellation()
            } finally {
                ended.complete(Unit)
            }
        }
        coroutineScope {
            val sync = launch { devices.onPhone.sync() }
            called.await()
            withTimeout(5.seconds) {
                sync.cancelAndJoin()
                ended.await()
            }
        }
    }
    check("a token ends the syncs it was given to with cancelled") {
        val devices = Devices().open()
        devices.phone.save(devices.onPhone, "milk", "1 litre")
        val token = CancelToken()
        devices.phone.before = { token.cancel() }
        raised<KiteException.Cancelled> { devices.onPhone.sync(SyncOptions(cancel = token)) }
        devices.phone.before = {}
        equal(devices.onPhone.sync().pushed, 1uL)
    }
    check("whoever stops collecting progress cancels the sync") {
        val devices = Devices().open()
        repeat(50) { devices.phone.save(devices.onPhone, "note $it", "text") }
        devices.onPhone.syncing().first()
        devices.onPhone.sync()
        devices.onLaptop.sync()
        equal(devices.laptop.shown(), devices.phone.shown())
    }
}

/** Cancels the coroutine of a sync when the ports were called `point` times: as the call begins, or while it waits. */
private suspend fun cancelledAt(point: Int, inside: Boolean) {
    val met = Met().prepare()
    val calls = AtomicInteger()
    coroutineScope {
        val begin = CompletableDeferred<Job>()
        met.beforeEach {
            if (calls.incrementAndGet() == point) {
                begin.await().cancel()
                if (inside) awaitCancellation()
            }
        }
        val sync = launch { met.client.sync() }
        begin.complete(sync)
        sync.join()
        holds(calls.get() >= point || !sync.isCancelled) { "point $point was not met" }
    }
    met.converges()
}
