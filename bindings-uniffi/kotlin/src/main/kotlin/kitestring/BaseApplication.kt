package kitestring

/** A host implements `get`, `apply` and `entries`; what most hosts answer to the other questions is here. */
public abstract class BaseApplication : Application {
    /** Leaves it to the core to find out with `get`. */
    override suspend fun missing(ids: List<String>): List<String>? = null

    /** Says that there is no `changeCommitted` flag. */
    override suspend fun uncommitted(after: String?, limit: UInt): List<Change> = emptyList()

    /** Does nothing, for want of a `changeCommitted` flag. */
    override suspend fun committed(changes: List<Change>) {}

    /** Takes and gives every body whole. */
    override fun wholeBodyBytes(): ULong? = null

    /** Refuses: with `wholeBodyBytes`, a host implements this. */
    override suspend fun readPart(part: PartRequest): ByteArray? =
        throw UnsupportedOperationException("a host that answers Body.Parts needs readPart")

    /** Refuses: with `wholeBodyBytes`, a host implements this. */
    override suspend fun stagePart(part: StagedPart): Unit =
        throw UnsupportedOperationException("a host with wholeBodyBytes needs stagePart")
}
