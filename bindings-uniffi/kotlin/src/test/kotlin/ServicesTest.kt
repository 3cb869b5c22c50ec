package tests

import kitestring.Drive
import kitestring.GitHubPlace
import kitestring.KiteException
import kitestring.S3Keys
import kitestring.S3Place
import kitestring.Tokens
import kotlinx.coroutines.delay
import java.io.File
import java.io.IOException
import java.net.HttpURLConnection
import java.net.ServerSocket
import java.net.Socket
import java.net.URI

/** Runs the emulator of a service, which ends when its input does. */
private suspend fun emulator(name: String, vararg options: String, test: suspend (address: String) -> Unit) {
    val program = File(System.getenv("KITE_PROGRAMS"), "$name-emulator").path
    val process = ProcessBuilder(program, *options).redirectError(ProcessBuilder.Redirect.INHERIT).start()
    try {
        test(process.inputStream.bufferedReader().readLine())
    } finally {
        process.outputStream.close()
        process.waitFor()
    }
}

/** Runs moto, a store for tests that speaks like Amazon S3, with the bucket `notes`. */
private suspend fun store(test: suspend (address: String) -> Unit) {
    val port = ServerSocket(0).use { it.localPort }
    val quiet = ProcessBuilder.Redirect.DISCARD
    val process = ProcessBuilder(System.getenv("KITE_MOTO"), "-H", "127.0.0.1", "-p", "$port").redirectOutput(quiet).redirectError(quiet).start()
    try {
        while (!answers(port)) delay(100)
        val address = "http://127.0.0.1:$port"
        val bucket = URI("$address/notes").toURL().openConnection() as HttpURLConnection
        bucket.requestMethod = "PUT"
        equal(bucket.responseCode, 200)
        test(address)
    } finally {
        process.destroy()
        process.waitFor()
    }
}

private fun answers(port: Int) = try {
    Socket("127.0.0.1", port).close()
    true
} catch (_: IOException) {
    false
}

/** Two devices edit on a drive, and see what the other did. */
private suspend fun meet(drive: Drive) {
    drive.makeRoot()
    val devices = Devices(drive).withMilk()
    equal(devices.laptop.shown(), mapOf("milk" to "1 litre"))
    devices.laptop.save(devices.onLaptop, "milk", "2 litres")
    devices.onLaptop.sync()
    devices.onPhone.sync()
    equal(devices.phone.shown(), mapOf("milk" to "2 litres"))
}

/** What is refused is told without the secret. */
private suspend inline fun <reified E : Exception> refused(drive: Drive) {
    val error = raised<E> { drive.makeRoot() }
    holds("canary" !in error.toString()) { "an error shows a secret" }
}

/** Drives of services, on their emulators and on a store. */
fun Checks.services() {
    check("a bucket of an S3 store") {
        store { address ->
            fun drive(bucket: String) = Drive.s3(S3Place(bucket = bucket, folder = "vault", endpoint = address), S3Keys("kite-tests", "canary"))
            meet(drive("notes"))
            refused<KiteException.NotFound>(drive("no-such-bucket"))
            holds("canary" !in S3Keys("kite-tests", "canary").toString()) { "keys show their secret" }
        }
    }
    check("OneDrive") {
        emulator("onedrive") { address ->
            fun drive(token: String, folder: String?) = Drive.onedrive(Tokens.fixed(token), folder, service = address)
            meet(drive("a-token", "/notes"))
            meet(drive("another-token", null))
            refused<KiteException.Unauthorized>(drive("expired-canary", "/notes"))
        }
    }
    check("a branch of a repository of GitHub") {
        emulator("github", "ann/notes") { address ->
            fun drive(token: String, repository: String) =
                Drive.github(GitHubPlace(owner = "ann", repository = repository, folder = "vault"), Tokens.fixed(token), service = address)
            meet(drive("a-token", "notes"))
            refused<KiteException.Unauthorized>(drive("expired-canary", "notes"))
            refused<KiteException.NotFound>(drive("canary", "other"))
        }
    }
}
