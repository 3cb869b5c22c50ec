package tests

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import java.util.concurrent.Executors

private const val THREADS = 8
private const val ROUNDS = 25

/** One client, used by eight threads at once. */
fun Checks.threads() {
    check("8 threads save, sync, look and ask on one client; everything arrives") {
        val devices = Devices().open()
        Executors.newFixedThreadPool(THREADS).asCoroutineDispatcher().use { pool ->
            coroutineScope {
                repeat(THREADS) { thread ->
                    launch(pool) {
                        repeat(ROUNDS) { round ->
                            devices.phone.save(devices.onPhone, "$thread/$round", "text")
                            if (round % 5 == thread % 5) devices.onPhone.sync()
                            devices.onPhone.status()
                            devices.onPhone.conflicts()
                        }
                    }
                }
                launch(Dispatchers.Default) { repeat(ROUNDS) { devices.onLaptop.sync() } }
            }
        }
        devices.onPhone.sync()
        devices.onLaptop.sync()
        equal(devices.laptop.shown().size, THREADS * ROUNDS)
        equal(devices.laptop.shown(), devices.phone.shown())
    }
}
