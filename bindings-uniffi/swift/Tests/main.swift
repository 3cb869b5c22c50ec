import Foundation

// `KITE_SPEC` is the folder `spec`, `KITE_VECTORS` its flattened vectors, `KITE_ONLY` a part of the names of checks.
let given = ProcessInfo.processInfo.environment
let checks = Checks(only: given["KITE_ONLY"].flatMap { $0.isEmpty ? nil : $0 })
await checks.calls()
await checks.care()
await checks.notes()
await checks.callbacks()
await checks.cancelling()
await checks.documents(given["KITE_SPEC"] ?? "spec", given["KITE_VECTORS"] ?? "vectors.tsv")
await checks.readme()
await checks.threads()
await checks.cycles(full: given["KITE_FULL"] == "1")
exit(checks.end() ? 0 : 1)
