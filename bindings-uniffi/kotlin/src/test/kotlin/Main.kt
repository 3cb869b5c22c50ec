package tests

import java.io.File
import kotlin.system.exitProcess

/**
 * Runs all but the cycles; with the word `cycles`, those. `KITE_SPEC` is the folder `spec`, `KITE_VECTORS` its flattened vectors,
 * `KITE_RUST_W1` the program `kitestring-bench-push`, `KITE_PROGRAMS` the folder of the emulators, `KITE_MOTO` a store that speaks
 * like Amazon S3, `KITE_ONLY` a part of the names of checks.
 */
fun main(arguments: Array<String>) {
    val checks = Checks(System.getenv("KITE_ONLY")?.ifEmpty { null })
    if ("cycles" in arguments) checks.cycles(System.getenv("KITE_FULL") == "1") else checks.all()
    exitProcess(if (checks.end()) 0 else 1)
}

private fun Checks.all() {
    val spec = File(System.getenv("KITE_SPEC"))
    calls()
    care()
    notes()
    callbacks()
    cancelling()
    errors(spec)
    vectors(spec, File(System.getenv("KITE_VECTORS")))
    readme()
    services()
    threads()
    speed(System.getenv("KITE_RUST_W1"))
}
