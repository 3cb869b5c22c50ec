import Foundation

/// A host implements `get`, `apply` and `entries`; what most hosts answer to the other questions is here.
extension Application {
    /// Leaves it to the core to find out with `get`.
    public func missing(ids: [String]) async throws -> [String]? { nil }

    /// Says that there is no `changeCommitted` flag.
    public func uncommitted(after: String?, limit: UInt32) async throws -> [Change] { [] }

    /// Does nothing, for want of a `changeCommitted` flag.
    public func committed(changes: [Change]) async throws {}

    /// Takes and gives every body whole.
    public func wholeBodyBytes() throws -> UInt64? { nil }

    /// Refuses: with `wholeBodyBytes`, a host implements this.
    public func readPart(part: PartRequest) async throws -> Data? { throw Unanswered.readPart }

    /// Refuses: with `wholeBodyBytes`, a host implements this.
    public func stagePart(part: StagedPart) async throws { throw Unanswered.stagePart }
}

/// A host that passes parts has forgotten one of the two methods for them.
enum Unanswered: Error {
    case readPart, stagePart
}

/// A drive of the host implements `get`, `put`, `delete` and `listDir`; what it claims beyond them, it overrides.
extension DrivePort {
    /// Claims nothing: what is not claimed, the drive cannot do.
    public func capabilities() throws -> Capabilities { Capabilities() }

    /// Has files put one by one.
    public func putMany(files: [PutFile]) async throws -> [PutAnswer]? { nil }
}

extension Observer {
    /// Hears nothing of the log.
    public func log(level: Level, line: String) throws {}
}
