/// The calls that may take long. Cancelling the task cancels them at once, the callback that they wait for included; what was
/// done is kept. They end with `CancellationError` then, and with `KiteError.Cancelled` when it was the token or `shutdown`.
extension Client {
    /// Syncs.
    public func sync(_ options: SyncOptions = SyncOptions()) async throws -> Report {
        try await cancellable(options) { try await self.runSync(options: $0) }
    }

    /// Queues what changed in the host although nobody said so.
    public func reconcile(_ options: SyncOptions = SyncOptions()) async throws -> Reconciled {
        try await cancellable(options) { try await self.runReconcile(options: $0) }
    }

    /// Puts the drive in order. False if there was nothing to do, or no time.
    public func compact(_ options: SyncOptions = SyncOptions()) async throws -> Bool {
        try await cancellable(options) { try await self.runCompact(options: $0) }
    }

    /// Revokes a device: what it writes from then on counts for nobody.
    public func revoke(_ revocation: Revocation, _ options: SyncOptions = SyncOptions()) async throws -> KeySlot {
        try await cancellable(options) { try await self.runRevoke(revocation: revocation, options: $0) }
    }
}

/// Runs a call so that the cancellation of the task cancels its token: the one of the options, or one of its own.
private func cancellable<Answer: Sendable>(
    _ options: SyncOptions, _ call: @Sendable (SyncOptions) async throws -> Answer
) async throws -> Answer {
    let token = options.cancel ?? CancelToken()
    var given = options
    given.cancel = token
    do {
        return try await withTaskCancellationHandler { [given] in try await call(given) } onCancel: { token.cancel() }
    } catch KiteError.Cancelled where Task.isCancelled {
        throw CancellationError()
    }
}
