package tests

import kitestring.ErrorInfo
import kitestring.KiteException
import kitestring.code
import kitestring.info
import java.io.File

/** The codes are those of the document, and every class has its own. */
fun Checks.errors(spec: File) {
    check("every code of the document has its class, and no class another code") {
        val documented = Regex("""^\| `([a-z_]+)`""", RegexOption.MULTILINE).findAll(File(spec, "errors.md").readText()).map { it.groupValues[1] }
        equal(all().map { it.code }.toSet(), documented.toSet())
        equal(all().size, documented.toSet().size)
    }
    check("every class gives its record, and prints its sentence") {
        for (error in all()) {
            equal(error.info.detail, "why")
            holds("why" in error.toString()) { "$error says too little" }
        }
    }
    check("every code crosses to the core and back") {
        for (error in all().filter { it.code != "cancelled" }) {
            val devices = Devices().withMilk()
            devices.phone.save(devices.onPhone, "milk", "2 litres")
            devices.phone.before = { throw error }
            val back = raised<KiteException> { devices.onPhone.sync() }
            equal(back.code, error.code)
        }
    }
}

/** One error of each class, found by reflection: a new one cannot be forgotten. */
private fun all(): List<KiteException> = KiteException::class.java.declaredClasses
    .filter { KiteException::class.java.isAssignableFrom(it) }
    .map { made ->
        val code = made.simpleName.replace(Regex("(?<=.)([A-Z])")) { "_" + it.value }.lowercase()
        made.getConstructor(ErrorInfo::class.java).newInstance(ErrorInfo(code, "test", detail = "why")) as KiteException
    }
