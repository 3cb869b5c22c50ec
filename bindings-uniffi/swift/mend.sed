# A callback that is cancelled answers Rust with a buffer that nobody frees any more, because Rust has gone away: so an answer
# that comes too late is not sent, and the error that is sent instead is empty.
/^private func uniffiTraitInterfaceCallAsync/,/^}/{
s/callResult = try await makeCall()/try Task.checkCancellation()\
            &\
            try Task.checkCancellation()/
s/FfiConverterString\.lower(String(describing: error))/Task.isCancelled ? RustBuffer.empty() : &/
}
