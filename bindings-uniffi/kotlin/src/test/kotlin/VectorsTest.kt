package tests

import kitestring.ClassicOptions
import kitestring.Client
import kitestring.Drive
import kitestring.Encryption
import kitestring.KiteException
import kitestring.Layout
import kitestring.Options
import kitestring.State
import java.io.File
import java.security.MessageDigest

/** What `spec/vectors` says of a sealed vault: lines of a folder, a word and two values, flattened from its JSON. */
private class Expected(flat: File, folder: String) {
    private val lines = flat.readLines().map { it.split('\t') }.filter { it[0] == folder }
    val digests = lines.filter { it[1] == "document" }.associate { it[2] to it[3] }
    val openings = lines.filter { it[1] == "passphrase" || it[1] == "key" }.map { opening(it) }
    val refused = lines.filter { it[1] == "removed" || it[1] == "revoked" }.map { opening(it) }

    private fun opening(line: List<String>): () -> Encryption = {
        if (line[1] == "passphrase") Encryption.passphrase(line[2]) else Encryption.key(line[2].chunked(2).map { it.toInt(16).toByte() }.toByteArray())
    }
}

fun Checks.vectors(spec: File, flat: File) {
    for (folder in listOf("sealed", "sealed-2", "sealed-revoked")) {
        check("the golden vault $folder is opened by each of its keys, and by no other") {
            val expected = Expected(flat, folder)
            holds(expected.digests.isNotEmpty() && expected.openings.isNotEmpty()) { "nothing is expected" }
            for (opening in expected.openings) {
                val host = pulled(File(spec, "vectors/$folder/vault"), Options(encryption = opening()))
                equal(host.docs.mapValues { digest(it.value.second) }, expected.digests)
            }
            for (opening in expected.refused) {
                raised<KiteException.WrongKey> { pulled(File(spec, "vectors/$folder/vault"), Options(encryption = opening())) }
            }
        }
    }
    check("a vault of db-to-cloud is read, every byte of its bodies kept") {
        val host = pulled(File(spec, "vectors/classic/old"), Options(layout = Layout.Classic(ClassicOptions(numbers = true))))
        val wanted = mapOf(
            "42" to ("1700000000001" to """{"_id":42,"_rev":1700000000001,"answer":true}"""),
            "a b" to ("rev-5" to """{"_id":"a b","_rev":"rev-5"}"""),
            "note" to ("1700000000002" to """{"_id":"note","_rev":1700000000002,"text":"h\u00e9llo\nworld","n":1.50}"""),
        )
        equal(host.docs, wanted.toSortedMap())
    }
    check("the golden classic vault is read") {
        val host = pulled(File(spec, "vectors/classic/vault"), Options(layout = Layout.Classic(ClassicOptions())))
        equal(host.docs.keys.toList(), listOf("Milk", "lists/Saturday.md", "milk"))
    }
}

/** What a new device has after its first sync with a copy of this vault. */
private suspend fun pulled(vault: File, options: Options): MemoryHost {
    val drive = KotlinDrive()
    for (file in vault.walk().filter { it.isFile }) drive.files[file.relativeTo(vault).path] = "1" to file.readBytes()
    val host = MemoryHost()
    equal(Client.open(host, State.memory(), Drive.custom(drive), options).sync().skipped, emptyList<Any>())
    return host
}

private fun digest(text: String): String =
    MessageDigest.getInstance("SHA-256").digest(text.toByteArray()).joinToString("") { "%02x".format(it) }
