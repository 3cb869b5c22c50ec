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

    /// Reads the whole vault and says what is the matter; repairs what can be repaired safely, if that is asked for. Nothing is
    /// ever deleted.
    public func doctor(_ options: DoctorOptions = DoctorOptions()) async throws -> Diagnosis {
        try await cancellable(options) { try await self.runDoctor(options: $0) }
    }

    /// Hands over every file of the vault as it lies on the drive, and at the end a list of them. A sealed vault stays sealed.
    /// Edits that wait here are not in it: sync first.
    public func export(to sink: any VaultSink, _ options: TransferOptions = TransferOptions()) async throws -> Transferred {
        try await cancellable(options) { try await self.runExport(to: sink, options: $0) }
    }

    /// Moves the vault to an empty place on another drive, for every device; this client works there from then on. Others get
    /// `Moved` with the address, and follow. What is interrupted goes on by the same call, from any device.
    public func move(to drive: Drive, _ options: MoveOptions) async throws -> Moved {
        try await cancellable(options) { try await self.runMove(drive: drive, options: $0) }
    }

    /// Brings a vault from the classic layout to the journal layout, in an empty place. Programs made for db-to-cloud fail from then
    /// on; others get `Moved` with the address, and follow. Open the client anew with the same state, that drive and the journal
    /// layout.
    public func migrate(to drive: Drive, _ options: MigrateOptions) async throws -> Migrated {
        try await cancellable(options) { try await self.runMigrate(drive: drive, options: $0) }
    }
}

/// Imports a vault into an empty place, as it was exported. It needs no key, and no client. What is interrupted is no vault, and
/// the same call goes on.
public func importVault(
    into drive: Drive, from source: any VaultSource, _ options: TransferOptions = TransferOptions()
) async throws -> Transferred {
    try await cancellable(options) { try await runImport(drive: drive, from: source, options: $0) }
}

/// Options with a token that ends the call.
private protocol Cancellable: Sendable {
    var cancel: CancelToken? { get set }
}

extension SyncOptions: Cancellable {}
extension DoctorOptions: Cancellable {}
extension TransferOptions: Cancellable {}
extension MoveOptions: Cancellable {}
extension MigrateOptions: Cancellable {}

/// Runs a call so that the cancellation of the task cancels its token: the one of the options, or one of its own.
private func cancellable<Options: Cancellable, Answer: Sendable>(
    _ options: Options, _ call: @Sendable (Options) async throws -> Answer
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
