// Unbuilt: an example for Android, which our tests have no SDK for.
package notes

import android.content.Context
import androidx.work.BackoffPolicy
import androidx.work.Constraints
import androidx.work.CoroutineWorker
import androidx.work.ExistingPeriodicWorkPolicy
import androidx.work.NetworkType
import androidx.work.PeriodicWorkRequestBuilder
import androidx.work.WorkManager
import androidx.work.WorkerParameters
import kitestring.KiteException
import kitestring.SyncOptions
import kitestring.info
import java.time.Duration

/** What the program holds for as long as it runs: one client, shared by its screens and this worker. */
interface HasClient {
    suspend fun client(): kitestring.Client
}

class SyncWorker(context: Context, parameters: WorkerParameters) : CoroutineWorker(context, parameters) {
    // WorkManager stops a worker after ten minutes: the sync ends at a safe point before, and the next one goes on.
    override suspend fun doWork(): Result = try {
        val report = (applicationContext as HasClient).client().sync(SyncOptions(deadline = Duration.ofMinutes(8)))
        if (report.stopped == null) Result.success() else Result.retry()
    } catch (e: KiteException) {
        // Without a time there is no sense in trying again before a person has done something.
        if (e.info.retryAfter != null) Result.retry() else Result.failure()
    }

    companion object {
        fun schedule(context: Context) {
            val work = PeriodicWorkRequestBuilder<SyncWorker>(Duration.ofHours(1))
                .setConstraints(Constraints.Builder().setRequiredNetworkType(NetworkType.CONNECTED).build())
                .setBackoffCriteria(BackoffPolicy.EXPONENTIAL, Duration.ofMinutes(1))
                .build()
            WorkManager.getInstance(context).enqueueUniquePeriodicWork("kitestring", ExistingPeriodicWorkPolicy.KEEP, work)
        }
    }
}
