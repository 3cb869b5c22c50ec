import Foundation
import Kitestring

/// The example of the README, which `test.sh` takes out of it.
extension Checks {
    func readme() async {
        await check("the example of the README runs") {
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            _ = try await syncNotes(Memory(), folder: "\(folder.path)/drive", state: "\(folder.path)/notes.db")
            let other = MemoryHost()
            let client = try await Client.open(
                application: other, state: State.memory(), drive: try Drive.folder(path: "\(folder.path)/drive"))
            _ = try await client.sync()
            try equal(other.shown, ["milk": "1 litre"])
        }
    }
}
