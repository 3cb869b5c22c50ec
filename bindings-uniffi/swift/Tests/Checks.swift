import Foundation
import Kitestring

/// A check that did not hold.
struct Failure: Error, CustomStringConvertible {
    let description: String
}

/// Runs checks one after the other, and counts.
final class Checks {
    private let only: String?
    private var passed = 0
    private var failed = 0

    init(only: String?) {
        self.only = only
    }

    func check(_ name: String, atMost seconds: Double = 120, _ work: @escaping @Sendable () async throws -> Void) async {
        if let only, !name.contains(only) { return }
        // What is printed before a crash is to be seen.
        defer { fflush(nil) }
        do {
            try await within(seconds, work)
            passed += 1
            print("ok      \(name)")
        } catch {
            failed += 1
            print("FAILED  \(name)\n        \(error)")
        }
    }

    /// Prints the sum, and says whether all is well.
    func end() -> Bool {
        print("\(passed) passed, \(failed) failed")
        return failed == 0
    }
}

/// Runs `work`, unless it takes longer than this.
func within(_ seconds: Double, _ work: @escaping @Sendable () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask(operation: work)
        group.addTask {
            try await Task.sleep(nanoseconds: UInt64(seconds * 1e9))
            throw Failure(description: "it took longer than \(seconds) s")
        }
        try await group.next()
        group.cancelAll()
    }
}

func equal<Value: Equatable>(_ found: Value, _ wanted: Value, line: Int = #line) throws {
    if found != wanted { throw Failure(description: "line \(line): \(found) is not \(wanted)") }
}

func holds(_ condition: Bool, _ otherwise: String, line: Int = #line) throws {
    if !condition { throw Failure(description: "line \(line): \(otherwise)") }
}

/// Returns the error of this code that `work` ends with.
@discardableResult
func raised(_ code: String, line: Int = #line, _ work: () async throws -> Void) async throws -> KiteError {
    do {
        try await work()
    } catch let error as KiteError where error.code == code {
        return error
    } catch {
        throw Failure(description: "line \(line): \(code) must be raised, not \(error)")
    }
    throw Failure(description: "line \(line): \(code) must be raised")
}
