/// What is heard of a sync that runs.
public enum Syncing: Sendable {
    /// How far it is.
    case going(Progress)
    /// What it did: the last element.
    case done(Report)
}

extension Client {
    /// Syncs, and gives its progress, then its report. A reader that is slower than the sync misses steps, and never the report.
    /// A reader that goes away cancels the sync; an error of the sync ends the stream.
    public func syncing(_ options: SyncOptions = SyncOptions()) -> AsyncThrowingStream<Syncing, any Error> {
        AsyncThrowingStream(bufferingPolicy: .bufferingNewest(64)) { stream in
            var heard = options
            heard.observer = Telling(stream: stream)
            let sync = Task { [heard] in
                do {
                    stream.yield(.done(try await self.sync(heard)))
                    stream.finish()
                } catch {
                    stream.finish(throwing: error)
                }
            }
            stream.onTermination = { _ in sync.cancel() }
        }
    }
}

private final class Telling: Observer {
    let stream: AsyncThrowingStream<Syncing, any Error>.Continuation

    init(stream: AsyncThrowingStream<Syncing, any Error>.Continuation) {
        self.stream = stream
    }

    func progress(progress: Progress) throws {
        stream.yield(.going(progress))
    }
}
