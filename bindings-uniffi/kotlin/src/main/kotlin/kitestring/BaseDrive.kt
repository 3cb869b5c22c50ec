package kitestring

/** A drive of the host implements `get`, `put`, `delete` and `listDir`; what it claims beyond them, it overrides. */
public abstract class BaseDrive : DrivePort {
    /** Claims nothing: what is not claimed, the drive cannot do. */
    override fun capabilities(): Capabilities = Capabilities()

    /** Has files put one by one. */
    override suspend fun putMany(files: List<PutFile>): List<PutAnswer>? = null
}
