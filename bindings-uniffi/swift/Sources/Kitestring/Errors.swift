extension KiteError {
    /// What an error says, whatever its code: the same record in every case.
    public var info: ErrorInfo {
        switch self {
        case .Unauthorized(let info), .RateLimited(let info), .Unavailable(let info), .Locked(let info), .NotFound(let info),
            .Condition(let info), .QuotaExceeded(let info), .Corrupt(let info), .WrongKey(let info), .VaultChanged(let info),
            .Moved(let info),
            .Rollback(let info), .MassDelete(let info), .HostOlder(let info), .Unsupported(let info), .NeedsNewerVersion(let info),
            .Application(let info), .State(let info), .Cancelled(let info), .InvalidInput(let info), .Internal(let info):
            info
        }
    }

    /// The stable name of the kind, as in every language.
    public var code: String { info.code }
}
