import Foundation
import Kitestring

// The program of notes on a command line; `tests/languages/README.md` says what the words do.
let (vault, database) = (CommandLine.arguments[1], CommandLine.arguments[2])
let notes = Ending(Notes(table: try NotesTable(path: database)))
let client = try await Client.open(
    application: notes, state: State.sqlite(path: "\(database).kite"), drive: Drive.folder(path: vault))
for word in CommandLine.arguments.dropFirst(3) { try await notes.obey(client, word) }
client.shutdown()
