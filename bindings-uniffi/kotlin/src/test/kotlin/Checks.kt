package tests

import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kotlin.time.Duration
import kotlin.time.Duration.Companion.minutes

/** Runs checks one after the other, and counts. */
class Checks(private val only: String?) {
    private var passed = 0
    private var failed = 0

    fun check(name: String, atMost: Duration = 2.minutes, block: suspend () -> Unit) {
        if (only != null && only !in name) return
        try {
            runBlocking { withTimeout(atMost) { block() } }
            passed += 1
            println("ok      $name")
        } catch (e: Throwable) {
            failed += 1
            println("FAILED  $name")
            e.printStackTrace(System.out)
        }
    }

    /** Prints the sum, and says whether all is well. */
    fun end(): Boolean {
        println("$passed passed, $failed failed")
        return failed == 0
    }
}

fun equal(found: Any?, wanted: Any?) {
    if (found != wanted) throw AssertionError("$found is not $wanted")
}

fun holds(condition: Boolean, otherwise: () -> String) {
    if (!condition) throw AssertionError(otherwise())
}

/** Returns the error of this class that `work` ends with. */
suspend inline fun <reified E : Throwable> raised(work: suspend () -> Any?): E {
    try {
        work()
    } catch (e: Throwable) {
        return e as? E ?: throw AssertionError("${E::class.java.simpleName} must be raised", e)
    }
    throw AssertionError("${E::class.java.simpleName} must be raised")
}
