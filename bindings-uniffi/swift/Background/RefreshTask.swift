// Unbuilt: an example for iOS, which our tests have no SDK for.
import BackgroundTasks
import Kitestring

/// Syncs when the system lets the app work in the background. `identifier` stands in `BGTaskSchedulerPermittedIdentifiers`.
enum RefreshTask {
    static let identifier = "org.example.notes.refresh"

    /// Called before the app has finished launching.
    static func register(client: Client) {
        BGTaskScheduler.shared.register(forTaskWithIdentifier: identifier, using: nil) { task in
            schedule()
            let sync = Task {
                do {
                    // The system gives about 30 seconds: the sync ends at a safe point before, and the next one goes on.
                    _ = try await client.sync(SyncOptions(deadline: 20))
                    task.setTaskCompleted(success: true)
                } catch {
                    task.setTaskCompleted(success: false)
                }
            }
            task.expirationHandler = { sync.cancel() }
        }
    }

    static func schedule() {
        let request = BGAppRefreshTaskRequest(identifier: identifier)
        request.earliestBeginDate = Date(timeIntervalSinceNow: 3600)
        try? BGTaskScheduler.shared.submit(request)
    }
}
