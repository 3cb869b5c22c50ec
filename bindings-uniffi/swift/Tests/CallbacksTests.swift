import Foundation
import Kitestring

/// What a host of a test raises.
private struct OnFire: Error {}

/// Sleeps until the task is cancelled.
@Sendable private func asLongAsItTakes() async throws {
    try await Task.sleep(nanoseconds: 600_000_000_000)
}

/// Hosts that misbehave, and hosts that call back.
extension Checks {
    func callbacks() async {
        for call in ["get", "apply", "entries"] {
            await check("what \(call) throws is application, and nothing is lost") {
                let devices = try await Devices.withMilk()
                try await devices.phone.save(devices.onPhone, "milk", "2 litres")
                _ = try await devices.onPhone.sync()
                devices.laptop.docs.with { $0["tea"] = Kept(revision: "t-1", text: "green") }
                devices.laptop.before.with { $0 = { if $0 == call { throw OnFire() } } }
                let error = try await raised("application") { _ = try await devices.onLaptop.sync(SyncOptions(reconcile: true)) }
                try holds(error.info.detail.contains("OnFire"), error.info.detail)
                devices.laptop.before.with { $0 = { _ in } }
                _ = try await devices.onLaptop.sync(SyncOptions(reconcile: true))
                _ = try await devices.onPhone.sync()
                try equal(devices.laptop.shown, ["milk": "2 litres", "tea": "green"])
                try equal(devices.phone.shown, devices.laptop.shown)
            }
        }
        await check("what a state throws is state, and what a drive throws is unavailable") {
            let (host, state, drive) = (MemoryHost(), SwiftState(), SwiftDrive())
            let client = try await Client.open(application: host, state: State.custom(port: state), drive: try Drive.custom(port: drive))
            try await host.save(client, "milk", "1 litre")
            drive.before.with { $0 = { _ in throw OnFire() } }
            try await raised("unavailable") { _ = try await client.sync() }
            drive.before.with { $0 = { _ in } }
            state.before.with { $0 = { _ in throw OnFire() } }
            try await raised("state") { _ = try await client.sync() }
            state.before.with { $0 = { _ in } }
            try equal(try await client.sync().pushed, 1)
        }
        await check("an error of ours that a host throws keeps its code") {
            let devices = try await Devices.withMilk()
            let info = ErrorInfo(code: "rate_limited", operation: "get", detail: "slowly", retryAfter: 3)
            devices.phone.before.with { $0 = { _ in throw KiteError.RateLimited(info: info) } }
            try await devices.phone.save(devices.onPhone, "milk", "2 litres")
            let error = try await raised("rate_limited") { _ = try await devices.onPhone.sync() }
            try equal(error.info.retryAfter, 3)
        }
        await check("a call that never ends is ended by the callback timeout") {
            let devices = try await Devices(options: Options(callbackTimeout: 0.3))
            try await devices.phone.save(devices.onPhone, "milk", "1 litre")
            devices.phone.before.with { $0 = { _ in try await asLongAsItTakes() } }
            try await raised("application") { _ = try await devices.onPhone.sync() }
            devices.phone.before.with { $0 = { _ in } }
            try equal(try await devices.onPhone.sync().pushed, 1)
        }
        await check("a callback may queue, look and ask") {
            let devices = try await Devices.withMilk()
            try await devices.phone.save(devices.onPhone, "milk", "2 litres")
            _ = try await devices.onPhone.sync()
            let calls = Guarded(0)
            devices.laptop.before.with {
                $0 = { _ in
                    // What is queued while a sync runs is pushed by it, which calls back again: somebody has to stop.
                    let call = calls.with { calls in
                        calls += 1
                        return calls
                    }
                    if call > 5 { return }
                    try await devices.laptop.save(devices.onLaptop, "tea \(call)", "green")
                    _ = try await devices.onLaptop.conflicts()
                    _ = try await devices.onLaptop.status()
                }
            }
            _ = try await devices.onLaptop.sync()
            _ = try await devices.onPhone.sync()
            try equal(devices.phone.shown, devices.laptop.shown)
            try equal(devices.phone.shown.count, 6)
        }
        await check("a callback may close the client") {
            let devices = try await Devices.withMilk()
            try await devices.phone.save(devices.onPhone, "milk", "2 litres")
            devices.phone.before.with {
                $0 = { _ in
                    devices.onPhone.shutdown()
                    try await asLongAsItTakes()
                }
            }
            try await raised("cancelled") { _ = try await devices.onPhone.sync() }
        }
        await check("an edit between the question and the apply is not overwritten") {
            let devices = try await Devices.withMilk()
            try await devices.phone.save(devices.onPhone, "milk", "2 litres")
            _ = try await devices.onPhone.sync()
            devices.laptop.before.with {
                $0 = { call in
                    if call != "apply" { return }
                    devices.laptop.before.with { $0 = { _ in } }
                    try await devices.laptop.save(devices.onLaptop, "milk", "soy milk")
                }
            }
            _ = try await devices.onLaptop.sync()
            _ = try await devices.onLaptop.sync()
            try equal(devices.laptop.shown["milk"], "soy milk")
            try equal(try await devices.onLaptop.conflicts().count, 1)
        }
    }
}
