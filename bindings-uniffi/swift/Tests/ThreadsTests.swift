import Foundation
import Kitestring
#if canImport(CMalloc)
import CMalloc
#endif

/// One client, used by many tasks at once, and many clients one after the other.
extension Checks {
    func threads() async {
        await check("8 tasks save, sync, look and ask on one client; everything arrives") {
            let devices = try await Devices()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<8 {
                    group.addTask {
                        for round in 0..<25 {
                            try await devices.phone.save(devices.onPhone, "\(task)/\(round)", "text")
                            if round % 5 == task % 5 { _ = try await devices.onPhone.sync() }
                            _ = try await devices.onPhone.status()
                        }
                    }
                }
                try await group.waitForAll()
            }
            _ = try await devices.onPhone.sync()
            _ = try await devices.onLaptop.sync()
            try equal(devices.laptop.shown.count, 200)
            try equal(devices.laptop.shown, devices.phone.shown)
        }
    }

    func cycles(full: Bool) async {
        let cycles = full ? 100_000 : 10_000
        await check("\(cycles) cycles of open, sync and close leave nothing", atMost: 3600) {
            try await grows(cycles) { _ in
                let host = MemoryHost()
                let client = try await Client.open(application: host, state: State.memory(), drive: Drive.memory())
                try await host.save(client, "milk", "1 litre")
                _ = try await client.sync()
                client.shutdown()
            }
        }
        await check("\(cycles) cancelled syncs leave nothing", atMost: 3600) {
            let devices = try await Devices.withMilk()
            try await grows(cycles) { cycle in
                let sync = Task { try await devices.onPhone.sync(SyncOptions(reconcile: true)) }
                if cycle % 2 == 0 { try await Task.sleep(nanoseconds: 50_000) }
                sync.cancel()
                _ = await sync.result
            }
        }
    }
}

/// Runs `cycle` so often, in four parts. What leaks grows in each, what warms up does not: the least growth counts, four times.
private func grows(_ cycles: Int, _ cycle: (Int) async throws -> Void) async throws {
    let parts = 4
    for n in 0..<cycles / parts { try await cycle(n) }
    var seen = [try await allocated()]
    for _ in 0..<parts {
        for n in 0..<cycles / parts { try await cycle(n) }
        seen.append(try await allocated())
    }
    print("        KiB allocated: \(seen.map { $0 / 1024 })")
    let growth = parts * zip(seen, seen.dropFirst()).map { $1 - $0 }.min()!
    try holds(growth < 1 << 20, "memory grew by \(growth) bytes")
}

/// The bytes that the allocator has given out, to Swift and to the library, once the last callbacks are over.
private func allocated() async throws -> Int {
    try await Task.sleep(nanoseconds: 300_000_000)
    #if canImport(CMalloc)
    let info = mallinfo2()
    return Int(info.uordblks + info.hblkhd)
    #else
    var statistics = malloc_statistics_t()
    malloc_zone_statistics(nil, &statistics)
    return statistics.size_in_use
    #endif
}
