import Foundation
import Kitestring

/// What the calls promise.
extension Checks {
    func calls() async {
        await check("what is put on one device arrives on the other") {
            let devices = try await Devices()
            try await devices.phone.save(devices.onPhone, "milk", "1 litre")
            try await devices.phone.save(devices.onPhone, "7", "seven")
            try equal(try await devices.onPhone.sync().pushed, 2)
            try equal(try await devices.onLaptop.sync().pulled, 2)
            try equal(devices.laptop.shown, ["7": "seven", "milk": "1 litre"])
        }
        await check("a deletion arrives") {
            let devices = try await Devices.withMilk()
            try await devices.phone.delete(devices.onPhone, "milk")
            _ = try await devices.onPhone.sync()
            try equal(try await devices.onLaptop.sync().deleted, 1)
            try equal(devices.laptop.shown, [:])
        }
        await check("a conflict is listed, its versions are shown, and it is settled on both devices") {
            let devices = try await Devices.inConflict()
            let seen = try await devices.onLaptop.conflicts()[0]
            try equal(seen.kind, .editEdit)
            let versions = try await devices.onLaptop.versions(id: "milk")
            let texts = [versions.base, versions.local, versions.remote].map { String(decoding: $0!.body.whole!, as: UTF8.self) }
            try equal(texts, ["1 litre", "oat milk", "2 litres"])
            let merged = Resolution.merged(revision: "m-1", body: .whole(bytes: Data("2 litres of oat milk".utf8)))
            try await devices.onLaptop.resolve(seen: seen, resolution: merged)
            try equal(try await devices.onLaptop.conflicts().count, 0)
            _ = try await devices.onLaptop.sync()
            _ = try await devices.onPhone.sync()
            try equal(devices.phone.shown, ["milk": "2 litres of oat milk"])
            try equal(devices.laptop.shown, devices.phone.shown)
        }
        await check("either side can be kept") {
            for (resolution, text) in [(Resolution.keepLocal, "oat milk"), (.takeRemote, "2 litres")] {
                let devices = try await Devices.inConflict()
                try await devices.onLaptop.resolve(seen: try await devices.onLaptop.conflicts()[0], resolution: resolution)
                _ = try await devices.onLaptop.sync()
                _ = try await devices.onPhone.sync()
                try equal([devices.phone.shown["milk"], devices.laptop.shown["milk"]], [text, text])
            }
        }
        await check("a conflict that moved since it was shown is refused") {
            let devices = try await Devices.inConflict()
            var seen = try await devices.onLaptop.conflicts()[0]
            seen.local = Side(revision: "other", digest: String(repeating: "0", count: 64))
            let moved = seen
            let error = try await raised("condition") { try await devices.onLaptop.resolve(seen: moved, resolution: .keepLocal) }
            try equal(error.info.retryAfter, 0)
        }
        await check("an old version is listed, and comes back as a new edit") {
            let devices = try await Devices.withMilk()
            try await devices.phone.save(devices.onPhone, "milk", "2 litres")
            _ = try await devices.onPhone.sync()
            let old = try await devices.onPhone.history(id: "milk").first { $0.replacedMs != nil }
            try await devices.onPhone.restore(id: "milk", revision: old!.revision)
            try equal(devices.phone.shown["milk"], "1 litre")
        }
        await check("a deadline is a normal report, and the next sync goes on") {
            let devices = try await Devices()
            try await devices.phone.save(devices.onPhone, "milk", "1 litre")
            try equal(try await devices.onPhone.sync(SyncOptions(deadline: 0)).stopped, .deadline)
            try equal(try await devices.onPhone.sync().stopped, nil)
            _ = try await devices.onLaptop.sync()
            try equal(devices.laptop.shown, devices.phone.shown)
        }
        await check("progress is a stream, and the report its end") {
            let devices = try await Devices()
            try await devices.phone.save(devices.onPhone, "milk", "1 litre")
            var (steps, pushed) = (0, UInt64(0))
            for try await heard in devices.onPhone.syncing() {
                switch heard {
                case .going: steps += 1
                case .done(let report): pushed = report.pushed
                }
            }
            try holds(steps > 0, "no progress")
            try equal(pushed, 1)
        }
        await check("a drive and a state written in Swift serve as well") {
            let drive = try Drive.custom(port: SwiftDrive())
            let (phone, laptop) = (MemoryHost(), MemoryHost())
            let onPhone = try await Client.open(application: phone, state: State.custom(port: SwiftState()), drive: drive)
            let onLaptop = try await Client.open(application: laptop, state: State.custom(port: SwiftState()), drive: drive)
            for n in 0..<30 { try await phone.save(onPhone, "note \(n)", "text \(n)") }
            _ = try await onPhone.sync()
            _ = try await onLaptop.sync()
            try equal(laptop.shown, phone.shown)
        }
        await check("a sealed vault opens with its passphrase, and with no other") {
            let drive = Drive.memory()
            let with = { @Sendable (text: String) in
                Options(encryption: try Encryption.passphrase(text: text).withCost(memoryKib: 19456, passes: 2, lanes: 1))
            }
            let (phone, laptop) = (MemoryHost(), MemoryHost())
            let client = try await Client.open(application: phone, state: State.memory(), drive: drive, options: with("correct horse"))
            try await phone.save(client, "milk", "1 litre")
            _ = try await client.sync()
            for wrong in [try with("battery staple"), Options()] {
                let other = try await Client.open(application: laptop, state: State.memory(), drive: drive, options: wrong)
                try await raised("wrong_key") { _ = try await other.sync() }
            }
            let other = try await Client.open(application: laptop, state: State.memory(), drive: drive, options: with("correct horse"))
            _ = try await other.sync()
            try equal(laptop.shown, phone.shown)
        }
        await check("a closed client says cancelled") {
            let devices = try await Devices.withMilk()
            devices.onPhone.shutdown()
            devices.onPhone.shutdown()
            try await raised("cancelled") { _ = try await devices.onPhone.sync() }
        }
    }
}
