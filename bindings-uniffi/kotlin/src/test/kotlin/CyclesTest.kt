package tests

import com.sun.jna.Function
import com.sun.jna.NativeLibrary
import com.sun.jna.Structure
import kitestring.Client
import kitestring.Drive
import kitestring.State
import kitestring.FfiConverterTypeApplication
import kitestring.uniffiContinuationHandleMap
import kitestring.uniffiForeignFutureHandleCount
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlin.time.Duration.Companion.minutes

private const val MOST = 1L shl 20
private const val PARTS = 4

/** What lives after a collection: objects of the JVM, bytes of the C library's allocator, handles of either side. */
private class Living(val heap: Long, val native: Long, val handles: Int) {
    override fun toString() = "${heap / 1024} KiB of heap, ${native / 1024} KiB of native memory, $handles handles"
}

private fun living(): Living {
    val runtime = Runtime.getRuntime()
    // What a collection leaves jumps by some megabytes: the least of several is what lives.
    val heap = (1..10).minOf {
        System.gc()
        Thread.sleep(100)
        runtime.totalMemory() - runtime.freeMemory()
    }
    val handles = uniffiForeignFutureHandleCount() + uniffiContinuationHandleMap.size + FfiConverterTypeApplication.handleMap.size
    return Living(heap, allocated(), handles)
}

/** glibc's `mallinfo2`. The JVM allocates by it too, least of all with its simpler compiler and collector: see `test.sh`. */
@Structure.FieldOrder("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")
internal open class MallInfo : Structure() {
    @JvmField var arena = 0L
    @JvmField var ordblks = 0L
    @JvmField var smblks = 0L
    @JvmField var hblks = 0L
    @JvmField var hblkhd = 0L
    @JvmField var usmblks = 0L
    @JvmField var fsmblks = 0L
    @JvmField var uordblks = 0L
    @JvmField var fordblks = 0L
    @JvmField var keepcost = 0L

    class ByValue : MallInfo(), Structure.ByValue
}

private fun allocated(): Long {
    val mallinfo: Function = NativeLibrary.getInstance("c").getFunction("mallinfo2")
    val info = mallinfo.invoke(MallInfo.ByValue::class.java, emptyArray()) as MallInfo
    return info.uordblks + info.hblkhd
}

fun Checks.cycles(full: Boolean) {
    val cycles = if (full) 100_000 else 10_000
    check("$cycles cycles of open, sync and close leave nothing", 60.minutes) {
        grows(cycles) {
            val host = MemoryHost()
            Drive.memory().use { drive ->
                State.memory().use { state ->
                    Client.open(host, state, drive).use { client ->
                        host.save(client, "milk", "1 litre")
                        client.sync()
                        client.shutdown()
                    }
                }
            }
        }
    }
    check("$cycles cancelled syncs leave nothing", 60.minutes) {
        val devices = Devices().withMilk()
        var cycle = 0
        grows(cycles) {
            devices.phone.docs["milk"] = "r" to "1 litre"
            coroutineScope {
                val sync = launch(start = CoroutineStart.UNDISPATCHED) { devices.onPhone.sync(kitestring.SyncOptions(reconcile = true)) }
                cycle += 1
                if (cycle % 2 == 0) Thread.sleep(0, 50_000)
                sync.cancel()
            }
        }
    }
}

/** Runs `cycle` so often, in four parts, and compares what lives after the first with what lives after the last. */
private suspend fun grows(cycles: Int, cycle: suspend () -> Unit) {
    // The JVM warms up: classes, compiled code, pools of threads.
    repeat(cycles / PARTS) { cycle() }
    val seen = mutableListOf(living())
    repeat(PARTS) {
        repeat(cycles / PARTS) { cycle() }
        seen += living()
    }
    seen.forEach { println("        $it") }
    val heap = seen.last().heap - seen[1].heap
    val native = seen.last().native - seen[1].native
    holds(heap < MOST) { "the heap grew by $heap bytes" }
    holds(native < MOST) { "native memory grew by $native bytes" }
    equal(seen.last().handles, seen.first().handles)
}
