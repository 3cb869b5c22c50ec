package kitestring

import kotlinx.coroutines.channels.BufferOverflow
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.buffer
import kotlinx.coroutines.flow.channelFlow

/** What is heard of a sync that runs. */
public sealed interface Syncing {
    /** How far it is. */
    public data class Going(val progress: Progress) : Syncing

    /** What it did: the last element. */
    public data class Done(val report: Report) : Syncing
}

/**
 * Syncs while the flow is collected: its progress, then its report. A collector that is slower than the sync misses steps, and
 * never the report. A collector that goes away cancels the sync; an error of the sync ends the flow.
 */
public fun Client.syncing(options: SyncOptions = SyncOptions()): Flow<Syncing> = channelFlow {
    val observer = object : Observer {
        override fun progress(progress: Progress) {
            trySend(Syncing.Going(progress))
        }

        override fun log(level: Level, line: String) {}
    }
    send(Syncing.Done(sync(options.copy(observer = observer))))
}.buffer(capacity = 64, onBufferOverflow = BufferOverflow.DROP_OLDEST)
