package tests

import java.io.File
import kotlin.system.exitProcess

/** `KITE_SPEC` is the folder `spec`, `KITE_VECTORS` its flattened vectors, `KITE_ONLY` a part of the names of checks. */
fun main() {
    val spec = File(System.getenv("KITE_SPEC"))
    val checks = Checks(System.getenv("KITE_ONLY")?.ifEmpty { null })
    checks.calls()
    checks.notes()
    checks.callbacks()
    checks.cancelling()
    checks.errors(spec)
    checks.vectors(spec, File(System.getenv("KITE_VECTORS")))
    checks.readme()
    checks.threads()
    checks.cycles(System.getenv("KITE_FULL") == "1")
    checks.speed(System.getenv("KITE_RUST_W1"))
    exitProcess(if (checks.end()) 0 else 1)
}
