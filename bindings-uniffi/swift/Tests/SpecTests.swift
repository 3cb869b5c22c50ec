import Foundation
import Kitestring

/// What `spec/vectors` says of a sealed vault: lines of a folder, a word and its values, flattened from its JSON.
private struct Expected {
    let lines: [[String]]

    init(flat: String, folder: String) throws {
        let all = try String(contentsOfFile: flat, encoding: .utf8).split(separator: "\n")
        lines = all.map { $0.split(separator: "\t").map(String.init) }.filter { $0[0] == folder }
    }

    var ids: [String] { lines.filter { $0[1] == "document" }.map { $0[2] }.sorted() }

    func openings(_ words: Set<String>) throws -> [Encryption] {
        try lines.filter { words.contains($0[1]) }.map { line in
            line[1] == "passphrase" ? try Encryption.passphrase(text: line[2]) : try Encryption.key(bytes: unhex(line[2]))
        }
    }

    private func unhex(_ text: String) -> Data {
        let digits = Array(text)
        return Data(stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0...($0 + 1)]), radix: 16) ?? 0 })
    }
}

/// What a new device has after its first sync with a copy of this vault.
private func pulled(_ vault: String, _ options: Options) async throws -> MemoryHost {
    let (drive, host) = (SwiftDrive(), MemoryHost())
    for path in FileManager.default.enumerator(atPath: vault)!.compactMap({ $0 as? String }) {
        if let bytes = FileManager.default.contents(atPath: "\(vault)/\(path)") {
            drive.files.with { $0[path] = SwiftDrive.File(version: "1", bytes: bytes) }
        }
    }
    let client = try await Client.open(
        application: host, state: State.memory(), drive: try Drive.custom(port: drive), options: options)
    try equal(try await client.sync().skipped.count, 0)
    return host
}

/// What the documents of the specification say.
extension Checks {
    func documents(_ spec: String, _ flat: String) async {
        await check("every code of the document crosses to the core and back, each as its own case") {
            let text = try String(contentsOfFile: "\(spec)/errors.md", encoding: .utf8)
            let rows = text.split(separator: "\n").filter { $0.hasPrefix("| `") }
            let documented = Set(rows.map { String($0.dropFirst(3).prefix { $0 != "`" }) })
            try equal(Set(everyError.map(\.code)), documented)
            try equal(everyError.count, documented.count)
            for error in everyError where error.code != "cancelled" {
                let devices = try await Devices.withMilk()
                try await devices.phone.save(devices.onPhone, "milk", "2 litres")
                devices.phone.before.with { $0 = { _ in throw error } }
                try await raised(error.code) { _ = try await devices.onPhone.sync() }
            }
        }
        for folder in ["sealed", "sealed-2", "sealed-revoked"] {
            await check("the golden vault \(folder) is opened by each of its keys, and by no other") {
                let expected = try Expected(flat: flat, folder: folder)
                let vault = "\(spec)/vectors/\(folder)/vault"
                try holds(!expected.ids.isEmpty, "nothing is expected")
                for encryption in try expected.openings(["passphrase", "key"]) {
                    try equal(try await pulled(vault, Options(encryption: encryption)).shown.keys.sorted(), expected.ids)
                }
                for encryption in try expected.openings(["removed", "revoked"]) {
                    try await raised("wrong_key") { _ = try await pulled(vault, Options(encryption: encryption)) }
                }
            }
        }
        await check("a vault of db-to-cloud is read, every byte of its bodies kept") {
            let layout = Layout.classic(options: ClassicOptions(numbers: true))
            let host = try await pulled("\(spec)/vectors/classic/old", Options(layout: layout))
            try equal(host.docs.with { $0 }, [
                "42": Kept(revision: "1700000000001", text: #"{"_id":42,"_rev":1700000000001,"answer":true}"#),
                "a b": Kept(revision: "rev-5", text: #"{"_id":"a b","_rev":"rev-5"}"#),
                "note": Kept(
                    revision: "1700000000002", text: #"{"_id":"note","_rev":1700000000002,"text":"h\u00e9llo\nworld","n":1.50}"#),
            ])
        }
    }
}

/// One error of each case.
private let everyError: [KiteError] = {
    let said = { (code: String) in ErrorInfo(code: code, operation: "test", detail: "why") }
    return [
        .Unauthorized(info: said("unauthorized")), .RateLimited(info: said("rate_limited")), .Unavailable(info: said("unavailable")),
        .Locked(info: said("locked")), .NotFound(info: said("not_found")), .Condition(info: said("condition")),
        .QuotaExceeded(info: said("quota_exceeded")), .Corrupt(info: said("corrupt")), .WrongKey(info: said("wrong_key")),
        .VaultChanged(info: said("vault_changed")), .Moved(info: said("moved")), .Rollback(info: said("rollback")), .MassDelete(info: said("mass_delete")),
        .HostOlder(info: said("host_older")), .Unsupported(info: said("unsupported")),
        .NeedsNewerVersion(info: said("needs_newer_version")), .Application(info: said("application")), .State(info: said("state")),
        .Cancelled(info: said("cancelled")), .InvalidInput(info: said("invalid_input")), .Internal(info: said("internal")),
    ]
}()
