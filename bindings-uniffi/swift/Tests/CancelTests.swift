import Foundation
import Kitestring

/// Two clients whose host, state and drive are Swift's, so that every call of a port can be met.
private struct Met {
    let drive = SwiftDrive()
    let state = SwiftState()
    let host = MemoryHost()
    let other = MemoryHost()
    let client: Client
    let onOther: Client

    init() async throws {
        let shared = try Drive.custom(port: drive)
        client = try await Client.open(application: host, state: State.custom(port: state), drive: shared)
        onOther = try await Client.open(application: other, state: State.memory(), drive: shared)
        try await host.save(client, "old", "1")
        _ = try await client.sync()
        _ = try await onOther.sync()
        try await other.save(onOther, "old", "2")
        try await other.save(onOther, "theirs", "2")
        _ = try await onOther.sync()
        try await host.save(client, "mine", "1")
    }

    func beforeEach(_ call: @escaping Before) {
        for before in [drive.before, state.before, host.before] { before.with { $0 = call } }
    }

    /// Whether an undisturbed sync of both brings all that was written to both.
    func converges(_ line: Int = #line) async throws {
        beforeEach { _ in }
        _ = try await client.sync()
        _ = try await onOther.sync()
        let all = ["old": "2", "theirs": "2", "mine": "1"]
        try equal([host.shown, other.shown], [all, all])
    }
}

extension Checks {
    func cancelling() async {
        await check("a task cancelled at any call of a port loses nothing", atMost: 300) {
            let calls = Guarded(0)
            let whole = try await Met()
            whole.beforeEach { _ in calls.with { $0 += 1 } }
            _ = try await whole.client.sync()
            try await whole.converges()
            let points = calls.with { $0 }
            print("        \(points) points, each met before the call and inside of it")
            for point in 1...points {
                for inside in [false, true] { try await cancelled(at: point, inside: inside) }
            }
        }
        await check("a cancelled sync ends at once, and so does the call it waits for") {
            let devices = try await Devices()
            try await devices.phone.save(devices.onPhone, "milk", "1 litre")
            let (called, ended) = (Guarded(false), Guarded(false))
            devices.phone.before.with {
                $0 = { _ in
                    called.with { $0 = true }
                    defer { ended.with { $0 = true } }
                    try await Task.sleep(nanoseconds: 600_000_000_000)
                }
            }
            let sync = Task { try await devices.onPhone.sync() }
            try await until { called.with { $0 } }
            sync.cancel()
            try await within(5) {
                let result = await sync.result
                if case .failure(let error) = result {
                    try holds(error is CancellationError, "\(error)")
                } else {
                    try holds(false, "it did not end with an error")
                }
                try await until { ended.with { $0 } }
            }
        }
        await check("a token ends the syncs it was given to with cancelled") {
            let devices = try await Devices()
            try await devices.phone.save(devices.onPhone, "milk", "1 litre")
            let token = CancelToken()
            devices.phone.before.with {
                $0 = { _ in
                    token.cancel()
                    try await Task.sleep(nanoseconds: 600_000_000_000)
                }
            }
            try await raised("cancelled") { _ = try await devices.onPhone.sync(SyncOptions(cancel: token)) }
            devices.phone.before.with { $0 = { _ in } }
            try equal(try await devices.onPhone.sync().pushed, 1)
        }
        await check("whoever stops reading progress cancels the sync") {
            let devices = try await Devices()
            for n in 0..<50 { try await devices.phone.save(devices.onPhone, "note \(n)", "text") }
            for try await _ in devices.onPhone.syncing() { break }
            _ = try await devices.onPhone.sync()
            _ = try await devices.onLaptop.sync()
            try equal(devices.laptop.shown, devices.phone.shown)
        }
    }
}

private func until(_ condition: () -> Bool) async throws {
    while !condition() { try await Task.sleep(nanoseconds: 1_000_000) }
}

/// Cancels the task of a sync when the ports were called `point` times: as the call begins, or while it waits.
private func cancelled(at point: Int, inside: Bool) async throws {
    let met = try await Met()
    let (calls, sync) = (Guarded(0), Guarded<Task<Report, any Error>?>(nil))
    met.beforeEach { _ in
        let call = calls.with { calls in
            calls += 1
            return calls
        }
        if call != point { return }
        while sync.with({ $0 == nil }) { await Task.yield() }
        sync.with { $0?.cancel() }
        if inside { try await Task.sleep(nanoseconds: 600_000_000_000) }
    }
    let task = Task { try await met.client.sync() }
    sync.with { $0 = task }
    _ = await task.result
    try holds(calls.with { $0 } >= point, "point \(point) was not met")
    try await met.converges()
}
